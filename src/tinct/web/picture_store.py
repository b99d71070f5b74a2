"""Photographs that are colored by hand: in memory only, each under an unguessable id, forgotten after a time without use."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

import numpy as np
import numpy.typing as npt

from ..color import Floats, lightness
from ..coloring import Canvas, Colorizer
from ..photo import Photo
from .problems import RefusedError

__all__ = ["MAX_PREVIEW_SIDE", "Picture", "Pictures", "minutes"]

MAX_PREVIEW_SIDE = 2048
"""Largest preview, pixels of the longer side."""
_FEATURE_BYTES = 8_000_000
"""Approximate memory of a picture besides its file and small copies: feature maps at the model's own working size."""
_RESTING_SECONDS = 60.0
"""Time without use after which a picture may be forgotten to make room for another."""


@dataclass
class Picture:
    """One photograph that the network has encoded."""

    id: str
    name: str
    """File name as the client sent it; for downloads and messages, never for the file system."""
    suffix: str
    """Suffix of a result in the photograph's own format."""
    bytes: int
    """Approximate memory that it takes."""
    canvas: Canvas
    """At the model's own working size."""
    small: Photo
    """In color, for previews and as a reference: at most `MAX_PREVIEW_SIDE` along the longer side."""
    owner: str
    """Id of the picture that it is a reference for, and with which it is used and forgotten; empty for none."""
    used: float
    """Time of its last use, in seconds of the monotonic clock."""
    _grays: dict[int, Photo] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def gray(self, longest: int) -> Photo:
        """The small copy in gray, its longer side at most `longest` pixels. The last two sizes are cached."""
        longest = min(longest, max(self.small.size))
        with self._lock:
            if longest not in self._grays:
                width, height = fitted(self.small.size, longest)
                self._grays[longest] = Photo.open(gray_levels(self.small.small_lightness(width, height)), name=self.name)
                if len(self._grays) > 2:
                    del self._grays[next(iter(self._grays))]
            return self._grays[longest]


def fitted(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """(width, height) of the same aspect ratio, the longer of them `longest`."""
    scale = longest / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def gray_levels(light: Floats) -> npt.NDArray[np.uint8]:
    """(h, w) L* -> (h, w) sRGB gray, 8-bit: one band, which libvips recolors faster than three equal ones."""
    known = lightness(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1))
    return np.searchsorted((known[1:] + known[:-1]) / 2, light).astype(np.uint8)


