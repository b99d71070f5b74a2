"""Pictures in and out: written here with Pillow and tifffile, and read back with them."""

from __future__ import annotations

import base64
import contextlib
import errno
import gc
import io
import os
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
import tifffile
from PIL import Image, ImageCms, ImageOps

from tinct import photo as module
from tinct.color import chroma, lightness, rgb_to_lab
from tinct.errors import PhotoError
from tinct.photo import READABLE_SUFFIXES, WRITABLE_SUFFIXES, Photo, color_path

WIDTH, HEIGHT = 83, 61
ARTIST, DATE_TIME, ORIENTATION, COPYRIGHT, EXIF, GPS = 315, 306, 274, 33432, 34665, 34853
DATE_TIME_ORIGINAL, EXPOSURE_TIME = 36867, 33434
SUFFIX = {"JPEG": ".jpg", "PNG": ".png", "TIFF": ".tif", "WEBP": ".webp"}
KINDS = [
    *(("JPEG", mode) for mode in ("L", "RGB", "CMYK")),
    *(("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
    *(("TIFF", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK")),
    *(("WEBP", mode) for mode in ("L", "RGB", "RGBA")),
    *(("GIF", mode) for mode in ("L", "P")),
]


def scene(width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """(height, width, 3) uint8: waves of color, from black to white, and different in every direction."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 17 + i) + np.cos(y / 13 - i) + (x - y) / (width + height) for i in range(3)]
    return np.clip(np.stack(waves, -1) * 55 + 128, 0, 255).astype(np.uint8)


def ramp(height: int = 16) -> np.ndarray:
    """(height, 256) uint8: all grays."""
    return np.repeat(np.arange(256, dtype=np.uint8)[None], height, axis=0)


def picture(mode: str) -> Image.Image:
    rgb = scene()
    if mode == "I;16":
        return Image.fromarray(rgb[..., 0].astype(np.uint16) * 257)
    image = Image.fromarray(rgb).convert(mode)
    if mode in ("LA", "RGBA"):
        image.putalpha(Image.fromarray(np.ascontiguousarray(np.flip(rgb[..., 1], 1))))
    return image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    if kind == "WEBP":
        options = {"lossless": True, "exact": True, **options}
    elif kind == "JPEG":
        options = {"quality": 97, "subsampling": 0, **options}
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def decoded(path: Path | bytes) -> Image.Image:
    with Image.open(io.BytesIO(path) if isinstance(path, bytes) else path) as image:
        image.load()
        return image


def random_ab(spread: float = 60, shape: tuple[int, int] = (9, 7)) -> np.ndarray:
    return np.random.default_rng(3).normal(0, spread, (*shape, 2)).astype(np.float32)


def exif_of(**extra: Any) -> Image.Exif:
    exif = Image.Exif()
    exif[ARTIST], exif[DATE_TIME] = "Ann Example", "1999:01:02 03:04:05"
    exif.get_ifd(EXIF).update({DATE_TIME_ORIGINAL: "1950:06:07 08:09:10", EXPOSURE_TIME: 0.01})
    exif.get_ifd(GPS).update({1: "N", 2: (48.0, 51.0, 29.5)})
    for tag, value in extra.items():
        exif[int(tag[1:])] = value
    return exif


def display_p3() -> bytes:
    blank = pyvips.Image.black(8, 8, bands=3).copy(interpretation="srgb")
    return bytes(blank.icc_transform("p3").get("icc-profile-data"))


def linear_gray() -> bytes:
    """An ICC profile of gray whose code values are linear light: far enough from sRGB to be noticed."""

    def fixed(*values: float) -> bytes:
        return struct.pack(f">{len(values)}i", *(round(v * 65536) for v in values))

    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 7) + b"linear\0" + bytes(79),
        b"cprt": b"text" + bytes(4) + b"none\0\0\0\0",
        b"wtpt": b"XYZ " + bytes(4) + fixed(0.9642, 1, 0.8249),
        b"kTRC": b"curv" + bytes(8),
    }
    table, body, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        data += bytes(-len(data) % 4)
        table += tag + struct.pack(">II", offset + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s", offset + len(body), bytes(4), 0x02400000, b"mntr", b"GRAY", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + fixed(0.9642, 1, 0.8249)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


# Reading


@pytest.mark.parametrize(("kind", "mode"), KINDS)
def test_reads_every_kind(kind: str, mode: str, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(encoded(picture(mode), kind))
    photo = Photo.open(path)
    pixels = photo.to_numpy()
    assert photo.size == (photo.width, photo.height) == (WIDTH, HEIGHT)
    assert (pixels.shape, pixels.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
    if mode == "CMYK":  # libvips converts by a press profile, Pillow by subtraction
        assert np.corrcoef(pixels.ravel(), scene().ravel())[0, 1] > 0.9
    else:
        expected = scene()[..., [0, 0, 0]] if mode == "I;16" else np.asarray(decoded(path).convert("RGBA"))[..., :3]
        assert np.abs(pixels.astype(int) - expected).max() <= (2 if kind == "JPEG" else 0)


@pytest.mark.parametrize(("kind", "mode"), KINDS)
def test_small_pictures_match_full_ones(kind: str, mode: str) -> None:
    photo = Photo.open(encoded(picture(mode), kind))
    difference = np.abs(photo.small_rgb(WIDTH, HEIGHT).astype(int) - photo.to_numpy())
    assert difference.mean() < 0.3
    assert difference.max() <= (8 if mode == "CMYK" else 1)


@pytest.mark.parametrize("kind", SUFFIX)
@pytest.mark.parametrize("size", [(97, 71), (64, 64), (200, 30)])
def test_shrinking_while_decoding_is_close_to_shrinking_afterwards(kind: str, size: tuple[int, int]) -> None:
    image = Image.fromarray(scene(451, 333))
    small = Photo.open(encoded(image, kind)).small_rgb(*size)
    assert (small.shape, small.dtype) == ((size[1], size[0], 3), np.uint8)
    for expected in (Photo.open(scene(451, 333)).small_rgb(*size), np.asarray(image.resize(size, Image.Resampling.LANCZOS))):
        # JPEG is first shrunk by a power of two, which shifts it by up to half a pixel of the original
        assert np.abs(small.astype(int) - expected).mean() < (2.2 if kind == "JPEG" else 0.6)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (500, 2)])
def test_small_rgb_has_exactly_the_size_asked_for(size: tuple[int, int]) -> None:
    for source in (scene(), encoded(picture("RGB"), "JPEG"), encoded(picture("RGB"), "PNG", exif=exif_of(_274=8))):
        assert Photo.open(source).small_rgb(*size).shape == (size[1], size[0], 3)


def test_small_rgb_is_antialiased() -> None:
    checkered = np.indices((256, 256)).sum(0) % 2 * np.uint8(255)
    small = Photo.open(checkered.astype(np.uint8)).small_rgb(16, 16)
    assert np.abs(small[2:-2, 2:-2].astype(int) - 127).max() < 6


def test_small_rgb_also_enlarges() -> None:
    assert Photo.open(scene(20, 10)).small_rgb(41, 33).shape == (33, 41, 3)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_small_rgb_drops_alpha_and_keeps_the_colors_under_it(kind: str) -> None:
    image = Image.fromarray(scene())
    image.putalpha(0)
    small = Photo.open(encoded(image, kind)).small_rgb(WIDTH, HEIGHT)
    np.testing.assert_array_equal(small, scene())


@pytest.mark.parametrize("source", ["JPEG", "array", "recolored"])
def test_small_lightness_is_that_of_small_rgb(source: str) -> None:
    photo = Photo.open(scene() if source == "array" else encoded(picture("RGB"), "JPEG"))
    photo = photo.recolored(random_ab()) if source == "recolored" else photo
    small = photo.small_lightness(40, 30)
    assert (small.shape, small.dtype) == ((30, 40), np.float32)
    np.testing.assert_array_equal(small, lightness(photo.small_rgb(40, 30)))


@pytest.mark.parametrize(
    "array", [scene(), scene()[..., 0], scene().astype(np.uint16) * 257, scene()[..., 0].astype(np.uint16) * 257]
)
def test_full_lightness_is_cielab(array: np.ndarray) -> None:
    image = Photo.open(array).lightness()
    expected = lightness(scene() if array.ndim == 3 else scene()[..., [0, 0, 0]])
    assert (image.width, image.height, image.bands, image.format) == (WIDTH, HEIGHT, 1, "float")
    np.testing.assert_allclose(image.numpy(), expected, atol=0.05)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", SUFFIX)
class TestOrientation:
    def test_is_applied_in_every_pass(self, kind: str, orientation: int) -> None:
        data = encoded(picture("RGB"), kind, exif=exif_of(_274=orientation))
        upright = np.asarray(ImageOps.exif_transpose(decoded(data)))
        photo = Photo.open(data)
        assert photo.size == (upright.shape[1], upright.shape[0])
        assert np.abs(photo.to_numpy().astype(int) - upright).max() <= 2
        assert np.abs(photo.small_rgb(*photo.size).astype(int) - upright).max() <= 2
        assert photo.lightness().width == photo.width

    def test_is_not_left_behind(self, kind: str, orientation: int, tmp_path: Path) -> None:
        data = encoded(picture("L"), kind, exif=exif_of(_274=orientation))
        upright = np.asarray(ImageOps.exif_transpose(decoded(data)).convert("L"))
        saved = decoded(Photo.open(data).recolored(np.zeros((2, 2, 2))).save(tmp_path / f"out{SUFFIX[kind]}"))
        assert saved.getexif().get(ORIENTATION, 1) == 1
        assert np.abs(np.asarray(saved.convert("L")).astype(int) - upright).max() <= 6


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", [3, 6])
def test_tall_pictures_can_be_turned(kind: str, orientation: int, tmp_path: Path) -> None:
    data = encoded(Image.fromarray(scene(16, 3000)), kind, exif=exif_of(_274=orientation))  # more rows than libvips buffers
    upright = np.asarray(ImageOps.exif_transpose(decoded(data)))
    saved = Photo.open(data).save(tmp_path / "out.png")
    assert np.abs(np.asarray(decoded(saved)).astype(int) - upright).max() <= 2


@pytest.mark.parametrize("shape", [(HEIGHT, WIDTH), (HEIGHT, WIDTH, 1), (HEIGHT, WIDTH, 3)])
@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2"])
def test_takes_arrays(shape: tuple[int, ...], dtype: str) -> None:
    pixels = scene() if shape[-1] == 3 else scene()[..., :1]
    array = (pixels.astype(dtype) * (1 if dtype == "u1" else 257)).astype(dtype).reshape(shape)
    np.testing.assert_array_equal(Photo.open(array).to_numpy(), np.broadcast_to(pixels, (HEIGHT, WIDTH, 3)))


def test_takes_arrays_that_are_not_contiguous() -> None:
    np.testing.assert_array_equal(Photo.open(scene()[::-1, ::2]).to_numpy(), scene()[::-1, ::2])


def test_later_changes_of_an_array_do_not_show() -> None:
    array = scene()
    photo = Photo.open(array)
    array[:] = 0
    gc.collect()
    np.testing.assert_array_equal(photo.to_numpy(), scene())


@pytest.mark.parametrize(
    "array",
    [
        scene().astype(np.float32),
        scene() > 100,
        scene().astype(np.int32),
        np.zeros((9, 9, 2), np.uint8),
        np.zeros((9, 9, 4), np.uint8),
        np.zeros(99, np.uint8),
        np.zeros((2, 9, 9, 3), np.uint8),
        np.zeros((0, 9, 3), np.uint8),
    ],
    ids=lambda a: f"{a.dtype}{a.shape}",
)
def test_refuses_other_arrays_and_says_which_it_takes(array: np.ndarray) -> None:
    with pytest.raises(PhotoError, match=r"<array> is .* tinct takes uint8 or uint16 of shape \(H, W\)"):
        Photo.open(array)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "YCbCr", "CMYK"])
def test_takes_pil_images(mode: str) -> None:
    photo = Photo.open(picture(mode))
    expected = scene()[..., [0, 0, 0]] if mode == "I;16" else np.asarray(picture(mode).convert("RGB"))
    assert photo.name == "<PIL image>"
    assert photo.size == (WIDTH, HEIGHT)
    if mode != "CMYK":
        np.testing.assert_array_equal(photo.to_numpy(), expected)


def test_a_pil_image_brings_its_orientation_and_profile() -> None:
    data = encoded(picture("RGB"), "PNG", exif=exif_of(_274=6), icc_profile=display_p3())
    np.testing.assert_array_equal(Photo.open(decoded(data)).to_numpy(), Photo.open(data).to_numpy())


def test_refuses_pil_images_of_unknown_range() -> None:
    with pytest.raises(PhotoError, match="convert it"):
        Photo.open(picture("L").convert("F"))


def test_a_damaged_pil_image_is_a_photo_error() -> None:
    with (
        Image.open(io.BytesIO(encoded(picture("RGB"), "JPEG")[:1500])) as image,
        pytest.raises(PhotoError, match="<PIL image> is damaged"),
    ):
        Photo.open(image)


def test_refuses_what_is_no_picture_at_all() -> None:
    with pytest.raises(PhotoError, match="a list is no picture"):
        Photo.open([1, 2, 3])  # type: ignore[arg-type]


def test_gives_a_photo_back_as_it_is() -> None:
    photo = Photo.open(scene())
    assert Photo.open(photo) is photo


def test_names(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture("L").save(path)
    assert [Photo.open(source).name for source in (str(path), path.read_bytes(), scene())] == [str(path), "<bytes>", "<array>"]
    assert Photo.open(path).path == path
    assert Photo.open(scene()).path is None
    assert Photo.open(scene(), name="frame 7").name == "frame 7"


@pytest.mark.parametrize("name", ["a b.jpg", "photo.jpg[1]", "Zoë – été.jpg", os.fsdecode(b"latin-\xe9.jpg"), "%d.jpg", "-o.jpg"])
def test_odd_file_names(name: str, tmp_path: Path) -> None:
    path, output = tmp_path / name, color_path(tmp_path / name)
    path.write_bytes(encoded(picture("L"), "JPEG"))
    Photo.open(path).recolored(random_ab()).save(output)
    assert decoded(output).size == (WIDTH, HEIGHT)


def test_sees_a_file_that_was_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    for value in (10, 200):
        Image.new("L", (32, 32), value).save(path)
        photo = Photo.open(path)
        assert photo.to_numpy().max() == photo.small_rgb(8, 8).max() == value


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_leaves_no_files_open(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture("RGB").save(path)
    files = Path("/proc/self/fd")
    before = len(list(files.iterdir()))
    for _ in range(20):
        photo = Photo.open(path)
        photo.small_rgb(20, 15), photo.to_numpy()
    del photo
    gc.collect()
    assert len(list(files.iterdir())) <= before + 1


# Profiles


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_an_embedded_profile_is_converted_to_srgb(kind: str, tmp_path: Path) -> None:
    profile = display_p3()
    data = encoded(picture("RGB"), kind, icc_profile=profile)
    to_srgb = ImageCms.buildTransform(io.BytesIO(profile), ImageCms.createProfile("sRGB"), "RGB", "RGB", renderingIntent=1)
    expected = np.asarray(ImageCms.applyTransform(decoded(data), to_srgb)).astype(int)
    photo = Photo.open(data)
    assert np.abs(expected - scene()).max() > 20
    assert np.abs(photo.to_numpy() - expected).max() <= 2
    assert np.abs(photo.small_rgb(WIDTH, HEIGHT) - expected).max() <= 2
    saved = photo.save(tmp_path / f"out{SUFFIX[kind]}")
    named = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(decoded(saved).info["icc_profile"])))
    assert "srgb" in named.lower()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_gray_profile_is_converted_too(kind: str) -> None:
    photo = Photo.open(encoded(Image.fromarray(ramp()), kind, icc_profile=linear_gray()))
    light = photo.lightness().numpy()[0]
    assert light[55] == pytest.approx(116 * np.cbrt(55 / 255) - 16, abs=0.8)  # 53; as sRGB it would be 23
    np.testing.assert_allclose(photo.small_lightness(256, 16)[8], light, atol=0.8)


@pytest.mark.parametrize("profile", [b"junk" * 50, display_p3()[:200]], ids=["junk", "cut off"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_broken_profile_is_taken_for_srgb(kind: str, profile: bytes, tmp_path: Path) -> None:
    photo = Photo.open(encoded(picture("RGB"), kind, icc_profile=profile))
    assert np.abs(photo.to_numpy().astype(int) - scene()).max() <= 3
    assert np.abs(photo.small_rgb(WIDTH, HEIGHT).astype(int) - scene()).max() <= 3
    assert decoded(photo.save(tmp_path / "out.png")).info.get("icc_profile") != profile


def test_alpha_survives_a_profile() -> None:
    image = picture("RGBA")
    pixels = Photo.open(encoded(image, "PNG", icc_profile=display_p3())).to_pil()
    np.testing.assert_array_equal(np.asarray(pixels)[..., 3], np.asarray(image)[..., 3])


# Recoloring


@pytest.mark.parametrize(
    ("kind", "mode", "suffix"),
    [
        *((*kind, ".png") for kind in KINDS),
        *(("PNG", mode, suffix) for mode in ("L", "LA", "RGB", "RGBA", "I;16") for suffix in (".tif", ".jpg", ".webp")),
        *((kind, "CMYK", suffix) for kind in ("JPEG", "TIFF") for suffix in (".tif", ".jpg")),
    ],
)
def test_recolors_every_kind_into_every_format(kind: str, mode: str, suffix: str, tmp_path: Path) -> None:
    photo = Photo.open(encoded(picture(mode), kind))
    saved = decoded(photo.recolored(random_ab()).save(tmp_path / f"out{suffix}"))
    assert saved.size == (WIDTH, HEIGHT)
    assert saved.mode == ("RGBA" if mode in ("LA", "RGBA") and suffix != ".jpg" else "RGB")
    if suffix in (".png", ".tif"):
        change = lightness(np.asarray(saved.convert("RGBA"))[..., :3]) - lightness(photo.to_numpy())
        assert np.abs(change).max() < 0.6
        if mode != "1":  # black and white have no chroma
            assert chroma(rgb_to_lab(np.asarray(saved.convert("RGBA"))[..., :3])[..., 1:]).max() > 30


@pytest.mark.parametrize("spread", [5, 40, 150])
def test_lightness_is_kept_however_strong_the_colors(spread: float) -> None:
    array = scene(301, 207)
    colored = Photo.open(array).recolored(random_ab(spread, (31, 17))).to_numpy()
    assert np.abs(lightness(colored) - lightness(array)).max() < 0.6


def test_16_bits_stay_16_bits_and_keep_lightness(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 65536, (40, 50, 3), dtype=np.uint16)
    saved = tifffile.imread(Photo.open(array).recolored(random_ab(30)).save(tmp_path / "out.tif"))
    assert (saved.dtype, saved.shape) == (np.uint16, (40, 50, 3))
    assert len(np.unique(saved % 257)) > 100
    # The gamut is a table, and what sticks out of sRGB between its entries is clipped.
    change = np.abs(lightness(saved / 65535) - lightness(array / 65535))
    assert change.max() < 0.3
    assert np.median(change) < 0.002


@pytest.mark.parametrize(
    ("suffix", "gray"),
    [(".png", True), (".tif", True), (".png", False), (".tif", False)],
)
def test_depth_of_16_bit_files(suffix: str, gray: bool, tmp_path: Path) -> None:
    source = tmp_path / "in.tif"
    deep = scene().astype(np.uint16) * np.uint16(257) - np.uint16(100) * (scene() > 9)
    tifffile.imwrite(source, np.ascontiguousarray(deep[..., 0]) if gray else deep)
    path = Photo.open(source).recolored(random_ab(20)).save(tmp_path / f"out{suffix}")
    depth = path.read_bytes()[24] if suffix == ".png" else tifffile.imread(path).dtype.itemsize * 8
    assert depth == 16
    assert np.abs(Photo.open(path).lightness().numpy() - Photo.open(source).lightness().numpy()).max() < 0.3


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_formats_of_8_bits_take_16_bit_photos(suffix: str, tmp_path: Path) -> None:
    photo = Photo.open(np.repeat(ramp()[..., None], 3, axis=2).astype(np.uint16) * 257)
    saved = np.asarray(decoded(photo.save(tmp_path / f"out{suffix}", quality=100)).convert("L"))
    assert np.abs(saved.astype(int) - ramp()).max() <= 2


@pytest.mark.parametrize("low_byte", [0, 100, -100])
def test_16_bits_are_rounded_to_8(low_byte: int) -> None:
    values = ramp()[:, 1:-1].astype(np.uint16)
    photo = Photo.open((values.astype(int) * 257 + low_byte).astype(np.uint16))
    np.testing.assert_array_equal(photo.to_numpy()[..., 0], values)


@pytest.mark.parametrize("array", [ramp(), ramp().astype(np.uint16) * 257], ids=["8 bits", "16 bits"])
def test_no_color_gives_the_gray_picture_back(array: np.ndarray, tmp_path: Path) -> None:
    photo = Photo.open(array).recolored(np.zeros((3, 4, 2), np.float32))
    np.testing.assert_array_equal(photo.to_numpy(), np.repeat(ramp()[..., None], 3, axis=2))
    saved = tifffile.imread(photo.save(tmp_path / "out.tif"))
    assert np.abs(saved.astype(int) - array[..., None]).max() <= (0 if array.dtype == np.uint8 else 8)


def test_colors_come_out_as_asked_where_srgb_has_them() -> None:
    gray = np.full((32, 48), 119, np.uint8)
    lab = rgb_to_lab(Photo.open(gray).recolored(np.full((2, 3, 2), (20, -25), np.float32)).to_numpy())
    np.testing.assert_allclose(lab[..., 1:].reshape(-1, 2), [[20, -25]] * (32 * 48), atol=0.6)


@pytest.mark.parametrize("hue", [0.0, 45, 102.85, 136, 180, 270, 306, 359.9])
@pytest.mark.parametrize("gray", [40, 119, 200])
def test_too_strong_colors_keep_hue_and_lightness(gray: int, hue: float) -> None:
    ab = 140 * np.array([np.cos(np.radians(hue)), np.sin(np.radians(hue))], np.float32)
    light, a, b = rgb_to_lab(Photo.open(np.full((8, 8), gray, np.uint8)).recolored(ab[None, None]).to_numpy())[4, 4]
    assert light == pytest.approx(lightness(np.full(3, gray, np.uint8)), abs=0.6)
    assert np.hypot(a, b) > 15
    assert abs((np.degrees(np.arctan2(b, a)) - hue + 180) % 360 - 180) < 2


@pytest.mark.parametrize("gray", [0, 255])
def test_black_and_white_stay_black_and_white(gray: int) -> None:
    colored = Photo.open(np.full((9, 9), gray, np.uint8)).recolored(random_ab(90)).to_numpy()
    np.testing.assert_array_equal(colored, np.full((9, 9, 3), gray))


def test_colors_lie_where_they_were_put() -> None:
    ab = np.zeros((2, 2, 2), np.float32)
    ab[0, 1] = (50, 0)
    red = rgb_to_lab(Photo.open(np.full((40, 60), 128, np.uint8)).recolored(ab).to_numpy())[..., 1]
    assert red[:8, -12:].min() > 45
    assert np.abs(red[-8:]).max() < 1
    assert np.abs(red[:, :12]).max() < 1


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_alpha_is_untouched(kind: str, mode: str, tmp_path: Path) -> None:
    image = picture("RGBA" if kind == "WEBP" else mode)
    saved = Photo.open(encoded(image, kind)).recolored(random_ab()).save(tmp_path / f"out{SUFFIX[kind]}")
    np.testing.assert_array_equal(np.asarray(decoded(saved))[..., 3], np.asarray(image)[..., -1])


def test_16_bit_alpha_is_untouched(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 65536, (20, 30, 4), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "in.tif", array, photometric="rgb", extrasamples=["unassalpha"])
    saved = tifffile.imread(Photo.open(tmp_path / "in.tif").recolored(random_ab()).save(tmp_path / "out.tif"))
    np.testing.assert_array_equal(saved[..., 3], array[..., 3])


def test_jpeg_shows_white_where_a_photo_is_transparent(tmp_path: Path) -> None:
    image = Image.fromarray(np.zeros((32, 32, 3), np.uint8))
    image.putalpha(0)
    saved = decoded(Photo.open(encoded(image, "PNG")).recolored(random_ab()).save(tmp_path / "out.jpg"))
    assert np.asarray(saved).min() >= 254


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 3), (0, 4, 2)])
def test_refuses_chroma_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(h, w, 2\)"):
        Photo.open(scene()).recolored(np.zeros(shape, np.float32))


def test_later_changes_of_the_chroma_do_not_show() -> None:
    ab = random_ab()
    photo = Photo.open(scene()).recolored(ab)
    before = photo.to_numpy()
    ab[:] = 0
    np.testing.assert_array_equal(photo.to_numpy(), before)


def test_a_recolored_photo_can_be_recolored_again() -> None:
    once = Photo.open(scene()).recolored(random_ab())
    gray = once.recolored(np.zeros((1, 1, 2), np.float32)).to_numpy()
    assert np.ptp(gray, axis=2).max() <= 1
    assert np.abs(lightness(gray) - lightness(scene())).max() < 1.2


def test_small_rgb_of_a_recolored_photo_has_the_new_colors() -> None:
    photo = Photo.open(scene()).recolored(random_ab(30))
    expected = Image.fromarray(photo.to_numpy()).resize((40, 30), Image.Resampling.LANCZOS)
    assert np.abs(photo.small_rgb(40, 30).astype(int) - np.asarray(expected)).max() <= 4


def test_threads_share_a_photo(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(Image.fromarray(scene(301, 203)), "JPEG", exif=exif_of(_274=6)))
    photo = Photo.open(path)
    colored = photo.recolored(random_ab())
    small, full = photo.small_rgb(50, 70), colored.to_numpy()
    with ThreadPoolExecutor(8) as pool:
        smalls = [pool.submit(photo.small_rgb, 50, 70) for _ in range(24)]
        fulls = [pool.submit(colored.to_numpy) for _ in range(8)]
        assert all((future.result() == small).all() for future in smalls)
        assert all((future.result() == full).all() for future in fulls)


# Metadata


@pytest.mark.parametrize("into", SUFFIX)
@pytest.mark.parametrize("kind", SUFFIX)
def test_exif_is_kept(kind: str, into: str, tmp_path: Path) -> None:
    data = encoded(picture("L"), kind, exif=exif_of().tobytes())
    exif = decoded(Photo.open(data).recolored(random_ab()).save(tmp_path / f"out{SUFFIX[into]}")).getexif()
    assert exif[ARTIST] == "Ann Example"
    assert exif[DATE_TIME] == "1999:01:02 03:04:05"
    assert exif.get_ifd(EXIF)[DATE_TIME_ORIGINAL] == "1950:06:07 08:09:10"
    assert float(exif.get_ifd(EXIF)[EXPOSURE_TIME]) == 0.01
    assert exif.get_ifd(GPS)[1] == "N"
    assert [float(part) for part in exif.get_ifd(GPS)[2]] == [48, 51, 29.5]


@pytest.mark.parametrize("into", SUFFIX)
@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_names_in_exif_keep_their_accents(kind: str, into: str, tmp_path: Path) -> None:
    data = encoded(picture("L"), kind, exif=exif_of(_33432="Zoxx Ayy")).replace(b"Zoxx Ayy", "Zoë Añ".encode())
    saved = Photo.open(data).save(tmp_path / f"out{SUFFIX[into]}")
    assert "Zoë Añ".encode() in saved.read_bytes()


@pytest.mark.parametrize("order", ["<", ">"])
def test_tags_of_a_scanner_are_kept_in_tiff(order: str, tmp_path: Path) -> None:
    tags = [
        (271, "s", 0, "Maker", False),
        (315, "s", 0, "A", False),
        (33432, 2, 10, "© Museum".encode() + b"\0", False),
        (40091, "B", 6, b"T\0i\0\0\0", False),
    ]
    tifffile.imwrite(
        tmp_path / "in.tif", scene()[..., 0], byteorder=order, extratags=tags, description="Town hall", software="Scan 1.0"
    )
    path = Photo.open(tmp_path / "in.tif").recolored(random_ab()).save(tmp_path / "out.tif")
    with tifffile.TiffFile(tmp_path / "in.tif") as before, tifffile.TiffFile(path) as after:
        for tag in (270, 271, 305, 315, 33432, 40091):
            assert after.pages[0].tags[tag].value == before.pages[0].tags[tag].value
        assert len(after.pages) == 1
        assert after.asarray().shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("position", range(0, 200, 13))
def test_damaged_tiff_tags_do_no_harm(position: int) -> None:
    data = bytearray(encoded(picture("L"), "TIFF", exif=exif_of()))
    start = struct.unpack("<I", data[4:8])[0]
    data[start + position] ^= 0xFF
    with contextlib.suppress(PhotoError):  # the only error that may come
        Photo.open(bytes(data)).recolored(random_ab()).to_numpy()


@pytest.mark.parametrize("into", SUFFIX)
def test_the_colors_of_the_result_are_declared_srgb(into: str, tmp_path: Path) -> None:
    exif = exif_of()
    exif.get_ifd(EXIF)[40961] = 65535
    saved = Photo.open(encoded(picture("RGB"), "JPEG", exif=exif)).save(tmp_path / f"out{SUFFIX[into]}")
    assert decoded(saved).getexif().get_ifd(EXIF).get(40961, 1) == 1


def test_the_gray_preview_inside_exif_is_not_kept(tmp_path: Path) -> None:
    preview = encoded(picture("L").resize((16, 12)), "JPEG")
    body = struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", 0) + struct.pack("<I", 14)
    rows = [
        struct.pack("<HHII", 259, 4, 1, 6),
        struct.pack("<HHII", 513, 4, 1, 14 + 2 + 36 + 4),
        struct.pack("<HHII", 514, 4, 1, len(preview)),
    ]
    exif = b"Exif\0\0" + body + struct.pack("<H", 3) + b"".join(rows) + bytes(4) + preview
    data = encoded(picture("L"), "JPEG", exif=exif)
    assert data.count(b"\xff\xd8\xff") == 2
    saved = Photo.open(data).recolored(random_ab()).save(tmp_path / "out.jpg").read_bytes()
    assert saved.count(b"\xff\xd8\xff") == 1


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" tiff:Orientation="6" dc:source="box 12"/></rdf:RDF></x:xmpmeta>'


@pytest.mark.parametrize("into", SUFFIX)
@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_xmp_is_kept_but_for_the_orientation(kind: str, into: str, tmp_path: Path) -> None:
    data = encoded(picture("L"), kind, exif=exif_of(_274=6), xmp=XMP)
    saved = decoded(Photo.open(data).recolored(random_ab()).save(tmp_path / f"out{SUFFIX[into]}"))
    xmp = str(next(value for name, value in saved.info.items() if "xmp" in name))
    assert 'dc:source="box 12"' in xmp
    assert 'tiff:Orientation="1"' in xmp


@pytest.mark.parametrize("into", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_resolution_is_kept(kind: str, into: str, tmp_path: Path) -> None:
    saved = Photo.open(encoded(picture("L"), kind, dpi=(300, 300))).recolored(random_ab()).save(tmp_path / f"out{SUFFIX[into]}")
    assert decoded(saved).info["dpi"] == pytest.approx((300, 300), abs=0.01)


def test_resolution_of_webp_is_kept(tmp_path: Path) -> None:
    data = encoded(picture("RGB"), "WEBP", exif=exif_of(_282=300.0, _283=300.0, _296=2))
    assert decoded(Photo.open(data).save(tmp_path / "out.jpg")).info["dpi"] == pytest.approx((300, 300), abs=0.01)
    assert float(decoded(Photo.open(data).save(tmp_path / "out.webp")).getexif()[282]) == pytest.approx(300, abs=0.01)


@pytest.mark.parametrize(
    "source", [scene(), encoded(picture("RGB"), "WEBP"), encoded(picture("RGB"), "TIFF")], ids=["array", "WEBP", "TIFF"]
)
def test_without_a_resolution_there_are_72_dpi(source: Any, tmp_path: Path) -> None:
    assert decoded(Photo.open(source).save(tmp_path / "out.jpg")).info["dpi"] == pytest.approx((72, 72), abs=0.1)


# Bad input


BAD = {
    "missing.jpg": (None, "no such file"),
    "empty.jpg": (b"", "empty"),
    "text.jpg": (b"Dear diary,\n" * 50, "no picture that tinct reads"),
    "numbers.png": (b"3 3\n1 2 3\n4 5 6\n7 8 9\n", "no picture that tinct reads"),
    "drawing.svg": (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"><rect width="9" height="9"/></svg>',
        "no picture",
    ),
    "header.jpg": (b"\xff\xd8\xff\xe0", "damaged"),
    "float.tif": (encoded(Image.new("F", (20, 20)), "TIFF"), "holds 1-channel float samples"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_named_in_one_line(name: str, tmp_path: Path) -> None:
    path, (data, reason) = tmp_path / name, BAD[name]
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(PhotoError, match=reason) as raised:
        Photo.open(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoError, match="no regular file"):
        Photo.open(tmp_path / "pipe.jpg")


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="is a folder"):
        Photo.open(tmp_path)


def test_an_unreadable_file_is_a_photo_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    with pytest.raises(PhotoError, match=r"Permission denied.*permissions"):
        Photo.open(tmp_path / "a.jpg")


HEIC = (  # a red rectangle
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAX1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAAAERAAAEA"
    "AQAAAAABoQABAAAAAAAAAB0AAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmND"
    "AQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAA"
    "AAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAAEAAAAABAAAAMAAAAAEAAAAAAAAA"
    "Av////AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAAACVtZGF0AAAAGSgBrxOA9SeBP//gSUf/se54fgWBfnny1PA="
)


def test_heic_is_told_from_damage(tmp_path: Path) -> None:
    path = tmp_path / "phone.heic"
    path.write_bytes(base64.b64decode(HEIC))
    with pytest.raises(PhotoError, match=r"phone\.heic is HEIC, which tinct can't decode; convert it") as raised:
        Photo.open(path).to_numpy()
    assert "damaged" not in str(raised.value)


def test_empty_bytes_are_no_picture() -> None:
    with pytest.raises(PhotoError, match="<bytes> is empty"):
        Photo.open(b"")


@cache
def cut(kind: str, share: float, orientation: int = 1) -> bytes:
    noise = np.random.default_rng(0).integers(0, 30, (150, 200, 3), dtype=np.uint8)
    options: dict[str, Any] = {} if kind == "GIF" else {"exif": exif_of(_274=orientation)}
    options |= {"progressive": True} if "progressive" in kind else {}
    data = encoded(Image.fromarray(scene(200, 150) // 2 + noise), kind.split()[-1], **options)
    return data[: int(len(data) * share)]


@pytest.mark.parametrize("use", ["small_rgb", "to_numpy", "save"])
@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("share", [0.4, 0.97])
@pytest.mark.parametrize("kind", ["JPEG", "progressive JPEG", "PNG", "TIFF", "WEBP", "GIF"])
def test_a_picture_that_was_cut_off_never_passes(kind: str, share: float, orientation: int, use: str, tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match=r"damaged.*get a fresh copy"):
        uses(Photo.open(cut(kind, share, orientation)), use, tmp_path)
    assert list(tmp_path.iterdir()) == []


def uses(photo: Photo, use: str, folder: Path) -> None:
    calls = {
        "small_rgb": lambda: photo.small_rgb(40, 30),
        "to_numpy": photo.to_numpy,
        "save": lambda: photo.recolored(random_ab()).save(folder / "out.png"),
    }
    calls[use]()


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for kind in ("JPEG", "PNG", "TIFF", "WEBP"):
        with pytest.raises(PhotoError):
            Photo.open(cut(kind, 0.5)).to_numpy()
        Photo.open(encoded(picture("L"), kind, icc_profile=b"junk" * 50)).recolored(random_ab()).save(
            tmp_path / f"out{SUFFIX[kind]}"
        )
    assert capfd.readouterr() == ("", "")


# Writing


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "old.jpg"
    path.write_bytes(encoded(picture("L"), "JPEG"))
    return path


@pytest.fixture
def colored(original: Path) -> Photo:
    return Photo.open(original).recolored(random_ab())


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    "way", ["itself", "dotted path", "symlink", "hard link", "symlinked folder", "PIL image", "not recolored", "twice recolored"]
)
def test_the_original_is_never_overwritten(way: str, overwrite: bool, original: Path, colored: Photo, tmp_path: Path) -> None:
    before, target, photo = original.read_bytes(), original, colored
    if way == "dotted path":
        (tmp_path / "sub").mkdir()
        target = tmp_path / "sub" / ".." / original.name
    elif way == "symlink":
        target = tmp_path / "link.jpg"
        target.symlink_to(original)
    elif way == "hard link":
        target = tmp_path / "link.jpg"
        target.hardlink_to(original)
    elif way == "symlinked folder":
        (tmp_path / "there").symlink_to(tmp_path)
        target = tmp_path / "there" / original.name
    elif way == "PIL image":
        with Image.open(original) as image:
            photo = Photo.open(image).recolored(random_ab())
    elif way == "not recolored":
        photo = Photo.open(original)
    elif way == "twice recolored":
        photo = colored.recolored(random_ab())
    with pytest.raises(PhotoError, match=r"is the original.*-o"):
        photo.save(target, overwrite=overwrite)
    assert original.read_bytes() == before


def test_an_existing_file_is_kept_unless_told_otherwise(colored: Photo, tmp_path: Path) -> None:
    target = tmp_path / "out.jpg"
    target.write_bytes(b"earlier")
    with pytest.raises(PhotoError, match=r"exists already.*--overwrite"):
        colored.save(target)
    assert target.read_bytes() == b"earlier"
    assert colored.save(str(target), overwrite=True) == target
    assert decoded(target).size == (WIDTH, HEIGHT)


def test_a_file_that_appears_meanwhile_is_kept(colored: Photo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, encode = tmp_path / "out.jpg", Photo._encode

    def slow(self: Photo, *arguments: Any) -> None:
        encode(self, *arguments)
        target.write_bytes(b"another's")

    monkeypatch.setattr(Photo, "_encode", slow)
    with pytest.raises(PhotoError, match="exists already"):
        colored.save(target)
    assert target.read_bytes() == b"another's"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["old.jpg", "out.jpg"]


def test_writes_without_hard_links_too(colored: Photo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", unsupported)
    colored.save(tmp_path / "out.jpg")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["old.jpg", "out.jpg"]


@pytest.mark.parametrize("name", ["out.bmp", "out", "out.gif", "out.jpg.bak", ".jpg"])
def test_refuses_other_formats_and_lists_its_own(name: str, colored: Photo, tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match=r"writes \.jpg, \.jpeg, \.png, \.tif, \.tiff, \.webp"):
        colored.save(tmp_path / name)


@pytest.mark.parametrize("name", ["out.JPG", "out.Jpeg", "out.TIFF", "out.PNG"])
def test_suffixes_in_capitals(name: str, colored: Photo, tmp_path: Path) -> None:
    assert decoded(colored.save(tmp_path / name)).size == (WIDTH, HEIGHT)


def test_refuses_a_folder_as_target(colored: Photo, tmp_path: Path) -> None:
    (tmp_path / "x.png").mkdir()
    with pytest.raises(PhotoError, match="is a folder"):
        colored.save(tmp_path / "x.png", overwrite=True)


@pytest.mark.parametrize("folder", ["missing", "old.jpg"])
def test_a_missing_folder_is_named_with_its_cure(folder: str, colored: Photo, tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match=r"out\.png can't be written; there is no such folder: make it first"):
        colored.save(tmp_path / folder / "out.png")


@pytest.mark.parametrize("suffix", WRITABLE_SUFFIXES)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_leaves_nothing_behind(suffix: str, colored: Photo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "open", lambda *_, opened=os.open: opened("/dev/full", os.O_RDWR))
    with pytest.raises(PhotoError, match="the disk is full: free some space"):
        colored.save(tmp_path / f"out{suffix}")
    monkeypatch.undo()
    assert [p.name for p in tmp_path.iterdir()] == ["old.jpg"]


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied"), "Permission denied: name another output with -o"),
        (OSError(errno.EROFS, "Read-only file system"), "Read-only file system: name another output with -o"),
    ],
)
def test_failures_of_the_disk_leave_the_earlier_output(
    call: str, error: OSError, message: str, colored: Photo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    (tmp_path / "out.jpg").write_bytes(b"earlier")
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(PhotoError, match=message):
        colored.save(tmp_path / "out.jpg", overwrite=True)
    monkeypatch.undo()
    assert (tmp_path / "out.jpg").read_bytes() == b"earlier"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["old.jpg", "out.jpg"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interruption_leaves_nothing_behind(
    error: type[BaseException], colored: Photo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: Photo, __: str, file: Any, ___: int) -> None:
        file.write(b"half a pict")
        raise error

    monkeypatch.setattr(Photo, "_encode", interrupted)
    with pytest.raises(error):
        colored.save(tmp_path / "out.jpg")
    assert [p.name for p in tmp_path.iterdir()] == ["old.jpg"]


def test_the_result_has_the_mode_of_a_new_file(colored: Photo, tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    assert colored.save(tmp_path / "out.jpg").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize(("suffix", "most"), [(".webp", 16383), (".jpg", 65500)])
def test_too_large_for_a_format(suffix: str, most: int, tmp_path: Path) -> None:
    photo = Photo.open(np.zeros((8, most + 1), np.uint8))
    with pytest.raises(PhotoError, match=rf"at most {most} pixels a side; name a \.tif or \.png"):
        photo.save(tmp_path / f"out{suffix}")


def test_quality_is_that_of_jpeg(colored: Photo, tmp_path: Path) -> None:
    fine, coarse = colored.save(tmp_path / "a.jpg"), colored.save(tmp_path / "b.jpg", quality=30)
    assert fine.stat().st_size > 2 * coarse.stat().st_size


def test_to_pil_gives_rgb_or_rgba() -> None:
    assert Photo.open(scene()[..., 0]).to_pil().mode == "RGB"
    image = Photo.open(picture("LA")).to_pil()
    assert image.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(image)[..., 3], np.asarray(picture("LA"))[..., 1])


def test_to_pil_names_the_cure_where_pillow_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(PhotoError, match="pip install pillow"):
        Photo.open(scene()).to_pil()


# Names and imports


@pytest.mark.parametrize(
    ("source", "output", "expected"),
    [
        ("a/b.jpg", None, "a/b.color.jpg"),
        ("b.tar.JPG", None, "b.tar.color.JPG"),
        ("a/b.gif", None, "a/b.color.png"),
        ("a/b.avif", None, "a/b.color.png"),
        ("a/b", None, "a/b.color.png"),
        ("a/b.tif", "c.png", "c.png"),
        ("a/b.tif", "new/", "new/b.color.tif"),
        ("a/b.tif", "new", "new"),
    ],
)
def test_color_path(source: str, output: str | None, expected: str) -> None:
    assert color_path(Path(source), output) == Path(expected)


def test_color_path_into_a_folder_that_exists(tmp_path: Path) -> None:
    assert color_path(Path("a/b.avif"), tmp_path) == tmp_path / "b.color.png"


def test_writable_formats_are_readable() -> None:
    assert set(WRITABLE_SUFFIXES) < set(READABLE_SUFFIXES)


def test_imports_no_more_than_it_needs() -> None:
    code = "import sys, tinct.errors; assert 'pyvips' not in sys.modules; import tinct.photo; assert 'PIL' not in sys.modules"
    environment = {**os.environ, "PYTHONPATH": str(Path(module.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
