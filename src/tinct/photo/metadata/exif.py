"""EXIF in TIFF files (TIFF 6.0, EXIF 2.3, BigTIFF). Libvips keeps EXIF in every format except TIFF, whose directories hold the same tags.

EXIF data is itself a small TIFF file, so one reader and one writer serve both directions.
"""

from __future__ import annotations

import io
import os
import struct
from contextlib import suppress
from typing import BinaryIO, NamedTuple, TypeAlias

import numpy as np

from .orientation import UPRIGHT, Turn
from .turning import turn_subject

__all__ = ["IPTC", "Layout", "Tags", "add_tags", "as_exif", "read_tags", "turned_exif"]

Tags: TypeAlias = "dict[int, Tags | tuple[int, int, bytes]]"
"""Tag number -> a nested directory, or (field type, count, little-endian value)."""
IPTC = 33723
"""Tag of the IPTC record in a TIFF file; not part of EXIF."""

# Tags of the first directory that are kept. In this order: document name, description, make, model, page name, software, date, artist,
# host computer, copyright, and Windows' title, comment, author, keywords and subject.
_KEPT = {269, 270, 271, 272, 285, 305, 306, 315, 316, 33432, *range(40091, 40096)}
_DIRECTORIES = {34665, 34853}  # EXIF, GPS
_STALE = {37500, 40961, 40962, 40963, 40965, *_DIRECTORIES}  # maker's notes (hold offsets), color space, size, nested directories
# Field type -> bytes of one number, whose order depends on the byte order
_SAMPLE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 1, 7: 1, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8}
_RATIONALS = {5, 10}  # field types of two numbers each
_LONG, _IFD, _LONG8 = 4, 13, 16  # field types of an offset
_MAX_ROWS = 1000  # of a directory
_MAX_VALUE_BYTES = 32768  # longer values aren't text, and EXIF in JPEG holds 64 kB in all
_MAX_TOTAL_BYTES = 60000  # of all values


class Layout(NamedTuple):
    """Layout of a file's directories: TIFF has 32-bit offsets; BigTIFF, for files beyond 4 GB, has 64-bit offsets."""

    order: str
    """Byte order, as a character of `struct`."""
    rows: str
    """`struct` code of a directory's number of rows."""
    offset: str
    """`struct` code of an offset, and of a value's count."""
    start: int
    """Position of the first directory's offset."""

    @classmethod
    def of(cls, file: BinaryIO) -> Layout | None:
        """None if the file isn't TIFF."""
        file.seek(0)
        head = file.read(8)
        if (order := {b"II": "<", b"MM": ">"}.get(head[:2])) is None or len(head) < 8:
            return None
        if head[2:] == struct.pack(order + "HHH", 43, 8, 0):
            return cls(order, "Q", "Q", 8)
        return cls(order, "H", "I", 4) if head[2:4] == struct.pack(order + "H", 42) else None

    @property
    def inline(self) -> int:
        """Maximum bytes of a value inside its row; for a longer value the row holds the offset."""
        return struct.calcsize("<" + self.offset)

    @property
    def row(self) -> str:
        """`struct` format of a row: tag, type, count, value."""
        return f"{self.order}HH{self.offset}{self.inline}s"

    def read(self, file: BinaryIO, code: str) -> int:
        """The next number of the file. Raises struct.error at its end."""
        number: int
        (number,) = struct.unpack(self.order + code, file.read(struct.calcsize("<" + code)))
        return number


