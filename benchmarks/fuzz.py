"""Damaged pictures by the thousand: each is colored, or refused by name; nothing else may happen, and nothing may be left behind.

    python benchmarks/fuzz.py --files 20000 --seed 1 --workers 2 [--keep DIR] [--limit 10]
    python benchmarks/fuzz.py --only 1234 --seed 1 --keep DIR
    python benchmarks/fuzz.py --files 20000 --seed 1 --corpus DIR --corpus-size 2000

Small valid pictures of every format are drawn here, then damaged: bits flipped, runs overwritten, ends cut off, the head of one
format put on the body of another, fields of length and of size set to absurd values, stretches doubled or left out, several of
these at once. A mutant depends on the seed and its number alone, so --only makes any of them again.

Bad, and the exit code is 1, is: any exception but a TinctError; a process that dies; one that computes for more than --limit seconds,
twice; anything left in the folder after a failure; an original that changed; a result that can't be read, has another size or no
colors; more than a gibibyte of memory. Every other mutant was colored or refused.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import random
import struct
import sys
import tempfile
import time
import traceback
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from tinct import Colorizer

GOOD = ("colored", "refused")
BAD = ("exception", "crash", "hang", "leftover", "uncolored", "memory")
MAX_MEMORY_GROWTH = 2**30
"""Resident memory that coloring one picture may add to a process, bytes."""
ADDRESS_SPACE = 4 * 2**30
"""Limit of a worker's address space beyond that at its start, bytes; a larger allocation fails."""
MAX_PIXELS = 10_000_000
"""Limit given to `Photo.open`: a mutant whose header claims more would be read for minutes before it is refused."""
Seeds = dict[str, bytes]
"""File name -> contents; the name begins with the format."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2000, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the mutant of this number alone")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--limit", type=float, default=10, help="seconds of computing for one mutant")
    parser.add_argument("--keep", type=Path, help="folder for those that did harm")
    parser.add_argument("--corpus", type=Path, help="folder for the nastiest that did none")
    parser.add_argument("--corpus-size", type=int, default=2000)
    arguments = parser.parse_args()

    seeds = draw_seeds()
    numbers = range(arguments.files) if arguments.only is None else [arguments.only]
    results: list[Result] = []
    try:
        run_shown(seeds, arguments.seed, numbers, arguments.workers, arguments.limit, results)
    except KeyboardInterrupt:
        print(f"stopped after {len(results)} of {len(numbers)}")
    show(results)
    bad = [result for result in results if result.outcome in BAD]
    if arguments.keep:
        for result in results if arguments.only is not None else bad:
            path = write(arguments.keep, mutant(seeds, arguments.seed, result.number), result)
            path.with_suffix(path.suffix + ".txt").write_text(f"{result}\n\n{result.detail}\n")
    if arguments.corpus:
        for result in nastiest(results, arguments.corpus_size, arguments.seed):
            write(arguments.corpus, mutant(seeds, arguments.seed, result.number), result)
    sys.exit(bool(bad))


# ---- valid pictures -------------------------------------------------------------------------------------------------------------


def draw(width: int, height: int, seed: int) -> npt.NDArray[np.uint8]:
    """(height, width, 3) uint8: middle tones, so that there is something to color."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 17 + seed + i) + np.cos(y / 13 - seed * i) + (x - y) / (width + height) for i in range(3)]
    grain = np.random.default_rng(seed).normal(0, 4, (height, width, 1))
    return np.clip(np.stack(waves, -1) * 40 + 128 + grain, 0, 255).astype(np.uint8)


