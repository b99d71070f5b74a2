"""From cells to pixels of the working size: the graphs of `coloring.upsampling.sharpen` and `slope`, `coloring.flow` and
`coloring.propagation.apply_hints`."""

from __future__ import annotations

import math

import numpy as np

from ..color import AB_SCALE, L_SCALE
from ..coloring import flow
from ..coloring.upsampling import BACK_PROJECTIONS, GUESSED_FIDELITY, GUESSED_FROM, SLOPE_EPSILON
from .grids import bilinear_resize, box, cell_means, enlarge_cells, padded, variance
from .tensors import Tensor, concat, constant, loop, when, where

__all__ = ["finish", "merge_lines"]

_NEIGHBORS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Steps down and right to half of a pixel's neighbors; the others are the same, backward."""


def finish(
    cells: Tensor, gray: Tensor, mount: Tensor, planes: Tensor, vividness: Tensor, size: Tensor, onto: Tensor, amount: Tensor
) -> Tensor:
    """(2, height, width) a*, b*: `coloring.reaching._finished`, blended with an earlier result.

    Args:
        cells: (2, h, w) a*, b*.
        gray: (1, 1, H, W) of `prepare`.
        mount: (H, W) pixels of `affinity`.
        planes: (1, 3, H, W) the hints of all steps.
        vividness: scalar.
        size: (2,) height and width without padding.
        onto: (2, height, width) the result of earlier steps.
        amount: (height, width) how far each pixel takes on the new colors, 0..1.
    """
    light = gray.squeeze(0) * L_SCALE  # (1, H, W)
    keep = 1.0 - (vividness / GUESSED_FROM).least(1.0) * (1 - GUESSED_FIDELITY)
    pixels = _sharpened(cells, light, keep)
    hints = planes.squeeze(0)
    hinted = ((hints[2] > 0.0).as_floats() * mount).max()  # someone gave the mount a color
    pixels = pixels * (1.0 - mount * (1.0 - hinted))
    height, width = size[0:1], size[1:2]
    pixels, hints = pixels[:, 0:height][:, :, 0:width], hints[:, 0:height][:, :, 0:width]
    (pixels,) = when(hints[2].max() > 0.0, lambda: [_with_hints(pixels, hints)], lambda: [pixels])
    return onto + amount * (pixels - onto)


def _sharpened(cells: Tensor, light: Tensor, keep: Tensor) -> Tensor:
    """(2, H, W) `coloring.upsampling.sharpen`."""
    height, width = light.dims(1), light.dims(2)
    ab = bilinear_resize(cells, height, width)
    ab = _guided_filter(_solve(ab, cells, light, keep * flow.CELL_WEIGHT), light)

    def projected() -> list[Tensor]:
        now = ab
        for _ in range(BACK_PROJECTIONS):
            now = now + bilinear_resize(cells - cell_means(now), height, width)
        return [now]

    (ab,) = when(keep >= 1.0, projected, lambda: [ab])
    high, low = _around(cells), -_around(-cells)
    more = (high - low) * flow.OVERSHOOT
    return ab.most(enlarge_cells(low - more)).least(enlarge_cells(high + more))


