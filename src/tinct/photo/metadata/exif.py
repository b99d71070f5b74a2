"""EXIF in TIFF. Libvips keeps EXIF in every format but TIFF, which has the same tags in directories of its own.

As EXIF data is itself a small TIFF file, one reader and one writer serve both ways.
"""

from __future__ import annotations

import io
import os
import struct
from typing import BinaryIO, NamedTuple, TypeAlias

import numpy as np

__all__ = ["IPTC", "Tags", "add_tags", "as_exif", "read_tags"]

Tags: TypeAlias = "dict[int, Tags | tuple[int, int, bytes]]"  # tag -> a directory, or type, count and little-endian value
IPTC = 33723
"""The tag of a TIFF file's IPTC record; no part of EXIF."""

# What, who, when and with what: document, description, make, model, page, software, date, artist, computer, copyright, titles
_KEPT = {269, 270, 271, 272, 285, 305, 306, 315, 316, 33432, *range(40091, 40096)}
_DIRECTORIES = {34665, 34853}  # EXIF, GPS
_STALE = {37500, 40961, 40962, 40963, 40965, *_DIRECTORIES}  # maker's notes (hold offsets), color space, size, further directories
_UNITS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 1, 7: 1, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8}  # type -> bytes that swap together
_PAIRS = {5, 10}  # rationals
_LONG, _LONG8 = 4, 16  # types of an offset
_MOST_ROWS = 1000
_LONGEST = 32768  # bytes of a value: longer ones are no words, and EXIF holds 64 kB in all
_MOST = 60000  # bytes of all values


class _Layout(NamedTuple):
    """How a file's directories are laid out: TIFF has 32-bit offsets, BigTIFF, for files beyond 4 GB, 64-bit ones."""

    order: str
    """Of bytes, as `struct` has it."""
    rows: str
    """The code of a directory's number of rows."""
    offset: str
    """The code of an offset, and of a value's count."""
    start: int
    """Where the offset of the first directory lies."""

    @classmethod
    def of(cls, file: BinaryIO) -> _Layout | None:
        file.seek(0)
        head = file.read(8)
        if (order := {b"II": "<", b"MM": ">"}.get(head[:2])) is None or len(head) < 8:
            return None
        if head[2:] == struct.pack(order + "HHH", 43, 8, 0):
            return cls(order, "Q", "Q", 8)
        return cls(order, "H", "I", 4) if head[2:4] == struct.pack(order + "H", 42) else None

    @property
    def inline(self) -> int:
        """Bytes that a row has for its value; a longer one lies elsewhere, and the row holds its offset."""
        return struct.calcsize("<" + self.offset)

    @property
    def row(self) -> str:
        """Tag, type, count and value."""
        return f"{self.order}HH{self.offset}{self.inline}s"

    def read(self, file: BinaryIO, code: str) -> int:
        number: int
        (number,) = struct.unpack(self.order + code, file.read(struct.calcsize("<" + code)))
        return number


def read_tags(file: BinaryIO) -> Tags:
    """Descriptive tags of a TIFF file or of EXIF data; none where there are none, or they can't be understood."""
    layout = _Layout.of(file)
    if layout is None:
        return {}
    end, room = file.seek(0, os.SEEK_END), _MOST

    def value_of(kind: int, count: int, inside: bytes) -> bytes:
        """Little-endian; empty where it's too long, or can't be read."""
        nonlocal room
        unit = _UNITS.get(kind, 0)
        size = unit * count * (2 if kind in _PAIRS else 1)
        if not 0 < size <= min(room, _LONGEST):
            return b""
        if size > layout.inline:
            (offset,) = struct.unpack(layout.order + layout.offset, inside)
            if offset + size > end:
                return b""
            file.seek(offset)
            inside = file.read(size)
        room -= size
        return np.frombuffer(inside[:size], f"{layout.order}u{unit}").astype(f"<u{unit}").tobytes()

    def directory(start: int, nested: bool) -> Tags:
        file.seek(min(start, end))
        rows = min(layout.read(file, layout.rows), _MOST_ROWS)
        size = struct.calcsize(layout.row)
        table = file.read(rows * size)
        tags: Tags = {}
        for tag, kind, count, inside in struct.iter_unpack(layout.row, table[: len(table) // size * size]):
            if tag in tags:  # libtiff, too, takes the first
                continue
            if tag in _DIRECTORIES and not nested:
                code = "I" if kind in (_LONG, 13) else layout.offset
                (offset,) = struct.unpack_from(layout.order + code, inside)
                try:
                    tags[tag] = directory(offset, nested=True)
                except struct.error:  # it lies beyond the end
                    continue
            elif (tag not in _STALE if nested else tag in _KEPT) and (value := value_of(kind, count, inside)):
                tags[tag] = kind, count, value
        return tags

    try:
        file.seek(layout.start)
        return directory(layout.read(file, layout.offset), nested=False)
    except struct.error:
        return {}


def add_tags(file: BinaryIO, tags: Tags) -> None:
    """Add `tags` to a little-endian TIFF or BigTIFF file: values, and a longer first directory, go to its end."""
    layout = _Layout.of(file)
    if not tags or layout is None or layout.order != "<":
        return

    def append(data: bytes) -> bytes:
        offset = file.seek(0, os.SEEK_END)
        file.write(bytes(offset % 2) + data)  # offsets must be even
        return struct.pack("<" + layout.offset, offset + offset % 2)

    def directory(rows: dict[int, bytes], following: bytes) -> bytes:
        return append(struct.pack("<" + layout.rows, len(rows)) + b"".join(rows[tag] for tag in sorted(rows)) + following)

    def row(tag: int, value: Tags | tuple[int, int, bytes]) -> bytes:
        if isinstance(value, dict):
            offset = directory({inner: row(inner, value[inner]) for inner in value}, bytes(layout.inline))
            return struct.pack(layout.row, tag, _LONG if layout.offset == "I" else _LONG8, 1, offset)
        kind, count, data = value
        return struct.pack(layout.row, tag, kind, count, data if len(data) <= layout.inline else append(data))

    file.seek(layout.start)
    file.seek(layout.read(file, layout.offset))
    size = struct.calcsize(layout.row)
    old = [file.read(size) for _ in range(layout.read(file, layout.rows))]
    following = file.read(layout.inline)
    rows = {struct.unpack("<H", entry[:2])[0]: entry for entry in old} | {tag: row(tag, value) for tag, value in tags.items()}
    first = directory(rows, following)
    file.seek(layout.start)
    file.write(first)


def as_exif(tags: Tags) -> bytes:
    """EXIF data that holds these tags; empty where there are none."""
    exif = io.BytesIO()
    exif.write(struct.pack("<2sHIHI", b"II", 42, 8, 0, 0))  # a TIFF file with an empty directory
    add_tags(exif, tags)
    return b"Exif\0\0" + exif.getvalue() if tags else b""
