"""PNG files whose compressed texts or profile unpack to far more than they are: found before libpng unpacks them.

Each takes libpng up to 8 MB, libvips opens a file about ten times, and a file of 700 kB holds a hundred: measured, 16 seconds and 2 GB.
"""

from __future__ import annotations

import os
import struct
import zlib
from typing import BinaryIO

from .png import SIGNATURE

__all__ = ["MAX_UNPACKED_BYTES", "unpacks_too_much"]

MAX_UNPACKED_BYTES = 2**24
"""Of all compressed texts and profiles of a file: XMP packets, the largest of them, have less than 1 MB, and are as a rule not compressed."""
_MAX_CHUNKS = 2**20  # 8 GB of pixels in chunks of 8 kB, which libpng writes; they are walked through in a second
_KEYWORD_BYTES = 80  # with the zero at its end; libpng passes over a chunk with a longer one
_BLOCK_BYTES = 2**16
_TRANSLATED_ZEROS = 2  # of an iTXt after its flags: at the ends of the language and of the translated keyword


def unpacks_too_much(file: BinaryIO) -> bool:
    """Whether the compressed texts and profiles of a PNG unpack to more than `MAX_UNPACKED_BYTES`, or it has a million of chunks.

    False for any other file.
    """
    file.seek(0)
    if file.read(8) != SIGNATURE:
        return False
    room = MAX_UNPACKED_BYTES
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return False
        length, kind = struct.unpack(">I4s", head)
        end = file.tell() + length + 4
        if kind in (b"zTXt", b"iTXt", b"iCCP"):
            room -= _unpacked(file, kind, length, room)
            if room < 0:
                return True
        elif kind == b"IEND":
            return False
        file.seek(end, os.SEEK_SET)
    return True


def _unpacked(file: BinaryIO, kind: bytes, length: int, room: int) -> int:
    """Bytes to which a chunk unpacks, or a number above `room` as soon as it is more."""
    begin = file.read(min(length, _KEYWORD_BYTES + 1))
    if kind == b"iTXt" and begin.partition(b"\0")[2][:1] == b"\0":  # not compressed; to libpng any other flag says that it is
        return 0
    if length > room:  # and more, when it is unpacked
        return length
    data = (begin + file.read(length - len(begin))).partition(b"\0")[2][1:]  # without the keyword, and the flag or method
    if kind == b"iTXt":
        data = data[1:].split(b"\0", _TRANSLATED_ZEROS)[-1]
    total, unpacker = 0, zlib.decompressobj()
    try:
        while data and total <= room and not unpacker.eof:
            total += len(unpacker.decompress(data, _BLOCK_BYTES))
            data = unpacker.unconsumed_tail
    except zlib.error:  # libpng stops here, too
        pass
    return total
