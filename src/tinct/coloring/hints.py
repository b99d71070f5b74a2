"""Color hints: the colors that a user knows, and their form as input of the network."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from ..color import AB_SCALE, rgb_to_lab
from ..errors import HintError, nearest
from ..resampling import area_resize
from .regions import Brush, Mask, Region

__all__ = ["KEEP", "REACHES", "Hint", "Hints", "Reach", "Strokes", "draw", "parse_color", "parse_hint"]

Floats = npt.NDArray[np.float32]

DEFAULT_SIZE = 6 / 256
"""Side of a hint without a size, as a share of the picture's short side: SIGGRAPH17's patch."""
NEUTRAL_CHROMA = 3.0
"""Chroma up to which a painted stroke counts as gray: "no color here"."""
MIN_COVERAGE = 0.25
"""Share of a working-size pixel that strokes must cover to count."""
KEEP = "keep"
"""In the place of a hint's color: the color that is there."""
KEEP_REST = "keep-rest"
"""In the text of a hint: `Hint.keep_rest`."""
REACHES = ("object", "picture")
"""The words for a hint's reach."""
MASK_SUFFIXES = (".png", ".webp", ".tif", ".tiff")
"""Of mask pictures that the text of a hint names."""

Reach: TypeAlias = "Literal['object', 'picture'] | Region | Brush | Mask"


@dataclass(frozen=True)
class Hint:
    """The color of a small square of the photograph. Raises HintError for values that can't be used."""

    x: float
    """Center of the square, in pixels of the full-size photograph from its left edge."""
    y: float
    """Center of the square, in pixels from the top edge."""
    color: str = ""
    """``#rrggbb``; only its a*, b* are used, as the photograph determines lightness. Any gray, such as ``#808080``, means "no color".
    ``keep`` is the color that the place has with the hints before this one."""
    ab: tuple[float, float] | None = None
    """CIELAB a*, b*, instead of `color`."""
    size: float = 0.0
    """Side of the square in pixels; 0 is `DEFAULT_SIZE` of the short side."""
    reach: Reach = "object"
    """What the hint speaks for. ``object``: the object that it lies on; a color that is plausible there also says something about the
    light of the whole picture, the more so the more such hints there are. ``picture``: the light of the whole picture. A `Region`, `Brush`
    or `Mask`: all of that area, and nothing outside it. An array is taken as the pixels of a `Mask`, a path as its file."""
    keep_rest: bool = False
    """Whether everything outside the object keeps exactly the color that it has without this hint; always so with a `Region`, `Brush` or
    `Mask`."""

    def __post_init__(self) -> None:
        numbers = (self.x, self.y, self.size, *(self.ab or ()))
        if not all(isinstance(n, int | float | np.number) and math.isfinite(n) for n in numbers) or self.size < 0:
            raise HintError(
                f"The hint at {self.x},{self.y}: x, y, ab and size must be finite numbers, and size not negative.", code="hint"
            )
        where = f"The hint at {self.x:g},{self.y:g}"
        if (self.ab is None) == (not self.color):
            raise HintError(f"{where} needs a color: either color='#rrggbb' or ab=(a, b).", code="hint")
        if self.ab is None:
            if self.color != KEEP:
                parse_color(self.color)
        elif len(self.ab) != 2 or max(map(abs, self.ab)) > AB_SCALE:
            raise HintError(f"{where}: ab must be two numbers from -{AB_SCALE:g} to {AB_SCALE:g}.", code="hint")
        object.__setattr__(self, "reach", _checked_reach(self.reach, where))
        if not isinstance(self.keep_rest, bool):
            raise HintError(f"{where}: keep_rest must be true or false, not {self.keep_rest!r}.", code="hint")
        if self.keep_rest and self.reach == "picture":
            raise HintError(f"{where} can't both reach the whole picture and keep the rest of it.", code="reach")

    @property
    def confined(self) -> bool:
        """Whether nothing outside its object or area changes."""
        return self.keep_rest or not isinstance(self.reach, str)

    def chroma(self) -> Floats:
        """(2,) a*, b*. Raises HintError for ``keep``, whose color depends on the photograph."""
        return np.array(parse_color(self.color) if self.ab is None else self.ab, np.float32)


@dataclass(frozen=True, eq=False)
class Strokes:
    """Colors painted on a layer over the photograph, as image editors export it: transparent where nothing was painted."""

    rgba: npt.NDArray[np.uint8]
    """(H, W, 4) sRGB and opacity, of any size but the photograph's aspect. Gray means "no color"."""
    reach: Literal["object", "picture"] = "object"
    """As `Hint.reach`: each color speaks for the objects that it is painted on, or for the light of the whole picture."""

    def __post_init__(self) -> None:
        if self.reach not in REACHES:
            raise _unknown_reach(self.reach, "Painted strokes")


Hints: TypeAlias = "Iterable[Hint | Strokes]"

