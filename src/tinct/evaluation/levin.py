"""Colorization by optimization (Levin, Lischinski, Weiss, SIGGRAPH 2004), the classic method: it needs hints and no training.

Neighboring pixels of similar lightness get similar colors: a pixel without a hint is the mean of its eight neighbors, weighted by
similarity of lightness. Weights follow the authors' published code, with L* for YIQ's Y and a*, b* for its I, Q. Hints are kept
exactly. The sparse linear system is solved directly.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import splu

__all__ = ["Levin"]

Floats = npt.NDArray[np.floating]
Places = npt.NDArray[np.int64]
NEIGHBORS = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0)]


class Levin:
    """One picture, prepared once and colored from any number of sets of hints.

    Args:
        lightness: (H, W) L*, 0..100.
    """

    def __init__(self, lightness: Floats) -> None:
        self.shape = lightness.shape
        self._weights = _affinities(lightness.astype(np.float64) / 100)
        pieces: list[Places] = []
        _dissect(np.arange(lightness.size).reshape(lightness.shape), pieces)
        self._order = np.concatenate(pieces)

    def colorize(self, hinted: npt.NDArray[np.bool_], ab: Floats) -> npt.NDArray[np.float32]:
        """Propagate hints to all pixels.

        Args:
            hinted: (H, W) mask of the pixels whose color is known.
            ab: (H, W, 2) a*, b*; read only where `hinted`.

        Returns:
            (H, W, 2) a*, b*: unchanged where `hinted`; 0, which is gray, if no pixel is.
        """
        known, values = hinted.ravel(), np.where(hinted[..., None], ab, 0).reshape(-1, 2).astype(np.float64)
        free = self._order[~known[self._order]]
        if known.any() and len(free):
            rows = self._weights[free]
            system = sparse.identity(len(free)) - rows[:, free]
            # Rows are diagonally dominant, so no pivoting; nested dissection takes half the time of SuperLU's own column orders.
            solver = splu(system.tocsc(), permc_spec="NATURAL", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
            values[free] = solver.solve(rows @ values)
        return values.reshape(*self.shape, 2).astype(np.float32)


def _affinities(y: Floats) -> sparse.csr_matrix:
    """(H, W) lightness 0..1 -> (N, N) weights of each pixel's neighbors; rows sum to 1."""
    height, width = y.shape
    index = np.arange(y.size).reshape(y.shape)
    padded, numbers = np.pad(y, 1, constant_values=np.nan), np.pad(index, 1)
    windows = [np.s_[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width] for dy, dx in NEIGHBORS]
    around, columns = np.stack([padded[w] for w in windows]), np.stack([numbers[w] for w in windows])  # (8, H, W)
    squares = (around - y) ** 2
    variance = 0.6 * np.nanvar(np.concatenate([around, y[None]]), axis=0)
    sigma = np.maximum(np.maximum(variance, np.nanmin(squares, axis=0) / -np.log(0.01)), 2e-6)
    weights = np.exp(-squares / sigma)
    weights /= np.nansum(weights, axis=0)
    inside = np.isfinite(weights)
    rows = np.broadcast_to(index, weights.shape)
    return sparse.csr_matrix((weights[inside], (rows[inside], columns[inside])), shape=(y.size, y.size))


def _dissect(index: Places, into: list[Places]) -> None:
    """Elimination order by nested dissection (George 1973): both halves of a grid of pixel numbers, then the line between them."""
    height, width = index.shape
    if min(height, width) < 3 or index.size <= 64:
        into.append(index.ravel())
        return
    if height < width:
        index = index.T
    middle = len(index) // 2
    _dissect(index[:middle], into)
    _dissect(index[middle + 1 :], into)
    into.append(index[middle])
