"""Work files between encoding and the finished film: the encoded packets of one stretch, with their times as whole numbers.

No container keeps every codec with exact times and without anything random, so this is the plainest that does. A file is complete if it
ends with the end mark; one that was cut off by a kill has none (and doesn't get its final name).
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

import numpy as np
import numpy.typing as npt

__all__ = ["ENTRY", "Entries", "PacketFile", "is_whole", "read_entries"]

MAGIC = b"tinct film packets 2\n"
START = struct.Struct("<II")  # bytes of the header that follow, their CRC-32
HEAD = struct.Struct(
    "<qBII"
)  # presentation time, whether it is a key frame, bytes that follow, CRC-32 of the time, the key frame and these
END = HEAD.pack(0, 255, 0, 0)


ENTRY = np.dtype([("pts", "<i8"), ("keyframe", "?"), ("position", "<i8"), ("size", "<u4"), ("checksum", "<u4")])
"""Where a packet stands in its file: arrays of these stay small for hours of film."""

Entries = npt.NDArray[np.void]


class PacketFile:
    """A work file being written. `header` is what the encoder says once for all its packets; empty if nothing."""

    def __init__(self, file: BinaryIO, header: bytes = b"") -> None:
        self._file = file
        file.write(MAGIC + START.pack(len(header), crc32(header)) + header)

    def write(self, pts: int, keyframe: bool, data: bytes) -> None:
        self._file.write(HEAD.pack(pts, keyframe, len(data), _checksum(pts, keyframe, data)) + data)

    def end(self) -> None:
        self._file.write(END)


def read_entries(path: Path) -> tuple[bytes, Entries]:
    """The header, and an array of ENTRY, a packet each, in coding order. Raises ValueError if the file is none or incomplete."""
    entries: list[tuple[int, int, int, int, int]] = []
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError(f"{path} is no file of film packets")
        if len(start := file.read(START.size)) != START.size:
            raise ValueError(f"{path} ends early")
        length, checksum = START.unpack(start)
        header = file.read(length)
        if crc32(header) != checksum:
            raise ValueError(f"{path} is damaged")
        while len(head := file.read(HEAD.size)) == HEAD.size:
            if head == END:
                return header, np.array(entries, ENTRY)
            pts, keyframe, size, checksum = HEAD.unpack(head)
            entries.append((pts, keyframe, file.tell(), size, checksum))
            file.seek(size, 1)
    raise ValueError(f"{path} ends early")


def is_whole(path: Path, times: npt.NDArray[np.int64]) -> bool:
    """Whether a file is there, undamaged, and holds the frames of these presentation times, which rise."""
    try:
        _, entries = read_entries(path)
        if not np.array_equal(np.sort(entries["pts"]), times):
            return False
        with path.open("rb") as file:
            for pts, keyframe, position, size, checksum in entries.tolist():
                file.seek(position)
                if _checksum(pts, keyframe, file.read(size)) != checksum:
                    return False
    except (OSError, ValueError):
        return False
    return True


def _checksum(pts: int, keyframe: bool, data: bytes) -> int:
    return crc32(data, crc32(b"%d %d" % (pts, keyframe)))
