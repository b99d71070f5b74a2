"""From the bytes of a picture file to a `Picture`: which part of the file is the photograph, what is refused, and how it is decoded."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyvips

from ..errors import PhotoError
from .content import Content
from .harm import check_harmless
from .header import Header
from .loaders import find_loader, unreadable
from .metadata.fields import FLOAT, described
from .metadata.orientation import UPRIGHT, Turn
from .note import Note
from .odd_samples import UNPACKED_COPIES, has_odd_samples, odd_samples, with_bytes_for_samples
from .other_decoders import from_bmp, from_heic
from .picture import Picture, check_range, check_size, grayed, once
from .profiles import profile_note, without_profile
from .sniffing import sniff
from .tiff import TiffFile, TiffPage, compression_fault
from .truncation import Truncation, find_truncation
from .working_memory import Admit, free, tile_bytes

__all__ = ["decode"]

_LARGE_BLOCK = 2**24
"""Bytes of a compressed strip above which libvips' limit for what libtiff allocates, 52 MB, is lifted: some programs write one strip for all."""
_OF_THE_FILE = (
    "xmp-data",
    "iptc-data",
    "photoshop-data",
)  # fields that describe the photograph, though they are in the preview's directory


def decode(name: str, content: Content, source: Callable[[], pyvips.Source], max_pixels: int, admit: Admit = free) -> Picture:
    """The photograph of a file.

    Args:
        name: for messages.
        content: of the file.
        source: a fresh stream of the file, for each call.
        max_pixels: limit of width × height.
        admit: called with the memory that decoding takes, before anything is decoded; what it raises is raised.

    Raises:
        PhotoError: the file holds no photograph that can be decoded.
        OSError: it can't be read.
    """
    with content.opened() as file:
        check_harmless(name, file)
    if sniff(content.head).name == "BMP":
        return from_bmp(name, content, source, max_pixels, admit)
    return _Decoder(name, content, source).picture(max_pixels, admit)


