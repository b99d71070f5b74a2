"""The structure of TIFF files: which of the pages is the photograph, what its samples mean, and how it is compressed."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import BinaryIO

import pyvips

from .metadata.exif import Layout

__all__ = ["TiffFile", "TiffPage", "compression_fault", "read_tiff"]

_NEW_SUBFILE_TYPE, _SUBFILE_TYPE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 255, 256, 257, 258, 259, 262
_STRIP_OFFSETS, _SAMPLES, _ROWS_PER_STRIP, _STRIP_BYTES, _PLANES, _SUB_IFDS = 273, 277, 278, 279, 284, 330
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_BYTES, _EXTRA_SAMPLES, _ORIENTATION = 322, 323, 324, 325, 338, 274
_PREDICTOR, _SAMPLE_FORMAT = 317, 339
_REDUCED, _MASK = 1, 4  # bits of NewSubfileType: a smaller copy of another picture; a transparency mask
_OLD_REDUCED = 2  # value of SubfileType
_COLORS = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3, 8: 3}  # photometric interpretation -> color samples
_PALETTE = 3
_SENSOR_DATA = {32803, 34892}  # photometric interpretations of raw files: color filter array, linear raw
_ALPHA = {1, 2}  # ExtraSamples: associated (premultiplied), unassociated; 0 is unspecified
_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}  # field type -> `struct` code
_MAX_PAGES = 10_000
_MAX_ROWS = 1000  # of a directory
_MAX_STRIPS = 2**22
_MAX_NUMBERS = 1000  # of other tags
_MAX_SUB_IFDS = 100
_STRIP_TAGS = frozenset((_STRIP_OFFSETS, _STRIP_BYTES, _TILE_OFFSETS, _TILE_BYTES))
_SMALL_TAGS = frozenset(
    (
        *(_NEW_SUBFILE_TYPE, _SUBFILE_TYPE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _ROWS_PER_STRIP),
        *(_PLANES, _SUB_IFDS, _TILE_WIDTH, _TILE_HEIGHT, _EXTRA_SAMPLES, _ORIENTATION, _SAMPLE_FORMAT, _PREDICTOR),
    )
)
_UNCOMPRESSED = 1
_COMPRESSIONS = {
    2: "CCITT Huffman",
    3: "CCITT Group 3",
    4: "CCITT Group 4",
    5: "LZW",
    6: "old-style JPEG",
    7: "JPEG",
    8: "deflate",
    9: "JBIG",
    10: "JBIG",
    32766: "NeXT RLE",
    32771: "CCITT RLE with word alignment",
    32773: "PackBits",
    32809: "ThunderScan",
    32908: "PixarFilm",
    32909: "PixarLog",
    32946: "deflate",
    32947: "Kodak DCS",
    33003: "JPEG 2000",
    33005: "JPEG 2000",
    34661: "JBIG",
    34676: "SGI LogLuv",
    34677: "SGI LogLuv",
    34712: "JPEG 2000",
    34887: "LERC",
    34892: "lossy JPEG",
    34925: "LZMA",
    34926: "ZSTD",
    34927: "WebP",
    34933: "PNG",
    34934: "JPEG XR",
    22610: "JPEG XR",
    50000: "ZSTD",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
_ALWAYS_DECODED = {1, 5, 8, 32773, 32946}
_OLD_JPEG = 6


@dataclass(frozen=True)
class TiffPage:
    """One directory of a TIFF file."""

    number: int
    """Position among the pages, from 0."""
    subifd: int
    """Position among the page's SubIFDs; -1 for the page itself."""
    offset: int
    """Position of the directory in the file."""
    numbers: dict[int, tuple[int, ...]] = field(repr=False)
    """Tag -> integers, of the tags above."""

    def get(self, tag: int, default: int) -> int:
        return (self.numbers.get(tag) or (default,))[0]

    @property
    def is_photograph(self) -> bool:
        """Whether it isn't marked as a smaller copy of another page, or as a mask."""
        if self.get(_NEW_SUBFILE_TYPE, 0) & (_REDUCED | _MASK):
            return False
        return self.get(_SUBFILE_TYPE, 0) != _OLD_REDUCED

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, as stored."""
        return self.get(_WIDTH, 0), self.get(_HEIGHT, 0)

    @property
    def orientation(self) -> int:
        return self.get(_ORIENTATION, 1)

    @property
    def samples(self) -> int:
        """Samples of a pixel, extra samples included."""
        return self.get(_SAMPLES, 1)

    @property
    def depth(self) -> int:
        """Bits a sample."""
        return self.get(_BITS, 1)

    @property
    def compression(self) -> int:
        return self.get(_COMPRESSION, _UNCOMPRESSED)

    @property
    def is_sensor_data(self) -> bool:
        return self.get(_PHOTOMETRIC, 1) in _SENSOR_DATA

    @property
    def is_tiled(self) -> bool:
        """Whether its pixels are in tiles, not in strips of rows."""
        return _TILE_OFFSETS in self.numbers

    @property
    def largest_block(self) -> int:
        """Bytes of its largest compressed strip or tile, as its directory says."""
        lengths = self.numbers.get(_TILE_BYTES if self.is_tiled else _STRIP_BYTES, ())
        return max(lengths, default=0) if self.compression != _UNCOMPRESSED else 0

    @property
    def tile_height(self) -> int:
        """Pixels; 0 of a page in strips."""
        return self.get(_TILE_HEIGHT, 0) if self.is_tiled else 0

    @property
    def is_planar_tiled(self) -> bool:
        """Whether its colors are tiles of separate planes, which libvips doesn't decode."""
        return self.is_tiled and self.get(_PLANES, 1) == 2 and self.samples > 1

    @property
    def kept_samples(self) -> tuple[int, ...] | None:
        """Positions of the color samples and of alpha; None if the pixels have no others, or that isn't known."""
        colors = _COLORS.get(self.get(_PHOTOMETRIC, 1), 0)
        if not colors or self.samples <= colors or self.get(_PHOTOMETRIC, 1) == _PALETTE:
            return None
        extras = self.numbers.get(_EXTRA_SAMPLES, ())
        alpha = next((colors + i for i, kind in enumerate(extras) if kind in _ALPHA and colors + i < self.samples), None)
        kept = (*range(colors), *(() if alpha is None else (alpha,)))
        return kept if len(kept) < self.samples else None

    def whole_rows(self, file_size: int) -> tuple[int, int]:
        """(rows whose data lies before the end of the file, bytes that the file would have if it were whole)."""
        width, height = self.size
        tiled = _TILE_OFFSETS in self.numbers
        offsets = self.numbers.get(_TILE_OFFSETS if tiled else _STRIP_OFFSETS, ())
        lengths = self.numbers.get(_TILE_BYTES if tiled else _STRIP_BYTES, ())
        rows = max(1, min(self.get(_TILE_HEIGHT if tiled else _ROWS_PER_STRIP, height), height))
        across = -(-width // max(1, self.get(_TILE_WIDTH, width))) if tiled else 1
        down = -(-height // rows)
        whole, end = height, 0
        for i, (offset, length) in enumerate(zip(offsets, lengths, strict=False)):
            end = max(end, offset + length)
            if offset + length > file_size:
                start = i // across % max(1, down) * rows
                partial = 0
                if self.compression == _UNCOMPRESSED and not tiled:
                    partial = (
                        max(0, file_size - offset)
                        * 8
                        // max(1, width * self.depth * (self.samples if self.get(_PLANES, 1) == 1 else 1))
                    )
                whole = min(whole, start + min(partial, rows))
        return whole, end


@dataclass(frozen=True)
class TiffFile:
    """The pages of a file."""

    photograph: TiffPage
    """The page to color: the first that is no preview; if all are, the largest full-size SubIFD, or the largest page."""
    count: int
    """Pages that are photographs, at least 1."""
    is_first: bool
    """Whether it is the first directory, which libvips takes unless told otherwise."""


def read_tiff(file: BinaryIO) -> TiffFile | None:
    """The pages of a file; None if it isn't TIFF, or has no directory that can be read."""
    layout = Layout.of(file)
    if layout is None:
        return None
    reader = _Reader(file, layout)
    pages = [TiffPage(number, -1, *found) for number, found in enumerate(reader.pages())]
    if not pages:
        return None
    photographs = [page for page in pages if page.is_photograph]
    if photographs:
        chosen = photographs[0]
    else:
        inside = [
            TiffPage(page.number, i, offset, reader.directory(offset))
            for page in pages
            for i, offset in enumerate(page.numbers.get(_SUB_IFDS, ())[:_MAX_SUB_IFDS])
        ]
        whole = [page for page in inside if page.is_photograph]
        chosen = max(whole or pages, key=lambda page: page.size[0] * page.size[1])
    chosen.numbers.update(reader.directory(chosen.offset, _STRIP_TAGS))
    if chosen.subifd >= 0 and _ORIENTATION not in chosen.numbers:  # DNG has it in the first directory
        chosen.numbers[_ORIENTATION] = (pages[chosen.number].orientation,)
    return TiffFile(chosen, max(1, len(photographs)), chosen.number == 0 and chosen.subifd < 0)


class _Reader:
    """Reads directories; a malformed one has no tags."""

    def __init__(self, file: BinaryIO, layout: Layout) -> None:
        self._file, self._layout, self._following = file, layout, 0
        self._end = file.seek(0, os.SEEK_END)

    def pages(self) -> Iterator[tuple[int, dict[int, tuple[int, ...]]]]:
        """Position and tags of each directory of the file, in their order."""
        try:
            self._file.seek(self._layout.start)
            offset = self._layout.read(self._file, self._layout.offset)
        except struct.error:
            return
        seen: set[int] = set()
        while offset and offset not in seen and len(seen) < _MAX_PAGES:
            seen.add(offset)
            if not (numbers := self.directory(offset)):
                return
            following = self._following
            yield offset, numbers
            offset = following

    def directory(self, offset: int, tags: frozenset[int] = _SMALL_TAGS) -> dict[int, tuple[int, ...]]:
        """Integers of these tags, in the directory at this position."""
        layout = self._layout
        self._following = 0
        table, size = b"", struct.calcsize(layout.row)
        try:
            self._file.seek(min(offset, self._end))
            count = min(layout.read(self._file, layout.rows), _MAX_ROWS)
            table = self._file.read(count * size)
            self._following = layout.read(self._file, layout.offset)
        except struct.error:  # the end of the file
            pass
        numbers: dict[int, tuple[int, ...]] = {}
        for tag, kind, many, inside in struct.iter_unpack(layout.row, table[: len(table) // size * size]):
            limit = _MAX_STRIPS if tag in _STRIP_TAGS else _MAX_NUMBERS
            wanted = tag in tags and tag not in numbers and kind in _NUMBERS and 0 < many <= limit
            if wanted and (values := self._values(_NUMBERS[kind], many, inside)):
                numbers[tag] = values
        return numbers

    def _values(self, code: str, count: int, inside: bytes) -> tuple[int, ...]:
        form = f"{self._layout.order}{count}{code}"
        size = struct.calcsize(form)
        if size > self._layout.inline:
            (offset,) = struct.unpack(self._layout.order + self._layout.offset, inside)
            if offset + size > self._end:
                return ()
            self._file.seek(offset)
            inside = self._file.read(size)
        return struct.unpack_from(form, inside)


def compression_fault(page: TiffPage) -> str:
    """Name of the page's compression if libvips' build can't decode it, else empty."""
    code = page.compression
    if code in _ALWAYS_DECODED or _is_decoded(code):
        return ""
    return _COMPRESSIONS.get(code, f"scheme {code}")


@cache
def _is_decoded(code: int) -> bool:
    """Whether libtiff has this decoder, by what it says about a picture of one row with a nonsensical content."""
    if code == _OLD_JPEG:  # decoded as black by builds that have it, too
        return False
    rows = ((256, 8), (257, 1), (258, 8), (259, code), (262, 1), (273, 8), (277, 1), (278, 1), (279, 8))
    table = b"".join(struct.pack("<HHII", tag, 4 if tag in (273, 279) else 3, 1, value) for tag, value in rows)
    data = struct.pack("<2sHI", b"II", 42, 16) + bytes(8) + struct.pack("<H", len(rows)) + table + bytes(4)
    try:
        source = pyvips.Source.new_from_memory(data)
        pyvips.Operation.call("tiffload_source", source, access="sequential", fail_on="error").avg()
    except pyvips.Error as error:
        return not any(words in error.detail for words in ("not configured", "not implemented", "not supported"))
    return True
