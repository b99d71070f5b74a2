"""Any picture in, the same picture in color out: sizes, depth, alpha and metadata kept, pixels streamed by libvips.

A `Photo` holds no pixels. It knows how to open its source afresh for each pass (a small one for the network, a full-size one for
the result), so a scan never has to lie in memory as a whole, and threads can share a `Photo`.
"""

from __future__ import annotations

import errno
import io
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt
import pyvips

from ._exif import Tags, add_tags, as_exif, read_tags
from .color import gamut_chroma, lightness
from .errors import PhotoError
from .guide import enlarge

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage

__all__ = ["READABLE_SUFFIXES", "WRITABLE_SUFFIXES", "Photo", "PhotoSource", "color_path"]

PhotoSource: TypeAlias = "str | Path | bytes | npt.NDArray[Any] | PILImage | Photo"
"""A path, the bytes of a picture file, an array (H, W), (H, W, 1) or (H, W, 3) of uint8 or uint16, or a PIL image."""

_SAVERS = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".tif": "tiff", ".tiff": "tiff", ".webp": "webp"}
WRITABLE_SUFFIXES = tuple(_SAVERS)
READABLE_SUFFIXES = (*WRITABLE_SUFFIXES, ".jpe", ".jfif", ".gif", ".avif")
_LOADERS = ("jpeg", "png", "tiff", "webp", "gif", "heif", "jp2k", "jxl", "ppm")  # libvips also "loads" SVG, CSV, matrices
_KINDS = {"b-w": 1, "grey16": 1, "srgb": 3, "rgb16": 3, "cmyk": 4}  # interpretations that are photographs -> color bands
_MOST = {"jpeg": 65500, "webp": 16383}  # pixels a side
_TIFF_BYTES = 2**32 - 2**26  # of pixels: with more, the 32-bit offsets of classic TIFF may not suffice
_NO_RESOLUTION = 1.0  # pixels per mm that libvips reports where a file says nothing
_NO_FOLDER = "there is no such folder: make it first"
_CURES = {errno.ENOENT: _NO_FOLDER, errno.ENOTDIR: _NO_FOLDER, errno.ENOSPC: "the disk is full: free some space"}

