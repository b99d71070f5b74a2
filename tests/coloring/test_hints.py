"""Hints: parsed, refused with the line, and drawn where they belong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2lab

from tinct.color import AB_SCALE
from tinct.coloring.hint_files import read_hints
from tinct.coloring.hints import Hint, Strokes, draw, parse_color, parse_hint
from tinct.coloring.regions import Mask
from tinct.errors import ConfigError, HintError


@pytest.mark.parametrize("text", ["#b58863", "b58863", "#B58863", " #b58863 "])
def test_a_color_is_what_scikit_image_says(text: str) -> None:
    assert parse_color(text) == pytest.approx(rgb2lab(np.array([0xB5, 0x88, 0x63]) / 255)[1:], abs=0.02)


def test_short_colors_are_the_long_ones() -> None:
    assert parse_color("#f00") == parse_color("#ff0000")


@pytest.mark.parametrize("text", ["", "red", "#12345", "#12345g", "#1234567", "rgb(1,2,3)"])
def test_what_is_no_color_is_refused(text: str) -> None:
    with pytest.raises(HintError, match="#rrggbb"):
        parse_color(text)


def test_a_hint_from_the_command_line() -> None:
    assert parse_hint("120, 80.5,#b58863") == Hint(120, 80.5, "#b58863")


def test_a_hint_from_the_command_line_with_a_reach(tmp_path: Path) -> None:
    assert parse_hint("1,2,#b58863,picture") == Hint(1, 2, "#b58863", reach="picture")
    assert parse_hint("1,2,keep") == Hint(1, 2, "keep")
    assert (
        parse_hint("1,2,#b58863, object, keep-rest") == parse_hint("1,2,#b58863,keep-rest") == Hint(1, 2, "#b58863", keep_rest=True)
    )
    Image.fromarray(np.eye(9, dtype=np.uint8) * 255).save(tmp_path / "coat.png")
    assert parse_hint(f"1,2,#b58863,{tmp_path / 'coat.png'}") == Hint(1, 2, "#b58863", reach=Mask(np.eye(9, dtype=np.bool_)))
    assert Hint(1, 2, "#b58863", reach=tmp_path / "coat.png").reach == Mask(np.eye(9, dtype=np.bool_))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("1,2,#ffffff,4", "reach", "'1,2,#ffffff,4': .*no reach '4'"),
        ("1,2,#ffffff,pictur", "reach", "did you mean 'picture'"),
        ("1,2,#ffffff,object,picture", "reach", "two times"),
        ("1,2,#ffffff,picture,keep-rest", "reach", "can't both"),
        ("1,2,#ffffff,nowhere.png", "mask-file", "nowhere.png can't be read as a mask"),
    ],
)
def test_a_reach_that_is_none(text: str, code: str, message: str) -> None:
    with pytest.raises(HintError, match=message) as caught:
        parse_hint(text)
    assert caught.value.code == code


@pytest.mark.parametrize("text", ["", "1,2", "x,2,#ffffff", "1,2,", "1;2;#ffffff"])
def test_a_hint_that_is_none(text: str) -> None:
    with pytest.raises(HintError, match="X,Y,#RRGGBB"):
        parse_hint(text)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "needs a color"),
        ({"color": "#ffffff", "ab": (1, 2)}, "either"),
        ({"ab": (1, 200)}, "-110 to 110"),
        ({"ab": (float("nan"), 0)}, "finite numbers"),
        ({"color": "#ffffff", "size": -1}, "negative"),
        ({"color": "blue"}, "blue"),
    ],
)
def test_an_impossible_hint(values: dict[str, object], message: str) -> None:
    with pytest.raises(HintError, match=message):
        Hint(3, 4, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("color", ["", "#ffffff"])
def test_places_are_numbers(color: str) -> None:
    with pytest.raises(HintError, match="finite numbers"):
        Hint("12", 80, color)  # type: ignore[arg-type]


def test_hints_from_json(tmp_path: Path) -> None:
    path = tmp_path / "hints.json"
    path.write_text('[\n {"x": 1, "y": 2, "color": "#b58863"},\n\n {"x": 3, "y": 4, "ab": [10, -20.5], "size": 9}\n]\n')
    assert read_hints(path) == [Hint(1, 2, "#b58863"), Hint(3, 4, ab=(10, -20.5), size=9)]


def test_an_empty_list_is_no_hints(tmp_path: Path) -> None:
    (tmp_path / "hints.json").write_text(" [ ] ")
    assert read_hints(tmp_path / "hints.json") == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("5", 1),
        ('[\n{"x": 1, "y": 2, "color": "#b58863"}\n{"x": 1, "y": 2, "color": "#b58863"}]', 3),
        ('[\n{"x": 1, "y": 2, "color": "#b58863"},\n{"x": 1, "y": 2, "color": "mauve"}]', 3),
        ('[\n\n{"x": 1, "y": 2}\n]', 3),
        ('[\n{"x": 1, "y": 2, "colour": "#b58863"}]', 2),
        ('[{"x": 1,\n"y": }]', 2),
        ('[\n{"x": "left", "y": 2, "color": "#b58863"}]', 2),
        ('[\n{"x": 1, "y": 2, "ab": 7}]', 2),
        ("[\n3]", 2),
        ('[{"x": 1, "y": 2, "color": "#b58863"},\n', 2),
        ("[\n]\n]", 3),
    ],
)
def test_a_malformed_file_is_refused_by_its_line(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "hints.json").write_text(text)
    with pytest.raises(HintError, match=rf"hints.json, line {line}:"):
        read_hints(tmp_path / "hints.json")


def test_a_file_that_is_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(HintError, match="No such file"):
        read_hints(tmp_path / "hints.json")
    (tmp_path / "hints.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(HintError, match="isn't UTF-8 text"):
        read_hints(tmp_path / "hints.json")


def test_a_patch_covers_what_it_says() -> None:
    planes = draw([Hint(100, 60, ab=(55, -11), size=40)], (400, 200), (200, 100))  # half the size
    assert planes.shape == (3, 100, 200)
    rows, columns = np.nonzero(planes[2])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (20, 39, 40, 59)
    assert planes[2].sum() == pytest.approx(20 * 20)
    assert planes[:2, 30, 50] * AB_SCALE == pytest.approx((55, -11), rel=1e-5)


def test_a_patch_between_pixels_covers_parts() -> None:
    planes = draw([Hint(10.5, 10.5, ab=(110, 0), size=3.5)], (64, 64), (64, 64))
    assert planes[2].sum() == pytest.approx(3.5**2, rel=1e-5)
    assert planes[0] == pytest.approx(planes[2])  # the color counts as far as it covers


def test_the_smallest_hint_covers_a_pixel_of_a_large_picture() -> None:
    assert draw([Hint(5000, 5000, "#ff0000", size=1)], (10000, 10000), (160, 160))[2].sum() == pytest.approx(1)


def test_a_hint_without_a_size_grows_with_the_picture() -> None:
    small, large = (draw([Hint(s / 2, s / 2, "#ff0000")], (s, s), (160, 160)) for s in (256, 2560))
    assert small == pytest.approx(large, abs=1e-5)


def test_a_hint_at_the_border_stays_inside_whole() -> None:
    assert draw([Hint(0, 256, "#ff0000", size=8)], (256, 256), (128, 128))[2].sum() == pytest.approx(16)


@pytest.mark.parametrize("place", [(-1, 5), (5, -0.1), (101, 5), (5, 51)])
def test_a_hint_outside_the_picture(place: tuple[float, float]) -> None:
    with pytest.raises(HintError, match="outside the picture, which has 100 × 50 pixels"):
        draw([Hint(*place, "#ff0000")], (100, 50), (100, 50))


def test_the_later_hint_lies_on_top() -> None:
    planes = draw([Hint(20, 20, ab=(50, 0), size=10), Hint(20, 20, ab=(0, 50), size=4)], (40, 40), (40, 40))
    assert planes[:2, 20, 20] * AB_SCALE == pytest.approx((0, 50))
    assert planes[:2, 16, 16] * AB_SCALE == pytest.approx((50, 0))


def strokes(width: int = 80, height: int = 60) -> np.ndarray:
    rgba = np.zeros((height, width, 4), np.uint8)
    rgba[10:20, 10:30] = (200, 40, 40, 255)
    rgba[40:50, 50:70] = (128, 128, 128, 255)
    return rgba


def test_painted_strokes(tmp_path: Path) -> None:
    Image.fromarray(strokes()).save(tmp_path / "paint.png")
    (hint,) = read_hints(tmp_path / "paint.png")
    assert isinstance(hint, Strokes)
    planes = draw([hint], (800, 600), (80, 60))
    red = rgb2lab(np.array([200, 40, 40]) / 255)[1:]
    assert planes[:2, 15, 20] * AB_SCALE == pytest.approx(red, abs=0.05)
    assert planes[:, 45, 60] == pytest.approx((0, 0, 1))  # gray: no color here
    assert planes[2].sum() == pytest.approx(400)


def test_strokes_shrink_by_area() -> None:
    planes = draw([Strokes(strokes())], (80, 60), (40, 30))
    assert planes[2].sum() == pytest.approx(100)
    assert planes[2, 5:10, 5:15].min() == 1


@pytest.mark.parametrize(("alpha", "message"), [(255, "isn't transparent"), (0, "nothing was painted")])
def test_a_picture_that_is_no_layer_of_strokes(tmp_path: Path, alpha: int, message: str) -> None:
    rgba = strokes()
    rgba[..., 3] = alpha
    Image.fromarray(rgba).save(tmp_path / "paint.png")
    with pytest.raises(HintError, match=message):
        read_hints(tmp_path / "paint.png")


def test_strokes_from_what_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "paint.png").write_text(json.dumps([]))
    with pytest.raises(HintError, match="can't be read as a picture of painted strokes"):
        read_hints(tmp_path / "paint.png")
    Image.fromarray(strokes()[..., :3]).save(tmp_path / "opaque.png")
    with pytest.raises(HintError, match="isn't transparent"):
        read_hints(tmp_path / "opaque.png")


def test_hints_of_an_edit_file(tmp_path: Path) -> None:
    (tmp_path / "old.tinct.json").write_text('{"hints": [{"x": 1, "y": 2, "color": "#b58863"}], "vividness": 1}')
    assert read_hints(tmp_path / "old.tinct.json") == [Hint(1, 2, "#b58863")]
    (tmp_path / "old.tinct.json").write_text('{"hint": []}')
    with pytest.raises(ConfigError, match=r"no field 'hint' \(did you mean 'hints'"):
        read_hints(tmp_path / "old.tinct.json")
