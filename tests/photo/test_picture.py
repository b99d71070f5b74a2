"""Limits of what can be opened: pixels, and the range of floating-point values."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from pictures import cut, random_ab, scene
from tinct.coloring.upsampling import recolor
from tinct.errors import PhotoError
from tinct.photo import decoding
from tinct.photo.photo import Photo


@pytest.mark.parametrize("value", [-0.2, 1.2, 255.0, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", ["array", "TIFF"])
def test_floats_far_out_of_range_are_refused(kind: str, value: float, tmp_path: Path) -> None:
    pixels = np.full((20, 30), 0.5, np.float32)
    pixels[3, 4] = value
    tifffile.imwrite(tmp_path / "float.tif", pixels)
    with pytest.raises(PhotoError, match=r"floating-point values from .*; scale it to 0\.\.1 first"):
        Photo.open(pixels if kind == "array" else tmp_path / "float.tif").small_rgb(8, 8)


@pytest.mark.parametrize("derived", [False, True])
def test_the_range_of_floats_is_checked_once_by_all_threads(derived: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checks, start = [], Barrier(6)

    def slow_check(*arguments: Any, check: Any = decoding._check_float) -> None:
        checks.append(arguments)
        time.sleep(0.05)  # so that the other threads come meanwhile
        check(*arguments)

    def look(photo: Photo) -> tuple[int, ...]:
        start.wait()
        return photo.small_rgb(8, 6).shape

    monkeypatch.setattr(decoding, "_check_float", slow_check)
    tifffile.imwrite(tmp_path / "float.tif", scene()[..., 0] / np.float32(255))
    photo = Photo.open(tmp_path / "float.tif")
    photos = [photo, recolor(photo, random_ab(), np.zeros((9, 7)))] if derived else [photo]
    assert checks == []  # opening reads the header only
    with ThreadPoolExecutor(6) as pool:
        calls = [pool.submit(look, photos[number % len(photos)]) for number in range(6)]
        assert {call.result() for call in calls} == {(6, 8, 3)}
    photo.small_rgb(9, 7)
    assert len(checks) == 1


def test_every_thread_sees_that_floats_are_out_of_range(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "float.tif", np.full((20, 30), 3, np.float32))
    photo = Photo.open(tmp_path / "float.tif")
    with ThreadPoolExecutor(4) as pool:
        for call in [pool.submit(photo.small_rgb, 8, 6) for _ in range(4)]:
            with pytest.raises(PhotoError, match="from 3 to 3; scale it to"):
                call.result()


@pytest.mark.parametrize("source", ["path", "bytes", "array", "PIL"])
def test_too_many_pixels_are_refused_before_any_is_decoded(source: str, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(cut("PNG", 0.8))  # which would be decoded when it is opened
    sources = {"path": tmp_path / "a.png", "bytes": cut("PNG", 0.8), "array": scene(200, 150), "PIL": Image.new("L", (200, 150))}
    with pytest.raises(PhotoError, match=r" has 200 × 150 = 30,000 pixels, more than the limit of 29,999$") as raised:
        Photo.open(sources[source], max_pixels=29_999)
    assert (raised.value.code, raised.value.details) == ("too-many-pixels", {"pixels": 30_000, "max_pixels": 29_999})
    assert Photo.open(sources[source], max_pixels=30_000).size == (200, 150)
