"""EXIF orientations: where a point of the stored picture lies in the upright one, and the orientation that HEIF files store."""

from __future__ import annotations

import os
from typing import BinaryIO, NamedTuple

__all__ = ["UPRIGHT", "Turn", "heif_orientation"]

UPRIGHT = 1
_MIRRORED_ALONG_X = {2, 3, 6, 7}  # after the axes were swapped: x counts from the right
_MIRRORED_ALONG_Y = {3, 4, 7, 8}
_SWAPPED = {5, 6, 7, 8}  # rows become columns
_BY_HEIF = {  # (quarter turns counterclockwise, then mirroring: 0 top to bottom, 1 left to right, None) -> EXIF orientation
    (0, None): 1,
    (1, None): 8,
    (2, None): 3,
    (3, None): 6,
    (0, 0): 4,
    (1, 0): 5,
    (2, 0): 2,
    (3, 0): 7,
    (0, 1): 2,
    (1, 1): 7,
    (2, 1): 4,
    (3, 1): 5,
}
_MAX_META_BYTES = 2**20


class Turn(NamedTuple):
    """What makes a stored picture upright."""

    orientation: int = UPRIGHT
    """EXIF orientation, 1..8."""
    width: int = 0
    """Pixels, as stored."""
    height: int = 0
    """Pixels, as stored."""

    @property
    def swapped(self) -> bool:
        """Whether width and height are exchanged."""
        return self.orientation in _SWAPPED

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the upright picture."""
        return (self.height, self.width) if self.swapped else (self.width, self.height)

    def point(self, x: float, y: float, width: float = 1, height: float = 1) -> tuple[float, float]:
        """Where a point of the stored picture lies in the upright one.

        Args:
            x: from the left.
            y: from the top.
            width: of the stored picture, in the unit of `x`: 1 for normalized coordinates. For indices of pixels, one less than the width.
            height: likewise.
        """
        if self.swapped:
            x, y, width, height = y, x, height, width
        return (
            width - x if self.orientation in _MIRRORED_ALONG_X else x,
            height - y if self.orientation in _MIRRORED_ALONG_Y else y,
        )

    def box(
        self, left: float, top: float, wide: float, high: float, width: float = 1, height: float = 1
    ) -> tuple[float, float, float, float]:
        """(left, top, wide, high) of a rectangle in the upright picture; see `point`."""
        (x0, y0), (x1, y1) = self.point(left, top, width, height), self.point(left + wide, top + high, width, height)
        return min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)


def heif_orientation(file: BinaryIO) -> int:
    """EXIF orientation that the transformations (``irot``, ``imir``) of a HEIC or AVIF file amount to; 1 for other files.

    In these formats EXIF orientation is information only (ISO/IEC 23008-12), so decoders apply the transformations and ignore EXIF.
    The first of each kind is taken: the pictures of a file share them.
    """
    file.seek(0)
    head = file.read(8)
    if head[4:] != b"ftyp":
        return UPRIGHT
    file.seek(int.from_bytes(head[:4], "big"))
    for _ in range(16):  # the box `meta` is among the first
        head = file.read(8)
        size = int.from_bytes(head[:4], "big")
        if len(head) < 8 or size < 8:
            return UPRIGHT
        if head[4:] == b"meta":
            meta = file.read(min(size - 8, _MAX_META_BYTES))
            return _BY_HEIF.get((_byte_of(meta, b"irot") or 0, _byte_of(meta, b"imir")), UPRIGHT)
        file.seek(size - 8, os.SEEK_CUR)
    return UPRIGHT


def _byte_of(meta: bytes, kind: bytes) -> int | None:
    """The last two bits of the one byte in the first box of a kind, which has 9 bytes; None if there is none."""
    place = meta.find(b"\0\0\0\x09" + kind)
    byte = meta[place + 8 : place + 9]
    return byte[0] & 3 if place >= 0 and byte else None
