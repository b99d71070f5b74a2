"""Mounts, album pages and paper around a photograph: flat ground that surrounds rectangles, and that is kept neutral.

A network that colors photographs takes a flat dark page for night or sea. The page gives no evidence of any color, but its shape does
tell what it is: nearly constant lightness along the picture's border, around holes that are rectangles. A sky around a bird or a wall
around a person has holes of another shape, and is left alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..resampling import area_resize

__all__ = ["mount_of"]

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

MAX_DEVIATION = 3.0
"""Standard deviation of L* inside a cell up to which the cell is flat: paper and grain."""
MAX_STEP = 2.0
"""Difference of L* between neighboring cells up to which flat ground goes on."""
MIN_BORDER = 0.8
"""Share of the picture's border that a mount covers at least."""
MIN_FILL = 0.85
"""Share of their bounding boxes that the holes of a mount fill at least: 1 for upright rectangles, 0.9 if they are turned by 3°."""
HOLES = 0.04, 0.98
"""Bounds of the holes' share of the picture."""
MIN_HOLE = 4
"""Cells; smaller holes are stains."""


def mount_of(lightness: Floats, shape: tuple[int, int], size: tuple[int, int]) -> Mask:
    """Find the cells of a mount.

    Args:
        lightness: (H, W) L* 0..100 of the padded picture.
        shape: rows and columns of cells; H and W are multiples of them.
        size: rows and columns of `lightness` without padding.

    Returns:
        (h, w) of bool; all False if the picture has no mount.
    """
    height, width = (max(1, n * cells // padded) for n, cells, padded in zip(size, shape, lightness.shape, strict=True))
    mean = area_resize(lightness, *shape)
    spread = area_resize(np.square(lightness), *shape) - np.square(mean)
    mean, flat = mean[:height, :width], spread[:height, :width] <= MAX_DEVIATION**2
    found = np.zeros(shape, bool)
    border = np.zeros_like(flat)
    border[[0, -1]] = border[:, [0, -1]] = True
    if flat[border].mean() >= MIN_BORDER:  # else the rest can't pass
        ground = _connected(flat & border, flat, mean)
        if ground[border].mean() >= MIN_BORDER and _around_rectangles(~ground):
            found[:height, :width] = ground
    return found


def _connected(start: Mask, flat: Mask, mean: Floats) -> Mask:
    """The flat cells that can be reached from `start` by steps of at most `MAX_STEP`."""
    down = flat[1:] & flat[:-1] & (np.abs(np.diff(mean, axis=0)) <= MAX_STEP)
    right = flat[:, 1:] & flat[:, :-1] & (np.abs(np.diff(mean, axis=1)) <= MAX_STEP)
    reached: Mask = start.copy()
    while True:
        before = int(reached.sum())
        for i in range(len(down)):
            reached[i + 1] |= reached[i] & down[i]
        for i in reversed(range(len(down))):
            reached[i] |= reached[i + 1] & down[i]
        for j in range(right.shape[1]):
            reached[:, j + 1] |= reached[:, j] & right[:, j]
        for j in reversed(range(right.shape[1])):
            reached[:, j] |= reached[:, j + 1] & right[:, j]
        if int(reached.sum()) == before:
            return reached


def _around_rectangles(holes: Mask) -> bool:
    """Whether the connected components of a mask, without the smallest ones, fill their bounding boxes."""
    left = {(int(y), int(x)) for y, x in zip(*np.nonzero(holes), strict=True)}
    area = boxes = 0
    while left:
        todo, cells = [left.pop()], []
        while todo:
            y, x = todo.pop()
            cells.append((y, x))
            for place in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
                if place in left:
                    left.remove(place)
                    todo.append(place)
        if len(cells) >= MIN_HOLE:
            rows, columns = zip(*cells, strict=True)
            area += len(cells)
            boxes += (max(rows) - min(rows) + 1) * (max(columns) - min(columns) + 1)
    return bool(HOLES[0] <= area / holes.size <= HOLES[1] and area >= MIN_FILL * boxes)
