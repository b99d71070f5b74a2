"""Opening picture files - paths, and the bytes of files - so that their pixels can be decoded again for each pass."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyvips

from ..errors import PhotoError
from .formats import first_line
from .loaders import CONVERT, find_loader, is_lossless_webp
from .metadata.exif import Tags, as_exif, read_tags
from .metadata.fields import FLOAT, IPTC, TEXTS, described
from .metadata.iptc import from_text
from .metadata.png import find_text, read_texts, worth_keeping
from .picture import Picture, check_range, check_size, image_of, once
from .running import without_warnings

__all__ = ["from_bytes", "from_file", "read_xmp"]

# Each pass opens a source of its own, so libvips' operation cache is never hit: it would only keep files open and memory used.
pyvips.cache_set_max(0)


def from_file(name: str, path: Path, max_pixels: int) -> Picture:
    """Open a file. Raises PhotoError."""
    try:
        if path.exists() and not path.is_file():  # opening a pipe would wait for its other end
            raise PhotoError(f"{name} is {'a folder' if path.is_dir() else 'no regular file'}; name a picture file")
        with path.open("rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise PhotoError(f"{name} is empty (0 bytes); get a fresh copy of it")
            content, opened = _Content.of(file, path), _identity(os.fstat(file.fileno()))
        if not str(path).isprintable():  # libvips takes only names that are valid UTF-8
            return from_bytes(name, path.read_bytes(), max_pixels, path)
    except FileNotFoundError:
        raise PhotoError(f"{name}: there is no such file; check the path", code="not-found") from None
    except OSError as error:
        raise PhotoError(f"{name} can't be opened ({error.strerror}); check its permissions") from None

    def unchanged() -> None:  # otherwise the colors of one picture could be put on another
        try:
            now = _identity(path.stat())
        except OSError as error:
            raise PhotoError(f"{name} can't be read any more ({error.strerror}); check its disk") from None
        if now != opened:
            raise PhotoError(f"{name} has changed since it was opened; color it anew")

    def source() -> pyvips.Source:
        unchanged()
        return pyvips.Source.new_from_file(str(path))

    return replace(_from_source(name, content, source, max_pixels), unchanged=unchanged)


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def from_bytes(name: str, data: bytes, max_pixels: int, path: Path | None = None) -> Picture:
    """Open the content of a file. Raises PhotoError."""
    if not data:
        raise PhotoError(f"{name} is empty (0 bytes); get a fresh copy of it")
    content = replace(_Content.of(io.BytesIO(data), path), data=data)
    return _from_source(name, content, lambda: pyvips.Source.new_from_memory(data), max_pixels)


@dataclass(frozen=True)
class _Content:
    """The parts of a file that are read without libvips."""

    path: Path | None
    head: bytes
    tags: Tags
    texts: list[tuple[bytes, bytes]]
    lossless: bool
    data: bytes | None = None
    """All of the file, if it isn't read from `path`."""

    @classmethod
    def of(cls, file: BinaryIO, path: Path | None) -> _Content:
        head = file.read(16)
        return cls(path, head, read_tags(file), read_texts(file), is_lossless_webp(file, head))

    def fields(self) -> dict[str, bytes]:
        """Metadata that libvips doesn't read, or reads incorrectly, by libvips' names of the fields."""
        record = from_text(find_text(self.texts, b"Raw profile type iptc"))
        return {"exif-data": as_exif(self.tags), TEXTS: worth_keeping(self.texts), IPTC: record}


@dataclass(frozen=True)
class _Header:
    """The properties of a file that decide how it is decoded."""

    width: int
    height: int
    pages: int
    heic: bool
    turned: bool
    """Whether its EXIF orientation is other than upright."""
    floating: bool
    depth: int

    @classmethod
    def of(cls, image: pyvips.Image) -> _Header:
        def get(field: str, default: int) -> int:
            return int(image.get(field)) if image.get_typeof(field) else default

        floating = image.format == "float" and image.interpretation in ("b-w", "grey16", "scrgb")
        heic = image.get_typeof("heif-compression") != 0 and image.get("heif-compression") != "av1"
        turned = get("orientation", 1) > 1
        return cls(image.width, image.height, get("n-pages", 1), heic, turned, floating, get("bits-per-sample", 8))


