"""Atomic writing: with files that have no name (O_TMPFILE), and with temporary names where a file system lacks them."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tinct._util import files as _files
from tinct._util.files import new_file, write_whole
from tinct.errors import PhotoError
from tinct.photo import photo
from tinct.photo.photo import WRITABLE_SUFFIXES, Photo


def has_unnamed_files() -> bool:
    """Whether the folder for temporary files supports files without a name (O_TMPFILE), as on Linux."""
    descriptor = _files._unnamed(Path(tempfile.gettempdir()))
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is not None


WAYS = ["unnamed", "named"] if has_unnamed_files() else ["named"]


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """New files are written under a temporary name, as on systems without O_TMPFILE."""
    monkeypatch.setattr(_files, "_unnamed", lambda folder: None)


@pytest.fixture(params=WAYS, autouse=True)
def way(request: pytest.FixtureRequest) -> str:
    """How a new file is written: without a name (O_TMPFILE), or under a temporary name."""
    if request.param == "named":
        request.getfixturevalue("named")
    return str(request.param)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    with new_file(tmp_path / "new.txt", overwrite=False) as file:
        file.write(b"all ")
        assert not (tmp_path / "new.txt").exists()
        file.write(b"of it")
    assert (tmp_path / "new.txt").read_bytes() == b"all of it"
    assert names(tmp_path) == ["new.txt"]


def test_an_earlier_file_is_replaced_only_with_overwrite(tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_bytes(b"earlier")
    with pytest.raises(FileExistsError), new_file(tmp_path / "new.txt", overwrite=False) as file:
        file.write(b"later")
    assert (tmp_path / "new.txt").read_bytes() == b"earlier"
    with new_file(tmp_path / "new.txt", overwrite=True) as file:
        file.write(b"later")
        assert (tmp_path / "new.txt").read_bytes() == b"earlier"
    assert (tmp_path / "new.txt").read_bytes() == b"later"
    assert names(tmp_path) == ["new.txt"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_failed_write_leaves_nothing(overwrite: bool, tmp_path: Path) -> None:
    with contextlib.suppress(ZeroDivisionError), new_file(tmp_path / "new.txt", overwrite=overwrite) as file:
        file.write(b"half of")
        raise ZeroDivisionError
    assert names(tmp_path) == []


@pytest.mark.parametrize("way", WAYS[:-1], indirect=True)
def test_a_killed_process_leaves_nothing(way: str, tmp_path: Path) -> None:
    code = (
        "import os, pathlib, signal, sys; from tinct._util.files import new_file\n"
        "with new_file(pathlib.Path(sys.argv[1]), overwrite=False) as file:\n"
        "    file.write(b'half of'); file.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(_files.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "new.txt")], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert names(tmp_path) == []


def test_write_whole_replaces_the_content(tmp_path: Path) -> None:
    for content in ("first", b"second", memoryview(b"third")):
        write_whole(tmp_path / "a.txt", content)
    assert (tmp_path / "a.txt").read_bytes() == b"third"
    assert names(tmp_path) == ["a.txt"]


def test_a_failed_write_whole_keeps_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    write_whole(tmp_path / "a.txt", "old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


# ---- saved photographs ----------------------------------------------------------------------------------------------------------


def test_a_file_that_another_process_wrote_meanwhile_is_kept(
    colored: Photo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, encode = tmp_path / "out.jpg", photo.encode

    def slow(*arguments: Any) -> None:
        encode(*arguments)
        target.write_bytes(b"of another process")

    monkeypatch.setattr(photo, "encode", slow)
    with pytest.raises(PhotoError, match="exists already"):
        colored.save(target)
    assert target.read_bytes() == b"of another process"
    assert names(tmp_path) == ["old.jpg", "out.jpg"]


@pytest.mark.parametrize("way", ["named"], indirect=True)  # files without a name get theirs by a hard link
def test_saves_on_file_systems_without_hard_links(
    way: str, colored: Photo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", unsupported)
    colored.save(tmp_path / "out.jpg")
    assert names(tmp_path) == ["old.jpg", "out.jpg"]


@pytest.mark.parametrize("folder", ["missing", "old.jpg"])
def test_a_missing_folder_is_named(folder: str, colored: Photo, tmp_path: Path) -> None:
    target = tmp_path / folder / "out.png"
    with pytest.raises(PhotoError, match=r"out\.png can't be written: there is no such folder$") as raised:
        colored.save(target)
    assert (raised.value.code, raised.value.details["path"]) == ("cannot-write", str(target))


@pytest.mark.parametrize("suffix", WRITABLE_SUFFIXES)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_leaves_nothing(suffix: str, colored: Photo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "open", lambda *_, opened=os.open: opened("/dev/full", os.O_RDWR))
    with pytest.raises(PhotoError, match=r"can't be written: the disk is full$"):
        colored.save(tmp_path / f"out{suffix}")
    monkeypatch.undo()
    assert names(tmp_path) == ["old.jpg"]


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "your share of the disk is full"),
        (OSError(errno.EFBIG, "File too large"), "the disk can't hold a file of that size"),
        (PermissionError(errno.EACCES, "Permission denied"), "there is no permission to write there"),
        (OSError(errno.EROFS, "Read-only file system"), "the disk is read-only"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
    ],
)
def test_a_failed_save_keeps_the_earlier_output(
    call: str, error: OSError, message: str, colored: Photo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    earlier = colored.save(tmp_path / "out.jpg").read_bytes()
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(PhotoError, match=f"{message}$") as raised:
        colored.save(tmp_path / "out.jpg", overwrite=True)
    monkeypatch.undo()
    assert raised.value.code == "cannot-write"
    assert (tmp_path / "out.jpg").read_bytes() == earlier
    assert names(tmp_path) == ["old.jpg", "out.jpg"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_save_leaves_nothing(
    error: type[BaseException], colored: Photo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object, file: Any, __: object) -> None:
        file.write(b"half a pict")
        raise error

    monkeypatch.setattr(photo, "encode", interrupted)
    with pytest.raises(error):
        colored.save(tmp_path / "out.jpg")
    assert names(tmp_path) == ["old.jpg"]


def test_the_result_has_the_mode_of_a_new_file(colored: Photo, tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    assert colored.save(tmp_path / "out.jpg").stat().st_mode == (tmp_path / "plain").stat().st_mode
