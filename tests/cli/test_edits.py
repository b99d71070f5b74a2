"""``tinct colorize --edit``: an edit from a file, and options laid over it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from command_line import Run, one_line
from conftest import draw
from tinct.coloring.colorizer import Colorizer
from tinct.coloring.edit import Edit
from tinct.coloring.hints import Hint


@pytest.fixture
def edits(monkeypatch: pytest.MonkeyPatch) -> list[Edit]:
    """The edits with which photographs are colored, in place of coloring them."""
    found: list[Edit] = []

    def colorize(self: Colorizer, photo: Any, edit: Edit) -> Any:
        found.append(edit)
        return photo

    monkeypatch.setattr(Colorizer, "colorize", colorize)
    monkeypatch.setattr(Colorizer, "resolved", lambda self, edit: edit)
    return found


def written(path: Path, **fields: object) -> Path:
    path.write_text(json.dumps(fields))
    return path


def test_without_options_it_is_the_default_edit(tinct: Run, photo: Path, edits: list[Edit]) -> None:
    assert tinct("colorize", photo).code == 0
    assert edits[0].to_dict() == Edit().to_dict()


def test_every_field_has_its_option(tinct: Run, photo: Path, edits: list[Edit]) -> None:
    options = [
        "--hint",
        "5,6,#b58863",
        "--like",
        "postcard.png",
        "--like-strength",
        0.5,
        "--variant",
        3,
        "--seed",
        7,
        "--vividness",
        0.25,
    ]
    options += ["--strength", 0.75, "--detail", 192, "--ensemble"]
    assert tinct("colorize", photo, *options).code == 0
    expected = Edit((Hint(5, 6, "#b58863"),), Path("postcard.png"), 0.5, 3, 7, 0.25, 0.75, 192, True)
    assert edits[0].to_dict() == expected.to_dict()


def test_options_replace_fields_of_the_file(tinct: Run, photo: Path, tmp_path: Path, edits: list[Edit]) -> None:
    hints = [{"x": 1, "y": 2, "color": "#b58863"}]
    file = written(tmp_path / "e.tinct.json", hints=hints, vividness=0.9, strength=0.4, ensemble=True, seed=3, like="a.png")
    assert tinct("colorize", photo, "--edit", file).code == 0
    assert edits[0].to_dict() == Edit.read(file).to_dict()
    assert edits[0].to_dict()["like"] == str(tmp_path / "a.png")
    assert tinct("colorize", photo, "--edit", file, "--vividness", 0.5, "--no-ensemble", "-o", tmp_path / "x.jpg").code == 0
    assert edits[1].to_dict() == Edit.read(file).changed(vividness=0.5, ensemble=False).to_dict(), "0.5 is given, though a default"
    assert tinct("colorize", photo, "--edit", file, "--hint", "9,9,#102030", "-o", tmp_path / "y.jpg").code == 0
    assert [hint.x for hint in edits[2].hints if isinstance(hint, Hint)] == [9]


def test_an_edit_colors_as_its_options_do(tinct: Run, photo: Path, tmp_path: Path) -> None:
    file = written(tmp_path / "e.tinct.json", hints=[{"x": 40, "y": 90, "color": "#2040d0"}], vividness=0.9, variant=2)
    options = ["--hint", "40,90,#2040d0", "--vividness", 0.9, "--variant", 2]
    assert tinct("colorize", photo, *options, "-o", tmp_path / "x.png").code == 0
    assert tinct("colorize", photo, "--edit", file, "-o", tmp_path / "y.png").code == 0
    x, y = (np.asarray(Image.open(tmp_path / name)) for name in ("x.png", "y.png"))
    assert np.array_equal(x, y)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", ("e.json", "JSON")),
        ("[]", ("e.json",)),
        ('{"vivid": 1}', ("e.json", "'vivid'", "did you mean 'vividness'?")),
        ('{"vividness": 2}', ("e.json", "vividness")),
        ('{"hints": [{"x": 5}]}', ("e.json", "hints")),
        (None, ("e.json", "No such file")),
    ],
)
def test_a_file_that_is_no_edit(tinct: Run, photo: Path, tmp_path: Path, text: str | None, words: tuple[str, ...]) -> None:
    if text is not None:
        (tmp_path / "e.json").write_text(text)
    one_line(tinct("colorize", photo, "--edit", tmp_path / "e.json"), *words)
    assert not photo.with_name("grandmother.color.jpg").exists()


def test_hints_of_an_edit_belong_to_one_photograph_too(tinct: Run, photo: Path, tmp_path: Path) -> None:
    Image.fromarray(draw(2)).save(tmp_path / "uncle.png")
    file = written(tmp_path / "e.json", hints=[{"x": 1, "y": 2, "color": "#b58863"}])
    one_line(tinct("colorize", photo, tmp_path / "uncle.png", "--edit", file), "one photograph")


def test_an_edit_s_file_is_never_overwritten(tinct: Run, photo: Path, tmp_path: Path) -> None:
    assert tinct("colorize", photo, "-o", tmp_path / "like.png").code == 0  # tinct's own, so --overwrite alone would replace it
    before = (tmp_path / "like.png").read_bytes()
    file = written(tmp_path / "e.json", like="like.png")
    ended = tinct("colorize", photo, "--edit", file, "-o", tmp_path / "like.png", "--overwrite")
    assert ended.code == 1
    assert (tmp_path / "like.png").read_bytes() == before
