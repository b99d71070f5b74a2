"""How much memory decoding and encoding take, by format."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from PIL import Image

from tinct import Photo

WIDTH, HEIGHT = 60, 40
PIXELS = WIDTH * HEIGHT


def image(bands: int = 3, deep: bool = False, orientation: int = 1) -> pyvips.Image:
    made = pyvips.Image.black(WIDTH, HEIGHT, bands=bands) + 90
    made = made.cast("ushort" if deep else "uchar")
    gray = bands < 3
    made = made.copy(interpretation=("grey16" if deep else "b-w") if gray else ("rgb16" if deep else "srgb"))
    made.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    return made


@pytest.mark.parametrize(
    ("content", "bytes_a_pixel"),
    [
        (image().jpegsave_buffer(), 0),
        (image().jpegsave_buffer(interlace=True), 6),
        (image(orientation=6).jpegsave_buffer(), 3),
        (image(1, orientation=3).jpegsave_buffer(interlace=True), 3),
        (image().pngsave_buffer(), 0),
        (image(4, deep=True).pngsave_buffer(interlace=True), 8),
        (image(1).pngsave_buffer(interlace=True), 1),
        (image(orientation=8).pngsave_buffer(interlace=True), 6),
        (image(deep=True).tiffsave_buffer(), 0),
        (image(deep=True, orientation=5).tiffsave_buffer(), 6),
        (image(orientation=5).tiffsave_buffer(tile=True), 0),
        (image().webpsave_buffer(), 8),
        (image().heifsave_buffer(compression="av1", effort=0), 16),
    ],
)
def test_what_can_t_be_streamed_is_counted(content: bytes, bytes_a_pixel: int) -> None:
    admitted: list[int] = []
    photo = Photo.open(bytes(content), admit=admitted.append)
    assert admitted == [bytes_a_pixel * PIXELS]
    assert photo.decoding_bytes == bytes_a_pixel * PIXELS
    assert photo.held_bytes == 0


def test_large_tiles_are_counted() -> None:
    """libvips keeps several rows of tiles, which a small file may make as large as the picture."""
    tall = pyvips.Image.black(64, 1200, bands=3).copy(interpretation="srgb")
    files = {height: tall.tiffsave_buffer(tile=True, tile_width=64, tile_height=height) for height in (256, 512, 1024)}
    counted = {height: Photo.open(bytes(content)).decoding_bytes for height, content in files.items()}
    assert counted == {256: 0, 512: 0, 1024: 4 * 1024 * 64 * 3}


def test_a_compressed_strip_that_is_the_whole_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """libtiff holds such a strip, for which libvips' limit of what it allocates is lifted: with it, only some 40 MB are read."""
    pixels = np.random.default_rng(1).integers(0, 256, (8, 100), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "TIFF", compression="tiff_adobe_deflate", strip_size=10**6)
    assert Photo.open(file.getvalue()).decoding_bytes == 0
    monkeypatch.setattr("tinct.photo.decoding._LARGE_BLOCK", 500)
    photo = Photo.open(file.getvalue())
    assert 800 <= photo.decoding_bytes < len(file.getvalue())
    np.testing.assert_array_equal(photo.to_numpy()[..., 0], pixels)
    options: list[bool] = []
    call = pyvips.Operation.call

    def watched(name: str, *arguments: Any, **named: Any) -> Any:
        if name == "tiffload_source":
            options.append(named["unlimited"])
        return call(name, *arguments, **named)

    monkeypatch.setattr(pyvips.Operation, "call", watched)
    photo.small_rgb(50, 4)
    assert options == [True]


def test_what_is_decoded_when_it_is_opened_asks_before() -> None:
    file = io.BytesIO()
    Image.fromarray(np.full((HEIGHT, WIDTH, 3), 90, np.uint8)).save(file, "BMP")

    def refuse(size: int) -> None:
        raise MemoryError(size)

    with pytest.raises(MemoryError, match=str(3 * 3 * PIXELS)):
        Photo.open(file.getvalue(), admit=refuse)


def test_a_layer_reads_its_photograph_twice(tmp_path: Path) -> None:
    photo = Photo.open(bytes(image(orientation=6).jpegsave_buffer()))
    colored = photo.with_chroma(lambda light: pyvips.Image.black(light.width, light.height, bands=2).cast("float"))
    assert colored.decoding_bytes == photo.decoding_bytes
    assert colored.layer().decoding_bytes == colored.compare().decoding_bytes == 2 * photo.decoding_bytes


def test_results_are_counted_by_format() -> None:
    photo = Photo.open(bytes(image(deep=True).tiffsave_buffer()))
    counted = {suffix: photo.encoding_bytes(suffix) / PIXELS for suffix in (".jpg", ".png", ".tif", ".webp", ".avif")}
    assert counted == {".jpg": 2, ".png": 6, ".tif": 6, ".webp": 14, ".avif": 24}


@pytest.mark.parametrize(
    ("content", "whole"),
    [
        (image().tiffsave_buffer(), False),
        (image(orientation=6).tiffsave_buffer(), True),
        (image(orientation=6).tiffsave_buffer(tile=True), False),
        (image().webpsave_buffer(), True),
        (image().heifsave_buffer(compression="av1", effort=0), False),
    ],
)
def test_pixels_that_were_sent_go_neither_to_the_disk_nor_without_need_to_memory(
    content: bytes, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By itself libvips would put those that can't be streamed into a temporary file, if they are many."""
    passes: list[bool] = []
    call = pyvips.Operation.call

    def watched(name: str, *arguments: Any, **named: Any) -> Any:
        if name.endswith("load_source"):
            passes.append(named["memory"])
        return call(name, *arguments, **named)

    photo = Photo.open(bytes(content))
    monkeypatch.setattr(pyvips.Operation, "call", watched)
    photo.to_numpy()
    assert passes == [whole]
