"""Before the first color: the network's inputs, how alike the cells of a picture are, and the mount around a photograph.

The graphs of `runtime.prepare`, `coloring.coherence.affinity_of` and `coloring.mounts`.
"""

from __future__ import annotations

import numpy as np

from ..color import L_SCALE
from ..coloring.coherence import (
    FEATURE_SCALE,
    LIGHTNESS_SCALE,
    MAX_LANDMARKS,
    POSITION_SCALE,
    REGION_WIDTH,
    REGIONS,
)
from ..coloring.mounts import (
    HOLES,
    MAX_DEVIATION,
    MAX_STEP,
    MIN_BORDER,
    MIN_CONTACT,
    MIN_CONTENT,
    MIN_HOLE,
    SAME_LIGHTNESS,
)
from ..runtime.prepare import Preparation
from .grids import (
    CELL,
    arange,
    area_resize,
    bilinear_resize,
    blocks_mean,
    cell_means,
    enlarge_cells,
    flat,
    padded,
    sequence,
    symmetric,
    unit,
)
from .tensors import Tensor, concat, constant, loop, when, where

__all__ = ["affinity", "gaussian", "prepare"]

_MAX_DOUBLINGS = 6
"""Of a landmark's side, from 2 cells: enough for any working size."""


def prepare(lightness: Tensor, preparation: Preparation) -> list[Tensor]:
    """(height, width) L* 0..100 -> the encoder's two inputs, each (1, 1, any, any) in 0..1, and its size (2,)."""
    size, many = lightness.dims(), preparation.multiple
    whole = (size + (many - 1)) // many * many
    rows, columns = whole[0:1], whole[1:2]
    gray = symmetric(lightness, rows, columns) / L_SCALE
    sides = whole.as_floats()
    scale = (preparation.side / sides.op("ReduceMin", keepdims=1)).least(1.0)
    fewer: Tensor = (sides * scale / float(many)).op("Round")
    fewer = fewer.most(1.0).as_integers() * many
    small = area_resize(gray.expand(0), fewer[0:1], fewer[1:2])
    return [gray.expand(0, 1), small.expand(0), size]


def gaussian(a: Tensor, b: Tensor) -> Tensor:
    """(C, N) and (C, M) scaled coordinates -> (N, M) squared exponential kernel."""
    squares = (a * a).sum(0, keep=True).transpose(1, 0) + (b * b).sum(0, keep=True)
    return (a.transpose(1, 0) @ b - squares * 0.5).least(0.0).exp()


def affinity(gray: Tensor, feature: Tensor, size: Tensor) -> list[Tensor]:
    """Kernel (cells, landmarks), between (landmarks, landmarks), regions (R, h, w), grid (2,), mount (h, w) and mount pixels (H, W).

    Args:
        gray: (1, 1, H, W) as `prepare` gives it.
        feature: (1, C, h', w') the encoder's map with 1/16 of the working size.
        size: (2,) height and width without padding.
    """
    light = gray.squeeze(0) * L_SCALE  # (1, H, W)
    mean = cell_means(light)  # (1, h, w)
    rows, columns = mean.dims(1), mean.dims(2)
    block = _block(rows, columns)
    grid = rows // block, columns // block
    scale = POSITION_SCALE * rows.least(columns).as_floats()
    ones = mean * 0.0
    places = concat([ones + arange(rows).expand(0, 2) / scale, ones + arange(columns).expand(0, 1) / scale, mean / LIGHTNESS_SCALE])
    kernel = gaussian(flat(places), flat(blocks_mean(places, *grid)))
    coarse = feature.dims(2), feature.dims(3)
    vectors = unit(flat(feature.squeeze(0)), 0) / FEATURE_SCALE
    nearest = (sequence(grid[0]) * coarse[0] // grid[0]).expand(1) * coarse[1] + (sequence(grid[1]) * coarse[1] // grid[1]).expand(
        0
    )
    alike = gaussian(vectors, vectors)[nearest.reshape(-1)]  # (landmarks, h' · w')
    alike = bilinear_resize(alike.reshape(constant([-1], np.int64), *coarse), rows, columns)
    kernel = kernel * flat(alike).transpose(1, 0)
    between = kernel.reshape(grid[0], block, grid[1], block, constant([-1], np.int64)).mean(1, 3)
    between = between.reshape(grid[0] * grid[1], constant([-1], np.int64))
    regions = _regions(kernel, between).transpose(1, 0).reshape(constant([-1], np.int64), rows, columns)
    mount = _mount(light, mean, size)
    return [kernel, between, regions, concat(list(grid)), mount, _mount_pixels(mount, mean.squeeze(0), light)]


