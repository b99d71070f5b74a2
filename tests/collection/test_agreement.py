"""Collections whose photographs agree: the edits are planned once, and the results follow them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from tinct import Edit
from tinct.collection import Collection, Ledger, LocalEngine, Settings, agreed_edits, color_collection
from tinct.collection import agreement as module


@pytest.fixture
def event(tmp_path: Path) -> Path:
    """Two crops of one scene, a picture of something else, and a file that is no picture."""
    folder = tmp_path / "event"
    folder.mkdir()
    scene = Image.fromarray(data.astronaut()).convert("L")
    scene.crop((0, 0, 440, 512)).save(folder / "1.png")
    scene.crop((60, 0, 512, 480)).save(folder / "2.png")
    Image.fromarray(data.coffee()).convert("L").save(folder / "3.png")
    (folder / "4.png").write_text("no picture")
    return folder


def test_photographs_of_one_scene_get_edits_and_a_second_run_reads_them(
    event: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, told = tmp_path / "out", []
    edits = agreed_edits(Collection([event], out, Settings()), out, lambda done, total: told.append((done, total)))
    assert [bool(edits[str(event / name)].hints) for name in ("1.png", "2.png", "3.png")] == [True, True, False]
    assert told[-1] == (4, 4)
    monkeypatch.setattr(module, "series_edits", lambda *args, **options: pytest.fail("planned again"))
    again = agreed_edits(Collection([event], out, Settings()), out)
    assert {path: edit.to_dict() for path, edit in again.items()} == {path: edit.to_dict() for path, edit in edits.items()}


def test_another_photograph_or_edit_is_planned_anew(event: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, plans = tmp_path / "out", []

    def plan(colorizer: object, photos: Sequence[Path], edits: Sequence[Edit], **options: object) -> list[Edit]:
        plans.append(sorted(photo.name for photo in photos))
        return list(edits)

    monkeypatch.setattr(module, "series_edits", plan)
    for change in (
        lambda: None,
        lambda: None,
        lambda: (event / "3.png").unlink(),
        lambda: (event / "1.tinct.json").write_text('{"seed": 3}'),
    ):
        change()
        agreed_edits(Collection([event], out, Settings()), out)
    assert plans == [["1.png", "2.png", "3.png", "4.png"], ["1.png", "2.png", "4.png"], ["1.png", "2.png", "4.png"]]
    agreed_edits(Collection([event], out, Settings(precision="float")), out)
    assert plans[3:] == [["1.png", "2.png", "4.png"]]
    (event / "sub").mkdir()
    (event / "2.png").rename(event / "sub/2.png")
    agreed_edits(Collection([event], out, Settings()), out)
    assert plans[-2:] == [["1.png", "4.png"], ["2.png"]], "folder by folder"


def test_a_hint_of_one_reaches_the_others(event: Path, tmp_path: Path) -> None:
    """The suit of the astronaut is painted green in one photograph; in the other one it is green as well, and its face isn't."""
    (event / "1.tinct.json").write_text(json.dumps({"hints": [{"x": 220, "y": 400, "color": "#4a8f4a", "size": 20}]}))
    greens = {}
    for series in (False, True):
        out = tmp_path / f"out-{series}"
        edits = agreed_edits(Collection([event], out, Settings()), out) if series else {}
        with Ledger.opened(out) as ledger:
            collection = Collection([event], out, Settings(), ledger, edits=edits)
            entries = list(color_collection(collection, LocalEngine(1), ledger))
            assert [entry.status for entry in entries] == ["done", "done", "done", "failed"]
            collection = Collection([event], out, Settings(), ledger, edits=edits)
            assert [planned.job.input.name for planned in collection] == ["4.png"]
        with Image.open(out / "2.color.png") as image:
            pixels = np.asarray(image).astype(int)
        green = pixels[..., 1] - (pixels[..., 0] + pixels[..., 2]) // 2
        greens[series] = green[380:420, 140:180].mean(), green[120:180, 130:190].mean()
    assert greens[True][0] > greens[False][0] + 8, greens
    assert abs(greens[True][1] - greens[False][1]) < 6, greens
