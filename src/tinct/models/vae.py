"""The classic variational autoencoder: the whole picture through a latent code of 100 numbers.

Kingma and Welling, "Auto-Encoding Variational Bayes" (2013). The encoder gives a Gaussian over codes, the decoder turns a sample of it
into a color picture. The decoder sees nothing but the code, so pictures have a fixed size and results are blurred.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar, NamedTuple

from torch import Tensor, nn

from ..errors import ConfigError
from .autoencoder import check_layers, decoder, encoder
from .network import Network

__all__ = ["VAE", "VAEConfig", "VAEOutput"]


@dataclass(frozen=True)
class VAEConfig:
    """Layers of the encoder and size of the latent code; the decoder is the encoder's reverse."""

    size: int = 64
    """Side of the square picture in pixels, a multiple of all strides multiplied (8 as configured by default)."""
    channels: tuple[int, ...] = (32, 64, 128, 256)
    """Output channels of each convolution (3×3, padding 1, ReLU)."""
    strides: tuple[int, ...] = (1, 2, 2, 2)
    """Stride of each convolution, 1 or 2."""
    latent: int = 100
    """Numbers in the latent code."""

    def __post_init__(self) -> None:
        check_layers(self.channels, self.strides)
        if self.latent < 1:
            raise ConfigError(f"network.latent must be at least 1, not {self.latent}.")
        if self.size < 1 or self.size % prod(self.strides):
            raise ConfigError(f"size must be a multiple of {prod(self.strides)} for this VAE, not {self.size}.")

    @property
    def multiple(self) -> int:
        """Pixels that height and width must be multiples of."""
        return prod(self.strides)


class VAEOutput(NamedTuple):
    """Result of `VAE.forward` for a batch."""

    rgb: Tensor
    """(B, 3, H, W) sRGB in 0..1."""
    mean: Tensor
    """(B, latent) mean of the code."""
    log_variance: Tensor
    """(B, latent) natural log of the code's variance."""


class VAE(Network):
    """Gray in, RGB and the code's distribution out; pictures are squares of `config.size` pixels a side."""

    Config: ClassVar = VAEConfig
    has_code = True
    fixed_size = True
    config: VAEConfig

    def __init__(self, config: VAEConfig | None = None) -> None:
        super().__init__(config)
        channels, strides = self.config.channels, self.config.strides
        self.code_shape = (channels[-1], self.config.size // prod(strides), self.config.size // prod(strides))
        self.encoder = encoder(channels, strides)
        self.mean = nn.Linear(prod(self.code_shape), self.config.latent)
        self.log_variance = nn.Linear(prod(self.code_shape), self.config.latent)
        self.expand = nn.Linear(self.config.latent, prod(self.code_shape))
        self.decoder = decoder(channels, strides)

    def forward(self, gray: Tensor, noise: Tensor) -> VAEOutput:
        """Encode, sample a code with the given noise, decode.

        Args:
            gray: (B, 1, size, size) L* / 100, in 0..1.
            noise: (B, latent) standard normal numbers; zeros decode the mean code.
        """
        hidden = self.encoder(gray).flatten(1)  # (B, 256 * size/8 * size/8)
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)  # (B, latent)
        code = mean + noise * (0.5 * log_variance).exp()
        rgb = self.decoder(self.expand(code).unflatten(1, self.code_shape))  # (B, 3, size, size)
        return VAEOutput(rgb, mean, log_variance)
