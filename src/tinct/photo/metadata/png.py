"""Texts in PNG - title, author, comments - which libvips writes back under half of their names."""

from __future__ import annotations

import os
import struct
import zlib
from typing import BinaryIO

import pyvips

__all__ = ["SIGNATURE", "Inserting", "find_text", "read_texts", "text_chunk", "worth_keeping", "xmp_chunk"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = 33  # bytes of signature and first chunk
_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
_OTHERS = (b"XML:com.adobe.xmp", b"Raw profile type ")  # XMP, EXIF and IPTC, which are no texts, and are kept by other ways
_MOST_CHUNKS = 2**18  # of pixels 8 kB each, as a rule
_LONGEST = 2**18  # bytes of a text
_MOST = 2**20  # bytes of all texts


def read_texts(file: BinaryIO) -> list[tuple[bytes, bytes]]:
    """Names (``Title``) and whole chunks of the texts, be they before the pixels or after them; none where this is no PNG."""
    file.seek(0)
    if file.read(8) != SIGNATURE:
        return []
    texts, room = [], _MOST
    for _ in range(_MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            break
        length, kind = struct.unpack(">I4s", head)
        if kind not in _TEXTS or length > min(room, _LONGEST):
            file.seek(length + 4, os.SEEK_CUR)
            continue
        body = file.read(length + 4)
        if len(body) == length + 4 and body[length:] == struct.pack(">I", zlib.crc32(kind + body[:length])):
            texts.append((body.partition(b"\0")[0], head + body))
            room -= length
    return texts


def find_text(texts: list[tuple[bytes, bytes]], name: bytes) -> bytes:
    """The text of that name; empty where there is none, or it is broken."""
    chunk = next((chunk for known, chunk in texts if known == name), b"")
    kind, value = chunk[4:8], chunk[8:-4].partition(b"\0")[2]
    if kind != b"zTXt":
        return value if kind == b"tEXt" else b""
    try:
        return zlib.decompressobj().decompress(value[1:], _MOST)
    except zlib.error:
        return b""


def worth_keeping(texts: list[tuple[bytes, bytes]]) -> bytes:
    """All chunks but those that hold what is no text."""
    return b"".join(chunk for name, chunk in texts if not name.startswith(_OTHERS))


def text_chunk(name: bytes, text: bytes) -> bytes:
    """A chunk with this text in it, compressed."""
    data = b"zTXt" + name + b"\0\0" + zlib.compress(text)
    return struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


def xmp_chunk(packet: bytes) -> bytes:
    """The chunk that XMP's standard wants. (Libvips compresses it, and then most programs don't find it.)"""
    data = b"iTXtXML:com.adobe.xmp\0\0\0\0\0" + packet
    return struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


class Inserting:
    """Where libvips may write a PNG, into which further chunks go: behind its head, since behind the pixels few look for them."""

    def __init__(self, file: BinaryIO, chunks: bytes) -> None:
        self._file, self._chunks, self._place = file, chunks, 0
        self.error: OSError | None = None
        """Why writing failed, which libvips can't say."""
        self.target = pyvips.TargetCustom()
        self.target.on_write(self._write)

    def _write(self, data: bytes) -> int:
        try:
            head = max(0, min(_HEAD - self._place, len(data)))
            self._file.write(data[:head])
            if self._place < _HEAD <= self._place + head:
                self._file.write(self._chunks)
            self._file.write(data[head:])
        except OSError as error:
            self.error = error
            return -1
        self._place += len(data)
        return len(data)