def draw_seeds() -> Seeds:
    """Valid pictures, 20 to 300 pixels a side, in all the ways that formats have."""
    import pyvips
    import tifffile
    from PIL import Image, TiffImagePlugin

    seeds: Seeds = {}
    sizes = random.Random(0)

    def size() -> tuple[int, int]:
        side = sizes.randrange(20, 301)
        return side, min(300, max(20, int(side * sizes.uniform(0.6, 1.6))))

    def pixels() -> npt.NDArray[np.uint8]:
        return draw(*size(), seed=len(seeds))

    def picture(mode: str) -> Any:
        if mode == "I;16":
            return Image.fromarray(pixels()[..., 0].astype(np.uint16) * 257)
        image = Image.fromarray(pixels()).convert(mode)
        if mode in ("LA", "RGBA"):
            image.putalpha(image.convert("L").transpose(Image.Transpose.ROTATE_180))
        return image

    def pillow(name: str, mode: str, kind: str, **options: Any) -> None:
        file = io.BytesIO()
        picture(mode).save(file, kind, **options)
        seeds[name] = file.getvalue()

    def vips(name: str, mode: str, suffix: str, **options: Any) -> None:
        image = pyvips.Image.new_from_array(np.asarray(picture(mode)))
        if mode == "I;16":
            image = image.copy(interpretation="grey16")
        seeds[name] = bytes(image.write_to_buffer(suffix, **options))

    def tiff(name: str, array: npt.NDArray[Any], **options: Any) -> None:
        file = io.BytesIO()
        tifffile.imwrite(file, array, **options)
        seeds[name] = file.getvalue()

    def exif(orientation: int) -> bytes:
        tags = Image.Exif()
        tags[315], tags[306], tags[274], tags[33432] = "Ann Example", "1999:01:02 03:04:05", orientation, "1999 A. Example"
        tags[282] = tags[283] = TiffImagePlugin.IFDRational(300)
        tags[296] = 2
        tags.get_ifd(34665).update({36867: "1950:06:07 08:09:10", 33434: 0.01, 37500: b"maker's notes", 40961: 65535})
        tags.get_ifd(34853).update({1: "N", 2: (48.0, 51.0, 29.5)})
        return tags.tobytes()

    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    )
    icc = bytes(pyvips.Image.black(8, 8, bands=3).copy(interpretation="srgb").icc_transform("p3").get("icc-profile-data"))
    all_of_it = {"icc_profile": icc, "xmp": xmp}

    pillow("jpeg-gray.jpg", "L", "JPEG")
    pillow("jpeg-rgb.jpg", "RGB", "JPEG", quality=90)
    pillow("jpeg-rgb-444.jpg", "RGB", "JPEG", subsampling=0, restart_marker_rows=1)
    pillow("jpeg-cmyk.jpg", "CMYK", "JPEG")
    pillow("jpeg-progressive.jpg", "RGB", "JPEG", progressive=True)
    pillow("jpeg-progressive-gray.jpg", "L", "JPEG", progressive=True)
    for orientation in (1, 6, 8):
        pillow(f"jpeg-metadata-{orientation}.jpg", "L", "JPEG", exif=exif(orientation), comment=b"box 12", **all_of_it)
    seeds["jpeg-iptc.jpg"] = with_segments(seeds["jpeg-gray.jpg"], (0xED, photoshop(b"\x1c\x02\x78\x00\x09Town hall")))
    seeds["jpeg-thumbnail.jpg"] = with_segments(seeds["jpeg-rgb.jpg"], (0xE1, with_thumbnail(seeds["jpeg-gray.jpg"][:9000])))

    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        pillow(f"png-{mode.replace(';', '').lower()}.png", mode, "PNG")
    pillow("png-palette-transparent.png", "P", "PNG", transparency=3)
    pillow("png-metadata.png", "L", "PNG", exif=exif(6), dpi=(300, 300), icc_profile=icc)
    for mode in ("L", "RGB", "RGBA", "I;16"):
        vips(f"png-interlaced-{mode.replace(';', '').lower()}.png", mode, ".png", interlace=True)

    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        for mode in ("L", "RGB"):
            pillow(f"tiff-{compression.replace('tiff_', '')}-{mode.lower()}.tif", mode, "TIFF", compression=compression)
    for compression in ("group3", "group4", "tiff_lzw"):
        pillow(f"tiff-bilevel-{compression.replace('tiff_', '')}.tif", "1", "TIFF", compression=compression)
    for mode in ("LA", "P", "RGBA", "CMYK", "I;16"):
        pillow(f"tiff-{mode.replace(';', '').lower()}.tif", mode, "TIFF", compression="tiff_lzw")
    pillow("tiff-metadata.tif", "L", "TIFF", exif=exif(6), dpi=(300, 300), **all_of_it)
    for compression in ("none", "deflate", "jpeg", "lzw"):
        vips(f"tiff-tiled-{compression}.tif", "RGB", ".tif", tile=True, tile_width=64, tile_height=64, compression=compression)
    vips(
        "tiff-tiled-16.tif", "I;16", ".tif", tile=True, tile_width=64, tile_height=64, compression="deflate", predictor="horizontal"
    )
    vips("tiff-pyramid.tif", "RGB", ".tif", tile=True, tile_width=64, tile_height=64, pyramid=True)
    vips("tiff-webp.tif", "RGB", ".tif", compression="webp", lossless=True)
    tiff("tiff-pages.tif", np.stack([draw(90, 60, i)[..., 0] for i in range(3)]), photometric="minisblack")
    tiff("tiff-big.tif", pixels(), bigtiff=True, photometric="rgb")
    tiff("tiff-big-endian.tif", pixels()[..., 0], byteorder=">", rowsperstrip=7, description="Town hall")
    tiff("tiff-planes.tif", np.moveaxis(pixels(), -1, 0).copy(), photometric="rgb", planarconfig="separate")
    tiff("tiff-rgb16.tif", pixels().astype(np.uint16) * 257, photometric="rgb")
    tiff("tiff-float.tif", pixels()[..., 0].astype(np.float32) / 255)
    tiff("tiff-white-is-0.tif", pixels()[..., 0], photometric="miniswhite")

    pillow("webp-lossy.webp", "RGB", "WEBP")
    pillow("webp-lossless.webp", "RGB", "WEBP", lossless=True)
    pillow("webp-alpha.webp", "RGBA", "WEBP")
    pillow("webp-lossless-alpha.webp", "RGBA", "WEBP", lossless=True)
    pillow("webp-metadata.webp", "L", "WEBP", exif=exif(8), **all_of_it)
    file = io.BytesIO()
    frames = [Image.fromarray(draw(64, 48, i)) for i in range(3)]
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:])
    seeds["webp-animated.webp"] = file.getvalue()

    for mode in ("1", "L", "P", "RGB"):
        pillow(f"bmp-{mode.lower()}.bmp", mode, "BMP")
    pillow("mpo.mpo", "RGB", "MPO", save_all=True, append_images=[picture("RGB")])
    tiff("tiff-infrared.tif", np.insert(pixels(), 3, 180, axis=2), photometric="rgb", extrasamples=["unspecified"])

    pillow("gif-gray.gif", "L", "GIF")
    pillow("gif-palette.gif", "P", "GIF")
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    seeds["gif-animated.gif"] = file.getvalue()

    vips("avif-lossy.avif", "RGB", ".avif", Q=60, effort=0)
    vips("avif-gray.avif", "L", ".avif", Q=60, effort=0)
    vips("avif-alpha.avif", "RGBA", ".avif", Q=60, effort=0)
    return seeds


