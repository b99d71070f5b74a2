"""Variants: a latent code for the light of the whole picture, and for each region another of its plausible colors.

Codes are spread evenly over the region where codes of real pictures lie.

The prior p(z | L) is trained to be close to the posterior in KL divergence. Still, the posterior codes of real pictures lie along a few
directions, farther out than the prior's standard deviation, and nowhere along the others: the aggregate posterior isn't the prior (Hoffman
and Johnson, "ELBO surgery", 2016). A sample of the prior is therefore often a tint that no photograph has. Variants are drawn from a normal
distribution fitted to the aggregate posterior instead, and by a low-discrepancy sequence, so that a few of them already differ.

Two codes differ mostly in the tint of the whole picture. What a person wants to choose is the color of a dress or a car, so each region
of the picture (`coherence.Affinity.regions`) is drawn toward one peak of its own distribution, by a second sequence.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from ..color import ab_bins
from ..runtime.spec import CodeDistribution
from .palette import peaks

__all__ = ["code_offset", "evenly", "fit_codes", "region_tilts"]

Floats = npt.NDArray[np.float32]

MAX_DIRECTIONS = 6
"""Principal axes kept: in more dimensions a few points of a low-discrepancy sequence aren't evenly spread."""
MIN_VARIANCE = 0.1
"""Variance along a direction, relative to the prior's, below which it is dropped."""

TILT = 7.0
"""Natural logarithm of the factor by which a region's chosen color becomes more probable."""
TILT_SCALE = 15.0
"""Standard deviation, in the ab plane, of the colors that become more probable with it."""
PEAK_EXPONENT = 0.5
"""Exponent of a peak's probability when one is drawn: below 1 rarer colors come sooner."""
MAX_PEAKS = 6
MIN_PEAK = 0.03
"""Probability of a peak below which it isn't plausible enough for a variant."""


def fit_codes(offsets: npt.NDArray[np.floating]) -> CodeDistribution:
    """Fit the distribution by principal component analysis.

    Args:
        offsets: (pictures, latent) posterior means, each in standard deviations of its prior from the prior's mean.
    """
    variances, vectors = np.linalg.eigh(np.cov(offsets.astype(np.float64), rowvar=False))
    chosen = [i for i in np.argsort(-variances)[:MAX_DIRECTIONS] if variances[i] >= MIN_VARIANCE]
    if not chosen:
        return CodeDistribution()
    directions = tuple(tuple((vectors[:, i] * np.sqrt(variances[i])).tolist()) for i in chosen)
    return CodeDistribution(tuple(offsets.mean(axis=0).tolist()), directions)


def code_offset(codes: CodeDistribution, latent: int, seed: int, number: int) -> Floats:
    """Latent code of a variant, in standard deviations of the prior from its mean.

    Args:
        codes: the fitted distribution; if it is empty, the code is a sample of the prior.
        latent: dimensions of a code.
        seed: decides all variants.
        number: of the variant, from 1. The codes of one seed are evenly spaced: Roberts' R sequence, an additive recurrence with the
            generalized golden ratio, with a random shift.

    Returns:
        (1, latent).
    """
    random = np.random.default_rng((seed, number) if not codes.directions else seed)
    if not codes.directions:
        return np.asarray(random.standard_normal((1, latent)), np.float32)
    places = evenly(random, len(codes.directions), number)
    spread = np.array([NormalDist().inv_cdf(float(p)) for p in places.clip(1e-3, 1 - 1e-3)]) * codes.temperature
    return np.asarray(np.array(codes.mean) + spread @ np.array(codes.directions), np.float32)[None]


def region_tilts(likely: Floats, seed: int, number: int) -> Floats:
    """What makes one of the plausible colors of each region more probable than the others.

    Args:
        likely: (bins, regions) mean distribution of each region.
        seed: decides all variants.
        number: of the variant, from 1. The draws of one seed are evenly spaced in the distributions of all regions.

    Returns:
        (regions, bins) to be added to logits, 0..`TILT`.
    """
    bins, regions = ab_bins(), likely.shape[1]
    draws = evenly(np.random.default_rng((seed, regions)), regions, number)
    tilts = np.empty((regions, len(bins)), np.float32)
    for region, draw in enumerate(draws):
        found = sorted(peaks(likely[:, region], MAX_PEAKS), key=lambda peak: -peak[0])
        found = [peak for peak in found if peak[0] >= MIN_PEAK] or found[:1]
        shares = np.cumsum([mass**PEAK_EXPONENT for mass, _ in found])
        _, color = found[int(np.searchsorted(shares / shares[-1], draw, side="right").clip(max=len(found) - 1))]
        tilts[region] = TILT * np.exp(-np.square(bins - color).sum(axis=1) / (2 * TILT_SCALE**2))
    return tilts


def evenly(random: np.random.Generator, count: int, number: int) -> npt.NDArray[np.float64]:
    """(count,) 0..1: one point of Roberts' R sequence with a random shift."""
    ratio = 2.0
    for _ in range(40):  # fixed-point iteration for x ** (count + 1) == x + 1
        ratio = (1 + ratio) ** (1 / (count + 1))
    steps = ratio ** -np.arange(1, count + 1)
    return np.asarray((random.random(count) + number * steps) % 1, np.float64)
