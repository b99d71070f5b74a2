"""What people call a picture - a path, bytes, an array, a PIL image - and how to read its pixels, afresh for each pass."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyvips

from ..errors import PhotoError
from .formats import CONVERT, FLOAT, IPTC, TEXTS, find_loader, first_line
from .metadata.exif import Tags, as_exif, read_tags
from .metadata.iptc import from_resources, from_text
from .metadata.png import find_text, read_texts, worth_keeping

__all__ = ["Picture", "from_array", "from_bytes", "from_file", "from_pil"]

_NO_RESOLUTION = 1.0  # pixels per mm that libvips reports where a file says nothing
_FLOAT_RANGE = (-0.05, 1.05)  # what resampling may have left beyond 0..1 is cut off

# Every pass reads a source of its own, so cached operations are never hit: they would only hold on to files and memory.
pyvips.cache_set_max(0)


@dataclass(frozen=True)
class Picture:
    """An opened picture. `load` and `source` may be called any number of times, by any thread."""

    name: str
    """For messages."""
    path: Path | None
    load: Callable[[], pyvips.Image]
    """A fresh lazy image: upright, gray, RGB or CMYK of 8 or 16 bits, perhaps with alpha, and with its metadata."""
    source: Callable[[], pyvips.Source] | None = None
    """A fresh encoded stream, where libvips can shrink while it decodes."""
    data: bytes | None = None
    """The file's content, where it isn't that of `path`."""
    notes: tuple[str, ...] = ()
    """What of the file can't be kept, in words for the user."""
    lossless: bool = False
    """Whether it is WebP without loss."""
    depth: int = 8
    """Bits of a sample as they were stored; 16 of an array or PIL image that has more than 8."""
    check: Callable[[], None] | None = None
    """Looks at all pixels and raises PhotoError where they can't be used; for kinds of pictures where that must be seen."""
    unchanged: Callable[[], None] = lambda: None
    """Raises PhotoError where the file isn't any more what it was when it was opened."""
    is_file: bool = True
    """Whether there is a file, whose bytes tell it from others."""


