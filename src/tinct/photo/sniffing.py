"""The format of a picture file, by its first bytes."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["SNIFF_BYTES", "FileKind", "sniff"]

SNIFF_BYTES = 64
"""Bytes of a file's beginning that `sniff` needs: brands of AVIF and HEIC are in the first box."""


class FileKind(NamedTuple):
    """What a file holds, by its first bytes."""

    suffix: str
    """Usual suffix, in lower case, of a format that tinct reads: ``.jpg``; empty for any other file."""
    name: str
    """Name of the format, for messages: ``JPEG``, ``GIF``; empty for a file of unknown format."""


_UNKNOWN = FileKind("", "")
_TIFF = FileKind(".tif", "TIFF")
_RAW = FileKind("", "camera raw")
_JP2 = FileKind("", "JPEG 2000")
_JXL = FileKind("", "JPEG XL")
_VIDEO = FileKind("", "video")
_STARTS: tuple[tuple[bytes, FileKind], ...] = (  # the first match counts
    (b"\xff\xd8\xff", FileKind(".jpg", "JPEG")),
    (b"\x89PNG\r\n\x1a\n", FileKind(".png", "PNG")),
    (b"II*\0\x10\0\0\0CR", _RAW),  # CR2
    (b"II*\0", _TIFF),
    (b"MM\0*", _TIFF),
    (b"II+\0\x08\0\0\0", _TIFF),  # BigTIFF
    (b"MM\0+\0\x08\0\0", _TIFF),
    (b"IIRO", _RAW),  # ORF
    (b"IIRS", _RAW),
    (b"MMOR", _RAW),
    (b"IIU\0", _RAW),  # RW2
    (b"FUJIFILMCCD-RAW", _RAW),
    (b"FOVb", _RAW),  # X3F
    (b"\0MRM", _RAW),
    (b"II\x1a\0\0\0HEAPCCDR", _RAW),  # CRW
    (b"II\xbc", FileKind("", "JPEG XR")),
    (b"GIF87a", FileKind("", "GIF")),
    (b"GIF89a", FileKind("", "GIF")),
    (b"8BPS", FileKind("", "Photoshop document")),
    (b"gimp xcf", FileKind("", "GIMP document")),
    (b"\0\0\0\x0cjP  ", _JP2),
    (b"\xff\x4f\xff\x51", _JP2),
    (b"\0\0\0\x0cJXL ", _JXL),
    (b"\xff\x0a", _JXL),
    (b"%PDF", FileKind("", "PDF")),
    (b"%!PS", FileKind("", "PostScript")),
    (b"AT&TFORM", FileKind("", "DjVu")),
    (b"v/1\x01", FileKind("", "OpenEXR")),
    (b"#?RADIANCE", FileKind("", "Radiance HDR")),
    (b"\0\0\1\0", FileKind("", "icon")),
    (b"\x1aE\xdf\xa3", _VIDEO),  # Matroska, WebM
    (b"\0\0\1\xba", _VIDEO),  # MPEG program stream: DVD, .mpg
    (b"\0\0\1\xb3", _VIDEO),  # MPEG elementary stream
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _VIDEO),  # ASF: .wmv
    (b"FLV\1", _VIDEO),
    (b"YUV4MPEG2 ", _VIDEO),
    (b"\6\x0e\x2b\x34\2\5\1\1\x0d\1\2\1\1", _VIDEO),  # MXF
    (b"PK\x03\x04", FileKind("", "ZIP archive")),
    (b"SIMPLE  =", FileKind("", "FITS")),
)
_BMP_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}  # bytes of the second header, after the 14 of the first
_BRANDS = {
    b"avif": FileKind(".avif", "AVIF"),
    b"avis": FileKind(".avif", "AVIF"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), FileKind(".heic", "HEIC")),
    b"crx ": _RAW,  # CR3
    b"jp2 ": _JP2,
}
_VIDEO_BRANDS = (b"qt  ", b"iso", b"mp4", b"M4V", b"3gp", b"3g2", b"avc1", b"dash", b"f4v ", b"F4V ", b"MSNV", b"XAVC")


def sniff(head: bytes) -> FileKind:
    """The format of a file, whatever its name.

    Args:
        head: its first `SNIFF_BYTES` bytes, or more; a shorter file is passed as it is. An MPEG transport stream is known by 200 bytes.

    Returns:
        Suffix and name. The suffix says that tinct reads the format, not that it can read this file. Most camera raw files look like TIFF.
    """
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return FileKind(".webp", "WebP")
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return FileKind(".bmp", "BMP")
    if head[4:8] == b"ftyp":
        size = int.from_bytes(head[:4], "big")
        return _by_brands([head[8:12], *(head[i : i + 4] for i in range(16, min(size, len(head) - 3), 4))])
    if head[4:8] in (b"moov", b"mdat", b"wide") or (head[:4] == b"RIFF" and head[8:12] == b"AVI "):
        return _VIDEO
    if any(head[start : start + 1] == head[start + step : start + step + 1] == b"G" for start, step in ((0, 188), (4, 192))):
        return _VIDEO  # MPEG transport stream, told only by more than `SNIFF_BYTES`
    if head[:1] == b"P" and head[1:2] in b"1234567" and head[2:3].isspace():
        return FileKind("", "PNM")
    return _UNKNOWN


def _by_brands(brands: list[bytes]) -> FileKind:
    """Format of an ISO base media file by its major brand and its compatible ones."""
    if found := next((_BRANDS[brand] for brand in brands if brand in _BRANDS), None):
        return found
    if brands[0] in (b"mif1", b"msf1"):
        return FileKind("", "HEIF")
    return _VIDEO if brands[0].startswith(_VIDEO_BRANDS) else _UNKNOWN
