"""Operations on a photograph's pixels: lazy libvips images in, lazy images out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, reduce

import numpy as np
import numpy.typing as npt
import pyvips

from ..color import GREEN_FOR_RED, gamut_chroma, lightness

__all__ = ["KINDS", "alpha8", "full_lightness", "paint", "rgb8", "rgb16", "side_by_side", "split", "to_8bit", "with_chroma"]

KINDS = {"b-w": 1, "grey16": 1, "srgb": 3, "rgb16": 3, "cmyk": 4}
"""libvips interpretations of photographs -> number of color bands."""
_MAX_SAMPLE = {"uchar": 255, "ushort": 65535}
"""libvips formats of photographs -> value of white, and of opaque."""


def with_chroma(image: pyvips.Image, color_of: Callable[[pyvips.Image], pyvips.Image]) -> pyvips.Image:
    """An image with new chroma, its own L* and alpha.

    Args:
        image: gray or sRGB, 8 or 16 bits, perhaps with alpha.
        color_of: from L*, one float band, to a*, b*, two float bands of the same size or half of it.

    Returns:
        sRGB of the same depth.
    """
    color, alpha = split(image)
    light = full_lightness(color)
    if color.bands > 1:  # otherwise libvips would compute it once for each consumer
        light = light.linecache(tile_height=16, access="sequential", threaded=True)
    lab = light.bandjoin(_within_srgb(light, color_of(light))).copy(interpretation="lab")
    rgb = _level(lab.colourspace("scrgb")).colourspace("rgb16") if color.format == "ushort" else lab.colourspace("srgb")
    return rgb.copy() if alpha is None else rgb.bandjoin(alpha)


def full_lightness(color: pyvips.Image) -> pyvips.Image:
    """L*, one float band, of a gray or sRGB image without alpha."""
    return color.maplut(_lightness_table(color.format)) if color.bands == 1 else color.colourspace("lab")[0]


@cache
def _lightness_table(kind: str) -> pyvips.Image:
    grays = np.linspace(0, 1, 65536 if kind == "ushort" else 256)
    table = lightness(np.repeat(grays[:, None], 3, axis=1))
    return pyvips.Image.new_from_memory(table.tobytes(), len(table), 1, 1, "float")


def paint(before: pyvips.Image, after: pyvips.Image) -> pyvips.Image:
    """The layer that turns one image into another when it lies over it, each pixel as transparent as possible.

    Args:
        before: gray or sRGB.
        after: sRGB of the same size and depth.

    Returns:
        RGBA of that depth. Nothing is painted where both are equal, or `after` is transparent.
    """
    now, alpha = split(after)
    white, ground = _MAX_SAMPLE[now.format], split(before)[0]
    lightest = darkest = now
    if ground.bands == 1:  # only the two extreme bands count, and they are computed faster than three
        lightest, darkest = (reduce(choose, now.bandsplit()) for choose in (pyvips.Image.maxpair, pyvips.Image.minpair))
    lighter, darker = lightest - ground, ground - darkest
    if white > 255:  # the round trip through L* is off by a few, which would need opaque paint on black and white
        lighter, darker = ((change > 8).ifthenelse(change, 0) for change in (lighter, darker))
    # The opacity needed for a band: its change as a part of the change that opaque paint could make. libvips' x / 0 is 0.
    needed = reduce(pyvips.Image.maxpair, (lighter / (white - ground)).maxpair(darker / ground).bandsplit())
    opacity = (needed * white).ceil().cast(now.format)
    if alpha is not None:
        opacity = (alpha == 0).ifthenelse(0, opacity)
    color = (now - ground) * opacity.maplut(_inverse_opacity(now.format)) + (ground + 0.5)  # 0.5: cast() truncates
    return color.cast(now.format).bandjoin(opacity).copy(interpretation=now.interpretation)


@cache
def _inverse_opacity(kind: str) -> pyvips.Image:
    """Opacity 0..`_MAX_SAMPLE` -> 1 / opacity as a fraction of it; 1 for 0."""
    white = _MAX_SAMPLE[kind]
    return pyvips.Image.new_from_array((white / np.maximum(np.arange(white + 1), 1)).astype(np.float32)[None])


def side_by_side(left: pyvips.Image, right: pyvips.Image) -> pyvips.Image:
    """Two images of the same size and depth, the left one gray or sRGB, the right one sRGB, with a white gap between them."""
    white = 65535 if right.format == "ushort" else 255
    return left.colourspace(right.interpretation).join(right, "horizontal", shim=max(2, right.width // 100), background=white)


def split(image: pyvips.Image) -> tuple[pyvips.Image, pyvips.Image | None]:
    """Color bands, and alpha or None."""
    bands = KINDS[image.interpretation]
    return (image.extract_band(0, n=bands), image[bands]) if image.bands > bands else (image, None)


def to_8bit(image: pyvips.Image) -> pyvips.Image:
    """Round a 16-bit image to 8 bits; an 8-bit one is returned unchanged."""
    if image.format == "ushort":  # libvips itself would truncate, which darkens by half a step
        kind = "b-w" if image.interpretation == "grey16" else "srgb"
        image = (image / 257).rint().cast("uchar").copy(interpretation=kind)
    return image


def rgb8(image: pyvips.Image) -> npt.NDArray[np.uint8]:
    """(H, W, bands) 8-bit sRGB of a gray or sRGB image."""
    pixels: npt.NDArray[np.uint8] = to_8bit(image).colourspace("srgb").numpy()
    return pixels


def alpha8(band: pyvips.Image) -> npt.NDArray[np.uint8]:
    """(H, W) 8-bit, of a band of 8 or 16 bits."""
    pixels: npt.NDArray[np.uint8] = ((band / 257).rint().cast("uchar") if band.format == "ushort" else band).numpy()
    return pixels.reshape(band.height, band.width)


def rgb16(image: pyvips.Image) -> npt.NDArray[np.uint16]:
    """(H, W, bands) 16-bit sRGB of a gray or sRGB image."""
    if image.format == "uchar":  # 255 -> 65535; libvips itself would shift by 8 bits
        kind = "grey16" if image.interpretation == "b-w" else "rgb16"
        image = (image * 257).cast("ushort").copy(interpretation=kind)
    pixels: npt.NDArray[np.uint16] = image.colourspace("rgb16").numpy()
    return pixels


def _level(linear: pyvips.Image) -> pyvips.Image:
    """Clip the slight excess of red that `color.gamut_chroma` allows in light yellows, and add its luminance to green."""
    excess = (linear[0] - 1).clamp(min=0, max=1)
    return (linear + excess.linear([-1, GREEN_FOR_RED, 0], [0, 0, 0])).copy(interpretation="scrgb")


@cache
def _gamut_table() -> pyvips.Image:
    table = gamut_chroma()
    return pyvips.Image.new_from_memory(table.tobytes(), table.shape[1], table.shape[0], 1, "float")


def _within_srgb(light: pyvips.Image, ab: pyvips.Image) -> pyvips.Image:
    """Reduce the chroma of a*, b* until sRGB can show it, at the size of `light`; clipping RGB would change lightness and hue."""
    table = _gamut_table()
    lch = ab[0].bandjoin(ab).copy(interpretation="lab").colourspace("lch")  # any L* would do
    chroma, hue = lch[1], lch[2] * ((table.width - 1) / 360)
    if ab.width < light.width:

        def enlarged(image: pyvips.Image) -> pyvips.Image:
            return image.zoom(2, 2).crop(0, 0, light.width, light.height)

        ab, chroma, hue = enlarged(ab), enlarged(chroma), enlarged(hue)
    cell = hue.bandjoin(light * ((table.height - 1) / 100))
    bound = table.mapim(cell, interpolate=pyvips.Interpolate.new("bilinear"), extend="copy")
    return ab * (bound / chroma).clamp(min=0, max=1)  # without chroma libvips' quotient is 0
