"""Latent codes of variants, spread evenly over the region where codes of real pictures lie.

The prior p(z | L) is trained to be close to the posterior in KL divergence. Still, the posterior codes of real pictures lie along a few
directions, farther out than the prior's standard deviation, and nowhere along the others: the aggregate posterior isn't the prior (Hoffman
and Johnson, "ELBO surgery", 2016). A sample of the prior is therefore often a tint that no photograph has. Variants are drawn from a normal
distribution fitted to the aggregate posterior instead, and by a low-discrepancy sequence, so that a few of them already differ.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from ..runtime.spec import CodeDistribution

__all__ = ["code_offset", "fit_codes"]

Floats = npt.NDArray[np.float32]

MAX_DIRECTIONS = 6
"""Principal axes kept: in more dimensions a few points of a low-discrepancy sequence aren't evenly spread."""
MIN_VARIANCE = 0.1
"""Variance along a direction, relative to the prior's, below which it is dropped."""


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
    count = len(codes.directions)
    ratio = 2.0
    for _ in range(40):  # fixed-point iteration for x ** (count + 1) == x + 1
        ratio = (1 + ratio) ** (1 / (count + 1))
    steps = ratio ** -np.arange(1, count + 1)
    places = (random.random(count) + number * steps) % 1
    spread = np.array([NormalDist().inv_cdf(float(p)) for p in places.clip(1e-3, 1 - 1e-3)]) * codes.temperature
    return np.asarray(np.array(codes.mean) + spread @ np.array(codes.directions), np.float32)[None]
