"""Profiles that can't be used are taken for sRGB, with a note."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from pictures import HEIGHT, SUFFIX, WIDTH, decoded, display_p3, encoded, exif_of, linear_gray, picture, ramp, random_ab, scene
from tinct.coloring.upsampling import recolor
from tinct.photo import Photo


@cache
def with_a_bad_tag() -> bytes:
    """A profile of sRGB in which the type of one tag is unknown."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for row in range(132, 132 + 12 * int.from_bytes(profile[128:132], "big"), 12):
        if profile[row : row + 4] == b"rTRC":
            offset = int.from_bytes(profile[row + 4 : row + 8], "big")
            profile[offset : offset + 4] = b"zzzz"
    return bytes(profile)


FAULTY = {
    "bad tag": (with_a_bad_tag(), "is damaged"),
    "junk": (b"junk" * 50, "is damaged"),
    "truncated": (display_p3()[:200], "is damaged"),
    "empty": (b"\0", "is damaged"),
    "gray": (linear_gray(), "is one for gray"),
}


@pytest.mark.parametrize("name", FAULTY)
@pytest.mark.parametrize("kind", SUFFIX)
def test_a_faulty_profile_is_taken_for_srgb_with_a_note(kind: str, name: str, tmp_path: Path) -> None:
    profile, fault = FAULTY[name]
    photo = Photo.open(encoded(picture("RGB"), kind, icc_profile=profile), name="a.jpg")
    assert photo.notes == (f"the color profile of a.jpg {fault}; its colors were taken for sRGB",)
    assert np.abs(photo.to_numpy().astype(int) - scene()).max() <= 3
    assert np.abs(photo.small_rgb(WIDTH, HEIGHT).astype(int) - scene()).max() <= 3
    colored = recolor(photo, random_ab())
    assert colored.notes == photo.notes
    written = decoded(colored.save(tmp_path / f"out{SUFFIX[kind]}")).info["icc_profile"]
    assert written != profile
    assert b"sRGB" in written.replace(b"\0", b"")


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_faulty_profile_of_a_turned_picture(orientation: int) -> None:
    data = encoded(picture("RGB"), "JPEG", icc_profile=with_a_bad_tag(), exif=exif_of(_274=orientation))
    photo = Photo.open(data)
    assert photo.small_rgb(*photo.size).shape == photo.to_numpy().shape


def test_a_faulty_profile_in_avif_and_heic(tmp_path: Path) -> None:
    pillow_heif.from_pillow(picture("RGB")).save(tmp_path / "a.heic", quality=95, chroma=444, icc_profile=with_a_bad_tag())
    (tmp_path / "a.avif").write_bytes(encoded(picture("RGB"), "AVIF", icc_profile=with_a_bad_tag(), quality=95))
    for path in (tmp_path / "a.heic", tmp_path / "a.avif"):
        photo = Photo.open(path, name="a")
        assert photo.notes == ("the color profile of a is damaged; its colors were taken for sRGB",)
        assert np.abs(photo.to_numpy().astype(int) - scene()).mean() < 3
        assert np.abs(photo.small_rgb(WIDTH, HEIGHT).astype(int) - scene()).mean() < 3


def test_a_profile_of_another_kind_of_color_in_cmyk() -> None:
    plain, odd = (
        Photo.open(encoded(picture("CMYK"), "JPEG", **options), name="a") for options in ({}, {"icc_profile": display_p3()})
    )
    assert odd.notes == ("the color profile of a is one for RGB; its colors were taken for those of a common printing press",)
    np.testing.assert_array_equal(odd.to_numpy(), plain.to_numpy())


def test_a_profile_of_srgb_in_a_gray_picture_is_no_fault() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = Photo.open(encoded(Image.fromarray(ramp()), "PNG", icc_profile=srgb))
    assert photo.notes == ()
    np.testing.assert_array_equal(photo.to_numpy()[..., 0], ramp())


def test_good_profiles_have_no_note() -> None:
    for mode, profile in (("RGB", display_p3()), ("L", linear_gray())):
        assert Photo.open(encoded(picture(mode), "PNG", icc_profile=profile)).notes == ()
