"""Any picture in, the same picture in color out: size, depth, alpha and metadata kept, pixels streamed by libvips.

A `Photo` holds no pixels. It opens its source again for each pass (a small one for the network, a full-size one for the result), so a
scan is never in memory as a whole, and threads can share a `Photo`.
"""

from __future__ import annotations

import hashlib
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Protocol, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pyvips

from .._util.files import new_file, scratch, sha256
from ..color import lightness
from ..errors import PhotoError
from .formats import (
    DEFAULT_JPEG_QUALITY,
    MAX_JPEG_XMP,
    READABLE_SUFFIXES,
    WRITABLE_SUFFIXES,
    Encoding,
    encode,
    saver_of,
    srgb_profile,
    write_error,
)
from .loaders import unreadable
from .metadata.capture import capture_time
from .metadata.orientation import UPRIGHT
from .metadata.xmp import has_record, without_record
from .note import Note
from .outputs import check_target, color_path, exists_error, is_result, reason
from .own_color import has_own_color
from .picture import Picture, grayed, image_of, printable
from .pixels import KINDS, alpha8, full_lightness, paint, rgb8, rgb16, side_by_side, split, with_chroma
from .recolored import MAX_PIXELS as MAX_AT_ONCE
from .recolored import recolored
from .running import Progress, run, without_warnings
from .sources import open_picture
from .working_memory import Admit, encoding_bytes, free

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage

__all__ = ["MAX_PIXELS", "READABLE_SUFFIXES", "WRITABLE_SUFFIXES", "Photo", "PhotoSource", "Provenance", "color_path", "is_result"]

PhotoSource: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | npt.NDArray[Any] | PILImage | Photo"
"""A path; the bytes of a picture file, or a file object that holds them; a PIL image; an array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)
of uint8, uint16 or floating point 0..1."""
MAX_PIXELS = 1_000_000_000
"""Default limit of a picture's pixels, checked before anything is decoded: a malicious file could fill the memory."""

T = TypeVar("T")
_SHOWS_PROGRESS = 2**23  # pixels: smaller pictures take less than a second
_COLOR_CHECK_SIDE = 256  # pixels along the long side
_NOTEBOOK_SIDE = 512  # pixels along the long side
_MAX_HELD = 2**20  # pixels up to which a JPEG stays decoded in memory: 1 to 3 MB
_SHRINKS_FROM = 4  # factor from which libvips shrinks a JPEG while it decodes


class Provenance(Protocol):
    """What `Photo.save` writes into the XMP metadata of a colored file."""

    def to_xmp(self, existing: bytes | None, max_bytes: int | None, *, original: str, output: str, jpeg_quality: int) -> bytes:
        """The XMP packet of a file.

        Args:
            existing: the original's packet, whose other properties are kept.
            max_bytes: size limit of the format.
            original: SHA-256 of the original's file; empty if it didn't come as a file.
            output: ``color``, ``layer`` or ``compare``.
            jpeg_quality: quality of JPEG, WebP and AVIF.
        """


