"""BMP files, which libvips doesn't read: palettes, 16, 24 and 32 bits, run-length encoded ones; headers of OS/2 and all of Windows."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import PhotoError

__all__ = ["Bmp", "read_bmp_header"]

Bytes = npt.NDArray[np.uint8]

_FILE_HEADER = 14  # bytes
_CORE, _INFO, _V2, _V3, _V4, _V5 = 12, 40, 52, 56, 108, 124  # bytes of the second header; 16 and 64 are versions of OS/2's
_RGB, _RLE8, _RLE4, _FIELDS, _ALPHA_FIELDS = 0, 1, 2, 3, 6
_EMBEDDED_PROFILE = b"DEBM"  # 'MBED', little-endian
_DEFAULT_MASKS = {16: (0x7C00, 0x3E0, 0x1F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}


@dataclass(frozen=True)
class Bmp:
    """The header of a BMP."""

    width: int
    height: int
    bits: int
    """Bits a pixel."""
    compression: int
    top_down: bool
    """Whether the first row is the upper one; as a rule it is the lowest."""
    masks: tuple[int, int, int, int]
    """Bits of red, green, blue and alpha in a pixel of 16 or 32 bits; 0 for none."""
    palette: Bytes
    """(colors, 3) RGB, or (colors, 1) if all are gray."""
    start: int
    """Position of the pixels in the file."""
    pixels_per_mm: float
    """0 if unknown."""
    profile: bytes
    """ICC profile; empty if there is none."""

    @property
    def row_bytes(self) -> int:
        return -(-self.width * self.bits // 32) * 4

    @property
    def bands(self) -> int:
        """Channels of the decoded pixels; alpha that is 0 everywhere is none, and dropped."""
        return self.palette.shape[1] if self.bits <= 8 else 3 if self.bits == 24 else sum(mask != 0 for mask in self.masks)

    def decode(self, data: bytes) -> tuple[Bytes, int]:
        """The pixels of the file, and how many rows are there; missing rows are black.

        Returns:
            ((height, width, 1, 3 or 4) gray, RGB or RGBA 0..255; number of rows). If the file is truncated, the rows at its end are
            missing: the upper ones, unless it is `top_down`.
        """
        body = data[self.start :]
        if self._is_run_length:
            indices, rows = self._run_lengths(body)
            pixels = self._colors(indices)
        else:
            rows = self.rows(data)
            whole = body[: rows * self.row_bytes].ljust(self.height * self.row_bytes, b"\0")
            pixels = self._unpacked(np.frombuffer(whole, np.uint8).reshape(self.height, self.row_bytes))
        return (pixels if self.top_down else pixels[::-1]), rows

    def rows(self, data: bytes) -> int:
        """Rows whose pixels are in the file; without decoding them, where rows have the same length."""
        if self._is_run_length:
            return self._run_lengths(data[self.start :])[1]
        return min(self.height, max(0, len(data) - self.start) // self.row_bytes)

    @property
    def _is_run_length(self) -> bool:
        return self.compression in (_RLE8, _RLE4)

    def _unpacked(self, rows: Bytes) -> Bytes:
        if self.bits == 24:
            return rows[:, : self.width * 3].reshape(self.height, self.width, 3)[..., ::-1]
        if self.bits == 8:
            return self._colors(rows[:, : self.width])
        if self.bits < 8:
            shifts = np.arange(8 - self.bits, -1, -self.bits, dtype=np.uint8)
            parts = (rows[..., None] >> shifts) & (2**self.bits - 1)
            return self._colors(parts.reshape(self.height, -1)[:, : self.width])
        values = np.ascontiguousarray(rows).view(f"<u{self.bits // 8}")[:, : self.width].astype(np.uint32)
        pixels = np.stack([_field(values, mask) for mask in self.masks if mask], axis=-1)
        return pixels[..., :3] if pixels.shape[-1] == 4 and not pixels[..., 3].any() else pixels

    def _colors(self, indices: Bytes) -> Bytes:
        colors: Bytes = self.palette[np.minimum(indices, len(self.palette) - 1)]
        return colors

    def _run_lengths(self, body: bytes) -> tuple[Bytes, int]:
        """(height, width) palette indices of RLE8 or RLE4, first row first; pixels that the runs leave out have index 0."""
        indices = np.zeros((self.height, self.width), np.uint8)
        four, x, y, place = self.compression == _RLE4, 0, 0, 0

        def put(values: Bytes) -> None:
            nonlocal x
            if y < self.height:
                part = values[: max(0, self.width - x)]
                indices[y, x : x + len(part)] = part
            x += len(values)

        while place + 2 <= len(body) and y < self.height:
            count, value = body[place], body[place + 1]
            place += 2
            if count:  # a run, in RLE4 of two indices in turn
                put(np.resize(np.array([value >> 4, value & 15] if four else [value], np.uint8), count))
            elif value == 0:  # end of the row
                x, y = 0, y + 1
            elif value == 1:  # end of the picture
                return indices, self.height
            elif value == 2:  # a jump
                x, y, place = (
                    x + int.from_bytes(body[place : place + 1], "little"),
                    y + int.from_bytes(body[place + 1 : place + 2], "little"),
                    place + 2,
                )
            else:  # single indices, padded to 16 bits
                size = -(-value // 2) if four else value
                raw = np.frombuffer(body[place : place + size], np.uint8)
                put(np.stack([raw >> 4, raw & 15], -1).reshape(-1)[:value] if four else raw)
                place += size + size % 2
        return indices, min(y, self.height)


def _field(values: npt.NDArray[np.uint32], mask: int) -> Bytes:
    """The bits of a mask, scaled to 0..255."""
    shift = (mask & -mask).bit_length() - 1
    largest = mask >> shift
    scaled: Bytes = np.rint(((values & mask) >> shift) * (255 / largest)).astype(np.uint8)
    return scaled


def read_bmp_header(name: str, data: bytes) -> Bmp:
    """The header of a BMP file.

    Args:
        name: for messages.
        data: the whole file.

    Raises:
        PhotoError: the header is damaged, or of a kind that isn't read.
    """
    try:
        return _header(name, data)
    except (struct.error, IndexError):
        raise PhotoError(f"{name} is truncated: its header is incomplete; get a fresh copy of it", code="damaged") from None


def _header(name: str, data: bytes) -> Bmp:
    start, size = struct.unpack_from("<10xII", data)
    if size == _CORE:
        width, height, planes, bits = struct.unpack_from("<HHHH", data, 18)
        compression, per_meter, used = _RGB, 0, 0
    else:
        width, height, planes, bits, compression, _, per_meter, _, used = struct.unpack_from(
            "<iiHHIIiiI", data[: _FILE_HEADER + size].ljust(54, b"\0") if len(data) >= _FILE_HEADER + size else b"", 18
        )
    whole_palette = bits in (1, 2, 4, 8)
    fits = {_RGB: bits in (1, 2, 4, 8, 16, 24, 32), _RLE8: bits == 8, _RLE4: bits == 4, _FIELDS: bits in (16, 32)}
    fits[_ALPHA_FIELDS] = fits[_FIELDS]
    if not fits.get(compression, False) or (size in (16, 64) and compression > _RLE4):
        kind = {4: "JPEG", 5: "PNG"}.get(compression, f"compression {compression}, {bits} bits a pixel")
        raise PhotoError(f"{name} is a BMP of a kind that tinct doesn't read ({kind}); convert it to PNG first")
    if width <= 0 or height == 0 or planes != 1:
        raise PhotoError(f"{name} is damaged (impossible size in its header); get a fresh copy of it", code="damaged")
    masks = _DEFAULT_MASKS.get(bits, (0, 0, 0, 0))
    after = _FILE_HEADER + size
    if compression in (_FIELDS, _ALPHA_FIELDS):
        alpha = compression == _ALPHA_FIELDS or size >= _V3
        masks = (*struct.unpack_from("<III", data, 54), struct.unpack_from("<I", data, 66)[0] if alpha else 0)
        after += (16 if compression == _ALPHA_FIELDS else 12) if size == _INFO else 0
        if not all(masks[:3]) or any(mask >> bits for mask in masks):
            raise PhotoError(f"{name} is damaged (impossible color masks in its header); get a fresh copy of it", code="damaged")
    palette = np.zeros((1, 1), np.uint8)
    if whole_palette:
        entry, count = 3 if size == _CORE else 4, min(used or 2**bits, 2**bits)
        count = min(count, max(1, (start - after) // entry)) if start > after else count
        colors = np.frombuffer(data[after : after + count * entry].ljust(count * entry, b"\0"), np.uint8).reshape(-1, entry)
        palette = colors[:, 2::-1]
        if (palette == palette[:, :1]).all():
            palette = palette[:, :1]
    profile = b""
    if size >= _V5 and data[70:74] == _EMBEDDED_PROFILE:
        offset, length = struct.unpack_from("<II", data, 14 + 112)
        profile = data[14 + offset : 14 + offset + length]
    return Bmp(width, abs(height), bits, compression, height < 0, masks, palette, start, max(0, per_meter) / 1000, profile)
