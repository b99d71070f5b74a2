"""The flagship: a conditional variational autoencoder on chroma that takes color hints and gives a distribution over colors.

`encode` runs once a picture, on lightness alone. `decode` adds hints and a latent code z and gives, for every cell of 4 × 4 pixels, a
distribution over ab bins, from which everything else follows: safe or vivid color, suggestions, confidence. The code comes from the
learned prior p(z | L), whose mean gives the automatic result and whose samples give variants, or from the posterior q(z | L, ab) of a
picture with known colors.

Sohn et al., "Learning Structured Output Representation using Deep Conditional Generative Models" (2015); colors as a distribution over
bins: Zhang et al., "Colorful Image Colorization" (2016); hints: Zhang et al., "Real-Time User-Guided Image Colorization" (2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from kornia.color import lab_to_rgb
from torch import Tensor, nn
from torch.nn import functional as F

from ..color import AB_SCALE, L_SCALE, ab_bins
from ..errors import ConfigError
from .network import Network
from .recognizer import Recognizer

__all__ = ["CELL", "MULTIPLE", "Features", "Gaussian", "Tinct", "TinctConfig"]

CELL = 4
"""Pixels of the working size along one side of a cell of the output."""
MULTIPLE = 32
"""Height and width of the input are multiples of this many pixels: the coarsest feature map has 1/32 of its resolution."""
LOG_VARIANCE_RANGE = (-8.0, 4.0)
"""Bounds of the code's predicted log variance, so that its exponential neither vanishes nor overflows."""


@dataclass(frozen=True)
class TinctConfig:
    """Widths and depths of the four levels, at 1/4, 1/8, 1/16 and 1/32 of the working size."""

    widths: tuple[int, ...] = (48, 96, 192, 320)
    """Channels of the feature maps of each level."""
    encoder_blocks: tuple[int, ...] = (1, 1, 2, 1)
    """Residual blocks of the encoder, which sees lightness alone, in each level."""
    decoder_blocks: tuple[int, ...] = (1, 2, 2, 1)
    """Residual blocks of the decoder, which also sees hints and code, in each level."""
    hint_widths: tuple[int, ...] = (32, 48, 64, 64)
    """Channels of the hint encoder in each level."""
    latent: int = 32
    """Numbers in the latent code."""
    context: int = 256
    """Width of the global FiLM conditioning vector, and of the hidden layers that make it."""
    recognizer: bool = True
    """Whether the feature maps of an ImageNet classifier's trunk are added to the encoder's."""

    def __post_init__(self) -> None:
        for key in ("widths", "encoder_blocks", "decoder_blocks", "hint_widths"):
            if len(values := getattr(self, key)) != 4 or min(values) < 1:
                raise ConfigError(f"network.{key} must be 4 numbers of at least 1, not {list(values)}.")
        for key in ("latent", "context"):
            if getattr(self, key) < 1:
                raise ConfigError(f"network.{key} must be at least 1, not {getattr(self, key)}.")

    @property
    def multiple(self) -> int:
        """Pixels that height and width must be multiples of."""
        return MULTIPLE


class Gaussian(NamedTuple):
    """A diagonal normal distribution over latent codes."""

    mean: Tensor
    """(B, latent)"""
    log_variance: Tensor
    """(B, latent) natural log."""

    def sample(self, noise: Tensor) -> Tensor:
        """(B, latent) the code at these standard normal numbers (reparametrization); zeros give the mean."""
        return self.mean + noise * (0.5 * self.log_variance).exp()


class Features(NamedTuple):
    """Result of `Tinct.encode`: all that the decoder needs of a picture's lightness."""

    maps: tuple[Tensor, Tensor, Tensor, Tensor]
    """(B, widths[i], H / 4 / 2**i, W / 4 / 2**i)"""
    prior: Gaussian
    """p(z | L)"""


