"""Color hints: the colors that a user knows, and their form as input of the network."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..color import AB_SCALE, rgb_to_lab
from ..errors import HintError
from ..resampling import area_resize

__all__ = ["Hint", "Hints", "Strokes", "draw", "parse_color", "parse_hint"]

Floats = npt.NDArray[np.float32]

DEFAULT_SIZE = 6 / 256
"""Side of a hint without a size, as a share of the picture's short side: SIGGRAPH17's patch."""
NEUTRAL_CHROMA = 3.0
"""Chroma up to which a painted stroke counts as gray: "no color here"."""
MIN_COVERAGE = 0.25
"""Share of a working-size pixel that strokes must cover to count."""


@dataclass(frozen=True)
class Hint:
    """The color of a small square of the photograph. Raises HintError for values that can't be used."""

    x: float
    """Center of the square, in pixels of the full-size photograph from its left edge."""
    y: float
    """Center of the square, in pixels from the top edge."""
    color: str = ""
    """``#rrggbb``; only its a*, b* are used, as the photograph determines lightness. Any gray, such as ``#808080``, means "no color"."""
    ab: tuple[float, float] | None = None
    """CIELAB a*, b*, instead of `color`."""
    size: float = 0.0
    """Side of the square in pixels; 0 is `DEFAULT_SIZE` of the short side."""

    def __post_init__(self) -> None:
        numbers = (self.x, self.y, self.size, *(self.ab or ()))
        if not all(isinstance(n, int | float | np.number) and math.isfinite(n) for n in numbers) or self.size < 0:
            raise HintError(
                f"The hint at {self.x},{self.y}: x, y, ab and size must be finite numbers, and size not negative.", code="hint"
            )
        if (self.ab is None) == (not self.color):
            raise HintError(f"The hint at {self.x:g},{self.y:g} needs a color: either color='#rrggbb' or ab=(a, b).", code="hint")
        if self.ab is None:
            parse_color(self.color)
        elif len(self.ab) != 2 or max(map(abs, self.ab)) > AB_SCALE:
            raise HintError(
                f"The hint at {self.x:g},{self.y:g}: ab must be two numbers from -{AB_SCALE:g} to {AB_SCALE:g}.", code="hint"
            )

    def chroma(self) -> Floats:
        """(2,) a*, b*."""
        return np.array(parse_color(self.color) if self.ab is None else self.ab, np.float32)


@dataclass(frozen=True, eq=False)
class Strokes:
    """Colors painted on a layer over the photograph, as image editors export it: transparent where nothing was painted."""

    rgba: npt.NDArray[np.uint8]
    """(H, W, 4) sRGB and opacity, of any size but the photograph's aspect. Gray means "no color"."""


Hints: TypeAlias = "Iterable[Hint | Strokes]"


def parse_color(text: str) -> tuple[float, float]:
    """``#rrggbb`` or ``#rgb`` -> a*, b*. Raises HintError."""
    digits = text.strip().removeprefix("#")
    if not re.fullmatch(r"[0-9a-fA-F]{3}|[0-9a-fA-F]{6}", digits):
        raise HintError(f"{text!r} is not a color of the form #rrggbb, such as #b58863.", code="hint")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    rgb = np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)], np.uint8)
    _, a, b = rgb_to_lab(rgb)
    return float(a), float(b)


def parse_hint(text: str) -> Hint:
    """``X,Y,#RRGGBB`` -> a hint. Raises HintError."""
    parts = text.split(",")
    try:
        x, y, color = float(parts[0]), float(parts[1]), parts[2].strip()
    except (IndexError, ValueError):
        parts = []
    if len(parts) != 3 or not color:
        raise HintError(f"{text!r} is not a hint of the form X,Y,#RRGGBB, such as 120,80,#b58863.", code="hint")
    return Hint(x, y, color)


def draw(hints: Hints, photo: tuple[int, int], small: tuple[int, int]) -> Floats:
    """Rasterize hints as input planes of the network.

    Args:
        hints: later ones lie over earlier ones.
        photo: (width, height) of the full-size photograph, in pixels.
        small: (width, height) of the working size.

    Returns:
        (3, height, width): a*, b* / AB_SCALE times coverage, and coverage: the share of each pixel under a hint, 0..1.

    Raises:
        HintError: a hint lies outside the picture.
    """
    width, height = small
    planes = np.zeros((3, height, width), np.float32)
    for hint in hints:
        if isinstance(hint, Strokes):
            ab, covered = _shrunk(hint.rgba, small)
            rows, columns = slice(None), slice(None)
        else:
            if not (0 <= hint.x <= photo[0] and 0 <= hint.y <= photo[1]):
                raise HintError(
                    f"The hint at {hint.x:g},{hint.y:g} lies outside the picture, which has {photo[0]} × {photo[1]} pixels.",
                    code="hint-outside",
                )
            ab = (hint.chroma() / np.float32(AB_SCALE))[:, None, None]
            size = hint.size or DEFAULT_SIZE * min(photo)
            columns, across = _covered(hint.x, size, photo[0], width)
            rows, down = _covered(hint.y, size, photo[1], height)
            covered = down[:, None] * across[None, :]
        part = planes[:, rows, columns]
        part *= 1 - covered
        part[:2] += ab * covered
        part[2] += covered
    return planes


def _covered(middle: float, size: float, full: int, small: int) -> tuple[slice, Floats]:
    """Pixels along one side that a square covers, and the share of each; the square has at least the size of a pixel."""
    scale = small / full
    size = max(size * scale, 1.0)
    start = min(max(middle * scale - size / 2, 0), max(small - size, 0))
    first, last = int(start), min(math.ceil(start + size), small)
    edges = np.arange(first, last + 1)
    covered = np.minimum(edges[1:], start + size) - np.maximum(edges[:-1], start)
    return slice(first, last), np.clip(covered, 0, 1).astype(np.float32)


def _shrunk(rgba: npt.NDArray[np.uint8], small: tuple[int, int]) -> tuple[Floats, Floats]:
    """Strokes at the working size: (2, height, width) a*, b* / AB_SCALE, and (height, width) coverage."""
    painted = (rgba[..., 3] > 127).astype(np.float32)
    ab = rgb_to_lab(rgba[..., :3])[..., 1:]
    ab[np.hypot(ab[..., 0], ab[..., 1]) <= NEUTRAL_CHROMA] = 0
    planes = area_resize(np.concatenate([ab * painted[..., None], painted[..., None]], axis=-1), small[1], small[0])
    covered = planes[..., 2]
    mean = planes[..., :2] / np.maximum(covered, 1e-6)[..., None] / np.float32(AB_SCALE)
    covered = np.where(covered < MIN_COVERAGE, 0, covered)
    return np.moveaxis(mean, -1, 0).astype(np.float32), covered.astype(np.float32)
