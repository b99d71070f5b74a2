"""The flagship: a conditional variational autoencoder on chroma that takes color hints and says how sure it is.

`encode` looks at the lightness alone, once a picture. `decode` adds hints and a code z and gives, for every cell of a quarter of the
size, a distribution over ab bins, from which everything else follows: safe or vivid color, suggestions, confidence. The code comes
from the learned prior p(z | L) (its mean is the automatic result, its samples are variants) or from the posterior q(z | L, ab) of
a picture whose colors are known.

Sohn et al., "Learning Structured Output Representation using Deep Conditional Generative Models" (2015); colors as a distribution over
bins: Zhang et al., "Colorful Image Colorization" (2016); hints: Zhang et al., "Real-Time User-Guided Image Colorization" (2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..color import AB_SCALE, ab_bins
from ..errors import ConfigError
from .recognizer import Recognizer

__all__ = ["CELL", "MULTIPLE", "Features", "Gaussian", "Tinct", "TinctConfig"]

CELL = 4
"""Pixels of the working size along one cell of the output."""
MULTIPLE = 32
"""Height and width of the input are multiples of this."""


@dataclass(frozen=True)
class TinctConfig:
    """Widths and depths at 1/4, 1/8, 1/16 and 1/32 of the working size."""

    widths: tuple[int, ...] = (48, 96, 192, 320)
    """Channels."""
    encoder_blocks: tuple[int, ...] = (1, 1, 2, 1)
    """Residual blocks that see lightness alone."""
    decoder_blocks: tuple[int, ...] = (1, 2, 2, 1)
    """Residual blocks that see hints and code, too."""
    hint_widths: tuple[int, ...] = (32, 48, 64, 64)
    """Channels of the path by which hints come in."""
    latent: int = 32
    """Numbers in the code."""
    context: int = 256
    """Numbers that say of the whole picture what every decoder block is told."""
    recognizer: bool = True
    """Whether the encoder is told what `Recognizer` recognizes."""

    def __post_init__(self) -> None:
        for key in ("widths", "encoder_blocks", "decoder_blocks", "hint_widths"):
            if len(values := getattr(self, key)) != 4 or min(values) < 1:
                raise ConfigError(f"network.{key} must be 4 numbers of at least 1, not {list(values)}.")
        for key in ("latent", "context"):
            if getattr(self, key) < 1:
                raise ConfigError(f"network.{key} must be at least 1, not {getattr(self, key)}.")


class Gaussian(NamedTuple):
    """A diagonal normal distribution over codes."""

    mean: Tensor
    """(B, latent)"""
    log_variance: Tensor
    """(B, latent) natural log."""

    def sample(self, noise: Tensor) -> Tensor:
        """(B, latent) the code at these standard normal numbers; zeros give the mean."""
        return self.mean + noise * (0.5 * self.log_variance).exp()


class Features(NamedTuple):
    """What `Tinct.encode` has seen in a picture's lightness."""

    maps: tuple[Tensor, Tensor, Tensor, Tensor]
    """(B, widths[i], H / 4 / 2**i, W / 4 / 2**i)"""
    prior: Gaussian
    """p(z | L)"""


