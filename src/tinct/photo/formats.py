"""Which picture files tinct reads and writes, and how libvips writes them."""

from __future__ import annotations

import errno
import io
import os
import re
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO, NamedTuple

import pyvips

from ..errors import PhotoError
from .metadata.exif import IPTC as IPTC_TAG
from .metadata.exif import add_tags, read_tags
from .metadata.fields import FLOAT, IPTC, TEXTS
from .metadata.iptc import as_resources, as_text
from .metadata.png import Inserting, text_chunk, xmp_chunk
from .pixels import to_8bit

__all__ = [
    "DEFAULT_JPEG_QUALITY",
    "MAX_JPEG_XMP",
    "READABLE_SUFFIXES",
    "WRITABLE_SUFFIXES",
    "Encoding",
    "encode",
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
READABLE_SUFFIXES = (*WRITABLE_SUFFIXES, ".jpe", ".jfif", ".mpo", ".heic", ".heif", ".bmp", ".dib")
DEFAULT_JPEG_QUALITY = 95
"""Quality of JPEG, WebP and AVIF, 1..100."""
MAX_JPEG_XMP = 60_000
"""Bytes of XMP. libvips silently writes none at all if a JPEG segment (65,502 bytes) can't hold it."""
_MAX_SIDE = {"jpeg": 65500, "webp": 16383, "avif": 65536}  # pixels
_MAX_AVIF_DEPTH = 12  # bits a sample
_UNDEFINED = 7  # TIFF field type of bytes
_MAX_CLASSIC_TIFF = 2**32 - 2**26  # bytes of pixels: beyond that the 32-bit offsets of classic TIFF may not suffice


def saver_of(suffix: str) -> str:
    """libvips' name of the format for a suffix: ``.jpg`` -> ``jpeg``; empty for formats that tinct doesn't write."""
    return _SAVERS.get(suffix.lower(), "")


class _Deflate(NamedTuple):
    """Filter of the samples before they are compressed, and compression level.

    For photographs Paeth's filter saves a third of a PNG at no cost. The paint of an 8-bit color layer is coarse where it is transparent, so a
    filter doesn't help: without one, and at level 2, 20 megapixels with grain take 0.8 s of processor time instead of 2.6 s and are 15 % smaller;
    five other photographs and 60 thumbnails were 14 % smaller to 7 % larger. In 16 bits level 3 takes half the time of level 6, for 0 to 5 %
    more bytes.
    """

    png_filter: str
    tiff_predictor: str
    level: int


@dataclass(frozen=True)
class Encoding:
    """Format and quality of a written picture."""

    saver: str
    """A value of `saver_of`."""
    jpeg_quality: int = DEFAULT_JPEG_QUALITY
    """Quality of JPEG, WebP and AVIF, 1..100."""
    lossless: bool = False
    """Lossless WebP, as its original was."""
    depth: int = 8
    """Bits a sample of the original, which AVIF keeps up to 12."""
    layer: bool = False
    """Whether the picture is a color layer, whose paint is noisy."""

    def deflate(self, image: pyvips.Image) -> _Deflate:
        """How the samples of an image are compressed in PNG and TIFF."""
        if not self.layer:
            return _Deflate("paeth", "horizontal", 6)
        return _Deflate("none", "none", 2) if image.format == "uchar" else _Deflate("paeth", "horizontal", 3)

    def check(self, width: int, height: int, where: str) -> None:
        """Raises PhotoError if the format can't hold a picture of this size."""
        limit = _MAX_SIDE.get(self.saver, max(width, height))
        if max(width, height) > limit:
            raise PhotoError(
                f"{where}: {self.saver} holds at most {limit} pixels a side, and the picture has {max(width, height)}",
                code="format-limit",
            )


def encode(image: pyvips.Image, file: BinaryIO, how: Encoding) -> None:
    """Write an sRGB or gray image of 8 or 16 bits, with its metadata, to an open file. Raises pyvips.Error or OSError."""
    target = pyvips.Target.new_to_descriptor(file.fileno())
    image = image.copy()
    alpha = image.hasalpha()
    iptc, resources, texts = (bytes(image.get(name)) if image.get_typeof(name) else b"" for name in (IPTC, "photoshop-data", TEXTS))
    image.remove(IPTC)  # libvips would truncate it in TIFF, and take it for a list of resources in JPEG
    if how.saver == "tiff":
        if floating := image.get_typeof(FLOAT) != 0:
            image = (image / 65535).cast("float").copy(interpretation="scrgb")  # written as it is: sRGB's code values, 0..1
        nbytes = image.width * image.height * image.bands * {"uchar": 1, "ushort": 2, "float": 4}[image.format]
        deflate = how.deflate(image)
        predictor = "none" if floating else deflate.tiff_predictor  # most programs can't read the one for floating point
        bigtiff = nbytes > _MAX_CLASSIC_TIFF
        image.tiffsave_target(target, compression="deflate", predictor=predictor, level=deflate.level, bigtiff=bigtiff)
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
            deflate = how.deflate(image)
            image.pngsave_target(inserting.target, filter=deflate.png_filter, compression=deflate.level)
        except pyvips.Error:
            if inserting.error is not None:
                raise inserting.error from None
            raise
    elif how.saver == "webp":
        to_8bit(image).webpsave_target(target, Q=how.jpeg_quality, lossless=how.lossless, exact=how.lossless, smart_subsample=True)
    elif how.saver == "avif":
        deep = image.format == "ushort" and how.depth > 8
        options = {"compression": "av1", "effort": 2, "subsample_mode": "off" if how.jpeg_quality >= 90 else "auto"}
        (image if deep else to_8bit(image)).heifsave_target(
            target, Q=how.jpeg_quality, bitdepth=min(how.depth, _MAX_AVIF_DEPTH) if deep else 8, **options
        )
    else:
        image = to_8bit(image)
        if wrapped := as_resources(resources, iptc):
            image.set_type(pyvips.GValue.blob_type, IPTC, wrapped)
        (image.flatten(background=255) if alpha else image).jpegsave_target(target, Q=how.jpeg_quality)


@cache
def srgb_profile() -> bytes:
    """libvips' own ICC profile of sRGB."""
    blank = pyvips.Image.black(1, 1, bands=3).copy(interpretation="srgb")
    return bytes(blank.icc_transform("srgb").get("icc-profile-data"))


def write_error(error: pyvips.Error) -> OSError | None:
    """The OSError behind a failed write, which libvips reports as text only; None for other errors."""
    if "write error" not in error.detail:
        return None
    known = (n for n in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT) if os.strerror(n) in error.detail)
    number = next(known, errno.EIO)
    return OSError(number, os.strerror(number))


def first_line(error: pyvips.Error) -> str:
    """First line of libvips' message, without the name of the operation."""
    lines = (re.sub(r"^Vips\w+: ", "", line.strip()) for line in (error.detail or error.message).splitlines())
    return next((line for line in lines if line), "no details")