def read_tags(file: BinaryIO, start: int | None = None) -> Tags:
    """Descriptive tags of a TIFF file or of EXIF data; empty if there are none, or they can't be read.

    Args:
        file: the whole file.
        start: position of the directory; None for the first one.
    """
    layout = Layout.of(file)
    if layout is None:
        return {}
    end, room = file.seek(0, os.SEEK_END), _MAX_TOTAL_BYTES

    def value_of(kind: int, count: int, inside: bytes) -> bytes:
        """Little-endian bytes; empty if the value is too long, or can't be read."""
        nonlocal room
        unit = _SAMPLE_BYTES.get(kind, 0)
        size = unit * count * (2 if kind in _RATIONALS else 1)
        if not 0 < size <= min(room, _MAX_VALUE_BYTES):
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
        rows = min(layout.read(file, layout.rows), _MAX_ROWS)
        size = struct.calcsize(layout.row)
        table = file.read(rows * size)
        tags: Tags = {}
        for tag, kind, count, inside in struct.iter_unpack(layout.row, table[: len(table) // size * size]):
            if tag in tags:  # the first one counts, as in libtiff
                continue
            if tag in _DIRECTORIES and not nested:
                code = "I" if kind in (_LONG, _IFD) else layout.offset
                (offset,) = struct.unpack_from(layout.order + code, inside)
                try:
                    tags[tag] = directory(offset, nested=True)
                except struct.error:  # beyond the end of the file
                    continue
            elif (tag not in _STALE if nested else tag in _KEPT) and (value := value_of(kind, count, inside)):
                tags[tag] = kind, count, value
        return tags

    try:
        file.seek(layout.start)
        return directory(layout.read(file, layout.offset) if start is None else start, nested=False)
    except struct.error:
        return {}


def add_tags(file: BinaryIO, tags: Tags) -> None:
    """Add tags to a little-endian TIFF or BigTIFF file; other files are left alone.

    Args:
        file: open for reading and writing. The values, and a new first directory, are appended; the old directory becomes unused.
        tags: as `read_tags` returns them; they replace the file's own tags of the same numbers.
    """
    layout = Layout.of(file)
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
    """EXIF data (with its prefix ``Exif``) that holds these tags; empty without tags."""
    exif = io.BytesIO()
    exif.write(struct.pack("<2sHIHI", b"II", 42, 8, 0, 0))  # a TIFF file with an empty directory
    add_tags(exif, tags)
    return b"Exif\0\0" + exif.getvalue() if tags else b""


_PREFIX = b"Exif\0\0"
_ORIENTATION, _EXIF_DIRECTORY, _SUBJECT = 274, 34665, {37396, 41492}  # SubjectArea, SubjectLocation
_SHORT = 3
_INTEGERS = {_SHORT: "H", _LONG: "I"}


def turned_exif(data: bytes, turn: Turn) -> bytes:
    """EXIF data for the upright picture: orientation 1 in all directories, also that of the thumbnail; subject area and location turned.

    Args:
        data: with or without its prefix; returned unchanged as far as it can't be read.
        turn: that was applied to the pixels.
    """
    prefix, exif = data[: len(_PREFIX)], bytearray(data.removeprefix(_PREFIX))
    layout = Layout.of(io.BytesIO(bytes(exif)))
    if layout is None or layout.offset != "I":
        return data

    def directory(start: int, level: int) -> int:
        """Change one directory in place; the offset of the next one."""
        (count,) = struct.unpack_from(layout.order + "H", exif, start)
        for row in range(start + 2, start + 2 + 12 * min(count, _MAX_ROWS), 12):
            tag, kind, number, place = struct.unpack_from(layout.order + "HHII", exif, row)
            if tag == _EXIF_DIRECTORY and level == 0:
                with suppress(struct.error):
                    directory(place, 1)
            elif tag == _ORIENTATION and kind == _SHORT and number == 1:
                struct.pack_into(layout.order + "H", exif, row + 8, UPRIGHT)
            elif tag in _SUBJECT and kind in _INTEGERS and 2 <= number <= 4:
                form = f"{layout.order}{number}{_INTEGERS[kind]}"
                at = row + 8 if struct.calcsize(form) <= 4 else place
                struct.pack_into(form, exif, at, *_fitting(turn_subject(list(struct.unpack_from(form, exif, at)), turn), kind))
        return int(struct.unpack_from(layout.order + "I", exif, start + 2 + 12 * count)[0])

    with suppress(struct.error):
        following = directory(struct.unpack_from(layout.order + "I", exif, 4)[0], 0)
        if following:
            directory(following, 2)  # of the thumbnail
    return (prefix if prefix == _PREFIX else b"") + bytes(exif)


def _fitting(values: list[int], kind: int) -> list[int]:
    """Values as the field type can hold them: a subject outside the picture may not."""
    return [min(value, 0xFFFF if kind == _SHORT else 0xFFFFFFFF) for value in values]
