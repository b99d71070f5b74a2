"""Parts of a photograph that a hint's color is limited to: polygons, brush strokes and mask pictures."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyvips

from ..errors import HintError, PhotoError
from ..photo.opening import from_bytes, from_file
from ..photo.pixels import to_8bit
from ..resampling import area_resize

__all__ = ["MAX_MASK_PIXELS", "MAX_POINTS", "Brush", "Mask", "Region", "coverage"]

Floats = npt.NDArray[np.float32]
Points: TypeAlias = "tuple[tuple[float, float], ...]"

MAX_POINTS = 10_000
"""Corners of a polygon, or points of a brush stroke."""
MAX_MASK_PIXELS = 100_000_000
"""Limit for a mask picture; it may be smaller than the photograph."""
_SUBROWS = 4
"""Lines for each row of pixels on which a polygon is sampled; along a line its coverage is exact."""


@dataclass(frozen=True)
class Region:
    """A polygon. Raises HintError if it has fewer than 3 or more than `MAX_POINTS` corners, no area, or edges that cross."""

    points: Points
    """Corners x, y in pixels of the full-size photograph; the last is joined to the first."""

    def __post_init__(self) -> None:
        points = _checked(self.points, "region", "polygon", 3)
        object.__setattr__(self, "points", points)
        x, y = np.array(points).T
        if abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) < 1e-6:  # twice the area
            raise HintError("The polygon is empty: its corners enclose no area.", code="region-empty")
        if (place := _crossing(np.array(points))) is not None:
            raise HintError(f"The polygon crosses itself near {place[0]:g},{place[1]:g}.", code="region-crosses")


@dataclass(frozen=True)
class Brush:
    """A painted stroke: everything within half its width of a line. Raises HintError for values that can't be used."""

    points: Points
    """Points x, y of the line in pixels of the full-size photograph; a single one paints a disk."""
    width: float
    """In pixels of the full-size photograph."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", _checked(self.points, "region", "brush stroke", 1))
        if not (_is_number(self.width) and self.width > 0):
            raise HintError(f"The width of a brush stroke must be a number above 0, not {self.width!r}.", code="region")
        object.__setattr__(self, "width", float(self.width))


class Mask:
    """A picture that is white where the color may go.

    Args:
        pixels: (H, W) bool, or uint8 of which values from 128 on count; of the photograph's shape, at any size.

    Raises:
        HintError: another array, or one that is black everywhere.
    """

    pixels: npt.NDArray[np.bool_]
    """(H, W), read-only."""

    def __init__(self, pixels: npt.NDArray[np.bool_] | npt.NDArray[np.uint8]) -> None:
        given = np.asarray(pixels)
        if given.ndim != 2 or given.dtype not in (np.bool_, np.uint8):
            raise HintError(f"A mask is (H, W) of bool or uint8, not {given.shape} of {given.dtype}.", code="mask")
        self.pixels = np.array(given if given.dtype == np.bool_ else given > np.uint8(127), np.bool_)
        self.pixels.setflags(write=False)
        if not self.pixels.any():
            raise HintError("The mask is empty: it is black everywhere.", code="mask-empty")

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Mask:
        """The mask in a picture file; white is inside, black or transparent outside. Raises HintError."""
        try:
            return cls(_inside(from_file(str(path), Path(path), MAX_MASK_PIXELS).load()))
        except HintError as error:
            raise HintError(f"{path}: {error}", code=error.code, path=str(path)) from None
        except (PhotoError, pyvips.Error, OSError) as error:
            raise HintError(f"{path} can't be read as a mask ({error}).", code="mask-file", path=str(path)) from None

    @classmethod
    def from_png(cls, data: bytes, max_pixels: int = MAX_MASK_PIXELS) -> Mask:
        """As `read`, from the bytes of a file. Raises HintError."""
        try:
            return cls(_inside(from_bytes("the mask", data, max_pixels).load()))
        except (PhotoError, pyvips.Error) as error:
            raise HintError(f"The mask isn't a picture ({error}).", code="mask") from None

    def to_png(self) -> bytes:
        """A PNG of one bit a pixel."""
        height, width = self.pixels.shape
        image = pyvips.Image.new_from_memory((self.pixels * np.uint8(255)).tobytes(), width, height, 1, "uchar")
        return bytes(image.pngsave_buffer(bitdepth=1, compression=9))

    @cached_property
    def sha256(self) -> str:
        """Of its size and pixels."""
        return hashlib.sha256(b"%d %d\n" % self.pixels.shape + np.packbits(self.pixels).tobytes()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mask) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        height, width = self.pixels.shape
        return f"<Mask {width} × {height}, {self.pixels.mean():.0%} inside>"


def coverage(area: Region | Brush | Mask, photo: tuple[int, int], small: tuple[int, int]) -> Floats:
    """The share of each pixel that lies inside.

    Args:
        area: in pixels of the full-size photograph.
        photo: (width, height) of the full-size photograph, in pixels.
        small: (width, height) of the result.

    Returns:
        (height, width) 0..1.

    Raises:
        HintError: it lies outside the picture, even in part, or a mask has another shape.
    """
    if isinstance(area, Mask):
        height, width = area.pixels.shape
        if abs(height - width * photo[1] / photo[0]) > 1 and abs(width - height * photo[0] / photo[1]) > 1:
            raise HintError(
                f"The mask has {width} × {height} pixels, which isn't the shape of the photograph, {photo[0]} × {photo[1]}.",
                code="mask-size",
            )
        return _resized(area.pixels, small)
    points = np.array(area.points)
    outside = ((points < 0) | (points > photo)).any(axis=1)
    if outside.any():
        x, y = points[outside][0]
        noun = "polygon" if isinstance(area, Region) else "brush stroke"
        raise HintError(
            f"The {noun} has the point {x:g},{y:g} outside the picture, which has {photo[0]} × {photo[1]} pixels.",
            code="region-outside",
        )
    scale = np.array(small) / photo
    if isinstance(area, Region):
        return _filled(points * scale, small)
    return _stroked(points * scale, area.width * float(scale.mean()), small)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and math.isfinite(value)


def _checked(points: Sequence[Sequence[float]], code: str, noun: str, least: int) -> Points:
    """The points as Python's own numbers. Raises HintError."""
    try:
        pairs = [tuple(point) for point in points]
    except TypeError:
        pairs = [()]
    if len(pairs) > MAX_POINTS:
        raise HintError(f"A {noun} has at most {MAX_POINTS:,} points, not {len(pairs):,}.", code="region-points")
    if not all(len(pair) == 2 and all(map(_is_number, pair)) for pair in pairs):
        raise HintError(f"The points of a {noun} must be pairs of finite numbers x, y.", code=code)
    if len(pairs) < least:
        raise HintError(f"The {noun} is empty: it has {len(pairs)} points, and needs {least}.", code="region-empty")
    return tuple((float(pair[0]), float(pair[1])) for pair in pairs)


