"""What the network left undone at hints, spread over what belongs to them.

The network follows hints, but not all the way. The difference between a hint and the network's color at its place is known there
exactly, and is likely to hold for places near by that are as light and that the network gave the same color. That is regression with a
Gaussian process whose mean is the network's answer, known as simple kriging (Rasmussen and Williams, "Gaussian Processes for Machine
Learning", 2006, chapter 2).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..color import AB_SCALE

__all__ = ["krige"]

Floats = npt.NDArray[np.float32]

NEAR = 0.5
"""Places so far apart, as a part of the picture's shorter side, still have much in common; so have, all else being equal,"""
LIKE_LIGHTNESS = 12.0
"""places whose L* differs by this,"""
LIKE_COLOR = 8.0
"""and places whose a*, b* as the network has them differ by this. All three were chosen on validation pictures."""
DOUBT = 0.2
"""Variance of what is seen at one hinted cell alone, against that of what is spread: smooths where hints disagree."""
MOST = 500
"""Hinted cells that are taken into account; of more, evenly chosen ones."""


def krige(cells: Floats, lightness: Floats, planes: Floats) -> Floats:
    """Colors of cells, brought nearer to the hints wherever these have something to say.

    Args:
        cells: (h, w, 2) a*, b* that the network gave, with these hints.
        lightness: (H, W) L* 0..100 of the same area; H and W multiples of h and w.
        planes: (3, H or less, W or less) hints, as `hints.draw` gives them.

    Returns:
        (h, w, 2) a*, b*; `cells` itself where there are no hints.
    """
    if not planes[2].any():
        return cells
    height, width = cells.shape[:2]
    missing = [(0, full - there) for full, there in zip(lightness.shape, planes.shape[1:], strict=True)]
    hints = _means(np.moveaxis(np.pad(planes, [(0, 0), *missing]), 0, -1), height, width)  # (h, w, 3)
    rows, columns = np.nonzero(hints[..., 2])
    step = -(-len(rows) // MOST)
    rows, columns = rows[::step], columns[::step]
    covered = hints[rows, columns, 2:]
    undone = hints[rows, columns, :2] / covered * AB_SCALE - cells[rows, columns]  # (N, 2)

    y, x = np.mgrid[:height, :width] / (NEAR * min(height, width))
    light = _means(lightness[..., None], height, width) / LIKE_LIGHTNESS
    places = np.concatenate([y[..., None], x[..., None], light, cells / LIKE_COLOR], axis=-1)  # (h, w, 5)
    hinted = places[rows, columns]
    doubt = np.diag(DOUBT / covered[:, 0].clip(max=1))
    weights = np.linalg.solve(_alike(hinted, hinted) + doubt, undone)
    more = _alike(places.reshape(-1, places.shape[-1]), hinted) @ weights
    return np.asarray(cells + more.reshape(cells.shape), np.float32)


def _alike(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """(N, M) covariance of places (N, C) and (M, C): 1 for the same, near 0 for those that have nothing to do with each other."""
    apart = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    alike: npt.NDArray[np.floating] = np.exp(-0.5 * apart.clip(min=0))
    return alike


def _means(values: npt.NDArray[np.floating], height: int, width: int) -> npt.NDArray[np.floating]:
    """(H, W, C) -> (height, width, C) of equal blocks."""
    tall, wide, count = values.shape
    blocks = values.reshape(height, tall // height, width, wide // width, count)
    means: npt.NDArray[np.floating] = blocks.mean(axis=(1, 3), dtype=np.float64)
    return means