def _block(rows: Tensor, columns: Tensor) -> Tensor:
    """(1,) cells along a side of a landmark: `coloring.coherence._block`, where both sides are even."""
    block = constant([2], np.int64)
    more = constant([True], np.bool_)
    for _ in range(_MAX_DOUBLINGS):
        twice = block * 2
        fits = (rows % twice).equals(0) & (columns % twice).equals(0)
        more = more & fits & (rows * columns > block * block * MAX_LANDMARKS)
        block = where(more, twice, block)
    return block


def _regions(kernel: Tensor, between: Tensor) -> Tensor:
    """(cells, R) share of each region in each cell: `coloring.coherence._regions`."""
    wide = between ** float(REGION_WIDTH**-2)
    count = wide.dims(0).least(REGIONS).squeeze(0)

    def grown(_: Tensor, left: Tensor) -> tuple[list[Tensor], None]:
        seed: Tensor = ((wide @ left.expand(1)).squeeze(1) * left).op("ArgMax", axis=0, keepdims=0)
        near = wide[seed]
        return [left * (1.0 - near / near.max()), seed], None

    _, seeds = loop(count, [between[0] * 0.0 + 1.0], grown, collected=1)
    shares: Tensor = kernel.op("Gather", seeds, axis=1) ** float(2 * REGION_WIDTH**-2) + 1e-6
    return shares / shares.sum(1, keep=True)


def _cross(values: Tensor) -> Tensor:
    """(h, w) maximum over each cell and its four neighbors; 0 outside."""
    whole = values.expand(0, 1)
    down: Tensor = whole.op("MaxPool", kernel_shape=[3, 1], pads=[1, 0, 1, 0])
    across: Tensor = whole.op("MaxPool", kernel_shape=[1, 3], pads=[0, 1, 0, 1])
    return down.most(across).squeeze(0, 1)