# Every pass reads a source of its own, so cached operations are never hit: they would only hold on to files and memory.
pyvips.cache_set_max(0)


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

    def __init__(
        self,
        name: str,
        path: Path | None,
        load: Callable[[], pyvips.Image],
        source: Callable[[], pyvips.Source] | None = None,
    ) -> None:
        self.name, self.path = name, path
        self._load = load  # a fresh, upright image as it is stored, with its metadata
        self._source = source  # a fresh encoded stream, where libvips can shrink while it decodes
        image = load()
        self.width, self.height = image.width, image.height
        bands = _KINDS.get(image.interpretation, image.bands + 1)
        if image.bands < bands or image.format not in ("uchar", "ushort"):
            stored = f"{image.bands}-channel {image.format} samples ({image.interpretation})"
            raise PhotoError(f"{name} holds {stored}; save it as 8- or 16-bit gray, RGB or CMYK first")
        self._alpha = image.bands > bands
        self._profile = image.get_typeof("icc-profile-data") != 0 or image.interpretation == "cmyk"

    @classmethod
    def open(cls, source: PhotoSource, *, name: str | None = None) -> Photo:
        """Open a picture; reads its header only.

        Args:
            source: see `PhotoSource`; arrays and PIL images are copied. A `Photo` is given back as it is.
            name: what messages call it, instead of its path or kind.

        Raises:
            PhotoError: there is no such file, it is no picture, or one that can't be used.
        """
        if isinstance(source, Photo):
            return source
        if isinstance(source, (str, Path)):
            return cls._from_file(name or str(source), Path(source))
        if isinstance(source, bytes):
            return cls._from_bytes(name or "<bytes>", source)
        if isinstance(source, np.ndarray):
            image = _from_array(name or "<array>", source)
            return cls(name or "<array>", None, lambda: image)
        if hasattr(source, "mode") and hasattr(source, "save"):
            data, file = _from_pil(name or "<PIL image>", source), getattr(source, "filename", "")
            return cls._from_bytes(name or "<PIL image>", data, Path(os.fsdecode(file)) if file else None)
        raise PhotoError(f"a {type(source).__name__} is no picture: give a path, bytes, a NumPy array or a PIL image")

    @classmethod
    def _from_file(cls, name: str, path: Path) -> Photo:
        try:
            if path.exists() and not path.is_file():  # to open a pipe would wait for its other end
                raise PhotoError(f"{name} is {'a folder' if path.is_dir() else 'no regular file'}; name a picture file")
            with path.open("rb") as file:
                if not os.fstat(file.fileno()).st_size:
                    raise PhotoError(f"{name} is empty (0 bytes); get a fresh copy of it")
                tags = read_tags(file)
            if not str(path).isprintable():  # it may hold bytes that are no UTF-8, which is all that libvips takes
                return cls._from_bytes(name, path.read_bytes(), path)
        except FileNotFoundError:
            raise PhotoError(f"{name}: there is no such file; check the path") from None
        except OSError as error:
            raise PhotoError(f"{name} can't be opened ({error.strerror}); check its permissions") from None
        return cls._from_source(name, path, lambda: pyvips.Source.new_from_file(str(path)), tags)

    @classmethod
    def _from_bytes(cls, name: str, data: bytes, path: Path | None = None) -> Photo:
        if not data:
            raise PhotoError(f"{name} is empty (0 bytes); get a fresh copy of it")
        return cls._from_source(name, path, lambda: pyvips.Source.new_from_memory(data), read_tags(io.BytesIO(data)))

    @classmethod
    def _from_source(cls, name: str, path: Path | None, source: Callable[[], pyvips.Source], tags: Tags) -> Photo:
        exif = as_exif(tags)
        try:
            header = _stream(source(), "sequential")
            if not header.get("vips-loader").startswith(_LOADERS):
                raise pyvips.Error("not a photograph", "it is drawn or tabular data")
        except pyvips.Error as error:
            reason = _first_line(error).replace("VipsForeignLoad: source is not in a known format", "unknown format")
            cure = "convert it to JPEG, PNG, TIFF or WebP, or get a fresh copy of it"
            raise PhotoError(f"{name} is no picture that tinct reads, or it is damaged ({reason}); {cure}") from None
        turned = header.get_typeof("orientation") != 0 and header.get("orientation") > 1
        access = "random" if turned else "sequential"  # rows of a turned picture can't be streamed
        return cls(name, path, lambda: _described(_stream(source(), access).autorot(), exif), source)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, after orientation."""
        return self.width, self.height

    def small_rgb(self, width: int, height: int) -> npt.NDArray[np.uint8]:
        """The picture shrunk, antialiased, to exactly `width` × `height`; keeping the aspect is the caller's business.

        Returns:
            (height, width, 3) sRGB 0..255; alpha is dropped, not blended.

        Raises:
            PhotoError: the file is damaged.
        """
        with self._reading():
            if self._source is None or self._alpha:  # thumbnail_source() would multiply the colors by alpha
                return _rgb8(_split(self._open())[0].thumbnail_image(width, height=height, size="force"))
            # fail_on is ignored here (libvips issue 5195), so the loader is told by its option string. The profile is named only
            # where it matters: to build a color transform takes longer than to decode a small picture.
            profile = {"output_profile": "srgb"} if self._profile else {}
            stream = self._source()
            return _rgb8(
                pyvips.Image.thumbnail_source(stream, width, height=height, size="force", option_string="fail_on=error", **profile)
            )

    def small_lightness(self, width: int, height: int) -> npt.NDArray[np.float32]:
        """L* of `small_rgb`: (height, width), 0..100."""
        return lightness(self.small_rgb(width, height))

    def lightness(self) -> pyvips.Image:
        """Full-size L*: a lazy image of one float band, 0..100, to be read once, from top to bottom."""
        with self._reading():
            return _split(self._open())[0].colourspace("lab")[0]

    def recolored(self, ab: npt.NDArray[np.float32]) -> Photo:
        """This photograph with other colors: its own full-size L*, alpha and metadata, and the given chroma.

        Colors that sRGB lacks lose chroma, not lightness or hue.

        Args:
            ab: (h, w, 2) a*, b* of any size, enlarged by `guide.enlarge`.

        Returns:
            A lazy `Photo`, 16-bit where this one is, else 8-bit.

        Raises:
            ValueError: `ab` is not (h, w, 2).
        """
        large = enlarge(ab, self.width, self.height)

        def load() -> pyvips.Image:
            color, alpha = _split(self._open())
            lab = color.colourspace("lab")[0].bandjoin(large).copy(interpretation="lab")
            image = _into_gamut(lab).colourspace("rgb16" if color.format == "ushort" else "srgb")
            image = image.copy() if alpha is None else image.bandjoin(alpha)
            image.remove("jpeg-thumbnail-data")  # EXIF's own small picture is still gray
            return image

        with self._reading():
            return Photo(self.name, self.path, load)

    def save(self, path: str | Path, *, overwrite: bool = False, quality: int = 95) -> Path:
        """Write the picture, whole or not at all; never over its own original.

        Args:
            path: its suffix (one of `WRITABLE_SUFFIXES`) says the format. PNG and TIFF keep 16 bits; JPEG has no alpha and gets
                white instead.
            overwrite: replace an earlier output.
            quality: of JPEG and WebP, 1..100.

        Returns:
            `path`.

        Raises:
            PhotoError: the picture can't be read, or the result can't be written there.
        """
        target = Path(path)
        saver = _SAVERS.get(target.suffix.lower(), "")
        exists = f"{target} exists already; replace it with --overwrite, or name another output with -o"
        if not saver:
            raise PhotoError(f"{target}: tinct writes {', '.join(WRITABLE_SUFFIXES)}; name an output with one of these suffixes")
        if self.path is not None and _same_file(target, self.path):
            raise PhotoError(f"{target} is the original, which tinct never overwrites; name another output with -o")
        if target.is_dir():
            raise PhotoError(f"{target} is a folder; name a file with -o")
        if os.path.lexists(target) and not overwrite:
            raise PhotoError(exists)
        if max(self.size) > _MOST.get(saver, max(self.size)):
            raise PhotoError(f"{target}: {saver} holds at most {_MOST[saver]} pixels a side; name a .tif or .png with -o")
        try:
            with _new_file(target, overwrite) as file, self._reading():
                self._encode(saver, file, quality)
        except FileExistsError:  # written by another process while this one computed
            raise PhotoError(exists) from None
        except OSError as error:
            cure = _CURES.get(error.errno or 0, f"{error.strerror}: name another output with -o")
            raise PhotoError(f"{target} can't be written; {cure}") from None
        return target

    def to_numpy(self) -> npt.NDArray[np.uint8]:
        """All pixels: (height, width, 3) sRGB 0..255, without alpha."""
        with self._reading():
            return _rgb8(_split(self._open())[0])

    def to_pil(self) -> PILImage:
        """All pixels as a PIL image: RGB, or RGBA where there is alpha. Needs Pillow."""
        try:
            from PIL import Image
        except ImportError:
            raise PhotoError("to_pil() needs Pillow: pip install pillow") from None
        with self._reading():
            return Image.fromarray(_rgb8(self._open()))

    def _open(self) -> pyvips.Image:
        """A fresh lazy image: gray or sRGB, 8- or 16-bit, with its alpha and metadata."""
        image = self._load()
        if self._profile:
            # Puts sRGB's profile in the place of the embedded one. Libvips itself takes a broken one for sRGB.
            image = image.icc_transform("srgb", embedded=True, depth=16 if image.format == "ushort" else 8)
        bands = _KINDS[image.interpretation] + self._alpha
        return image if image.bands == bands else image.extract_band(0, n=bands)  # some TIFFs have more

    def _encode(self, saver: str, file: BinaryIO, quality: int) -> None:
        image, target = self._open(), pyvips.Target.new_to_descriptor(file.fileno())
        if saver == "tiff":
            nbytes = image.width * image.height * image.bands * (2 if image.format == "ushort" else 1)
            image.tiffsave_target(target, compression="deflate", predictor="horizontal", bigtiff=nbytes > _TIFF_BYTES)
            if image.get_typeof("exif-data"):
                add_tags(file, read_tags(io.BytesIO(image.get("exif-data").removeprefix(b"Exif\0\0"))))
            return
        image = image.copy()
        image.set_type(pyvips.GValue.gstr_type, "exif-ifd2-ColorSpace", "1")  # sRGB, whatever the original was
        if saver == "png":
            image.pngsave_target(target, filter="paeth")  # a third smaller than unfiltered, in the same time
        elif saver == "webp":
            _to_8bit(image).webpsave_target(target, Q=quality, smart_subsample=True)
        else:
            image = _to_8bit(image)
            (image.flatten(background=255) if self._alpha else image).jpegsave_target(target, Q=quality)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Libvips computes lazily: a damaged source shows up, and a disk is full, only where pixels flow."""
        try:
            yield
        except pyvips.Error as error:
            if "target: write error" in error.detail:
                number = errno.ENOSPC if os.strerror(errno.ENOSPC) in error.detail else errno.EIO
                raise OSError(number, os.strerror(number)) from None
            if "not been built in" in error.detail:  # HEIC's own compression, HEVC, whose patents keep it out of libvips' packages
                raise PhotoError(f"{self.name} is HEIC, which tinct can't decode; convert it to JPEG, PNG or TIFF first") from None
            raise PhotoError(f"{self.name} is damaged or cut off ({_first_line(error)}); get a fresh copy of it") from None


