"""Opening picture files of every kind: orientation, profiles, HEIC, floating point; missing, damaged and truncated files."""

from __future__ import annotations

import contextlib
import errno
import gc
import io
import os
import struct
import sys
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image, ImageCms, ImageOps

from pictures import (
    HEIGHT,
    KINDS,
    ORIENTATION,
    SUFFIX,
    WIDTH,
    decoded,
    display_p3,
    encoded,
    exif_of,
    linear_gray,
    picture,
    png_chunk,
    ramp,
    random_ab,
    scene,
)
from tinct.coloring.upsampling import recolor
from tinct.errors import PhotoError
from tinct.photo.photo import Photo, color_path


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
        saved = decoded(recolor(Photo.open(data), np.zeros((2, 2, 2))).save(tmp_path / f"out{SUFFIX[kind]}"))
        assert saved.getexif().get(ORIENTATION, 1) == 1
        assert np.abs(np.asarray(saved.convert("L")).astype(int) - upright).max() <= 6


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", [3, 6])
def test_tall_pictures_can_be_turned(kind: str, orientation: int, tmp_path: Path) -> None:
    data = encoded(Image.fromarray(scene(16, 3000)), kind, exif=exif_of(_274=orientation))  # more rows than libvips buffers
    upright = np.asarray(ImageOps.exif_transpose(decoded(data)))
    saved = Photo.open(data).save(tmp_path / "out.png")
    assert np.abs(np.asarray(decoded(saved)).astype(int) - upright).max() <= 2


def test_a_replaced_file_is_read_anew(tmp_path: Path) -> None:
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


def test_alpha_is_kept_with_a_profile() -> None:
    image = picture("RGBA")
    pixels = Photo.open(encoded(image, "PNG", icc_profile=display_p3())).to_pil()
    np.testing.assert_array_equal(np.asarray(pixels)[..., 3], np.asarray(image)[..., 3])


@pytest.mark.parametrize("position", range(0, 200, 13))
def test_damaged_tiff_tags_raise_no_other_error(position: int) -> None:
    data = bytearray(encoded(picture("L"), "TIFF", exif=exif_of()))
    start = struct.unpack("<I", data[4:8])[0]
    data[start + position] ^= 0xFF
    with contextlib.suppress(PhotoError):  # the only error allowed
        recolor(Photo.open(bytes(data)), random_ab()).to_numpy()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoError, match="no regular file"):
        Photo.open(tmp_path / "pipe.jpg")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="is a folder"):
        Photo.open(tmp_path)


def test_an_unreadable_file_is_a_photo_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    with pytest.raises(PhotoError, match=r"a\.jpg can't be opened \(Permission denied\); check its permissions"):
        Photo.open(tmp_path / "a.jpg")