def _around(cells: Tensor) -> Tensor:
    """(2, h, w) maximum over the 3 × 3 cells around each."""
    pooled: Tensor = cells.expand(0).op("MaxPool", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    return pooled.squeeze(0)


def _solve(ab: Tensor, cells: Tensor, light: Tensor, cell_weight: Tensor) -> Tensor:
    """(2, H, W) `coloring.flow.solve`: `flow.ITERATIONS` conjugate gradients."""
    edges = _edges(light)
    weights = [_placed(edge, *step) for edge, step in zip(edges, _NEIGHBORS, strict=True)]
    degree = _sum([weight + back for weight, back in weights])
    inverse = 1.0 / (degree + cell_weight / 16.0)

    def apply(x: Tensor) -> Tensor:
        """The system matrix times x."""
        wide, height, width = padded(x, 1), x.dims(1), x.dims(2)

        def at(down: int, right: int) -> Tensor:
            return wide[:, _span(1 + down, height)][:, :, _span(1 + right, width)]

        pulled = []
        for (down, right), (weight, back) in zip(_NEIGHBORS, weights, strict=True):
            pulled += [weight * at(down, right), back * at(-down, -right)]
        return degree * x - _sum(pulled) + enlarge_cells(cell_means(x) * cell_weight)

    def improved(_: Tensor, x: Tensor, residual: Tensor, direction: Tensor, rho: Tensor) -> tuple[list[Tensor], None]:
        applied = apply(direction)
        alpha = rho / (_dot(direction, applied) + 1e-20)
        residual = residual - alpha * applied
        preconditioned = inverse * residual
        after = _dot(residual, preconditioned)
        return [x + alpha * direction, residual, preconditioned + after / (rho + 1e-20) * direction, after], None

    residual = enlarge_cells(cells * cell_weight) - apply(ab)
    direction = inverse * residual
    return loop(flow.ITERATIONS, [ab, residual, direction, _dot(residual, direction)], improved)[0]


def _dot(one: Tensor, other: Tensor) -> Tensor:
    return (one * other).sum(1, 2, keep=True)


def _sum(parts: list[Tensor]) -> Tensor:
    result: Tensor = parts[0].op("Sum", *parts[1:])
    return result


def _span(start: int, count: Tensor) -> slice:
    return slice(start, count + start)


def _edges(light: Tensor) -> list[Tensor]:
    """Weights of the edges to half of the 8 neighbors, each (1, H - down, W - |right|)."""
    flat_step = (flow.EDGE_STEP**2 + (_grain(light) * flow.NOISE_SIGMAS) ** 2.0).sqrt()
    step = flat_step.most(variance(light, 2).sqrt() * flow.TEXTURE_SIGMAS)
    height, width = light.dims(1), light.dims(2)
    found = []
    for down, right in _NEIGHBORS:

        def one(values: Tensor, down: int = down, right: int = right) -> Tensor:
            return values[:, 0 : height - down][:, :, max(0, -right) : width - max(0, right)]

        def other(values: Tensor, down: int = down, right: int = right) -> Tensor:
            return values[:, down:][:, :, max(0, right) : width + min(0, right)]

        difference = (one(light) - other(light)).abs() / one(step).least(other(step))
        found.append(((-difference).exp() + flow.MIN_EDGE_WEIGHT) / math.hypot(down, right))
    return found


def _placed(edge: Tensor, down: int, right: int) -> tuple[Tensor, Tensor]:
    """An edge's weights as (1, H, W) at its first and at its second pixel, 0 where there is no such neighbor."""
    first: Tensor = edge.op("Pad", constant([0, 0, max(0, -right), 0, down, max(0, right)], np.int64))
    second: Tensor = edge.op("Pad", constant([0, down, max(0, right), 0, 0, max(0, -right)], np.int64))
    return first, second


def _grain(light: Tensor) -> Tensor:
    """Standard deviation of the noise in L*: `coloring.flow._grain`; the picture has at least 3 rows and columns."""
    rows = light[:, 0:-2] - light[:, 1:-1] * 2.0 + light[:, 2:]
    both = (rows[:, :, 0:-2] - rows[:, :, 1:-1] * 2.0 + rows[:, :, 2:]).abs().reshape(-1)
    count = both.dims(0)
    largest, _ = both.op("TopK", count // 2 + 1, outputs=2)
    middle = largest[-1]
    median = where((count % 2).equals(0).squeeze(0), (middle + largest[-2]) * 0.5, middle)
    return median / (6 * 0.6745)


def _guided_filter(ab: Tensor, light: Tensor) -> Tensor:
    """(2, H, W) `coloring.flow.guided_filter`."""
    guide = light / L_SCALE
    middle, mean = box(guide, 1), box(ab, 1)
    slope = (box(ab * guide, 1) - mean * middle) / (variance(guide, 1) + flow.GUIDED_EPSILON)
    return box(slope, 1) * guide + box(mean - slope * middle, 1)


def _with_hints(ab: Tensor, hints: Tensor) -> Tensor:
    """(2, height, width) `coloring.propagation.apply_hints`."""
    covered = hints[2:3]
    error = hints[0:2] * AB_SCALE - ab * covered
    spread = concat([error, covered])
    for down in (2, 0):
        pads = [0, down, 2 - down, 0, down, 2 - down]
        kernel = np.array([1, 4, 6, 4, 1], np.float32).reshape((1, 1, 5, 1) if down else (1, 1, 1, 5)) / 16
        wide: Tensor = spread.op("Pad", constant(pads, np.int64), mode="edge")
        blurred: Tensor = wide.expand(1).op("Conv", constant(kernel))
        spread = blurred.squeeze(1)
    near = spread[2:3]
    around = spread[0:2] / near.most(1e-6) * (near * 3.0).clip(0.0, 1.0)
    return ab + where(covered > 0.0, error + (1.0 - covered) * around, around)


def merge_lines(ab: Tensor, lightness: Tensor, strength: Tensor) -> list[Tensor]:
    """What `coloring.upsampling.guided` enlarges: (2, H, W) slopes and (2, H, W) offsets; at any pixel a*, b* = slope · L* + offset.

    Args:
        ab: (2, H, W) of `finish`.
        lightness: (H, W) L* 0..100.
        strength: scalar factor on the chroma.
    """
    values = ab.clip(-AB_SCALE, AB_SCALE) * strength
    light = lightness.expand(0)
    guide = light / L_SCALE
    spread = variance(guide, 1)
    joint = box(values * guide, 1) - box(values, 1) * box(guide, 1)
    explained = (joint * joint).sum(0, keep=True) / ((spread + 1e-6) * (variance(values, 1).sum(0, keep=True) + 1.0))
    slope = box(joint / (spread + SLOPE_EPSILON) * explained * explained, 1) / L_SCALE
    return [slope, values - slope * light]
