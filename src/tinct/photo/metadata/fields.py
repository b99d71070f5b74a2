"""Metadata fields of libvips images: names of the fields that tinct sets, and repair of what libvips' loaders leave in others."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pyvips

from .exif import turned_exif
from .iptc import from_resources
from .orientation import UPRIGHT, Turn
from .turning import turned_xmp

__all__ = ["FLOAT", "IPTC", "TEXTS", "described"]

FLOAT = "tinct-float"
"""Field of an image that was floating point; its 16-bit values are written as floating point again."""
IPTC = "iptc-data"
"""Field that holds a bare IPTC record."""
TEXTS = "tinct-png-texts"
"""Field that holds the text chunks of a PNG, unchanged."""

_NOT_KEPT = (b"gainmap", b"jpeg-thumbnail-data", b"png-comment-")  # the first two show the gray picture; comments are in TEXTS
_NO_RESOLUTION = 1.0  # pixels per mm that libvips reports where a file says nothing
_DEFAULT_DPI = 72
_NO_TURN = Turn()


def described(image: pyvips.Image, fields: Mapping[str, bytes], turn: Turn = _NO_TURN) -> pyvips.Image:
    """An image with complete metadata that says that it is upright.

    Args:
        image: upright, with the metadata that libvips read.
        fields: metadata that libvips doesn't read, or reads incorrectly, by the names of libvips' fields; empty ones are ignored.
        turn: that made it upright; whatever speaks of places in the picture is turned, too.

    Returns:
        A copy: EXIF, XMP, PNG texts, IPTC and Photoshop resources each in their fields, the resolution known.
    """
    image = image.copy()
    for name, data in fields.items():
        if data:
            image.set_type(pyvips.GValue.blob_type, name, data)
    if image.get_typeof("exif-data"):  # libvips parses EXIF when it is set
        image.set_type(pyvips.GValue.blob_type, "exif-data", turned_exif(bytes(image.get("exif-data")), turn))
    _remove(image, *_NOT_KEPT)
    for name in ("orientation", "exif-ifd0-Orientation", "exif-ifd1-Orientation"):
        image.remove(name)
    _separate_iptc(image, turned=turn.orientation != UPRIGHT)
    if image.xres == _NO_RESOLUTION:  # libvips reads it from the EXIF of JPEG, but not of WebP
        text = image.get("exif-ifd0-XResolution") if image.get_typeof("exif-ifd0-XResolution") else ""
        known = re.match(r"([1-9]\d*)/([1-9]\d*) ", text)  # such as "300/1 (300, Rational, 1 components, 8 bytes)"
        resolution = (int(known[1]) / int(known[2]) if known else _DEFAULT_DPI) / 25.4
        image = image.copy(xres=resolution, yres=resolution)
    if image.get_typeof("xmp-data"):
        image.set_type(pyvips.GValue.blob_type, "xmp-data", turned_xmp(bytes(image.get("xmp-data")), *turn))
    return image


def _remove(image: pyvips.Image, *starts: bytes) -> None:
    """Remove the fields whose names have one of these prefixes. By C functions: names in a PNG may not be UTF-8."""
    names = pyvips.vips_lib.vips_image_get_fields(image.pointer)
    place = 0
    while names[place] != pyvips.ffi.NULL:
        if pyvips.ffi.string(names[place]).startswith(starts):
            pyvips.vips_lib.vips_image_remove(image.pointer, names[place])
        pyvips.glib_lib.g_free(names[place])
        place += 1
    pyvips.glib_lib.g_free(names)


def _separate_iptc(image: pyvips.Image, *, turned: bool) -> None:
    """Put the bare IPTC record into its field and Photoshop's other resources into theirs, whatever the format had.

    Of a `turned` picture the resources that speak of places in it are dropped: paths, guides, slices.
    """
    kept, record = b"", b""
    for name in (IPTC, "photoshop-data"):
        data = bytes(image.get(name)) if image.get_typeof(name) else b""
        image.remove(name)
        if data[3:4] == b"\x1c" != data[:1]:  # stored as 32-bit numbers in a big-endian TIFF, whose bytes libtiff swapped
            data = np.frombuffer(data[: len(data) // 4 * 4], np.uint32).byteswap().tobytes()
        if data[:1] == b"\x1c":
            record = data
        elif data:
            resources, caption = from_resources(data, turned=turned)
            kept, record = kept + resources, record or caption
    for name, data in ((IPTC, record), ("photoshop-data", kept)):
        if data:
            image.set_type(pyvips.GValue.blob_type, name, data)
