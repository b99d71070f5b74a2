"""TIFF samples of a number of bits that libvips doesn't take, such as 10, 12 and 14 of scientific cameras, or RGB of 4.

libtiff decodes them all the same: with a directory that declares each row to be so many gray bytes, libvips gives the packed bits.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyvips

from .metadata.exif import Layout
from .picture import image_of
from .tiff import TiffPage

__all__ = ["UNPACKED_COPIES", "has_odd_samples", "odd_samples", "with_bytes_for_samples"]

_WIDTH, _BITS, _PHOTOMETRIC, _SAMPLES, _EXTRA_SAMPLES, _SAMPLE_FORMAT = 256, 258, 262, 277, 338, 339
_PREDICTOR, _PLANES, _TILE_OFFSETS = 317, 284, 324
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB = 0, 1, 2
_SHORT, _LONG = 3, 4
_BYTE_CODECS = {1, 5, 8, 32773, 32946}  # compressions of bytes, whatever they mean: none, LZW, deflate, PackBits
_ROWS_AT_ONCE = 256
UNPACKED_COPIES = 3
"""How often the unpacked samples are in memory while a picture is made of them."""


def has_odd_samples(page: TiffPage) -> bool:
    """Whether a page can be read only here: 1 to 15 bits a sample, gray or RGB, strips of interleaved samples, compressed byte by byte."""
    if page.depth >= 16 or page.depth == 8 or (page.samples == 1 and page.depth in (1, 2, 4)):
        return False
    return (
        set(page.numbers.get(_BITS, ())) == {page.depth}
        and page.get(_PHOTOMETRIC, 0) in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB)
        and page.get(_SAMPLE_FORMAT, 1) == 1
        and page.get(_PREDICTOR, 1) == 1
        and (page.get(_PLANES, 1) == 1 or page.samples == 1)
        and page.compression in _BYTE_CODECS
        and _TILE_OFFSETS not in page.numbers
    )


def with_bytes_for_samples(file: BinaryIO, page: TiffPage) -> bytes | None:
    """The file with one directory, in which the page has one band of bytes, packed as its samples are; None if it can't be rewritten."""
    layout = Layout.of(file)
    if layout is None or layout.offset != "I":  # BigTIFF
        return None
    file.seek(0)
    data = bytearray(file.read())
    order = layout.order
    (count,) = struct.unpack_from(order + "H", data, page.offset)
    table = data[page.offset + 2 : page.offset + 2 + 12 * count]
    rows = {struct.unpack_from(order + "H", table, at)[0]: bytes(table[at : at + 12]) for at in range(0, len(table) // 12 * 12, 12)}
    bits = page.samples * page.depth
    changed = {_WIDTH: -(-page.size[0] * bits // 8), _BITS: 8, _PHOTOMETRIC: _BLACK_IS_ZERO, _SAMPLES: 1}
    for tag, value in changed.items():
        short = tag != _WIDTH
        rows[tag] = struct.pack(order + ("HHIHxx" if short else "HHII"), tag, _SHORT if short else _LONG, 1, value)
    rows.pop(_EXTRA_SAMPLES, None)
    data += bytes(len(data) % 2)
    struct.pack_into(order + "I", data, 4, len(data))
    data += struct.pack(order + "H", len(rows)) + b"".join(rows[tag] for tag in sorted(rows)) + bytes(4)
    return bytes(data)


def odd_samples(packed: pyvips.Image, page: TiffPage, kept: tuple[int, ...]) -> pyvips.Image:
    """The page's pixels, in memory, with the metadata of `packed`.

    Args:
        packed: what libvips reads from `with_bytes_for_samples`.
        page: of the original.
        kept: the color samples and alpha.

    Returns:
        Gray or RGB, perhaps with alpha: 8 bits for up to 8 bits a sample, else 16.
    """
    rows = packed.numpy().reshape(packed.height, -1)
    parts = [_unpacked(rows[y : y + _ROWS_AT_ONCE], page)[..., list(kept)] for y in range(0, len(rows), _ROWS_AT_ONCE)]
    whole = np.concatenate(parts)
    image = image_of(whole)
    for name in ("icc-profile-data", "xmp-data", "iptc-data", "photoshop-data"):
        if packed.get_typeof(name):
            image.set_type(pyvips.GValue.blob_type, name, bytes(packed.get(name)))
    return image.copy(xres=packed.xres, yres=packed.yres)


def _unpacked(rows: npt.NDArray[np.uint8], page: TiffPage) -> npt.NDArray[Any]:
    """(rows, bytes) -> (rows, width, samples), scaled to the full range."""
    width, depth = page.size[0], page.depth
    bits = np.unpackbits(rows, axis=1)[:, : width * page.samples * depth].reshape(len(rows), width, page.samples, depth)
    values = bits @ (1 << np.arange(depth - 1, -1, -1, dtype=np.uint32))
    largest, white = 2**depth - 1, 255 if depth <= 8 else 65535
    if page.get(_PHOTOMETRIC, 1) == _WHITE_IS_ZERO:
        values[..., 0] = largest - values[..., 0]
    scaled: npt.NDArray[Any] = np.rint(values * (white / largest)).astype(np.uint8 if white == 255 else np.uint16)
    return scaled