_SHRUNK: WeakKeyDictionary[Strokes, dict[tuple[int, int], Floats]] = WeakKeyDictionary()
"""Planes of strokes by working size: for 12 megapixels they take a quarter of a second."""


@lru_cache(maxsize=1024)
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
    """``X,Y,COLOR`` -> a hint; ``X,Y,COLOR,REACH``, ``X,Y,COLOR,keep-rest`` or both. Raises HintError.

    COLOR is ``#RRGGBB`` or ``keep``, REACH ``object``, ``picture`` or the file of a mask picture.
    """
    words = [word.strip() for word in text.split(",")]
    try:
        x, y, color = float(words[0]), float(words[1]), words[2]
    except (IndexError, ValueError):
        x = y = math.nan
        color = ""
    if not color:
        raise HintError(
            f"{text!r} is not a hint of the form X,Y,#RRGGBB, such as 120,80,#b58863.",
            code="hint",
        )
    more: dict[str, Any] = {}  # fields of the hint
    for word in words[3:]:
        name = "keep_rest" if word == KEEP_REST else "reach"
        if name in more:
            raise HintError(f"{text!r} says two times how far the hint reaches.", code="reach")
        path = word.lower().endswith(MASK_SUFFIXES)
        more[name] = True if word == KEEP_REST else Mask.read(word) if path else word
    try:
        return Hint(x, y, color, **more)
    except HintError as error:
        raise HintError(f"{text!r}: {error}", code=error.code, **error.details) from None


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
    planes = np.zeros((3, small[1], small[0]), np.float32)
    for hint in hints:
        rows, columns, own = patch(hint, photo, small)
        part = planes[:, rows, columns]
        part *= 1 - own[2]
        part += own
    return planes


def patch(hint: Hint | Strokes, photo: tuple[int, int], small: tuple[int, int]) -> tuple[slice, slice, Floats]:
    """Rows and columns that one hint touches, and its planes there; the rest as `draw`."""
    if isinstance(hint, Strokes):
        known = _SHRUNK.setdefault(hint, {})
        if small not in known:
            known[small] = _shrunk(hint.rgba, small)
        return slice(None), slice(None), known[small]
    if not (0 <= hint.x <= photo[0] and 0 <= hint.y <= photo[1]):
        raise HintError(
            f"The hint at {hint.x:g},{hint.y:g} lies outside the picture, which has {photo[0]} × {photo[1]} pixels.",
            code="hint-outside",
        )
    size = hint.size or DEFAULT_SIZE * min(photo)
    columns, across = _covered(hint.x, size, photo[0], small[0])
    rows, down = _covered(hint.y, size, photo[1], small[1])
    covered = down[:, None] * across[None, :]
    ab = hint.chroma() / np.float32(AB_SCALE)
    return rows, columns, np.stack([ab[0] * covered, ab[1] * covered, covered])


def _checked_reach(reach: Any, where: str) -> Reach:
    """A `Mask` for an array or a path. Raises HintError."""
    if isinstance(reach, (Region, Brush, Mask)):
        return reach
    if isinstance(reach, np.ndarray):
        return Mask(reach)
    if isinstance(reach, os.PathLike):
        return Mask.read(reach)
    if reach not in REACHES:
        raise _unknown_reach(reach, where)
    return "object" if reach == "object" else "picture"


def _unknown_reach(reach: Any, where: str) -> HintError:
    return HintError(
        f"{where}: there is no reach {reach!r:.80}{nearest(str(reach), REACHES)}; it is object, picture or an area.", code="reach"
    )


def _covered(middle: float, size: float, full: int, small: int) -> tuple[slice, Floats]:
    """Pixels along one side that a square covers, and the share of each; the square has at least the size of a pixel."""
    scale = small / full
    size = max(size * scale, 1.0)
    start = min(max(middle * scale - size / 2, 0), max(small - size, 0))
    first, last = int(start), min(math.ceil(start + size), small)
    edges = np.arange(first, last + 1)
    covered = np.minimum(edges[1:], start + size) - np.maximum(edges[:-1], start)
    return slice(first, last), np.clip(covered, 0, 1).astype(np.float32)


def _shrunk(rgba: npt.NDArray[np.uint8], small: tuple[int, int]) -> Floats:
    """(3, height, width) planes of strokes, as `draw` gives them."""
    painted = (rgba[..., 3] > 127).astype(np.float32)
    ab = rgb_to_lab(rgba[..., :3])[..., 1:]
    ab[np.hypot(ab[..., 0], ab[..., 1]) <= NEUTRAL_CHROMA] = 0
    planes = area_resize(np.concatenate([ab * painted[..., None], painted[..., None]], axis=-1), small[1], small[0])
    covered = planes[..., 2]
    mean = planes[..., :2] / np.maximum(covered, 1e-6)[..., None] / np.float32(AB_SCALE)
    covered = np.where(covered < MIN_COVERAGE, 0, covered)
    return np.concatenate([np.moveaxis(mean, -1, 0) * covered, covered[None]]).astype(np.float32)