def with_segments(jpeg: bytes, *segments: tuple[int, bytes]) -> bytes:
    """`jpeg` with segments, of these markers, before all others."""
    return jpeg[:2] + b"".join(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body for marker, body in segments) + jpeg[2:]


def photoshop(iptc: bytes) -> bytes:
    return b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(iptc)) + iptc + bytes(len(iptc) % 2)


def with_thumbnail(jpeg: bytes) -> bytes:
    """EXIF with a small picture in its second directory."""
    rows = ((259, 4, 1, 6), (513, 4, 1, 14 + 2 + 36 + 4), (514, 4, 1, len(jpeg)))
    second = struct.pack("<H", 3) + b"".join(struct.pack("<HHII", *row) for row in rows) + bytes(4)
    return b"Exif\0\0" + struct.pack("<2sHIHI", b"II", 42, 8, 0, 14) + second + jpeg


# ---- where the fields are -------------------------------------------------------------------------------------------------------


class Field(NamedTuple):
    """Where a number stands in a file, and of what kind it is: length or offset, dimension in pixels, or another value."""

    offset: int
    size: int
    order: str  # little or big
    kind: str  # length, dimension or value


_TIFF_UNITS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_TIFF_DIMENSIONS = {256, 257, 278, 322, 323}
_TIFF_PLACES = {273, 279, 324, 325, 513, 514}
_TIFF_DIRECTORIES = {330, 34665, 34853}
_BOXES = {b"meta", b"iprp", b"ipco", b"moov", b"trak", b"iref"}


def find_fields(data: bytes) -> list[Field]:
    """The fields of a picture file, up to the first place that can't be parsed: the file may be damaged."""
    readers: dict[bytes, Callable[[bytes], Iterator[Field]]] = {
        b"\xff\xd8": _jpeg,
        b"\x89P": _png,
        b"II": _tiff,
        b"MM": _tiff,
        b"RI": _riff,
        b"GI": _gif,
    }
    reader = readers.get(data[:2], _boxes if data[4:8] == b"ftyp" else None)
    fields: list[Field] = []
    if reader is not None:
        with suppress(struct.error, IndexError, OverflowError, RecursionError):
            for field in reader(data):
                if 0 <= field.offset <= len(data) - field.size:
                    fields.append(field)
    return fields


