"""From a photograph's lightness to what a network sees, and from what it says back to colors.

Training, evaluation, export and use all go through this one pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..color import L_SCALE, rgb_to_lab
from ..errors import ConfigError

__all__ = ["Preparation", "overlaps", "resize"]

LONGEST = 8
"""The long side at the working size is at most so many times the short one's: a picture may claim to be a mere line."""
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
        long = max(width, height)
        scale = min(1.0, self.side / long if self.square else self.side / min(width, height), LONGEST * self.side / long)
        return max(1, round(width * scale)), max(1, round(height * scale))

    def prepare(self, lightness: npt.NDArray[np.floating]) -> Floats:
        """(B, h, w) L* 0..100 -> (B, 1, H, W) in 0..1, padded by `pad`."""
        return np.expand_dims(self.pad(lightness) / np.float32(L_SCALE), 1)

    def pad(self, lightness: npt.NDArray[np.floating]) -> Floats:
        """(B, h, w) -> (B, H, W), larger at the right and the bottom by symmetric reflection."""
        _, h, w = lightness.shape
        target = [self.side] * 2 if self.square else [-(-n // self.multiple) * self.multiple for n in (h, w)]
        gray: Floats = np.asarray(lightness, np.float32)
        if (h, w) != tuple(target):
            gray = np.pad(gray, ((0, 0), (0, target[0] - h), (0, target[1] - w)), mode="symmetric")
        return gray

    def familiar(self, gray: Floats) -> Floats:
        """(B, 1, H, W) as `prepare` gives it -> the same picture, no larger than those of training: (B, 1, h, w), multiples of `multiple`."""
        sides = gray.shape[2:]
        scale = min(1.0, self.side / min(sides))
        rows, columns = (max(1, round(n * scale / self.multiple)) * self.multiple for n in sides)
        if (rows, columns) == sides:
            return gray
        down, across = overlaps(sides[0], rows), overlaps(sides[1], columns)
        return np.asarray(np.einsum("yh,bchw,xw->bcyx", down, gray, across, optimize=True), np.float32)

    def restore_cells(self, cells: npt.NDArray[np.floating], height: int, width: int) -> Floats:
        """(h, w, C) values of cells that cover the padded picture -> (height, width, C) of its pixels, without the padding."""
        padded = (-(-n // self.multiple) * self.multiple for n in (height, width))
        return resize(cells, *padded)[:height, :width]

    def restore(self, rgb: npt.NDArray[np.floating], height: int, width: int) -> Floats:
        """(B, 3, H, W) sRGB 0..1 as the network gave it -> (B, height, width, 2) a*, b*, without the padding."""
        lab = rgb_to_lab(np.moveaxis(rgb[:, :, :height, :width], 1, -1))
        return lab[..., 1:]


def resize(values: npt.NDArray[np.floating], height: int, width: int) -> Floats:
    """(h, w, C) -> (height, width, C), bilinear: centers at half-integers, edges replicated."""
    down, across = _bilinear(values.shape[0], height), _bilinear(values.shape[1], width)
    return np.asarray(np.einsum("yh,hwc,xw->yxc", down, values, across, optimize=True), np.float32)


@lru_cache(maxsize=64)
def overlaps(many: int, few: int) -> Floats:
    """(few, many) part of each of `few` equal stretches that each of `many` covers: weights of means over areas."""
    scale = many / few
    start, end = np.arange(few)[:, None] * scale, (np.arange(few)[:, None] + 1) * scale
    left = np.arange(many)[None, :]
    weights = np.asarray(np.clip(np.minimum(end, left + 1) - np.maximum(start, left), 0, None) / scale, np.float32)
    weights.setflags(write=False)
    return weights


@lru_cache(maxsize=64)
def _bilinear(few: int, many: int) -> Floats:
    """(many, few) weights that interpolate `few` values at `many` places."""
    place = np.clip((np.arange(many) + 0.5) * few / many - 0.5, 0, few - 1)
    weights: Floats = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(few)[None, :])).astype(np.float32)
    weights.setflags(write=False)
    return weights
