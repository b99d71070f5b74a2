"""Which libvips operation opens a file, chosen by the file's content; other formats are refused by name."""

from __future__ import annotations

from typing import BinaryIO

import pyvips

from ..errors import PhotoError

__all__ = ["CONVERT", "RAW_SUFFIXES", "find_loader", "is_lossless_webp"]

CONVERT = "convert it to JPEG, PNG, TIFF or WebP, or get a fresh copy of it"
"""Advice for every file that can't be read."""

_LOADERS = {  # class that libvips finds -> the only operation that may open such a file
    "VipsForeignLoadJpegSource": "jpegload_source",
    "VipsForeignLoadUhdrSource": "jpegload_source",  # a JPEG whose gain map, for HDR screens, doesn't fit the new colors
    "VipsForeignLoadPngSource": "pngload_source",
    "VipsForeignLoadTiffSource": "tiffload_source",
    "VipsForeignLoadWebpSource": "webpload_source",
    "VipsForeignLoadHeifSource": "heifload_source",
}
_OTHER_FORMATS = {  # first bytes of files that people take for photographs -> what they are, and what to do
    b"%PDF": "a PDF; save its pages as TIFF or PNG pictures first",
    b"GIF8": "a GIF, which has 256 colors at most; convert it to PNG first",
    b"8BPS": "a Photoshop document; save a flattened copy as TIFF",
    b"\0\0\0\x0cjP  ": "a JPEG 2000, which tinct doesn't read; convert it to TIFF first",
    b"\0\0\0\x0cJXL ": "a JPEG XL, which tinct doesn't read; convert it to PNG or TIFF first",
    b"\xff\x0a": "a JPEG XL, which tinct doesn't read; convert it to PNG or TIFF first",
    b"AT&TFORM": "a DjVu document; save its pages as TIFF or PNG pictures first",
    b"BM": "a BMP; convert it to PNG first",
}
RAW_SUFFIXES = {
    *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".iiq"),
    *(".kdc", ".mef", ".mos", ".nef", ".orf", ".pef", ".raf", ".rw2", ".srw"),
}
_MAX_WEBP_CHUNKS = 20  # before the first picture: profile, animation parameters, alpha


def find_loader(name: str, source: pyvips.Source, head: bytes, suffix: str) -> str:
    """The libvips operation that opens this file, chosen by its content. Only loaders of photographs are ever run.

    Args:
        name: for messages.
        source: the whole file.
        head: its first bytes.
        suffix: of its name, in lower case.

    Raises:
        PhotoError: the format is unknown, or not one of photographs.
    """
    found = pyvips.vips_lib.vips_foreign_find_load_source(source.pointer)
    if found == pyvips.ffi.NULL:
        pyvips.Error("")  # clears libvips' message, which would show up in a later one
    loader = "" if found == pyvips.ffi.NULL else pyvips.ffi.string(found).decode()
    if suffix in RAW_SUFFIXES and (not loader or "Tiff" in loader):  # the loader would take the small preview inside
        raise PhotoError(f"{name} is a camera's raw file; develop it to TIFF or JPEG first")
    if loader not in _LOADERS:
        unknown = f"no picture that tinct reads, or it is damaged (unknown format); {CONVERT}"
        raise PhotoError(f"{name} is {next((what for start, what in _OTHER_FORMATS.items() if head.startswith(start)), unknown)}")
    return _LOADERS[loader]


def is_lossless_webp(file: BinaryIO, head: bytes) -> bool:
    """Whether the first picture of a file is lossless WebP. Such a file is a list of chunks: name, length, content.

    Args:
        file: any file.
        head: its first 16 bytes.
    """
    if head[8:12] != b"WEBP":
        return False
    place = 12
    for _ in range(_MAX_WEBP_CHUNKS):
        file.seek(place)
        chunk = file.read(8)
        if len(chunk) < 8 or chunk[:4] in (b"VP8 ", b"VP8L"):
            return chunk[:4] == b"VP8L"
        length = int.from_bytes(chunk[4:], "little")
        place += 8 + length + length % 2
    return False
