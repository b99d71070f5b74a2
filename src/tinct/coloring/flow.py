"""Colors that flow between neighboring pixels of like lightness: the arithmetic of `guide.sharpen`. Planes are (..., H, W) float32.

No product of matrices: BLAS would start threads for each of these small ones, which costs many times their work on a busy machine.
"""

from __future__ import annotations

from types import EllipsisType

import numpy as np
import numpy.typing as npt

from ..color import L_SCALE

__all__ = ["bounds", "box", "flow", "line", "means", "resize", "variance"]

Floats = npt.NDArray[np.float32]
Part = tuple[EllipsisType, slice, slice]

STEP = 1.2
"""L* between neighbors at which colors part, on even ground; next to grain and in texture it is more."""
NOISE = 2.0
"""Standard deviations of the whole picture's grain that count as such a step."""
TEXTURE = 0.25
"""Standard deviations of the 5 × 5 pixels around that count as such a step."""
LEAK = 0.005
"""What no step of lightness takes away from a link."""
FAITH = 2.0
"""Weight of the cells' means against all links."""
ROUNDS = 14
"""More would gain little: 24 rounds take 1 % off the error at edges."""
BEYOND = 0.25
"""Part of the range of the cells around by which a color may leave that range."""
FINE = 3e-4
"""Variance of L* / L_SCALE below which the guided filter takes the mean rather than a slope."""
_TINY = np.float32(1e-20)


def flow(ab: Floats, cells: Floats, light: Floats) -> Floats:
    """The least of Σ w (x_i - x_j)² over all neighbors i, j plus `FAITH` · |means of x - cells|², by conjugate gradients.

    w falls exponentially with the step of lightness, as in Farbman et al., "Edge-Preserving Decompositions for Multi-Scale Tone and
    Detail Manipulation" (2008) and, for colors, Levin et al., "Colorization using Optimization" (2004). Texture and grain raise the
    step that counts, else each of their pixels would be an island.

    Args:
        ab: (2, H, W) where to start.
        cells: (2, h, w) what the means should be.
        light: (H, W) L* 0..100; H and W are multiples of h and w.
    """
    links, degree = _links(light)
    share = cells[0].size / light.size
    faith, inverse = np.float32(FAITH), 1 / (degree + np.float32(FAITH * share))

    def apply(x: Floats) -> Floats:
        y = _pixels(means(x, cells.shape) * faith, light.shape)
        for one, other, weight in links:
            stream = x[one] - x[other]
            stream *= weight
            y[one] += stream
            y[other] -= stream
        return y

    rest = _pixels(cells * faith, light.shape) - apply(ab)
    ahead = inverse * rest  # preconditioned by the diagonal
    size = _dot(rest, ahead)
    for _ in range(ROUNDS):
        pushed = apply(ahead)
        length = size / (_dot(ahead, pushed) + _TINY)
        ab = ab + length * ahead
        rest -= length * pushed
        better = inverse * rest
        before, size = size, _dot(rest, better)
        ahead = better + size / (before + _TINY) * ahead
    return ab


def _links(light: Floats) -> tuple[list[tuple[Part, Part, Floats]], Floats]:
    """Both ends and the weight of the links between all 8-neighbors, and (H, W) the sum of weights at each pixel."""
    height, width = light.shape
    even = np.float32(np.hypot(STEP, NOISE * _grain(light)))
    step = np.maximum(even, np.float32(TEXTURE) * np.sqrt(variance(light, 2)))
    links: list[tuple[Part, Part, Floats]] = []
    degree = np.zeros_like(light)
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        one = ..., slice(0, height - dy), slice(max(0, -dx), width - max(0, dx))
        other = ..., slice(dy, height), slice(max(0, dx), width + min(0, dx))
        weight = np.exp(-np.abs(light[one] - light[other]) / np.minimum(step[one], step[other])) + np.float32(LEAK)
        weight /= np.float32(np.hypot(dy, dx))
        degree[one] += weight
        degree[other] += weight
        links.append((one, other, weight))
    return links, degree


