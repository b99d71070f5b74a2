"""JPEG files with several pictures."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from pictures import decoded, encoded, picture, random_ab
from tinct.coloring.upsampling import recolor
from tinct.photo import Photo, color_path
from tinct.photo.metadata.mpo import picture_count


@pytest.mark.parametrize("more", [1, 2])
def test_the_first_of_several_is_colored_and_a_note_says_so(more: int, tmp_path: Path) -> None:
    left = picture("RGB")
    (tmp_path / "stereo.mpo").write_bytes(encoded(left, "MPO", save_all=True, append_images=[left.rotate(180)] * more))
    photo = Photo.open(tmp_path / "stereo.mpo", name="stereo.mpo")
    assert photo.notes == (f"stereo.mpo: the first of {more + 1} pictures is colored; the result holds it alone",)
    assert np.abs(photo.to_numpy().astype(int) - np.asarray(decoded(tmp_path / "stereo.mpo"))).max() <= 2
    target = color_path(tmp_path / "stereo.mpo")
    assert target.name == "stereo.color.jpg"
    assert decoded(recolor(photo, random_ab()).save(target)).format == "JPEG"


def test_previews_and_gain_maps_are_not_counted() -> None:
    small = picture("L").resize((20, 15))
    data = encoded(picture("RGB"), "MPO", save_all=True, append_images=[small])
    assert Photo.open(data).notes == ()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_other_files_have_one_picture(kind: str) -> None:
    assert picture_count(io.BytesIO(encoded(picture("RGB"), kind))) == 1


@pytest.mark.parametrize("seed", range(20))
def test_a_malformed_index_is_no_error(seed: int) -> None:
    data = bytearray(encoded(picture("RGB"), "MPO", save_all=True, append_images=[picture("RGB")]))
    start = data.index(b"MPF\0") + 4
    generator = np.random.default_rng(seed)
    for place in generator.integers(start, start + 90, 5):
        data[place] = generator.integers(256)
    assert picture_count(io.BytesIO(bytes(data))) >= 1
    assert picture_count(io.BytesIO(bytes(data[: start + 20]))) == 1
