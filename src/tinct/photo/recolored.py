"""The pixels of a small 8-bit photograph with new chroma, computed by NumPy.

`pixels.with_chroma` gives the same colors (within 1 of 255 levels but for a few dark pixels, where libvips' table of sRGB is coarse) for
pictures of any size and depth, in a stream; for each pixel it takes three times the processor time. The three steps are the same: a*, b* are
a linear function of L* around each pixel of the working size, chroma that sRGB can't show is reduced, and CIELAB becomes sRGB.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import numpy.typing as npt
import pyvips

from ..color import GREEN_FOR_RED, L_SCALE, XYZ_TO_RGB, encode, expand, gamut_chroma, lightness
from ..resampling import bilinear_places

__all__ = ["MAX_PIXELS", "recolored"]

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

MAX_PIXELS = 2**21
"""Width × height up to which the whole picture may be in memory: 2 megapixels, of which L* and three bytes of color a pixel take 15 MB."""
_STRIP = 2**15
"""Pixels that are computed together: more take longer to fetch from memory, fewer spend the time in calls of NumPy."""
_STEPS = 65536
"""Steps of linear light 0..1 in the table of sRGB: the steepest one is 0.05 of 255 levels high."""
_PER_A, _PER_B = 500, 200
"""Differences of a* and b* for one of f(X / Xn) - f(Y / Yn) and of f(Y / Yn) - f(Z / Zn), by the definition of CIELAB."""


def recolored(light: Bytes | Floats, lines: Floats) -> Bytes:
    """The colored pixels of a photograph.

    Args:
        light: (H, W) gray 0..255, or L* 0..100 as floating point.
        lines: (h, w, 4) slopes of a* and b* over L* and their values at L* 0, of the same area.

    Returns:
        (H, W, 3) sRGB.
    """
    height, width = light.shape
    rows, columns = bilinear_places(height, lines.shape[0]), bilinear_places(width, lines.shape[1])
    scale = np.array([_PER_A, _PER_B], np.float32)
    slopes, offsets = lines[..., :2], lines[..., 2:]
    model: Floats = np.asarray(np.concatenate([116 * slopes, offsets - 16 * slopes], axis=-1) / np.tile(scale, 2), np.float32)
    found = np.empty((height, width, 3), np.uint8)
    step = min(height, max(1, _STRIP // width))

    def compute(top: int) -> None:
        part = slice(top, top + step)
        level, row, safe = _levels(light[part])
        shift = _differences(model, (rows[0][part], rows[1][part]), columns, level)
        _reduce_chroma(shift, level, row, safe)
        _show(shift, level, found[part])

    # NumPy releases Python's lock while it computes; as many threads as libvips would take
    with ThreadPoolExecutor(max(1, int(pyvips.vips_lib.vips_concurrency_get()))) as pool:
        for _ in pool.map(compute, range(0, height, step)):
            pass
    return found


def _levels(light: Bytes | Floats) -> tuple[Floats, npt.NDArray[np.uint16], Floats]:
    """(n, W) f(Y / Yn) of CIELAB, about 0.14..1; and a table as `_safe_chroma`'s, with the (n, W) row of each pixel in it."""
    if light.dtype == np.uint8:
        gray = np.asarray(light, np.uint8)
        level, safe = _gray_tables()
        return np.take(level, gray, mode="clip"), gray.astype(np.uint16), safe
    lab, safe = np.asarray(light, np.float32), _safe_chroma()
    row = np.clip(lab * np.float32(safe.shape[1] / L_SCALE), 0, safe.shape[1] - 1).astype(np.uint16)
    return (lab + np.float32(16)) / np.float32(116), row, safe


@cache
def _gray_tables() -> tuple[Floats, Floats]:
    """`_levels` of the 256 grays, and the rows of `_safe_chroma` for each."""
    gray = np.arange(256, dtype=np.uint8)
    level, row, safe = _levels(lightness(np.stack([gray] * 3, axis=-1)))
    return level, np.ascontiguousarray(safe[:, row])


@cache
def _safe_chroma() -> Floats:
    """(4, 200) the square of (chroma / 200) that sRGB can show at every L* of each half unit and every hue of a quarter of the circle.

    The quarters are those of b* <= 0 and then b* > 0, each with a* <= 0 first.
    """
    table = gamut_chroma()
    least = np.minimum(table[1:], table[:-1])
    quarter = (table.shape[1] - 1) // 4
    safe = [least[:, i * quarter : (i + 1) * quarter + 1].min(axis=1) for i in (2, 3, 1, 0)]
    return np.asarray(np.square(np.stack(safe) / _PER_B), np.float32)


