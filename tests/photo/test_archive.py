"""Properties of a file that the colored result keeps, for every kind of file.

Each kind is written with Pillow, tifffile, pillow-heif or pyexiv2, colored, and read back with them, not with libvips, which tinct itself
uses. `EXPECTED` holds the results; ``make docs`` writes them into the table of docs/formats.md.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pyexiv2
import pytest
import pyvips
import skimage.data
import tifffile
from PIL import Image, ImageCms, ImageOps
from skimage.color import lab2rgb, rgb2lab

from conftest import draw
from pictures import display_p3, linear_gray, png16, png_chunk, random_ab, read_png16, scene
from tinct import Colorizer
from tinct.coloring.upsampling import recolor
from tinct.photo.photo import Photo, color_path

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
PROPERTIES = (
    "size",
    "depth",
    "lightness",
    "alpha",
    "EXIF",
    "GPS",
    "orientation",
    "XMP",
    "IPTC",
    "dpi",
    "profile in",
    "profile out",
    "date",
)
EXIF = {
    "Exif.Image.Artist": "Ann Example",
    "Exif.Image.DateTime": "1999:01:02 03:04:05",
    "Exif.Image.Copyright": "Town museum",
    "Exif.Photo.DateTimeOriginal": "1950:06:07 08:09:10",
    "Exif.Photo.ExposureTime": "1/100",
}
GPS = {"Exif.GPSInfo.GPSLatitudeRef": "N", "Exif.GPSInfo.GPSLatitude": "48/1 51/1 59/2"}
IPTC = {"Iptc.Application2.Caption": "The town hall", "Iptc.Application2.Keywords": ["hall", "town"]}
XMP = {"Xmp.dc.source": "box 12", "Xmp.photoshop.City": "Exampleton"}
RECORD = b"\x1c\x02\x78\x00\x0dThe town hall\x1c\x02\x19\x00\x04hall\x1c\x02\x19\x00\x04town"  # the bytes of `IPTC` in a file
DOTS: dict[str, Any] = {"resolution": (300, 300), "resolutionunit": 2}
DATE = 946_684_800_123_456_700  # nanoseconds
Pixels = np.ndarray  # (H, W, bands)


def gray(dtype: Any = np.uint8) -> Pixels:
    """(H, W, 1): smooth, from dark to light."""
    return of_type(scene()[..., :1], dtype)


def rgb(dtype: Any = np.uint8) -> Pixels:
    """(H, W, 3): tinted like an old print, with no color of Display P3 that sRGB lacks."""
    light = scene()[..., :1] / 255
    return of_type(np.rint(255 * (light + light * (1 - light) * (0.2, 0, -0.2))), dtype)


def of_type(pixels: Pixels, dtype: Any) -> Pixels:
    if np.dtype(dtype).kind == "f":
        return (pixels / 255).astype(dtype)
    if np.dtype(dtype).itemsize == 1:
        return pixels.astype(np.uint8)
    return pixels.astype(np.uint16) * 257 + np.arange(pixels.shape[1], dtype=np.uint16)[:, None] % 97  # so that low bytes matter


def with_alpha(pixels: Pixels) -> Pixels:
    return np.concatenate([pixels, np.flip(pixels[..., -1:], 1)], axis=2)


@dataclass(frozen=True)
class Kind:
    """A kind of file, and the function that writes one without metadata."""

    suffix: str
    pixels: Callable[[], Pixels]
    """Samples (H, W, bands), of the type that the file stores."""
    write: Callable[[Path, Pixels], None]
    depth: int
    """Bits a sample of the result."""
    alpha: bool = False

    @property
    def exiv2(self) -> bool:
        """Whether Exiv2 can write metadata into such a file; otherwise `write` takes it as arguments."""
        return self.suffix not in (".avif", ".heic") and self.write is not big_tiff


def pil(path: Path, pixels: Pixels, **options: Any) -> None:
    pil_mode(path, pixels, None, **options)


def pil_mode(path: Path, pixels: Pixels, mode: str | None, **options: Any) -> None:
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).convert(mode).save(path, dpi=(300, 300), **options)


def palette(path: Path, pixels: Pixels, **options: Any) -> None:
    Image.fromarray(pixels).quantize().save(path, dpi=(300, 300), **options)


def deep_png(path: Path, pixels: Pixels, *, icc_profile: bytes = b"") -> None:
    data, dots = png16(pixels), png_chunk(b"pHYs", struct.pack(">IIB", 11811, 11811, 1))  # to the meter
    profile = png_chunk(b"iCCP", b"profile\0\0" + zlib.compress(icc_profile)) if icc_profile else b""
    path.write_bytes(data[:33] + profile + dots + data[33:])


def tiff(path: Path, pixels: Pixels, **options: Any) -> None:
    bands = pixels.shape[2]
    profile = options.pop("icc_profile", None)
    options = {"extrasamples": ["unassalpha"] if bands in (2, 4) else None, "iccprofile": profile, **options}
    photometric = options.pop("photometric", "rgb" if bands > 2 else "minisblack")
    pixels = pixels[..., 0] if bands == 1 else pixels
    tifffile.imwrite(
        path, pixels, photometric=photometric, planarconfig="contig" if bands > 1 else None, metadata=None, **DOTS, **options
    )


def two_pages(path: Path, pixels: Pixels, *, icc_profile: bytes | None = None) -> None:
    with tifffile.TiffWriter(path) as file:
        for page in (pixels, 255 - pixels):
            file.write(page[..., 0], metadata=None, iccprofile=icc_profile, **DOTS)


def avif10(path: Path, pixels: Pixels, *, exif: bytes = b"", xmp: bytes = b"", icc_profile: bytes = b"") -> None:
    """By libvips: none of the other libraries writes it."""
    height, width, bands = pixels.shape
    image = pyvips.Image.new_from_memory(pixels.tobytes(), width, height, bands, "ushort").copy(interpretation="rgb16")
    for field, data in (("exif-data", exif), ("xmp-data", xmp), ("icc-profile-data", icc_profile)):
        if data:
            image.set_type(pyvips.GValue.blob_type, field, data)
    image.heifsave(str(path), compression="av1", bitdepth=10, Q=95, subsample_mode="off")


def heic(path: Path, pixels: Pixels, **options: Any) -> None:
    file = pillow_heif.from_pillow(Image.fromarray(pixels))
    file.info.update(options)
    file.save(path, quality=95, chroma=444, **{key: options[key] for key in options if key != "icc_profile"})


def big_tiff(path: Path, pixels: Pixels, *, exif: bytes = b"", xmp: bytes = b"", **options: Any) -> None:
    tags = Image.Exif()
    tags.load(exif)
    if xmp:
        tags[700], tags[33723] = xmp, RECORD
    pil(path, pixels, big_tiff=True, exif=tags, **options)


KINDS = {
    "JPEG, gray": Kind(".jpg", gray, partial(pil, quality=95), 8),
    "JPEG, RGB": Kind(".jpg", rgb, partial(pil, quality=95, subsampling=0), 8),
    "JPEG, CMYK": Kind(".jpg", rgb, partial(pil_mode, mode="CMYK", quality=95, subsampling=0), 8),
    "PNG, 1-bit": Kind(".png", gray, partial(pil_mode, mode="1"), 8),
    "PNG, 8-bit gray": Kind(".png", gray, pil, 8),
    "PNG, 16-bit gray": Kind(".png", lambda: gray(np.uint16), deep_png, 16),
    "PNG, 8-bit gray + alpha": Kind(".png", lambda: with_alpha(gray()), pil, 8, alpha=True),
    "PNG, 16-bit gray + alpha": Kind(".png", lambda: with_alpha(gray(np.uint16)), deep_png, 16, alpha=True),
    "PNG, palette": Kind(".png", rgb, palette, 8),
    "PNG, 8-bit RGB": Kind(".png", rgb, pil, 8),
    "PNG, 16-bit RGB": Kind(".png", lambda: rgb(np.uint16), deep_png, 16),
    "PNG, 8-bit RGBA": Kind(".png", lambda: with_alpha(rgb()), pil, 8, alpha=True),
    "PNG, 16-bit RGBA": Kind(".png", lambda: with_alpha(rgb(np.uint16)), deep_png, 16, alpha=True),
    "TIFF, bilevel": Kind(".tif", gray, partial(pil_mode, mode="1", compression="group4"), 8),
    "TIFF, 8-bit gray": Kind(".tif", gray, tiff, 8),
    "TIFF, 16-bit gray": Kind(".tif", lambda: gray(np.uint16), tiff, 16),
    "TIFF, 32-bit float gray": Kind(".tif", lambda: gray(np.float32), tiff, 32),
    "TIFF, 8-bit gray + alpha": Kind(".tif", lambda: with_alpha(gray()), tiff, 8, alpha=True),
    "TIFF, palette": Kind(".tif", rgb, palette, 8),
    "TIFF, 8-bit RGB": Kind(".tif", rgb, tiff, 8),
    "TIFF, 16-bit RGB": Kind(".tif", lambda: rgb(np.uint16), tiff, 16),
    "TIFF, 32-bit float RGB": Kind(".tif", lambda: rgb(np.float32), tiff, 32),
    "TIFF, 16-bit RGBA": Kind(".tif", lambda: with_alpha(rgb(np.uint16)), tiff, 16, alpha=True),
    "TIFF, CMYK": Kind(".tif", rgb, partial(pil_mode, mode="CMYK"), 8),
    "TIFF, tiles": Kind(".tif", lambda: rgb(np.uint16), partial(tiff, tile=(16, 32)), 16),
    "TIFF, big-endian": Kind(".tif", lambda: rgb(np.uint16), partial(tiff, byteorder=">"), 16),
    "TIFF, two pages": Kind(".tif", gray, two_pages, 8),
    "BigTIFF": Kind(".tif", gray, big_tiff, 8),
    "WebP, lossy": Kind(".webp", rgb, partial(pil, quality=95), 8),
    "WebP, lossy, alpha": Kind(".webp", lambda: with_alpha(rgb()), partial(pil, quality=95), 8, alpha=True),
    "WebP, lossless": Kind(".webp", rgb, partial(pil, lossless=True), 8),
    "WebP, lossless, alpha": Kind(".webp", lambda: with_alpha(rgb()), partial(pil, lossless=True, exact=True), 8, alpha=True),
    "AVIF, 8-bit": Kind(".avif", rgb, partial(pil, quality=95, subsampling="4:4:4"), 8),
    "AVIF, alpha": Kind(".avif", lambda: with_alpha(rgb()), partial(pil, quality=95, subsampling="4:4:4"), 8, alpha=True),
    "AVIF, 10-bit": Kind(".avif", lambda: rgb(np.uint16), avif10, 10),
    "HEIC": Kind(".heic", rgb, heic, 8),
}

LOSSY = "but for compression"  # mean error of L* below 0.5
NO_ALPHA = "none there"
NO_PLACE = "no place"
NO_USE = "–"
EXPECTED: dict[str, dict[str, str]] = {  # properties left out are "kept"
    name: {"alpha": "kept" if kind.alpha else NO_ALPHA, "depth": str(kind.depth)} for name, kind in KINDS.items()
}
for _name in KINDS:
    if _name.startswith(("JPEG", "WebP, lossy", "AVIF", "HEIC")):
        EXPECTED[_name] |= {"lightness": LOSSY, "profile in": LOSSY}
    if _name.startswith(("WebP", "AVIF", "HEIC")):
        EXPECTED[_name]["IPTC"] = NO_PLACE
for _name in ("PNG, 1-bit", "TIFF, bilevel"):  # black and white are the same in every profile
    EXPECTED[_name] |= {"depth": "1 → 8", "profile in": NO_USE}
for _name in ("JPEG, CMYK", "TIFF, CMYK"):  # no CMYK profile is free to ship
    EXPECTED[_name]["profile in"] = "not tested"
EXPECTED["AVIF, alpha"]["alpha"] = LOSSY
EXPECTED["AVIF, 10-bit"]["orientation"] = NO_USE


# ---- writing metadata -----------------------------------------------------------------------------------------------------------


def write(path: Path, kind: Kind) -> None:
    """Write a file with all metadata, turned by EXIF orientation 6."""
    dots = {"Exif.Image.XResolution": "300/1", "Exif.Image.YResolution": "300/1", "Exif.Image.ResolutionUnit": "2"}
    exif = EXIF | GPS | dots | {"Exif.Image.Orientation": "6"}
    if kind.exiv2:
        kind.write(path, kind.pixels())
        with pyexiv2.Image(str(path)) as image:
            image.modify_exif(exif)
            image.modify_xmp(XMP)
            if kind.suffix != ".webp":
                image.modify_iptc(IPTC)
    else:
        carrier = io.BytesIO()
        Image.new("L", (8, 8)).save(carrier, "JPEG")
        with pyexiv2.ImageData(carrier.getvalue()) as data:
            data.modify_exif(exif)
            data.modify_xmp(XMP)
            packet = data.read_raw_xmp().encode()
            with Image.open(io.BytesIO(data.get_bytes())) as image:
                kind.write(path, kind.pixels(), exif=image.info["exif"], xmp=packet)
    os.utime(path, ns=(DATE, DATE))


def write_with_profile(path: Path, kind: Kind) -> None:
    kind.write(path, kind.pixels(), icc_profile=linear_gray() if kind.pixels().shape[2] < 3 else display_p3())


# ---- reading back ---------------------------------------------------------------------------------------------------------------


def read(path: Path) -> np.ndarray:
    """Samples of a file, upright: (H, W, 3 or 4) float64 0..1."""
    data = path.read_bytes()
    if path.suffix == ".tif" and tiff_tag(path, 262) != 5 and tiff_tag(path, 258) != 1:
        pixels = tifffile.imread(path, key=0)
        if tiff_tag(path, 262) == 3:
            pixels = (np.moveaxis(tiff_tag(path, 320), 0, 1)[pixels] >> 8).astype(np.uint8)
        pixels = pixels[..., None] if pixels.ndim == 2 else pixels
        pixels = np.rot90(pixels, -1) if tiff_tag(path, 274) == 6 else pixels
    else:
        with opened(path) as image:
            image = image if path.suffix == ".tif" else ImageOps.exif_transpose(image)  # Pillow rotates TIFFs itself
            pixels = np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))
    if path.suffix == ".png" and data[24] == 16:
        deep = read_png16(data)
        pixels = deep if deep.shape[:2] == pixels.shape[:2] else np.rot90(deep, -1)
    if pixels.shape[2] < 3:
        pixels = np.concatenate([pixels[..., :1].repeat(3, 2), pixels[..., 1:]], axis=2)
    return pixels / (1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max)


def tiff_tag(path: Path, code: int) -> Any:
    with tifffile.TiffFile(path) as file:
        tag = file.pages[0].tags.get(code)
        return tag and tag.value


def opened(path: Path) -> Image.Image:
    if path.suffix == ".heic":
        return pillow_heif.open_heif(path).to_pillow()
    return Image.open(path)


def lightness(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 3 or 4) sRGB 0..1 -> (H, W) L*."""
    return rgb2lab(np.asarray(pixels[..., :3], np.float64))[..., 0]


