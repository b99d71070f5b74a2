"""Written files: depth, alpha, metadata, quality and the limits of each format."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pyexiv2
import pytest
import tifffile
from PIL import Image, ImageCms

from pictures import (
    ARTIST,
    DATE_TIME,
    DATE_TIME_ORIGINAL,
    EXIF,
    EXPOSURE_TIME,
    GPS,
    HEIGHT,
    KINDS,
    SUFFIX,
    WIDTH,
    XMP,
    decoded,
    encoded,
    exif_of,
    picture,
    ramp,
    random_ab,
    scene,
)
from tinct.color import chroma, lightness, rgb_to_lab
from tinct.coloring.upsampling import recolor
from tinct.errors import PhotoError
from tinct.photo import formats
from tinct.photo.photo import READABLE_SUFFIXES, WRITABLE_SUFFIXES, Photo


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
    saved = decoded(recolor(photo, random_ab()).save(tmp_path / f"out{suffix}"))
    assert saved.size == (WIDTH, HEIGHT)
    assert saved.mode == ("RGBA" if mode in ("LA", "RGBA") and suffix != ".jpg" else "RGB")
    if suffix in (".png", ".tif"):
        change = lightness(np.asarray(saved.convert("RGBA"))[..., :3]) - lightness(photo.to_numpy())
        assert np.abs(change).max() < 0.6
        if mode != "1":  # black and white have no chroma
            assert chroma(rgb_to_lab(np.asarray(saved.convert("RGBA"))[..., :3])[..., 1:]).max() > 30


@pytest.mark.parametrize(
    ("suffix", "gray"),
    [(".png", True), (".tif", True), (".png", False), (".tif", False)],
)
def test_depth_of_16_bit_files(suffix: str, gray: bool, tmp_path: Path) -> None:
    source = tmp_path / "in.tif"
    deep = scene().astype(np.uint16) * np.uint16(257) - np.uint16(100) * (scene() > 9)
    tifffile.imwrite(source, np.ascontiguousarray(deep[..., 0]) if gray else deep)
    path = recolor(Photo.open(source), random_ab(20)).save(tmp_path / f"out{suffix}")
    depth = path.read_bytes()[24] if suffix == ".png" else tifffile.imread(path).dtype.itemsize * 8
    assert depth == 16
    assert np.abs(Photo.open(path).lightness().numpy() - Photo.open(source).lightness().numpy()).max() < 0.3


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_16_bit_photos_are_saved_in_8_bit_formats(suffix: str, tmp_path: Path) -> None:
    photo = Photo.open(np.repeat(ramp()[..., None], 3, axis=2).astype(np.uint16) * 257)
    saved = np.asarray(decoded(photo.save(tmp_path / f"out{suffix}", jpeg_quality=100)).convert("L"))
    assert np.abs(saved.astype(int) - ramp()).max() <= 2


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_alpha_is_untouched(kind: str, mode: str, tmp_path: Path) -> None:
    image = picture("RGBA" if kind == "WEBP" else mode)
    saved = recolor(Photo.open(encoded(image, kind)), random_ab()).save(tmp_path / f"out{SUFFIX[kind]}")
    np.testing.assert_array_equal(np.asarray(decoded(saved))[..., 3], np.asarray(image)[..., -1])


def test_16_bit_alpha_is_untouched(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 65536, (20, 30, 4), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "in.tif", array, photometric="rgb", extrasamples=["unassalpha"])
    saved = tifffile.imread(recolor(Photo.open(tmp_path / "in.tif"), random_ab()).save(tmp_path / "out.tif"))
    np.testing.assert_array_equal(saved[..., 3], array[..., 3])


def test_jpeg_shows_white_where_a_photo_is_transparent(tmp_path: Path) -> None:
    image = Image.fromarray(np.zeros((32, 32, 3), np.uint8))
    image.putalpha(0)
    saved = decoded(recolor(Photo.open(encoded(image, "PNG")), random_ab()).save(tmp_path / "out.jpg"))
    assert np.asarray(saved).min() >= 254


@pytest.mark.parametrize("into", SUFFIX)
@pytest.mark.parametrize("kind", SUFFIX)
def test_exif_is_kept(kind: str, into: str, tmp_path: Path) -> None:
    data = encoded(picture("L"), kind, exif=exif_of().tobytes())
    exif = decoded(recolor(Photo.open(data), random_ab()).save(tmp_path / f"out{SUFFIX[into]}")).getexif()
    assert exif[ARTIST] == "Ann Example"
    assert exif[DATE_TIME] == "1999:01:02 03:04:05"
    assert exif.get_ifd(EXIF)[DATE_TIME_ORIGINAL] == "1950:06:07 08:09:10"
    assert float(exif.get_ifd(EXIF)[EXPOSURE_TIME]) == 0.01
    assert exif.get_ifd(GPS)[1] == "N"
    assert [float(part) for part in exif.get_ifd(GPS)[2]] == [48, 51, 29.5]


@pytest.mark.parametrize("into", SUFFIX)
@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_accents_in_exif_are_kept(kind: str, into: str, tmp_path: Path) -> None:
    data = encoded(picture("L"), kind, exif=exif_of(_33432="Zoxx Ayy")).replace(b"Zoxx Ayy", "Zoë Añ".encode())
    saved = Photo.open(data).save(tmp_path / f"out{SUFFIX[into]}")
    assert "Zoë Añ".encode() in saved.read_bytes()


@pytest.mark.parametrize("order", ["<", ">"])
def test_descriptive_tags_are_kept_in_tiff(order: str, tmp_path: Path) -> None:
    tags = [
        (271, "s", 0, "Maker", False),
        (315, "s", 0, "A", False),
        (33432, 2, 10, "© Museum".encode() + b"\0", False),
        (40091, "B", 6, b"T\0i\0\0\0", False),
    ]
    tifffile.imwrite(
        tmp_path / "in.tif", scene()[..., 0], byteorder=order, extratags=tags, description="Town hall", software="Scan 1.0"
    )
    path = recolor(Photo.open(tmp_path / "in.tif"), random_ab()).save(tmp_path / "out.tif")
    with tifffile.TiffFile(tmp_path / "in.tif") as before, tifffile.TiffFile(path) as after:
        for tag in (270, 271, 305, 315, 33432, 40091):
            assert after.pages[0].tags[tag].value == before.pages[0].tags[tag].value
        assert len(after.pages) == 1
        assert after.asarray().shape == (HEIGHT, WIDTH, 3)


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
    saved = recolor(Photo.open(data), random_ab()).save(tmp_path / "out.jpg").read_bytes()
    assert saved.count(b"\xff\xd8\xff") == 1


@pytest.mark.parametrize("into", SUFFIX)
@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_xmp_is_kept_except_the_orientation(kind: str, into: str, tmp_path: Path) -> None:
    data = encoded(picture("L"), kind, exif=exif_of(_274=6), xmp=XMP)
    saved = decoded(recolor(Photo.open(data), random_ab()).save(tmp_path / f"out{SUFFIX[into]}"))
    xmp = str(next(value for name, value in saved.info.items() if "xmp" in name))
    assert 'dc:source="box 12"' in xmp
    assert 'tiff:Orientation="1"' in xmp


@pytest.mark.parametrize("into", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_resolution_is_kept(kind: str, into: str, tmp_path: Path) -> None:
    saved = recolor(Photo.open(encoded(picture("L"), kind, dpi=(300, 300))), random_ab()).save(tmp_path / f"out{SUFFIX[into]}")
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


@pytest.fixture
def colored() -> Photo:
    return recolor(Photo.open(scene()), random_ab())


@pytest.mark.parametrize("name", ["out.bmp", "out", "out.gif", "out.jpg.bak", ".jpg"])
def test_refuses_other_formats_and_lists_its_own(name: str, colored: Photo, tmp_path: Path) -> None:
    with pytest.raises(
        PhotoError, match=r"tinct writes only files named \.jpg, \.jpeg, \.png, \.tif, \.tiff, \.webp, \.avif$"
    ) as raised:
        colored.save(tmp_path / name)
    assert raised.value.code == "suffix"


@pytest.mark.parametrize("name", ["out.JPG", "out.Jpeg", "out.TIFF", "out.PNG"])
def test_suffixes_in_capitals(name: str, colored: Photo, tmp_path: Path) -> None:
    assert decoded(colored.save(tmp_path / name)).size == (WIDTH, HEIGHT)


@pytest.mark.parametrize(("suffix", "most"), [(".webp", 16383), (".jpg", 65500)])
def test_too_large_for_a_format(suffix: str, most: int, tmp_path: Path) -> None:
    photo = Photo.open(np.zeros((8, most + 1), np.uint8))
    with pytest.raises(PhotoError, match=rf"at most {most} pixels a side, and the picture has {most + 1}$") as raised:
        photo.save(tmp_path / f"out{suffix}")
    assert raised.value.code == "format-limit"


def test_jpeg_quality_decides_the_size_of_the_file(colored: Photo, tmp_path: Path) -> None:
    fine, coarse = colored.save(tmp_path / "a.jpg"), colored.save(tmp_path / "b.jpg", jpeg_quality=30)
    assert fine.stat().st_size > 2 * coarse.stat().st_size


@pytest.mark.parametrize("quality", [0, 101])
def test_a_quality_out_of_its_range_is_refused(colored: Photo, quality: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 100"):
        colored.to_bytes(".jpg", jpeg_quality=quality)


def test_writable_formats_are_readable() -> None:
    assert set(WRITABLE_SUFFIXES) < set(READABLE_SUFFIXES)


@pytest.mark.parametrize("suffix", WRITABLE_SUFFIXES)
@pytest.mark.parametrize("mode", ["L", "RGB", "I;16"])
def test_every_output_carries_the_profile_of_srgb(mode: str, suffix: str, tmp_path: Path) -> None:
    saved = recolor(Photo.open(picture(mode)), random_ab()).save(tmp_path / f"out{suffix}")
    profile = ImageCms.ImageCmsProfile(io.BytesIO(decoded(saved).info["icc_profile"]))
    assert "srgb" in ImageCms.getProfileDescription(profile).lower()


@pytest.mark.parametrize(("quality", "sampling"), [(89, (2, 2)), (90, (1, 1)), (95, (1, 1))])
def test_jpeg_has_chroma_of_full_resolution_from_quality_90_on(quality: int, sampling: tuple[int, int], tmp_path: Path) -> None:
    saved = decoded(Photo.open(scene()).save(tmp_path / "out.jpg", jpeg_quality=quality))
    assert saved.layer[0][1:3] == sampling


@pytest.mark.parametrize("lossless", [False, True])
def test_lossless_webp_stays_lossless(lossless: bool, tmp_path: Path) -> None:
    image = picture("RGBA")
    photo = recolor(Photo.open(encoded(image, "WEBP", lossless=lossless, quality=90)), random_ab())
    saved = decoded(photo.save(tmp_path / "out.webp", jpeg_quality=60))
    assert np.array_equal(np.asarray(saved), np.asarray(photo.to_pil())) == lossless
    assert (b"VP8L" in (tmp_path / "out.webp").read_bytes()) == lossless


@pytest.mark.parametrize("into", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_iptc_is_kept(kind: str, into: str, tmp_path: Path) -> None:
    caption = {"Iptc.Application2.Caption": "The town hall", "Iptc.Application2.Keywords": ["a", "bc"]}
    source = tmp_path / f"in{SUFFIX[kind]}"
    source.write_bytes(encoded(picture("L"), kind))
    with pyexiv2.Image(str(source)) as image:
        image.modify_iptc(caption)
    path = recolor(Photo.open(source), random_ab()).save(tmp_path / f"out{SUFFIX[into]}")
    if into == "PNG":  # which Exiv2 doesn't read
        path = Photo.open(path).save(tmp_path / "again.tif")
    with pyexiv2.Image(str(path)) as image:
        assert image.read_iptc() == caption


def test_floating_point_stays_floating_point(tmp_path: Path) -> None:
    pixels = (scene() / 255).astype(np.float32)
    saved = tifffile.imread(recolor(Photo.open(pixels), random_ab(10)).save(tmp_path / "out.tif"))
    assert saved.dtype == np.float32
    assert 0 <= saved.min() < saved.max() <= 1
    assert np.abs(lightness(saved) - lightness(pixels)).max() < 0.02
    assert Photo.open(Photo.open(pixels).save(tmp_path / "out.png")).deep


@pytest.mark.parametrize("big", [False, True])
def test_bigtiff_keeps_exif(big: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "_MAX_CLASSIC_TIFF", 0 if big else 10**9)
    saved = recolor(Photo.open(encoded(picture("L"), "JPEG", exif=exif_of())), random_ab()).save(tmp_path / "out.tif")
    with tifffile.TiffFile(saved) as file:
        tags = file.pages[0].tags
        assert file.is_bigtiff == big
        assert (tags[ARTIST].value, tags[EXIF].value["DateTimeOriginal"]) == ("Ann Example", "1950:06:07 08:09:10")
        assert tags[GPS].value["GPSLatitude"] == (48, 1, 51, 1, 59, 2)
        assert file.asarray().shape == (HEIGHT, WIDTH, 3)
    assert decoded(saved).getexif()[ARTIST] == "Ann Example"
    again = Photo.open(saved).save(tmp_path / "again.jpg")
    assert decoded(again).getexif().get_ifd(EXIF)[DATE_TIME_ORIGINAL] == "1950:06:07 08:09:10"