def color_path(path: Path, output: str | Path | None = None) -> Path:
    """Where the colored copy of `path` goes.

    ``a/b.jpg`` becomes ``a/b.color.jpg``; a format that tinct reads but doesn't write becomes PNG.

    Args:
        path: the original.
        output: a folder (one that exists, or a text that ends with a path separator) for a file of that name; or the very path.
    """
    suffix = path.suffix if path.suffix.lower() in WRITABLE_SUFFIXES else ".png"
    named = path.with_name(f"{path.stem}.color{suffix}")
    if output is None:
        return named
    folder = Path(output).is_dir() or str(output).endswith(("/", os.sep))
    return Path(output) / named.name if folder else Path(output)


def _stream(source: pyvips.Source, access: str) -> pyvips.Image:
    # "error" includes "truncated", which alone lets a cut-off TIFF pass as black
    return pyvips.Image.new_from_source(source, "", access=access, fail_on="error")


def _described(image: pyvips.Image, exif: list[tuple[int, str, Any]]) -> pyvips.Image:
    """`image` with the metadata that libvips does not read by itself, and without what autorot() made wrong."""
    image = image.copy()
    for kind, field, value in exif:
        image.set_type(kind, field, value)
    if image.xres == _NO_RESOLUTION:  # libvips takes it from the EXIF of JPEG, but not of WebP
        known = image.get_typeof("exif-ifd0-XResolution") != 0  # shown as "300/1 (300, Rational, 1 components, 8 bytes)"
        numerator, _, denominator = image.get("exif-ifd0-XResolution").split()[0].partition("/") if known else ("72", "", "")
        resolution = int(numerator) / int(denominator or 1) / 25.4
        image = image.copy(xres=resolution, yres=resolution)
    if image.get_typeof("xmp-data"):
        upright = re.sub(rb"(tiff:Orientation(?:>|\s*=\s*[\"']))[2-8]", rb"\g<1>1", image.get("xmp-data"))
        image.set_type(pyvips.GValue.blob_type, "xmp-data", upright)
    return image