class Photo:
    """A picture on its way through tinct: any size, its pixels decoded only when they are needed.

    Made by `Photo.open`. EXIF orientation is applied and an ICC profile converted to sRGB; of a file with several pages or frames the
    first is used. Methods that compute pixels raise `PhotoError` if the file turns out to be damaged.
    """

    name: str
    """For messages: the path as given, or ``<bytes>``, ``<file>``, ``<array>``, ``<PIL image>``."""
    path: Path | None
    """The original's file, if there is one; `save` never overwrites it."""
    width: int
    """Pixels, after orientation."""
    height: int
    """Pixels, after orientation."""
    notes: tuple[Note, ...]
    """What the user should know, as sentences: parts of the file that aren't kept, such as further pages; color that was replaced."""
    taken: datetime | None
    """When it was taken, by its EXIF data (``DateTimeOriginal``); None if they don't say."""
    record: Provenance | None
    """How it was colored: a `tinct.Record`; None for a photograph that wasn't."""

    def __init__(self, picture: Picture, *, progress: Progress | None = None) -> None:
        self.name, self.path, self.notes, self.record = picture.name, picture.path, picture.notes, None
        self._picture, self._progress = picture, progress
        self._before: Photo | None = None  # the original of a colored photograph
        self._chroma_of: Callable[[pyvips.Image], pyvips.Image] | None = None  # of a colored photograph: see `with_chroma`
        self._lines: npt.NDArray[np.float32] | None = None  # of a colored photograph that is computed at once
        self._output = ""  # of a colored photograph: color, layer or compare
        self._whole: pyvips.Image | None = None  # see `_decoded_whole`
        self._own_color: bool | None = None  # known as soon as a small copy was decoded
        with self._reading():
            self._read_header(picture.load())

    def _read_header(self, image: pyvips.Image) -> None:
        """Raises PhotoError for samples of a type that isn't supported."""
        self.width, self.height = image.width, image.height
        bands = KINDS.get(image.interpretation, image.bands + 1)
        if image.bands < bands or image.format not in ("uchar", "ushort"):
            stored = f"{image.bands}-channel {image.format} samples ({image.interpretation})"
            raise PhotoError(f"{self.name} holds {stored}; save it as 8- or 16-bit gray, RGB or CMYK first")
        self._gray = bands == 1
        self._alpha = image.bands > bands
        self._deep = image.format == "ushort"
        self._profile = image.get_typeof("icc-profile-data") != 0 or image.interpretation == "cmyk"
        self._loader = image.get("vips-loader") if image.get_typeof("vips-loader") else ""
        self._jpeg = "jpeg" in self._loader
        self._xmp = bytes(image.get("xmp-data")) if image.get_typeof("xmp-data") else b""
        self.taken = capture_time(image)

    @classmethod
    def open(
        cls,
        source: PhotoSource,
        *,
        name: str | None = None,
        max_pixels: int = MAX_PIXELS,
        progress: Progress | None = None,
        admit: Admit = free,
    ) -> Photo:
        """Open a picture; reads no more than its header.

        Args:
            source: see `PhotoSource`; arrays and PIL images are copied, file objects read to their end. A `Photo` is returned unchanged.
            name: what messages call it, instead of its path or kind.
            max_pixels: limit of width × height.
            progress: called while the pixels of a large picture are read or written, with a description and the fraction done, 0..1.
            admit: called once with the bytes of memory that decoding takes (`decoding_bytes`), before anything is decoded; what it
                raises is raised. Not called for arrays and PIL images.

        Raises:
            PhotoError: there is no such file, or it isn't a picture that can be used.
        """
        if isinstance(source, Photo):
            return source
        with without_warnings():
            return cls(open_picture(source, name, max_pixels, admit), progress=progress)

    def __repr__(self) -> str:
        """``<Photo old.jpg, 1200 × 900, 8-bit gray>``."""
        kind = "color" if not self._gray else "gray"
        parts = [f"{16 if self._deep else 8}-bit {kind}", *(["alpha"] * self._alpha)]
        if self._output:
            parts.append({"color": "colored by tinct", "layer": "color layer", "compare": "comparison"}[self._output])
        return f"<Photo {self.name}, {self.width} × {self.height}, {', '.join(parts)}>"

    @property
    def suffix(self) -> str:
        """Suffix of a file in the original's format, found by its content; ``.jpg`` for HEIC, ``.png`` for BMP, arrays and PIL images."""
        if not self._picture.is_file:
            return ".png"
        if self._picture.suffix:
            return self._picture.suffix
        suffixes = {"jpeg": ".jpg", "png": ".png", "tiff": ".tif", "webp": ".webp", "heif": ".avif"}
        return suffixes[self._loader.partition("load")[0]]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, after orientation."""
        return self.width, self.height

    @property
    def orientation(self) -> int:
        """EXIF orientation that was applied to the stored pixels, 1..8; 1 if they were upright, as those of an array."""
        return self._picture.turn.orientation

    @property
    def stored_size(self) -> tuple[int, int]:
        """(width, height) in pixels as stored in the file, before orientation."""
        return self.size[::-1] if self._picture.turn.swapped else self.size

    @property
    def deep(self) -> bool:
        """Whether it has more than 8 bits a sample."""
        return bool(self._deep)

    @property
    def decoding_bytes(self) -> int:
        """Bytes of memory that one pass over its pixels takes, approximately: 0 for pictures that are streamed."""
        return self._picture.decoding_bytes

    @property
    def held_bytes(self) -> int:
        """Bytes of memory that it takes between passes, approximately, besides those that it was opened from."""
        return self._picture.held_bytes

    def encoding_bytes(self, suffix: str) -> int:
        """Bytes of memory that `to_file` takes besides `decoding_bytes`, approximately, with its result; `to_bytes` copies that once more.

        Args:
            suffix: of the format, such as ``".jpg"``.
        """
        return encoding_bytes(self.width, self.height, self._samples, 16 if self._deep else 8, saver_of(suffix))

    @property
    def _samples(self) -> int:
        return (1 if self._gray else 3) + int(self._alpha)

    @property
    def is_result(self) -> bool:
        """Whether tinct made it, by its file's metadata if it was opened: a colored photograph, a color layer or a comparison."""
        return bool(self._output) or has_record(self._xmp)

    @property
    def has_color(self) -> bool:
        """Whether it has colors of its own, such as paint, and not only a tone, such as sepia; see `small_lightness`.

        Raises PhotoError if that isn't known yet, and the file is damaged.
        """
        if self._own_color is None:
            scale = min(1.0, _COLOR_CHECK_SIDE / max(self.size))
            self.small_lightness(max(1, round(self.width * scale)), max(1, round(self.height * scale)))
        return bool(self._own_color)

    def sha256(self) -> str | None:
        """Checksum of its file's bytes, hexadecimal; None for an array or a PIL image. Raises PhotoError if the file can't be read."""
        if not self._picture.is_file:
            return None
        if self._picture.data is not None or self.path is None:
            return hashlib.sha256(self._picture.data or b"").hexdigest()
        try:
            return sha256(self.path)
        except OSError as error:
            raise PhotoError(f"{self.name} can't be read any more ({error.strerror}); check its disk") from None

    # ---- pixels -----------------------------------------------------------------------------------------------------------------

    def small_rgb(self, width: int, height: int) -> npt.NDArray[np.uint8]:
        """The picture shrunk, antialiased, to exactly `width` × `height`; the aspect is the caller's responsibility.

        Returns:
            (height, width, 3) sRGB 0..255; alpha is dropped, not blended.

        Raises:
            PhotoError: the file is damaged, or holds floating-point values outside 0..1.
        """
        with self._reading():
            self._picture.check()
            if self._picture.source is None or self._alpha:  # thumbnail_source() would multiply the colors by alpha
                return self._run(split(self._image())[0].thumbnail_image(width, height=height, size="force"), rgb8, "reading")
            if not self._jpeg:
                return self._thumbnail(width, height, "error")
            if (whole := self._decoded_whole()) is not None and min(self.width / width, self.height / height) < _SHRINKS_FROM:
                return self._run(whole.thumbnail_image(width, height=height, size="force"), rgb8, "reading")
            try:
                return self._thumbnail(width, height, "warning")
            except pyvips.Error:  # libjpeg fills in what it can't decode, with no more than a warning
                pixels = self._thumbnail(width, height, "error")
                text = f"{self.name} may be damaged in places, which the decoder filled in; look at the result closely"
                self._add_note(Note("filled-in", text, name=self.name))
                return pixels

    def _decoded_whole(self) -> pyvips.Image | None:
        """The pixels of a small upright JPEG without a profile, decoded once for all passes; None for any other, or one that is damaged."""
        if self._whole is None:
            simple = self._jpeg and not self._profile and self.orientation == UPRIGHT and self._picture.known is None
            if not simple or self._picture.source is None or self.width * self.height > _MAX_HELD:
                return None
            with suppress(pyvips.Error):
                source = self._picture.source()
                self._whole = pyvips.Image.jpegload_source(source, fail_on="warning", access="sequential").copy_memory()
        self._picture.unchanged()
        return self._whole

    def _thumbnail(self, width: int, height: int, fail_on: str) -> npt.NDArray[np.uint8]:
        """Shrink while decoding."""
        assert self._picture.source is not None
        # libvips ignores fail_on here (its issue 5195), so the loader gets it in its option string. The output profile is named only if
        # there is an input profile: building a color transform takes longer than decoding a small picture.
        options = {"size": "force", "option_string": f"fail_on={fail_on}"} | ({"output_profile": "srgb"} if self._profile else {})
        small = pyvips.Image.thumbnail_source(self._picture.source(), width, height=height, **options)
        return self._run(small, rgb8, "reading")

    def small_lightness(self, width: int, height: int) -> npt.NDArray[np.float32]:
        """L* of `small_rgb`: (height, width), 0..100. If the picture has colors of its own, `notes` says that they aren't used."""
        rgb = self.small_rgb(width, height)
        if self._own_color is None:
            self._own_color = self.is_result or (not self._gray and has_own_color(rgb))
            if self._own_color:
                rest = "only its lightness was used, and its colors were replaced"
                if self.is_result:
                    self._add_note(Note("colored-before", f"{self.name} was colored by tinct before; {rest}", name=self.name))
                else:
                    self._add_note(Note("color-photograph", f"{self.name} is a color photograph; {rest}", name=self.name))
        return lightness(rgb)

    def lightness(self) -> pyvips.Image:
        """Full-size L*: a lazy image of one float band, 0..100, to be read once, from top to bottom."""
        with self._reading():
            return full_lightness(split(self._image())[0])

    def to_numpy(self, bits: int = 8) -> npt.NDArray[Any]:
        """All pixels, without alpha.

        Args:
            bits: 8 or 16; see also ``numpy.asarray(photo)``, which has the picture's own depth.

        Returns:
            (height, width, 3) sRGB, uint8 0..255 or uint16 0..65535.

        Raises:
            PhotoError: the file is damaged.
            ValueError: another number of bits.
        """
        if bits not in (8, 16):
            raise ValueError(f"bits must be 8 or 16, not {bits}")
        with self._reading():
            return self._run(split(self._at_once())[0], rgb8 if bits == 8 else rgb16, "reading")

    def opacity(self) -> npt.NDArray[np.uint8] | None:
        """(height, width) alpha of all pixels, 0 transparent..255 opaque; None without an alpha channel. Raises PhotoError if damaged."""
        if not self._alpha:
            return None
        with self._reading():
            return self._run(split(self._image())[1], alpha8, "reading")

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """``numpy.asarray(photo)``: (height, width, 3) sRGB of the picture's own depth, uint8 or uint16."""
        if copy is False:
            raise ValueError("the pixels of a Photo are computed, so they can't be had without a copy")
        pixels = self.to_numpy(16 if self._deep else 8)
        return pixels if dtype is None else pixels.astype(dtype)

    def to_pil(self) -> PILImage:
        """All pixels as an 8-bit PIL image: RGB, or RGBA if there is alpha. Needs Pillow."""
        try:
            from PIL import Image
        except ImportError:
            raise PhotoError("Photo.to_pil() needs the package pillow", code="needs-pillow") from None
        with self._reading():
            return Image.fromarray(self._run(self._at_once(), rgb8, "reading"))

    def _repr_png_(self) -> bytes:
        """A small PNG, which notebooks show."""
        scale = min(1.0, _NOTEBOOK_SIDE / max(self.size))
        width, height = (max(1, round(side * scale)) for side in self.size)
        pixels = self.small_rgb(width, height)
        return bytes(pyvips.Image.new_from_array(pixels, interpretation="srgb").pngsave_buffer())

    # ---- color ------------------------------------------------------------------------------------------------------------------

    def with_chroma(
        self,
        chroma_of: Callable[[pyvips.Image], pyvips.Image],
        record: Provenance | None = None,
        lines: npt.NDArray[np.float32] | None = None,
    ) -> Photo:
        """The same photograph with new chroma: its own full-size L*, alpha and metadata.

        Args:
            chroma_of: from full-size L*, one float band, to a*, b*, two float bands of the same size or half of it. It is called once for
                each pass over the pixels. Chroma that sRGB can't show is reduced, L* and hue kept.
            record: how the colors were found; `save` writes it into the file.
            lines: what `chroma_of` computes with, as `recolored.recolored` takes it. If it is given, the pixels of a small 8-bit photograph
                are computed at once, in a third of the time.

        Returns:
            A lazy `Photo`, 16-bit if this one is, else 8-bit.
        """
        known = self._picture.known  # what a truncated file doesn't hold stays gray
        # Its header, but for the color: building the whole pipeline to read it again takes longer than small pictures.
        photo = copy(self)
        photo._picture = replace(self._picture, load=lambda: grayed(with_chroma(self._image(), chroma_of), known), source=None)
        photo.record, photo._before, photo._output, photo._chroma_of = record, self, "color", chroma_of
        photo._gray, photo._own_color, photo._whole = False, None, None
        photo._lines = lines if not self._deep and self.width * self.height <= MAX_AT_ONCE else None
        return photo

    def layer(self) -> Photo:
        """The color of a colored photograph alone, as a layer over the original in an image editor (blend mode "normal").

        Each pixel is as transparent as possible: where the original has the right color already, nothing is painted.

        Returns:
            A lazy RGBA `Photo`, to be saved as PNG or TIFF.

        Raises:
            ValueError: this photograph isn't a colored one.
        """
        before = self._uncolored()
        return self._derived(lambda: paint(before._image(), self._at_once()), self.record, before, "layer", passes=2)

    def compare(self) -> Photo:
        """The original and the colored photograph side by side. Lazy; raises ValueError if this photograph isn't a colored one."""
        before = self._uncolored()
        return self._derived(lambda: side_by_side(before._image(), self._at_once()), self.record, before, "compare", passes=2)

    def part(self, left: int, top: int, width: int, height: int) -> Photo:
        """A rectangle of the photograph: what the whole would have there. Of a colored photograph, only its pixels are colored.

        Its rows are decoded at once and kept in memory; see `part_bytes`.

        Args:
            left: pixels from the left edge of the upright photograph, at least 0.
            top: pixels from its top edge, at least 0.
            width: pixels, at least 1.
            height: pixels, at least 1.

        Returns:
            A `Photo` of that size, without a `record`.

        Raises:
            PhotoError: it lies outside the photograph, or the file is damaged.
            ValueError: this photograph is a color layer or a comparison.
        """
        if self._output in ("layer", "compare"):
            raise ValueError("only an original or a colored photograph has parts")
        if not (left >= 0 and top >= 0 and width > 0 and height > 0 and left + width <= self.width and top + height <= self.height):
            raise PhotoError(
                f"The part {left},{top} of {width} × {height} pixels lies outside {self.name}, which has {self.width} × {self.height}.",
                code="part-outside",
            )
        before = self._before or self
        first, last = self._rows_of_part(top, height)
        with self._reading():
            # A stream can't be read from the middle by two consumers, as coloring does; rows in memory can.
            source = before._image() if self._lines is None else self._at_once()
            rows = source.crop(0, first, self.width, last - first).copy_memory()

        def load() -> pyvips.Image:
            whole = rows.embed(0, first, self.width, self.height, extend="copy")
            if self._chroma_of is not None and self._lines is None:
                whole = grayed(with_chroma(whole, self._chroma_of), self._picture.known)
            return whole.crop(left, top, width, height)

        part = self._derived(load, None, before, "")
        part._before = None  # it is not the original of this part
        return part

    def part_bytes(self, top: int, height: int) -> int:
        """Bytes of memory of the rows that a `part` keeps, approximately.

        Args:
            top: of the part, in pixels from the top edge of the upright photograph.
            height: of the part, in pixels.
        """
        first, last = self._rows_of_part(top, height)
        return self.width * max(0, last - first) * self._samples * (2 if self._deep else 1)

    def _rows_of_part(self, top: int, height: int) -> tuple[int, int]:
        """First row, and the one after the last, that decide the colors of a part."""
        margin = max(64, self.height // 100)  # that the guided filter looks at around a pixel: twice its shrink factor, and more
        return max(0, top - margin), min(self.height, top + height + margin)

    # ---- files ------------------------------------------------------------------------------------------------------------------

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        jpeg_quality: int = DEFAULT_JPEG_QUALITY,
        provenance: bool = True,
    ) -> Path:
        """Write the picture, whole or not at all; never over an original.

        Args:
            path: its suffix, one of `WRITABLE_SUFFIXES`, chooses the format. PNG, TIFF and AVIF keep more than 8 bits; JPEG has no alpha,
                so a transparent picture is put on white.
            overwrite: replace an earlier output: a file whose metadata says that tinct colored it.
            jpeg_quality: quality of JPEG, WebP and AVIF, 1..100; chroma at full resolution (4:4:4) in JPEG and AVIF from 90 on. A
                lossless WebP stays lossless.
            provenance: write into the file (XMP) that it was colored, and how.

        Returns:
            `path`.

        Raises:
            PhotoError: the picture can't be read, or the result can't be written there.
            ValueError: a `jpeg_quality` out of its range.
        """
        target = Path(path)
        how = self._encoding(target, jpeg_quality)
        check_target(target, self.path, overwrite=overwrite)
        try:
            with new_file(target, overwrite=overwrite) as file, self._reading():
                self._write(file, how, provenance)
        except FileExistsError:  # written by another process meanwhile
            raise exists_error(target) from None
        except OSError as error:
            raise PhotoError(
                f"{printable(target)} can't be written: {reason(error)}", code="cannot-write", path=str(target), errno=error.errno
            ) from None
        if self.path is not None:
            with suppress(OSError):  # programs sort photographs by the date of their files
                status = self.path.stat()
                os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
        return target

    def to_bytes(self, suffix: str, *, jpeg_quality: int = DEFAULT_JPEG_QUALITY, provenance: bool = True) -> bytes:
        """The content of the file that `save` would write under a name with this suffix (``".jpg"``).

        Raises:
            PhotoError: the picture can't be read, or the format can't hold it.
            ValueError: a `jpeg_quality` out of its range.
        """
        with self.to_file(suffix, jpeg_quality=jpeg_quality, provenance=provenance) as file:
            return file.read()

    def to_file(self, suffix: str, *, jpeg_quality: int = DEFAULT_JPEG_QUALITY, provenance: bool = True) -> BinaryIO:
        """As `to_bytes`, but an open file without a name, to be read from its beginning; on Linux it is in memory, once."""
        how = self._encoding(Path(f"picture{suffix}"), jpeg_quality)
        file = scratch()
        try:
            with self._reading():
                self._write(file, how, provenance)
            file.seek(0)
        except OSError as error:
            file.close()
            raise PhotoError(f"{self.name} can't be encoded: {reason(error)}", code="cannot-write") from None
        except BaseException:
            file.close()
            raise
        return file

    # ---- details ----------------------------------------------------------------------------------------------------------------

    def _image(self) -> pyvips.Image:
        """A fresh lazy image: gray or sRGB, 8- or 16-bit, with alpha and metadata."""
        image = self._picture.load()
        if self._profile:
            # Replaces the embedded profile by sRGB's. libvips itself takes a broken profile for sRGB.
            image = image.icc_transform("srgb", embedded=True, depth=16 if image.format == "ushort" else 8)
        bands = KINDS[image.interpretation] + self._alpha
        return image if image.bands == bands else image.extract_band(0, n=bands)  # some TIFFs have more

    def _at_once(self) -> pyvips.Image:
        """As `_image`, but a small colored photograph is computed right now, which takes a third of the time."""
        if self._lines is None or self._before is None:
            return self._image()
        before = self._before._image()
        whole = self._before._decoded_whole()
        color, alpha = split(before.copy_memory() if whole is None else whole)  # in memory: a stream can be read only once
        light = color if color.bands == 1 else full_lightness(color)
        found = image_of(recolored(light.numpy().reshape(self.height, self.width), self._lines))
        found = found if alpha is None else found.bandjoin(alpha)
        found = before[0].insert(found, 0, 0).copy(interpretation="srgb")  # takes over the metadata
        return grayed(found, self._picture.known)

    def _derived(
        self, load: Callable[[], pyvips.Image], record: Provenance | None, before: Photo, output: str, passes: int = 1
    ) -> Photo:
        """A photograph computed from the same file, which is decoded so many times at once."""
        needed = passes * self.decoding_bytes
        photo = Photo(replace(self._picture, load=load, source=None, decoding_bytes=needed), progress=self._progress)
        photo.record, photo._before, photo._output, photo.notes = record, before, output, before.notes
        return photo

    def _add_note(self, note: Note) -> None:
        self.notes = tuple(dict.fromkeys((*self.notes, note)))

    def _uncolored(self) -> Photo:
        if self._before is None or self._output != "color":
            raise ValueError(f"{self.name} isn't a colored photograph, such as Colorizer.colorize() returns")
        return self._before

    def _encoding(self, target: Path, jpeg_quality: int) -> Encoding:
        """Format and quality of an output; as the original's if the format is the same. Raises PhotoError, ValueError."""
        saver = saver_of(target.suffix)
        if not saver:
            kinds = ", ".join(WRITABLE_SUFFIXES)
            raise PhotoError(f"{printable(target)}: tinct writes only files named {kinds}", code="suffix", path=str(target))
        if saver not in ("png", "tiff") and self._output == "layer":
            raise PhotoError(
                f"{printable(target)}: a color layer is transparent, so it must be a .png or .tif",
                code="layer-suffix",
                path=str(target),
            )
        if not 1 <= jpeg_quality <= 100:  # libvips would take its own default instead
            raise ValueError(f"jpeg_quality must be from 1 to 100, not {jpeg_quality}")
        how = Encoding(saver, jpeg_quality, self._picture.lossless, self._picture.depth, self._output == "layer")
        how.check(self.width, self.height, printable(target))
        return how

    def _write(self, file: BinaryIO, how: Encoding, provenance: bool) -> None:
        image = self._tagged(self.record if provenance else None, how)
        self._run(image, lambda pixels: encode(pixels, file, how), "writing")
        self._picture.unchanged()

    def _tagged(self, record: Provenance | None, how: Encoding) -> pyvips.Image:
        """The pixels to write, with all metadata."""
        image = self._at_once().copy()
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", srgb_profile())
        packet = bytes(image.get("xmp-data")) if image.get_typeof("xmp-data") else None
        if record is not None:
            limit = MAX_JPEG_XMP if how.saver == "jpeg" else None
            packet = record.to_xmp(packet, limit, original=self.sha256() or "", output=self._output, jpeg_quality=how.jpeg_quality)
        elif packet is not None and self._output:
            packet = without_record(packet)  # of an earlier coloring
        if packet is not None:
            image.set_type(pyvips.GValue.blob_type, "xmp-data", packet)
        return image

    def _run(self, image: pyvips.Image, work: Callable[[pyvips.Image], T], what: str) -> T:
        return run(image, work, what, self._progress if self.width * self.height >= _SHOWS_PROGRESS else None)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Turn libvips' errors into PhotoError or OSError: it is lazy, so damage and full disks appear only when pixels are computed.

        Libvips warns of a damaged file when its image is freed, too, so the block should leave no image behind in a local variable.
        """
        with without_warnings():
            try:
                yield
            except pyvips.Error as error:
                traceback.clear_frames(error.__traceback__)  # frees the images in them
                if (cause := write_error(error)) is not None:
                    raise cause from None
                raise unreadable(self.name, error) from None
