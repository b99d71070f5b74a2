"""Pictures that the tests of photographs draw, encode and decode, with what belongs to a file beside its pixels."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyvips
from PIL import Image

WIDTH, HEIGHT = 83, 61
ARTIST, DATE_TIME, ORIENTATION, COPYRIGHT, EXIF, GPS = 315, 306, 274, 33432, 34665, 34853
DATE_TIME_ORIGINAL, EXPOSURE_TIME = 36867, 33434
SUFFIX = {"JPEG": ".jpg", "PNG": ".png", "TIFF": ".tif", "WEBP": ".webp"}
KINDS = [
    *(("JPEG", mode) for mode in ("L", "RGB", "CMYK")),
    *(("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
    *(("TIFF", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK")),
    *(("WEBP", mode) for mode in ("L", "RGB", "RGBA")),
]
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" tiff:Orientation="6" dc:source="box 12"/></rdf:RDF></x:xmpmeta>'


def scene(width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """(height, width, 3) uint8: waves of color, from black to white, and different in every direction."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 17 + i) + np.cos(y / 13 - i) + (x - y) / (width + height) for i in range(3)]
    return np.clip(np.stack(waves, -1) * 55 + 128, 0, 255).astype(np.uint8)


def ramp(height: int = 16) -> np.ndarray:
    """(height, 256) uint8: all grays."""
    return np.repeat(np.arange(256, dtype=np.uint8)[None], height, axis=0)


def picture(mode: str) -> Image.Image:
    rgb = scene()
    if mode == "I;16":
        return Image.fromarray(rgb[..., 0].astype(np.uint16) * 257)
    image = Image.fromarray(rgb).convert(mode)
    if mode in ("LA", "RGBA"):
        image.putalpha(Image.fromarray(np.ascontiguousarray(np.flip(rgb[..., 1], 1))))
    return image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    if kind == "WEBP":
        options = {"lossless": True, "exact": True, **options}
    elif kind == "JPEG":
        options = {"quality": 97, "subsampling": 0, **options}
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def decoded(path: Path | bytes) -> Image.Image:
    with Image.open(io.BytesIO(path) if isinstance(path, bytes) else path) as image:
        image.load()
        return image


def random_ab(spread: float = 60, shape: tuple[int, int] = (9, 7)) -> np.ndarray:
    return np.random.default_rng(3).normal(0, spread, (*shape, 2)).astype(np.float32)


def exif_of(**extra: Any) -> Image.Exif:
    exif = Image.Exif()
    exif[ARTIST], exif[DATE_TIME] = "Ann Example", "1999:01:02 03:04:05"
    exif.get_ifd(EXIF).update({DATE_TIME_ORIGINAL: "1950:06:07 08:09:10", EXPOSURE_TIME: 0.01})
    exif.get_ifd(GPS).update({1: "N", 2: (48.0, 51.0, 29.5)})
    for tag, value in extra.items():
        exif[int(tag[1:])] = value
    return exif


def display_p3() -> bytes:
    blank = pyvips.Image.black(8, 8, bands=3).copy(interpretation="srgb")
    return bytes(blank.icc_transform("p3").get("icc-profile-data"))


