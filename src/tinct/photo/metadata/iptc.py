"""IPTC records, the captions of the time before XMP, and the wrappings in which each format has them.

TIFF holds the record itself, JPEG a list of Photoshop's numbered resources of which one is the record, PNG such a list as text. WebP and
AVIF have no place for it. Libvips hands them over, and writes them, as they come, and in TIFF cuts off three quarters.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

__all__ = ["as_resources", "as_text", "from_resources", "from_text"]

_HEAD = b"Photoshop 3.0\0"  # of the list in JPEG
_RECORD = 0x0404
_STALE = {
    0x0409,
    0x040C,
    0x040F,
    0x0422,
    0x0423,
    0x0424,
}  # previews, still gray; profile, EXIF and XMP, which have places of their own
_MOST = 65500  # bytes of a JPEG's list


def from_resources(data: bytes) -> tuple[bytes, bytes]:
    """Photoshop's resources -> those that are worth keeping, and the IPTC record. Either may be empty."""
    kept, record = b"", b""
    for number, whole, value in _resources(data.removeprefix(_HEAD)):
        if number == _RECORD:
            record = record or value
        elif number not in _STALE:
            kept += whole
    return kept, record


def as_resources(kept: bytes, record: bytes) -> bytes:
    """Both as JPEG holds them: without `kept` where that is too long, and empty where the record alone is."""
    if record:
        record = struct.pack(">4sHHI", b"8BIM", _RECORD, 0, len(record)) + record + bytes(len(record) % 2)
    return next((_HEAD + data for data in (kept + record, record) if data and len(_HEAD + data) <= _MOST), b"")


def from_text(text: bytes) -> bytes:
    """The record in the text ``Raw profile type iptc`` of a PNG: a name, a length and hexadecimal digits."""
    match = re.fullmatch(rb"\s*iptc\s+\d+\s+([0-9a-fA-F\s]+)", text)
    try:
        data = bytes.fromhex(match[1].decode()) if match else b""
    except ValueError:
        return b""
    return data if data[:1] == b"\x1c" else from_resources(data)[1]  # of which each field of a record begins with 1C


def as_text(record: bytes) -> bytes:
    """The other way round."""
    data = as_resources(b"", record).removeprefix(_HEAD)
    digits = data.hex()
    lines = [digits[i : i + 72] for i in range(0, len(digits), 72)]
    return "\n".join(["", "iptc", f"{len(data):8d}", *lines, ""]).encode() if data else b""


def _resources(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Number, all bytes and value of each, up to the first that can't be understood."""
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