def _differences(
    model: Floats,
    rows: tuple[npt.NDArray[np.intp], Floats],
    columns: tuple[npt.NDArray[np.intp], Floats],
    level: Floats,
) -> Floats:
    """(2, n, W) a* / 500 and b* / 200 of a strip.

    Args:
        model: (h, w, 4) slopes of both over `level`, and their values at level 0.
        rows: the row of `model` above each row of the strip, and the part of the way to the next.
        columns: of each column.
        level: (n, W).
    """
    (low, down), (left, along) = rows, columns
    near = model[low]
    near += (model[np.minimum(low + 1, len(model) - 1)] - near) * down[:, None, None]  # (n, w, 4)
    step = np.empty_like(near)
    np.subtract(near[:, 1:], near[:, :-1], out=step[:, :-1])
    step[:, -1] = 0
    values = np.take(step, left, axis=1, mode="clip")
    flat = values.reshape(len(values), -1)  # rows of 4 W: an inner loop over 4 values would be slow
    flat *= np.repeat(along, 4)
    values += np.take(near, left, axis=1, mode="clip")
    found = np.empty((2, *level.shape), np.float32)
    for i in (0, 1):
        np.multiply(values[..., i], level, out=found[i])
        found[i] += values[..., i + 2]
    return found


def _reduce_chroma(shift: Floats, level: Floats, row: npt.NDArray[np.uint16], safe: Floats) -> None:
    """Reduce chroma, in place, to what sRGB can show at the same L* and hue; `safe` spares most pixels the question which that is."""
    a, b = shift
    squared = a * np.float32(_PER_A / _PER_B)
    squared *= squared
    squared += b * b
    quarter = (b > 0).astype(np.uint16)
    quarter *= np.uint16(2)
    quarter += a > 0
    quarter *= np.uint16(safe.shape[1])
    quarter += row
    (places,) = np.nonzero((squared > np.take(safe, quarter, mode="clip")).ravel())
    if not len(places):
        return
    flat = shift.reshape(2, -1)
    a, b = (np.take(one, places, mode="clip") for one in flat)
    bound = _bound(np.take(level, places, mode="clip"), np.arctan2(_PER_B * b, _PER_A * a))
    part = np.minimum(1, bound / np.sqrt(np.take(squared, places, mode="clip")))
    flat[0, places] = a * part
    flat[1, places] = b * part


def _bound(level: Floats, hue: Floats) -> Floats:
    """The largest chroma / 200 that sRGB can show at f(Y / Yn) and a hue in radians, -π..π."""
    corners, (rows, columns) = _gamut_corners()
    row = level * np.float32(116 / L_SCALE * rows) - np.float32(16 / L_SCALE * rows)
    column = hue * np.float32(columns / (2 * np.pi))
    column += (hue < 0) * np.float32(columns)
    row, column = np.clip(row, 0, rows), np.clip(column, 0, columns)
    above, before = np.minimum(row.astype(np.int32), rows - 1), np.minimum(column.astype(np.int32), columns - 1)
    row -= above
    column -= before
    corner, right, down, across = np.take(corners, above * columns + before, axis=0, mode="clip").T
    return np.asarray(corner + column * right + row * (down + column * across), np.float32)


@cache
def _gamut_corners() -> tuple[Floats, tuple[int, int]]:
    """`gamut_chroma` / 200 as one polynomial for each cell between four of its points, row by row; and the number of rows and columns of cells.

    With u, v = 0..1 to the right and down the bound is p[0] + u p[1] + v (p[2] + u p[3]).
    """
    table = gamut_chroma() / np.float32(_PER_B)
    corner, beside, below, across = table[:-1, :-1], table[:-1, 1:], table[1:, :-1], table[1:, 1:]
    cells = np.stack([corner, beside - corner, below - corner, across - below - beside + corner], axis=-1)
    return np.ascontiguousarray(cells.reshape(-1, 4)), (cells.shape[0], cells.shape[1])


def _show(shift: Floats, level: Floats, found: Bytes) -> None:
    """Write the sRGB of a strip, given a* / 500, b* / 200 and f(Y / Yn); `shift` is overwritten."""
    x, z = shift
    np.add(level, x, out=x)
    np.subtract(level, z, out=z)
    xyz = [expand(one) for one in (x, level, z)]
    linear, product = np.empty((3, *level.shape), np.float32), x  # x isn't needed any more
    for band, weights in zip(linear, np.float32(_STEPS) * XYZ_TO_RGB.T, strict=True):
        np.multiply(xyz[0], weights[0], out=band)
        for one, weight in zip(xyz[1:], weights[1:], strict=True):
            band += np.multiply(one, weight, out=product)
    if linear[0].max() > _STEPS:  # that `gamut_chroma` allows in light yellows; green takes over its luminance
        linear[1] += np.clip(linear[0] - _STEPS, 0, _STEPS) * np.float32(GREEN_FOR_RED)
    np.clip(linear, 0, _STEPS - 1, out=linear)
    for i, band in enumerate(linear):
        found[..., i] = np.take(_encoded(), band.astype(np.uint16), mode="clip")


@cache
def _encoded() -> Bytes:
    """sRGB 0..255 of linear light in `_STEPS` steps, in the middle of each."""
    return np.rint(255 * encode((np.arange(_STEPS, dtype=np.float32) + np.float32(0.5)) / _STEPS)).astype(np.uint8)
