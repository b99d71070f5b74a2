"""Text chunks of PNG files (title, author, comments), whose names libvips would cut at the first space."""

from __future__ import annotations

import os
import struct
import zlib
from typing import BinaryIO

import pyvips

__all__ = ["SIGNATURE", "Inserting", "find_profile", "find_text", "read_texts", "text_chunk", "worth_keeping", "xmp_chunk"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_BYTES = 33  # signature and IHDR chunk
_TEXT_KINDS = {b"tEXt", b"zTXt", b"iTXt"}
_NOT_TEXTS = (b"XML:com.adobe.xmp", b"Raw profile type ")  # names of chunks with XMP, EXIF or IPTC, which are kept in other fields
_MAX_CHUNKS = 2**18  # of a file: enough for 2 GB of pixels in chunks of 8 kB, which libpng writes
_MAX_TEXT_BYTES = 2**18  # of one text
_MAX_HEAD_CHUNKS = 1000  # before the pixels
_MAX_PROFILE_BYTES = 2**23
_MAX_TOTAL_BYTES = 2**20  # of all texts, and of one when it is decompressed


def read_texts(file: BinaryIO) -> list[tuple[bytes, bytes]]:
    """(name, whole chunk) of each intact text, before or after the pixels; empty if the file isn't PNG. ``Title`` is such a name."""
    file.seek(0)
    if file.read(8) != SIGNATURE:
        return []
    texts, room = [], _MAX_TOTAL_BYTES
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            break
        length, kind = struct.unpack(">I4s", head)
        if kind not in _TEXT_KINDS or length > min(room, _MAX_TEXT_BYTES):
            file.seek(length + 4, os.SEEK_CUR)
            continue
        body = file.read(length + 4)
        if len(body) == length + 4 and body[length:] == struct.pack(">I", zlib.crc32(kind + body[:length])):
            texts.append((body.partition(b"\0")[0], head + body))
            room -= length
    return texts


def find_text(texts: list[tuple[bytes, bytes]], name: bytes) -> bytes:
    """The first text of that name, decompressed; empty if there is none, or it is damaged."""
    chunk = next((chunk for known, chunk in texts if known == name), b"")
    kind, value = chunk[4:8], chunk[8:-4].partition(b"\0")[2]
    if kind != b"zTXt":
        return value if kind == b"tEXt" else b""
    try:
        return zlib.decompressobj().decompress(value[1:], _MAX_TOTAL_BYTES)
    except zlib.error:
        return b""


def find_profile(file: BinaryIO) -> bytes:
    """The ICC profile of a PNG, which libvips passes over without a word if it is faulty; empty if there is none, or no such file."""
    file.seek(0)
    if file.read(8) != SIGNATURE:
        return b""
    for _ in range(_MAX_HEAD_CHUNKS):
        head = file.read(8)
        length, kind = struct.unpack(">I4s", head) if len(head) == 8 else (0, b"IDAT")
        if kind == b"IDAT":
            break
        if kind == b"iCCP" and length <= _MAX_TOTAL_BYTES:
            packed = file.read(length).partition(b"\0")[2][1:]
            try:
                return zlib.decompressobj().decompress(packed, _MAX_PROFILE_BYTES) or b"\0"
            except zlib.error:
                return b"\0"
        file.seek(length + 4, os.SEEK_CUR)
    return b""


def worth_keeping(texts: list[tuple[bytes, bytes]]) -> bytes:
    """All chunks, joined, except those that hold XMP, EXIF or IPTC."""
    return b"".join(chunk for name, chunk in texts if not name.startswith(_NOT_TEXTS))


def text_chunk(name: bytes, text: bytes) -> bytes:
    """A zTXt chunk: a compressed text of Latin-1 characters."""
    data = b"zTXt" + name + b"\0\0" + zlib.compress(text)
    return struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


def xmp_chunk(packet: bytes) -> bytes:
    """An uncompressed iTXt chunk, as the XMP specification requires. Libvips would compress it, and then most programs don't find it."""
    data = b"iTXtXML:com.adobe.xmp\0\0\0\0\0" + packet
    return struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


class Inserting:
    """A target for libvips' PNG writer that inserts chunks after the IHDR chunk: few programs look for texts after the pixels."""

    def __init__(self, file: BinaryIO, chunks: bytes) -> None:
        self._file, self._chunks, self._place = file, chunks, 0
        self.error: OSError | None = None
        """Why writing failed, which libvips doesn't report."""
        self.target = pyvips.TargetCustom()
        self.target.on_write(self._write)

    def _write(self, data: bytes) -> int:
        try:
            head = max(0, min(_HEADER_BYTES - self._place, len(data)))
            self._file.write(data[:head])
            if self._place < _HEADER_BYTES <= self._place + head:
                self._file.write(self._chunks)
            self._file.write(data[head:])
        except OSError as error:
            self.error = error
            return -1
        self._place += len(data)
        return len(data)
