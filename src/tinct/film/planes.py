"""From colors at the network's working size to the chroma planes of a frame. Luma stays the film's own.

Chroma follows the frame's edges as in a photograph (`coloring.upsampling`): around each small pixel it is a linear function of luma, whose
two coefficients are enlarged bilinearly. Where a color can't be shown at its luma, it loses chroma, not hue.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from ..color import L_SCALE, chroma, gamut_chroma, lightness
from ..coloring.upsampling import slope
from .frames import ColorTags, Samples

__all__ = ["WEIGHTS", "chroma_planes", "eight_bits", "gray_levels", "small_gray"]

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}
"""Weights of R' and B' in luma by `ColorTags.matrix` (ITU-R BT.601, BT.709, BT.2020); that of G' is the rest."""
_AB_UNITS = np.float32(220)
"""Factor from chroma of -0.5..0.5 to about the range of a*, b*, for which `slope` has its constants."""


def gray_levels(samples: npt.NDArray[np.generic], color: ColorTags) -> Floats:
    """Luma code values -> 0..1, black to white; values beyond either are clipped."""
    unit = 1 << (color.depth - 8)
    low, span = (0, (1 << color.depth) - 1) if color.full_range else (16 * unit, 219 * unit)
    return np.asarray(np.clip((samples.astype(np.float32) - np.float32(low)) / np.float32(span), 0, 1), np.float32)


def small_gray(luma: Samples, color: ColorTags, size: tuple[int, int]) -> Floats:
    """(height, width) gray levels 0..1 of a whole frame at a smaller size, (width, height)."""
    return gray_levels(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), color)


def eight_bits(gray: Floats) -> Bytes:
    """Gray levels 0..1 -> 0..255."""
    return np.asarray(np.rint(gray * 255), np.uint8)


def chroma_planes(ab: Floats, gray: Floats, luma: Samples, color: ColorTags, shape: tuple[int, int]) -> tuple[Samples, Samples]:
    """The chroma planes of a frame.

    Args:
        ab: (h, w, 2) a*, b* at the working size.
        gray: (h, w) gray levels 0..1 of the same pixels, as `small_gray` gives them.
        luma: (H, W) code values of the full-size frame.
        color: what they mean.
        shape: rows and columns of the planes.

    Returns:
        Cb and Cr in code values, of the type of `luma`.
    """
    red, blue = WEIGHTS[color.matrix]
    factors = np.array([2 * (1 - blue), 2 * (1 - red)], np.float32)  # B' - Y' = factors[0] Cb, R' - Y' = factors[1] Cr
    small = np.moveaxis(_chroma(ab, gray, (red, blue), factors), -1, 0)  # (2, h, w)
    coefficient = slope(small * _AB_UNITS, gray * np.float32(L_SCALE)) * np.float32(L_SCALE) / _AB_UNITS
    lines = np.ascontiguousarray(np.moveaxis(np.concatenate([coefficient, small - coefficient * gray]), 0, -1))
    rows, columns = shape
    lines = cv2.resize(lines, (columns, rows), interpolation=cv2.INTER_LINEAR)
    level = gray_levels(cv2.resize(luma, (columns, rows), interpolation=cv2.INTER_AREA), color)
    cb, cr = (lines[..., i] * level + lines[..., i + 2] for i in (0, 1))
    share = _showable(level, factors[0] * cb, factors[1] * cr, (red, blue))
    unit = 1 << (color.depth - 8)
    span, top = ((1 << color.depth) - 1, (1 << color.depth) - 1) if color.full_range else (224 * unit, 240 * unit)
    low = 0 if color.full_range else 16 * unit
    coded = [np.clip(np.rint(plane * share * np.float32(span) + np.float32(128 * unit)), low, top) for plane in (cb, cr)]
    kind = np.uint8 if color.depth == 8 else np.uint16
    return coded[0].astype(kind), coded[1].astype(kind)


def _chroma(ab: Floats, gray: Floats, weights: tuple[float, float], factors: Floats) -> Floats:
    """(h, w, 2) Cb, Cr of -0.5..0.5 at the luma of `gray`."""
    light = lightness(np.repeat(gray[..., None], 3, axis=-1))
    rgb = cv2.cvtColor(np.dstack([light, _in_gamut(ab, light)]).astype(np.float32), cv2.COLOR_Lab2RGB)
    red, blue = weights
    luma = rgb @ np.array([red, 1 - red - blue, blue], np.float32)
    return np.asarray(np.stack([rgb[..., 2] - luma, rgb[..., 0] - luma], axis=-1) / factors, np.float32)


def _in_gamut(ab: Floats, light: Floats) -> Floats:
    """Colors that sRGB can't show at their lightness L* get less chroma; OpenCV would clip them, which changes their hue."""
    table = gamut_chroma()
    rows, columns = table.shape
    hue = np.degrees(np.arctan2(ab[..., 1], ab[..., 0])) % 360
    row = np.rint(light * np.float32((rows - 1) / L_SCALE)).astype(np.intp)
    column = np.rint(hue * np.float32((columns - 1) / 360)).astype(np.intp)
    share = np.minimum(1, table[row, column] / np.maximum(chroma(ab), np.float32(1e-6)))
    return np.asarray(ab * share[..., None], np.float32)


def _showable(level: Floats, blue: Floats, red: Floats, weights: tuple[float, float]) -> Floats:
    """(h, w) 0..1: the share of chroma that can be shown at each gray level; `blue` and `red` are B' - Y' and R' - Y'."""
    green = (blue * np.float32(weights[1]) + red * np.float32(weights[0])) / np.float32(sum(weights) - 1)
    most = np.maximum(np.maximum(blue, red), green)
    least = np.minimum(np.minimum(blue, red), green)
    tiny = np.float32(1e-6)
    return np.asarray(np.minimum(1, np.minimum((1 - level) / np.maximum(most, tiny), level / np.maximum(-least, tiny))), np.float32)
