"""Which picture files tinct reads and writes, and what to do about the others."""

from __future__ import annotations

import errno
import io
import os
import re
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO

import pyvips

from ..errors import PhotoError
from .metadata.exif import IPTC as IPTC_TAG
from .metadata.exif import add_tags, read_tags
from .metadata.iptc import as_resources, as_text
from .metadata.png import Inserting, text_chunk, xmp_chunk
from .pixels import to_8bit

__all__ = [
    "CONVERT",
    "FLOAT",
    "IPTC",
    "READABLE_SUFFIXES",
    "TEXTS",
    "WRITABLE_SUFFIXES",
    "Encoding",
    "encode",
    "find_loader",
    "first_line",
    "saver_of",
    "srgb_profile",
    "write_error",
]

_SAVERS = {
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".png": "png",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".webp": "webp",
    ".avif": "avif",
}
WRITABLE_SUFFIXES = tuple(_SAVERS)
READABLE_SUFFIXES = (*WRITABLE_SUFFIXES, ".jpe", ".jfif", ".heic", ".heif")
FLOAT = "tinct-float"
"""Field of an image that came as floating point, and whose 16-bit values go back to it."""
IPTC = "iptc-data"
"""Field of an image that holds an IPTC record without any wrapping."""
TEXTS = "tinct-png-texts"
"""Field of an image that holds a PNG's texts, as they lay in the file."""

_LOADERS = {  # by the class that libvips finds -> the one operation that may open it
    "VipsForeignLoadJpegSource": "jpegload_source",
    "VipsForeignLoadUhdrSource": "jpegload_source",  # a JPEG whose gain map, for bright screens, knows nothing of our colors
    "VipsForeignLoadPngSource": "pngload_source",
    "VipsForeignLoadTiffSource": "tiffload_source",
    "VipsForeignLoadWebpSource": "webpload_source",
    "VipsForeignLoadHeifSource": "heifload_source",
}
_FOREIGN = {  # how files begin that people take for photographs -> what they are, and the cure
    b"%PDF": "a PDF; save its pages as TIFF or PNG pictures first",
    b"GIF8": "a GIF, which has 256 colors at most; convert it to PNG first",
    b"8BPS": "a Photoshop document; save a flattened copy as TIFF",
    b"\0\0\0\x0cjP  ": "a JPEG 2000, which tinct doesn't read; convert it to TIFF first",
    b"\0\0\0\x0cJXL ": "a JPEG XL, which tinct doesn't read; convert it to PNG or TIFF first",
    b"\xff\x0a": "a JPEG XL, which tinct doesn't read; convert it to PNG or TIFF first",
    b"AT&TFORM": "a DjVu document; save its pages as TIFF or PNG pictures first",
    b"BM": "a BMP; convert it to PNG first",
}
_RAW = {
    ".3fr",
    ".arw",
    ".cr2",
    ".cr3",
    ".crw",
    ".dcr",
    ".dng",
    ".erf",
    ".iiq",
    ".kdc",
    ".mef",
    ".mos",
    ".nef",
    ".orf",
    ".pef",
    ".raf",
    ".rw2",
    ".srw",
}
CONVERT = "convert it to JPEG, PNG, TIFF or WebP, or get a fresh copy of it"
_MOST = {"jpeg": 65500, "webp": 16383, "avif": 65536}  # pixels a side
_UNDEFINED = 7  # a TIFF tag's type: bytes
_TIFF_BYTES = 2**32 - 2**26  # of pixels: with more, the 32-bit offsets of classic TIFF may not suffice


def find_loader(name: str, source: pyvips.Source, head: bytes, suffix: str) -> str:
    """The libvips operation that opens this file, chosen by its content. Only those for photographs are ever run.

    Args:
        name: for messages.
        source: the whole file.
        head: its first bytes.
        suffix: of its name, in lower case.

    Raises:
        PhotoError: it is something else, or nothing that is known.
    """
    found = pyvips.vips_lib.vips_foreign_find_load_source(source.pointer)
    if found == pyvips.ffi.NULL:
        pyvips.Error("")  # takes libvips' own message, so that it doesn't turn up in a later one
    loader = "" if found == pyvips.ffi.NULL else pyvips.ffi.string(found).decode()
    if suffix in _RAW and (not loader or "Tiff" in loader):  # it would be taken for the small preview that it holds
        raise PhotoError(f"{name} is a camera's raw file; develop it to TIFF or JPEG first")
    if loader not in _LOADERS:
        unknown = f"no picture that tinct reads, or it is damaged (unknown format); {CONVERT}"
        raise PhotoError(f"{name} is {next((what for start, what in _FOREIGN.items() if head.startswith(start)), unknown)}")
    return _LOADERS[loader]


