"""Areas that a hint is limited to: checked when they are made, and drawn where they belong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tinct import Brush, HintError, Mask, Region
from tinct.coloring.regions import MAX_POINTS, coverage

SQUARE = ((20, 10), (60, 10), (60, 40), (20, 40))


def test_a_polygon_covers_what_it_encloses() -> None:
    found = coverage(Region(SQUARE), (80, 60), (80, 60))
    expected = np.zeros((60, 80))
    expected[10:40, 20:60] = 1
    assert found == pytest.approx(expected)
    assert coverage(Region(SQUARE), (80, 60), (40, 30)).sum() == pytest.approx(20 * 15)


def test_a_slanted_polygon_covers_parts_of_pixels() -> None:
    found = coverage(Region(((0, 0), (40, 0), (0, 40))), (40, 40), (40, 40))
    assert found.sum() == pytest.approx(800, rel=1e-3)
    assert found[20, 19] == pytest.approx(0.5, abs=0.2)
    assert not found[30:, 30:].any()


def test_a_hollow_shape_is_left_hollow() -> None:
    u_shape = Region(((0, 0), (10, 0), (10, 30), (20, 30), (20, 0), (30, 0), (30, 40), (0, 40)))
    found = coverage(u_shape, (40, 40), (40, 40))
    assert found[5, 5] == found[35, 15] == found[5, 25] == 1
    assert found[5, 15] == 0


def test_a_brush_stroke_covers_its_width() -> None:
    found = coverage(Brush(((10, 20), (50, 20)), 8), (80, 40), (80, 40))
    assert found[20, 30] == found[17, 30] == 1
    assert found[10, 30] == found[20, 70] == 0
    assert found.sum() == pytest.approx(40 * 8 + np.pi * 16, rel=0.02)
    dot = coverage(Brush(((10, 20),), 8), (80, 40), (80, 40))
    assert dot.sum() == pytest.approx(np.pi * 16, rel=0.05)


def test_a_thin_brush_stroke_is_still_seen_at_the_working_size() -> None:
    assert coverage(Brush(((100, 500), (900, 500)), 1), (1000, 1000), (100, 100)).max() > 0.4


def test_a_mask_picture_is_an_area(tmp_path: Path) -> None:
    pixels = np.zeros((60, 80), np.uint8)
    pixels[10:40, 20:60] = 255
    mask = Mask(pixels)
    Image.fromarray(pixels).save(tmp_path / "coat.png")
    clear = np.zeros((60, 80, 4), np.uint8)
    clear[..., :3], clear[..., 3] = 255, pixels
    Image.fromarray(clear).save(tmp_path / "layer.png")
    assert mask == Mask(pixels > 0) == Mask.read(tmp_path / "coat.png") == Mask.read(tmp_path / "layer.png")
    assert hash(mask) == hash(Mask.from_png(mask.to_png()))
    assert mask != Mask(pixels[::-1])
    assert coverage(mask, (160, 120), (40, 30)).sum() == pytest.approx(20 * 15)
    assert coverage(mask, (161, 120), (160, 120)).sum() == pytest.approx(80 * 60)
    assert "80 × 60" in repr(mask)


def test_a_mask_s_pixels_are_its_own() -> None:
    pixels = np.ones((9, 9), np.bool_)
    mask = Mask(pixels)
    pixels[:] = False
    assert mask.pixels.all()


@pytest.mark.parametrize(
    ("points", "code", "message"),
    [
        ((), "region-empty", "is empty: it has 0 points"),
        (((1, 2), (3, 4)), "region-empty", "needs 3"),
        (((1, 1), (5, 5), (9, 9)), "region-empty", "enclose no area"),
        (((0, 0), (9, 9), (9, 0), (0, 9.5)), "region-crosses", "crosses itself near"),
        (((0, 0), (20, 0), (20, 20), (10, -5), (0, 20)), "region-crosses", "crosses itself"),
        (((0, 0), (9, 0), (float("nan"), 9)), "region", "finite numbers"),
        (((0, 0), (9, 0), (9,)), "region", "pairs"),
        ((0, 1, 2), "region", "pairs"),
        (tuple((x, x * x) for x in range(MAX_POINTS + 1)), "region-points", "at most 10,000 points, not 10,001"),
    ],
)
def test_a_polygon_that_is_none(points: Any, code: str, message: str) -> None:
    with pytest.raises(HintError, match=message) as caught:
        Region(points)
    assert caught.value.code == code


def test_the_longest_polygon_is_accepted() -> None:
    turns = np.linspace(0, 2 * np.pi, MAX_POINTS, endpoint=False)
    circle = Region(tuple(zip(50 + 40 * np.cos(turns), 50 + 40 * np.sin(turns), strict=True)))
    assert coverage(circle, (100, 100), (100, 100)).sum() == pytest.approx(np.pi * 1600, rel=1e-3)


@pytest.mark.parametrize(("points", "width"), [(((1, 2),), 0), (((1, 2),), "thick"), ((), 3), (((1, 2),), float("inf"))])
def test_a_brush_stroke_that_is_none(points: Any, width: Any) -> None:
    with pytest.raises(HintError, match="brush stroke"):
        Brush(points, width)


@pytest.mark.parametrize("area", [Region(((20, 10), (90, 10), (60, 40))), Brush(((20, 10), (20, 61)), 3)])
def test_an_area_outside_the_picture(area: Region | Brush) -> None:
    with pytest.raises(HintError, match="outside the picture, which has 80 × 60 pixels") as caught:
        coverage(area, (80, 60), (80, 60))
    assert caught.value.code == "region-outside"


def test_a_mask_of_another_shape() -> None:
    with pytest.raises(HintError, match="80 × 60 pixels, which isn't the shape of the photograph, 80 × 80") as caught:
        coverage(Mask(np.ones((60, 80), np.bool_)), (80, 80), (80, 80))
    assert caught.value.code == "mask-size"


@pytest.mark.parametrize(
    ("pixels", "code"),
    [(np.zeros((9, 9), np.bool_), "mask-empty"), (np.ones((9, 9, 3), np.uint8), "mask"), (np.ones((9, 9)), "mask")],
)
def test_an_array_that_is_no_mask(pixels: Any, code: str) -> None:
    with pytest.raises(HintError) as caught:
        Mask(pixels)
    assert caught.value.code == code


def test_a_file_that_is_no_mask(tmp_path: Path) -> None:
    (tmp_path / "coat.png").write_text("coat")
    for name in ("coat.png", "nowhere.png"):
        with pytest.raises(HintError, match=f"{name}.* can't be read as a mask") as caught:
            Mask.read(tmp_path / name)
        assert caught.value.code == "mask-file"
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(tmp_path / "black.png")
    with pytest.raises(HintError, match=r"black.png: The mask is empty"):
        Mask.read(tmp_path / "black.png")
    with pytest.raises(HintError, match="isn't a picture"):
        Mask.from_png(b"coat")
