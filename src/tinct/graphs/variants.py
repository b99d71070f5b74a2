"""Variants, reference pictures, suggestions and confidence: the graphs of `coloring.variants` and of the rest of `coloring.palette`."""

from __future__ import annotations

import numpy as np

from ..color import BIN_STEP, ab_bins
from ..coloring import palette, variants
from ..coloring.canvas import REFERENCE_HISTOGRAM_WEIGHT, REFERENCE_TEMPERATURE
from ..runtime.spec import CodeDistribution
from .grids import cell_means, flat
from .tensors import Tensor, constant, loop, where

__all__ = ["code_of", "confidence_of", "matched", "peaks_of", "tilted"]

_NEWTON_STEPS = 14
"""For the inverse of the normal distribution at probabilities from 0.001 to 0.999."""


def code_of(mean: Tensor, scale: Tensor, places: Tensor, like_strength: Tensor, codes: CodeDistribution) -> Tensor:
    """(1, latent) code of a variant: `coloring.variants.code_offset` in units of the prior.

    Args:
        mean: (1, latent) of the prior; with a reference picture, between it and the reference's code.
        scale: (1, latent) the prior's standard deviation.
        places: (directions,) a point of the sequence, each in 0..1; without directions (latent,) standard normal numbers.
        like_strength: scalar, 0 without a reference; up to 1 the codes lie nearer to `mean`.
        codes: of the model.
    """
    if not codes.directions:
        return mean + places.expand(0) * scale
    p = places.clip(1e-3, 1 - 1e-3)

    def nearer(_: Tensor, x: Tensor) -> tuple[list[Tensor], None]:
        reached = (x * float(np.sqrt(0.5))).op("Erf") * 0.5 + 0.5
        density = (x * x * -0.5).exp() * float(1 / np.sqrt(2 * np.pi))
        return [x + (p - reached) / density], None

    (normal,) = loop(_NEWTON_STEPS, [p * 0.0], nearer)
    spread = normal * (1.0 - like_strength * (1 - REFERENCE_TEMPERATURE)) * codes.temperature
    offset = (1.0 - like_strength) * constant(np.array(codes.mean)) + (
        spread.expand(0) @ constant(np.array(codes.directions))
    ).squeeze(0)
    return mean + offset.expand(0) * scale


def peaks_of(likely: Tensor, count: int) -> list[Tensor]:
    """`coloring.palette.peaks` of (bins, N) distributions: (count, N) probabilities, 0 for none, and (count, N, 2) mean a*, b*."""
    bins = ab_bins()
    colors = constant(bins)
    squares = (colors * colors).sum(1, keep=True)
    gaps = squares + squares.transpose(1, 0) - (colors @ colors.transpose(1, 0)) * 2.0  # whole numbers, so exact
    near = (gaps <= palette.SAME_COLOR_RADIUS**2).as_floats()

    def found(i: Tensor, left: Tensor) -> tuple[list[Tensor], None]:
        center: Tensor = (near @ left).op("ArgMax", axis=0, keepdims=0)  # (N,)
        group = near[center].transpose(1, 0) * left  # (bins, N)
        mass = group.sum(0)
        open_ = ((left.sum(0) > palette.MIN_PROBABILITY) | i.equals(0)).as_floats()
        color = (group.transpose(1, 0) @ colors) / mass.most(1e-12).expand(1)
        return [left - group, mass * open_, color], None

    _, masses, places = loop(count, [likely], found, collected=2)
    return [masses, places]


