"""Gray pictures like photographs of places: large forms with edges and fine texture, different for each number. Waves as in `clips`
match everywhere; these don't."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from film.clips import video_frame

__all__ = ["place", "seen", "write_film"]

Bytes = npt.NDArray[np.uint8]


def place(number: int, width: int = 480, height: int = 240) -> Bytes:
    """(height, width) a place, wider than what a camera shows of it."""
    generator = np.random.default_rng(1000 + number)
    picture = np.zeros((height, width))
    for scale, strength in ((64, 40), (16, 20), (4, 12), (1, 4)):
        noise = generator.normal(0, strength, (-(-height // scale) + 1, -(-width // scale) + 1))
        picture += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    picture += 120
    for _ in range(14):
        x, y = int(generator.integers(0, width)), int(generator.integers(0, height))
        size, level = int(generator.integers(12, 50)), float(generator.uniform(-70, 70))
        mask = np.zeros((height, width), np.uint8)
        if generator.integers(2):
            cv2.circle(mask, (x, y), size // 2, 1, -1)
        else:
            cv2.rectangle(mask, (x, y), (x + size, y + int(generator.integers(12, 80))), 1, -1)
        picture += level * mask
    return np.clip(picture, 16, 235).astype(np.uint8)


def seen(number: int, at: float = 0, *, width: int = 160, height: int = 120, grain: float = 0.0, seed: int = 0) -> Bytes:
    """(height, width) what a camera shows of a place, `at` pixels to the right."""
    move = np.array([[1, 0, -80 - at], [0, 1, -60]], np.float64)
    picture = cv2.warpAffine(place(number), move, (160, 120), flags=cv2.INTER_LINEAR)
    picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng((number, seed)).normal(0, grain, picture.shape) if grain else 0
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def write_film(path: Path, frames: Sequence[Bytes], *, rate: int = 12, pix_fmt: str = "yuv420p") -> Path:
    """A film of these frames, without loss (FFV1)."""
    height, width = frames[0].shape
    with av.open(str(path), "w") as output:
        stream = output.add_stream("ffv1", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        for picture in frames:
            output.mux(stream.encode(video_frame(picture, pix_fmt)))
        output.mux(stream.encode(None))
    return path