def linear_gray() -> bytes:
    """An ICC profile of gray whose code values are linear light: far enough from sRGB to be noticed."""

    def fixed(*values: float) -> bytes:
        return struct.pack(f">{len(values)}i", *(round(v * 65536) for v in values))

    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 7) + b"linear\0" + bytes(79),
        b"cprt": b"text" + bytes(4) + b"none\0\0\0\0",
        b"wtpt": b"XYZ " + bytes(4) + fixed(0.9642, 1, 0.8249),
        b"kTRC": b"curv" + bytes(8),
    }
    table, body, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        data += bytes(-len(data) % 4)
        table += tag + struct.pack(">II", offset + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s", offset + len(body), bytes(4), 0x02400000, b"mntr", b"GRAY", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + fixed(0.9642, 1, 0.8249)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


@cache
def cut(kind: str, share: float, orientation: int = 1) -> bytes:
    noise = np.random.default_rng(0).integers(0, 30, (150, 200, 3), dtype=np.uint8)
    options: dict[str, Any] = {"exif": exif_of(_274=orientation)}
    options |= {"progressive": True} if "progressive" in kind else {}
    data = encoded(Image.fromarray(scene(200, 150) // 2 + noise), kind.split()[-1], **options)
    return data[: int(len(data) * share)]


def png16(array: np.ndarray) -> bytes:
    """A PNG of (H, W, 1 to 4) uint16, which Pillow can't write."""
    height, width, bands = array.shape
    color = {1: 0, 2: 4, 3: 2, 4: 6}[bands]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    header = struct.pack(">IIBBBBB", width, height, 16, color, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def read_png16(data: bytes) -> np.ndarray:
    """(H, W, bands) uint16 of a PNG without interlacing, which Pillow would cut down to 8 bits."""
    width, height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", data[16:29])
    assert (depth, interlaced) == (16, 0)
    bands = {0: 1, 4: 2, 2: 3, 6: 4}[color]
    place, packed = 8, b""
    while place < len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        packed += data[place + 8 : place + 8 + length] if kind == b"IDAT" else b""
        place += 12 + length
    step, rows = 2 * bands, np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, -1)
    pixels = np.zeros((height + 1, step + width * step), np.int64)  # with a row and a pixel of nothing around
    for y, (kind, *row) in enumerate(rows.tolist(), 1):
        now, above = pixels[y], pixels[y - 1]
        for x, value in enumerate(row, step):
            left, up, corner = int(now[x - step]), int(above[x]), int(above[x - step])
            paeth = min((left, up, corner), key=lambda near, guess=left + up - corner: abs(guess - near))
            now[x] = (value + (0, left, up, (left + up) // 2, paeth)[kind]) % 256
    return (
        pixels[1:, step:].astype(np.uint8).reshape(height, width * step).view(">u2").reshape(height, width, bands).astype(np.uint16)
    )


def laid_over(layer: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """What an image editor shows where RGBA `layer` lies over the opaque RGB `ground`, both of the same integer type: floats."""
    opacity = layer[..., 3:] / np.iinfo(layer.dtype).max
    return np.asarray(ground * (1 - opacity) + layer[..., :3] * opacity)


def tiff_of(*pages: tuple[Any, ...]) -> bytes:
    """A little-endian TIFF of pages that Pillow and tifffile don't write: (tags, pixels) or (tags, pixels, list of SubIFDs)."""
    out, link = bytearray(b"II*\0" + bytes(4)), 4

    def value(tag: int, given: Any) -> tuple[int, int, bytes]:
        if isinstance(given, bytes):
            return 1 if tag == 700 else 7, len(given), given
        numbers = given if isinstance(given, tuple) else (given,)
        kind = 4 if max(numbers) > 65535 or tag in (254, 273, 279, 330) else 3
        return kind, len(numbers), struct.pack(f"<{len(numbers)}{'I' if kind == 4 else 'H'}", *numbers)

    def append(data: bytes) -> int:
        out.extend(bytes(len(out) % 2))
        out.extend(data)
        return len(out) - len(data)

    def write(page: tuple[Any, ...]) -> int:
        tags, pixels = dict(page[0]), page[1]
        if len(page) > 2:
            tags[330] = tuple(write(inner) for inner in page[2])
        tags = {273: append(pixels), 279: len(pixels)} | tags
        rows = b""
        for tag in sorted(tags):
            kind, count, data = value(tag, tags[tag])
            rows += struct.pack("<HHI4s", tag, kind, count, data if len(data) <= 4 else struct.pack("<I", append(data)))
        return append(struct.pack("<H", len(tags)) + rows + bytes(4))

    for page in pages:
        start = write(page)
        out[link : link + 4] = struct.pack("<I", start)
        link = len(out) - 4
    return bytes(out)


def tiff_tags(width: int, height: int, samples: int = 1, bits: int = 8, compression: int = 1, **extra: Any) -> dict[int, Any]:
    """Tags of one strip of gray or RGB samples; ``_338=(0,)`` adds tag 338."""
    kind = 1 if samples < 3 else 2
    tags = {256: width, 257: height, 258: (bits,) * samples, 259: compression, 262: kind, 277: samples, 278: height}
    return tags | {int(tag[1:]): value for tag, value in extra.items()}


def bits_of(values: np.ndarray, bits: int) -> bytes:
    """Rows of fractions 0..1 as integers of so many bits, packed without gaps, each row from a new byte on."""
    whole = np.rint(values * (2**bits - 1)).astype(int).reshape(len(values), -1)
    spread = (whole[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(spread.reshape(len(whole), -1).astype(np.uint8), axis=1).tobytes()


def turned(array: np.ndarray, orientation: int) -> np.ndarray:
    """The upright picture of stored pixels, by the definition of EXIF: where row 0 and column 0 are to be shown."""
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    rows, columns = orientation in (3, 4, 7, 8), orientation in (2, 3, 6, 7)
    return np.ascontiguousarray(array[:: -1 if rows else 1, :: -1 if columns else 1])
