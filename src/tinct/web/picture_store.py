"""Photographs that somebody colors by hand: kept in memory only, for as long as they are used, and known by a name that nobody guesses."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

import numpy as np
import numpy.typing as npt

from ..color import Floats, lightness
from ..coloring.canvas import Canvas
from ..coloring.colorizer import Colorizer
from ..photo.photo import Photo
from .problems import RefusedError
from .responses import suffix_of

__all__ = ["LARGEST_PREVIEW", "Picture", "Pictures"]

LARGEST_PREVIEW = 2048
"""Pixels along a preview's longer side, at most."""
_BESIDES = 8_000_000
"""Bytes that a picture takes beside its file and its small copies: what the network saw of it."""
_RESTING = 60.0
"""Seconds without use after which a picture may have to make room."""


@dataclass
class Picture:
    """One photograph, looked at once by the network."""

    id: str
    name: str
    """As whoever sent it called it; for downloads and messages, never for the file system."""
    suffix: str
    """How a result in its own format ends."""
    bytes: int
    canvas: Canvas
    small: Photo
    """A copy for previews, at most `LARGEST_PREVIEW` along a side."""
    used: float
    _sizes: dict[int, Photo] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def sized(self, longest: int) -> Photo:
        """The small copy in gray, at most so many pixels along its longer side; two sizes are kept."""
        longest = min(longest, max(self.small.size))
        with self._lock:
            if longest not in self._sizes:
                width, height = fitted(self.small.size, longest)
                self._sizes[longest] = Photo.open(grays(self.small.small_lightness(width, height)), name=self.name)
                if len(self._sizes) > 2:
                    del self._sizes[next(iter(self._sizes))]
            return self._sizes[longest]


def fitted(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """(width, height) of the same shape, the longer of them `longest`."""
    scale = longest / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def grays(light: Floats) -> npt.NDArray[np.uint8]:
    """The 8-bit gray of each L*: one band, which is recolored faster than three that are equal."""
    known = lightness(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1))
    return np.searchsorted((known[1:] + known[:-1]) / 2, light).astype(np.uint8)


class Pictures:
    """All that are kept. Any number of threads may use it at once."""

    def __init__(self, most_bytes: int, expiry: float) -> None:
        self.most_bytes, self.expiry = most_bytes, expiry
        self._kept: dict[str, Picture] = {}
        self._lock = Lock()

    def add(self, content: bytes, name: str, colorizer: Colorizer, max_pixels: int) -> Picture:
        """Open a picture's file, let the network see it, and keep it.

        Raises:
            PhotoError: it is none, or one that can't be used.
            RefusedError: 429 where all room is taken by pictures in use.
        """
        photo = Photo.open(content, name=name, max_pixels=max_pixels)
        width, height = fitted(photo.size, min(LARGEST_PREVIEW, max(photo.size)))
        room = len(content) + 5 * width * height + _BESIDES
        self._make_room(room)
        canvas = colorizer.canvas(photo)
        small = Photo.open(photo.small_rgb(width, height), name=name)
        picture = Picture(secrets.token_urlsafe(18), name, suffix_of(content), room, canvas, small, monotonic())
        with self._lock:
            self._kept[picture.id] = picture
        return picture

    def get(self, id: str) -> Picture:
        """The picture of that name, which counts as used. Raises RefusedError, 404."""
        with self._lock:
            self._forget_old()
            picture = self._kept.get(id)
            if picture is None:
                raise RefusedError(
                    404,
                    f"There is no such picture, or no longer: what isn't used for {_minutes(self.expiry)} is forgotten. Send it again.",
                )
            picture.used = monotonic()
            return picture

    def remove(self, id: str) -> None:
        """Forget the picture. Raises RefusedError, 404."""
        self.get(id)
        with self._lock:
            self._kept.pop(id, None)

    def expires_in(self, picture: Picture) -> float:
        """Seconds, if it isn't used before."""
        return max(0.0, picture.used + self.expiry - monotonic())

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Picture]:
        with self._lock:
            return iter(list(self._kept.values()))

    @property
    def total_bytes(self) -> int:
        """About what all of them take."""
        return sum(picture.bytes for picture in self)

    def sweep(self) -> None:
        """Forget what was not used for too long."""
        with self._lock:
            self._forget_old()

    def _forget_old(self) -> None:
        border = monotonic() - self.expiry
        for picture in [p for p in self._kept.values() if p.used < border]:
            del self._kept[picture.id]

    def _make_room(self, room: int) -> None:
        with self._lock:
            self._forget_old()
            resting = sorted((p for p in self._kept.values() if p.used < monotonic() - _RESTING), key=lambda p: p.used)
            taken = sum(picture.bytes for picture in self._kept.values())
            for picture in resting:
                if taken + room <= self.most_bytes:
                    return
                taken -= picture.bytes
                del self._kept[picture.id]
            if taken + room > self.most_bytes:
                raise RefusedError(
                    429, "All room for pictures is taken by others that are being colored. Try again in a minute.", _RESTING
                )


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
