"""Files whose end is missing: how many of their rows the decoder can still give."""

from __future__ import annotations

import os
import re
import struct
import zlib
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
import pyvips

from ..errors import PhotoError
from .loaders import FRESH_COPY
from .metadata.png import SIGNATURE
from .note import Note
from .tiff import TiffPage

__all__ = ["MIN_ROWS", "Truncation", "find_truncation"]

MIN_ROWS = 0.5
"""Share of the rows below which a truncated picture is refused: colors are found from the whole scene, and half of one may mislead."""
_MIN_SCANS = 2  # complete scans of a progressive JPEG: usually brightness at 1/8 of the size, and the coarsest details
_MAX_GROWTH = 4  # of a TIFF whose missing end is filled up for the decoder
_MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")  # but for escaped bytes and restart markers
_SOS, _RESTART = 0xDA, 0xD0
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_STANDALONE = {0x01, 0xD8, 0xD9}
_TAIL_BYTES = 4096  # decoded after the end of the file, in 16 parts between restart markers; one block needs a few
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # color type of PNG -> samples a pixel


@dataclass(frozen=True)
class Truncation:
    """What is missing from a file."""

    rows: int
    """Rows, from the top of the stored picture, whose pixels are in the file."""
    height: int
    """Rows of the stored picture."""
    coarse: bool = False
    """Whether all rows are there, but parts of them without details: a progressive JPEG."""
    mended: bytes | None = field(default=None, repr=False)
    """The file as the decoder gives all of these rows; None if it does so for the file as it is."""

    def note(self, name: str) -> Note:
        """A sentence for the user. Raises PhotoError if too little is left."""
        if self.rows < MIN_ROWS * self.height:
            raise PhotoError(
                f"{name} is truncated: only {self.rows:,} of its {self.height:,} rows are there; {FRESH_COPY}", code="damaged"
            )
        if self.coarse:
            return Note("lacks-details", f"{name} is truncated: parts of it lack their details, in the result, too", name=name)
        if self.rows == self.height:
            return Note("lacks-end", f"{name} lacks its end; all of its pixels are there", name=name)
        lost = self.height - self.rows
        text = f"{name} is truncated: {lost:,} of its {self.height:,} rows are missing, and plain gray in the result"
        return Note("rows-missing", text, name=name, lost=lost, rows=self.height)


def find_truncation(file: BinaryIO, head: bytes, tiff: TiffPage | None) -> Truncation | None:
    """What is missing at the end of a JPEG, PNG or TIFF; None if nothing is, and for other formats.

    Whole files are recognized by their last bytes, as a rule; the others are read, and JPEGs decoded twice.

    Args:
        file: the whole file.
        head: its first 16 bytes.
        tiff: the page that is decoded, if it is a TIFF.
    """
    size = file.seek(0, os.SEEK_END)
    if tiff is not None:
        rows, whole_size = tiff.whole_rows(size)
        if whole_size <= size:
            return None
        if rows >= MIN_ROWS * tiff.size[1] and whole_size > _MAX_GROWTH * size:  # impossible lengths: it is damaged in another way
            return None
        usable = rows >= MIN_ROWS * tiff.size[1]  # libtiff gives a strip only if it is complete
        return Truncation(rows, tiff.size[1], mended=_all(file) + bytes(whole_size - size) if usable else None)
    if head[:2] == b"\xff\xd8":
        return None if _last(file, 2) == b"\xff\xd9" else _of_jpeg(_all(file))
    if head[:8] == SIGNATURE:
        return None if _last(file, 8)[:4] == b"IEND" else _of_png(_all(file))
    return None


def _last(file: BinaryIO, count: int) -> bytes:
    file.seek(-min(count, file.seek(0, os.SEEK_END)), os.SEEK_END)
    return file.read()


def _all(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


def _of_jpeg(data: bytes) -> Truncation | None:
    """None if the end marker is there, followed by something else, or the pixels aren't reached."""
    place, progressive, scans, height = 2, False, 0, 0
    while found := _MARKER.search(data, place):
        marker, place = found[1][0], found.end()
        if marker in _STANDALONE:
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            progressive, height = marker in _PROGRESSIVE, int.from_bytes(data[place + 3 : place + 5], "big")
        if marker == _SOS and data.find(b"\xff\xd9", place) >= 0:  # pixels never hold these two bytes
            return None
        scans += marker == _SOS
        place += max(2, int.from_bytes(data[place : place + 2], "big"))
    if not scans or not height or place >= len(data):
        return None
    if progressive:
        return Truncation(height if scans > _MIN_SCANS else 0, height, coarse=True)
    return Truncation(_decoded_rows(data, height), height)


def _decoded_rows(data: bytes, height: int) -> int:
    """Rows of a sequential JPEG that its data determines: it is decoded with two different continuations, and the rows compared."""
    data = data.rstrip(b"\xff")  # half a marker
    one, other = (_decoded(data + _continued(filling)) for filling in (0x55, 0xAA))
    _, rows = (one - other).abs().bandmean().project()
    differs = np.flatnonzero(rows.numpy())
    return max(0, int(differs[0]) - 1) if len(differs) else height  # chroma is interpolated from row to row


def _continued(filling: int) -> bytes:
    """Bytes that the decoder takes for the rest of the pixels, with restart markers in case it waits for one."""
    piece = bytes([filling]) * (_TAIL_BYTES // 16)
    return b"".join(piece + bytes([0xFF, _RESTART + i % 8]) for i in range(16)) + b"\xff\xd9"


def _decoded(data: bytes) -> pyvips.Image:
    return pyvips.Image.jpegload_buffer(data, access="sequential", fail_on="none")


def _of_png(data: bytes) -> Truncation | None:
    """None if the last chunk is there, followed by something else, or if the picture is interlaced."""
    if len(data) < 33 or data[28]:
        return None
    width, height, depth, color = struct.unpack(">IIBB", data[16:26])
    place, kind, length, start = 8, b"", 0, 8
    decompressor, unpacked = zlib.decompressobj(), 0
    while place + 8 <= len(data):
        start, (length, kind) = place, struct.unpack_from(">I4s", data, place)
        if kind == b"IEND":
            return None
        if kind == b"IDAT":
            packed = data[place + 8 : place + 8 + length]
            try:
                while packed and not decompressor.eof:
                    unpacked += len(decompressor.decompress(packed, 2**20))
                    packed = decompressor.unconsumed_tail
            except zlib.error:
                break
        place += 12 + length
    row = 1 + -(-width * depth * _SAMPLES.get(color, 4) // 8)
    mended = data[:start]  # libpng drops what it has read of an incomplete chunk
    if kind == b"IDAT":
        mended += _chunk(kind, data[start + 8 : start + 8 + length])
    return Truncation(min(height, unpacked // row), height, mended=mended + _chunk(b"IEND", b""))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
