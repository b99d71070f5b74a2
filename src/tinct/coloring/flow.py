"""Edge-aware smoothing of chroma on a small pixel grid: the numerical part of `upsampling.sharpen`. Planes are (..., H, W) float32.

No matrix products: BLAS would start threads for each of these small ones, which costs many times their work on a busy machine.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..color import L_SCALE

__all__ = ["CELL_WEIGHT", "PLANE", "box", "guided_filter", "near_cells", "solve", "variance"]

Floats = npt.NDArray[np.float32]

PLANE = (-2, -1)
"""Axes of height and width."""
EDGE_STEP = 1.2
"""Difference of L* between neighbors that divides their edge weight by e, where the picture is flat."""
NOISE_SIGMAS = 2.0
"""Minimum of that difference beside grain, in standard deviations of the grain."""
TEXTURE_SIGMAS = 0.25
"""Minimum of that difference in texture, in standard deviations of L* in the surrounding 5 × 5 pixels."""
MIN_EDGE_WEIGHT = 0.005
"""Minimum weight of an edge between neighbors, whatever their difference of L*."""
CELL_WEIGHT = 2.0
"""Weight of the data term (the cells' means) against the smoothness term, where the means are to be kept."""
ITERATIONS = 14
"""Iterations of conjugate gradients. 24 would reduce the error at edges by another 1 %."""
OVERSHOOT = 0.25
"""Share of the range of the surrounding cells by which a color may leave that range."""
GUIDED_EPSILON = 3e-4
"""Regularization of the guided filter: variance of L* / L_SCALE below which it averages rather than fits a slope."""
_TINY = np.float32(1e-20)


def solve(ab: Floats, cells: Floats, light: Floats, cell_weight: float = CELL_WEIGHT) -> Floats:
    """Minimize Σ w (x_i - x_j)² over all 8-neighbors i, j plus `cell_weight` · |cell means of x - cells|², by conjugate gradients.

    The edge weight w decays exponentially with the difference of lightness, as in Farbman et al., "Edge-Preserving Decompositions for
    Multi-Scale Tone and Detail Manipulation" (2008) and, for colors, Levin et al., "Colorization using Optimization" (2004). In texture
    and grain a larger difference is needed, or each of their pixels would be isolated from its neighbors.

    Args:
        ab: (2, H, W) initial solution.
        cells: (2, h, w) target means of the cells.
        light: (H, W) L* 0..100; H and W are multiples of h and w.
        cell_weight: weight of the data term; the smaller it is, the farther colors diffuse where lightness is smooth.

    Returns:
        (2, H, W) the solution after `ITERATIONS`.
    """
    planes, height, width = ab.shape
    rows, columns = cells.shape[1:]
    edges, degree = _graph(light)
    cell_share = cells[0].size / light.size
    weight, inverse_diagonal = np.float32(cell_weight), (1 / (degree + np.float32(cell_weight * cell_share))).ravel()
    scratch = np.empty((planes, light.size), np.float32)

    def repeated(values: Floats) -> Floats:
        """(2, h, w) -> (2, H · W): each value repeated over its block."""
        wide = np.repeat(values, width // columns, axis=2)[:, :, None]
        whole: Floats = np.broadcast_to(wide, (planes, rows, height // rows, width)).copy()
        return whole.reshape(planes, -1)

    def apply(x: Floats) -> Floats:
        """The system matrix times x."""
        y = repeated(_block_means(x.reshape(planes, height, width), rows, columns) * weight)
        for step, edge in edges:
            difference = np.subtract(x[:, :-step], x[:, step:], out=scratch[:, :-step])
            difference *= edge
            y[:, :-step] += difference
            y[:, step:] -= difference
        return y

    ab = ab.reshape(planes, -1).copy()
    residual = repeated(cells * weight)
    residual -= apply(ab)
    direction = inverse_diagonal * residual  # Jacobi preconditioner
    rho = _dot(residual, direction)
    for _ in range(ITERATIONS):
        applied = apply(direction)
        alpha = rho / (_dot(direction, applied) + _TINY)
        ab += np.multiply(alpha, direction, out=scratch)
        applied *= alpha
        residual -= applied
        preconditioned = np.multiply(inverse_diagonal, residual, out=scratch)
        previous, rho = rho, _dot(residual, preconditioned)
        direction *= rho / (previous + _TINY)
        direction += preconditioned
    return ab.reshape(planes, height, width)


def _graph(light: Floats) -> tuple[list[tuple[int, Floats]], Floats]:
    """The edges between all 8-neighbors, and the (H, W) sum of edge weights at each pixel.

    Each edge is the step to the other pixel, row by row, and the (H · W - step) weights: 0 where the step would lead around the picture's side,
    so that whole planes are subtracted at once.
    """
    height, width = light.shape
    flat_step = np.float32(np.hypot(EDGE_STEP, NOISE_SIGMAS * _grain(light)))
    step = np.maximum(flat_step, np.float32(TEXTURE_SIGMAS) * np.sqrt(variance(light, 2)))
    edges: list[tuple[int, Floats]] = []
    degree = np.zeros_like(light)
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        one = slice(0, height - dy), slice(max(0, -dx), width - max(0, dx))
        other = slice(dy, height), slice(max(0, dx), width + min(0, dx))
        weight = np.exp(-np.abs(light[one] - light[other]) / np.minimum(step[one], step[other])) + np.float32(MIN_EDGE_WEIGHT)
        weight /= np.float32(np.hypot(dy, dx))
        degree[one] += weight
        degree[other] += weight
        whole = np.zeros_like(light)
        whole[one] = weight
        if (distance := dy * width + dx) and weight.size:
            edges.append((distance, whole.ravel()[:-distance]))
    return edges, degree


def _grain(light: Floats) -> float:
    """Standard deviation of the noise in L*: Immerkær, "Fast Noise Variance Estimation" (1996), with the median, which edges don't change."""
    if min(light.shape) < 3:
        return 0.0
    rows = light[:-2] - 2 * light[1:-1] + light[2:]
    both = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]  # zero on linear ramps
    return _median(np.abs(both).ravel()) / (6 * 0.6745)  # norm of the mask; median of |x| of a standard normal distribution


def _median(values: Floats) -> float:
    """`np.median`, which imports numpy.ma at its first call: 10 ms of a start."""
    middle = [(len(values) - 1) // 2, len(values) // 2]
    return float(np.partition(values, middle)[middle].mean())


def guided_filter(ab: Floats, light: Floats) -> Floats:
    """(2, H, W) ab after a guided filter of radius 1 with L* (H, W) as its guide (He et al., "Guided Image Filtering", 2010)."""
    guide = light / np.float32(L_SCALE)
    middle, mean = box(guide, 1), box(ab, 1)
    slope = (box(ab * guide, 1) - mean * middle) / (variance(guide, 1) + np.float32(GUIDED_EPSILON))
    smooth: Floats = box(slope, 1) * guide + box(mean - slope * middle, 1)
    return smooth


def near_cells(ab: Floats, cells: Floats) -> Floats:
    """Clip a* and b* of each pixel to the range of the 3 × 3 cells around it, and `OVERSHOOT` of that range beyond.

    A cell's mean may mix several colors, so a pixel may leave the range of the cells, but not so far that halos show.

    Args:
        ab: (2, H, W); H and W are multiples of h and w.
        cells: (2, h, w).
    """
    _, h, w = cells.shape
    planes, height, width = ab.shape
    padded = np.pad(cells, ((0, 0), (1, 1), (1, 1)), mode="edge")
    around = np.stack([padded[:, i : i + h, j : j + w] for i in range(3) for j in range(3)])
    low, high = around.min(0), around.max(0)
    more = np.float32(OVERSHOOT) * (high - low)
    lowest, highest = (np.repeat(bound, width // w, axis=2)[:, :, None] for bound in (low - more, high + more))
    return np.clip(ab.reshape(planes, h, height // h, width), lowest, highest).reshape(ab.shape)


def box(values: Floats, radius: int) -> Floats:
    """Box filter: mean of the (2 · radius + 1)² pixels around each pixel, edges replicated."""
    for axis in (-2, -1):
        first, last = np.take(values, [0] * radius, axis), np.take(values, [-1] * radius, axis)
        padded, count = np.concatenate([first, values, last], axis), values.shape[axis]
        parts = [padded[..., i : i + count, :] if axis == -2 else padded[..., i : i + count] for i in range(2 * radius + 1)]
        values = parts[0] + parts[1]
        for part in parts[2:]:
            values += part
    values *= np.float32(1 / (2 * radius + 1) ** 2)
    return values


def variance(values: Floats, radius: int) -> Floats:
    """Variance of the (2 · radius + 1)² pixels around each pixel."""
    found: Floats = np.maximum(box(values * values, radius) - box(values, radius) ** 2, 0)
    return found


def _block_means(values: Floats, rows: int, columns: int) -> Floats:
    """(2, H, W) -> (2, rows, columns), as `area_resize` of multiples, which takes three times as long for pictures this small."""
    planes, height, width = values.shape
    tall, wide = height // rows, width // columns
    blocks = values.reshape(planes, rows, tall, width)
    sums = blocks[:, :, 0].copy()
    for i in range(1, tall):
        sums += blocks[:, :, i]
    blocks = sums.reshape(planes, rows, columns, wide)
    sums = blocks[..., 0].copy()
    for i in range(1, wide):
        sums += blocks[..., i]
    means: Floats = sums * np.float32(1 / (tall * wide))
    return means


def _dot(one: Floats, other: Floats) -> Floats:
    """Dot product of each plane: two (2, N) -> (2, 1)."""
    found: Floats = np.einsum("ci,ci->c", one, other)
    return found[:, None]
