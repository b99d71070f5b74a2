"""The luma of `film_clips`: what a gray film stores, what age does to it, and colors that have it. sRGB is (H, W, 3)."""

from __future__ import annotations

import cv2
import numpy as np
from film_scenes import Bytes, Floats, Size, wander

LUMA_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Of R', G', B' in ITU-R BT.709."""


def gray_of(luma: Bytes) -> Bytes:
    """(H, W) code values of limited range -> (H, W, 3) sRGB."""
    full = np.clip(np.rint((luma.astype(np.float32) - 16) * 255 / 219), 0, 255).astype(np.uint8)
    return np.repeat(full[..., None], 3, axis=-1)


def film_and_truth(rgb: Floats, wear: Wear | None = None, time: int = 0) -> tuple[Bytes, Bytes]:
    """A rendered frame (H, W, 3) 0..1 -> its luma as the film stores it, and the true colors with that luma."""
    luma = rgb @ LUMA_WEIGHTS
    offset = rgb - luma[..., None]
    if wear is not None:
        luma, offset = wear.apply(luma, time), offset * wear.exposure[time]
    code = np.rint(16 + 219 * np.clip(luma, 0, 1)).astype(np.uint8)
    return code, _joined(code, offset)


def with_luma(rgb: Bytes, luma: Bytes) -> Bytes:
    """(H, W, 3) sRGB with its luma replaced by code values of limited range; chroma is kept as far as sRGB has the color."""
    values = rgb.astype(np.float32) / 255
    return _joined(luma, values - (values @ LUMA_WEIGHTS)[..., None])


def _joined(code: Bytes, offset: Floats) -> Bytes:
    """Luma's code values and (H, W, 3) R'G'B' less luma -> sRGB; the offset is reduced where a channel would leave 0..1."""
    luma = ((code.astype(np.float32) - 16) / 219)[..., None]
    room = np.where(offset > 0, 1 - luma, luma) / np.maximum(np.abs(offset), 1e-6)
    rgb = luma + offset * np.clip(room.min(axis=-1, keepdims=True), 0, 1)
    return np.asarray(np.clip(np.rint(rgb * 255), 0, 255), np.uint8)


class Wear:
    """What age does to the luma of a film: an exposure that flickers, grain, dust and scratches."""

    GRAIN, EXPOSURE = 0.022, 0.045
    """Standard deviations: of the grain in shares of white, of the exposure."""
    DUST = 4.0
    """Mean number of specks in a frame."""

    def __init__(self, size: Size, length: int, random: np.random.Generator) -> None:
        self.size, self._random = size, random
        self.exposure = (1 + wander(length, self.EXPOSURE, random, memory=0.4)).astype(np.float32)
        self._scratches = []
        for _ in range(3):
            start, lasts = int(random.integers(0, length)), int(random.integers(6, 20))
            across = random.uniform(0.1, 0.9) * size[0] + wander(length, 2.0, random, memory=0.95)
            self._scratches.append((start, start + lasts, across, 0.35 * random.choice([-1, 1])))

    def apply(self, luma: Floats, time: int) -> Floats:
        """(H, W) luma 0..1 -> the worn one; call it once for each frame, in order."""
        random, (width, height) = self._random, self.size
        scale = height / 240
        grain = cv2.GaussianBlur(random.normal(size=luma.shape).astype(np.float32), (0, 0), 0.7 * scale)
        worn = luma * self.exposure[time] + grain / grain.std() * self.GRAIN * np.sqrt(np.clip(4 * luma * (1 - luma), 0.15, 1))
        for start, end, across, strength in self._scratches:
            if start <= time < end:
                worn += strength * np.exp(-(((np.arange(width) - across[time]) / (0.7 * scale)) ** 2)).astype(np.float32)
        for _ in range(random.poisson(self.DUST)):
            spot = np.zeros(worn.shape, np.uint8)  # OpenCV smooths edges in 8 bits only
            axes = tuple(int(n) for n in np.ceil(random.uniform(0.8, 3.5, 2) * scale))
            place = (int(random.integers(width)), int(random.integers(height)))
            cv2.ellipse(spot, place, axes, random.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA)
            worn = worn + spot / np.float32(255) * ((0.95 if random.random() < 0.6 else 0.05) - worn)
        return np.asarray(worn, np.float32)
