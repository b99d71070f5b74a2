"""How much memory decoding and encoding a picture takes, by its format: what can't be streamed is in memory as a whole.

The figures are peaks of resident memory during one pass, of pictures of 16 and 36 megapixels. Pictures that are streamed take a few hundred
rows, which isn't counted.
"""

from __future__ import annotations

from collections.abc import Callable

import pyvips

__all__ = ["Admit", "decoding_bytes", "encoding_bytes", "free", "pixel_bytes", "tile_bytes"]

Admit = Callable[[int], None]
"""Called with the bytes of memory that something takes, before it is done; may raise."""


def free(size: int) -> None:
    """Admits everything."""


_PROGRESSIVE = 2  # bytes a sample: libjpeg keeps the coefficients of all scans
_WEBP, _AVIF = 8, 16  # bytes a pixel: the decoders keep the picture in YCbCr and in RGB
_WRITERS = {"jpeg": 2, "webp": 14, "avif": 24}  # bytes a pixel of RGB: the encoders' copies, and the result
_COMPRESSED = {8: 0.75, 16: 1.0}
"""Bits a sample -> bytes of a PNG or TIFF as a part of those of its pixels: with grain, which is noise in 16 bits."""
_TILE_ROWS = 4  # rows of tiles that libvips keeps: measured 2 with square tiles, 4 to 5 with one as wide as the picture
_USUAL_TILE_HEIGHT = 512  # up to which rows of tiles aren't counted
_SAMPLE_BYTES = {"uchar": 1, "char": 1, "ushort": 2, "short": 2}  # of libvips' formats; others have 4 or more


def pixel_bytes(image: pyvips.Image) -> int:
    """Size of the decoded pixels of an image, in bytes."""
    return int(image.width * image.height * image.bands * _SAMPLE_BYTES.get(image.format, 8 if image.format == "double" else 4))


def decoding_bytes(image: pyvips.Image) -> int:
    """Bytes of memory that one pass over the pixels of a file takes, in the order of the file.

    Args:
        image: as libvips' loader gives it.
    """
    loader = str(image.get("vips-loader")) if image.get_typeof("vips-loader") else ""
    interlaced = image.get_typeof("interlaced") != 0 and bool(image.get("interlaced"))
    pixels, whole = image.width * image.height, pixel_bytes(image)
    total = 0
    if loader.startswith("jpeg"):
        total += _PROGRESSIVE * pixels * image.bands if interlaced else 0
    elif loader.startswith("png"):
        total += whole if interlaced else 0
    elif loader.startswith("webp"):
        total += _WEBP * pixels
    elif loader.startswith("heif"):
        total += _AVIF * pixels * (2 if image.format == "ushort" else 1)
    return total


def tile_bytes(row_bytes: int, rows: int, tile_height: int) -> int:
    """Bytes of memory of the rows of tiles that are decoded at once.

    Args:
        row_bytes: of one row of pixels.
        rows: of the picture.
        tile_height: rows of a tile; the usual few hundred aren't counted. 0 of a picture without tiles.
    """
    return 0 if tile_height <= _USUAL_TILE_HEIGHT else _TILE_ROWS * min(tile_height, rows) * row_bytes


def encoding_bytes(width: int, height: int, samples: int, depth: int, saver: str) -> int:
    """Bytes of memory that writing a picture takes, with its result.

    Args:
        width: pixels.
        height: pixels.
        samples: a pixel, with alpha.
        depth: bits a sample, 8 or 16.
        saver: format, as `saver_of` names it.
    """
    by_pixel = _WRITERS.get(saver, _COMPRESSED[depth] * samples * (depth // 8))
    return round(width * height * by_pixel)