class _Decoder:
    """Decodes a file by libvips."""

    def __init__(self, name: str, content: Content, source: Callable[[], pyvips.Source]) -> None:
        self.name, self.content, self._source = name, content, source
        self.suffix = content.path.suffix.lower() if content.path else ""
        self.fields: dict[str, bytes] = content.fields()
        self.notes: list[Note] = []
        self.odd_page: TiffPage | None = None  # one that libvips gives as packed bits
        self.held_bytes = 0  # of a file that was rewritten or mended
        self.block_bytes = 0  # of the largest strip of a TIFF, if it is large: libtiff holds it whole, compressed
        # "error" includes "truncated", which alone would decode the rest of a truncated TIFF as black
        self.options: dict[str, Any] = {"fail_on": "error"}

    def source(self) -> pyvips.Source:
        """A fresh stream. The format is found again: the file may have been replaced by one of another format."""
        self.loader()
        return self._source()

    def loader(self) -> str:
        return find_loader(self.name, self._source(), self.content.head, self.suffix)

    def stream(self, access: str) -> pyvips.Image:
        """A fresh lazy image, as it is stored."""
        loader = self.loader()
        # Pixels that can't be streamed go to a temporary file only if they come from one. Where they can be, `memory` would decode them whole.
        whole = loader.startswith("webp") or (access == "random" and not self.is_tiled)
        memory = whole and self.content.data is not None
        return pyvips.Operation.call(loader, self._source(), access=access, memory=memory, **self.options)

    def picture(self, max_pixels: int, admit: Admit) -> Picture:
        name, content = self.name, self.content
        self.loader()
        if content.tiff is not None:
            self.choose_page(content.tiff)
        try:
            # Nothing may keep the image: it would be freed with the traceback of a refusal, and its warnings then arrive in the log.
            header = Header.of(self.stream("sequential"), content.png_profile, self.odd_page)
        except pyvips.Error as error:
            raise self.refusal(error) from None
        check_size(name, header.width, header.height, max_pixels)
        pages = content.tiff.count if content.tiff is not None else header.pages
        if pages > 1:
            text = f"{name}: the first of {pages} pages is colored; the result holds it alone"
            self.notes.append(Note("first-page", text, name=name, count=pages))
        if content.pictures > 1:
            text = f"{name}: the first of {content.pictures} pictures is colored; the result holds it alone"
            self.notes.append(Note("first-picture", text, name=name, count=content.pictures))
        if header.heic:
            return from_heic(name, content, tuple(self.notes), header.pixel_bytes, admit)
        if header.profile_fault:
            self.notes.append(profile_note(name, header.profile_fault, header.interpretation))
        if header.xmp_orientation != UPRIGHT and self.turn(header).orientation == UPRIGHT and not self.is_heif:
            text = (
                f"{name} says only in XMP that it is turned (orientation {header.xmp_orientation}), which most programs ignore; "
                "its pixels were left as they are"
            )
            self.notes.append(Note("turned-in-xmp", text, name=name))
        needed = self.needed_bytes(header)
        admit(needed + self.held_bytes)
        return replace(self.streamed(header), decoding_bytes=needed, held_bytes=self.held_bytes)

    def needed_bytes(self, header: Header) -> int:
        """Bytes of memory that one pass over the pixels of the upright picture takes, besides `held_bytes`."""
        if self.odd_page is not None:  # unpacked in memory
            return UNPACKED_COPIES * header.width * header.height * self.odd_page.samples * (1 if header.depth <= 8 else 2)
        needed = header.decoding_bytes + self.block_bytes
        if self.turn(header).orientation != UPRIGHT and not self.is_heif and not self.is_tiled:
            needed += header.pixel_bytes  # its rows are needed in another order, so all of them must be there first
        if self.content.tiff is not None:
            tile_height = self.content.tiff.photograph.tile_height
            needed += tile_bytes(header.pixel_bytes // header.height, header.height, tile_height)
        return needed

    def streamed(self, header: Header) -> Picture:
        name, content = self.name, self.content
        turn, known = self.turn(header), self.accept_truncation(header)
        kept = content.tiff.photograph.kept_samples if content.tiff is not None else None
        if kept is not None and content.tiff is not None:
            self.notes.append(_extra_note(name, content.tiff.photograph.samples - len(kept)))
        turned = turn.orientation != UPRIGHT and not self.is_heif
        access = "random" if turned else "sequential"  # the rows of a picture that is turned can't be streamed

        def load() -> pyvips.Image:
            image = self.stream(access)
            if self.odd_page is not None:
                image = odd_samples(image, self.odd_page, kept or tuple(range(self.odd_page.samples)))
            elif kept is not None and image.bands > len(kept):
                image = _with_bands(image, kept)
            if turned:  # the page may have its orientation from another directory
                image = image.copy()
                image.set_type(pyvips.GValue.gint_type, "orientation", turn.orientation)
            image = grayed(described(image.autorot(), self.fields, turn), known)
            return image if not header.profile_fault else without_profile(image)

        plain = (
            kept is None
            and self.odd_page is None
            and self.options["fail_on"] == "error"
            and not header.profile_fault
            and not self.block_bytes
            and (content.tiff is None or content.tiff.is_first)
        )
        small, notes = self.source if plain else None, tuple(self.notes)
        picture = Picture(
            name, content.path, load, small, content.data, notes, content.lossless, header.depth, turn=turn, known=known
        )
        if self.odd_page is not None:
            picture = replace(picture, suffix=".tif")
        if header.floating:
            return replace(picture, load=lambda: _from_float(load()), source=None, check=once(lambda: _check_float(name, load())))
        return picture

    @property
    def is_heif(self) -> bool:
        """Whether it is AVIF or HEIC, which is decoded upright."""
        return self.content.head[4:8] == b"ftyp"

    @property
    def is_tiled(self) -> bool:
        """Whether it is a TIFF of tiles, which libvips decodes in any order."""
        return self.content.tiff is not None and self.content.tiff.photograph.is_tiled

    def choose_page(self, tiff: TiffFile) -> None:
        """Take the page that is the photograph. Raises PhotoError for one that libvips can't decode."""
        page = tiff.photograph
        if page.largest_block > _LARGE_BLOCK:
            with self.content.opened() as file:
                self.block_bytes = min(page.largest_block, file.seek(0, os.SEEK_END))
            self.options["unlimited"] = True
        if page.is_sensor_data:
            raise PhotoError(f"{self.name} is a camera's raw file; develop it to TIFF or JPEG first")
        if fault := compression_fault(page):
            raise PhotoError(
                f"{self.name} is compressed with {fault}, which tinct doesn't read; save it with LZW, deflate or no compression first",
                code="unsupported",
            )
        if page.is_planar_tiled:
            raise PhotoError(
                f"{self.name} stores its colors in tiles of separate planes, which tinct doesn't read; save it with interleaved colors first",
                code="unsupported",
            )
        if has_odd_samples(page):
            with self.content.opened() as file:
                rewritten = with_bytes_for_samples(file, page)
            if rewritten is not None:
                self.odd_page, self._source = page, lambda: pyvips.Source.new_from_memory(rewritten)
                self.held_bytes += len(rewritten)
                return
        if not tiff.is_first:
            first = self.stream("sequential")  # often the only one with XMP and IPTC
            self.fields |= {name: bytes(first.get(name)) for name in _OF_THE_FILE if first.get_typeof(name)}
            self.options |= {"page": page.number} | ({"subifd": page.subifd} if page.subifd >= 0 else {})

    def turn(self, header: Header) -> Turn:
        """The orientation that makes the picture upright."""
        if self.content.tiff is not None:
            found = self.content.tiff.photograph.orientation
            return Turn(found if UPRIGHT < found <= 8 else UPRIGHT, header.width, header.height)
        if self.is_heif:
            turn = Turn(self.content.heif_orientation, header.width, header.height)
            return Turn(turn.orientation, *turn.size)
        return Turn(header.orientation, header.width, header.height)

    def accept_truncation(self, header: Header) -> tuple[int, int, int, int] | None:
        """Note that a file is truncated, and decode what it holds: left, top, width, height in pixels of the upright picture; None for all of it.

        Raises PhotoError if that is too little.
        """
        truncation = self.truncation()
        if truncation is None or truncation.height != header.height:
            return None
        self.notes.append(truncation.note(self.name))
        self.options["fail_on"] = "none"
        if (mended := truncation.mended) is not None:
            self._source = lambda: pyvips.Source.new_from_memory(mended)
            self.held_bytes += len(mended)
        if truncation.rows == truncation.height:
            return None
        left, top, width, height = self.turn(header).box(0, 0, header.width, truncation.rows, header.width, header.height)
        return int(left), int(top), int(width), int(height)

    def truncation(self) -> Truncation | None:
        with self.content.opened() as file:
            try:
                return find_truncation(file, self.content.head, self.content.tiff.photograph if self.content.tiff else None)
            except pyvips.Error:  # it is damaged in another way, too
                return None

    def refusal(self, error: pyvips.Error) -> PhotoError:
        if "samples out of range" in error.detail:
            return PhotoError(f"{self.name} holds samples of 64 or more bits; save it as 8- or 16-bit, or as 32-bit float first")
        tiff = self.content.tiff
        if tiff is not None and "not a whole number of bytes" in error.detail:
            return PhotoError(
                f"{self.name} holds samples of {tiff.photograph.depth} bits; save it as 8- or 16-bit first", code="unsupported"
            )
        return unreadable(self.name, error)


def _extra_note(name: str, extra: int) -> Note:
    what = (
        "an extra channel, such as infrared, that isn't" if extra == 1 else f"{extra} extra channels, such as infrared, that aren't"
    )
    return Note("extra-channels", f"{name} has {what} transparency; the result has only its colors", name=name, count=extra)


def _with_bands(image: pyvips.Image, bands: tuple[int, ...]) -> pyvips.Image:
    kind = image.interpretation
    chosen = [image.extract_band(band) for band in bands]
    return (chosen[0].bandjoin(chosen[1:]) if len(chosen) > 1 else chosen[0]).copy(interpretation=kind)


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