def lightness_by_profile(pixels: np.ndarray, *, gray: bool) -> np.ndarray:
    """(H, W) L* of code values 0..1 in `linear_gray` or Display P3, by the definitions of these profiles."""
    if gray:
        light = pixels[..., 0]
    else:
        linear = np.where(pixels[..., :3] <= 0.04045, pixels[..., :3] / 12.92, ((pixels[..., :3] + 0.055) / 1.055) ** 2.4)
        light = linear @ (0.22897, 0.69174, 0.07929)
    return np.where(light > 216 / 24389, 116 * np.cbrt(light) - 16, light * 24389 / 27)


def depth_of(path: Path) -> int:
    data = path.read_bytes()
    if path.suffix == ".png":
        return data[24]
    if path.suffix == ".tif":
        with tifffile.TiffFile(path) as file:
            return file.pages[0].bitspersample
    if path.suffix == ".avif":  # of its av1C box
        flags = data[data.index(b"av1C") + 6]
        return 8 if not flags & 0x40 else 12 if flags & 0x20 else 10
    return 8


def compare(before: np.ndarray, after: np.ndarray, most: float) -> str:
    """Whether L* was kept, with an error of at most `most`, or within that of compression."""
    if before.shape != after.shape:
        return "lost"
    error = np.abs(before - after)
    return (
        "kept"
        if error.max() <= most
        else LOSSY
        if error.mean() < 0.5 and np.percentile(error, 99) < 3
        else f"lost: {error.max():.3f}"
    )


