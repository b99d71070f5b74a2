"""The remaining error at hints, propagated to similar places by simple kriging.

The network follows hints only in part. At a hint the difference between its color and the network's is known exactly, and it probably
holds for nearby places of similar lightness that got the same color. Kriging is regression with a Gaussian process whose mean is the
network's answer (Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, chapter 2), here with a squared exponential
kernel over position, L* and the network's ab.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..color import AB_SCALE
from ..resampling import area_resize

__all__ = ["apply_hints", "krige"]

Floats = npt.NDArray[np.float32]

# The three length scales were chosen together on validation pictures.
POSITION_SCALE = 0.5
"""Kernel length scale for position, as a share of the picture's short side."""
LIGHTNESS_SCALE = 12.0
"""Kernel length scale for L*."""
AB_LENGTH_SCALE = 8.0
"""Kernel length scale for the network's a*, b*."""
NOISE_VARIANCE = 0.2
"""Noise variance of one hinted cell, relative to the kernel's variance; it averages hints that disagree."""
MAX_HINTED_CELLS = 500
"""Hinted cells that are used at most; of more, evenly spaced ones."""


def krige(cells: Floats, lightness: Floats, planes: Floats) -> Floats:
    """Correct the colors of cells by the errors at hints.

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
    hints = area_resize(np.moveaxis(np.pad(planes, [(0, 0), *missing]), 0, -1).astype(np.float64), height, width)  # (h, w, 3)
    rows, columns = np.nonzero(hints[..., 2])
    step = -(-len(rows) // MAX_HINTED_CELLS)
    rows, columns = rows[::step], columns[::step]
    covered = hints[rows, columns, 2:]
    error = hints[rows, columns, :2] / covered * AB_SCALE - cells[rows, columns]  # (N, 2)

    y, x = np.mgrid[:height, :width] / (POSITION_SCALE * min(height, width))
    light = area_resize(lightness[..., None].astype(np.float64), height, width) / LIGHTNESS_SCALE
    places = np.concatenate([y[..., None], x[..., None], light, cells / AB_LENGTH_SCALE], axis=-1)  # (h, w, 5)
    hinted = places[rows, columns]
    noise = np.diag(NOISE_VARIANCE / covered[:, 0].clip(max=1))
    weights = np.linalg.solve(_kernel(hinted, hinted) + noise, error)
    correction = _kernel(places.reshape(-1, places.shape[-1]), hinted) @ weights
    return np.asarray(cells + correction.reshape(cells.shape), np.float32)


def _kernel(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """(N, M) squared exponential kernel of scaled coordinates (N, C) and (M, C): 1 for equal ones, 0 for distant ones."""
    squared = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    kernel: npt.NDArray[np.floating] = np.exp(-0.5 * squared.clip(min=0))
    return kernel


def apply_hints(ab: Floats, planes: Floats) -> Floats:
    """Correct the colors under hints, which are smaller than the network's cells.

    Args:
        ab: (h, w, 2) a*, b* of the working size.
        planes: (3, h, w) hints, as `hints.draw` gives them.

    Returns:
        (h, w, 2): the hint's own color under a hint; the correction fades out within a few pixels.
    """
    covered = planes[2]
    if not covered.any():
        return ab
    found: Floats = ab.copy()
    rows, columns = (_around(covered.any(axis=1 - axis)) for axis in (0, 1))
    ab, planes, covered = ab[rows, columns], planes[:, rows, columns], covered[rows, columns]
    error = np.moveaxis(planes[:2], 0, -1) * np.float32(AB_SCALE) - ab * covered[..., None]
    spread = _blur(np.concatenate([error, covered[..., None]], axis=-1))
    near = spread[..., 2:]
    around = spread[..., :2] / np.maximum(near, 1e-6) * np.clip(3 * near, 0, 1)
    found[rows, columns] += np.where(covered[..., None] > 0, error + (1 - covered[..., None]) * around, around)
    return found


def _around(hinted: npt.NDArray[np.bool_]) -> slice:
    """From the first to the last of (n,) rows with hints, with those that `_blur` reaches and as many beyond, which are as good as its edges."""
    (places,) = np.nonzero(hinted)
    return slice(max(0, int(places[0]) - 2 * _BLUR_RADIUS), int(places[-1]) + 2 * _BLUR_RADIUS + 1)


_BLUR_RADIUS = 2


def _blur(values: Floats) -> Floats:
    """5 × 5 binomial filter of (h, w, C), edges replicated."""
    for axis in (0, 1):
        padded = np.pad(values, [(2, 2) if a == axis else (0, 0) for a in range(3)], mode="edge")
        count = values.shape[axis]
        parts = [w * np.take(padded, range(i, i + count), axis) for i, w in enumerate((1, 4, 6, 4, 1))]
        values = np.asarray(sum(parts) / 16, np.float32)
    return values
