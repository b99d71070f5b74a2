"""How steady the colors of a film are. Frames are (H, W, 3) uint8 sRGB; motion is given, as arrays: nothing is estimated here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from ..color import rgb_to_lab
from .metrics import ciede2000

__all__ = ["CDC_DISTANCES", "aligned_difference", "cdc", "flicker", "jensen_shannon", "warp"]

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]

CDC_DISTANCES = (1, 2, 4)
"""Distances in frames of "Temporally Consistent Video Colorization" (Liu et al., 2021)."""


def warp(picture: Floats, flow: Floats) -> Floats:
    """A picture sampled bilinearly where a motion field points to.

    Args:
        picture: (H, W, C).
        flow: (h, w, 2) x and y in pixels to add to a pixel's own position; positions outside the picture take its nearest pixel.

    Returns:
        (h, w, C) float32.
    """
    height, width = picture.shape[:2]
    rows, columns = np.indices(flow.shape[:2], dtype=np.float32)
    x = np.clip(columns + flow[..., 0], 0, width - 1)
    y = np.clip(rows + flow[..., 1], 0, height - 1)
    left = np.minimum(x.astype(np.intp), max(width - 2, 0))
    top = np.minimum(y.astype(np.intp), max(height - 2, 0))
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    u, v = (x - left)[..., None].astype(np.float32), (y - top)[..., None].astype(np.float32)
    above = picture[top, left] * (1 - u) + picture[top, right] * u
    below = picture[bottom, left] * (1 - u) + picture[bottom, right] * u
    return np.asarray(above * (1 - v) + below * v, np.float32)


def aligned_difference(frame: Bytes, other: Bytes, flow: Floats, mask: Mask, *, lightness: bool = True) -> float:
    """Mean CIEDE2000 between a frame and another one that is warped onto it.

    The other frame is warped in CIELAB, so that interpolation doesn't mix lightness into color.

    Args:
        frame: (H, W, 3).
        other: (H, W, 3).
        flow: (H, W, 2) from the pixels of `frame` to their positions in `other`, x and y in pixels.
        mask: (H, W) pixels that are seen in both; at least one.
        lightness: False gives the warped frame the lightness of `frame`, so that only a* and b* differ: what interpolation, grain and
            the exposure do to lightness would otherwise make up most of the difference.
    """
    return _lab_difference(rgb_to_lab(frame), rgb_to_lab(other), flow, mask, lightness)


def flicker(
    frames: Sequence[Bytes], flows: Iterable[Floats | None], masks: Iterable[Mask | None], *, lightness: bool = True
) -> float:
    """Mean CIEDE2000 between neighboring frames that are aligned by motion, over the pixels seen in both.

    A pair's difference is the mean over its pixels; the result is the mean over pairs.

    Args:
        frames: (H, W, 3) each.
        flows: for each frame but the first, (H, W, 2) from its pixels to their positions in the frame before, x and y in pixels. None
            leaves the pair out: a cut.
        masks: for each frame but the first, (H, W) pixels that are also seen in the frame before. None, or a mask without any pixel,
            leaves the pair out.
        lightness: as in `aligned_difference`.

    Raises:
        ValueError: no pair is left.
    """
    found: list[float] = []
    before = rgb_to_lab(frames[0])
    for frame, flow, mask in zip(frames[1:], flows, masks, strict=True):
        lab = rgb_to_lab(frame)
        if flow is not None and mask is not None and mask.any():
            found.append(_lab_difference(lab, before, flow, mask, lightness))
        before = lab
    if not found:
        raise ValueError("no pixel is seen in two neighboring frames")
    return float(np.mean(found))


def cdc(frames: Sequence[Bytes], distances: Sequence[int] = CDC_DISTANCES) -> float:
    """Color distribution consistency (Liu et al., "Temporally Consistent Video Colorization with Deep Feature Propagation and Self-Regularization Learning", 2021).

    For a distance t, CDC_t = 1 / (3 (N - t)) · Σ_c Σ_i JS(P_c(i), P_c(i + t)) over the channels c = R, G, B and the frames i, where P_c(i)
    is the channel's normalized histogram of 256 bins and JS the Jensen–Shannon divergence in nats. The result is the mean over distances:
    0 if the histograms don't change. What moves into the frame changes them, too, so a result is compared with that of the true colors.

    Args:
        frames: (H, W, 3) each, of one shot.
        distances: in frames; those that are not below the number of frames are left out.

    Raises:
        ValueError: no distance is below the number of frames.
    """
    usable = [distance for distance in distances if 0 < distance < len(frames)]
    if not usable:
        raise ValueError(f"{len(frames)} frames are too few for the distances {', '.join(map(str, distances))}")
    histograms = np.array([[np.bincount(frame[..., c].ravel(), minlength=256) for c in range(3)] for frame in frames], np.float64)
    histograms /= histograms.sum(axis=-1, keepdims=True)
    return float(np.mean([jensen_shannon(histograms[distance:], histograms[:-distance]).mean() for distance in usable]))


def jensen_shannon(p: Floats, q: Floats) -> Floats:
    """Jensen–Shannon divergence of normalized histograms (..., bins) in nats: 0 for equal ones, ln 2 where they have no bin in common."""
    middle = (p + q) / 2
    return np.asarray((_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2)


def _relative_entropy(p: Floats, q: Floats) -> Floats:
    """Σ p ln(p / q), where q is above 0 wherever p is."""
    used = p > 0
    ratio = np.divide(p, q, out=np.ones_like(p), where=used)
    return np.asarray((p * np.log(ratio)).sum(axis=-1))


def _lab_difference(lab: Floats, other: Floats, flow: Floats, mask: Mask, lightness: bool) -> float:
    one, warped = lab[mask], warp(other, flow)[mask]
    if not lightness:
        warped[:, 0] = one[:, 0]
    return ciede2000(one, warped)