def _jpeg(data: bytes) -> Iterator[Field]:
    at = 2
    while data[at] == 0xFF:
        marker, (length,) = data[at + 1], struct.unpack_from(">H", data, at + 2)
        yield Field(at + 2, 2, "big", "length")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            yield Field(at + 4, 1, "big", "value")
            yield Field(at + 5, 2, "big", "dimension")
            yield Field(at + 7, 2, "big", "dimension")
            for place in range(at + 9, at + 2 + length):
                yield Field(place, 1, "big", "value")
        elif marker == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
            yield from _tiff(data, at + 10)
        elif marker == 0xE0:
            for place in (at + 12, at + 14):
                yield Field(place, 2, "big", "value")
        elif marker == 0xDD:
            yield Field(at + 4, 2, "big", "value")
        elif marker == 0xDA:
            return
        at += 2 + length


def _png(data: bytes) -> Iterator[Field]:
    at = 8
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], at + 8
        yield Field(at, 4, "big", "length")
        if kind == b"IHDR":
            yield Field(body, 4, "big", "dimension")
            yield Field(body + 4, 4, "big", "dimension")
            for place in range(body + 8, body + 13):
                yield Field(place, 1, "big", "value")
        elif kind == b"eXIf":
            yield from _tiff(data, body)
        elif kind in (b"pHYs", b"gAMA", b"tRNS"):
            yield Field(body, 4, "big", "value")
        at = body + length + 4


def _tiff(data: bytes, base: int = 0) -> Iterator[Field]:
    order, sign = ("little", "<") if data[base : base + 2] == b"II" else ("big", ">")
    big = struct.unpack_from(sign + "H", data, base + 2)[0] == 43
    wide, number = (8, "Q") if big else (4, "I")
    yield Field(base + wide, wide, order, "length")
    todo, seen = [struct.unpack_from(sign + number, data, base + wide)[0]], set()
    while todo:
        start = base + todo.pop()
        if start in seen or len(seen) > 8:
            continue
        seen.add(start)
        (entries,) = struct.unpack_from(sign + ("Q" if big else "H"), data, start)
        head = 8 if big else 2
        yield Field(start, head, order, "length")
        for i in range(min(entries, 200)):
            at = start + head + i * (4 + 2 * wide)
            tag, kind, count = struct.unpack_from(sign + "HH" + number, data, at)
            yield Field(at + 2, 2, order, "value")
            yield Field(at + 4, wide, order, "length")
            unit = _TIFF_UNITS.get(kind, 1)
            meaning = "dimension" if tag in _TIFF_DIMENSIONS else "length" if tag in _TIFF_PLACES else "value"
            value = at + 4 + wide
            if unit * count > wide:
                yield Field(value, wide, order, "length")
                (place,) = struct.unpack_from(sign + number, data, value)
                for j in range(min(count, 4)):
                    yield Field(base + place + j * unit, min(unit, 4), order, meaning)
                    if kind in (5, 10):
                        yield Field(base + place + j * unit + 4, 4, order, meaning)
            else:
                for j in range(count):
                    yield Field(value + j * unit, unit, order, meaning)
            if tag in _TIFF_DIRECTORIES:
                todo.append(struct.unpack_from(sign + number, data, value)[0])
        following = start + head + entries * (4 + 2 * wide)
        yield Field(following, wide, order, "length")
        if todo_next := struct.unpack_from(sign + number, data, following)[0]:
            todo.append(todo_next)


def _riff(data: bytes) -> Iterator[Field]:
    yield Field(4, 4, "little", "length")
    at = 12
    while at + 8 <= len(data):
        kind, (length,) = data[at : at + 4], struct.unpack_from("<I", data, at + 4)
        body = at + 8
        yield Field(at + 4, 4, "little", "length")
        if kind in (b"VP8X", b"ANMF"):
            yield Field(body, 1, "little", "value")
            for place in (body + 4, body + 7) if kind == b"VP8X" else (body + 6, body + 9):
                yield Field(place, 3, "little", "dimension")
        elif kind == b"VP8 ":
            yield Field(body + 6, 2, "little", "dimension")
            yield Field(body + 8, 2, "little", "dimension")
        elif kind == b"VP8L":
            yield Field(body + 1, 4, "little", "dimension")
        elif kind == b"EXIF":
            yield from _tiff(data, body + (6 if data[body : body + 4] == b"Exif" else 0))
        at = body + length + length % 2


def _gif(data: bytes) -> Iterator[Field]:
    yield Field(6, 2, "little", "dimension")
    yield Field(8, 2, "little", "dimension")
    yield Field(10, 1, "little", "value")
    at = 13 + (3 << (data[10] % 8 + 1) if data[10] & 0x80 else 0)
    while data[at] == 0x21:
        at += 2
        while data[at]:
            yield Field(at, 1, "little", "length")
            at += data[at] + 1
        at += 1
    if data[at] == 0x2C:
        for place in range(at + 1, at + 9, 2):
            yield Field(place, 2, "little", "dimension")
        yield Field(at + 9, 1, "little", "value")
        yield Field(at + 10, 1, "little", "value")