def iptc_of(path: Path) -> Any:
    if path.suffix == ".png":
        with Image.open(path) as image:
            image.load()  # the text may come after the pixels
            text = image.info.get("Raw profile type iptc", "")
        return IPTC if RECORD in bytes.fromhex("".join(text.split()[2:])) else {}
    with pyexiv2.Image(str(path)) as image:
        return image.read_iptc()


def same(kept: bool) -> str:
    return "kept" if kept else "lost"


def measure(name: str, folder: Path, color: Callable[[Photo], Photo]) -> dict[str, str]:
    """Color a file of this kind, and compare each property before and after: kept, lost, or the entry of the table."""
    kind = KINDS[name]
    source = folder / f"old{kind.suffix}"
    write(source, kind)
    before = read(source)
    photo = Photo.open(source)
    target = color(photo).save(color_path(source))
    after = read(target)
    with pyexiv2.Image(str(target)) as image:
        exif, xmp = image.read_exif(), image.read_xmp()
    if target.suffix == ".tif":
        profile, dots = tiff_tag(target, 34675), tiff_tag(target, 282)
        dots = dots[0] / dots[1]
    else:
        with Image.open(target) as image:
            profile, dots = image.info["icc_profile"], max(image.info.get("dpi", (0,)))
            dots = dots if target.suffix in (".jpg", ".png") else image.getexif().get(282)
    if "CMYK" in name:  # Pillow converts CMYK without a profile
        before = photo.to_numpy() / 255
    found = dict.fromkeys(PROPERTIES, "lost")
    found["size"] = same(before.shape[:2] == after.shape[:2] == (photo.height, photo.width))
    found["depth"] = str(depth_of(target))
    found["lightness"] = compare(lightness(before), lightness(after), 0.02 if kind.depth > 10 else 0.5)
    if after.shape[2] == 4:
        error = np.abs(before[..., 3] - after[..., 3]).max()
        found["alpha"] = "kept" if error == 0 else LOSSY if error < 3 / 255 else "lost"
    found["EXIF"] = same(EXIF.items() <= exif.items())
    found["GPS"] = same(all(fraction(exif.get(key, "")) == fraction(value) for key, value in GPS.items()))
    found["orientation"] = same(exif.get("Exif.Image.Orientation", "1") == "1" and before.shape[:2] == after.shape[:2])
    found["XMP"] = same(XMP.items() <= xmp.items())
    found["IPTC"] = same(iptc_of(target) == IPTC)
    found["dpi"] = same(dots is not None and abs(float(dots) - 300) < 0.02)
    found["profile in"] = profile_in(kind, folder, color)
    found["profile out"] = same(is_srgb(profile))
    found["date"] = same(abs(target.stat().st_mtime_ns - DATE) < 1000)
    return found


