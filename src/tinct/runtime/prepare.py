"""From a photograph's lightness to a network's input, and from its output to colors.

Training, evaluation, export and use all go through this one pair of functions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..color import L_SCALE, rgb_to_lab
from ..errors import ConfigError
from ..resampling import area_resize, bilinear_resize

__all__ = ["Preparation"]

MAX_ASPECT = 8
"""The long side is at most this many times `Preparation.side`, or a picture of one line would keep its full length."""
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Preparation:
    """Size and shape of a network's input."""

    side: int
    """Working size in pixels: of the short side, or of the long side for a network that needs a square."""
    multiple: int = 1
    """Height and width of the input are multiples of this."""
    square: bool = False
    """Whether the input is always side × side; a picture of another shape is padded, never squeezed."""

    def __post_init__(self) -> None:
        if self.side < 1 or self.multiple < 1 or self.side % self.multiple:
            raise ConfigError(f"A working size of {self.side} px is not a multiple of {self.multiple}.")

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Working (width, height) of a picture of this size: the same aspect, never enlarged, at least 1 × 1."""
        long = max(width, height)
        scale = min(1.0, self.side / long if self.square else self.side / min(width, height), MAX_ASPECT * self.side / long)
        return max(1, round(width * scale)), max(1, round(height * scale))

    def prepare(self, lightness: npt.NDArray[np.floating]) -> Floats:
        """(B, h, w) L* 0..100 -> (B, 1, H, W) 0..1, padded by `pad`."""
        return np.expand_dims(self.pad(lightness) / np.float32(L_SCALE), 1)

    def pad(self, lightness: npt.NDArray[np.floating]) -> Floats:
        """(B, h, w) -> (B, H, W), padded at the right and the bottom by symmetric reflection."""
        _, h, w = lightness.shape
        target = [self.side] * 2 if self.square else [-(-n // self.multiple) * self.multiple for n in (h, w)]
        gray: Floats = np.asarray(lightness, np.float32)
        if (h, w) != tuple(target):
            gray = np.pad(gray, ((0, 0), (0, target[0] - h), (0, target[1] - w)), mode="symmetric")
        return gray

    def for_recognizer(self, gray: Floats) -> Floats:
        """Shrink an input to the size of training pictures: the recognizer expects the scale of its own training.

        Args:
            gray: (B, 1, H, W) as `prepare` gives it.

        Returns:
            (B, 1, h, w), multiples of `multiple`; `gray` itself if it isn't larger.
        """
        sides = gray.shape[2:]
        scale = min(1.0, self.side / min(sides))
        rows, columns = (max(1, round(n * scale / self.multiple)) * self.multiple for n in sides)
        return gray if (rows, columns) == sides else area_resize(gray, rows, columns, axes=(2, 3))

    def restore_cells(self, cells: npt.NDArray[np.floating], height: int, width: int) -> Floats:
        """(h, w, C) values of cells of the padded picture -> (height, width, C) of its pixels, without the padding."""
        rows, columns = (-(-n // self.multiple) * self.multiple for n in (height, width))
        return bilinear_resize(np.asarray(cells, np.float32), rows, columns)[:height, :width]

    def restore(self, rgb: npt.NDArray[np.floating], height: int, width: int) -> Floats:
        """(B, 3, H, W) sRGB 0..1, a network's output -> (B, height, width, 2) a*, b*, without the padding."""
        lab = rgb_to_lab(np.moveaxis(rgb[:, :, :height, :width], 1, -1))
        return lab[..., 1:]
