"""Work files between encoding and the finished film: the encoded packets of one stretch, with their times as whole numbers.

No container keeps every codec with exact times and without anything random, so this is the plainest that does. A file is complete if it
ends with the end mark; one that was cut off by a kill has none (and doesn't get its final name).
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

__all__ = ["ENTRY", "Entries", "PacketFile", "read_entries"]

MAGIC = b"tinct film packets 1\n"
HEAD = struct.Struct("<qBI")  # presentation time, whether it is a key frame, bytes that follow
END = HEAD.pack(0, 255, 0)


ENTRY = np.dtype([("pts", "<i8"), ("keyframe", "?"), ("position", "<i8"), ("size", "<u4")])
"""Where a packet stands in its file: arrays of these stay small for hours of film."""

Entries = npt.NDArray[np.void]


class PacketFile:
    """A work file being written. `header` is what the encoder says once for all its packets; empty if nothing."""

    def __init__(self, file: BinaryIO, header: bytes = b"") -> None:
        self._file = file
        file.write(MAGIC + len(header).to_bytes(4, "little") + header)

    def write(self, pts: int, keyframe: bool, data: bytes) -> None:
        self._file.write(HEAD.pack(pts, keyframe, len(data)) + data)

    def end(self) -> None:
        self._file.write(END)


def read_entries(path: Path) -> tuple[bytes, Entries]:
    """The header, and an array of ENTRY, a packet each, in coding order. Raises ValueError if the file is none or incomplete."""
    entries: list[tuple[int, int, int, int]] = []
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError(f"{path} is no file of film packets")
        header = file.read(int.from_bytes(file.read(4), "little"))
        while len(head := file.read(HEAD.size)) == HEAD.size:
            if head == END:
                return header, np.array(entries, ENTRY)
            pts, keyframe, size = HEAD.unpack(head)
            entries.append((pts, keyframe, file.tell(), size))
            file.seek(size, 1)
    raise ValueError(f"{path} ends early")