def from_file(name: str, path: Path, most: int) -> Picture:
    """A file. Raises PhotoError."""
    try:
        if path.exists() and not path.is_file():  # to open a pipe would wait for its other end
            raise PhotoError(f"{name} is {'a folder' if path.is_dir() else 'no regular file'}; name a picture file")
        with path.open("rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise PhotoError(f"{name} is empty (0 bytes); get a fresh copy of it")
            about, opened = _About.of(file, path), _identity(os.fstat(file.fileno()))
        if not str(path).isprintable():  # it may hold bytes that are no UTF-8, which is all that libvips takes
            return from_bytes(name, path.read_bytes(), most, path)
    except FileNotFoundError:
        raise PhotoError(f"{name}: there is no such file; check the path") from None
    except OSError as error:
        raise PhotoError(f"{name} can't be opened ({error.strerror}); check its permissions") from None

    def unchanged() -> None:  # or the colors of one picture would come to lie on another
        try:
            now = _identity(path.stat())
        except OSError as error:
            raise PhotoError(f"{name} can't be read any more ({error.strerror}); check its disk") from None
        if now != opened:
            raise PhotoError(f"{name} has changed since it was opened; color it anew")

    def source() -> pyvips.Source:
        unchanged()
        return pyvips.Source.new_from_file(str(path))

    return replace(_from_source(name, about, source, most), unchanged=unchanged)


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def from_bytes(name: str, data: bytes, most: int, path: Path | None = None) -> Picture:
    """The content of a file. Raises PhotoError."""
    if not data:
        raise PhotoError(f"{name} is empty (0 bytes); get a fresh copy of it")
    about = replace(_About.of(io.BytesIO(data), path), data=data)
    return _from_source(name, about, lambda: pyvips.Source.new_from_memory(data), most)


@dataclass(frozen=True)
class _About:
    """What there is to know of a file without libvips."""

    path: Path | None
    head: bytes
    tags: Tags
    texts: list[tuple[bytes, bytes]]
    lossless: bool
    data: bytes | None = None

    @classmethod
    def of(cls, file: BinaryIO, path: Path | None) -> _About:
        head = file.read(16)
        return cls(path, head, read_tags(file), read_texts(file), head[8:12] == b"WEBP" and _is_lossless(file))

    def fields(self) -> dict[str, bytes]:
        """Metadata that libvips doesn't read, or not well, by its names for them."""
        record = from_text(find_text(self.texts, b"Raw profile type iptc"))
        return {"exif-data": as_exif(self.tags), TEXTS: worth_keeping(self.texts), IPTC: record}


def _is_lossless(file: BinaryIO) -> bool:
    """Whether the first picture in a WebP file (a list of chunks, each a name, a length and so many bytes) is stored without loss."""
    place = 12
    for _ in range(20):
        file.seek(place)
        chunk = file.read(8)
        if len(chunk) < 8 or chunk[:4] in (b"VP8 ", b"VP8L"):
            return chunk[:4] == b"VP8L"
        length = int.from_bytes(chunk[4:], "little")
        place += 8 + length + length % 2
    return False


def _from_source(name: str, about: _About, source: Callable[[], pyvips.Source], most: int) -> Picture:
    fields, suffix = about.fields(), about.path.suffix.lower() if about.path else ""

    def checked() -> tuple[pyvips.Source, str]:
        """Each pass looks anew, as the file may have been replaced by one for which libvips would run another loader."""
        return source(), find_loader(name, source(), about.head, suffix)

    def stream(access: str) -> pyvips.Image:
        fresh, loader = checked()  # "error" includes "truncated", which alone lets a cut-off TIFF pass as black
        return pyvips.Operation.call(loader, fresh, access=access, fail_on="error")

    try:
        header = stream("sequential")
    except pyvips.Error as error:
        if "samples out of range" in error.detail:
            raise PhotoError(
                f"{name} holds samples of 64 or more bits; save it as 8- or 16-bit, or as 32-bit float first"
            ) from None
        raise PhotoError(f"{name} is no picture that tinct reads, or it is damaged ({first_line(error)}); {CONVERT}") from None
    width, height = header.width, header.height
    if width * height > most:
        raise PhotoError(
            f"{name} has {width} × {height} pixels, {width * height / 1e6:,.0f} million; allow more than {most / 1e6:,.0f} million "
            "with --max-pixels where that is what you expect of it"
        )
    pages = header.get("n-pages") if header.get_typeof("n-pages") else 1
    notes = (f"{name}: the first of {pages} pages is colored; the result holds it alone",) if pages > 1 else ()
    if header.get_typeof("heif-compression") and header.get("heif-compression") != "av1":
        return _from_heic(name, about, notes)
    turned = header.get_typeof("orientation") != 0 and header.get("orientation") > 1
    access = "random" if turned else "sequential"  # rows of a turned picture can't be streamed

    def load() -> pyvips.Image:
        return _described(stream(access).autorot(), fields)

    depth = header.get("bits-per-sample") if header.get_typeof("bits-per-sample") else 8
    picture = Picture(name, about.path, load, lambda: checked()[0], about.data, notes, about.lossless, depth)
    if header.format == "float" and header.interpretation in ("b-w", "grey16", "scrgb"):
        return replace(picture, load=lambda: _from_float(load()), source=None, check=lambda: _check_float(name, load()))
    return picture


def _from_float(image: pyvips.Image) -> pyvips.Image:
    """Code values 0..1, as sRGB has them unless a profile says otherwise, to 16 bits: a finer step than any eye's."""
    kind = "grey16" if image.bands < 3 else "rgb16"
    whole = (image * 65535).rint().cast("ushort").copy(interpretation=kind)
    whole.set_type(pyvips.GValue.gint_type, FLOAT, 1)
    return whole


def _check_float(name: str, image: pyvips.Image) -> None:
    statistics = image.stats()  # first row: all bands; minimum, maximum, sum
    low, high, total = (statistics(x, 0)[0] for x in range(3))
    _check_range(name, low if np.isfinite(total) else total, high)


def _check_range(name: str, low: float, high: float) -> None:
    if not (_FLOAT_RANGE[0] <= low <= high <= _FLOAT_RANGE[1]):  # nor where one is no number
        raise PhotoError(f"{name} holds floating-point values from {low:.6g} to {high:.6g}; scale it to 0..1 first")


def _from_heic(name: str, about: _About, notes: tuple[str, ...]) -> Picture:
    """HEIC, whose compression (HEVC) is patented, so that libvips' packages come without it; another library decodes it."""
    try:
        import pi_heif
    except ImportError:
        raise PhotoError(f"{name} is HEIC; to read it, pip install pi-heif, or convert it to JPEG or PNG first") from None
    try:
        found = pi_heif.open_heif(about.path if about.data is None else io.BytesIO(about.data), convert_hdr_to_8bit=False)
        pixels, info = np.asarray(found), found.info  # upright
    except Exception as error:  # its errors have no common base
        raise PhotoError(f"{name} is damaged or cut off ({str(error)[:100]}); get a fresh copy of it") from None
    upright = _image(pixels.reshape(*pixels.shape[:2], -1))  # gray comes without a third axis
    names = {"icc-profile-data": "icc_profile", "xmp-data": "xmp", "exif-data": "exif"}
    fields = {name: info.get(key) or b"" for name, key in names.items()}
    return Picture(name, about.path, lambda: _described(upright, fields), None, about.data, notes, depth=8 * pixels.itemsize)


def _described(image: pyvips.Image, fields: dict[str, bytes]) -> pyvips.Image:
    """`image` with the metadata that libvips does not read by itself, and without what autorot() made wrong."""
    image = image.copy()
    _remove(image, b"gainmap", b"jpeg-thumbnail-data", b"png-comment-")  # of the gray picture, both; and in TEXTS
    for name, data in fields.items():
        if data:
            image.set_type(pyvips.GValue.blob_type, name, data)  # and libvips takes EXIF apart
    for name in ("orientation", "exif-ifd0-Orientation"):
        image.remove(name)
    _tidy_iptc(image)
    if image.xres == _NO_RESOLUTION:  # libvips takes it from the EXIF of JPEG, but not of WebP
        text = image.get("exif-ifd0-XResolution") if image.get_typeof("exif-ifd0-XResolution") else ""
        known = re.match(r"([1-9]\d*)/([1-9]\d*) ", text)  # such as "300/1 (300, Rational, 1 components, 8 bytes)"
        resolution = (int(known[1]) / int(known[2]) if known else 72) / 25.4
        image = image.copy(xres=resolution, yres=resolution)
    if image.get_typeof("xmp-data"):
        upright = re.sub(rb"(tiff:Orientation(?:>|\s*=\s*[\"']))[2-8]", rb"\g<1>1", image.get("xmp-data"))
        image.set_type(pyvips.GValue.blob_type, "xmp-data", upright)
    return image


def _remove(image: pyvips.Image, *starts: bytes) -> None:
    """Take out the metadata whose names begin so. By libvips' C functions, as names in a PNG needn't be UTF-8."""
    names = pyvips.vips_lib.vips_image_get_fields(image.pointer)
    place = 0
    while names[place] != pyvips.ffi.NULL:
        if pyvips.ffi.string(names[place]).startswith(starts):
            pyvips.vips_lib.vips_image_remove(image.pointer, names[place])
        pyvips.glib_lib.g_free(names[place])
        place += 1
    pyvips.glib_lib.g_free(names)


def _tidy_iptc(image: pyvips.Image) -> None:
    """Leave the IPTC record alone in its field, and Photoshop's other resources in theirs, whichever format they come from."""
    kept, record = b"", b""
    for name in (IPTC, "photoshop-data"):
        data = bytes(image.get(name)) if image.get_typeof(name) else b""
        image.remove(name)
        if data[3:4] == b"\x1c" != data[:1]:  # stored as 32-bit numbers in a big-endian TIFF, which libtiff turned around
            data = np.frombuffer(data[: len(data) // 4 * 4], np.uint32).byteswap().tobytes()
        if data[:1] == b"\x1c":
            record = data
        elif data:
            resources, caption = from_resources(data)
            kept, record = kept + resources, record or caption
    for name, data in ((IPTC, record), ("photoshop-data", kept)):
        if data:
            image.set_type(pyvips.GValue.blob_type, name, data)


def _image(array: npt.NDArray[Any]) -> pyvips.Image:
    """(H, W, bands) of uint8 or uint16 as an image."""
    height, width, bands = array.shape
    deep = array.dtype.itemsize == 2
    kind = {(1, False): "b-w", (3, False): "srgb", (1, True): "grey16", (3, True): "rgb16"}[bands - (bands % 2 == 0), deep]
    data = array.astype(array.dtype.newbyteorder("=")).tobytes()
    return pyvips.Image.new_from_memory(data, width, height, bands, "ushort" if deep else "uchar").copy(interpretation=kind)


def from_array(name: str, array: npt.NDArray[Any], most: int) -> Picture:
    """An array (H, W), (H, W, 1) or (H, W, 3) of uint8, uint16 or floating point 0..1. Raises PhotoError."""
    bands = 1 if array.ndim == 2 else array.shape[2] if array.ndim == 3 else 0
    floating = array.dtype.kind == "f"
    if bands not in (1, 3) or not (floating or array.dtype.newbyteorder("=") in (np.uint8, np.uint16)) or not array.size:
        raise PhotoError(
            f"{name} is {array.dtype} {array.shape}; tinct takes uint8, uint16 or floats of shape (H, W), (H, W, 1) or (H, W, 3)"
        )
    if array.shape[0] * array.shape[1] > most:
        raise PhotoError(f"{name} has more than {most / 1e6:,.0f} million pixels; allow more with max_pixels=")
    if floating:
        _check_range(name, float(array.min()), float(array.max()))
        array = np.rint(np.clip(array.astype(np.float32), 0, 1) * 65535).astype(np.uint16)
    image = _described(_image(array.reshape(*array.shape[:2], bands)), {})
    if floating:
        image.set_type(pyvips.GValue.gint_type, FLOAT, 1)
    return Picture(name, None, lambda: image, is_file=False, depth=8 * array.itemsize)


def from_pil(name: str, image: Any, most: int) -> Picture:
    """A PIL image, by way of a file in memory, so that its palette, profile and EXIF take the way that a file's take."""
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
    filename = getattr(image, "filename", "")
    return replace(from_bytes(name, file.getvalue(), most, Path(os.fsdecode(filename)) if filename else None), is_file=False)