def _boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Field]:
    end = len(data) if end is None else end
    at = start
    while at + 8 <= end:
        (length,), kind = struct.unpack_from(">I", data, at), data[at + 4 : at + 8]
        yield Field(at, 4, "big", "length")
        if kind in _BOXES:
            yield from _boxes(data, at + (12 if kind in (b"meta", b"iref") else 8), min(at + length, end))
        elif kind == b"ispe":
            yield Field(at + 12, 4, "big", "dimension")
            yield Field(at + 16, 4, "big", "dimension")
        elif kind in (b"iloc", b"pitm", b"ipma", b"iinf", b"infe", b"pixi", b"av1C", b"irot", b"colr"):
            for place in range(at + 8, min(at + length, end, at + 60), 2):
                yield Field(place, 2, "big", "length" if kind == b"iloc" else "value")
        if length < 8:
            return
        at += length


# ---- damage ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mutant:
    """A damaged picture."""

    seed: str
    """Name of the picture that it was."""
    ways: tuple[str, ...]
    """How it was damaged."""
    data: bytes

    @property
    def suffix(self) -> str:
        return Path(self.seed).suffix


def mutant(seeds: Seeds, seed: int, number: int) -> Mutant:
    """The mutant of this number; pictures take turns."""
    choose = random.Random(f"{seed}/{number}")
    names = sorted(seeds)
    name = names[number % len(names)]
    data, ways = seeds[name], []
    for _ in range(choose.choices((1, 2, 3, 5), (55, 25, 12, 8))[0]):
        way = choose.choice(list(WAYS))
        data = WAYS[way](data, choose, seeds)
        ways.append(way)
    if data[:4] == b"\x89PNG" and choose.random() < 0.7:  # else few would come further than to their checksums
        data = with_checksums(data)
    return Mutant(name, tuple(ways), data)


def flip_bits(data: bytes, choose: random.Random, _: Seeds) -> bytes:
    changed = bytearray(data)
    for _ in range(choose.choice((1, 1, 2, 4, 16))):
        if changed:
            changed[_place(changed, choose)] ^= 1 << choose.randrange(8)
    return bytes(changed)


def overwrite_run(data: bytes, choose: random.Random, _: Seeds) -> bytes:
    start, length = _place(data, choose), choose.choice((1, 2, 4, 16, 100, 1000))
    fill = choose.choice((bytes(length), b"\xff" * length, choose.randbytes(length), b"%n%s<&;" * length))
    return data[:start] + fill[: len(data[start : start + length])] + data[start + length :]


def cut_off(data: bytes, choose: random.Random, _: Seeds) -> bytes:
    return data[: choose.choice((choose.randrange(len(data) + 1), len(data) - choose.randrange(64), choose.randrange(64)))]


