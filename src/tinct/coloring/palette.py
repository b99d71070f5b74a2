"""From a distribution over ab bins to colors: decoding at any vividness, confidence, and matching a reference's histogram."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt

from ..color import BIN_STEP, ab_bins
from ..runtime.spec import Palette

__all__ = [
    "confidence",
    "decode_colors",
    "expected_color",
    "histogram",
    "match_histogram",
    "peaks",
    "probabilities",
    "vivid_logits",
]

Floats = npt.NDArray[np.float32]

SAME_COLOR_RADIUS = 15.0
"""Distance in the ab plane within which two colors count as the same, for peaks and confidence."""
MIN_PROBABILITY = 0.02
"""Probability that peaks may leave unexplained."""


def probabilities(logits: Floats) -> Floats:
    """Softmax over the first axis: (bins, ...) logits -> (bins, ...) probabilities."""
    raised = np.exp(logits - logits.max(axis=0, keepdims=True))
    return np.asarray(raised / raised.sum(axis=0, keepdims=True), np.float32)


def expected_color(likely: Floats) -> Floats:
    """(bins, h, w) probabilities -> (h, w, 2) mean a*, b*: the color with the least expected squared error."""
    count, height, width = likely.shape
    return np.asarray(likely.reshape(count, -1).T @ ab_bins(), np.float32).reshape(height, width, 2)


def decode_colors(logits: Floats, palette: Palette, vividness: float) -> Floats:
    """Colors of cells, from the mean of the distribution (vividness 0) to its annealed mean with class rebalancing (vividness 1).

    The mean of a distribution over red and green is gray. A lower softmax temperature and a higher weight of rare colors bring the result
    closer to one of them: the annealed mean of Zhang et al. (2016), with their class rebalancing at inference instead of training.

    Args:
        logits: (bins, h, w).
        palette: temperature, rebalancing and chroma gain at vividness 1.
        vividness: 0..1; rebalancing and gain grow with its square root.

    Returns:
        (h, w, 2) a*, b*.
    """
    if not vividness:
        return expected_color(probabilities(logits))
    gain = np.float32(1 + math.sqrt(vividness) * palette.boost)
    return np.asarray(expected_color(probabilities(vivid_logits(logits, palette, vividness))) * gain, np.float32)


def vivid_logits(logits: Floats, palette: Palette, vividness: float) -> Floats:
    """(bins, ...) logits with rebalanced classes and a lower temperature, as `decode_colors` takes them."""
    if palette.frequency:
        frequency = np.array(palette.frequency, np.float32)
        smoothed = 0.5 * frequency + 0.5 / len(frequency)
        weight = (math.sqrt(vividness) * palette.rebalance * np.log(smoothed)).astype(np.float32)
        logits = logits - weight.reshape(-1, *[1] * (logits.ndim - 1))
    return np.asarray(logits * np.float32(palette.temperature**-vividness), np.float32)


def confidence(logits: Floats, ab: Floats) -> Floats:
    """Probability that the real color is within `SAME_COLOR_RADIUS` of the chosen one.

    Args:
        logits: (bins, h, w).
        ab: (h, w, 2) chosen a*, b*.

    Returns:
        (h, w) 0..1.
    """
    bins, colors = ab_bins(), ab.reshape(-1, 2).T
    gaps = (
        np.square(bins).sum(axis=1)[:, None]
        + np.square(colors).sum(axis=0)
        - 2 * (bins[:, :1] * colors[:1] + bins[:, 1:] * colors[1:])
    )
    near = np.sqrt(np.maximum(gaps, 0, out=gaps), out=gaps)
    near = np.clip(1 + (SAME_COLOR_RADIUS - near) / BIN_STEP, 0, 1, out=near)  # linear falloff across the border
    found = np.einsum("ij,ij->j", probabilities(logits.reshape(len(logits), -1)), near)
    return np.asarray(found.reshape(ab.shape[:2]), np.float32)


def histogram(ab: Floats) -> Floats:
    """(..., 2) a*, b* -> (bins,) relative frequency of each ab bin, each color shared by the four bins around it."""
    bins = np.rint(ab_bins() / BIN_STEP).astype(int)
    low = bins.min(axis=0)
    table = np.full(bins.max(axis=0) - low + 2, -1)
    table[tuple((bins - low).T)] = np.arange(len(bins))
    place = ab.reshape(-1, 2) / BIN_STEP - low
    base = np.clip(np.floor(place).astype(int), 0, np.array(table.shape) - 2)
    part = np.clip(place - base, 0, 1)
    shares = np.zeros(len(bins))
    for i in (0, 1):
        for j in (0, 1):
            which = table[base[:, 0] + i, base[:, 1] + j]
            weight = np.abs(1 - i - part[:, 0]) * np.abs(1 - j - part[:, 1])
            np.add.at(shares, which[which >= 0], weight[which >= 0])
    return np.asarray(shares / max(shares.sum(), 1e-12), np.float32)


def match_histogram(logits: Floats, wanted: Floats, *, strength: float, iterations: int = 6, max_log_weight: float = 4.0) -> Floats:
    """Reweight the bins so that over the whole picture their mean probabilities approach a histogram.

    Every cell gets the same weights, so differences between cells stay. It is damped iterative proportional fitting (Deming and Stephan,
    1940).

    Args:
        logits: (bins, h, w).
        wanted: (bins,) as `histogram` gives it.
        strength: 0 keeps the picture's own histogram, 1 asks for `wanted`.
        iterations: of the fitting.
        max_log_weight: limit of a bin's weight, as a natural logarithm.

    Returns:
        (bins, h, w) logits.
    """
    count = len(logits)
    flat = logits.reshape(count, -1)
    own = probabilities(flat).mean(axis=1)
    target = strength * wanted + (1 - strength) * own + 1e-5
    weight = np.zeros(count, np.float32)
    for _ in range(iterations):
        now = probabilities(flat + weight[:, None]).mean(axis=1) + 1e-5
        weight = np.clip(weight + 0.7 * np.log(target / now), -max_log_weight, max_log_weight).astype(np.float32)
    return np.asarray(logits + weight[:, None, None], np.float32)


def peaks(likely: Floats, count: int) -> list[tuple[float, npt.NDArray[np.float64]]]:
    """Peaks of a distribution over ab bins: (probability within `SAME_COLOR_RADIUS`, mean a*, b*), at most `count`.

    They leave at most `MIN_PROBABILITY` unexplained, unless there are more.
    """
    left, bins = likely.astype(np.float64).copy(), ab_bins()
    near = _near_bins()
    found: list[tuple[float, npt.NDArray[np.float64]]] = []
    while len(found) < count and (not found or left.sum() > MIN_PROBABILITY):
        group = (near[int((near @ left).argmax())] > 0) & (left > 0)
        mass = left[group].sum()
        if mass <= 0:
            break
        found.append((float(mass), (left[group, None] * bins[group]).sum(axis=0) / mass))
        left[group] = 0
    return found


@cache
def _near_bins() -> npt.NDArray[np.float64]:
    """(bins, bins) 1 for two bins at most `SAME_COLOR_RADIUS` apart, else 0; float64, whose products BLAS computes."""
    bins = ab_bins()
    near = np.asarray(np.square(bins[:, None] - bins[None]).sum(axis=-1) <= SAME_COLOR_RADIUS**2, np.float64)
    near.flags.writeable = False
    return near
