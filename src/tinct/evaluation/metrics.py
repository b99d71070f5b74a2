"""How far a colored picture is from the real one, and how colorful it is. Pictures are (H, W, 3) uint8 sRGB."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from skimage.color import deltaE_ciede2000
from skimage.metrics import structural_similarity

from ..color import lightness, rgb_to_lab

__all__ = [
    "MAX_PSNR",
    "ciede2000",
    "colorfulness",
    "lightness_change",
    "mean_and_error",
    "pairwise_ciede2000",
    "psnr",
    "ssim",
    "without_mean_shift",
]

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.floating]

MAX_PSNR = 100.0
"""dB for two equal pictures: their PSNR is infinite, which would make every mean infinite."""


def psnr(result: Bytes, real: Bytes) -> float:
    """Peak signal-to-noise ratio over all red, green and blue values, in dB; `MAX_PSNR` for equal pictures."""
    error = np.mean((result.astype(np.float32) - real) ** 2) / 255**2
    return float(-10 * np.log10(max(error, 10 ** (-MAX_PSNR / 10))))


def ssim(result: Bytes, real: Bytes) -> float:
    """Structural similarity (Wang et al. 2004), the mean over the three channels; 1 for equal pictures."""
    return float(structural_similarity(result, real, channel_axis=-1, data_range=255))


def ciede2000(one: Floats, other: Floats) -> float:
    """Mean CIEDE2000 color difference (Sharma et al. 2005) of two (H, W, 3) CIELAB pictures; about 1 is just visible."""
    return float(np.mean(deltaE_ciede2000(one, other)))


def pairwise_ciede2000(pictures: list[Floats]) -> float:
    """The mean of `ciede2000` over all pairs."""
    pairs = [ciede2000(one, other) for i, one in enumerate(pictures) for other in pictures[:i]]
    return float(np.mean(pairs))


def without_mean_shift(pictures: list[Floats]) -> list[Floats]:
    """(H, W, 3) CIELAB pictures, each with its a*, b* shifted so that their mean is the mean over all pictures."""
    means = [picture[..., 1:].mean(axis=(0, 1)) for picture in pictures]
    shifts = np.mean(means, axis=0) - means
    return [picture + np.array([0, *shift], picture.dtype) for picture, shift in zip(pictures, shifts, strict=True)]


def colorfulness(picture: Bytes, *, ddcolor: bool = False) -> float:
    """CF of Hasler and Süsstrunk, "Measuring colourfulness in natural images" (2003): 0 for gray, about 40 for photographs.

    Args:
        picture: (H, W, 3).
        ddcolor: take the absolute values of the opponent colors first, as DDColor's tables do. Such figures compare only with each
            other, not with those of the paper's definition.
    """
    red, green, blue = np.moveaxis(picture.astype(np.float64), -1, 0)
    rg, yb = red - green, (red + green) / 2 - blue
    if ddcolor:
        rg, yb = np.abs(rg), np.abs(yb)
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


def lightness_change(gray: Bytes, result: Bytes) -> float:
    """Largest difference in L* between a gray picture (H, W) and its colored copy (H, W, 3).

    Pixels on the boundary of the sRGB gamut, with 0 or 255 in a channel, don't count. Rounding to 8 bits alone causes up to about 0.4.
    """
    inside = ((result > 0) & (result < 255)).all(axis=-1)
    change = np.abs(rgb_to_lab(result)[..., 0] - lightness(np.repeat(gray[..., None], 3, axis=-1)))[inside]
    return float(change.max()) if change.size else 0.0


def mean_and_error(values: Floats | list[float]) -> dict[str, float | None]:
    """``{"mean", "se"}``: the mean over pictures and its standard error, which is None for a single picture."""
    values = np.asarray(values, np.float64)
    spread = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
    return {"mean": float(values.mean()), "se": spread}
