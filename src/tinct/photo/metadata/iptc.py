"""IPTC-IIM records (captions from before XMP), and how each format stores them.

TIFF holds the bare record; JPEG holds a list of Photoshop's numbered resources, one of which is the record; PNG holds such a list as
hexadecimal text. WebP and AVIF can't hold it. Libvips passes on what a file holds, unconverted, and writes only a quarter of it to TIFF.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

__all__ = ["as_resources", "as_text", "from_resources", "from_text"]

_JPEG_PREFIX = b"Photoshop 3.0\0"
_RECORD = 0x0404  # number of the resource that is the IPTC record
_STALE = {0x0409, 0x040C, 0x040F, 0x0422, 0x0423, 0x0424}  # gray previews; profile, EXIF and XMP, which formats store elsewhere
_PLACES = {0x0408, 0x041A, 0x0BB7, *range(2000, 2999)}  # guides, slices, name of the clipping path, paths
_MAX_JPEG_BYTES = 65500  # of the list: a JPEG segment holds 65,533


def from_resources(data: bytes, *, turned: bool = False) -> tuple[bytes, bytes]:
    """Photoshop's resources -> (resources that are still true of a colored copy, bare IPTC record). Either may be empty.

    Args:
        data: with or without the prefix that JPEG gives them.
        turned: whether the copy was turned, so that paths, guides and slices are no longer true.
    """
    kept, record = b"", b""
    for number, whole, value in _resources(data.removeprefix(_JPEG_PREFIX)):
        if number == _RECORD:
            record = record or value
        elif number not in _STALE and not (turned and number in _PLACES):
            kept += whole
    return kept, record


def as_resources(kept: bytes, record: bytes) -> bytes:
    """Resources and record as JPEG holds them; if that is too long, the record alone; if that is too long, nothing."""
    if record:
        record = struct.pack(">4sHHI", b"8BIM", _RECORD, 0, len(record)) + record + bytes(len(record) % 2)
    return next(
        (_JPEG_PREFIX + data for data in (kept + record, record) if data and len(_JPEG_PREFIX + data) <= _MAX_JPEG_BYTES), b""
    )


def from_text(text: bytes) -> bytes:
    """The bare record in the text ``Raw profile type iptc`` of a PNG: a name, a length and hexadecimal digits. Empty if it is malformed."""
    match = re.fullmatch(rb"\s*iptc\s+\d+\s+([0-9a-fA-F\s]+)", text)
    try:
        data = bytes.fromhex(match[1].decode()) if match else b""
    except ValueError:
        return b""
    return data if data[:1] == b"\x1c" else from_resources(data)[1]  # each field of a bare record begins with 1C


def as_text(record: bytes) -> bytes:
    """A record as text ``Raw profile type iptc``, which `from_text` reads; empty for an empty record."""
    data = as_resources(b"", record).removeprefix(_JPEG_PREFIX)
    digits = data.hex()
    lines = [digits[i : i + 72] for i in range(0, len(digits), 72)]
    return "\n".join(["", "iptc", f"{len(data):8d}", *lines, ""]).encode() if data else b""


def _resources(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """(number, all bytes, value) of each resource, up to the first malformed one."""
    place = 0
    while data[place : place + 4] == b"8BIM" and len(data) >= place + 12:
        start = place
        (number,) = struct.unpack_from(">H", data, place + 4)
        name = 1 + data[place + 6]
        place += 6 + name + name % 2
        if len(data) < place + 4:
            return
        (length,) = struct.unpack_from(">I", data, place)
        value = data[place + 4 : place + 4 + length]
        if len(value) < length:
            return
        place += 4 + length + length % 2
        yield number, data[start:place].ljust(place - start, b"\0"), value