def splice(data: bytes, choose: random.Random, seeds: Seeds) -> bytes:
    other = seeds[choose.choice(sorted(seeds))]
    head = choose.choice((4, 12, 32, 100, 500))
    return choose.choice(
        (other[:head] + data[head:], data[:head] + other[head:], data[: len(data) // 2] + other[len(other) // 2 :])
    )


def double_stretch(data: bytes, choose: random.Random, _: Seeds) -> bytes:
    start, length = _place(data, choose), choose.choice((1, 2, 12, 100, 1000))
    return data[:start] + data[start : start + length] * choose.choice((2, 2, 3, 50)) + data[start + length :]


def delete_stretch(data: bytes, choose: random.Random, _: Seeds) -> bytes:
    start, length = _place(data, choose), choose.choice((1, 2, 12, 100, 1000))
    return data[:start] + data[start + length :]


def blow_up_length(data: bytes, choose: random.Random, _: Seeds) -> bytes:
    return _set(data, choose, "length", (0, 1, 2, 8, 0x7FFF, 0xFFFF, 0x10000, 2**24 - 1, 2**31 - 1, 2**31, 2**32 - 1, len(data)))


def blow_up_size(data: bytes, choose: random.Random, _: Seeds) -> bytes:
    huge = (0, 1, 7, 8, 4000, 16383, 16384, 30000, 32768, 65500, 65535, 65536, 10**6, 10**7, 2**24 - 1, 2**31 - 1, 2**31, 2**32 - 1)
    for _ in range(choose.choice((1, 2))):
        data = _set(data, choose, "dimension", huge)
    return data


def odd_value(data: bytes, choose: random.Random, _: Seeds) -> bytes:
    return _set(data, choose, "value", (0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 32, 64, 255, 0x7FFF, 0xFFFF, 2**31, 2**32 - 1))


WAYS: dict[str, Callable[[bytes, random.Random, Seeds], bytes]] = {
    way.__name__: way
    for way in (
        *(flip_bits, overwrite_run, cut_off, splice, double_stretch, delete_stretch),
        *(blow_up_length, blow_up_size, odd_value),
    )
}


def _place(data: bytes | bytearray, choose: random.Random) -> int:
    """Anywhere; half of the time near the beginning, where the headers are."""
    return choose.randrange(max(1, min(len(data), choose.choice((64, 1024, len(data), len(data))))))


def _set(data: bytes, choose: random.Random, kind: str, values: tuple[int, ...]) -> bytes:
    fields = [field for field in find_fields(data) if field.kind == kind]
    if not fields:
        return flip_bits(data, choose, {})
    offset, size, order, _ = choose.choice(fields)
    old = int.from_bytes(data[offset : offset + size], "little" if order == "little" else "big")
    new = choose.choice((*values, old + 1, old - 1, old * 2, old // 2, old * 1000)) % 256**size
    return data[:offset] + new.to_bytes(size, "little" if order == "little" else "big") + data[offset + size :]


def with_checksums(png: bytes) -> bytes:
    """`png` with right checksums in all chunks up to the first whose length is wrong."""
    mended, at = bytearray(png), 8
    while at + 12 <= len(png):
        (length,) = struct.unpack_from(">I", png, at)
        if at + 12 + length > len(png):
            break
        struct.pack_into(">I", mended, at + 8 + length, zlib.crc32(png[at + 4 : at + 8 + length]))
        at += 12 + length
    return bytes(mended)


# ---- one attempt ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """What became of a mutant."""

    number: int
    seed: str
    ways: tuple[str, ...]
    outcome: str
    """One of GOOD or BAD."""
    stage: str = ""
    """The last stage that was reached: opening, coloring, saving or done."""
    seconds: float = 0.0
    growth: int = 0
    """Peak resident memory minus resident memory before, bytes."""
    detail: str = ""
    """The error's text."""

    @property
    def kind(self) -> str:
        """The format."""
        return self.seed.split("-")[0]


def attempt(colorizer: Colorizer, one: Mutant, number: int = 0, inside: str | None = None) -> Result:
    """Color a mutant into a fresh folder, which is made in `inside`, and look at everything that is there afterwards."""
    from tinct import Photo, TinctError
    from tinct.photo.photo import color_path

    with tempfile.TemporaryDirectory(prefix="tinct-fuzz-", dir=inside) as place:
        file = Path(place) / f"photo{one.suffix}"
        file.write_bytes(one.data)
        target, stage, detail = color_path(file), "opening", ""
        before, start = watch_memory(), time.perf_counter()
        try:
            photo = Photo.open(file, max_pixels=MAX_PIXELS)
            stage = "coloring"
            colored = colorizer.colorize(photo)
            stage = "saving"
            colored.save(target)
            outcome, stage = "colored", "done"
        except TinctError as error:
            outcome, detail = "refused", str(error)
        except Exception:
            outcome, detail = "exception", traceback.format_exc()
        seconds, growth = time.perf_counter() - start, peak_memory() - before
        names = {entry.name for entry in file.parent.iterdir()}
        if outcome == "colored":
            if problem := unfit(target, photo.size):
                outcome, detail = "uncolored", problem
            names -= {target.name}
        if outcome in GOOD:
            if names != {file.name}:
                outcome, detail = "leftover", f"{sorted(names)} after: {outcome}, {detail}"
            elif file.read_bytes() != one.data:
                outcome, detail = "leftover", f"the original changed; {outcome}, {detail}"
            elif growth > MAX_MEMORY_GROWTH:
                outcome, detail = "memory", f"{outcome}, {detail}"
    return Result(number, one.seed, one.ways, outcome, stage, seconds, growth, detail)


def unfit(path: Path, size: tuple[int, int]) -> str:
    """Why this is no colored picture of this size; nothing if it is one."""
    from tinct import Photo, TinctError
    from tinct.color import rgb_to_lab

    try:
        photo = Photo.open(path)
        if photo.size != size:
            return f"its size is {photo.size}, not {size}"
        if photo.width * photo.height > 4_000_000:
            photo.lightness().avg()  # all of it can be read
            return ""
        rgb = photo.to_numpy()
        lab = rgb_to_lab(rgb)
    except TinctError as error:
        return f"it can't be read: {error}"
    between = (lab[..., 0] > 15) & (lab[..., 0] < 85)  # black and white have no colors
    between &= (rgb != 128).any(axis=2)  # nor have the missing rows of truncated files
    if between.mean() > 0.2 and np.hypot(lab[..., 1], lab[..., 2])[between].max() < 2:
        return "it has no colors"
    return ""


def watch_memory() -> int:
    """Start to measure the peak of this process anew, where that's possible; bytes of resident memory now."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
        return _status("VmRSS")
    return peak_memory()


def peak_memory() -> int:
    """Bytes of resident memory."""
    with suppress(OSError):
        return _status("VmHWM")
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


# ---- many attempts --------------------------------------------------------------------------------------------------------------


def work(pipe: Connection, seeds: Seeds, seed: int, log: str) -> None:
    """A worker process: numbers of mutants come in, results go out. What libraries print goes to `log`."""
    import faulthandler

    sys.stderr.flush()
    os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND), 2)
    faulthandler.enable()
    for library in ("OMP_NUM_THREADS", "VIPS_CONCURRENCY"):  # read when they are loaded
        os.environ[library] = "1"
    from tinct import Colorizer

    colorizer = Colorizer(threads=1)
    attempt(colorizer, Mutant("jpeg-rgb.jpg", (), seeds["jpeg-rgb.jpg"]))  # what is made once shall not be counted
    with suppress(ImportError, OSError, ValueError):
        import resource

        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + ADDRESS_SPACE, resource.RLIM_INFINITY))
    pipe.send("ready")
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            number = pipe.recv()
            os.ftruncate(2, 0)
            pipe.send(attempt(colorizer, mutant(seeds, seed, number), number, str(Path(log).parent)))


class Worker:
    """A process that colors one mutant at a time, and what is known about it from outside."""

    def __init__(self, seeds: Seeds, seed: int, folder: str) -> None:
        # Spawned, not forked: libvips hangs in a child of a process that has decoded pictures.
        spawn = multiprocessing.get_context("spawn")
        handle, self.log = tempfile.mkstemp(dir=folder, suffix=".log")
        os.close(handle)
        self.pipe, theirs = spawn.Pipe()
        self.process = spawn.Process(target=work, args=(theirs, seeds, seed, self.log), daemon=True)
        self.process.start()
        theirs.close()
        self.number: int | None = None
        self.ready = False
        self.since, self.spent = time.monotonic(), 0.0

    def give(self, number: int) -> None:
        self.number, self.since, self.spent = number, time.monotonic(), self.processor_seconds()
        self.pipe.send(number)

    def is_stuck(self, limit: float) -> bool:
        """Whether it has computed, or waited, too long: on a busy machine a second of computing takes a while."""
        waited = time.monotonic() - self.since
        return waited > limit and (waited > 10 * limit or self.processor_seconds() - self.spent > limit)

    def processor_seconds(self) -> float:
        """That the process has used so far; where that isn't known, time goes on."""
        with suppress(OSError, IndexError, ValueError):
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return time.monotonic()

    def end(self) -> str:
        """Stop the process; how it ended, and the last lines that it printed."""
        code = self.process.exitcode
        self.process.kill()
        self.process.join()
        self.pipe.close()
        printed = Path(self.log).read_text(errors="replace").strip().splitlines()
        return "\n".join([f"exit code {self.process.exitcode if code is None else code}", *printed[-30:]])


def run(
    seeds: Seeds,
    seed: int,
    numbers: Iterable[int],
    workers: int = 1,
    limit: float = 10.0,
    tell: Callable[[Result], object] = lambda _: None,
) -> list[Result]:
    """Color the mutants of these numbers in `workers` processes; the results come in the order in which they are done.

    One on which a process died or computed for longer than `limit` seconds is tried again alone, in a fresh process: if it takes long there
    too it is a hang; a crash remains one, for the process died either way.
    """
    todo = deque(numbers)
    doubtful: dict[int, str] = {}  # number -> what happened at the first attempt
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="tinct-fuzz-") as folder:
        pool = [Worker(seeds, seed, folder) for _ in range(max(1, min(workers, len(todo))))]

        def done(result: Result) -> None:
            results.append(result)
            tell(result)

        def failed(worker: Worker, what: str) -> None:
            """Replace a worker; the mutant that it worked on is the first of the new one."""
            pool.remove(worker)
            said, number = worker.end(), worker.number
            if number is None:
                if not worker.ready:
                    raise RuntimeError(f"a worker couldn't start: {said}")
            elif number in doubtful:
                one = mutant(seeds, seed, number)
                done(Result(number, one.seed, one.ways, what, seconds=time.monotonic() - worker.since, detail=said))
            else:
                doubtful[number] = f"{what}: {said}"
                todo.appendleft(number)
            pool.append(Worker(seeds, seed, folder))

        try:
            while todo or any(worker.number is not None for worker in pool):
                readable = wait([worker.pipe for worker in pool], timeout=0.2)
                for worker in list(pool):
                    if worker.pipe in readable:
                        try:
                            message = worker.pipe.recv()
                        except (EOFError, OSError):
                            worker.process.join(5)
                            failed(worker, "crash")
                            continue
                        if isinstance(message, Result):
                            first = doubtful.get(message.number, "")
                            if first.startswith("crash"):
                                message = replace(message, outcome="crash", detail=f"{first}\nWhen alone: {message.outcome}")
                            done(message)
                            worker.number = None
                        worker.ready = True
                        if todo:
                            worker.give(todo.popleft())
                    elif worker.ready and worker.number is None and todo:
                        worker.give(todo.popleft())
                    elif worker.number is not None and worker.is_stuck(limit):
                        failed(worker, "hang")
        finally:
            for worker in pool:
                worker.end()
    return results


def run_shown(seeds: Seeds, seed: int, numbers: Sequence[int], workers: int, limit: float, results: list[Result]) -> None:
    """`run` with a progress bar, and a line for each bad one as it comes; adds to `results`."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    counts = Counter[str]()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting", total=len(numbers))

        def tell(result: Result) -> None:
            results.append(result)
            counts[result.outcome] += 1
            so_far = ", ".join(f"{counts[name]} {name}" for name in (*GOOD, *BAD) if counts[name])
            bar.update(task, advance=1, description=so_far)
            if not console.is_terminal and len(results) % 1000 == 0:
                console.print(f"{len(results)} of {len(numbers)}: {so_far}", soft_wrap=True)
            if result.outcome in BAD:
                last = (result.detail.strip().splitlines() or [""])[-1]
                console.print(
                    f"{result.number} {result.seed}: {result.outcome}: {last}", markup=False, highlight=False, soft_wrap=True
                )

        run(seeds, seed, numbers, workers, limit, tell)


def show(results: list[Result]) -> None:
    """Tables by format and kind of outcome, then those that are bad."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    table = Table(box=None, header_style="bold")
    for heading in ("format", "mutants", *GOOD, *BAD, "slowest", "most memory", "refused at opening", "coloring", "saving"):
        table.add_column(heading, justify="left" if heading == "format" else "right")
    for kind in [*sorted({result.kind for result in results}), "all"]:
        group = [result for result in results if kind in ("all", result.kind)]
        counts = Counter(result.outcome for result in group)
        stages = Counter(result.stage for result in group if result.outcome == "refused")
        table.add_row(
            kind,
            str(len(group)),
            *(str(counts[name] or "–") for name in (*GOOD, *BAD)),
            f"{max((result.seconds for result in group), default=0):.2f} s",
            f"{max((result.growth for result in group), default=0) / 2**20:.0f} MiB",
            *(str(stages[stage] or "–") for stage in ("opening", "coloring", "saving")),
        )
    console.print(table)
    for result in results:
        if result.outcome in BAD:
            last = (result.detail.strip().splitlines() or [""])[-1]
            ways = ", ".join(result.ways)
            console.print(f"\n{result.number} {result.seed} ({ways}): {result.outcome} at {result.stage or '?'}", markup=False)
            console.print(f"  {result.seconds:.1f} s, {result.growth / 2**20:.0f} MiB; {last}", markup=False)


def nastiest(results: list[Result], count: int, seed: int = 0) -> list[Result]:
    """Of those that did no harm: a quarter refused as late as can be, one the slowest, one the hungriest, and a random rest."""
    choose, chosen = random.Random(seed), dict[int, Result]()
    good = [result for result in results if result.outcome in GOOD]
    choose.shuffle(good)
    late = [result for stage in ("saving", "coloring") for result in good if (result.outcome, result.stage) == ("refused", stage)]
    slow, hungry = (sorted(good, key=lambda r: -key(r)) for key in (lambda r: r.seconds, lambda r: r.growth))
    for share, ranking in enumerate((late, slow, hungry, good), start=1):
        for result in ranking:
            if len(chosen) >= count * share // 4:
                break
            chosen[result.number] = result
    return sorted(chosen.values(), key=lambda result: result.number)


def write(folder: Path, one: Mutant, result: Result) -> Path:
    """The mutant as a file whose name says what became of it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.number:06d}-{result.outcome}-{one.seed}"
    path.write_bytes(one.data)
    return path


if __name__ == "__main__":
    main()