class Tinct(Network):
    """Lightness, hints and a latent code in; a distribution over ab bins out."""

    Config: ClassVar = TinctConfig
    takes_hints = True
    has_code = True
    has_bins = True
    has_recognizer = True
    config: TinctConfig

    def __init__(self, config: TinctConfig | None = None) -> None:
        super().__init__(config)
        c = self.config
        self.bins: Tensor
        self.register_buffer("bins", torch.tensor(ab_bins().tolist()) / AB_SCALE, persistent=False)  # (Q, 2)
        w, h = c.widths, c.hint_widths
        self.stem = nn.Sequential(_conv(1, 24, stride=2), _conv(24, w[0], stride=2))
        self.down = nn.ModuleList(_conv(w[i] + (i == 2), w[i + 1], stride=2) for i in range(3))
        self.encoder_blocks = nn.ModuleList(_Blocks(_Block(w[i]) for _ in range(c.encoder_blocks[i])) for i in range(4))
        self.recognizer = Recognizer() if c.recognizer else None
        if self.recognizer is not None:
            self.recognizer_projections = nn.ModuleList(
                _zero_initialized(nn.Conv2d(channels, w[i + 1], 1)) for i, channels in enumerate(self.recognizer.widths)
            )
        self.prior_head = nn.Sequential(nn.Linear(w[3], c.context), nn.ReLU(), nn.Linear(c.context, 2 * c.latent))
        self.posterior_encoder = nn.Sequential(_conv(2 + w[0], 48, stride=2), _conv(48, 96, stride=2), _conv(96, 192, stride=2))
        self.posterior_head = nn.Sequential(nn.Linear(192 + w[3], c.context), nn.ReLU(), nn.Linear(c.context, 2 * c.latent))
        self.hint_encoder = nn.ModuleList(_conv(4 + w[0], h[0]) if i == 0 else _HintLevel(h[i - 1], w[i], h[i]) for i in range(4))
        self.film_context = nn.Sequential(
            nn.Linear(w[3] + h[3] + c.latent, c.context), nn.ReLU(), nn.Linear(c.context, c.context), nn.ReLU()
        )
        self.merge = nn.ModuleList(nn.Conv2d(w[i] + h[i] + (4 if i == 0 else 0), w[i], 1) for i in range(4))
        self.up = nn.ModuleList(nn.Conv2d(w[i + 1], w[i], 1) for i in range(3))
        self.decoder_blocks = nn.ModuleList(_Blocks(_Block(w[i], c.context) for _ in range(c.decoder_blocks[i])) for i in range(4))
        self.head = nn.Sequential(_conv(w[0], 2 * w[0]), nn.Conv2d(2 * w[0], len(self.bins), 1))

    def encode(self, gray: Tensor, recognizer_gray: Tensor | None = None) -> Features:
        """Feature maps and prior of pictures.

        Args:
            gray: (B, 1, H, W) L* / 100 in 0..1; H and W multiples of `MULTIPLE`.
            recognizer_gray: (B, 1, h, w) the same pictures at the size of training (`Preparation.for_recognizer`), for the recognizer,
                whose features depend on the size of things in pixels; h and w multiples of `MULTIPLE`. None gives it `gray`.
        """
        x = self.stem(gray - 0.5)  # (B, w0, H/4, W/4)
        recognized = self.recognizer(gray if recognizer_gray is None else recognizer_gray) if self.recognizer is not None else []
        maps = []
        for i, blocks in enumerate(self.encoder_blocks):
            if i and recognized:
                added = self.recognizer_projections[i - 1](recognized[i - 1])
                x = x + (added if recognizer_gray is None else F.interpolate(added, size=x.shape[2:], mode="bilinear"))
            x = blocks(x, None)
            maps.append(x)
            if i == 2:  # vertical coordinate, -1 to 1: skies are at the top
                rows = torch.arange(x.shape[2], device=x.device, dtype=x.dtype) * (2 / (x.shape[2] - 1)) - 1
                x = torch.cat([x, rows[None, None, :, None].expand(x.shape[0], 1, -1, x.shape[3])], dim=1)
            if i < 3:
                x = self.down[i](x)
        prior = _gaussian(self.prior_head(x.mean(dim=(2, 3))))
        return Features((maps[0], maps[1], maps[2], maps[3]), prior)

    def posterior(self, features: Features, ab: Tensor) -> Gaussian:
        """q(z | L, ab) of pictures with known colors: (B, 2, H/4, W/4) a*, b* / AB_SCALE."""
        encoded = self.posterior_encoder(torch.cat([ab, features.maps[0]], dim=1)).mean(dim=(2, 3))  # (B, 192)
        return _gaussian(self.posterior_head(torch.cat([encoded, features.maps[3].mean(dim=(2, 3))], dim=1)))

    def decode(self, features: Features, hints: Tensor, code: Tensor) -> Tensor:
        """Logits of the ab bins.

        Args:
            features: as `encode` gives them.
            hints: (B, 3, H, W) a*, b* / AB_SCALE and a mask, 1 where there is a hint and 0 elsewhere (then a = b = 0).
            code: (B, latent)

        Returns:
            (B, bins, H/4, W/4)
        """
        pooled = pool_hints(hints).to(features.maps[0].dtype)  # (B, 4, H/4, W/4)
        levels = [self.hint_encoder[0](torch.cat([pooled, features.maps[0]], dim=1))]
        for i in range(1, 4):
            levels.append(self.hint_encoder[i](levels[-1], features.maps[i]))
        means = [features.maps[3].mean(dim=(2, 3)), levels[3].mean(dim=(2, 3))]
        context = self.film_context(torch.cat([*means, code.to(pooled.dtype)], dim=1))  # (B, context)
        x = pooled  # placeholder: the coarsest level adds nothing from a coarser one
        for i in (3, 2, 1, 0):
            parts = [features.maps[i], levels[i]] + ([pooled] if i == 0 else [])
            y = self.merge[i](torch.cat(parts, dim=1))
            if i < 3:
                y = y + F.interpolate(self.up[i](x), scale_factor=2.0, mode="nearest")
            x = self.decoder_blocks[i](F.relu(y), context)
        logits: Tensor = self.head(x)
        return logits

    def forward(self, gray: Tensor, hints: Tensor, noise: Tensor) -> Tensor:
        """Logits of the ab bins from the prior's code at the given (B, latent) noise; zeros give the automatic result."""
        features = self.encode(gray)
        return self.decode(features, hints, features.prior.sample(noise))

    def mean_ab(self, logits: Tensor) -> Tensor:
        """(B, bins, h, w) logits -> (B, 2, h, w) the distribution's mean a*, b* / AB_SCALE."""
        likely = logits.permute(0, 2, 3, 1).float().softmax(dim=-1)  # bins last: contiguous in channels_last memory
        return (likely @ self.bins).permute(0, 3, 1, 2)

    def automatic(self, gray: Tensor) -> Tensor:
        """(B, 1, H, W) L* / 100 -> (B, 3, H, W) sRGB in 0..1: mean color at the prior's mean without hints, on the given lightness."""
        logits = self(gray, gray.new_zeros(len(gray), 3, *gray.shape[2:]), gray.new_zeros(len(gray), self.latent))
        with torch.autocast(gray.device.type, enabled=False):
            ab = F.interpolate(self.mean_ab(logits), scale_factor=CELL, mode="bilinear")
            return lab_to_rgb(torch.cat([gray.float() * L_SCALE, ab * AB_SCALE], dim=1)).clamp(0, 1)


