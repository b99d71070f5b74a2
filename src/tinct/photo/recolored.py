"""The pixels of a small 8-bit photograph with new chroma, computed by NumPy.

`pixels.with_chroma` gives the same colors (within 1 of 255 levels but for a few dark pixels, where libvips' table of sRGB is coarse) for
pictures of any size and depth, in a stream; for each pixel it takes seven times the processor time. The three steps are the same: a*, b* are
a linear function of L* around each pixel of the working size, chroma that sRGB can't show is reduced, and CIELAB becomes sRGB.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from ..color import GREEN_FOR_RED, L_SCALE, XYZ_TO_RGB, encode, expand, gamut_chroma, lightness
from ..resampling import bilinear_places

__all__ = ["MAX_PIXELS", "recolored"]

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

MAX_PIXELS = 2**22
"""Width × height up to which the whole picture may be in memory, twice: 4 megapixels."""
_STRIP = 2**16
"""Pixels that are computed together: more take longer to fetch from memory, fewer spend the time in calls of NumPy."""
_STEPS = 65535
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
    model = np.concatenate([116 * lines[..., :2], lines[..., 2:] - 16 * lines[..., :2]], axis=-1) / np.tile(scale, 2)
    found = np.empty((height, width, 3), np.uint8)
    step = max(1, _STRIP // width)
    for top in range(0, height, step):
        part = slice(top, top + step)
        level, safe = _levels(light[part])
        shift = _differences(model, (rows[0][part], rows[1][part]), columns, level)
        _reduce_chroma(shift, level, safe)
        _show(shift, level, found[part])
    return found


def _levels(light: Bytes | Floats) -> tuple[Floats, Floats]:
    """(n, W) f(Y / Yn) of CIELAB, about 0.14..1, and the square of the chroma, as `_differences` has it, that sRGB can show at every hue."""
    if light.dtype == np.uint8:
        gray = np.asarray(light, np.uint8)
        level, safe = (np.take(table, gray, mode="clip") for table in _gray_tables())
        return level, safe
    lab = np.asarray(light, np.float32)
    row = (lab * np.float32(len(_safe_chroma()) / L_SCALE)).astype(np.int32)
    return (lab + np.float32(16)) / np.float32(116), np.take(_safe_chroma(), row, mode="clip")


@cache
def _gray_tables() -> tuple[Floats, Floats]:
    """`_levels` of the 256 grays."""
    gray = np.arange(256, dtype=np.uint8)
    return _levels(lightness(np.stack([gray] * 3, axis=-1)))


@cache
def _safe_chroma() -> Floats:
    """(200,) the square of (chroma / 200) that sRGB can show at every hue and every L* of each half unit."""
    least = gamut_chroma().min(axis=1)
    return np.asarray(np.square(np.minimum(least[1:], least[:-1]) / _PER_B), np.float32)


def _differences(
    model: Floats, rows: tuple[npt.NDArray[np.intp], Floats], columns: tuple[npt.NDArray[np.intp], Floats], level: Floats
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


def _reduce_chroma(shift: Floats, level: Floats, safe: Floats) -> None:
    """Reduce chroma, in place, to what sRGB can show at the same L* and hue; `safe` spares most pixels the question which that is."""
    a, b = shift
    squared = a * np.float32(_PER_A / _PER_B)
    squared *= squared
    squared += b * b
    (places,) = np.nonzero((squared > safe).ravel())
    if not len(places):
        return
    flat = shift.reshape(2, -1)
    a, b = _PER_A * flat[0, places], _PER_B * flat[1, places]
    chroma = np.sqrt(a * a + b * b)
    part = np.minimum(1, _bound(116 * level.ravel()[places] - 16, np.arctan2(b, a)) / chroma)
    flat[:, places] *= part


def _bound(light: Floats, hue: Floats) -> Floats:
    """The largest chroma that sRGB can show at L* 0..100 and a hue in radians, -π..π."""
    table = gamut_chroma()
    (rows, columns), flat = table.shape, table.ravel()
    row = np.clip(light * np.float32((rows - 1) / L_SCALE), 0, rows - 1)
    column = np.where(hue < 0, hue + np.float32(2 * np.pi), hue) * np.float32((columns - 1) / (2 * np.pi))
    above, before = np.minimum(row.astype(np.int32), rows - 2), np.minimum(column.astype(np.int32), columns - 2)
    v, u = row - above, column - before
    place = above * columns + before
    corner, beside, below, across = (np.take(flat, place + more, mode="clip") for more in (0, 1, columns, columns + 1))
    upper, lower = corner + u * (beside - corner), below + u * (across - below)
    return np.asarray(upper + v * (lower - upper), np.float32)


def _show(shift: Floats, level: Floats, found: Bytes) -> None:
    """Write the sRGB of a strip, given a* / 500, b* / 200 and f(Y / Yn); `shift` is overwritten."""
    x, z = shift
    np.add(level, x, out=x)
    np.subtract(level, z, out=z)
    tristimulus = [expand(one) for one in (x, level, z)]
    linear = [sum(one * weight for one, weight in zip(tristimulus, column, strict=True)) for column in XYZ_TO_RGB.T]
    if linear[0].max() > 1:  # that `gamut_chroma` allows in light yellows; green takes over its luminance
        linear[1] += np.clip(linear[0] - 1, 0, 1) * np.float32(GREEN_FOR_RED)
    for band, one in enumerate(linear):
        one *= np.float32(_STEPS)
        one += np.float32(0.5)
        np.clip(one, 0, _STEPS, out=one)
        found[..., band] = np.take(_encoded(), one.astype(np.uint16), mode="clip")


@cache
def _encoded() -> Bytes:
    """sRGB 0..255 of linear light in `_STEPS` steps."""
    return np.rint(255 * encode(np.linspace(0, 1, _STEPS + 1, dtype=np.float32))).astype(np.uint8)
