"""Chroma from the network's cells to the photograph's full size, with the edges of its lightness.

`sharpen` takes the cells to about four times as many pixels a side, still few enough for NumPy; `guided` takes those to full size within
libvips' stream. `enlarge` is plain bilinear interpolation, the baseline for both. `recolor` puts chroma on a `Photo`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyvips

from ..color import L_SCALE
from ..photo import Photo
from ..resampling import area_resize, bilinear_resize
from .flow import CELL_WEIGHT, PLANE, box, guided_filter, near_cells, solve, variance
from .provenance import Record

__all__ = ["enlarge", "fidelity", "guided", "recolor", "sharpen", "slope"]

Floats = npt.NDArray[np.float32]

SLOPE_EPSILON = 3e-2
"""Regularization of the full-size guided filter: variance of L* / L_SCALE at which chroma follows lightness by half. Edges pass, texture doesn't."""
_GUIDE_FACTOR = 4
"""Guide pixels for each pixel of the middle size, a side; larger photographs are averaged to this first."""
_HALF_SIZE_FROM = 4
"""Shrink factor from which chroma stays at half the photograph's size: it is so smooth then that the difference can't be seen."""
BACK_PROJECTIONS = 2
GUESSED_FIDELITY = 0.2
"""Fidelity of `sharpen` to colors that a network guessed; chosen on validation pictures (docs/flagship-log.md)."""
GUESSED_FROM = 0.25
"""Vividness from which fidelity is `GUESSED_FIDELITY`."""


def recolor(photo: Photo, ab: Floats, lightness: Floats | None = None, *, record: Record | None = None) -> Photo:
    """A photograph with new chroma: its own full-size L*, alpha and metadata.

    Chroma follows the photograph's edges (`guided`). Colors outside sRGB lose chroma, not lightness or hue.

    Args:
        photo: the photograph.
        ab: (h, w, 2) a*, b* of any size.
        lightness: (h, w) `Photo.small_lightness` of that size, if it was computed already.
        record: how the colors were found; `Photo.save` writes it into the file.

    Returns:
        A lazy `Photo`, 16-bit if `photo` is, else 8-bit.

    Raises:
        PhotoError: the file is damaged.
        ValueError: `ab` is not (h, w, 2), or `lightness` is of another size.
    """
    _check(ab)
    light = photo.small_lightness(ab.shape[1], ab.shape[0]) if lightness is None else lightness
    lines = _lines(ab, np.ascontiguousarray(light, np.float32))  # once, however often the pixels are computed
    whole = _shrink(lines, photo.width, photo.height) == 1
    return photo.with_chroma(lambda full: _along(lines, full), record, lines if whole else None)


def fidelity(vividness: float) -> float:
    """Fidelity of `sharpen` to a network's colors: 1 to their mean (vividness 0), which has the least error, down to `GUESSED_FIDELITY`."""
    return 1 - (1 - GUESSED_FIDELITY) * min(1.0, vividness / GUESSED_FROM)


def sharpen(cells: npt.NDArray[np.floating], lightness: npt.NDArray[np.floating], keep: float = 1.0) -> Floats:
    """Enlarge the chroma of cells: smooth where lightness is smooth, with an edge where lightness has one.

    Colors diffuse between neighbors of similar lightness (`flow.solve`), a guided filter removes remaining grain, and back-projection
    (Irani and Peleg, "Improving Resolution by Image Registration", 1991) restores the means of the cells.

    Args:
        cells: (h, w, 2) a*, b*, each the mean over its part of the picture.
        lightness: (H, W) L* 0..100 of exactly the same area, at best four times as fine; multiples of h and w need no resampling.
        keep: 0..1, how far the cells' means are kept. Colors that were measured are right in each cell (1); colors that were guessed
            are better where they are smooth inside an object, and change where lightness has an edge (function `fidelity`).

    Returns:
        (H, W, 2) a*, b*, whose means over the cells are nearly `cells` if `keep` is 1.

    Raises:
        ValueError: other shapes.
    """
    light = _check(cells, lightness)
    wanted: Floats = np.ascontiguousarray(np.moveaxis(cells, -1, 0), np.float32)  # (2, h, w)
    height, width = (max(1, round(many / few)) * few for many, few in zip(light.shape, wanted.shape[1:], strict=True))
    ab = bilinear_resize(wanted, height, width, PLANE)  # (2, H, W)
    if ab.size > wanted.size:
        fitting = bilinear_resize(light, height, width) if light.shape != (height, width) else light
        ab = guided_filter(solve(ab, wanted, fitting, CELL_WEIGHT * keep), fitting)
        for _ in range(BACK_PROJECTIONS if keep == 1 else 0):
            ab += bilinear_resize(wanted - area_resize(ab, wanted.shape[1], wanted.shape[2], PLANE), height, width, PLANE)
        ab = near_cells(ab, wanted)
    if light.shape != (height, width):
        ab = bilinear_resize(ab, light.shape[0], light.shape[1], PLANE)
    return np.ascontiguousarray(np.moveaxis(ab, 0, -1))