def pool_hints(hints: Tensor) -> Tensor:
    """(B, 3, H, W) ab and mask -> (B, 4, H/4, W/4): mean ab of a cell's hints, whether it has any, and the share that they cover, 0..1."""
    pooled = F.avg_pool2d(hints, CELL)
    covered = pooled[:, 2:]
    return torch.cat([pooled[:, :2] / covered.clamp(min=1e-6), (covered > 0).to(hints.dtype), covered], dim=1)


def _gaussian(parameters: Tensor) -> Gaussian:
    """(B, 2 * latent) mean and log variance, side by side, in single precision."""
    mean, log_variance = parameters.float().chunk(2, dim=1)
    return Gaussian(mean, log_variance.clamp(*LOG_VARIANCE_RANGE))


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


def _zero_initialized(layer: nn.Conv2d) -> nn.Conv2d:
    """The layer with zeros for weights and bias, so that what it is added to starts unchanged."""
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


class _HintLevel(nn.Module):
    """One level of the hint encoder: halves the resolution and concatenates the encoder's feature map of that level."""

    def __init__(self, inputs: int, features: int, outputs: int) -> None:
        super().__init__()
        self.down = _conv(inputs, outputs, stride=2)
        self.mix = _conv(outputs + features, outputs)

    def forward(self, x: Tensor, features: Tensor) -> Tensor:
        mixed: Tensor = self.mix(torch.cat([self.down(x), features], dim=1))
        return mixed


class _Blocks(nn.ModuleList):
    """Residual blocks in sequence, all with the same FiLM context."""

    def forward(self, x: Tensor, context: Tensor | None) -> Tensor:
        for block in self:
            x = block(x, context)
        return x


class _Block(nn.Module):
    """A residual block; with a context vector, its channels are scaled and shifted by it (FiLM, Perez et al. 2018)."""

    def __init__(self, width: int, context: int = 0) -> None:
        super().__init__()
        self.first = _conv(width, width)
        norm = nn.BatchNorm2d(width)
        nn.init.zeros_(norm.weight)  # the block starts as the identity
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), norm)
        self.film = nn.Linear(context, 2 * width) if context else None
        if self.film is not None:
            nn.init.zeros_(self.film.weight)
            nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        y = self.first(x)
        if self.film is not None:
            scale, shift = self.film(context)[:, :, None, None].chunk(2, dim=1)
            y = y * (1 + scale) + shift
        return F.relu(x + self.second(y))
