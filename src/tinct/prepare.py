"""From a photograph's lightness to what a network sees, and from what it says back to colors.

Training, evaluation, export and use all go through this one pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .color import L_SCALE, rgb_to_lab
from .errors import ConfigError

__all__ = ["Preparation"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Preparation:
    """At what size and shape a network sees pictures."""

    side: int
    """The working size in pixels: of the short side, or of the long one where the network needs a square."""
    multiple: int = 1
    """Height and width must be multiples of this."""
    square: bool = False
    """Whether the network takes only side × side; a picture of another shape is padded, never squashed."""

    def __post_init__(self) -> None:
        if self.side < 1 or self.multiple < 1 or self.side % self.multiple:
            raise ConfigError(f"A working size of {self.side} px is no multiple of {self.multiple}; choose another size.")

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Working (width, height) of a picture of this size: its own shape, never enlarged, at least 1 × 1."""
        scale = min(1.0, self.side / (max(width, height) if self.square else min(width, height)))
        return max(1, round(width * scale)), max(1, round(height * scale))

    def prepare(self, lightness: npt.NDArray[np.floating]) -> Floats:
        """(B, h, w) L* 0..100 -> (B, 1, H, W) in 0..1, padded at the right and the bottom by symmetric reflection."""
        _, h, w = lightness.shape
        target = [self.side] * 2 if self.square else [-(-n // self.multiple) * self.multiple for n in (h, w)]
        gray: Floats = np.asarray(lightness, np.float32) / np.float32(L_SCALE)
        if (h, w) != tuple(target):
            gray = np.pad(gray, ((0, 0), (0, target[0] - h), (0, target[1] - w)), mode="symmetric")
        return np.expand_dims(gray, 1)

    def restore(self, rgb: npt.NDArray[np.floating], height: int, width: int) -> Floats:
        """(B, 3, H, W) sRGB 0..1 as the network gave it -> (B, height, width, 2) a*, b*, without the padding."""
        lab = rgb_to_lab(np.moveaxis(rgb[:, :, :height, :width], 1, -1))
        return lab[..., 1:]