def guided(ab: npt.NDArray[np.floating], lightness: npt.NDArray[np.floating], full: pyvips.Image) -> pyvips.Image:
    """Enlarge chroma to the size of a photograph, with sharp edges where its full-size lightness has them.

    A fast guided filter (He and Sun, "Fast Guided Filter", 2015): ab = A L + B around each pixel of the middle size, A and B enlarged
    bilinearly. A is reduced where ab doesn't follow L, which keeps texture and grain out of the colors; B makes the model exact at the
    middle size. A much larger photograph is averaged to `_GUIDE_FACTOR` times the middle size first, and its chroma enlarged bilinearly
    afterwards: that is faster, and suppresses grain.

    Args:
        ab: (H, W, 2) a*, b* of the middle size, as `sharpen` gives them.
        lightness: (H, W) L* 0..100 of the same pixels.
        full: one float band, L* 0..100, of the same area. It may be sequential: it is read once, from top to bottom. A caller
            that joins it with the result should put a ``linecache`` on it first, or libvips computes it twice.

    Returns:
        A lazy image of 2 float bands, of the size of `full`; of a large scan, half that size.

    Raises:
        ValueError: other shapes, or more bands.
    """
    light = _check(ab, lightness)
    if ab.shape[:2] != light.shape or full.bands != 1:
        raise ValueError(f"ab {ab.shape}, lightness {light.shape} and {full.bands} bands of full size don't belong together")
    return _along(_lines(ab, light), full)


def _lines(ab: npt.NDArray[np.floating], light: Floats) -> Floats:
    """(H, W, 4) slopes A and offsets B of a* and b* over L*: the model of `guided`."""
    values: Floats = np.ascontiguousarray(np.moveaxis(ab, -1, 0), np.float32)  # (2, H, W)
    steep = slope(values, light)
    return np.ascontiguousarray(np.moveaxis(np.concatenate([steep, values - steep * light]), 0, -1))


def _along(slopes: Floats, full: pyvips.Image) -> pyvips.Image:
    """The image that `guided` gives, from its model."""
    width, height = full.width, full.height
    rows, columns = slopes.shape[:2]
    shrink = _shrink(slopes, width, height)
    small = full.shrink(shrink, shrink, ceil=True) if shrink > 1 else full
    lines = _scaled(_image(slopes), columns / width * shrink, rows / height * shrink, small.width, small.height)
    color = lines.extract_band(0, n=2) * small + lines.extract_band(2, n=2)
    if shrink == 1:
        return color
    whole = 2 if shrink >= _HALF_SIZE_FROM else 1
    return _scaled(color, whole / shrink, whole / shrink, -(-width // whole), -(-height // whole))


def _shrink(slopes: Floats, width: int, height: int) -> int:
    """By how much a photograph of this size is averaged for `_along`, a side."""
    rows, columns = int(slopes.shape[0]), int(slopes.shape[1])
    return max(1, min(width // (columns * _GUIDE_FACTOR), height // (rows * _GUIDE_FACTOR)))


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
    _check(ab)
    if min(width, height) < 1:
        raise ValueError(f"cannot enlarge to {width} × {height} pixels")
    return _scaled(_image(ab), ab.shape[1] / width, ab.shape[0] / height, width, height)


def _check(ab: npt.NDArray[np.floating], lightness: npt.NDArray[np.floating] | None = None) -> Floats:
    """`lightness` as contiguous float32. Raises ValueError for wrong shapes."""
    if ab.ndim != 3 or ab.shape[2] != 2 or not ab.size:
        raise ValueError(f"ab must be (h, w, 2), not {ab.shape}")
    light = np.zeros((1, 1)) if lightness is None else lightness
    if light.ndim != 2 or not light.size:
        raise ValueError(f"lightness must be (H, W), not {light.shape}")
    return np.ascontiguousarray(light, np.float32)


def slope(ab: Floats, lightness: Floats) -> Floats:
    """Slope of ab over L* in the 3 × 3 pixels around each pixel, reduced by the share of variance that L* doesn't explain.

    Args:
        ab: (2, H, W) a*, b*.
        lightness: (H, W) L* 0..100.

    Returns:
        (2, H, W) units of a*, b* for one unit of L*.
    """
    light = lightness / np.float32(L_SCALE)
    spread = variance(light, 1)
    joint = box(ab * light, 1) - box(ab, 1) * box(light, 1)
    explained = (joint**2).sum(0) / ((spread + np.float32(1e-6)) * (variance(ab, 1).sum(0) + 1))  # 0..1
    found: Floats = box(joint / (spread + np.float32(SLOPE_EPSILON)) * explained**2, 1) / np.float32(L_SCALE)
    return found


def _image(values: npt.NDArray[np.floating]) -> pyvips.Image:
    """(H, W, C) as float bands; a copy."""
    height, width, bands = values.shape
    return pyvips.Image.new_from_memory(np.asarray(values, np.float32).tobytes(), width, height, bands, "float")


def _scaled(image: pyvips.Image, step_x: float, step_y: float, width: int, height: int) -> pyvips.Image:
    """Resample bilinearly to `width` × `height` pixels, each `step` pixels of `image` wide; edges replicated.

    Pixel centers lie at half-integers, as in `tinct.resampling`: a shift by part of a small pixel would show as a colored rim along every
    edge of the large picture.
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