def _split(image: pyvips.Image) -> tuple[pyvips.Image, pyvips.Image | None]:
    """Color bands and alpha."""
    bands = _KINDS[image.interpretation]
    return (image.extract_band(0, n=bands), image[bands]) if image.bands > bands else (image, None)


def _to_8bit(image: pyvips.Image) -> pyvips.Image:
    if image.format == "ushort":  # libvips itself would cut off the low byte, which darkens by half a step
        kind = "b-w" if image.interpretation == "grey16" else "srgb"
        image = (image / 257).rint().cast("uchar").copy(interpretation=kind)
    return image


def _rgb8(image: pyvips.Image) -> npt.NDArray[np.uint8]:
    pixels: npt.NDArray[np.uint8] = _to_8bit(image).colourspace("srgb").numpy()
    return pixels


@cache
def _gamut_table() -> pyvips.Image:
    table = gamut_chroma()
    return pyvips.Image.new_from_memory(table.tobytes(), table.shape[1], table.shape[0], 1, "float")


def _into_gamut(lab: pyvips.Image) -> pyvips.Image:
    """Lab to LCh with the chroma that sRGB can show: clipping RGB instead would change lightness and hue."""
    lch = lab.colourspace("lch")
    light, chroma, hue = lch[0], lch[1], lch[2]
    table = _gamut_table()
    cell = (hue * ((table.width - 1) / 360)).bandjoin(light * ((table.height - 1) / 100))
    bound = table.mapim(cell, interpolate=pyvips.Interpolate.new("bilinear"), extend="copy")
    return light.bandjoin([(chroma < bound).ifthenelse(chroma, bound), hue]).copy(interpretation="lch")


