"""`Picture`: an opened picture whose pixels can be decoded again for each pass; and what its makers share: limits, checks, arrays."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import numpy.typing as npt
import pyvips

from ..errors import PhotoError
from .metadata.orientation import Turn
from .note import Note

__all__ = ["COLOR_BANDS", "Picture", "check_range", "check_size", "grayed", "image_of", "once", "printable"]

COLOR_BANDS = {"b-w": 1, "grey16": 1, "srgb": 3, "rgb16": 3, "scrgb": 3, "cmyk": 4}
"""libvips interpretations of decoded photographs -> number of color bands."""
_CONTROLS = {"Cc", "Cs", "Zl", "Zp"}  # Unicode categories of control characters, surrogates and line separators
_FLOAT_RANGE = (-0.05, 1.05)  # resampling overshoots 0..1 by this much; such values are clipped


@dataclass(frozen=True)
class Picture:
    """An opened picture. `load` and `source` may be called any number of times, from any thread."""

    name: str
    """For messages."""
    path: Path | None
    load: Callable[[], pyvips.Image]
    """A fresh lazy image: upright, gray, RGB or CMYK of 8 or 16 bits, perhaps with alpha, and with its metadata."""
    source: Callable[[], pyvips.Source] | None = None
    """A fresh encoded stream, for formats that libvips can shrink while it decodes."""
    data: bytes | None = None
    """The file's content, if it isn't read from `path`."""
    notes: tuple[Note, ...] = ()
    """Parts of the file that aren't kept, as sentences for the user."""
    lossless: bool = False
    """Whether it is lossless WebP."""
    depth: int = 8
    """Bits a sample as stored; 16 for an array or PIL image with more than 8."""
    check: Callable[[], None] = lambda: None
    """Raises PhotoError if the values of its pixels can't be used; decodes all of them the first time, if the format needs that."""
    unchanged: Callable[[], None] = lambda: None
    """Raises PhotoError if the file has changed since it was opened."""
    is_file: bool = True
    """Whether it came as an encoded file, whose checksum identifies it."""
    turn: Turn = field(default_factory=Turn)
    """What made it upright; of a picture that isn't a file, nothing."""
    known: tuple[int, int, int, int] | None = None
    """Left, top, width and height of the part of the upright picture that a truncated file holds; None for all of it."""
    decoding_bytes: int = 0
    """Memory that one pass over its pixels takes, besides a few rows."""
    held_bytes: int = 0
    """Memory that it takes between passes, besides `data`: a decoded copy, or a file that was mended."""
    suffix: str = ""
    """Suffix of the closest format that tinct writes, where libvips' loader doesn't tell."""


def grayed(image: pyvips.Image, known: tuple[int, int, int, int] | None) -> pyvips.Image:
    """An image whose pixels outside the `known` part (see `Picture`) are gray and opaque: what a decoder gives there is arbitrary."""
    if known is None:
        return image
    white = 65535 if image.format == "ushort" else 1 if image.format == "float" else 255
    colors = COLOR_BANDS.get(image.interpretation, image.bands)
    middle = 0.5 if white == 1 else (white + 1) / 2
    gray = [0, 0, 0, middle] if colors == 4 else [middle] * colors  # CMYK: black ink alone
    background = gray + [white] * (image.bands - colors)
    left, top, width, height = known
    return image.crop(left, top, width, height).embed(
        left, top, image.width, image.height, extend="background", background=background[: image.bands]
    )


def printable(name: str | os.PathLike[str]) -> str:
    """A file's name for messages: on one line, and fit for any output. Bytes that aren't UTF-8 become ``\\xff``, line breaks ``\\n``."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(repr(letter)[1:-1] if unicodedata.category(letter) in _CONTROLS else letter for letter in text)


def image_of(array: npt.NDArray[Any]) -> pyvips.Image:
    """(H, W, bands) uint8 or uint16 as an image; an even number of bands includes alpha."""
    height, width, bands = array.shape
    deep = array.dtype.itemsize == 2
    kind = {(1, False): "b-w", (3, False): "srgb", (1, True): "grey16", (3, True): "rgb16"}[bands - (bands % 2 == 0), deep]
    data = array.astype(array.dtype.newbyteorder("=")).tobytes()
    return pyvips.Image.new_from_memory(data, width, height, bands, "ushort" if deep else "uchar").copy(interpretation=kind)


def check_size(name: str, width: int, height: int, max_pixels: int) -> None:
    """Raises PhotoError for more than `max_pixels`."""
    if width * height > max_pixels:
        raise PhotoError(
            f"{name} has {width} × {height} = {width * height:,} pixels, more than the limit of {max_pixels:,}",
            code="too-many-pixels",
            pixels=width * height,
            max_pixels=max_pixels,
        )


def check_range(name: str, low: float, high: float) -> None:
    """Raises PhotoError if floating-point values from `low` to `high` lie outside 0..1, or are NaN."""
    if not (_FLOAT_RANGE[0] <= low <= high <= _FLOAT_RANGE[1]):  # False for NaN, too
        raise PhotoError(f"{name} holds floating-point values from {low:.6g} to {high:.6g}; scale it to 0..1 first")


def once(check: Callable[[], None]) -> Callable[[], None]:
    """A function that runs `check` until it has passed once; threads that call it meanwhile wait."""
    lock, passed = Lock(), False

    def run() -> None:
        nonlocal passed
        with lock:
            if not passed:
                check()
                passed = True

    return run