@pytest.mark.parametrize("fresh", ["path", "bytes"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_heic_is_read_upright(orientation: int, fresh: str, tmp_path: Path) -> None:
    photo = Photo.open(written_as_heic(tmp_path / "phone.heic", orientation=orientation, path=fresh == "path"))
    expected = np.rot90(scene(), {1: 0, 3: 2, 6: -1, 8: 1}[orientation])
    assert photo.size == (expected.shape[1], expected.shape[0])
    assert np.abs(photo.to_numpy().astype(int) - expected).mean() < 2
    assert np.abs(photo.small_rgb(*photo.size).astype(int) - expected).mean() < 2


def test_heic_of_10_bits_is_deep(tmp_path: Path) -> None:
    deep = scene().astype(np.uint16) * 257
    pillow_heif.from_bytes("RGB;16", (WIDTH, HEIGHT), deep.tobytes()).save(tmp_path / "deep.heic", quality=95, chroma=444)
    photo = Photo.open(tmp_path / "deep.heic")
    assert photo.deep
    assert np.abs(photo.to_numpy().astype(int) - scene()).mean() < 2


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_heic_of_every_mode_is_read(mode: str, tmp_path: Path) -> None:
    image = picture(mode)
    pillow_heif.from_pillow(image).save(tmp_path / "phone.heic", quality=-1)
    difference = np.abs(Photo.open(tmp_path / "phone.heic").to_numpy().astype(int) - np.asarray(image.convert("RGB")))
    assert difference.mean() < 3


def test_heic_names_the_package_that_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(PhotoError, match=r"phone\.heic is HEIC, which needs the package pi-heif") as raised:
        Photo.open(written_as_heic(tmp_path / "phone.heic")).to_numpy()
    assert raised.value.code == "needs-heif"


def test_truncated_heic_is_refused(tmp_path: Path) -> None:
    data = Path(written_as_heic(tmp_path / "phone.heic")).read_bytes()
    with pytest.raises(PhotoError, match="damaged"):
        Photo.open(data[: len(data) * 2 // 3]).to_numpy()


def written_as_heic(file: Path, *, orientation: int = 1, path: bool = True) -> Path | bytes:
    exif = exif_of(_274=orientation).tobytes()
    pillow_heif.from_pillow(picture("RGB")).save(file, quality=95, chroma=444, exif=exif)
    return file if path else file.read_bytes()


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("bands", [1, 3, 4])
def test_reads_floating_point_tiff(bands: int, dtype: type, tmp_path: Path) -> None:
    pixels = np.concatenate([scene(), scene()[..., :1]], 2)[..., :bands] / 255
    options = {"extrasamples": ["unassalpha"]} if bands == 4 else {}
    array = pixels.astype(dtype).squeeze()
    tifffile.imwrite(tmp_path / "float.tif", array, photometric="rgb" if bands > 1 else "minisblack", **options)
    photo = Photo.open(tmp_path / "float.tif")
    expected = np.rint(pixels[..., :3] * 255)
    assert photo.deep
    np.testing.assert_array_equal(photo.to_numpy(), np.broadcast_to(expected, (HEIGHT, WIDTH, 3)))
    assert np.abs(photo.small_rgb(WIDTH, HEIGHT) - expected).max() <= 1


def test_the_first_of_two_pages_is_used_and_a_note_says_so(tmp_path: Path) -> None:
    file = io.BytesIO()
    picture("L").save(file, "TIFF", save_all=True, append_images=[Image.new("L", (20, 30))])
    photo = Photo.open(file.getvalue(), name="album.tif")
    assert photo.notes == ("album.tif: the first of 2 pages is colored; the result holds it alone",)
    with tifffile.TiffFile(recolor(photo, random_ab()).save(tmp_path / "out.tif")) as saved:
        assert [page.shape for page in saved.pages] == [(HEIGHT, WIDTH, 3)]
    assert Photo.open(scene()).notes == ()


@pytest.mark.parametrize("name", [b"Copyr\xe9", b"Title", b"A name with spaces"])
@pytest.mark.parametrize("value", [b"caf\xe9", "café".encode()])
def test_texts_in_png_need_not_be_utf_8(name: bytes, value: bytes, tmp_path: Path) -> None:
    data = encoded(picture("L"), "PNG")
    chunk = png_chunk(b"tEXt", name + b"\0" + value)
    saved = recolor(Photo.open(data[:33] + chunk + data[33:]), random_ab()).save(tmp_path / "out.png")
    assert saved.read_bytes().count(chunk) == 1


def test_empty_bytes_are_refused() -> None:
    with pytest.raises(PhotoError, match="<bytes> is empty"):
        Photo.open(b"")


@pytest.mark.parametrize("name", [os.fsdecode(b"caf\xe9.jpg"), "two\nlines.jpg", "a\u2028b.jpg"])
def test_any_name_can_be_opened_and_printed(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(encoded(picture("RGB"), "JPEG")[:-2])
    photo = Photo.open(tmp_path / name)
    saved = recolor(photo, random_ab()).save(tmp_path / f"new {name}")
    assert decoded(saved).size == (WIDTH, HEIGHT)
    with pytest.raises(PhotoError, match="exists already") as raised:
        photo.save(saved)
    for text in (photo.name, str(raised.value), *photo.notes):
        assert text.encode("utf-8")
        assert "\n" not in text


@pytest.mark.parametrize("name", ["m" * 250 + ".jpg.jpg", "a/" * 3000 + "b.jpg", "null\0.jpg"], ids=["long", "deep", "null"])
def test_names_that_no_file_can_have_are_photo_errors(name: str, tmp_path: Path) -> None:
    with pytest.raises(PhotoError):
        Photo.open(tmp_path / name)
    with pytest.raises(PhotoError):
        Photo.open(scene()).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_result_whose_name_is_too_long_is_a_photo_error(tmp_path: Path) -> None:
    original = tmp_path / ("m" * 250 + ".jpg")
    original.write_bytes(encoded(picture("RGB"), "JPEG"))
    with pytest.raises(PhotoError, match=r"can't be written: File name too long"):
        recolor(Photo.open(original), random_ab()).save(color_path(original))


def test_a_loop_of_links_is_a_photo_error(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").symlink_to(tmp_path / "2.jpg")
    (tmp_path / "2.jpg").symlink_to(tmp_path / "1.jpg")
    with pytest.raises(PhotoError, match=r"1\.jpg can't be opened \(.*links\)$"):
        Photo.open(tmp_path / "1.jpg")
    with pytest.raises(PhotoError, match="exists already"):
        Photo.open(scene()).save(tmp_path / "1.jpg")
    with pytest.raises(PhotoError, match="can't be written"):
        Photo.open(scene()).save(tmp_path / "1.jpg" / "a.png")