def _from_array(name: str, array: npt.NDArray[Any]) -> pyvips.Image:
    bands = 1 if array.ndim == 2 else array.shape[2] if array.ndim == 3 else 0
    if bands not in (1, 3) or array.dtype.newbyteorder("=") not in (np.uint8, np.uint16) or not array.size:
        raise PhotoError(
            f"{name} is {array.dtype} {array.shape}; tinct takes uint8 or uint16 of shape (H, W), (H, W, 1) or (H, W, 3)"
        )
    deep = array.dtype.itemsize == 2
    kind = {(1, False): "b-w", (3, False): "srgb", (1, True): "grey16", (3, True): "rgb16"}[bands, deep]
    data = array.astype(np.uint16 if deep else np.uint8).tobytes()  # in this machine's byte order
    image = pyvips.Image.new_from_memory(data, array.shape[1], array.shape[0], bands, "ushort" if deep else "uchar")
    return _described(image.copy(interpretation=kind), [])


def _from_pil(name: str, image: Any) -> bytes:
    """A PIL image as a file in memory, so that its palette, profile and EXIF take the way that a file's take."""
    if image.mode in ("I", "F"):
        raise PhotoError(f"{name} is of mode {image.mode}, whose range is unknown; convert it to L, I;16 or RGB first")
    options: dict[str, Any] = {"format": "PNG", "compress_level": 1}
    if image.mode == "CMYK":
        options = {"format": "TIFF"}
    elif image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        image = image.convert("RGBA" if image.mode in ("PA", "La", "RGBa") else "RGB")
        options["icc_profile"] = None  # it described the colors before
    file = io.BytesIO()
    try:
        image.save(file, exif=image.getexif(), dpi=image.info.get("dpi"), **options)
    except (OSError, SyntaxError, ValueError) as error:  # PIL decodes late, and a damaged picture raises any of these
        raise PhotoError(f"{name} is damaged ({error}); get a fresh copy of it") from None
    return file.getvalue()


@contextmanager
def _new_file(target: Path, overwrite: bool) -> Iterator[BinaryIO]:
    """A file that appears under its name, on the disk, when all went well; else nothing is left behind."""
    temporary = target.with_name(f".tinct-{secrets.token_hex(6)}{target.suffix}")
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(temporary, flags, 0o666), "w+b", buffering=0) as file:
            yield file
            os.fsync(file.fileno())
        try:
            if not overwrite:  # a link, unlike a rename, never replaces what another process wrote meanwhile
                os.link(temporary, target)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            overwrite = True
        if overwrite:
            os.replace(temporary, target)  # noqa: PTH105
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    with suppress(OSError):  # Windows can't open folders, some network disks can't sync them
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them doesn't exist
        return False


def _first_line(error: pyvips.Error) -> str:
    return next((line.strip() for line in error.detail.splitlines() if line.strip()), "no details")
