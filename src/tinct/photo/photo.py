"""Any picture in, the same picture in color out: sizes, depth, alpha and metadata kept, pixels streamed by libvips.

A `Photo` holds no pixels. It knows how to open its source afresh for each pass (a small one for the network, a full-size one for
the result), so a scan never has to lie in memory as a whole, and threads can share a `Photo`.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pyvips

from .._util.files import new_file, scratch
from ..color import lightness
from ..coloring.provenance import MOST, Record, forget, read_record
from ..coloring.upsampling import guided
from ..errors import PhotoError
from .formats import (
    READABLE_SUFFIXES,
    WRITABLE_SUFFIXES,
    Encoding,
    encode,
    first_line,
    saver_of,
    srgb_profile,
    write_error,
)
from .opening import Picture, from_array, from_bytes, from_file, from_pil
from .pixels import KINDS, full_lightness, paint, rgb8, side_by_side, split, with_chroma
from .running import Progress, run

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage

__all__ = ["MAX_PIXELS", "READABLE_SUFFIXES", "WRITABLE_SUFFIXES", "Photo", "PhotoSource", "color_path"]

PhotoSource: TypeAlias = "str | Path | bytes | npt.NDArray[Any] | PILImage | Photo"
"""A path, the bytes of a picture file, a PIL image, or an array (H, W), (H, W, 1) or (H, W, 3) of uint8, uint16 or floats 0..1."""
MAX_PIXELS = 1_000_000_000
"""A picture of more is refused, before anything of it is decoded, unless told otherwise: it may be made to fill the memory."""

T = TypeVar("T")
_LARGE = 2**23  # pixels: from here on work shows its progress
_NO_FOLDER = "there is no such folder: make it first"
_CURES = {
    errno.ENOENT: _NO_FOLDER,
    errno.ENOTDIR: _NO_FOLDER,
    errno.ENOSPC: "the disk is full: free some space",
    errno.EDQUOT: "your share of the disk is full: free some space",
    errno.EFBIG: "the disk can't hold so large a file: name another with -o",
    errno.EROFS: "the disk is read-only: name another with -o",
    errno.EACCES: "you may not write there: name another folder with -o",
}


class Photo:
    """A picture on its way through tinct: any size, its pixels decoded only when asked for.

    Made by `Photo.open`. Orientation (EXIF) is applied and any ICC profile converted to sRGB; of files with several pages or
    frames the first is taken. Methods that compute pixels raise `PhotoError` where the file turns out to be damaged.
    """

    name: str
    """For messages: the path as given, ``<bytes>``, ``<array>`` or ``<PIL image>``."""
    path: Path | None
    """The original's file, where there is one; `save` refuses to overwrite it."""
    width: int
    """Pixels, after orientation."""
    height: int
    """Pixels, after orientation."""
    notes: tuple[str, ...]
    """What of the file can't be kept, in words for the user: further pages, say."""
    record: Record | None
    """How it was colored."""

    def __init__(self, picture: Picture, *, progress: Progress | None = None) -> None:
        name = picture.name
        self.name, self.path, self.notes, self.record = name, picture.path, picture.notes, None
        self._picture, self._load, self._source = picture, picture.load, picture.source
        self._progress = progress
        self._before: Photo | None = None  # of a colored one: as it was
        self._output = ""  # of a colored one: color, layer or compare
        with self._reading():
            image = self._load()
        self.width, self.height = image.width, image.height
        bands = KINDS.get(image.interpretation, image.bands + 1)
        if image.bands < bands or image.format not in ("uchar", "ushort"):
            stored = f"{image.bands}-channel {image.format} samples ({image.interpretation})"
            raise PhotoError(f"{name} holds {stored}; save it as 8- or 16-bit gray, RGB or CMYK first")
        self._alpha = image.bands > bands
        self._deep = image.format == "ushort"
        self._profile = image.get_typeof("icc-profile-data") != 0 or image.interpretation == "cmyk"
        self._jpeg = image.get_typeof("vips-loader") != 0 and "jpeg" in image.get("vips-loader")
        self._unchecked = picture.check

    @classmethod
    def open(
        cls, source: PhotoSource, *, name: str | None = None, max_pixels: int = MAX_PIXELS, progress: Progress | None = None
    ) -> Photo:
        """Open a picture; reads its header only.

        Args:
            source: see `PhotoSource`; arrays and PIL images are copied. A `Photo` is given back as it is.
            name: what messages call it, instead of its path or kind.
            max_pixels: a picture of more is refused.
            progress: called while the pixels of a large picture are read or written: what is done, and which part of it (0..1).

        Raises:
            PhotoError: there is no such file, it is no picture, or one that can't be used.
        """
        if isinstance(source, Photo):
            return source
        if isinstance(source, (str, Path)):
            picture = from_file(name or str(source), Path(source), max_pixels)
        elif isinstance(source, bytes):
            picture = from_bytes(name or "<bytes>", source, max_pixels)
        elif isinstance(source, np.ndarray):
            picture = from_array(name or "<array>", source, max_pixels)
        elif hasattr(source, "mode") and hasattr(source, "save"):
            picture = from_pil(name or "<PIL image>", source, max_pixels)
        else:
            raise PhotoError(f"a {type(source).__name__} is no picture: give a path, bytes, a NumPy array or a PIL image")
        return cls(picture, progress=progress)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, after orientation."""
        return self.width, self.height

    @property
    def deep(self) -> bool:
        """Whether it has more than 8 bits a sample."""
        return bool(self._deep)

    def sha256(self) -> str | None:
        """Of the bytes of its file, hexadecimal; None for a picture that came as an array or a PIL image. Raises PhotoError."""
        if not self._picture.is_file:
            return None
        if self._picture.data is not None or self.path is None:
            return hashlib.sha256(self._picture.data or b"").hexdigest()
        digest = hashlib.sha256()
        try:
            with self.path.open("rb") as file:
                while block := file.read(2**20):
                    digest.update(block)
        except OSError as error:
            raise PhotoError(f"{self.name} can't be read any more ({error.strerror}); check its disk") from None
        return digest.hexdigest()

    def small_rgb(self, width: int, height: int) -> npt.NDArray[np.uint8]:
        """The picture shrunk, antialiased, to exactly `width` × `height`; keeping the aspect is the caller's business.

        Returns:
            (height, width, 3) sRGB 0..255; alpha is dropped, not blended.

        Raises:
            PhotoError: the file is damaged, or holds floating-point values beyond 0..1.
        """
        with self._reading():
            if self._unchecked is not None:
                self._unchecked()
                self._unchecked = None
            if self._source is None or self._alpha:  # thumbnail_source() would multiply the colors by alpha
                small = split(self._open())[0].thumbnail_image(width, height=height, size="force")
                return self._run(small, rgb8, "reading")
            if not self._jpeg:
                return self._thumbnail(width, height, "error")
            try:
                return self._thumbnail(width, height, "warning")
            except pyvips.Error:  # libjpeg makes up what it can't decode, and only warns
                pixels = self._thumbnail(width, height, "error")
                note = f"{self.name} may be damaged in places, which the decoder filled in; look at the result closely"
                self.notes = tuple(dict.fromkeys((*self.notes, note)))
                return pixels

    def _thumbnail(self, width: int, height: int, fail_on: str) -> npt.NDArray[np.uint8]:
        """Shrunk while it is decoded."""
        assert self._source is not None
        # fail_on is ignored here (libvips issue 5195), so the loader is told by its option string. The profile is named only where
        # it matters: to build a color transform takes longer than to decode a small picture.
        options = {"size": "force", "option_string": f"fail_on={fail_on}"} | ({"output_profile": "srgb"} if self._profile else {})
        small = pyvips.Image.thumbnail_source(self._source(), width, height=height, **options)
        return self._run(small, rgb8, "reading")

    def small_lightness(self, width: int, height: int) -> npt.NDArray[np.float32]:
        """L* of `small_rgb`: (height, width), 0..100."""
        return lightness(self.small_rgb(width, height))

    def lightness(self) -> pyvips.Image:
        """Full-size L*: a lazy image of one float band, 0..100, to be read once, from top to bottom."""
        with self._reading():
            return full_lightness(split(self._open())[0])

    def recolored(
        self, ab: npt.NDArray[np.float32], lightness: npt.NDArray[np.float32] | None = None, *, record: Record | None = None
    ) -> Photo:
        """This photograph with other colors: its own full-size L*, alpha and metadata, and the given chroma.

        Colors follow the photograph's edges (`guide.guided`). Those that sRGB lacks lose chroma, not lightness or hue.

        Args:
            ab: (h, w, 2) a*, b* of any size.
            lightness: (h, w) `small_lightness` of that size, where it is at hand already.
            record: how the colors were found; `save` writes it into the file.

        Returns:
            A lazy `Photo`, 16-bit where this one is, else 8-bit.

        Raises:
            PhotoError: the file is damaged.
            ValueError: `ab` is not (h, w, 2), or `lightness` is of another size.
        """
        if ab.ndim != 3 or ab.shape[2] != 2 or not ab.size:
            raise ValueError(f"ab must be (h, w, 2), not {ab.shape}")
        ab = ab.copy()  # whose later changes must not show
        light = self.small_lightness(ab.shape[1], ab.shape[0]) if lightness is None else lightness.copy()

        def load() -> pyvips.Image:
            return with_chroma(self._open(), lambda full: guided(ab, light, full))

        return self._derived(load, record, self, "color")

    def layer(self) -> Photo:
        """The color of a colored photograph alone, to be laid over the original in an image editor (in mode "normal").

        Each pixel is as transparent as can be: where the original had the right color already, nothing is painted.

        Returns:
            A lazy RGBA `Photo`, to be saved as PNG or TIFF.

        Raises:
            ValueError: this photograph isn't a colored one.
        """
        before = self._uncolored()

        def load() -> pyvips.Image:
            return paint(before._open(), self._open())

        return self._derived(load, self.record, before, "layer")

    def compare(self) -> Photo:
        """A colored photograph at the right of what it was made from. Lazy; raises ValueError where it isn't a colored one."""
        before = self._uncolored()

        def load() -> pyvips.Image:
            return side_by_side(before._open(), self._open())

        return self._derived(load, self.record, before, "compare")

    def save(self, path: str | Path, *, overwrite: bool = False, quality: int = 95, provenance: bool = True) -> Path:
        """Write the picture, whole or not at all; never over an original.

        Args:
            path: its suffix (one of `WRITABLE_SUFFIXES`) says the format. PNG, TIFF and AVIF keep more than 8 bits; JPEG has no
                alpha and gets white instead.
            overwrite: replace an earlier output: a file that says itself that tinct colored it.
            quality: of JPEG, WebP and AVIF, 1..100; color at full resolution (4:4:4) in JPEG and AVIF from 90 on. What was
                lossless WebP stays so.
            provenance: write into the file (XMP) that and how it was colored.

        Returns:
            `path`.

        Raises:
            PhotoError: the picture can't be read, or the result can't be written there.
        """
        target = Path(path)
        how = self._encoding(target, quality)
        exists = f"{target} exists already; replace it with --overwrite, or name another output with -o"
        if self.path is not None and _same_file(target, self.path):
            raise PhotoError(f"{target} is the original, which tinct never overwrites; name another output with -o")
        if target.is_dir():
            raise PhotoError(f"{target} is a folder; name a file with -o")
        if os.path.lexists(target):
            if not overwrite:
                raise PhotoError(exists)
            _check_ours(target)
        try:
            with new_file(target, overwrite=overwrite) as file, self._reading():
                self._write(file, how, provenance)
        except FileExistsError:  # written by another process while this one computed
            raise PhotoError(exists) from None
        except OSError as error:
            cure = _CURES.get(error.errno or 0, f"{error.strerror}: name another output with -o")
            raise PhotoError(f"{target} can't be written; {cure}") from None
        if self.path is not None:
            with suppress(OSError):  # as the time of day of a photograph, so the date of its file is worth keeping
                status = self.path.stat()
                os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
        return target

    def to_bytes(self, suffix: str, *, quality: int = 95, provenance: bool = True) -> bytes:
        """The file that `save` would write under a name with this suffix (``".jpg"``).

        Raises:
            PhotoError: the picture can't be read, or a file of that kind can't hold it.
        """
        how = self._encoding(Path(f"picture{suffix}"), quality)
        try:
            with scratch() as file, self._reading():
                self._write(file, how, provenance)
                file.seek(0)
                return file.read()
        except OSError as error:
            raise PhotoError(
                f"{self.name} can't be encoded; {_CURES.get(error.errno or 0, error.strerror or 'no reason')}"
            ) from None

    def to_numpy(self) -> npt.NDArray[np.uint8]:
        """All pixels: (height, width, 3) sRGB 0..255, without alpha."""
        with self._reading():
            return self._run(split(self._open())[0], rgb8, "reading")

    def to_pil(self) -> PILImage:
        """All pixels as a PIL image: RGB, or RGBA where there is alpha. Needs Pillow."""
        try:
            from PIL import Image
        except ImportError:
            raise PhotoError("to_pil() needs Pillow: pip install pillow") from None
        with self._reading():
            return Image.fromarray(self._run(self._open(), rgb8, "reading"))

    def _open(self) -> pyvips.Image:
        """A fresh lazy image: gray or sRGB, 8- or 16-bit, with its alpha and metadata."""
        image = self._load()
        if self._profile:
            # Puts sRGB's profile in the place of the embedded one. Libvips itself takes a broken one for sRGB.
            image = image.icc_transform("srgb", embedded=True, depth=16 if image.format == "ushort" else 8)
        bands = KINDS[image.interpretation] + self._alpha
        return image if image.bands == bands else image.extract_band(0, n=bands)  # some TIFFs have more

    def _derived(self, load: Callable[[], pyvips.Image], record: Record | None, before: Photo, output: str) -> Photo:
        """Another photograph of the same file."""
        photo = Photo(replace(self._picture, load=load, source=None, check=None), progress=self._progress)
        photo.record, photo._before, photo._output, photo._unchecked = record, before, output, self._unchecked
        return photo

    def _uncolored(self) -> Photo:
        if self._before is None or self._output != "color":
            raise ValueError(f"{self.name} isn't a colored photograph: take what colorize() returns")
        return self._before

    def _encoding(self, target: Path, quality: int) -> Encoding:
        """How to write there; as the original was written, where the format is the same. Raises PhotoError."""
        saver = saver_of(target.suffix)
        if not saver:
            raise PhotoError(f"{target}: tinct writes {', '.join(WRITABLE_SUFFIXES)}; name an output with one of these suffixes")
        if saver not in ("png", "tiff") and self._output == "layer":
            raise PhotoError(f"{target}: a color layer is partly transparent at full quality; name a .png or .tif")
        how = Encoding(saver, quality, self._picture.lossless, self._picture.depth)
        how.check(self.width, self.height, str(target))
        return how

    def _write(self, file: BinaryIO, how: Encoding, provenance: bool) -> None:
        record = self.record if provenance else None
        image = self._tagged(record and replace(record, jpeg_quality=how.quality), how)
        self._run(image, lambda pixels: encode(pixels, file, how), "writing")
        self._picture.unchanged()

    def _tagged(self, record: Record | None, how: Encoding) -> pyvips.Image:
        """The pixels to write, with all metadata."""
        image = self._open().copy()
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", srgb_profile())
        packet = bytes(image.get("xmp-data")) if image.get_typeof("xmp-data") else None
        if record is not None:
            record = replace(record, original=self.sha256() or "", output=self._output)
            packet = record.to_xmp(packet, MOST if how.saver == "jpeg" else None)
        elif packet is not None and self._output:
            packet = forget(packet)  # of an earlier coloring
        if packet is not None:
            image.set_type(pyvips.GValue.blob_type, "xmp-data", packet)
        return image

    def _run(self, image: pyvips.Image, work: Callable[[pyvips.Image], T], what: str) -> T:
        return run(image, work, what, self._progress if self.width * self.height >= _LARGE else None)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Libvips computes lazily: a damaged source shows up, and a disk is full, only where pixels flow."""
        try:
            yield
        except pyvips.Error as error:
            if (cause := write_error(error)) is not None:
                raise cause from None
            raise PhotoError(f"{self.name} is damaged or cut off ({first_line(error)}); get a fresh copy of it") from None


def color_path(path: Path, output: str | Path | None = None) -> Path:
    """Where the colored copy of `path` goes.

    ``a/b.jpg`` becomes ``a/b.color.jpg``; so do HEIC and other names of JPEG. What has no suffix that tinct knows becomes PNG.

    Args:
        path: the original.
        output: a folder (one that exists, or a text that ends with a path separator) for a file of that name; or the very path.
    """
    other = ".jpg" if path.suffix.lower() in READABLE_SUFFIXES else ".png"  # HEIC, say, is a phone's picture of many megapixels
    suffix = path.suffix if path.suffix.lower() in WRITABLE_SUFFIXES else other
    named = path.with_name(f"{path.stem}.color{suffix}")
    if output is None:
        return named
    folder = Path(output).is_dir() or str(output).endswith(("/", os.sep))
    return Path(output) / named.name if folder else Path(output)


def _check_ours(target: Path) -> None:
    """Raises PhotoError where a file doesn't say that tinct made it: then it may be somebody's original."""
    with suppress(OSError):
        if target.stat().st_size == 0:
            return
    try:
        read_record(target)
    except PhotoError:
        raise PhotoError(
            f"{target} doesn't say that tinct made it, so it may be an original, which tinct never overwrites; "
            "remove it yourself, or name another output with -o"
        ) from None


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them doesn't exist
        return False