def fraction(text: str) -> list[float] | str:
    return [int(part.split("/")[0]) / int(part.split("/")[1]) for part in text.split()] if "/" in text else text


def profile_in(kind: Kind, folder: Path, color: Callable[[Photo], Photo]) -> str:
    source = folder / f"profile{kind.suffix}"
    write_with_profile(source, kind)
    before = lightness_by_profile(read(source), gray=kind.pixels().shape[2] < 3)
    after = lightness(read(color(Photo.open(source)).save(color_path(source))))
    return compare(before, after, 0.1 if kind.depth > 10 else 0.5)


def is_srgb(profile: bytes) -> bool:
    """Whether a profile is sRGB, judged by its transformation, not by its name."""
    if not profile:
        return False
    transform = ImageCms.buildTransform(io.BytesIO(profile), ImageCms.createProfile("sRGB"), "RGB", "RGB", renderingIntent=1)
    through = ImageCms.applyTransform(Image.fromarray(scene()), transform)
    return bool(np.abs(np.asarray(through).astype(int) - scene()).max() <= 2)


def smooth_color(photo: Photo) -> Photo:
    return recolor(photo, random_ab(12))


def expected(name: str) -> dict[str, str]:
    return {key: EXPECTED[name].get(key, "kept") for key in PROPERTIES}