def saver_of(suffix: str) -> str:
    """``.jpg`` -> ``jpeg``; empty where tinct doesn't write such files."""
    return _SAVERS.get(suffix.lower(), "")


@dataclass(frozen=True)
class Encoding:
    """How a picture is written."""

    saver: str
    """A value of `saver_of`."""
    quality: int = 95
    """Of JPEG, WebP and AVIF, 1..100."""
    lossless: bool = False
    """Of WebP: as its original was."""
    depth: int = 8
    """Bits of AVIF: 8, 10 or 12, as its original had."""

    def check(self, width: int, height: int, where: str) -> None:
        """Raises PhotoError where the format can't hold so large a picture."""
        most = _MOST.get(self.saver, max(width, height))
        if max(width, height) > most:
            raise PhotoError(f"{where}: {self.saver} holds at most {most} pixels a side; name a .tif or .png with -o")


def encode(image: pyvips.Image, file: BinaryIO, how: Encoding) -> None:
    """Write an sRGB or gray image of 8 or 16 bits, with its metadata, to an open file. Raises pyvips.Error or OSError."""
    target = pyvips.Target.new_to_descriptor(file.fileno())
    image = image.copy()
    alpha = image.hasalpha()
    iptc, resources, texts = (bytes(image.get(name)) if image.get_typeof(name) else b"" for name in (IPTC, "photoshop-data", TEXTS))
    image.remove(IPTC)  # libvips would cut it off in TIFF, and take it for a list of resources in JPEG
    if how.saver == "tiff":
        if floating := image.get_typeof(FLOAT) != 0:
            image = (image / 65535).cast("float").copy(interpretation="scrgb")  # written as it is: sRGB's code values, 0..1
        nbytes = image.width * image.height * image.bands * {"uchar": 1, "ushort": 2, "float": 4}[image.format]
        predictor = "none" if floating else "horizontal"  # the one for floats is beyond most programs
        image.tiffsave_target(target, compression="deflate", predictor=predictor, bigtiff=nbytes > _TIFF_BYTES)
        exif = bytes(image.get("exif-data")) if image.get_typeof("exif-data") else b""
        tags = read_tags(io.BytesIO(exif.removeprefix(b"Exif\0\0")))
        add_tags(file, tags | ({IPTC_TAG: (_UNDEFINED, len(iptc), iptc)} if iptc else {}))
        return
    image.set_type(pyvips.GValue.gstr_type, "exif-ifd2-ColorSpace", "1")  # sRGB, whatever the original was
    if how.saver == "png":
        if caption := as_text(iptc):
            texts += text_chunk(b"Raw profile type iptc", caption)
        if image.get_typeof("xmp-data"):
            texts += xmp_chunk(bytes(image.get("xmp-data")))
            image.remove("xmp-data")
        inserting = Inserting(file, texts)
        try:
            image.pngsave_target(inserting.target, filter="paeth")  # a third smaller than unfiltered, in the same time
        except pyvips.Error:
            if inserting.error is not None:
                raise inserting.error from None
            raise
    elif how.saver == "webp":
        to_8bit(image).webpsave_target(target, Q=how.quality, lossless=how.lossless, exact=how.lossless, smart_subsample=True)
    elif how.saver == "avif":
        deep = image.format == "ushort" and how.depth > 8
        options = {"compression": "av1", "effort": 2, "subsample_mode": "off" if how.quality >= 90 else "auto"}
        (image if deep else to_8bit(image)).heifsave_target(target, Q=how.quality, bitdepth=how.depth if deep else 8, **options)
    else:
        image = to_8bit(image)
        if wrapped := as_resources(resources, iptc):
            image.set_type(pyvips.GValue.blob_type, IPTC, wrapped)
        (image.flatten(background=255) if alpha else image).jpegsave_target(target, Q=how.quality)


@cache
def srgb_profile() -> bytes:
    """libvips' own ICC profile of sRGB."""
    blank = pyvips.Image.black(1, 1, bands=3).copy(interpretation="srgb")
    return bytes(blank.icc_transform("srgb").get("icc-profile-data"))


def write_error(error: pyvips.Error) -> OSError | None:
    """What the system said where libvips couldn't write, which it reports as text only."""
    if "write error" not in error.detail:
        return None
    known = (n for n in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT) if os.strerror(n) in error.detail)
    number = next(known, errno.EIO)
    return OSError(number, os.strerror(number))


def first_line(error: pyvips.Error) -> str:
    """What libvips says first of several lines, without the class that says it."""
    lines = (re.sub(r"^Vips\w+: ", "", line.strip()) for line in (error.detail or error.message).splitlines())
    return next((line for line in lines if line), "no details")
