"""Color hints: what a user says of the colors, read from the command line or a file, and drawn for the network."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..color import AB_SCALE, rgb_to_lab
from ..errors import HintError, PhotoError

__all__ = ["Hint", "Hints", "Strokes", "draw", "parse_color", "parse_hint", "read_hints"]

Floats = npt.NDArray[np.float32]

PATCH = 6 / 256
"""Side of a hint that doesn't say its size, as a part of the picture's short side."""
MOST_PIXELS = 500_000_000
"""Of a picture of painted strokes."""
GRAY = 3.0
"""Chroma up to which a painted stroke is taken as gray: "no color here"."""


@dataclass(frozen=True)
class Hint:
    """The color of one small square patch of the photograph. Raises HintError."""

    x: float
    """Of the patch's middle, in pixels of the full-size photograph from its left edge."""
    y: float
    """In pixels from the top edge."""
    color: str = ""
    """``#rrggbb``, of which hue and colorfulness are used: how light the place is says the photograph. ``#808080`` is no color."""
    ab: tuple[float, float] | None = None
    """CIELAB a*, b*, in the place of `color`."""
    size: float = 0.0
    """Pixels along a side of the patch; 0 takes one that suits the picture (`PATCH`)."""

    def __post_init__(self) -> None:
        if (self.ab is None) == (not self.color):
            raise HintError(f"The hint at {self.x:g},{self.y:g} needs a color: either color='#rrggbb' or ab=(a, b).")
        numbers = (self.x, self.y, self.size, *(self.ab or ()))
        if not all(isinstance(n, int | float | np.number) and math.isfinite(n) for n in numbers) or self.size < 0:
            raise HintError(f"The hint at {self.x},{self.y} holds what is no number, or a negative size.")
        if self.ab is None:
            parse_color(self.color)
        elif len(self.ab) != 2 or max(map(abs, self.ab)) > AB_SCALE:
            raise HintError(f"The hint at {self.x:g},{self.y:g}: ab are two numbers from -{AB_SCALE:g} to {AB_SCALE:g}.")

    def chroma(self) -> Floats:
        """(2,) a*, b*."""
        return np.array(parse_color(self.color) if self.ab is None else self.ab, np.float32)


@dataclass(frozen=True, eq=False)
class Strokes:
    """Colors painted over the photograph, as an image editor exports them: transparent where nothing was painted."""

    rgba: npt.NDArray[np.uint8]
    """(H, W, 4) sRGB and opacity, in the photograph's shape; any size. Gray says that a place has no color."""


Hints: TypeAlias = "Iterable[Hint | Strokes]"


def parse_color(text: str) -> tuple[float, float]:
    """``#rrggbb`` or ``#rgb`` -> a*, b*. Raises HintError."""
    digits = text.strip().removeprefix("#")
    if not re.fullmatch(r"[0-9a-fA-F]{3}|[0-9a-fA-F]{6}", digits):
        raise HintError(f"{text!r} is no color; write one as #rrggbb, such as #b58863.")
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
        raise HintError(f"{text!r} is no hint; write X,Y,#RRGGBB, such as 120,80,#b58863.")
    return Hint(x, y, color)


def read_hints(path: Path) -> list[Hint | Strokes]:
    """Hints from a JSON file, or from a picture of painted strokes.

    The JSON is a list of ``{"x": 120, "y": 80, "color": "#b58863"}``, with ``"ab": [a, b]`` in the place of ``color`` and a ``size``
    if wanted. The picture (PNG, WebP, TIFF) must be transparent where nothing was painted.

    Raises:
        HintError: there is no such file, or it can't be understood; the line is named.
    """
    if path.suffix.lower() in {".png", ".webp", ".tif", ".tiff"}:
        return [_read_strokes(path)]
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is no text"
        raise HintError(f"{path}: {reason}. Name a JSON file of hints, or a transparent PNG of painted strokes.") from error
    return [_from_json(value, f"{path}, line {line}") for value, line in _items(text, path)]


def _items(text: str, path: Path) -> Iterable[tuple[Any, int]]:
    """The entries of a JSON list, each with the line on which it begins."""
    decoder, blank = json.JSONDecoder(), re.compile(r"\s*")

    def skip(place: int) -> int:
        return blank.match(text, place).end()  # type: ignore[union-attr]  # an empty match is one, too

    def line(place: int) -> int:
        return text.count("\n", 0, place) + 1

    place = skip(0)
    if text[place : place + 1] != "[":
        raise HintError(f'{path}, line {line(place)}: a list was expected: [{{"x": 120, "y": 80, "color": "#b58863"}}]')
    place = skip(place + 1)
    while text[place : place + 1] != "]":
        try:
            value, end = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            raise HintError(f"{path}, line {error.lineno}: {error.msg}.") from error
        yield value, line(place)
        place = skip(end)
        if text[place : place + 1] == ",":
            place = skip(place + 1)
        elif text[place : place + 1] != "]":
            raise HintError(f"{path}, line {line(place)}: a comma or ] was expected.")


