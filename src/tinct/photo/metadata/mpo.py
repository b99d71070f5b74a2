"""JPEG files that hold several pictures (CIPA DC-007, Multi-Picture Format): pairs of stereo cameras, panoramas."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

from .exif import Layout

__all__ = ["picture_count"]

_SOS, _APP2 = 0xDA, 0xE2
_MAX_SEGMENTS = 200
_ENTRIES = 0xB002  # tag of the list of pictures, 16 bytes each: attribute, size, offset, two dependent pictures
_MAX_PICTURES = 100


def picture_count(file: BinaryIO) -> int:
    """Pictures of a JPEG that are as large as the first one, which leaves out previews and gain maps; 1 for other files."""
    file.seek(0)
    if file.read(2) != b"\xff\xd8":
        return 1
    try:
        size, index = _until_pixels(file, 2)
        if size is None or not index:
            return 1
        start, data = index
        return 1 + sum(_until_pixels(file, start + offset + 2)[0] == size for offset in _offsets(data) if offset)
    except struct.error:  # a malformed or truncated list
        return 1


def _until_pixels(file: BinaryIO, place: int) -> tuple[bytes | None, tuple[int, bytes] | None]:
    """Height and width, encoded, of the JPEG whose segments start here; and position and content of its index of pictures."""
    size, index = None, None
    for _ in range(_MAX_SEGMENTS):
        file.seek(place)
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] == _SOS:
            break
        length = int.from_bytes(head[2:], "big")
        if 0xC0 <= head[1] <= 0xCF and head[1] not in (0xC4, 0xC8, 0xCC):
            size = file.read(5)[1:]
        elif head[1] == _APP2 and index is None:
            data = file.read(length - 2)
            if data.startswith(b"MPF\0"):
                index = place + 8, data[4:]
        place += 2 + length
    return size, index


def _offsets(data: bytes) -> list[int]:
    """Positions of the pictures, relative to the index; 0 for the first one. Raises struct.error."""
    layout = Layout.of(io.BytesIO(data))
    if layout is None or layout.offset != "I":
        return []
    (start,) = struct.unpack_from(layout.order + "I", data, 4)
    (rows,) = struct.unpack_from(layout.order + "H", data, start)
    for row in range(min(rows, 20)):
        tag, _, count, offset = struct.unpack_from(layout.order + "HHII", data, start + 2 + 12 * row)
        if tag == _ENTRIES:
            pictures = min(count // 16, _MAX_PICTURES)
            return [struct.unpack_from(layout.order + "I", data, offset + 16 * i + 8)[0] for i in range(pictures)]
    return []