def _grain(light: Floats) -> float:
    """Standard deviation of noise in L*, after Immerkær, "Fast Noise Variance Estimation" (1996), by the median, which edges don't move."""
    if min(light.shape) < 3:
        return 0.0
    rows = light[:-2] - 2 * light[1:-1] + light[2:]
    both = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]  # blind to ramps
    return float(np.median(np.abs(both))) / (6 * 0.6745)  # the norm of that mask, and the median of a normal distribution's size


def line(ab: Floats, light: Floats) -> Floats:
    """(2, H, W) through the guided filter of radius 1 (He et al., "Guided Image Filtering", 2010), L* (H, W) its guide."""
    guide = light / np.float32(L_SCALE)
    middle, mean = box(guide, 1), box(ab, 1)
    slope = (box(ab * guide, 1) - mean * middle) / (variance(guide, 1) + np.float32(FINE))
    smooth: Floats = box(slope, 1) * guide + box(mean - slope * middle, 1)
    return smooth


def bounds(cells: Floats, height: int, width: int) -> tuple[Floats, Floats]:
    """(2, h, w) -> the least and the greatest that a* and b* may be at each pixel, (2, height, width) both.

    Colors of a part may go beyond the means of cells, which mix several parts; but not so far that one would see halos.
    """
    _, h, w = cells.shape
    rows, columns = (np.arange(height) + 0.5) * h / height, (np.arange(width) + 0.5) * w / width
    padded = np.pad(cells, ((0, 0), (1, 1), (1, 1)), mode="edge")
    around = np.stack([padded[:, i : i + h, j : j + w] for i in range(3) for j in range(3)])
    low, high = around.min(0), around.max(0)
    more = np.float32(BEYOND) * (high - low)
    at = np.s_[:, rows.astype(int)[:, None], columns.astype(int)]
    return (low - more)[at], (high + more)[at]


def box(values: Floats, radius: int) -> Floats:
    """The mean of the square round each pixel, edges replicated."""
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
    """Of the square round each pixel."""
    found: Floats = np.maximum(box(values * values, radius) - box(values, radius) ** 2, 0)
    return found


def _dot(one: Floats, other: Floats) -> Floats:
    """(2, H, W) twice -> (2, 1, 1)."""
    found: Floats = np.einsum("cij,cij->c", one, other)
    return found[:, None, None]


def means(values: Floats, shape: tuple[int, ...]) -> Floats:
    """(2, H, W) -> the means of equal blocks, of shape (2, h, w)."""
    down, across = values.shape[1] // shape[1], values.shape[2] // shape[2]
    rows = values[:, ::down].copy()
    for i in range(1, down):
        rows += values[:, i::down]
    blocks: Floats = rows[..., ::across].copy()
    for i in range(1, across):
        blocks += rows[..., i::across]
    blocks *= np.float32(1 / (down * across))
    return blocks


def _pixels(blocks: Floats, shape: tuple[int, ...]) -> Floats:
    """(2, h, w) -> (2, H, W), every value repeated over its block."""
    tall: Floats = np.repeat(blocks, shape[0] // blocks.shape[1], axis=1)
    pixels: Floats = np.repeat(tall, shape[1] // blocks.shape[2], axis=2)
    return pixels


def resize(values: Floats, height: int, width: int) -> Floats:
    """(..., h, w) -> (..., height, width), bilinear: centers at half-integers, edges replicated."""
    for axis, size in ((-2, height), (-1, width)):
        count = values.shape[axis]
        place = np.clip((np.arange(size) + 0.5) * count / size - 0.5, 0, count - 1)
        low = place.astype(int)
        part = (place - low).astype(np.float32)
        if axis == -2:
            part = part[:, None]
        near, far = np.take(values, low, axis), np.take(values, np.minimum(low + 1, count - 1), axis)
        far -= near
        far *= part
        near += far
        values = near
    return values