def _from_json(value: Any, where: str) -> Hint:
    known = ("x", "y", "color", "ab", "size")
    if not isinstance(value, dict) or not {"x", "y"} <= value.keys() or not value.keys() <= set(known):
        raise HintError(f"{where}: a hint has x, y and color (or ab), and may have a size; not {json.dumps(value)[:80]}.")
    try:
        return Hint(**(value | ({"ab": tuple(value["ab"])} if "ab" in value else {})))
    except (HintError, TypeError, AttributeError) as error:
        raise HintError(f"{where}: {error}") from error


def _read_strokes(path: Path) -> Strokes:
    import pyvips

    from ..photo.opening import from_file
    from ..photo.pixels import to_8bit

    try:
        image = to_8bit(from_file(str(path), path, MOST_PIXELS).load()).colourspace("srgb")
        rgba = np.asarray(image.numpy()) if image.hasalpha() else None
    except (PhotoError, pyvips.Error) as error:
        raise HintError(f"{path} can't be read as a picture of painted strokes; export it from your editor as PNG.") from error
    if rgba is None or rgba[..., 3].min() > 127:
        raise HintError(
            f"{path} isn't transparent anywhere: paint on an empty layer over the photograph, and export that layer alone."
        )
    if rgba[..., 3].max() < 128:
        raise HintError(f"{path} is empty: nothing was painted on it.")
    return Strokes(rgba)


def draw(hints: Hints, photo: tuple[int, int], small: tuple[int, int]) -> Floats:
    """The hints as the network takes them.

    Args:
        hints: patches and strokes; later ones lie over earlier ones.
        photo: (width, height) of the full-size photograph, in pixels.
        small: (width, height) of the working size.

    Returns:
        (3, height, width): a*, b* / AB_SCALE times the part of each pixel that hints cover, and that part, 0..1.

    Raises:
        HintError: a hint outside the picture.
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
                    f"The hint at {hint.x:g},{hint.y:g} lies outside the picture, which is {photo[0]} × {photo[1]} pixels."
                )
            ab = (hint.chroma() / np.float32(AB_SCALE))[:, None, None]
            size = hint.size or PATCH * min(photo)
            columns, across = _covered(hint.x, size, photo[0], width)
            rows, down = _covered(hint.y, size, photo[1], height)
            covered = down[:, None] * across[None, :]
        part = planes[:, rows, columns]
        part *= 1 - covered
        part[:2] += ab * covered
        part[2] += covered
    return planes


def _covered(middle: float, size: float, full: int, small: int) -> tuple[slice, Floats]:
    """Which pixels along one side lie under the patch, which has at least the size of one, and how much of each."""
    scale = small / full
    size = max(size * scale, 1.0)
    start = min(max(middle * scale - size / 2, 0), max(small - size, 0))
    first, last = int(start), min(math.ceil(start + size), small)
    edges = np.arange(first, last + 1)
    covered = np.minimum(edges[1:], start + size) - np.maximum(edges[:-1], start)
    return slice(first, last), np.clip(covered, 0, 1).astype(np.float32)


def _shrunk(rgba: npt.NDArray[np.uint8], small: tuple[int, int]) -> tuple[Floats, Floats]:
    """Strokes at the working size: (2, height, width) a*, b* / AB_SCALE and (height, width) the part that is painted."""
    painted = (rgba[..., 3] > 127).astype(np.float32)
    ab = rgb_to_lab(rgba[..., :3])[..., 1:]
    ab[np.hypot(ab[..., 0], ab[..., 1]) <= GRAY] = 0
    planes = _average(np.concatenate([ab * painted[..., None], painted[..., None]], axis=-1), small)
    covered = planes[..., 2]
    mean = planes[..., :2] / np.maximum(covered, 1e-6)[..., None] / np.float32(AB_SCALE)
    covered = np.where(covered < 0.25, 0, covered)  # a hair's breadth of paint is no hint
    return np.moveaxis(mean, -1, 0).astype(np.float32), covered.astype(np.float32)


def _average(values: Floats, small: tuple[int, int]) -> Floats:
    """(H, W, C) -> (height, width, C), each value the mean over the area of its pixel."""
    for axis, count in ((0, small[1]), (1, small[0])):
        sums = np.concatenate([np.zeros_like(values.take([0], axis)), values.cumsum(axis, dtype=np.float64)], axis)
        place = np.linspace(0, values.shape[axis], count + 1)
        low = np.minimum(place.astype(int), values.shape[axis] - 1)
        shape = [-1 if a == axis else 1 for a in range(3)]
        part = (place - low).reshape(shape)
        at = sums.take(low, axis) * (1 - part) + sums.take(low + 1, axis) * part
        values = np.asarray(np.diff(at, axis=axis) * (count / values.shape[axis]), np.float32)
    return values
