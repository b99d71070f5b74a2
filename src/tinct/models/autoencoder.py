"""The classic autoencoder: four convolutions down, the same four back up, a gray picture in and a color picture out.

Its bottleneck is a feature map of 256 channels at a quarter of the picture's height and width, wide enough to pass detail through. Its
receptive field is small: each pixel's color depends on the few pixels around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from torch import Tensor, nn

from ..errors import ConfigError
from .network import Network

__all__ = ["Autoencoder", "AutoencoderConfig", "decoder", "encoder"]


@dataclass(frozen=True)
class AutoencoderConfig:
    """Layers of the encoder; the decoder is their reverse."""

    channels: tuple[int, ...] = (32, 64, 128, 256)
    """Output channels of each convolution (3×3, padding 1, ReLU)."""
    strides: tuple[int, ...] = (1, 2, 1, 2)
    """Stride of each convolution, 1 or 2."""

    def __post_init__(self) -> None:
        check_layers(self.channels, self.strides)

    @property
    def multiple(self) -> int:
        """Pixels that height and width must be multiples of."""
        return prod(self.strides)


def check_layers(channels: tuple[int, ...], strides: tuple[int, ...]) -> None:
    """ConfigError unless there is one stride of 1 or 2 for each positive channel count."""
    if not channels or len(channels) != len(strides):
        raise ConfigError(
            f"network.channels has {len(channels)} entries and network.strides {len(strides)}; give one stride per layer."
        )
    if min(channels) < 1 or not set(strides) <= {1, 2}:
        raise ConfigError(
            f"network.channels must be positive and network.strides 1 or 2, not {list(channels)} and {list(strides)}."
        )


def encoder(channels: tuple[int, ...], strides: tuple[int, ...]) -> nn.Sequential:
    """Convolutions 3×3 with padding 1, each followed by a ReLU; one gray channel in."""
    layers: list[nn.Module] = []
    for before, after, stride in zip((1, *channels), channels, strides, strict=False):
        layers += [nn.Conv2d(before, after, kernel_size=3, stride=stride, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def decoder(channels: tuple[int, ...], strides: tuple[int, ...]) -> nn.Sequential:
    """The encoder in reverse, as transposed convolutions; three channels out, through a sigmoid."""
    layers: list[nn.Module] = []
    for before, after, stride in zip(channels[::-1], (*channels[-2::-1], 3), strides[::-1], strict=True):
        layers += [
            nn.ConvTranspose2d(before, after, kernel_size=3, stride=stride, padding=1, output_padding=stride - 1),
            nn.ReLU(inplace=True),
        ]
    layers[-1] = nn.Sigmoid()
    return nn.Sequential(*layers)


class Autoencoder(Network):
    """Gray in, RGB out; height and width are multiples of all strides multiplied (4 in the default configuration)."""

    Config: ClassVar = AutoencoderConfig
    config: AutoencoderConfig

    def __init__(self, config: AutoencoderConfig | None = None) -> None:
        super().__init__(config)
        self.encoder = encoder(self.config.channels, self.config.strides)
        self.decoder = decoder(self.config.channels, self.config.strides)

    def forward(self, gray: Tensor) -> Tensor:
        """L* / 100 to sRGB: (B, 1, H, W) in 0..1 -> (B, 3, H, W) in 0..1."""
        code = self.encoder(gray)  # (B, 256, H/4, W/4)
        rgb: Tensor = self.decoder(code)  # (B, 3, H, W)
        return rgb
