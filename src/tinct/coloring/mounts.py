"""Mounts, album pages and paper around a photograph: flat ground that surrounds rectangles, and that is kept neutral.

A network that colors photographs takes a flat dark page for night or sea. The page gives no evidence of any color, but its shape does
tell what it is: nearly constant lightness along the picture's border, around holes that are rectangles. A sky around a bird or a wall
around a person has holes of another shape, and is left alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..resampling import area_resize

__all__ = ["mount_of", "mount_pixels"]

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

MAX_DEVIATION = 3.0
"""Standard deviation of L* inside a cell up to which the cell is flat: paper and grain."""
MAX_STEP = 2.0
"""Difference of L* between neighboring cells up to which flat ground goes on."""
MIN_BORDER = 0.96
"""Share of the picture's border that a mount covers at least."""
MIN_CONTACT = 0.8
"""Share of the sides of their bounding boxes that the holes of a mount touch at least: 1 for rectangles, about 0.4 for a ball or a person."""
HOLES = 0.04, 0.98
"""Bounds of the holes' share of the picture."""
MIN_HOLE = 6
"""Cells; smaller holes are stains."""
MIN_CONTENT = 12.0
"""Standard deviation of L* within the holes: a photograph has darks and lights, a window in a wall or a drawn shape often hasn't."""
SAME_LIGHTNESS = 4.0
"""Difference of L* up to which a pixel beside the cells of a mount belongs to it."""


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
        varied = mean[~ground].size and mean[~ground].std() >= MIN_CONTENT
        if ground[border].mean() >= MIN_BORDER and varied and _around_rectangles(~ground):
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


def mount_pixels(mount: Mask, lightness: Floats) -> Mask:
    """(H, W) pixels of a mount: those of its cells, and those of about the same lightness in the cells beside them.

    Args:
        mount: (h, w) as `mount_of` gives it.
        lightness: (H, W) L* 0..100; H and W are multiples of h and w.
    """
    weight = np.pad(mount.astype(np.float32), 1)
    padded = np.pad(area_resize(lightness, mount.shape[0], mount.shape[1]) * mount, 1)
    near = np.zeros(mount.shape, np.float32)
    total = near.copy()
    for i in range(3):
        for j in range(3):
            window = np.s_[i : i + mount.shape[0], j : j + mount.shape[1]]
            near += weight[window]
            total += padded[window]
    rows, columns = lightness.shape[0] // mount.shape[0], lightness.shape[1] // mount.shape[1]

    def enlarged(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return values.repeat(rows, axis=0).repeat(columns, axis=1)

    ground = enlarged(np.where(near > 0, total / np.maximum(near, 1), np.float32(np.inf)))
    return np.asarray(enlarged(mount) | (np.abs(lightness - ground) <= SAME_LIGHTNESS), bool)


def _around_rectangles(holes: Mask) -> bool:
    """Whether the connected components of a mask, without the smallest ones, touch the sides of their bounding boxes."""
    left = {(int(y), int(x)) for y, x in zip(*np.nonzero(holes), strict=True)}
    area = sides = touched = 0
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
            hole = np.zeros(holes.shape, bool)
            hole[tuple(np.array(cells).T)] = True
            rows, columns = np.nonzero(hole.any(axis=1))[0], np.nonzero(hole.any(axis=0))[0]
            hole = hole[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            area += len(cells)
            for side in (hole[:2].any(axis=0), hole[-2:].any(axis=0), hole[:, :2].any(axis=1), hole[:, -2:].any(axis=1)):
                sides += side.size
                touched += int(side.sum())
    return bool(HOLES[0] <= area / holes.size <= HOLES[1] and touched >= MIN_CONTACT * sides)
