"""Edits: checked when they are made, and the same after a round trip through JSON."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tinct import Brush, ConfigError, Edit, Hint, HintError, Mask, Region, Strokes, read_hints
from tinct.coloring.edit import EditChanges
from tinct.coloring.packing import Omitted, Reference


def strokes() -> Strokes:
    rgba = np.zeros((20, 30, 4), np.uint8)
    rgba[5:9, 10:20] = (200, 40, 30, 255)
    return Strokes(rgba)


def with_areas() -> list[Hint]:
    triangle = Region(((1, 2), (np.float32(0.1), 9), (7, 8)))
    return [Hint(5, 6, "#fff", reach=area) for area in (triangle, Brush(((1, 2), (3, 4)), 1 / 3), Mask(np.eye(9, dtype=np.bool_)))]


def test_an_edit_survives_json() -> None:
    like = Reference("aunt.jpg", np.arange(3, dtype=np.float32)[None], np.linspace(0, 1, 5, dtype=np.float32))
    hints = [Hint(1.5, 2, "#b58863"), Hint(3, 4, ab=(np.float32(0.1), -2.25), size=1 / 7), strokes(), Omitted("ab", 3)]
    hints += [Hint(1, 2, "keep"), Hint(3, 4, "#fff", keep_rest=True), Hint(5, 6, "#fff", reach="picture"), *with_areas()]
    edit = Edit(hints, like, 0.7, variant=3, seed=2**60, vividness=0.1 + 0.2, strength=1 / 3, detail=96, ensemble=True)
    read = Edit.from_json(edit.to_json())
    assert read.to_json() == edit.to_json()
    assert read.like_strength == 0.7
    assert [read.variant, read.seed, read.vividness, read.strength, read.detail, read.ensemble] == [
        3,
        2**60,
        0.1 + 0.2,
        1 / 3,
        96,
        True,
    ]
    assert read.hints[:2] == edit.hints[:2]
    assert read.hints[3:] == edit.hints[3:]
    assert isinstance(read.hints[2], Strokes)
    assert np.array_equal(read.hints[2].rgba, strokes().rgba)
    assert isinstance(read.like, Reference)
    assert np.array_equal(read.like.code, like.code)


def test_the_json_form_names_every_field_with_its_default() -> None:
    assert json.loads(Edit().to_json()) == {
        "hints": [],
        "like": None,
        "like_strength": 1.0,
        "variant": 1,
        "seed": 0,
        "vividness": 0.5,
        "strength": 1.0,
        "detail": None,
        "ensemble": False,
    }
    assert Edit.from_dict({}).to_dict() == Edit().to_dict()


def test_keywords_are_the_fields() -> None:
    assert list(EditChanges.__annotations__) == [field.name for field in fields(Edit)]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"variant": 0}, "variant must be a whole number from 1 to 1,000, not 0"),
        ({"variant": 1.5}, "variant must be a whole number"),
        ({"variant": True}, "variant must be a whole number"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"seed": 2**63}, "seed"),
        ({"vividness": 1.01}, "vividness must be a number from 0 to 1, not 1.01"),
        ({"vividness": float("nan")}, "vividness"),
        ({"strength": "much"}, "strength must be a number from 0 to 1"),
        ({"strength": None}, "strength must be a number from 0 to 1"),
        ({"like_strength": -0.1}, "like_strength must be a number from 0 to 1, not -0.1"),
        ({"detail": 0}, "detail must be a whole number"),
        ({"ensemble": 1}, "ensemble must be true or false"),
        ({"quality": "best"}, "no field 'quality'"),
        ({"vividnes": 1}, r"no field 'vividnes' \(did you mean 'vividness'\?\)"),
    ],
)
def test_unusable_values_are_refused_in_python_and_in_json(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        Edit().changed(**values)
    assert caught.value.code in {"edit-value", "edit-field"}
    with pytest.raises(ConfigError, match=f"old.tinct.json: .*{message}"):
        Edit.from_dict(values, "old.tinct.json")


@pytest.mark.parametrize(
    ("hints", "message"),
    [
        (5, "must be a list"),
        (Hint(1, 2, "#fff"), "must be a list"),
        ([5], "must be a Hint or Strokes, not 5"),
        ([{"x": 1, "y": 2, "color": "#fff"}], "must be a Hint or Strokes"),
    ],
)
def test_hints_are_hints(hints: Any, message: str) -> None:
    with pytest.raises(HintError, match=message):
        Edit(hints=hints)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("[]", ConfigError, "an edit is a JSON object"),
        ("{", ConfigError, "isn't JSON"),
        ('{"hints": 5}', HintError, "a list of hints was expected"),
        ('{"hints": [{"circle": 5}]}', HintError, r"hints\[0\]: a hint has x, y and color"),
        ('{"hints": [{"x": 1, "y": 2, "color": "red"}]}', HintError, r"hints\[0\]: 'red' is not a color"),
        ('{"hints": [{"strokes": [9, 9], "runs": "%"}]}', HintError, r"hints\[0\]: the painted strokes are damaged"),
        ('{"like": {"name": "x"}}', ConfigError, "reference is damaged"),
    ],
)
def test_damaged_json_is_refused(text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Edit.from_json(text)


def test_a_picture_in_memory_has_no_json_form() -> None:
    with pytest.raises(ConfigError, match="can't be written as JSON; give its path"):
        Edit(like=np.zeros((9, 9, 3), np.uint8)).to_json()
    assert json.loads(Edit(like=Path("a") / "b.jpg").to_json())["like"] == str(Path("a") / "b.jpg")


def test_a_file_of_an_edit_names_its_reference_from_its_own_folder(tmp_path: Path) -> None:
    file = tmp_path / "old.tinct.json"
    file.write_text(Edit(like="postcard.jpg", variant=4).to_json())
    read = Edit.read(file)
    assert (read.variant, read.like) == (4, tmp_path / "postcard.jpg")
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        Edit.read(tmp_path / "nowhere.json")


def test_what_is_the_default_is_left_out_of_a_hint() -> None:
    assert Edit(hints=[Hint(1, 2, "#fff")]).to_dict()["hints"] == [{"x": 1.0, "y": 2.0, "color": "#fff"}]
    assert Edit(hints=with_areas()[:2]).to_dict()["hints"][1]["reach"] == {"brush": [[1.0, 2.0], [3.0, 4.0]], "width": 1 / 3}
    assert Edit(hints=[Strokes(strokes().rgba, reach="picture")]).to_dict()["hints"][0]["reach"] == "picture"
    (again,) = Edit.from_dict(Edit(hints=[Strokes(strokes().rgba, reach="picture")]).to_dict()).hints
    assert isinstance(again, Strokes)
    assert again.reach == "picture"


@pytest.mark.parametrize(
    ("reach", "code", "message"),
    [
        ('"far"', "reach", "no reach 'far'"),
        ("null", "reach", "There is no reach null"),
        ('{"circle": 5}', "reach", "There is no reach"),
        ('{"file": "coat.png"}', "reach", "There is no reach"),
        ('{"region": [[0, 0], [9, 9]]}', "region-empty", "polygon is empty"),
        ('{"region": [[0, 0], [9, 9], [9, 0], [0, 9.5]]}', "region-crosses", "crosses itself"),
        ('{"region": 5}', "region", "pairs"),
        ('{"brush": [[0, 0]]}', "reach", "There is no reach"),
        ('{"brush": [[0, 0]], "width": -1}', "region", "width"),
        ('{"png": "%"}', "mask", "isn't base64"),
        ('{"png": "AAAA"}', "mask", "isn't a picture"),
    ],
)
def test_an_unusable_reach_is_refused(reach: str, code: str, message: str) -> None:
    with pytest.raises(HintError, match=rf"hints\[0\]: .*{message}") as caught:
        Edit.from_json(f'{{"hints": [{{"x": 1, "y": 2, "color": "#fff", "reach": {reach}}}]}}')
    assert caught.value.code == code


def test_a_file_of_an_edit_names_masks_from_its_own_folder(tmp_path: Path) -> None:
    mask = np.zeros((9, 12), np.uint8)
    mask[3:6, 4:8] = 255
    Image.fromarray(mask).save(tmp_path / "coat.png")
    file = tmp_path / "old.tinct.json"
    file.write_text('{"hints": [{"x": 1, "y": 2, "color": "#fff", "reach": {"file": "coat.png"}}]}')
    assert Edit.read(file).hints == (Hint(1.0, 2.0, "#fff", reach=Mask(mask)),)
    (tmp_path / "hints.json").write_text('[{"x": 1, "y": 2, "color": "#fff", "reach": {"file": "coat.png"}}]')
    assert read_hints(file) == read_hints(tmp_path / "hints.json") == list(Edit.read(file).hints)
    assert Edit.from_json(Edit.read(file).to_json()).hints == Edit.read(file).hints
    (tmp_path / "coat.png").unlink()
    with pytest.raises(HintError, match=r"coat.png can't be read as a mask"):
        Edit.read(file)


def test_hints_are_copied_and_normalized() -> None:
    given = [Hint(np.float32(1), np.int64(2), ab=(np.float32(1), 2))]
    edit = Edit(hints=given)
    given.clear()
    assert edit.hints == (Hint(1.0, 2.0, ab=(1.0, 2.0)),)
    assert type(edit.hints[0].x) is float  # type: ignore[union-attr]
