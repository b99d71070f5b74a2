"""The ledger: what it remembers, what survives a kill, and who may write it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tinct.collection.ledger import FILE_NAME, Entry, Ledger, Output
from tinct.errors import ConfigError

ZEROS, ONES = "0" * 64, "1" * 64


def entry(name: str, status: str = "done", folder: Path = Path("out"), **values: object) -> Entry:
    outputs = (Output(str(folder / f"{name}.color.jpg"), ONES, 7),) if status == "done" else ()
    return Entry(f"/in/{name}.jpg", status, outputs, ZEROS, 5, 11, "0123456789abcdef", {"variant": 1}, 0.25, **values)  # type: ignore[arg-type]


def filled(folder: Path) -> Path:
    with Ledger.opened(folder) as ledger:
        ledger.begin("tinct", "ab")
        ledger.append(entry("a", folder=folder))
        ledger.append(entry("b", "failed", reason="/in/b.jpg is empty"))
        ledger.append(entry("é\udcff", folder=folder, notes=("a note",)))
    return folder / FILE_NAME


def test_what_was_written_is_known_again(tmp_path: Path) -> None:
    filled(tmp_path / "out")
    ledger = Ledger.read(tmp_path / "out")
    assert (ledger.model, ledger.weights, len(ledger)) == ("tinct", "ab", 3)
    known = ledger["/in/a.jpg"]
    assert known is not None
    assert (known.status, known.sha256, known.size, known.mtime_ns, known.settings) == ("done", ZEROS, 5, 11, "0123456789abcdef")
    assert ledger.outputs(known) == [(tmp_path / "out/a.color.jpg", ONES, 7)]
    assert ledger.owner(tmp_path / "out/a.color.jpg") == "/in/a.jpg"
    assert ledger.owner(tmp_path / "out/b.color.jpg") is None
    assert [one.input for one in ledger.entries()] == ["/in/a.jpg", "/in/b.jpg", "/in/é\udcff.jpg"]
    assert [one.reason for one in ledger.entries()] == ["", "/in/b.jpg is empty", ""]


def test_each_line_is_json_with_paths_below_the_folder(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in filled(tmp_path / "out").read_text().splitlines()]
    assert lines[0] == {"tinct": lines[0]["tinct"], "format": 1, "model": "tinct", "weights": "ab"}
    assert lines[1]["outputs"] == [{"path": "a.color.jpg", "sha256": ONES, "bytes": 7}]
    assert lines[1].keys() >= {"input", "sha256", "edit", "status", "seconds", "reason"}


def test_a_later_line_replaces_an_earlier_one(tmp_path: Path) -> None:
    filled(tmp_path)
    with Ledger.opened(tmp_path) as ledger:
        ledger.append(entry("b", folder=tmp_path))
        assert [one.status for one in ledger.entries()] == ["done"] * 3
    known = Ledger.read(tmp_path)["/in/b.jpg"]
    assert known is not None
    assert known.status == "done"


@pytest.mark.parametrize("missing", range(1, 40, 6))
def test_a_line_that_was_cut_off_is_ignored(tmp_path: Path, missing: int) -> None:
    path = filled(tmp_path)
    path.write_bytes(path.read_bytes()[:-missing])
    with Ledger.opened(tmp_path) as ledger:
        assert len(ledger) == 2 + (missing == 1)
        ledger.append(entry("d", folder=tmp_path))
    assert len(Ledger.read(tmp_path)) == 3 + (missing == 1)
    assert [one.input for one in Ledger.read(tmp_path).entries()][-1] == "/in/d.jpg"


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with Ledger.opened(tmp_path), pytest.raises(ConfigError, match="another process") as error, Ledger.opened(tmp_path):
        pass
    assert error.value.code == "collection-running"
    with Ledger.opened(tmp_path):
        pass


def test_a_fresh_one_forgets_what_is_done_but_not_whose_the_outputs_are(tmp_path: Path) -> None:
    before = filled(tmp_path).read_bytes()
    with Ledger.opened(tmp_path, fresh=True) as ledger:
        known = ledger["/in/a.jpg"]
        assert known is not None
        assert known.status == "forgotten"
        assert ledger.weights == ""
        assert ledger.owner(tmp_path / "a.color.jpg") == "/in/a.jpg"
    assert (tmp_path / f"{FILE_NAME}.old").read_bytes() == before
    assert len(Ledger.read(tmp_path)) == 0


def test_a_folder_that_can_t_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="can't be written to") as error, Ledger.opened(tmp_path / "file/out"):
        pass
    assert error.value.code == "output-folder"


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with Ledger.opened(tmp_path) as ledger:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            ledger.append(entry("d"))
        assert path.read_bytes() == before
        assert ledger["/in/d.jpg"] is None


def test_the_ledger_of_a_later_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"tinct": "9.0", "format": 9, "model": "tinct", "weights": "ab"}\n')
    with pytest.raises(ConfigError, match=r"tinct 9\.0"):
        Ledger.read(tmp_path)
