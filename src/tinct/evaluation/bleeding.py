"""How far colors bleed over edges where they are enlarged: true chroma, reduced to a network's size and enlarged again, beside the truth.

Only the enlarging is judged, not the network. Every error is quoted as a ratio to that of plain bilinear enlarging: below 1 is better.
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
from ..errors import DataError, PhotoError
from ..photo.photo import Photo
from .metrics import mean_and_error
from .picture_sets import Progress
from .protocol import area_resize

__all__ = ["KINDS", "MIDDLE", "SIDE", "edge_band", "errors", "measure_folder", "ratios"]

Floats = npt.NDArray[np.float32]

SIDE = 64
"""Pixels of the short side to which true chroma is reduced, as many as a network has cells."""
FINER = 4
"""The middle size has so many pixels for one of those, along each side."""
MIDDLE = FINER * SIDE
STRONGEST = 0.03
"""Part of the pixels, those with the strongest gradients of true chroma, that are edges."""
REACH = 3
"""Pixels from an edge that belong to its band."""
MOST = 2048
"""Pixels of the short side; larger pictures are reduced first."""
KINDS = ("edges", "everywhere", "gradients")
_MIN_CHROMA = 4.0


def ratios(rgb: npt.NDArray[np.uint8]) -> dict[str, float]:
    """The errors of `guide.sharpen` and `guide.guided`, each as a ratio to that of `guide.enlarge`, by `KINDS`.

    Args:
        rgb: (H, W, 3) sRGB 0..255, of at least `MIDDLE` pixels a side.
    """
    lab = rgb_to_lab(rgb)
    light, ab = np.ascontiguousarray(lab[..., 0]), lab[..., 1:]
    height, width = light.shape
    full = pyvips.Image.new_from_memory(light.tobytes(), width, height, 1, "float")
    h, w = (round(side * SIDE / min(height, width)) for side in (height, width))
    cells, middle = area_resize(ab, h, w), area_resize(light[..., None], h * FINER, w * FINER)[..., 0]
    ours: Floats = guided(sharpen(cells, middle), middle, full).numpy()
    plain: Floats = enlarge(cells, width, height).numpy()
    band = edge_band(ab)
    own, other = errors(ours, ab, band), errors(plain, ab, band)
    return {kind: own[kind] / other[kind] for kind in KINDS}


def errors(result: Floats, truth: Floats, band: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Three mean errors of chroma.

    Args:
        result: (H, W, 2) a*, b*.
        truth: (H, W, 2) a*, b*.
        band: (H, W), as `edge_band` gives it.

    Returns:
        ``edges``: the mean distance in the a*, b* plane within the band; ``everywhere``: that of all pixels; ``gradients``: the mean
        distance of the gradients, in a*, b* units a pixel, within the band.
    """
    away = result - truth
    distance, change = chroma(away), np.sqrt(_slopes(away))
    return {"edges": float(distance[band].mean()), "everywhere": float(distance.mean()), "gradients": float(change[band].mean())}


def edge_band(ab: Floats) -> npt.NDArray[np.bool_]:
    """(H, W, 2) true a*, b* -> (H, W): within `REACH` pixels of one of the `STRONGEST` gradients."""
    slopes = _slopes(ab)
    edges = (slopes >= np.quantile(slopes, 1 - STRONGEST)) & (slopes > 0)
    band: npt.NDArray[np.bool_] = maximum_filter(edges, 2 * REACH + 1)
    return band


def measure_folder(large: Path, tell: Progress) -> dict[str, Any]:
    """`ratios` of every color picture of a folder that is large enough.

    Returns:
        ``pictures``, ``dropped`` (reason -> how many), of each of `KINDS` the ``mean`` and its standard error ``se``, and ``rows``.

    Raises:
        DataError: there is no folder, or no picture to measure with.
    """
    from ..data.sources import find_source  # the package around it loads PyTorch

    source = find_source(str(large))
    rows: list[dict[str, Any]] = []
    dropped = {"broken": 0, "gray": 0, "small": 0}
    for done, (name, data) in enumerate(source.read()):
        tell("bleeding", done, source.count or 0)
        try:
            photo = Photo.open(data)
            scale = min(1.0, MOST / min(photo.size))
            rgb = photo.small_rgb(*(max(1, round(side * scale)) for side in photo.size))
        except PhotoError:
            dropped["broken"] += 1
            continue
        if min(rgb.shape[:2]) < MIDDLE:
            dropped["small"] += 1
        elif (colors := chroma(rgb_to_lab(rgb)[..., 1:])).mean() < _MIN_CHROMA or not np.ptp(colors):
            dropped["gray"] += 1
        else:
            rows.append({"name": name, **ratios(rgb)})
    if not rows:
        raise DataError(
            f"{large} holds no color picture of {MIDDLE} pixels a side to measure bleeding with; name others with --large."
        )
    figures = {kind: mean_and_error([row[kind] for row in rows]) for kind in KINDS}
    return {"source": str(large), "pictures": len(rows), "dropped": dropped, **figures, "rows": rows}


def _slopes(ab: Floats) -> Floats:
    """(H, W, 2) -> (H, W): the squared size of the gradient, over both directions and both bands."""
    down, right = np.gradient(ab, axis=(0, 1))
    slopes: Floats = (down**2 + right**2).sum(-1)
    return slopes