def _mount(light: Tensor, mean: Tensor, size: Tensor) -> Tensor:
    """(h, w) 1 at cells of a mount: `coloring.mounts.mount_of`."""
    spread = cell_means(light * light) - mean * mean
    shape = mean.dims(1, 2)
    inner = (size * shape // light.dims(1, 2)).most(1)
    inside = _inside(shape, inner)
    flat_cells = (spread.squeeze(0) <= MAX_DEVIATION**2).as_floats() * inside
    border = inside - _inside(shape, inner - 1) * _after_first(shape)
    nothing = inside * 0.0

    def found() -> list[Tensor]:
        ground = _connected(flat_cells * border, flat_cells, mean.squeeze(0))
        holes = inside - ground
        count = holes.sum()
        average = (mean.squeeze(0) * holes).sum() / count.most(1.0)
        deviation = ((mean.squeeze(0) - average) * holes * (mean.squeeze(0) - average)).sum() / count.most(1.0)
        varied = (count > 0.0) & (deviation.sqrt() >= MIN_CONTENT)
        good = varied & ((ground * border).sum() >= border.sum() * MIN_BORDER)
        return when(good & _around_rectangles(holes, inside.sum()), lambda: [ground], lambda: [nothing])

    (mount,) = when((flat_cells * border).sum() >= border.sum() * MIN_BORDER, found, lambda: [nothing])
    return mount


def _inside(shape: Tensor, inner: Tensor) -> Tensor:
    """(h, w) 1 in the first `inner` rows and columns."""
    rows, columns = (sequence(shape[i : i + 1]) < inner[i : i + 1] for i in (0, 1))
    return (rows.expand(1) & columns.expand(0)).as_floats()


def _after_first(shape: Tensor) -> Tensor:
    """(h, w) 0 in the first row and column, 1 elsewhere."""
    rows, columns = (sequence(shape[i : i + 1]) > 0 for i in (0, 1))
    return (rows.expand(1) & columns.expand(0)).as_floats()


def _shifted(values: Tensor, down: int, right: int) -> Tensor:
    """(h, w) the value `down` rows below and `right` columns to the right of each cell, 0 outside."""
    height, width = values.dims(0), values.dims(1)
    wide = padded(values.expand(0), 1).squeeze(0)
    return wide[_range(1 + down, height), :][:, _range(1 + right, width)]


def _range(start: int, count: Tensor) -> slice:
    return slice(start, count + start)


def _connected(start: Tensor, flat_cells: Tensor, mean: Tensor) -> Tensor:
    """(h, w) the flat cells that can be reached from `start` by small steps of lightness."""
    sides = ((1, 0), (-1, 0), (0, 1), (0, -1))
    steps = [
        flat_cells * _shifted(flat_cells, *side) * ((mean - _shifted(mean, *side)).abs() <= MAX_STEP).as_floats() for side in sides
    ]

    def wider(_: Tensor, reached: Tensor) -> tuple[list[Tensor], Tensor]:
        now = reached
        for side, step in zip(sides, steps, strict=True):
            now = now.most(_shifted(now, *side) * step)
        return [now], now.sum() > reached.sum()

    (reached,) = loop(2**30, [start], wider)
    return reached


def _around_rectangles(holes: Tensor, cells: Tensor) -> Tensor:
    """Whether the connected components of (h, w) holes touch the sides of their bounding boxes: `coloring.mounts`'s function."""
    height, width = holes.dims(0), holes.dims(1)
    own = (sequence(height * width).as_floats() + 1.0).reshape(height, width) * holes

    def merged(_: Tensor, labels: Tensor) -> tuple[list[Tensor], Tensor]:
        now = _cross(_cross(labels) * holes) * holes
        return [now], (now - labels).abs().max() > 0.0

    (labels,) = loop(2**30, [own], merged)
    names = labels.reshape(-1).as_integers()
    rows = (labels * 0.0 + arange(height).expand(1)).reshape(-1)
    columns = (labels * 0.0 + arange(width).expand(0)).reshape(-1)
    table: Tensor = constant(0.0).op("Expand", height * width + 1)

    def scattered(start: float, values: Tensor, reduction: str) -> Tensor:
        """The reduction over each component, at each of its cells."""
        result: Tensor = (table + start).op("ScatterElements", names, values, axis=0, reduction=reduction)
        return result[names]

    amount = scattered(0.0, rows * 0.0 + 1.0, "add")
    counted = holes.reshape(-1) * (amount >= float(MIN_HOLE)).as_floats()
    bounds = [
        scattered(1e9, rows, "min"),
        scattered(-1.0, rows, "max"),
        scattered(1e9, columns, "min"),
        scattered(-1.0, columns, "max"),
    ]
    touched = constant(0.0)
    sides = ((-1, 0, rows - bounds[0]), (1, 0, bounds[1] - rows), (0, -1, columns - bounds[2]), (0, 1, bounds[3] - columns))
    for down, right, depth in sides:  # a cell of the second row counts where the first has none: they would be of one component
        beside = _shifted(holes, down, right).reshape(-1)
        touched = touched + (counted * ((depth <= 0.0).as_floats() + depth.equals(1.0).as_floats() * (1.0 - beside))).sum()
    roots = counted * labels.reshape(-1).equals(own.reshape(-1)).as_floats()
    lengths = (bounds[1] - bounds[0] + bounds[3] - bounds[2] + 2.0) * 2.0
    share = counted.sum() / cells
    return (share >= HOLES[0]) & (share <= HOLES[1]) & (touched >= (roots * lengths).sum() * MIN_CONTACT)


def _mount_pixels(mount: Tensor, mean: Tensor, light: Tensor) -> Tensor:
    """(H, W) 1 at the pixels of a mount: `coloring.mounts.mount_pixels`."""

    def around(values: Tensor) -> Tensor:
        pooled: Tensor = padded(values.expand(0), 1).expand(0).op("AveragePool", kernel_shape=[3, 3])
        return pooled.squeeze(0) * 9.0

    near, total = around(mount), around(mean * mount)
    ground = where(near > 0.5, total / near.most(1.0), 1e9)
    like = ((light - enlarge_cells(ground)).abs() <= SAME_LIGHTNESS).as_floats()
    return enlarge_cells(mount.expand(0)).most(like).squeeze(0)


assert CELL == 4  # `cell_means` of the working size are the network's cells
