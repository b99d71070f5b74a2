"""Where the codes of real colorings lie, as the model sees them, and codes of variants that are spread over that place.

The prior p(z | L) is trained to be near the posterior in KL divergence, which leaves the codes of real pictures crowded along a few
directions, farther out than the prior's own scatter, and nowhere along all others: the aggregate posterior isn't the prior (Hoffman and
Johnson, "ELBO surgery", 2016). A sample of the prior is therefore often a tint that no photograph has. Variants are drawn from a normal
distribution fitted to the aggregate posterior instead, and not by chance but evenly, so that few of them show much.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

__all__ = ["Codes", "fit", "offset"]

Floats = npt.NDArray[np.float32]

MOST = 6
"""Directions at most: points can't be spread evenly over more."""
LEAST = 0.1
"""Variance, the prior's being 1, below which a direction isn't worth a dimension."""


@dataclass(frozen=True)
class Codes:
    """Part of a model's description; everything in standard deviations of the prior, from its mean."""

    mean: tuple[float, ...] = ()
    """(latent,) of the codes of training pictures; empty where it wasn't measured."""
    directions: tuple[tuple[float, ...], ...] = ()
    """Orthogonal (latent,) vectors along which the codes vary, each as long as their standard deviation, the longest first."""
    temperature: float = 0.8
    """Of the variants' standard deviation: rarer colorings are left out. Chosen on validation pictures."""


def fit(offsets: npt.NDArray[np.floating]) -> Codes:
    """From the posterior's means of many pictures: (pictures, latent), in standard deviations of each one's prior from its mean."""
    variances, vectors = np.linalg.eigh(np.cov(offsets.astype(np.float64), rowvar=False))
    chosen = [i for i in np.argsort(-variances)[:MOST] if variances[i] >= LEAST]
    if not chosen:
        return Codes()
    directions = tuple(tuple((vectors[:, i] * np.sqrt(variances[i])).tolist()) for i in chosen)
    return Codes(tuple(offsets.mean(axis=0).tolist()), directions)


def offset(codes: Codes, latent: int, seed: int, number: int) -> Floats:
    """(1, latent) where the code of a variant lies, in standard deviations of the prior from its mean.

    Args:
        codes: where codes lie; with an empty one it is a sample of the prior.
        latent: numbers in a code.
        seed: decides all variants.
        number: of the variant, from 1 on. The numbers of one seed lie evenly: Roberts' R sequence, a lattice of the generalized golden
            ratio, shifted by chance.
    """
    random = np.random.default_rng((seed, number) if not codes.directions else seed)
    if not codes.directions:
        return np.asarray(random.standard_normal((1, latent)), np.float32)
    count = len(codes.directions)
    ratio = 2.0
    for _ in range(40):  # of x ** (count + 1) == x + 1
        ratio = (1 + ratio) ** (1 / (count + 1))
    steps = ratio ** -np.arange(1, count + 1)
    places = (random.random(count) + number * steps) % 1
    spread = np.array([NormalDist().inv_cdf(float(p)) for p in places.clip(1e-3, 1 - 1e-3)]) * codes.temperature
    return np.asarray(np.array(codes.mean) + spread @ np.array(codes.directions), np.float32)[None]
