"""Resampling and filters of graphs: `tinct.resampling` and the filters of `coloring.flow`, on (C, H, W) tensors."""

from __future__ import annotations

import numpy as np

from .tensors import Tensor, concat, constant, where

__all__ = [
    "CELL",
    "arange",
    "area_resize",
    "area_weights",
    "bilinear_resize",
    "blocks_mean",
    "box",
    "cell_means",
    "edge_padded",
    "enlarge_cells",
    "flat",
    "padded",
    "sequence",
    "symmetric",
    "unit",
    "variance",
]

CELL = 4
"""Pixels of the working size along one side of a cell of the network's output: `models.tinct.CELL`."""


def sequence(count: Tensor) -> Tensor:
    """(n,) integers 0 to n - 1."""
    one = count.squeeze(0) if count.value.shape is None or len(count.value.shape) == 1 else count
    result: Tensor = constant(0, np.int64).op("Range", one, constant(1, np.int64))
    return result


def arange(count: Tensor) -> Tensor:
    """`sequence` in single precision."""
    return sequence(count).as_floats()


def cell_means(values: Tensor) -> Tensor:
    """(C, H, W) -> (C, H/4, W/4) means of cells. Two sums over single axes are faster than average pooling of so few channels."""
    count, height, width = values.dims(0), values.dims(1) // CELL, values.dims(2)
    rows = values.reshape(count * height, constant([CELL], np.int64), width).sum(1)  # (C · h, W)
    sums = rows.reshape(-1, CELL).sum(1)
    return sums.reshape(count, height, width // CELL) * float(1 / CELL**2)


def enlarge_cells(values: Tensor) -> Tensor:
    """(C, h, w) -> (C, 4h, 4w), each value repeated over its cell."""
    resized: Tensor = values.expand(0).op(
        "Resize",
        None,
        constant([1, 1, CELL, CELL]),
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    return resized.squeeze(0)


def blocks_mean(values: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """(C, h, w) -> (C, rows, columns) means of whole blocks; sizes (1,)."""
    count, height, width = (values.dims(axis) for axis in (0, 1, 2))
    return values.reshape(count, rows, height // rows, columns, width // columns).mean(2, 4)


def area_weights(many: Tensor, few: Tensor) -> Tensor:
    """(few, many) `resampling._area_weights`: the share of each new pixel that each old one covers."""
    scale = many.as_floats() / few.as_floats()
    start = arange(few).expand(1) * scale
    end = (arange(few).expand(1) + 1.0) * scale
    left = arange(many).expand(0)
    return (end.least(left + 1.0) - start.most(left)).most(0.0) / scale


def area_resize(values: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """(C, H, W) -> (C, rows, columns), shrunk by averaging over the area of each new pixel; sizes (1,)."""
    down, across = area_weights(values.dims(1), rows), area_weights(values.dims(2), columns)
    return down @ (values @ across.transpose(1, 0))


def bilinear_resize(values: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """(C, h, w) -> (C, rows, columns), interpolated, edges replicated; sizes (1,)."""
    sizes = concat([constant([1], np.int64), values.dims(0), rows, columns])
    resized: Tensor = values.expand(0).op("Resize", None, None, sizes, mode="linear", coordinate_transformation_mode="half_pixel")
    return resized.squeeze(0)


def edge_padded(values: Tensor, border: int) -> Tensor:
    """(C, H, W) with replicated edges."""
    result: Tensor = values.op("Pad", constant([0, border, border, 0, border, border], np.int64), mode="edge")
    return result


def padded(values: Tensor, border: int) -> Tensor:
    """(C, H, W) with a border of zeros."""
    result: Tensor = values.op("Pad", constant([0, border, border, 0, border, border], np.int64))
    return result


def box(values: Tensor, radius: int) -> Tensor:
    """(C, H, W) mean of the (2 · radius + 1)² pixels around each pixel, edges replicated."""
    height, width = values.dims(1), values.dims(2)
    wide = edge_padded(values, radius)
    offsets = range(2 * radius + 1)
    parts = [wide[:, i : height + i] for i in offsets]
    rows: Tensor = parts[0].op("Sum", *parts[1:])
    parts = [rows[:, :, i : width + i] for i in offsets]
    total: Tensor = parts[0].op("Sum", *parts[1:])
    return total * float(1 / (2 * radius + 1) ** 2)


def variance(values: Tensor, radius: int) -> Tensor:
    """(C, H, W) variance of the pixels around each pixel."""
    mean = box(values, radius)
    return (box(values * values, radius) - mean * mean).most(0.0)


def unit(vectors: Tensor, axis: int, least: float = 1e-6) -> Tensor:
    """Scale to length 1 along one axis."""
    return vectors / (vectors * vectors).sum(axis, keep=True).sqrt().most(least)


def flat(values: Tensor) -> Tensor:
    """(C, h, w) -> (C, h · w)."""
    return values.reshape(values.dims(0), values.dims(1) * values.dims(2))


def symmetric(values: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """(H, W) -> (rows, columns), padded at the bottom and the right by symmetric reflection, as `numpy.pad` does."""

    def places(count: Tensor, size: Tensor) -> Tensor:
        place = sequence(count) % (size * 2)
        return where(place < size, place, size * 2 - 1 - place)

    tall: Tensor = values.op("Gather", places(rows, values.dims(0)), axis=0)
    whole: Tensor = tall.op("Gather", places(columns, values.dims(1)), axis=1)
    return whole
