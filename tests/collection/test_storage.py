"""Collections behind URLs: the same files and ledger as on a disk, in fsspec's memory file system."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from command_line import Run, tinct  # noqa: F401
from tinct.collection import Collection, Entry, Ledger, LocalEngine, Settings, color_collection
from tinct.collection.storage import Store, is_url, local_path, mirrored
from tinct.errors import ConfigError, PhotoError

IN, OUT = "memory://scans/box", "memory://results/color"


@pytest.fixture
def memory(box: Path) -> Iterator[fsspec.AbstractFileSystem]:
    """fsspec's memory file system, with the photographs of `box`."""
    fs = fsspec.filesystem("memory")
    fs.store.clear()
    for path in box.rglob("*"):
        if path.is_file():
            fs.pipe_file(f"/scans/box/{path.relative_to(box)}", path.read_bytes())
    yield fs
    fs.store.clear()


def color(source: str, output: str | None, settings: Settings | None = None) -> list[Entry]:
    with mirrored([source], output) as (roots, folder, places, targets), Ledger.opened(folder or roots[0]) as ledger:
        collection = Collection(roots, folder, settings or Settings(), ledger)
        collection.places = places
        entries = []
        for entry in color_collection(collection, LocalEngine(1), ledger):
            for target in targets:
                target.note(entry)
            entries.append(places.entry(entry))
    return entries


def contents(fs: fsspec.AbstractFileSystem, root: str) -> dict[str, bytes]:
    return {path[len(root) :]: fs.cat_file(path) for path in fs.find(root) if not path.endswith("tinct.jsonl")}


def test_urls_give_the_bytes_of_folders(memory: fsspec.AbstractFileSystem, box: Path, tmp_path: Path) -> None:
    entries = color(IN, OUT)
    assert [entry.status for entry in entries] == ["done"] * 4
    assert {entry.input for entry in entries} == {f"{IN}/{name}" for name in ("1.jpg", "2.jpg", "3.png", "1932/4.jpg")}
    assert {output.path for entry in entries for output in entry.outputs} == {
        f"{OUT}/{name}" for name in ("1.color.jpg", "2.color.jpg", "3.color.png", "1932/4.color.jpg")
    }
    color(str(box), str(tmp_path / "out"))
    local = {str(p.relative_to(tmp_path / "out")): p.read_bytes() for p in (tmp_path / "out").rglob("*.color.*")}
    assert contents(memory, "/results/color/") == local


def test_the_ledger_has_urls_and_a_second_run_does_nothing(memory: fsspec.AbstractFileSystem) -> None:
    color(IN, OUT)
    lines = [json.loads(line) for line in memory.cat_file("/results/color/tinct.jsonl").splitlines()]
    assert {line["input"] for line in lines[1:]} == {f"{IN}/{name}" for name in ("1.jpg", "2.jpg", "3.png", "1932/4.jpg")}
    assert {output["path"] for line in lines[1:] for output in line["outputs"]} >= {"1.color.jpg", "1932/4.color.jpg"}
    assert color(IN, OUT) == []
    memory.rm("/results/color/2.color.jpg")
    assert [entry.input for entry in color(IN, OUT)] == [f"{IN}/2.jpg"]


def test_a_run_that_lost_its_ledger_finds_its_results(memory: fsspec.AbstractFileSystem) -> None:
    color(IN, OUT)
    before = contents(memory, "/results/color/")
    memory.rm("/results/color/tinct.jsonl")
    entries = color(IN, OUT)
    assert [entry.status for entry in entries] == ["done"] * 4
    assert not any(entry.made for entry in entries)
    assert contents(memory, "/results/color/") == before


def test_somebody_elses_object_is_never_replaced(memory: fsspec.AbstractFileSystem) -> None:
    memory.pipe_file("/results/color/1.color.jpg", b"mine")
    entries = {entry.input: entry for entry in color(IN, OUT)}
    assert entries[f"{IN}/1.jpg"].status == "failed"
    assert f"{OUT}/1.color.jpg exists already" in entries[f"{IN}/1.jpg"].reason
    assert memory.cat_file("/results/color/1.color.jpg") == b"mine"
    assert sum(entry.status == "done" for entry in entries.values()) == 3


def test_results_beside_the_originals_and_sidecars(memory: fsspec.AbstractFileSystem) -> None:
    memory.pipe_file("/scans/box/1.jpg.tinct.json", json.dumps({"strength": 0}).encode())
    memory.pipe_file("/scans/box/2.xmp", b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
    color(IN, None)
    names = set(contents(memory, "/scans/box/"))
    assert {"1.color.jpg", "2.color.jpg", "3.color.png", "1932/4.color.jpg", "2.color.xmp"} <= names
    ledger = memory.cat_file("/scans/box/tinct.jsonl").decode()
    assert '"strength": 0' in ledger
    assert color(IN, None) == []


def test_from_a_folder_of_this_machine_into_an_url(memory: fsspec.AbstractFileSystem, box: Path) -> None:
    assert len(color(str(box), OUT)) == 4
    assert len(contents(memory, "/results/color/")) == 4
    assert color(f"file://{box}", OUT) == []


def test_the_command_line_names_urls(memory: fsspec.AbstractFileSystem, tinct: Run) -> None:  # noqa: F811
    memory.pipe_file("/scans/box/bad.jpg", b"no picture")
    ended = tinct("colorize", IN, "-o", OUT, "--jobs", 1)
    assert ended.code == 3
    assert sorted(ended.out.split()) == sorted(
        f"{OUT}/{n}" for n in ("1.color.jpg", "2.color.jpg", "3.color.png", "1932/4.color.jpg")
    )
    assert f"{IN}/bad.jpg" in ended.err
    assert "tinct-" not in ended.err
    memory.rm("/scans/box/bad.jpg")
    again = tinct("colorize", IN, "-o", OUT, "--jobs", 1)
    assert (again.code, again.out) == (0, "")
    assert "4 were done before" in again.err


def test_what_is_missing_is_one_line() -> None:
    with pytest.raises(PhotoError, match="memory://nowhere/a: there is no such file or folder") as none:
        Store("memory://nowhere").read("a")
    assert none.value.code == "storage"
    with pytest.raises(ConfigError, match="needs the package adlfs") as caught:
        Store("abfs://container/box")
    assert (caught.value.code, caught.value.details) == ("storage-package", {"package": "adlfs"})
    with pytest.raises(ConfigError, match="nosuch"):
        Store("nosuch://a/b")


def test_no_access_is_told_from_other_errors(memory: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    for error, code in ((Exception("Unable to locate credentials"), "storage-credentials"), (OSError("gone"), "storage")):

        def fail(*arguments: object, raised: Exception = error, **keywords: object) -> None:
            raise raised

        monkeypatch.setattr(type(memory), "find", fail)
        with pytest.raises(PhotoError, match=f"{IN}: ") as caught:
            list(Store(IN).list())
        assert caught.value.code == code


def test_which_texts_are_urls() -> None:
    assert [is_url(text) for text in ("s3://a/b", "memory://x", "a/b", "C:/a", "file:///a", "s3:/a")] == [True, True, *[False] * 4]
    assert local_path("file:///a%20b") == Path("/a b")