class Pictures:
    """All pictures that are kept, bounded in bytes. Any number of threads may use it at once.

    Args:
        max_bytes: limit of the sum of `Picture.bytes`. Pictures that are being added count, too, but resting ones don't: they are
            forgotten for a new one as soon as that is known to be good.
        expiry_seconds: time that a picture is kept after its last use.
    """

    def __init__(self, max_bytes: int, expiry_seconds: float) -> None:
        self.max_bytes, self.expiry_seconds = max_bytes, expiry_seconds
        self._kept: dict[str, Picture] = {}
        self._reserved = 0  # bytes for pictures that are being added
        self._lock = Lock()

    def add(self, photo: Photo, content_bytes: int, colorizer: Colorizer, owner: str = "") -> Picture:
        """Encode a photograph with the network, and keep it. Others are forgotten for it only when it is known to be good.

        Args:
            photo: opened, not decoded.
            content_bytes: of its file, which it holds.
            colorizer: encodes it.
            owner: id of the picture that it is a reference for; empty for none.

        Raises:
            PhotoError: it can't be decoded.
            RefusedError: 429 where pictures in use take all memory; 404 where its owner is gone.
        """
        width, height = fitted(photo.size, min(MAX_PREVIEW_SIDE, max(photo.size)))
        # the file, three bands of `small`, and two sizes in gray
        size = content_bytes + photo.held_bytes + 5 * width * height + _FEATURE_BYTES
        with self._reserving(size):
            canvas = colorizer.canvas(photo)
            small = Photo.open(photo.small_rgb(width, height), name=photo.name)
            picture = Picture(secrets.token_urlsafe(18), photo.name, photo.suffix, size, canvas, small, owner, monotonic())
            with self._lock:
                if owner:
                    self._use(owner)  # forgotten meanwhile, nobody could forget its reference
                self._make_room(size)
                self._kept[picture.id] = picture
                self._reserved -= size
        return picture

    def get(self, id: str) -> Picture:
        """The picture of this id; it counts as used. Raises RefusedError, 404."""
        with self._lock:
            self._forget_expired()
            return self._use(id)

    def remove(self, id: str) -> None:
        """Forget the picture and its references. Raises RefusedError, 404."""
        with self._lock:
            self._forget_expired()
            self._forget(self._use(id))

    def expires_in(self, picture: Picture) -> float:
        """Seconds until it is forgotten unless it is used before."""
        return max(0.0, picture.used + self.expiry_seconds - monotonic())

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Picture]:
        with self._lock:
            return iter(list(self._kept.values()))

    @property
    def total_bytes(self) -> int:
        """Approximate memory of all pictures, including those that are being added."""
        with self._lock:
            return self._total_bytes()

    def sweep(self) -> None:
        """Forget expired pictures."""
        with self._lock:
            self._forget_expired()

    def _total_bytes(self) -> int:
        return self._reserved + sum(picture.bytes for picture in self._kept.values())

    def _use(self, id: str) -> Picture:
        """The picture of this id; it and its references count as used. Raises RefusedError, 404."""
        picture = self._kept.get(id)
        if picture is None:
            fact = f"There is no picture of this id, or no longer: one that isn't used for {minutes(self.expiry_seconds)} is forgotten."
            raise RefusedError(404, "no-such-picture", fact)
        for one in self._with_references(picture):
            one.used = monotonic()
        return picture

    def _with_references(self, picture: Picture) -> list[Picture]:
        return [picture, *(one for one in self._kept.values() if one.owner == picture.id)]

    def _forget(self, picture: Picture) -> int:
        """Forget a picture and its references. Returns their bytes."""
        gone = self._with_references(picture)
        for one in gone:
            self._kept.pop(one.id, None)
        return sum(one.bytes for one in gone)

    def _forget_expired(self) -> None:
        border = monotonic() - self.expiry_seconds
        for picture in [p for p in self._kept.values() if p.used < border]:
            self._forget(picture)

    @contextmanager
    def _reserving(self, size: int) -> Iterator[None]:
        """Reserve memory while a picture is added, so that concurrent ones together stay within the limit. Raises RefusedError, 429."""
        with self._lock:
            self._forget_expired()
            self._check_room(size)
            self._reserved += size
        try:
            yield  # the block turns what is reserved into what is kept
        except BaseException:
            with self._lock:
                self._reserved -= size
            raise

    def _check_room(self, size: int) -> None:
        """Raises RefusedError, 429, where `size` bytes find no room even if all resting pictures are forgotten."""
        if self._total_bytes() - sum(picture.bytes for picture in self._resting()) + size > self.max_bytes:
            raise RefusedError(429, "no-room", "Pictures that are being colored take all memory for them.", _RESTING_SECONDS)

    def _make_room(self, size: int) -> None:
        """Forget resting pictures, the longest unused first, for one of `size` bytes whose room is reserved. Raises RefusedError, 429."""
        self._check_room(0)  # some that were resting may have been used meanwhile
        excess = self._total_bytes() - self._reserved + size - self.max_bytes
        for picture in self._resting():
            if excess <= 0:
                return
            if picture.id in self._kept:  # not a reference that went with its picture
                excess -= self._forget(picture)

    def _resting(self) -> list[Picture]:
        """Pictures that may be forgotten for another, the longest unused first."""
        border = monotonic() - _RESTING_SECONDS
        return sorted((picture for picture in self._kept.values() if picture.used < border), key=lambda picture: picture.used)


def minutes(seconds: float) -> str:
    """``30 minutes``, ``20 seconds``: a time without use, in a sentence."""
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
