"""From the network's distribution over ab bins to colors: safe or vivid, in another picture's palette, suggested, or doubted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..color import AB_SCALE, BIN_STEP, ab_bins, gamut_chroma, lab_to_rgb

__all__ = ["Palette", "Suggestion", "confidence", "histogram", "likelihood", "mean", "pull", "suggestions", "vivid"]

Floats = npt.NDArray[np.float32]

NEAR = 15.0
"""Distance in the ab plane within which two colors count as the same, in suggestions and in confidence."""


@dataclass(frozen=True)
class Palette:
    """How a model's distribution becomes color; part of its description.

    The defaults were chosen on validation pictures: at vividness 0.5 results are 0.8 times as colorful as real pictures, at the
    least loss of PSNR.
    """

    frequency: tuple[float, ...] = ()
    """Of each ab bin in the training pictures, summing to 1."""
    temperature: float = 0.38
    """Of the distribution at vividness 1; 1 at vividness 0. Zhang et al., "Colorful Image Colorization" (2016), settled on 0.38."""
    rebalance: float = 1.0
    """How far, at vividness 1, rare colors are given the weight of frequent ones: 0 not at all, 1 wholly."""
    boost: float = 0.25
    """What vividness 1 adds to the chroma, as a part of it."""


@dataclass(frozen=True)
class Suggestion:
    """A color that a place may have."""

    color: str
    """``#rrggbb`` at the lightness of that place."""
    ab: tuple[float, float]
    """CIELAB a*, b*, within sRGB at that lightness."""
    probability: float
    """By the model; those of all suggestions sum to 1."""


def likelihood(logits: Floats) -> Floats:
    """(bins, ...) logits -> probabilities that sum to 1 over the bins."""
    raised = np.exp(logits - logits.max(axis=0, keepdims=True))
    return np.asarray(raised / raised.sum(axis=0, keepdims=True), np.float32)


def mean(likely: Floats) -> Floats:
    """(bins, h, w) probabilities -> (h, w, 2) the mean a*, b*: the color with the least expected squared error."""
    count, height, width = likely.shape
    return np.asarray(likely.reshape(count, -1).T @ ab_bins(), np.float32).reshape(height, width, 2)


def vivid(logits: Floats, palette: Palette, vividness: float) -> Floats:
    """Colors between the safest and the most colorful.

    The mean of a distribution over red and green is gray. The sharper the distribution and the more weight rare colors have, the
    nearer the result comes to one of them: Zhang et al.'s annealed mean, with their class rebalancing moved from training to use.

    Args:
        logits: (bins, h, w).
        vividness: 0 is the mean, 1 as far as `palette` goes; a half is already seven tenths of the way.

    Returns:
        (h, w, 2) a*, b*.
    """
    if not vividness:
        return mean(likelihood(logits))
    way = math.sqrt(vividness)
    if palette.frequency:
        frequency = np.array(palette.frequency, np.float32)
        even = 0.5 * frequency + 0.5 / len(frequency)
        logits = logits - (way * palette.rebalance * np.log(even))[:, None, None].astype(np.float32)
    sharpness = palette.temperature**-vividness
    return np.asarray(mean(likelihood(logits * np.float32(sharpness))) * np.float32(1 + way * palette.boost), np.float32)


def confidence(logits: Floats, ab: Floats) -> Floats:
    """(bins, h, w) logits and (h, w, 2) chosen a*, b* -> (h, w) probability, by the model, that the real color is near (`NEAR`)."""
    gaps = np.square(ab[None] - ab_bins()[:, None, None, :]).sum(axis=-1)
    near = np.clip(1 - (np.sqrt(gaps) - NEAR) / BIN_STEP, 0, 1)  # bins on the border count in part
    return np.asarray((likelihood(logits) * near).sum(axis=0), np.float32)


def histogram(ab: Floats) -> Floats:
    """(..., 2) a*, b* -> (bins,) share of each ab bin, each color counted for the four bins around it."""
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


def pull(logits: Floats, wanted: Floats, *, strength: float = 0.7, rounds: int = 6, most: float = 4.0) -> Floats:
    """Weigh the bins so that over the whole picture they occur about as often as `wanted`.

    Each place keeps its own opinion of what is likely there; only what is common in the picture changes. It is iterative
    proportional fitting (Deming and Stephan, 1940), damped.

    Args:
        logits: (bins, h, w).
        wanted: (bins,) shares, as `histogram` gives them.
        strength: 0 leaves the picture's own shares, 1 asks for those wanted.
        most: the largest weight of a bin, as a logarithm.

    Returns:
        (bins, h, w) logits.
    """
    count = len(logits)
    flat = logits.reshape(count, -1)
    own = likelihood(flat).mean(axis=1)
    target = strength * wanted + (1 - strength) * own + 1e-5
    weight = np.zeros(count, np.float32)
    for _ in range(rounds):
        now = likelihood(flat + weight[:, None]).mean(axis=1) + 1e-5
        weight = np.clip(weight + 0.7 * np.log(target / now), -most, most).astype(np.float32)
    return np.asarray(logits + weight[:, None, None], np.float32)


def suggestions(likely: Floats, lightness: float, count: int) -> list[Suggestion]:
    """The most probable colors of a place.

    Args:
        likely: (bins,) probabilities there.
        lightness: L* there, 0..100.
        count: at most so many.

    Returns:
        The most probable first; each stands for the bins round a peak, its color their mean brought into sRGB.
    """
    left, bins = likely.astype(np.float64).copy(), ab_bins()
    near = np.square(bins[:, None] - bins[None]).sum(axis=-1) <= NEAR**2
    peaks: list[tuple[float, npt.NDArray[np.float64]]] = []
    while len(peaks) < count and (not peaks or left.sum() > 0.02):
        group = near[int((near @ left).argmax())] & (left > 0)
        mass = left[group].sum()
        if mass <= 0:
            break
        peaks.append((float(mass), (left[group, None] * bins[group]).sum(axis=0) / mass))
        left[group] = 0
    total = sum(mass for mass, _ in peaks)
    found: dict[str, Suggestion] = {}
    for mass, ab in sorted(peaks, key=lambda peak: -peak[0]):
        inside = into_gamut(lightness, ab)
        rgb = np.rint(lab_to_rgb(np.array([lightness, *inside], np.float32)) * 255).astype(int)
        color = "#{:02x}{:02x}{:02x}".format(*rgb)
        known = found.get(color)  # two that the lightness makes the same are one
        found[color] = Suggestion(color, known.ab if known else inside, mass / total + (known.probability if known else 0))
    return sorted(found.values(), key=lambda s: -s.probability)


def into_gamut(lightness: float, ab: npt.NDArray[np.floating]) -> tuple[float, float]:
    """a*, b* with as much chroma as sRGB can show at this L* and hue."""
    table = gamut_chroma()
    chroma, hue = float(np.hypot(*ab)), float(np.degrees(np.arctan2(ab[1], ab[0]))) % 360
    row = int(np.clip(round(lightness / 100 * (table.shape[0] - 1)), 0, table.shape[0] - 1))
    limit = float(np.interp(hue, np.linspace(0, 360, table.shape[1]), table[row]))
    scale = min(1.0, limit / chroma) if chroma > 0 else 1.0
    return float(np.clip(ab[0] * scale, -AB_SCALE, AB_SCALE)), float(np.clip(ab[1] * scale, -AB_SCALE, AB_SCALE))