class Tinct(nn.Module):
    """Lightness, hints and a code in; a distribution over ab bins out."""

    Config = TinctConfig

    def __init__(self, config: TinctConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or TinctConfig()
        self.bins: Tensor
        self.register_buffer("bins", torch.tensor(ab_bins().tolist()) / AB_SCALE, persistent=False)  # (Q, 2)
        w, h = c.widths, c.hint_widths
        self.stem = nn.Sequential(_conv(1, 24, stride=2), _conv(24, w[0], stride=2))
        self.down = nn.ModuleList(_conv(w[i] + (i == 2), w[i + 1], stride=2) for i in range(3))
        self.seen = nn.ModuleList(_Blocks(_Block(w[i]) for _ in range(c.encoder_blocks[i])) for i in range(4))
        self.recognizer = Recognizer() if c.recognizer else None
        if self.recognizer is not None:
            self.joined = nn.ModuleList(_silent(nn.Conv2d(given, w[i + 1], 1)) for i, given in enumerate(self.recognizer.widths))
        self.whole = nn.Sequential(nn.Linear(w[3], c.context), nn.ReLU(), nn.Linear(c.context, 2 * c.latent))  # prior
        self.colors = nn.Sequential(_conv(2 + w[0], 48, stride=2), _conv(48, 96, stride=2), _conv(96, 192, stride=2))
        self.posterior_head = nn.Sequential(nn.Linear(192 + w[3], c.context), nn.ReLU(), nn.Linear(c.context, 2 * c.latent))
        self.hinted = nn.ModuleList(_conv(4 + w[0], h[0]) if i == 0 else _Hinted(h[i - 1], w[i], h[i]) for i in range(4))
        self.told = nn.Sequential(
            nn.Linear(w[3] + h[3] + c.latent, c.context), nn.ReLU(), nn.Linear(c.context, c.context), nn.ReLU()
        )
        self.merge = nn.ModuleList(nn.Conv2d(w[i] + h[i] + (4 if i == 0 else 0), w[i], 1) for i in range(4))
        self.up = nn.ModuleList(nn.Conv2d(w[i + 1], w[i], 1) for i in range(3))
        self.drawn = nn.ModuleList(_Blocks(_Block(w[i], c.context) for _ in range(c.decoder_blocks[i])) for i in range(4))
        self.head = nn.Sequential(_conv(w[0], 2 * w[0]), nn.Conv2d(2 * w[0], len(self.bins), 1))

    def encode(self, gray: Tensor, familiar: Tensor | None = None) -> Features:
        """Look at pictures.

        Args:
            gray: (B, 1, H, W) L* / 100 in 0..1; H and W multiples of `MULTIPLE`.
            familiar: (B, 1, h, w) the same, as `Preparation.familiar` makes it, for the recognizer, which knows things by their size in
                training; h and w multiples of `MULTIPLE`. None shows it `gray`.
        """
        x = self.stem(gray - 0.5)  # (B, w0, H/4, W/4)
        recognized = self.recognizer(gray if familiar is None else familiar) if self.recognizer is not None else []
        maps = []
        for i, blocks in enumerate(self.seen):
            if i and recognized:
                told = self.joined[i - 1](recognized[i - 1])
                x = x + (told if familiar is None else F.interpolate(told, size=x.shape[2:], mode="bilinear"))
            x = blocks(x, None)
            maps.append(x)
            if i == 2:  # how high in the picture: skies are above
                rows = torch.arange(x.shape[2], device=x.device, dtype=x.dtype) * (2 / (x.shape[2] - 1)) - 1
                x = torch.cat([x, rows[None, None, :, None].expand(x.shape[0], 1, -1, x.shape[3])], dim=1)
            if i < 3:
                x = self.down[i](x)
        mean, log_variance = self.whole(x.mean(dim=(2, 3))).float().chunk(2, dim=1)
        return Features((maps[0], maps[1], maps[2], maps[3]), Gaussian(mean, log_variance.clamp(-8, 4)))

    def posterior(self, features: Features, ab: Tensor) -> Gaussian:
        """q(z | L, ab) of a picture with known colors: (B, 2, H/4, W/4) a*, b* / AB_SCALE."""
        seen = self.colors(torch.cat([ab, features.maps[0]], dim=1)).mean(dim=(2, 3))
        told = self.posterior_head(torch.cat([seen, features.maps[3].mean(dim=(2, 3))], dim=1))
        mean, log_variance = told.float().chunk(2, dim=1)
        return Gaussian(mean, log_variance.clamp(-8, 4))

    def decode(self, features: Features, hints: Tensor, code: Tensor) -> Tensor:
        """Logits of the ab bins.

        Args:
            features: as `encode` gives them.
            hints: (B, 3, H, W) a*, b* / AB_SCALE and a mask, 1 where there is a hint and 0 elsewhere (then a = b = 0).
            code: (B, latent)

        Returns:
            (B, bins, H/4, W/4)
        """
        given = pool_hints(hints).to(features.maps[0].dtype)  # (B, 4, H/4, W/4)
        levels = [self.hinted[0](torch.cat([given, features.maps[0]], dim=1))]
        for i in range(1, 4):
            levels.append(self.hinted[i](levels[-1], features.maps[i]))
        whole = torch.cat([features.maps[3].mean(dim=(2, 3)), levels[3].mean(dim=(2, 3)), code.to(given.dtype)], dim=1)
        told = self.told(whole)  # (B, context)
        x = given  # replaced at once; the coarsest level has none above it
        for i in (3, 2, 1, 0):
            parts = [features.maps[i], levels[i]] + ([given] if i == 0 else [])
            y = self.merge[i](torch.cat(parts, dim=1))
            if i < 3:
                y = y + F.interpolate(self.up[i](x), scale_factor=2.0, mode="nearest")
            x = F.relu(y)
            x = self.drawn[i](x, told)
        logits: Tensor = self.head(x)
        return logits

    def forward(self, gray: Tensor, hints: Tensor, noise: Tensor) -> Tensor:
        """Automatic or sampled color: `decode` with the prior's code at the given (B, latent) noise; zeros are automatic."""
        features = self.encode(gray)
        return self.decode(features, hints, features.prior.sample(noise))

    def mean_ab(self, logits: Tensor) -> Tensor:
        """(B, bins, h, w) logits -> (B, 2, h, w) the distribution's mean a*, b* / AB_SCALE."""
        likely = logits.permute(0, 2, 3, 1).float().softmax(dim=-1)  # bins last: contiguous in channels_last memory
        return (likely @ self.bins).permute(0, 3, 1, 2)


def pool_hints(hints: Tensor) -> Tensor:
    """(B, 3, H, W) ab and mask -> (B, 4, H/4, W/4): mean ab of the hints in each cell, whether there are any, and on how much of it."""
    pooled = F.avg_pool2d(hints, CELL)
    covered = pooled[:, 2:]
    return torch.cat([pooled[:, :2] / covered.clamp(min=1e-6), (covered > 0).to(hints.dtype), covered], dim=1)


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


def _silent(layer: nn.Conv2d) -> nn.Conv2d:
    """At first it adds nothing."""
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


class _Hinted(nn.Module):
    """One level of the hints' path: half the size, beside what was seen there."""

    def __init__(self, inputs: int, seen: int, outputs: int) -> None:
        super().__init__()
        self.down = _conv(inputs, outputs, stride=2)
        self.mix = _conv(outputs + seen, outputs)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        mixed: Tensor = self.mix(torch.cat([self.down(x), seen], dim=1))
        return mixed


class _Blocks(nn.ModuleList):
    """Residual blocks, one after the other."""

    def forward(self, x: Tensor, told: Tensor | None) -> Tensor:
        for block in self:
            x = block(x, told)
        return x


class _Block(nn.Module):
    """A residual block; told of the whole picture, it scales and shifts its channels (FiLM, Perez et al. 2018)."""

    def __init__(self, width: int, context: int = 0) -> None:
        super().__init__()
        self.first = _conv(width, width)
        norm = nn.BatchNorm2d(width)
        nn.init.zeros_(norm.weight)  # a new block changes nothing
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), norm)
        self.film = nn.Linear(context, 2 * width) if context else None
        if self.film is not None:
            nn.init.zeros_(self.film.weight)
            nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, told: Tensor | None = None) -> Tensor:
        y = self.first(x)
        if self.film is not None:
            scale, shift = self.film(told)[:, :, None, None].chunk(2, dim=1)
            y = y * (1 + scale) + shift
        return F.relu(x + self.second(y))
