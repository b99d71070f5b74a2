"""Which libvips operation opens a file, chosen by the file's content; other formats are refused by name."""

from __future__ import annotations

from typing import BinaryIO

import pyvips

from ..errors import PhotoError
from .formats import first_line
from .sniffing import sniff

__all__ = ["CONVERT", "FRESH_COPY", "RAW_SUFFIXES", "find_loader", "is_lossless_webp", "unreadable"]

CONVERT = "convert it to JPEG, PNG, TIFF or WebP"
"""Advice for a file that is whole, but of a kind that isn't read."""
FRESH_COPY = "get a fresh copy of it"
"""Advice for a damaged file."""

_LOADERS = {  # class that libvips finds -> the only operation that may open such a file
    "VipsForeignLoadJpegSource": "jpegload_source",
    "VipsForeignLoadUhdrSource": "jpegload_source",  # a JPEG whose gain map, for HDR screens, doesn't fit the new colors
    "VipsForeignLoadPngSource": "pngload_source",
    "VipsForeignLoadTiffSource": "tiffload_source",
    "VipsForeignLoadWebpSource": "webpload_source",
    "VipsForeignLoadHeifSource": "heifload_source",
}
_OTHER_FORMATS = {  # name that `sniff` gives -> what the file is, and what to do
    "PDF": "a PDF; save its pages as TIFF or PNG pictures first",
    "DjVu": "a DjVu document; save its pages as TIFF or PNG pictures first",
    "GIF": "a GIF, which has 256 colors at most; convert it to PNG first",
    "Photoshop document": "a Photoshop document; save a flattened copy as TIFF",
    "camera raw": "a camera's raw file; develop it to TIFF or JPEG first",
    "video": "a film, not a photograph",
    "ZIP archive": "a ZIP archive; unpack it first",
}
RAW_SUFFIXES = {
    *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".iiq"),
    *(".kdc", ".mef", ".mos", ".nef", ".orf", ".pef", ".raf", ".rw2", ".srw"),
}
_UNSUPPORTED = (
    "not configured",
    "not implemented",
    "not supported",
    "nsupported",
    "unknown compression",
    "not a whole number of bytes",
)
"""Parts of the decoders' messages about files that may be whole, but of a kind that they don't decode."""
_MAX_WEBP_CHUNKS = 20  # before the first picture: profile, animation parameters, alpha


def find_loader(name: str, source: pyvips.Source, head: bytes, suffix: str) -> str:
    """The libvips operation that opens this file, chosen by its content. Only loaders of photographs are ever run.

    Args:
        name: for messages.
        source: the whole file.
        head: its first `SNIFF_BYTES` bytes.
        suffix: of its name, in lower case.

    Raises:
        PhotoError: the format is unknown, or not one of photographs.
    """
    found = pyvips.vips_lib.vips_foreign_find_load_source(source.pointer)
    if found == pyvips.ffi.NULL:
        pyvips.Error("")  # clears libvips' message, which would show up in a later one
    loader = "" if found == pyvips.ffi.NULL else pyvips.ffi.string(found).decode()
    kind = sniff(head)
    if (
        suffix in RAW_SUFFIXES and (not loader or "Tiff" in loader)
    ) or kind.name == "camera raw":  # libvips would take the small preview
        raise PhotoError(f"{name} is {_OTHER_FORMATS['camera raw']}")
    if kind.name == "video":
        raise PhotoError(f"{name} is {_OTHER_FORMATS['video']}", code="is-film")
    if loader not in _LOADERS:
        raise PhotoError(f"{name} is {_what(kind.name, known=bool(kind.suffix))}")
    return _LOADERS[loader]


def _what(name: str, *, known: bool) -> str:
    if known:  # the first bytes are right, and nothing follows that a decoder takes
        return f"damaged, or no whole {name} file; {FRESH_COPY}"
    if not name:
        return f"no picture that tinct reads (unknown format); {CONVERT}"
    article = "an" if name[0] in "AEIOU" else "a"
    return _OTHER_FORMATS.get(name, f"{article} {name} file, which tinct doesn't read; convert it to TIFF or PNG first")


def unreadable(name: str, error: pyvips.Error) -> PhotoError:
    """The error for a file of a known format that libvips can't decode: of a kind that it doesn't support, or else damaged."""
    if any(words in error.detail for words in _UNSUPPORTED):
        return PhotoError(f"{name} is of a kind that tinct doesn't read ({first_line(error)}); {CONVERT}", code="unsupported")
    return PhotoError(f"{name} is damaged or truncated ({first_line(error)}); {FRESH_COPY}", code="damaged")


def is_lossless_webp(file: BinaryIO, head: bytes) -> bool:
    """Whether the first picture of a file is lossless WebP. Such a file is a list of chunks: name, length, content.

    Args:
        file: any file.
        head: its first 16 bytes, or more.
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
