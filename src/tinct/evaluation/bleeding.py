"""Color bleeding over edges when colors are upsampled: true chroma is reduced to a network's output size and upsampled again.

This judges the upsampling alone, not the network. Every error is a ratio to the error of bilinear upsampling: below 1 is better.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyvips
from scipy.ndimage import maximum_filter

from ..color import chroma, rgb_to_lab
from ..coloring.upsampling import enlarge, guided, sharpen
from ..data import Progress, find_source
from ..errors import DataError, PhotoError
from ..photo.photo import Photo
from ..resampling import area_resize
from .metrics import mean_and_error

__all__ = ["KINDS", "NETWORK_SIDE", "WORKING_SIDE", "edge_band", "errors", "measure_folder", "ratios"]

Floats = npt.NDArray[np.float32]

NETWORK_SIDE = 64
"""Short side, in pixels, to which true chroma is reduced: about that of the flagship's grid of color cells."""
WORKING_FACTOR = 4
WORKING_SIDE = WORKING_FACTOR * NETWORK_SIDE
"""Short side, in pixels, of the lightness that guides the first step of upsampling."""
EDGE_FRACTION = 0.03
"""Pixels that count as edges: this fraction, those with the largest gradients of true chroma."""
EDGE_RADIUS = 3
"""Pixels at most this far from an edge belong to its band."""
MAX_SIDE = 2048
"""Short side, in pixels, to which larger pictures are reduced first."""
KINDS = ("edges", "everywhere", "gradients")
MIN_CHROMA = 4.0
"""Pictures with a lower mean CIELAB chroma count as gray and are left out, as in the protocol."""


def ratios(rgb: npt.NDArray[np.uint8]) -> dict[str, float]:
    """Errors of `sharpen` and `guided` upsampling, each divided by the error of bilinear `enlarge`, by `KINDS`.

    Args:
        rgb: (H, W, 3) uint8 sRGB with sides of at least `WORKING_SIDE` pixels.
    """
    lab = rgb_to_lab(rgb)
    light, ab = np.ascontiguousarray(lab[..., 0]), lab[..., 1:]
    height, width = light.shape
    full = pyvips.Image.new_from_memory(light.tobytes(), width, height, 1, "float")
    h, w = (round(side * NETWORK_SIDE / min(height, width)) for side in (height, width))
    cells, middle = area_resize(ab, h, w), area_resize(light, h * WORKING_FACTOR, w * WORKING_FACTOR)
    ours: Floats = guided(sharpen(cells, middle), middle, full).numpy()
    plain: Floats = enlarge(cells, width, height).numpy()
    band = edge_band(ab)
    own, other = errors(ours, ab, band), errors(plain, ab, band)
    return {kind: own[kind] / other[kind] for kind in KINDS}


def errors(result: Floats, truth: Floats, band: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Three mean errors in the a*, b* plane.

    Args:
        result: (H, W, 2) a*, b*.
        truth: (H, W, 2) a*, b*.
        band: (H, W) mask, as `edge_band` gives it.

    Returns:
        ``edges``: mean distance within the band; ``everywhere``: mean distance of all pixels; ``gradients``: mean distance of the
        spatial gradients within the band, in a*, b* units per pixel.
    """
    difference = result - truth
    distance, slope = chroma(difference), np.sqrt(_squared_gradient(difference))
    return {"edges": float(distance[band].mean()), "everywhere": float(distance.mean()), "gradients": float(slope[band].mean())}


def edge_band(ab: Floats) -> npt.NDArray[np.bool_]:
    """(H, W, 2) true a*, b* -> (H, W) mask of the pixels within `EDGE_RADIUS` of an edge, see `EDGE_FRACTION`."""
    slopes = _squared_gradient(ab)
    edges = (slopes >= np.quantile(slopes, 1 - EDGE_FRACTION)) & (slopes > 0)
    band: npt.NDArray[np.bool_] = maximum_filter(edges, 2 * EDGE_RADIUS + 1)
    return band


def measure_folder(large: Path, tell: Progress) -> dict[str, Any]:
    """`ratios` of every color picture in a folder with sides of at least `WORKING_SIDE` pixels.

    Returns:
        ``source``, ``pictures`` (number), ``dropped`` (reason -> number), for each of `KINDS` its ``mean`` and standard error ``se``, and
        ``rows``, one a picture.

    Raises:
        DataError: there is no folder, or no picture to measure with.
    """
    source = find_source(str(large))
    rows: list[dict[str, Any]] = []
    dropped = {"broken": 0, "gray": 0, "small": 0}
    for done, (name, data) in enumerate(source.read()):
        tell("bleeding", done, source.count or 0)
        try:
            photo = Photo.open(data)
            scale = min(1.0, MAX_SIDE / min(photo.size))
            rgb = photo.small_rgb(*(max(1, round(side * scale)) for side in photo.size))
        except PhotoError:
            dropped["broken"] += 1
            continue
        if min(rgb.shape[:2]) < WORKING_SIDE:
            dropped["small"] += 1
        elif (colors := chroma(rgb_to_lab(rgb)[..., 1:])).mean() < MIN_CHROMA or not np.ptp(colors):
            dropped["gray"] += 1
        else:
            rows.append({"name": name, **ratios(rgb)})
    if not rows:
        raise DataError(
            f"{large} holds no color picture with sides of {WORKING_SIDE} pixels or more, so bleeding can't be measured.",
            code="no-large-pictures",
            path=large,
        )
    figures = {kind: mean_and_error([row[kind] for row in rows]) for kind in KINDS}
    return {"source": str(large), "pictures": len(rows), "dropped": dropped, **figures, "rows": rows}


def _squared_gradient(ab: Floats) -> Floats:
    """(H, W, 2) -> (H, W): the squared norm of the gradient, over both directions and both bands."""
    down, right = np.gradient(ab, axis=(0, 1))
    slopes: Floats = (down**2 + right**2).sum(-1)
    return slopes
