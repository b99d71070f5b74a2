"""sRGB and CIELAB, and the only scaling constants of network inputs and outputs.

CIELAB here is CIE 1976 L*a*b* under D65 with the 2 degree observer, of colors encoded in sRGB (IEC 61966-2-1): the same numbers
that scikit-image and libvips compute. Arrays are (..., 3), floating point unless said otherwise.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

__all__ = [
    "AB_SCALE",
    "BIN_STEP",
    "GREEN_FOR_RED",
    "L_SCALE",
    "XYZ_TO_RGB",
    "ab_bins",
    "chroma",
    "encode",
    "expand",
    "gamut_chroma",
    "lab_to_rgb",
    "lightness",
    "rgb_to_lab",
]

Floats = npt.NDArray[np.float32]

L_SCALE = 100.0
"""L* runs from 0 (black) to 100 (white); networks see L* / L_SCALE, 0..1."""
AB_SCALE = 110.0
"""sRGB's a* and b* stay within ±110 (b* from -107.9 to 94.5, a* from -86.2 to 98.3); networks give a*, b* / AB_SCALE."""
BIN_STEP = 10
"""Distance of neighboring ab bins along a* and b*."""

_RGB_TO_XYZ = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
)
GREEN_FOR_RED = float(_RGB_TO_XYZ[1, 0] / _RGB_TO_XYZ[1, 1])
"""Linear green with the same luminance as one unit of linear red."""
_WHITE = np.array([0.95047, 1.0, 1.08883])  # D65, 2 degrees
_TO_XYZ = (_RGB_TO_XYZ / _WHITE[:, None]).T.astype(np.float32)  # rows of linear RGB -> XYZ / white
XYZ_TO_RGB: Floats = np.linalg.inv(_RGB_TO_XYZ / _WHITE[:, None]).T.astype(np.float32)
"""(3, 3): rows X / Xn, Y / Yn, Z / Zn, columns linear R, G, B."""
_EPSILON = np.float32(0.008856)  # below (6/29)^3 the cube root gives way to a line
_KAPPA = np.float32(7.787)


def _decode(encoded: Floats) -> Floats:
    """sRGB code values 0..1 -> linear light 0..1."""
    return np.where(encoded > 0.04045, ((encoded + 0.055) / 1.055) ** 2.4, encoded / 12.92).astype(np.float32)


_DECODE_8BIT: Floats = _decode((np.arange(256) / 255).astype(np.float32))


def _linear(rgb: npt.NDArray[np.generic]) -> Floats:
    """(..., 3) uint8 0..255 or floating point 0..1 -> linear light 0..1. Raises TypeError for other types."""
    if rgb.dtype == np.uint8:
        linear: Floats = _DECODE_8BIT[rgb]
        return linear
    if rgb.dtype.kind != "f":
        raise TypeError(f"sRGB values must be uint8 (0..255) or floating point (0..1), not {rgb.dtype}")
    return _decode(rgb.astype(np.float32))


def _compress(t: Floats) -> Floats:
    return np.where(t > _EPSILON, np.cbrt(t), _KAPPA * t + np.float32(16 / 116)).astype(np.float32)


def expand(f: npt.NDArray[np.floating]) -> Floats:
    """The inverse of CIELAB's f: f(X / Xn) -> X / Xn, of arrays of at least one dimension."""
    found = f * f
    found *= f
    if (dark := f <= 0.2068966).any():
        np.copyto(found, (f - np.float32(16 / 116)) / _KAPPA, where=dark)
    return np.asarray(found, np.float32)


def rgb_to_lab(rgb: npt.NDArray[np.generic]) -> Floats:
    """sRGB to CIELAB.

    Args:
        rgb: (..., 3), uint8 0..255 or floating point 0..1.

    Returns:
        (..., 3) float32: L* 0..100, a* and b* about ±110.
    """
    f = _compress(_linear(rgb) @ _TO_XYZ)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


def lightness(rgb: npt.NDArray[np.generic]) -> Floats:
    """L* alone: (..., 3) uint8 0..255 or floating point 0..1 -> (...) float32, 0..100."""
    return (116 * _compress(_linear(rgb) @ _TO_XYZ[:, 1]) - 16).astype(np.float32)


def lab_to_linear(lab: npt.NDArray[np.floating]) -> Floats:
    """CIELAB to linear RGB, unclipped: outside 0..1 where sRGB has no such color."""
    lab = lab.astype(np.float32)
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    return np.asarray(expand(f) @ XYZ_TO_RGB, dtype=np.float32)


