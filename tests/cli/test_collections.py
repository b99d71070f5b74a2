"""``tinct colorize`` with folders: plans, second runs, what stops all and what doesn't."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from command_line import Ended, Run, one_line
from conftest import draw
from tinct import Photo
from tinct.collection import watching
from tinct.errors import PhotoError


@pytest.fixture
def box(tmp_path: Path) -> Path:
    folder = tmp_path / "box"
    (folder / "1932").mkdir(parents=True)
    for i, name in enumerate(("1.jpg", "2.jpg", "1932/3.jpg")):
        Image.fromarray(draw(i, 64, 48)).convert("L").save(folder / name)
    return folder


def test_a_second_run_is_done_before_it_computes_anything(
    tinct: Run, box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    first = tinct("colorize", box, "-o", out)
    assert first == Ended(0, f"{out / '1.color.jpg'}\n{out / '2.color.jpg'}\n{out / '1932/3.color.jpg'}\n", "")
    monkeypatch.setattr(Photo, "open", lambda *args, **options: pytest.fail("a photograph was opened"))
    assert tinct("colorize", box, "-o", out) == Ended(0, "", "tinct: 0 colored; 3 were done before.\n")


def test_named_files_without_a_folder_are_known_by_their_records(tinct: Run, box: Path) -> None:
    files = [box / "1.jpg", box / "2.jpg"]
    assert tinct("colorize", *files).code == 0
    assert tinct("colorize", *files) == Ended(0, "", "tinct: 0 colored; 2 were done before.\n")
    assert not (box / "tinct.jsonl").exists()
    alone = tinct("colorize", files[0])
    assert (alone.code, alone.out) == (0, f"{box / '1.color.jpg'}\n"), "a script gets the name of the result every time"
    assert "before" in alone.err
    ended = tinct("colorize", *files, "--vividness", 1)
    assert ended.code == 3
    assert ended.err.count("exists already, with other colors. Replace it with --overwrite") == 2


def test_a_plan_says_how_many_how_long_and_how_much(tinct: Run, box: Path, tmp_path: Path) -> None:
    (box / "a.gif").write_bytes(b"GIF89a")
    (box / "1.tinct.json").write_text('{"strength": 0.5}')
    ended = tinct("colorize", box, "-o", tmp_path / "out", "--dry-run", "--jobs", 2)
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert re.fullmatch(r"3 photographs, 0 done, 3 to color \([\d.]+ kB\)", lines[0])
    assert lines[1:3] == ["1 with an edit of their own", "passed over: 1 GIF"]
    assert re.fullmatch(r"about [\d.]+ s with 2 processes, by 3 samples", lines[3])
    assert re.fullmatch(r"about [\d.]+ kB of disk, of which [\d.,]+ [GT]B are free", lines[4])
    assert not (tmp_path / "out").exists()
    assert tinct("colorize", box / "1.jpg", "--dry-run").out.startswith("1 photograph, 0 done")
    assert not (box / "1.color.jpg").exists()


def test_another_edit_replaces_results_that_were_named_by_a_relative_path(
    tinct: Run, box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(box.parent)
    assert tinct("colorize", "box", "-o", "out").code == 0
    before = Path("out/1.color.jpg").read_bytes()
    ended = tinct("colorize", "box", "-o", "out", "--vividness", 1)
    assert ended == Ended(0, "out/1.color.jpg\nout/2.color.jpg\nout/1932/3.color.jpg\n", "")
    assert Path("out/1.color.jpg").read_bytes() != before


def test_what_was_passed_over_is_counted_by_reason(tinct: Run, box: Path) -> None:
    (box / "a.gif").write_bytes(b"GIF89a")
    (box / "._1.jpg").write_bytes(b"\0\5\26\7")
    ended = tinct("colorize", box)
    assert (ended.code, ended.err) == (0, "tinct: 3 colored; passed over: 1 GIF, 1 hidden.\n")


def test_subfolders_of_several_folders_are_kept_apart(tinct: Run, box: Path, tmp_path: Path) -> None:
    ended = tinct("colorize", box, box / "1932", "-o", tmp_path / "out", "--include", "*.jpg", "--exclude", "2.*")
    assert ended.out == f"{tmp_path / 'out/box/1.color.jpg'}\n{tmp_path / 'out/box/1932/3.color.jpg'}\n"
    ended = tinct("colorize", box / "1932", box, "--exclude", "2.*")
    assert ended.out == f"{box / '1932/3.color.jpg'}\n{box / '1.color.jpg'}\n"
    assert (box / "tinct.jsonl").exists()
    assert (box / "1932/tinct.jsonl").exists()


def test_a_full_disk_stops_all_and_the_next_run_continues(
    tinct: Run, box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, out = Photo.save, tmp_path / "out"

    def full(self: Photo, path: Path, **options: Any) -> Path:
        if path.name == "2.color.jpg":
            raise PhotoError("full", code="cannot-write", errno=errno.ENOSPC)
        return save(self, path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Photo, "save", full)
        ended = tinct("colorize", box, "-o", out)
    assert (ended.code, ended.out) == (1, f"{out / '1.color.jpg'}\n")
    assert ended.err == f"tinct: {out / '2.color.jpg'} can't be written: the disk is full. " + (
        "Make room, and run the same command again: it continues.\n"
    )
    assert tinct("colorize", box, "-o", out).err == "tinct: 2 colored; 1 was done before.\n"


def test_the_results_of_another_model(tinct: Run, box: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert tinct("colorize", box, "-o", out, "--model", "autoencoder").code == 0
    one_line(tinct("colorize", box, "-o", out), "another model, autoencoder", "--fresh", "--keep")
    assert tinct("colorize", box, "-o", out, "--keep").err == "tinct: 0 colored; 3 were done before.\n"
    assert tinct("colorize", box, "-o", out, "--fresh").out.count("\n") == 3


def test_a_folder_that_can_t_be_read_is_a_line(tinct: Run, box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    def locked(path: Any) -> Any:
        if Path(path).name == "1932":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", locked)
    ended = tinct("colorize", box)
    assert ended.code == 3
    assert ended.err.startswith(f"tinct: {box / '1932'} can't be read (Permission denied)")
    assert ended.out.count("\n") == 2
    assert ended.err.endswith("tinct: 2 colored; 1 folder couldn't be read.\n")


def test_names_that_are_not_utf_8_are_printed_as_they_are(box: Path) -> None:
    """A script that reads the names of the results gets the bytes that open them."""
    for name in ("1.jpg", "2.jpg"):
        (box / name).rename(os.fsdecode(os.fsencode(box / name).replace(b"jpg", b"\xff.jpg")))

    def run() -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([sys.executable, "-m", "tinct", "colorize", str(box)], capture_output=True, check=False)

    ended = run()
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert sorted(Path(os.fsdecode(line)).exists() for line in ended.stdout.splitlines()) == [True] * 3
    assert run().stderr.startswith(b"tinct: 0 colored; 3 were done before")


def test_watching_ends_with_ctrl_c(tinct: Run, box: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    looks: list[float] = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(watching.time, "sleep", sleep)
    ended = tinct("colorize", box, "-o", tmp_path / "out", "--watch")
    assert ended.code == 130
    assert ended.out.count("\n") == 3
    assert ended.err == "\ntinct: stopped; the same command continues.\n"
    assert (tmp_path / "out/summary.html").exists()
    assert tinct("colorize", box / "1.jpg", "--watch").code == 2
    assert tinct("colorize", box, "--watch", "--series").code == 2


def test_a_series_is_planned_before_it_is_colored(tinct: Run, box: Path, tmp_path: Path) -> None:
    ended = tinct("colorize", box, "-o", tmp_path / "out", "--series")
    assert (ended.code, ended.out.count("\n")) == (0, 3)
    assert (tmp_path / "out/tinct.series.json").exists()
    one_line(tinct("colorize", box, "-o", tmp_path / "vae", "--series", "--model", "vae"), "'vae'", "hints")
