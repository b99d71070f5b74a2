"""PNG files whose compressed texts or profile unpack to far more than they are: found before libpng unpacks them.

Each takes libpng up to 8 MB, libvips opens a file about ten times, and a file of 700 kB holds a hundred: measured, 16 seconds and 2 GB.
"""

from __future__ import annotations

import os
import struct
import zlib
from typing import BinaryIO

from .png import MAX_CHUNKS, SIGNATURE

__all__ = ["MAX_UNPACKED_BYTES", "unpacks_too_much"]

MAX_UNPACKED_BYTES = 2**24
"""Of all compressed texts and profiles of a file: XMP packets, the largest of them, have less than 1 MB, and are as a rule not compressed."""
_BLOCK_BYTES = 2**16
_TRANSLATED_ZEROS = 2  # of an iTXt after its flags: at the ends of the language and of the translated keyword


def unpacks_too_much(file: BinaryIO) -> bool:
    """Whether the compressed texts and profiles of a PNG unpack to more than `MAX_UNPACKED_BYTES`; False for any other file."""
    file.seek(0)
    if file.read(8) != SIGNATURE:
        return False
    room = MAX_UNPACKED_BYTES
    for _ in range(MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            break
        length, kind = struct.unpack(">I4s", head)
        end = file.tell() + length + 4
        if kind in (b"zTXt", b"iTXt", b"iCCP"):
            room -= _unpacked(file, kind, length, room)
            if room < 0:
                return True
        elif kind == b"IEND":
            break
        file.seek(end, os.SEEK_SET)
    return False


def _unpacked(file: BinaryIO, kind: bytes, length: int, room: int) -> int:
    """Bytes to which a chunk unpacks, or a number above `room` as soon as it is more."""
    block = file.read(min(length, _BLOCK_BYTES))
    left, total, unpacker = length - len(block), 0, zlib.decompressobj()
    data = _compressed(kind, block)
    try:
        while data or left:
            while data:
                total += len(unpacker.decompress(data, _BLOCK_BYTES))
                data = unpacker.unconsumed_tail
                if total > room or unpacker.eof:
                    return total
            data = file.read(min(left, _BLOCK_BYTES))
            if not data:
                break
            left -= len(data)
    except zlib.error:  # libpng stops here, too
        pass
    return total


def _compressed(kind: bytes, block: bytes) -> bytes:
    """The compressed data of a chunk whose beginning this is; empty if it isn't compressed."""
    rest = block.partition(b"\0")[2]  # after the name
    if kind != b"iTXt":
        return rest[1:]  # after the method of compression
    return rest[2:].split(b"\0", _TRANSLATED_ZEROS)[-1] if rest[:1] == b"\1" and rest.count(b"\0", 2) >= _TRANSLATED_ZEROS else b""
