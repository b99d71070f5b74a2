"""Resizing arrays, by one convention: both arrays cover the same area, and pixel centers lie at half-integers.

`area_resize` shrinks: each new pixel is the mean over exactly its area (as ``cv2.INTER_AREA``). `bilinear_resize` enlarges: it
interpolates with replicated edges (as ``cv2.INTER_LINEAR``).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["area_resize", "bilinear_places", "bilinear_resize", "bilinear_sample"]

Floats = npt.NDArray[np.float32]
F = TypeVar("F", bound=np.floating[Any])


def area_resize(values: npt.NDArray[F], height: int, width: int, axes: tuple[int, int] = (0, 1)) -> npt.NDArray[F]:
    """Shrink two axes of an array by averaging.

    Args:
        values: floating point, (H, W, ...) with the default `axes`.
        height: new size of the first of `axes`, at most its old one.
        width: new size of the second.

    Returns:
        A new array of the same precision; each value is the mean over the area of its pixel.
    """
    scale = 1.0
    for axis, count in zip(axes, (height, width), strict=True):
        size = values.shape[axis]
        if size % count:
            weights = _area_weights(size, count).astype(values.dtype, copy=False)
            values = np.moveaxis(np.tensordot(weights, values, axes=(1, axis)), 0, axis)
        elif (step := size // count) > 1:  # whole blocks: sums of slices, without BLAS and its threads
            sums = _every(values, axis, 0, step).copy()
            for start in range(1, step):
                sums += _every(values, axis, start, step)
            values, scale = sums, scale * step
    return np.array(values) if scale == 1 else values * values.dtype.type(1 / scale)


def bilinear_resize(values: Floats, height: int, width: int, axes: tuple[int, int] = (0, 1)) -> Floats:
    """Interpolate two axes of an array to a new size, edges replicated.

    Args:
        values: (H, W, ...) with the default `axes`.
        height: new size of the first of `axes`.
        width: new size of the second.

    Returns:
        float32, a new array.
    """
    for axis, count in zip(axes, (height, width), strict=True):
        size, dimensions = values.shape[axis], values.ndim
        low, fraction = bilinear_places(count, size)
        fraction = fraction.reshape([-1 if d == axis % dimensions else 1 for d in range(dimensions)])
        near, far = (np.take(values, one, axis, mode="clip") for one in (low, low + 1))  # the last one's neighbor is itself
        far -= near
        far *= fraction
        near += far
        values = near
    return values


@lru_cache(maxsize=64)
def bilinear_places(count: int, size: int) -> tuple[npt.NDArray[np.intp], Floats]:
    """Where `count` pixels lie among `size` pixels of the same area: the index before each, and the part 0..1 of the way to the next."""
    place = np.clip((np.arange(count) + 0.5) * size / count - 0.5, 0, size - 1)
    low = place.astype(np.intp)
    fraction = np.asarray(place - low, np.float32)
    for array in (low, fraction):
        array.setflags(write=False)
    return low, fraction


def bilinear_sample(values: Floats, row: float, column: float) -> Floats:
    """(C, h, w) -> (C,) interpolated at one point, in pixels from the top left corner; edges replicated."""
    low, fraction = [], []
    for place, count in ((row, values.shape[1]), (column, values.shape[2])):
        inside = min(max(place - 0.5, 0.0), count - 1.0)
        low.append(min(int(inside), max(count - 2, 0)))
        fraction.append(inside - low[-1])
    (i, j), (v, u) = low, fraction
    block = values[:, i : i + 2, j : j + 2]
    rows = block[:, 0] * (1 - v) + block[:, -1] * v
    return np.asarray(rows[:, 0] * (1 - u) + rows[:, -1] * u, np.float32)


def _every(values: npt.NDArray[F], axis: int, start: int, step: int) -> npt.NDArray[F]:
    return values[tuple(slice(start, None, step) if d == axis % values.ndim else slice(None) for d in range(values.ndim))]


@lru_cache(maxsize=64)
def _area_weights(many: int, few: int) -> Floats:
    """(few, many) weights: the share of each of `few` new pixels that each of `many` old pixels covers; rows sum to 1."""
    scale = many / few
    start, end = np.arange(few)[:, None] * scale, (np.arange(few)[:, None] + 1) * scale
    left = np.arange(many)[None, :]
    weights = np.asarray(np.clip(np.minimum(end, left + 1) - np.maximum(start, left), 0, None) / scale, np.float32)
    weights.setflags(write=False)
    return weights