def lab_to_rgb(lab: npt.NDArray[np.floating]) -> Floats:
    """CIELAB to sRGB, clipped per channel.

    Args:
        lab: (..., 3), L* 0..100, a* and b* about ±110.

    Returns:
        (..., 3) float32, 0..1.
    """
    return np.clip(encode(np.clip(lab_to_linear(lab), 0, 1)), 0, 1)


def encode(linear: Floats) -> Floats:
    """Linear light 0..1 -> sRGB 0..1."""
    found = np.where(linear > 0.0031308, 1.055 * linear ** np.float32(1 / 2.4) - 0.055, 12.92 * linear)
    return np.asarray(found, np.float32)


def chroma(ab: npt.NDArray[np.floating]) -> Floats:
    """Distance from gray: (..., 2) a*, b* -> (...) C*ab."""
    return np.asarray(np.hypot(ab[..., 0], ab[..., 1]), np.float32)


@cache
def gamut_chroma(steps_l: int = 201, steps_h: int = 721) -> Floats:
    """The largest chroma that sRGB can show at each lightness and hue.

    Reducing a color's chroma to this bound keeps its L* and hue, where clipping RGB would change both.

    Returns:
        (steps_l, steps_h) float32 C*ab; rows run over L* 0..100, columns over hue 0..360 degrees, ends included.
    """
    l_star = np.linspace(0, 100, steps_l, dtype=np.float32)[:, None]
    hue = np.radians(np.linspace(0, 360, steps_h, dtype=np.float32))[None, :]
    table = np.concatenate([_gamut_rows(l_star[i : i + _GAMUT_ROWS], hue) for i in range(0, steps_l, _GAMUT_ROWS)])
    table[0] = table[-1] = 0  # black and white have no color
    table.setflags(write=False)
    return table


_GAMUT_ROWS = 16
"""Rows of the table that are computed together: with all of them at once the planes leave the processor's cache, which takes twice the time."""


def _gamut_rows(l_star: Floats, hue: Floats) -> Floats:
    """(n, steps_h) rows of `gamut_chroma`, of (n, 1) L* and (1, steps_h) hues in radians."""
    a, b = np.cos(hue) / 500, np.sin(hue) / 200
    level = (l_star + 16) / 116
    y = expand(level)
    # Between light gray and pure yellow, linear red exceeds 1 by up to 3 %, while pure yellow itself is in sRGB. Stopping at the excess
    # would make yellow pale; instead red may exceed 1 as long as green can take over its luminance (`photo.pixels` does that).
    most_red = np.where(l_star > 94, np.float32(1.031), np.float32(1)) + np.float32(1e-4)
    low = np.zeros((len(l_star), hue.shape[1]), np.float32)
    step = np.float32(140)
    for _ in range(12):  # bisection: 140 / 2**12 is a tenth of an 8-bit rounding step
        step /= 2
        middle = low + step
        x, z = expand(level + middle * a), expand(level - middle * b)
        red, green, blue = (XYZ_TO_RGB[0, i] * x + XYZ_TO_RGB[1, i] * y + XYZ_TO_RGB[2, i] * z for i in range(3))
        inside = (np.minimum(np.minimum(red, green), blue) > -1e-5) & (red < most_red)
        inside &= np.maximum(green + np.maximum(red - 1, 0) * np.float32(GREEN_FOR_RED), blue) < 1 + 1e-4
        low += inside * step
    return low


# a* -> lowest and highest b* of the bins, in steps: corners of the grid cells that the sRGB gamut touches. A test computes them again.
_BINS = {
    -9: (5, 9), -8: (2, 9), -7: (0, 9), -6: (-2, 9), -5: (-3, 10), -4: (-4, 10), -3: (-4, 10), -2: (-5, 10), -1: (-6, 10), 0: (-7, 10),
    1: (-8, 9), 2: (-8, 9), 3: (-9, 8), 4: (-10, 8), 5: (-10, 8), 6: (-11, 8), 7: (-11, 8), 8: (-11, 7), 9: (-11, 7), 10: (-8, -2),
}  # fmt: skip


@cache
def ab_bins() -> Floats:
    """The ab bins: points of a square grid over the a*, b* plane, such that every sRGB color lies in a cell between four of them.

    A color is shared by the four bins around it with the weights of bilinear interpolation, so their weighted mean is the color itself.
    Zhang et al. (2016) use the 313 grid cells that sRGB touches; here bins are the corners of cells.

    Returns:
        (bins, 2) float32 a*, b*, multiples of `BIN_STEP`.
    """
    bins: Floats = np.array([(a, b) for a, (low, high) in _BINS.items() for b in range(low, high + 1)], np.float32) * BIN_STEP
    bins.setflags(write=False)
    return bins