def tilted(logits: Tensor, regions: Tensor, first_logits: Tensor, planes: Tensor, draws: Tensor) -> Tensor:
    """(1, bins, h, w) logits of a variant with each region drawn toward one of its plausible colors: `Canvas._tilted` of one view.

    Args:
        logits: (1, bins, h, w) of the variant's code.
        regions: (R, h, w) of `affinity`.
        first_logits: those from which the colors are drawn: the same, or the first view's of an ensemble.
        planes: (1, 3, H, W) hints.
        draws: (R,) a point of the sequence, each in 0..1.
    """
    shares = flat(regions)  # (R, cells)
    likely = flat(first_logits.squeeze(0).softmax(0)) @ shares.transpose(1, 0) / shares.sum(1).most(1e-6)  # (bins, R)
    masses, places = peaks_of(likely, variants.MAX_PEAKS)
    rank = constant(np.arange(variants.MAX_PEAKS)[:, None])
    usable = (masses >= variants.MIN_PEAK) & (masses > 0.0)
    order_mass, order = where(usable | (rank < 0.5) & (masses.max(0, keep=True) < variants.MIN_PEAK), masses, constant(-1.0)).op(
        "TopK", constant([variants.MAX_PEAKS], np.int64), axis=0, outputs=2
    )  # the most probable first
    weight = where(order_mass > 0.0, order_mass.most(1e-12) ** variants.PEAK_EXPONENT, constant(0.0))
    summed: Tensor = weight.op("CumSum", constant(0, np.int64))
    passed = (summed / summed.max(0, keep=True) <= draws.expand(0)).as_floats().sum(0)  # (R,) searchsorted from the right
    last = (order_mass > 0.0).as_floats().sum(0) - 1.0
    pick = passed.least(last).as_integers().expand(0)  # (1, R)
    which: Tensor = order.op("GatherElements", pick, axis=0)  # (1, R)
    color: Tensor = places.op("GatherElements", _pairs(which), axis=0).squeeze(0)  # (R, 2)
    gaps = color.expand(1) - constant(ab_bins()[None])
    tilts = ((gaps * gaps).sum(2) * (-0.5 / variants.TILT_SCALE**2)).exp() * variants.TILT  # (R, bins)
    free = 1.0 - (cell_means(planes.squeeze(0))[2:3] * 4.0).clip(0.0, 1.0)
    added = tilts.transpose(1, 0) @ flat(regions * free)
    result: Tensor = logits + added.reshape(logits.dims())
    return result


def _pairs(which: Tensor) -> Tensor:
    """(1, R) -> (1, R, 2) the same index for a* and b*."""
    wide: Tensor = which.expand(2).op("Expand", constant([1, 1, 2], np.int64))
    return wide


def matched(logits: Tensor, wanted: Tensor, like_strength: Tensor, iterations: int = 6, limit: float = 4.0) -> Tensor:
    """(1, bins, h, w) `coloring.palette.match_histogram` of logits, for `wanted`, (bins,), and a scalar strength of the reference, 0..1."""
    values = flat(logits.squeeze(0))
    strength = like_strength * REFERENCE_HISTOGRAM_WEIGHT
    target = wanted * strength + values.softmax(0).mean(1) * (1.0 - strength) + 1e-5

    def fitted(_: Tensor, weight: Tensor) -> tuple[list[Tensor], None]:
        now = (values + weight.expand(1)).softmax(0).mean(1) + 1e-5
        return [(weight + (target / now).log() * 0.7).clip(-limit, limit)], None

    (weight,) = loop(iterations, [wanted * 0.0], fitted)
    return logits + weight.expand(0, 2, 3)


def confidence_of(logits: Tensor, cells: Tensor) -> Tensor:
    """(h, w) `coloring.palette.confidence` of (1, bins, h, w) logits and (2, h, w) chosen colors."""
    colors = flat(cells)
    bins = ab_bins()
    gaps = constant(np.square(bins).sum(axis=1)[:, None]) + (colors * colors).sum(0, keep=True) - (constant(bins) @ colors) * 2.0
    near = ((palette.SAME_COLOR_RADIUS - gaps.most(0.0).sqrt()) / float(BIN_STEP) + 1.0).clip(0.0, 1.0)
    return (flat(logits.squeeze(0)).softmax(0) * near).sum(0).reshape(cells.dims(1, 2))
