"""JPEG files of a great many scans, each of which libjpeg takes over the whole picture: found before it decodes them.

A file of 40 kB holds 880 scans of 9 megapixels, gray: measured, 2 seconds for each pass over its pixels, and three times as long in color.
"""

from __future__ import annotations

import os
import re
from typing import BinaryIO

__all__ = ["MAX_SCANS", "has_too_many_scans"]

MAX_SCANS = 100
"""Of a file: encoders write about ten, and have options for twice as many."""
_MAX_MARKERS = 10_000  # between scans: three tables for each are usual
_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")  # but for escaped bytes and restart markers; "\xff+" would take quadratic time
_BLOCK_BYTES = 2**12
_SOS, _EOI = 0xDA, 0xD9
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}  # that libjpeg decodes
_PROGRESSIVE = {0xC2, 0xCA}
_STANDALONE = {0x01, 0xD8}


def has_too_many_scans(file: BinaryIO) -> bool:
    """Whether a JPEG has more than `MAX_SCANS`; False for any other file, and for one that is decoded in a single pass."""
    file.seek(0)
    if file.read(2) != b"\xff\xd8":
        return False
    components, progressive = 0, False
    for _ in range(_MAX_MARKERS):
        head = _marker_head(file)
        if len(head) < 4 or head[0] != 0xFF:
            return False
        kind, length = head[1], int.from_bytes(head[2:], "big")
        begin, place = file.read(6), file.tell()
        if kind == _SOS:
            return (progressive or begin[:1] < bytes([components])) and _scans(file.read()) > MAX_SCANS
        if kind in _FRAMES:
            components, progressive = begin[5] if len(begin) == 6 else 0, kind in _PROGRESSIVE
        file.seek(place - len(begin) + length - 2)
    return True


def _marker_head(file: BinaryIO) -> bytes:
    """The two bytes of the next marker, and the two after them; less at the end of the file. A marker may begin with any number of 0xFF."""
    head = file.read(4)
    while head[:2] == b"\xff\xff":
        block = head + file.read(_BLOCK_BYTES)
        file.seek(-1 - len(block.lstrip(b"\xff")), os.SEEK_CUR)  # to the last 0xFF
        head = file.read(4)
    return head


def _scans(data: bytes) -> int:
    """Number of scans, or one above `MAX_SCANS` as soon as there are more.

    Args:
        data: the rest of a file from its first scan on.
    """
    place, scans = 0, 1
    for _ in range(_MAX_MARKERS):
        found = _MARKER.search(data, place)
        if found is None or found[1][0] == _EOI or scans > MAX_SCANS:
            return scans
        scans += found[1][0] == _SOS
        place = found.end()
        if found[1][0] not in _STANDALONE:
            place += int.from_bytes(data[place : place + 2], "big")
    return MAX_SCANS + 1
