"""Chroma from the network's few cells to the photograph's full size, along the edges that its lightness shows.

`sharpen` spreads the cells over about four times as many pixels a side, still few enough for NumPy; `guided` takes those to full size
within libvips' stream. `enlarge` is the plain bilinear way, with which the two are compared.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyvips

from ..color import L_SCALE
from .flow import bounds, box, flow, line, means, resize, variance

__all__ = ["enlarge", "guided", "sharpen"]

Floats = npt.NDArray[np.float32]

_COARSE = 3e-2
"""Variance of L* / L_SCALE up to which colors follow the full-size lightness by less than half: what is left is edges, not texture."""
_DETAIL = 4
"""Colors follow a lightness of so many pixels for each pixel of the middle size; that of larger photographs is averaged first."""
_LARGE = 4
"""Times that a photograph is shrunk from which on its colors stay at half its size: they are so smooth then that none can see it."""
_RETURNS = 2


def sharpen(cells: npt.NDArray[np.floating], lightness: npt.NDArray[np.floating]) -> Floats:
    """Spread the colors of cells over finer pixels: evenly where lightness is even, with an edge where it has one.

    Colors flow between neighbors of like lightness (see `_flow.flow`), a guided filter makes smooth what is left of grain, and
    back-projection (Irani and Peleg, "Improving Resolution by Image Registration", 1991) gives the cells their means again.

    Args:
        cells: (h, w, 2) a*, b*, each the mean over its part of the picture.
        lightness: (H, W) L* 0..100 of exactly the same area, at best four times as fine; multiples of h and w need no resampling.

    Returns:
        (H, W, 2) a*, b*, whose means over the cells are nearly `cells`.

    Raises:
        ValueError: other shapes.
    """
    light = _checked(cells, lightness)
    wanted: Floats = np.ascontiguousarray(np.moveaxis(cells, -1, 0), np.float32)  # (2, h, w)
    height, width = (max(1, round(many / few)) * few for many, few in zip(light.shape, wanted.shape[1:], strict=True))
    ab = resize(wanted, height, width)  # (2, H, W)
    if ab.size > wanted.size:
        fitting = resize(light, height, width) if light.shape != (height, width) else light
        ab = line(flow(ab, wanted, fitting), fitting)
        for _ in range(_RETURNS):
            ab += resize(wanted - means(ab, wanted.shape), height, width)
        ab = np.clip(ab, *bounds(wanted, height, width))
    if light.shape != (height, width):
        ab = resize(ab, *light.shape)
    return np.ascontiguousarray(np.moveaxis(ab, 0, -1))


def guided(ab: npt.NDArray[np.floating], lightness: npt.NDArray[np.floating], full: pyvips.Image) -> pyvips.Image:
    """Enlarge chroma to the size of a photograph, with sharp edges where its full-size lightness has them.

    A fast guided filter (He and Sun, "Fast Guided Filter", 2015): ab = A L + B round every pixel of the middle size, with A and B
    enlarged bilinearly. A is reduced where ab doesn't follow L, so that texture and grain keep out of the colors; B makes the model
    exact at the middle size. A much larger photograph is averaged to `_DETAIL` times the middle size before and its colors are enlarged
    bilinearly after: that is faster, and evens out grain.

    Args:
        ab: (H, W, 2) a*, b* of the middle size, as `sharpen` gives them.
        lightness: (H, W) L* 0..100 of the same pixels.
        full: one float band, L* 0..100, of the same area. It may be sequential: it is read once, from top to bottom. Whoever joins it
            to the result should put a ``linecache`` on it first, else both compute it.

    Returns:
        A lazy image of 2 float bands, of the size of `full`; of a large scan, each of its pixels stands for two by two.

    Raises:
        ValueError: other shapes, or more bands.
    """
    light = _checked(ab, lightness)
    if ab.shape[:2] != light.shape or full.bands != 1:
        raise ValueError(f"ab {ab.shape}, lightness {light.shape} and {full.bands} bands of full size don't belong together")
    values: Floats = np.ascontiguousarray(np.moveaxis(ab, -1, 0), np.float32)  # (2, H, W)
    slope = _slope(values, light)
    lines = _image(np.moveaxis(np.concatenate([slope, values - slope * light]), 0, -1))
    width, height = full.width, full.height
    shrink = max(1, min(width // (light.shape[1] * _DETAIL), height // (light.shape[0] * _DETAIL)))
    small = full.shrink(shrink, shrink, ceil=True) if shrink > 1 else full
    step_x, step_y = light.shape[1] / width * shrink, light.shape[0] / height * shrink
    lines = _scaled(lines, step_x, step_y, small.width, small.height)
    color = lines.extract_band(0, n=2) * small + lines.extract_band(2, n=2)
    if shrink == 1:
        return color
    whole = 2 if shrink >= _LARGE else 1
    return _scaled(color, whole / shrink, whole / shrink, -(-width // whole), -(-height // whole))


def enlarge(ab: npt.NDArray[np.floating], width: int, height: int) -> pyvips.Image:
    """Enlarge chroma bilinearly, both pictures covering the same area and edges replicated.

    Args:
        ab: (h, w, 2) a*, b*.
        width: of the result, in pixels.
        height: of the result, in pixels.

    Returns:
        A lazy image of 2 float bands, `width` × `height`.

    Raises:
        ValueError: `ab` is not (h, w, 2), or a side is below 1.
    """
    _checked(ab)
    if min(width, height) < 1:
        raise ValueError(f"cannot enlarge to {width} × {height} pixels")
    return _scaled(_image(ab), ab.shape[1] / width, ab.shape[0] / height, width, height)


def _checked(ab: npt.NDArray[np.floating], lightness: npt.NDArray[np.floating] | None = None) -> Floats:
    """`lightness` as float32."""
    if ab.ndim != 3 or ab.shape[2] != 2 or not ab.size:
        raise ValueError(f"ab must be (h, w, 2), not {ab.shape}")
    light = np.zeros((1, 1)) if lightness is None else lightness
    if light.ndim != 2 or not light.size:
        raise ValueError(f"lightness must be (H, W), not {light.shape}")
    return np.ascontiguousarray(light, np.float32)


def _slope(ab: Floats, light: Floats) -> Floats:
    """(2, H, W) change of ab for each unit of L* in the 3 × 3 round each pixel, less the less L* explains of it."""
    light = light / np.float32(L_SCALE)
    spread = variance(light, 1)
    joint = box(ab * light, 1) - box(ab, 1) * box(light, 1)
    explained = (joint**2).sum(0) / ((spread + np.float32(1e-6)) * (variance(ab, 1).sum(0) + 1))  # 0..1
    slope: Floats = box(joint / (spread + np.float32(_COARSE)) * explained**2, 1) / np.float32(L_SCALE)
    return slope


def _image(values: npt.NDArray[np.floating]) -> pyvips.Image:
    """(H, W, C) as float bands; a copy."""
    height, width, bands = values.shape
    return pyvips.Image.new_from_memory(np.asarray(values, np.float32).tobytes(), width, height, bands, "float")


def _scaled(image: pyvips.Image, step_x: float, step_y: float, width: int, height: int) -> pyvips.Image:
    """`width` × `height` pixels, each `step` of those of `image` wide, from the top left corner on: bilinear, edges replicated.

    Pixel centers lie at half-integers, as in ``cv2.resize`` and ``skimage.transform.resize(order=1, mode="edge")``: a shift by
    part of a small pixel would show as a colored rim along every edge of the large picture.
    """
    # vips puts pixel centers at integers: output x samples input (x + 0.5) * step - 0.5 = x * step - (0.5 - step / 2)
    return image.affine(
        [1 / step_x, 0, 0, 1 / step_y],
        interpolate=pyvips.Interpolate.new("bilinear"),
        oarea=[0, 0, width, height],
        idx=0.5 - step_x / 2,
        idy=0.5 - step_y / 2,
        extend="copy",
    )