def agrees(found: str, wanted: str) -> bool:
    if wanted in (NO_USE, "not tested"):
        return True
    return found == ("lost" if wanted in (NO_ALPHA, NO_PLACE) else wanted.removeprefix("1 → "))


@pytest.mark.parametrize("name", KINDS)
def test_properties_are_kept(name: str, tmp_path: Path) -> None:
    found, wanted = measure(name, tmp_path, smooth_color), expected(name)
    assert {key: (value, wanted[key]) for key, value in found.items() if not agrees(value, wanted[key])} == {}


@pytest.mark.parametrize("name", ["JPEG, gray", "TIFF, 16-bit gray", "PNG, 8-bit RGBA"])
def test_properties_are_kept_with_the_network_s_colors(name: str, tmp_path: Path, colorizer: Colorizer) -> None:
    found, wanted = measure(name, tmp_path, colorizer.colorize), expected(name)
    assert {key: (value, wanted[key]) for key, value in found.items() if not agrees(value, wanted[key])} == {}


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer()


# ---- lightness, by another library in double precision --------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("photograph", ["astronaut", "coffee", "chelsea"])
def test_the_network_keeps_lightness(photograph: str, dtype: Any, colorizer: Colorizer) -> None:
    most = np.iinfo(dtype).max
    before = np.rint(getattr(skimage.data, photograph)() @ (0.299, 0.587, 0.114) * (most / 255)).astype(dtype)
    after = samples(colorizer.colorize(before))
    error = np.abs(lightness(after / most) - lightness(before[..., None].repeat(3, 2) / most))
    assert after.std(axis=2).mean() > most / 255  # it did color something
    assert error.max() <= (0.5 if dtype == np.uint8 else 0.02)


