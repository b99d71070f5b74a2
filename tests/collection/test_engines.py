"""The local engine: the same bytes with any number of processes, and photographs that kill theirs."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from conftest import draw
from killed_jobs import sometimes_killed
from tinct.collection import Collection, Entry, LocalEngine, Settings
from tinct.collection.engines import _MIN_PHOTOS_A_PROCESS
from tinct.collection.run import color_collection


@pytest.fixture
def many(tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(2 * _MIN_PHOTOS_A_PROCESS + 1):
        Image.fromarray(draw(i, 64, 48)).convert("L").save(folder / f"{i}.jpg")
    (folder / "bad.jpg").write_text("no picture")
    return folder


def run(folder: Path, out: Path, jobs: int) -> list[Entry]:
    return list(color_collection(Collection([folder], out, Settings()), LocalEngine(jobs)))


def test_every_number_of_processes_gives_the_same_files(many: Path, tmp_path: Path) -> None:
    ended = {jobs: run(many, tmp_path / str(jobs), jobs) for jobs in (1, 2)}
    for entries in ended.values():
        assert [entry.status for entry in sorted(entries, key=lambda entry: entry.input)] == ["done"] * 9 + ["failed"]
    files = {jobs: {path.name: path.read_bytes() for path in (tmp_path / str(jobs)).iterdir()} for jobs in (1, 2)}
    assert len(files[1]) == 9
    assert files[1] == files[2]


def test_a_photograph_that_kills_its_process_is_set_aside_and_nothing_else_is_lost(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tinct.collection.engines.color_file", sometimes_killed)
    entries = run(many, tmp_path / "out", 2)
    assert len(entries) == 10
    failed = {Path(entry.input).name: entry for entry in entries if entry.status == "failed"}
    assert failed.keys() == {"7.jpg", "bad.jpg"}
    assert "killed" in failed["7.jpg"].reason
    assert failed["7.jpg"].code == "process-killed"


def test_jobs_are_read_only_a_little_ahead(many: Path, tmp_path: Path) -> None:
    taken: list[str] = []

    def jobs() -> object:
        for job, _ in Collection([many], tmp_path / "out", Settings()):
            taken.append(job.input.name)
            yield job

    entries = LocalEngine(1).run(jobs(), Settings())  # type: ignore[arg-type]
    next(entries)
    assert len(taken) <= 2 * _MIN_PHOTOS_A_PROCESS