def _from_source(name: str, content: _Content, source: Callable[[], pyvips.Source], max_pixels: int) -> Picture:
    fields, suffix = content.fields(), content.path.suffix.lower() if content.path else ""

    def checked() -> tuple[pyvips.Source, str]:
        """A fresh source and its loader, found again: the file may have been replaced by one of another format."""
        return source(), find_loader(name, source(), content.head, suffix)

    def stream(access: str) -> pyvips.Image:
        fresh, loader = checked()  # "error" includes "truncated", which alone would decode the rest of a truncated TIFF as black
        return pyvips.Operation.call(loader, fresh, access=access, fail_on="error")

    try:
        header = _Header.of(stream("sequential"))
    except pyvips.Error as error:
        if "samples out of range" in error.detail:
            raise PhotoError(
                f"{name} holds samples of 64 or more bits; save it as 8- or 16-bit, or as 32-bit float first"
            ) from None
        raise PhotoError(f"{name} is no picture that tinct reads, or it is damaged ({first_line(error)}); {CONVERT}") from None
    check_size(name, header.width, header.height, max_pixels)
    notes = (f"{name}: the first of {header.pages} pages is colored; the result holds it alone",) if header.pages > 1 else ()
    if header.heic:
        return _from_heic(name, content, notes)
    access = "random" if header.turned else "sequential"  # the rows of a rotated picture can't be streamed

    def load() -> pyvips.Image:
        return described(stream(access).autorot(), fields)

    picture = Picture(name, content.path, load, lambda: checked()[0], content.data, notes, content.lossless, header.depth)
    if header.floating:
        return replace(picture, load=lambda: _from_float(load()), source=None, check=once(lambda: _check_float(name, load())))
    return picture


def _from_float(image: pyvips.Image) -> pyvips.Image:
    """Encoded values 0..1 (sRGB, or of the embedded profile) to 16 bits."""
    kind = "grey16" if image.bands < 3 else "rgb16"
    whole = (image * 65535).rint().cast("ushort").copy(interpretation=kind)
    whole.set_type(pyvips.GValue.gint_type, FLOAT, 1)
    return whole


def _check_float(name: str, image: pyvips.Image) -> None:
    statistics = image.stats()  # first row: all bands; minimum, maximum, sum
    low, high, total = (statistics(x, 0)[0] for x in range(3))
    check_range(name, low if np.isfinite(total) else total, high)


def _from_heic(name: str, content: _Content, notes: tuple[str, ...]) -> Picture:
    """HEIC, decoded by pi-heif: its compression (HEVC) is patented, so libvips' packages lack it."""
    try:
        import pi_heif
    except ImportError:
        raise PhotoError(
            f"{name} is HEIC, which needs the package pi-heif; or convert it to JPEG or PNG first", code="needs-heif"
        ) from None
    try:
        found = pi_heif.open_heif(content.path if content.data is None else io.BytesIO(content.data), convert_hdr_to_8bit=False)
        pixels, info = np.asarray(found), found.info  # upright
    except Exception as error:  # pi-heif's exceptions have no common base
        raise PhotoError(f"{name} is damaged or truncated ({str(error)[:100]}); get a fresh copy of it", code="damaged") from None
    upright = image_of(pixels.reshape(*pixels.shape[:2], -1))  # a gray picture has two axes
    names = {"icc-profile-data": "icc_profile", "xmp-data": "xmp", "exif-data": "exif"}
    fields = {name: info.get(key) or b"" for name, key in names.items()}
    return Picture(name, content.path, lambda: described(upright, fields), None, content.data, notes, depth=8 * pixels.itemsize)


def read_xmp(path: Path) -> bytes:
    """The XMP packet of a picture file; empty if it has none.

    Raises:
        PhotoError: there is no such file, or it isn't a picture.
    """
    if not path.is_file():
        raise PhotoError(f"{path}: there is no such file; check the path", code="not-found")

    def source() -> pyvips.Source:
        if str(path).isprintable():
            return pyvips.Source.new_from_file(str(path))
        return pyvips.Source.new_from_memory(path.read_bytes())  # libvips takes only names that are valid UTF-8

    def packet() -> bytes:
        with path.open("rb") as file:
            head = file.read(16)
        loader = find_loader(str(path), source(), head, path.suffix.lower())
        image = pyvips.Operation.call(loader, source(), access="sequential")
        return bytes(image.get("xmp-data")) if image.get_typeof("xmp-data") else b""

    try:
        with without_warnings():
            return packet()
    except (pyvips.Error, OSError) as error:
        reason = first_line(error) if isinstance(error, pyvips.Error) else error.strerror
        raise PhotoError(f"{path} is no picture that tinct reads, or it is damaged ({reason}); get a fresh copy of it") from None
