"""EXIF in TIFF. Libvips keeps EXIF in every format but TIFF, which has the same tags in directories of its own.

As EXIF data is itself a small TIFF file, one reader and one writer serve both ways. (BigTIFF, for files beyond 4 GB, goes without.)
"""

from __future__ import annotations

import io
import os
import struct
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import pyvips

__all__ = ["Tags", "add_tags", "as_exif", "read_tags"]

Tags: TypeAlias = "dict[int, Tags | tuple[int, int, bytes]]"  # tag -> a directory, or type, count and little-endian value

# What, who, when and with what: document, description, make, model, page, software, date, artist, computer, copyright, titles
_KEPT = {269, 270, 271, 272, 285, 305, 306, 315, 316, 33432, *range(40091, 40096)}
_DIRECTORIES = {34665, 34853}  # EXIF, GPS
_STALE = {37500, 40961, 40962, 40963, 40965}  # maker's notes (hold offsets), color space, size, a directory
_UNITS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 1, 7: 1, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8}  # type -> bytes that swap together
_LONGEST = 32768  # bytes of a value: longer ones are no words, and EXIF holds 64 kB in all


def read_tags(file: BinaryIO) -> Tags:
    """Descriptive tags of a TIFF file or of EXIF data; none where there are none, or they can't be understood."""
    file.seek(0)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(file.read(4))
    if order is None:
        return {}

    def directory(start: int, nested: bool) -> Tags:
        file.seek(start)
        (entries,) = struct.unpack(order + "H", file.read(2))
        tags: Tags = {}
        for tag, kind, count, value in struct.iter_unpack(order + "HHI4s", file.read(12 * entries)):
            (offset,) = struct.unpack(order + "I", value)
            unit = _UNITS.get(kind, 0)
            size = unit * count * (2 if kind in (5, 10) else 1)  # rationals are pairs
            if tag in tags:  # libtiff, too, takes the first
                continue
            if tag in _DIRECTORIES and not nested:
                tags[tag] = directory(offset, nested=True)
            elif 0 < size <= _LONGEST and (tag not in _STALE if nested else tag in _KEPT):
                if size > 4:
                    file.seek(offset)
                    value = file.read(size)
                tags[tag] = kind, count, np.frombuffer(value, f"{order}u{unit}", size // unit).astype(f"<u{unit}").tobytes()
        return tags

    try:
        return directory(struct.unpack(order + "I", file.read(4))[0], nested=False)
    except (struct.error, ValueError):
        return {}


def add_tags(file: BinaryIO, tags: Tags) -> None:
    """Add `tags` to a little-endian TIFF file: values, and a longer first directory, go to its end."""
    file.seek(0)
    if not tags or file.read(4) != b"II*\0":
        return

    def append(data: bytes) -> bytes:
        offset = file.seek(0, os.SEEK_END)
        file.write(bytes(offset % 2) + data)  # offsets must be even
        return struct.pack("<I", offset + offset % 2)

    def directory(rows: dict[int, bytes], following: bytes) -> bytes:
        return append(struct.pack("<H", len(rows)) + b"".join(rows[tag] for tag in sorted(rows)) + following)

    def row(tag: int, value: Tags | tuple[int, int, bytes]) -> bytes:
        if isinstance(value, dict):
            value = 4, 1, directory({inner: row(inner, value[inner]) for inner in value}, bytes(4))
        kind, count, data = value
        return struct.pack("<HHI", tag, kind, count) + (data.ljust(4, b"\0") if len(data) <= 4 else append(data))

    file.seek(*struct.unpack("<I", file.read(4)))
    old = [file.read(12) for _ in range(*struct.unpack("<H", file.read(2)))]
    following = file.read(4)
    rows = {struct.unpack("<H", entry[:2])[0]: entry for entry in old} | {tag: row(tag, value) for tag, value in tags.items()}
    first = directory(rows, following)
    file.seek(4)
    file.write(first)


def as_exif(tags: Tags) -> list[tuple[int, str, Any]]:
    """(type, name, value) of the metadata by which libvips knows these tags: it parses EXIF only inside a picture."""
    exif = io.BytesIO()
    exif.write(struct.pack("<2sHIHI", b"II", 42, 8, 0, 0))  # a TIFF file with an empty directory
    add_tags(exif, tags)
    data = b"Exif\0\0" + exif.getvalue()
    if not tags or len(data) > 65000:
        return []
    blank = pyvips.Image.black(1, 1).jpegsave_buffer(keep="none")
    carrier = pyvips.Image.new_from_buffer(blank[:2] + b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data + blank[2:], "")
    return [(carrier.get_typeof(field), field, carrier.get(field)) for field in carrier.get_fields() if field.startswith("exif-")]