@pytest.mark.parametrize("chroma", [20, 60, 250])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colors_outside_srgb_lose_chroma_not_lightness_nor_hue(dtype: Any, chroma: float) -> None:
    most = np.iinfo(dtype).max
    hues = np.arange(0, 360, 15)[:, None]
    before = np.linspace(0, most, 512).astype(dtype)[None].repeat(len(hues), 0)
    asked = np.stack([np.cos(np.radians(hues)), np.sin(np.radians(hues))], -1).repeat(512, 1) * chroma  # (hues, 512, 2)
    image = pyvips.Image.new_from_array(asked.astype(np.float32))
    lab = rgb2lab(samples(Photo.open(before).with_chroma(lambda _: image)) / most)
    error = np.abs(lab[..., 0] - lightness(before[..., None].repeat(3, 2) / most))
    assert error.max() <= (0.5 if dtype == np.uint8 else 0.02)
    found = np.hypot(lab[..., 1], lab[..., 2])
    assert found.max() < chroma + 1.5
    turn = np.abs((np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) - hues + 180) % 360 - 180)[found > 15]
    assert turn.max() < 8  # degrees
    assert np.percentile(turn, 99) < 4


def samples(photo: Photo) -> Pixels:
    """Samples as saved: (H, W, 3) uint8 or uint16."""
    return tifffile.imread(io.BytesIO(photo.to_bytes(".tif")))


# ---- tinted prints --------------------------------------------------------------------------------------------------------------


def sepia(light: np.ndarray) -> Pixels:
    """(H, W) L* -> (H, W, 3) uint8 sRGB of the same L*, brown like an old print, neutral in black and white."""
    tint = np.minimum(light, 100 - light) / 50
    return np.rint(255 * lab2rgb(np.stack([light, 8 * tint, 20 * tint], -1))).astype(np.uint8)


def test_the_tint_of_a_print_changes_neither_its_lightness_nor_its_colors(colorizer: Colorizer) -> None:
    plain = draw(5, 240, 180)[..., :1].repeat(3, 2)
    tinted = sepia(lightness(plain / 255))
    one, other = Photo.open(plain), Photo.open(tinted)
    assert np.ptp(tinted.astype(int), axis=2).max() > 30
    small = np.abs(one.small_lightness(64, 48) - other.small_lightness(64, 48))
    assert small.max() < 0.75  # each of both is rounded to 8 bits
    assert small.mean() < 0.2
    assert np.abs(one.lightness().numpy() - other.lightness().numpy()).max() < 0.5
    for color in (smooth_color, colorizer.colorize):
        lab = [rgb2lab(color(photo).to_numpy() / 255) for photo in (one, other)]
        assert np.abs(lab[0][..., 0] - lab[1][..., 0]).max() < 1  # each of both is rounded twice
        assert np.abs(lab[0] - lab[1]).mean() < 0.5
        assert np.abs(lab[0] - lab[1]).max() < 4


# ---- the table in the documentation ---------------------------------------------------------------------------------------------


def table() -> str:
    def row(*cells: str) -> str:
        return f"| {' | '.join(cells)} |"

    rows = [row(name, *expected(name).values()) for name in KINDS]
    return "\n".join([row("file", *PROPERTIES), row(*["---"] * (len(PROPERTIES) + 1)), *rows])


def page() -> str:
    start, end = "<!-- what is kept: written by tests/photo/test_archive.py -->\n", "<!-- end -->"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(start)
    return before + start + table() + "\n" + end + rest.partition(end)[2]


def test_the_documentation_has_this_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
