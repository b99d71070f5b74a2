"""What is left to do: what the ledger knows, edits of photographs, other models."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tinct import Edit
from tinct.collection import Collection, Entry, Ledger, LocalEngine, Settings, color_collection
from tinct.errors import ConfigError


def colored(box: Path, out: Path | None, settings: Settings = Settings(), *, fresh: bool = False, **options: Any) -> list[Entry]:  # noqa: B008
    with Ledger.opened(out or box, fresh=fresh) as ledger:
        return list(color_collection(Collection([box], out, settings, ledger, **options), LocalEngine(1), ledger))


def left(box: Path, out: Path, settings: Settings = Settings(), **options: Any) -> list[str]:  # noqa: B008
    return [planned.job.input.name for planned in Collection([box], out, settings, Ledger.read(out), **options)]


def test_a_second_run_does_nothing(box: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    entries = colored(box, out)
    assert [entry.status for entry in entries] == ["done"] * 4
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.color.*")) == [
        "1.color.jpg", "1932/4.color.jpg", "2.color.jpg", "3.color.png",
    ]  # fmt: skip
    collection = Collection([box], out, Settings(), Ledger.read(out))
    counts = collection.survey()
    assert (counts.found, counts.done, counts.to_do, counts.bytes) == (4, 4, 0, 0)
    assert colored(box, out) == []


def test_beside_the_originals_too(box: Path) -> None:
    assert len(colored(box, None)) == 4
    collection = Collection([box], None, Settings(), Ledger.read(box))
    counts = collection.survey()
    assert (counts.found, counts.to_do) == (4, 0)
    assert counts.passed_over == {"made by tinct": 4}


def test_a_changed_original_is_colored_again(box: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    colored(box, out)
    before = (out / "1.color.jpg").read_bytes()
    os.utime(box / "2.jpg", ns=(1, 1))  # only touched
    (box / "1.jpg").write_bytes((box / "1932/4.jpg").read_bytes())
    assert left(box, out) == ["1.jpg"]
    assert [entry.status for entry in colored(box, out)] == ["done"]
    assert (out / "1.color.jpg").read_bytes() != before
    assert left(box, out) == []


def test_another_edit_colors_again_but_never_over_somebody_s_work(box: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    colored(box, out)
    retouched = (out / "2.color.jpg").read_bytes() + b"more"
    (out / "2.color.jpg").write_bytes(retouched)
    (out / "3.color.png").unlink()
    other = Settings(edit=Edit(vividness=1))
    assert left(box, out) == ["2.jpg", "3.png"]
    assert left(box, out, other) == ["1.jpg", "2.jpg", "3.png", "4.jpg"]
    entries = {Path(entry.input).name: entry for entry in colored(box, out, other)}
    assert {name: entry.status for name, entry in entries.items()} == {
        "1.jpg": "done",
        "2.jpg": "failed",
        "3.png": "done",
        "4.jpg": "done",
    }
    assert entries["2.jpg"].code == "changed-result"
    assert (out / "2.color.jpg").read_bytes() == retouched
    assert left(box, out, other) == ["2.jpg"], "what failed is tried again"


@pytest.mark.parametrize("provenance", [True, False])
def test_what_a_killed_run_left_is_found_done(box: Path, tmp_path: Path, provenance: bool) -> None:
    """Outputs that the ledger doesn't have yet, or has with another edit."""
    out, settings = tmp_path / "out", Settings(provenance=provenance)
    colored(box, out, settings)
    before = {path: (path.read_bytes(), path.stat().st_ino) for path in out.rglob("*.color.*")}
    ledger = (out / "tinct.jsonl").read_bytes().splitlines(keepends=True)
    (out / "tinct.jsonl").write_bytes(b"".join(ledger[:3]))
    entries = colored(box, out, settings)
    assert [(entry.status, entry.made) for entry in entries] == [("done", False)] * 2
    assert {path: (path.read_bytes(), path.stat().st_ino) for path in out.rglob("*.color.*")} == before
    (out / "tinct.jsonl").write_bytes((out / "tinct.jsonl").read_bytes().replace(b'"settings": "', b'"settings": "another'))
    assert [entry.made for entry in colored(box, out, settings)] == [provenance is False] * 4


def test_a_result_that_was_retouched_before_there_was_a_ledger_is_never_replaced(box: Path) -> None:
    colored(box, None)
    (box / "tinct.jsonl").unlink()
    retouched = (box / "1.color.jpg").read_bytes() + b"more"
    (box / "1.color.jpg").write_bytes(retouched)
    entries = colored(box, None)
    assert [(entry.status, entry.made, bool(entry.outputs[0].sha256)) for entry in entries][:2] == [
        ("done", False, False),
        ("done", False, True),
    ]
    entries = colored(box, None, Settings(edit=Edit(strength=0.5)))
    assert [(entry.status, entry.code) for entry in entries][:2] == [("failed", "changed-result"), ("done", "")]
    assert (box / "1.color.jpg").read_bytes() == retouched


def test_somebody_else_s_file_is_never_replaced(box: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "1.color.jpg").write_bytes((box / "1.jpg").read_bytes())
    for settings in (Settings(), Settings(provenance=False), Settings(overwrite=True)):
        failed = [entry for entry in colored(box, out, settings) if entry.status == "failed"]
        assert [Path(entry.input).name for entry in failed] == ["1.jpg"]
        assert (out / "1.color.jpg").read_bytes() == (box / "1.jpg").read_bytes()


def test_the_results_of_another_model_are_told(box: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    colored(box, out, Settings(model="autoencoder"))
    with pytest.raises(ConfigError, match="another model, autoencoder") as error:
        left(box, out)
    assert error.value.code == "other-model"
    (box / "1.jpg").copy(box / "5.jpg") if hasattr(Path, "copy") else (box / "5.jpg").write_bytes((box / "1.jpg").read_bytes())
    assert left(box, out, keep=True) == ["5.jpg"]
    assert [Path(entry.input).name for entry in colored(box, out, keep=True)] == ["5.jpg"]
    assert len(colored(box, out, Settings(overwrite=True), fresh=True)) == 5
    assert left(box, out) == []


def test_an_edit_beside_a_photograph_is_its_own(box: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    colored(box, out)
    (box / "1.tinct.json").write_text(json.dumps({"strength": 0.25}))
    (box / "2.jpg.tinct.json").write_text("{")
    collection = Collection([box], out, Settings(), Ledger.read(out))
    first, second = list(collection)
    assert first.job.edit.strength == 0.25
    assert first.error is None
    assert second.error is not None
    assert "2.jpg.tinct.json" in second.error.reason
    assert collection.counts.with_edit == 1
    assert {Path(entry.input).name: entry.status for entry in colored(box, out)} == {"1.jpg": "done", "2.jpg": "failed"}


def test_a_reference_is_extracted_once_and_identifies_the_edit(box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    from conftest import draw

    Image.fromarray(draw(9)).save(tmp_path / "like.png")
    out, settings = tmp_path / "out", Settings(edit=Edit(like=tmp_path / "like.png"))
    assert len(colored(box, out, settings)) == 4
    assert left(box, out, settings) == []
    assert len(left(box, out)) == 4
    Image.fromarray(draw(10)).save(tmp_path / "like.png")
    assert len(left(box, out, settings)) == 4


def test_files_that_no_result_may_replace(box: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    collection = Collection([box], out, Settings(), Ledger.read(out), reserved=[out / "1.color.jpg"])
    assert next(iter(collection)).job.outputs[0]["color"] == out / "1.jpg.color.jpg"