def _crossing(points: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """A place where edges of a closed polygon that aren't neighbors meet; None if it is simple."""
    keep = (points != np.roll(points, 1, axis=0)).any(axis=1)  # repeated corners make no edge
    start = points[keep]
    end = np.roll(start, -1, axis=0)
    count = len(start)
    low, high = np.minimum(start, end), np.maximum(start, end)
    order = np.argsort(low[:, 0], kind="stable")
    last = np.searchsorted(low[order, 0], high[order, 0], side="right")
    for place, i in enumerate(order):
        rivals = order[place + 1 : last[place]]
        rivals = rivals[(low[rivals, 1] <= high[i, 1]) & (high[rivals, 1] >= low[i, 1])]
        rivals = rivals[~np.isin((rivals - i) % count, (1, count - 1))]
        if not len(rivals):
            continue
        a, b = _side(start[i], end[i], start[rivals]), _side(start[i], end[i], end[rivals])
        c, d = _side(start[rivals], end[rivals], start[i]), _side(start[rivals], end[rivals], end[i])
        if (met := (a * b <= 0) & (c * d <= 0)).any():
            x, y = start[rivals[np.argmax(met)]]
            return float(x), float(y)
    return None


def _side(start: npt.NDArray[np.float64], end: npt.NDArray[np.float64], point: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Sign of the side of lines on which points lie."""
    cross = (end - start)[..., 0] * (point - start)[..., 1] - (end - start)[..., 1] * (point - start)[..., 0]
    return np.asarray(np.sign(cross), np.float64)


def _filled(points: npt.NDArray[np.float64], small: tuple[int, int]) -> Floats:
    """(height, width) coverage of a polygon in pixels of that size."""
    width, height = small
    following = np.roll(points, -1, axis=0)
    found = np.zeros((height, width), np.float32)
    left = np.arange(width)
    first, last = max(0, int(points[:, 1].min())), min(height, math.ceil(points[:, 1].max()))
    for row in range(first, last):
        for line in row + (np.arange(_SUBROWS) + 0.5) / _SUBROWS:
            crossed = (points[:, 1] <= line) != (following[:, 1] <= line)
            (x0, y0), (x1, y1) = points[crossed].T, following[crossed].T
            x = np.sort(x0 + (line - y0) / (y1 - y0) * (x1 - x0))
            for start, end in zip(x[::2], x[1::2], strict=True):
                found[row] += np.clip(np.minimum(end, left + 1) - np.maximum(start, left), 0, 1)
    return np.asarray(found / _SUBROWS, np.float32)


def _stroked(points: npt.NDArray[np.float64], width: float, small: tuple[int, int]) -> Floats:
    """(height, width) coverage of a line of a certain width in pixels of that size."""
    radius = max(width / 2, 0.5)
    apart = np.full((small[1], small[0]), np.inf)
    for start, end in zip(points, points[1:] if len(points) > 1 else points, strict=False):
        low = np.maximum(np.floor(np.minimum(start, end) - radius - 1), 0).astype(int)
        high = np.ceil(np.maximum(start, end) + radius + 1).astype(int)
        part = np.s_[low[1] : high[1], low[0] : high[0]]
        y, x = np.ogrid[low[1] : min(high[1], small[1]), low[0] : min(high[0], small[0])]
        dx, dy = end - start
        along = np.clip(((x + 0.5 - start[0]) * dx + (y + 0.5 - start[1]) * dy) / max(dx * dx + dy * dy, 1e-12), 0, 1)
        distance = np.hypot(x + 0.5 - start[0] - along * dx, y + 0.5 - start[1] - along * dy)
        apart[part] = np.minimum(apart[part], distance)
    return np.clip(radius - apart + 0.5, 0, 1).astype(np.float32)


def _resized(inside: npt.NDArray[np.bool_], small: tuple[int, int]) -> Floats:
    """(height, width) coverage of a mask."""
    height, width = inside.shape
    rows, columns = min(height, small[1]), min(width, small[0])
    found = area_resize(inside.astype(np.float32), rows, columns)
    if (columns, rows) != small:  # a mask smaller than the working size
        row, column = (np.arange(many) * few // many for many, few in ((small[1], rows), (small[0], columns)))
        found = found[row[:, None], column]
    return found


def _inside(image: pyvips.Image) -> npt.NDArray[np.bool_]:
    """White and opaque pixels of a picture."""
    flat = to_8bit(image)
    flat = (flat.flatten(background=[0]) if flat.hasalpha() else flat).colourspace("b-w")
    return np.asarray(flat.numpy()).reshape(flat.height, flat.width) > 127
