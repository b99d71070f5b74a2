"""Full disks, read-only folders, vanishing photographs, Ctrl-C and kill -9: an output is there as a whole or not at all."""

from __future__ import annotations

import errno
import importlib
import io
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conftest import draw
from tinct import Colorizer, PhotoError
from tinct.photo.photo import Photo

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SUFFIXES = (".jpg", ".png", ".tif", ".webp", ".avif")
DISK = (errno.ENOSPC, errno.EIO, errno.EPERM, errno.EACCES, errno.EROFS, errno.EXDEV)


def save_gray(path: Path, seed: int = 1, width: int = 96, height: int = 80) -> Path:
    """A gray photograph with some EXIF, which TIFF files get after their pixels."""
    if path.suffix == ".avif":
        jpeg = save_gray(path.with_name("photo.jpeg"), seed, width, height)
        Photo.open(jpeg).save(path.with_name("new.avif")).replace(path)
        jpeg.unlink()
        return path
    exif = Image.Exif()
    exif[315], exif[33432] = "Ann Example", "1950 " + "Town archive, box 12. " * 20
    exif.get_ifd(34665)[36867] = "1950:06:07 08:09:10"
    Image.fromarray(draw(seed, width, height)).convert("L").save(path, exif=exif)
    return path


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(threads=1)


@pytest.fixture(params=SUFFIXES)
def photo(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return save_gray(tmp_path / f"photo{request.param}")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Limit files to `size` bytes. As on a full disk, the write that reaches the limit is cut short, and the next one fails."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


@contextmanager
def as_nobody(colorizer: Colorizer) -> Iterator[Path]:
    """A folder of an unprivileged user, whose rights the process takes on: root ignores permissions."""
    if os.name != "posix":
        pytest.skip("permissions are another matter here")
    with tempfile.TemporaryDirectory() as place:
        folder, root = Path(place), os.geteuid() == 0
        for suffix in SUFFIXES:  # so that all is loaded that others may not be allowed to read
            colorizer.colorize(save_gray(folder / f"first{suffix}")).save(folder / f"second{suffix}")
        for path in folder.iterdir():
            path.unlink()
        if root:
            os.chown(folder, 65534, 65534)
            os.setegid(65534)
            os.seteuid(65534)
        try:
            if not os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
                pytest.skip("folders for temporary files are closed to others here")
            yield folder
        finally:
            folder.chmod(0o700)
            if root:
                os.seteuid(0)
                os.setegid(0)


# Full disks


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_disk_that_is_full_after_any_byte(
    photo: Path, overwrite: bool, colorizer: Colorizer, tmp_path: Path, thorough: bool
) -> None:
    colored, target = colorizer.colorize(photo), tmp_path / f"out{photo.suffix}"
    whole = colored.save(target).read_bytes()
    target.unlink()
    if overwrite:
        colorizer.colorize(photo, strength=0.3).save(target)
    before = contents(tmp_path)
    size = len(whole)
    parts, step = (40, 23) if thorough else (5, 210)  # TIFF files get their metadata last
    for most in sorted({0, 1, *range(0, size, max(1, size // parts)), *range(max(0, size - 700), size, step), size - 2, size - 1}):
        with files_of_at_most(most), pytest.raises(PhotoError, match=rf"out\{photo.suffix} can't be written"):
            colored.save(target, overwrite=overwrite)
        assert contents(tmp_path) == before, f"after {most} of {size} bytes"
    with files_of_at_most(size):
        assert colored.save(target, overwrite=overwrite).read_bytes() == whole


class Calls:
    """Counts the calls to the operating system's file functions, and makes call number `last` fail."""

    NAMES = ("open", "fsync", "link", "replace", "rename")

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.count, self.last, self.error = 0, -1, BaseException()
        for name in self.NAMES:
            patch.setattr(os, name, self.counted(getattr(os, name)))

    def counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            self.count += 1
            if self.count == self.last:
                raise self.error
            return call(*arguments, **options)

        return wrapped

    def fail(self, last: int, error: BaseException) -> None:
        self.count, self.last, self.error = 0, last, error


def attempts(
    saving: Callable[[], object], errors: list[BaseException], monkeypatch: pytest.MonkeyPatch
) -> Iterator[BaseException | None]:
    """What saving raises when the first call to the system fails, in each of these ways; the second; and so on."""
    for number in range(1, 30):
        for error in errors:
            raised: BaseException | None = None
            with monkeypatch.context() as patch:
                calls = Calls(patch)
                calls.fail(number, error)
                try:
                    saving()
                except BaseException as caught:
                    raised = caught
            yield raised
        if calls.count < number:
            assert number > 2, "there was nothing that could fail"
            return
    raise AssertionError("it never comes to an end")


@pytest.mark.parametrize("overwrite", [False, True])
def test_any_call_to_the_system_may_fail(
    photo: Path, overwrite: bool, colorizer: Colorizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, thorough: bool
) -> None:
    colored, target = colorizer.colorize(photo), tmp_path / f"out{photo.suffix}"
    whole = colored.save(target).read_bytes()
    target.unlink()
    earlier = colorizer.colorize(photo, strength=0.3).save(tmp_path / f"earlier{photo.suffix}").read_bytes()
    (tmp_path / f"earlier{photo.suffix}").unlink()
    errors: list[BaseException] = [OSError(number, os.strerror(number)) for number in (DISK if thorough else DISK[:2])]
    if overwrite:
        target.write_bytes(earlier)
    before = contents(tmp_path)
    failed = 0
    for raised in attempts(lambda: colored.save(target, overwrite=overwrite), errors, monkeypatch):
        if raised is None:  # there was another way
            assert contents(tmp_path) == before | {target.name: whole}
        else:
            assert isinstance(raised, PhotoError), repr(raised)
            assert target.name in str(raised)
            assert contents(tmp_path) == before
            failed += 1
        target.write_bytes(earlier) if overwrite else target.unlink(missing_ok=True)
    assert failed >= len(errors)  # that of syncing, at least, has no other way


@pytest.mark.parametrize("overwrite", [False, True])
def test_an_interruption_at_any_call_to_the_system(
    photo: Path, overwrite: bool, colorizer: Colorizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    colored, target = colorizer.colorize(photo), tmp_path / f"out{photo.suffix}"
    whole = colored.save(target).read_bytes()
    target.unlink()
    if overwrite:
        colorizer.colorize(photo, strength=0.3).save(target)
    before = contents(tmp_path)
    for raised in attempts(lambda: colored.save(target, overwrite=overwrite), [KeyboardInterrupt(), MemoryError()], monkeypatch):
        assert raised is None or isinstance(raised, (KeyboardInterrupt, MemoryError)), repr(raised)
        assert contents(tmp_path) in (
            (before | {target.name: whole},) if raised is None else (before, before | {target.name: whole})
        )
        target.unlink(missing_ok=True)
        if overwrite:
            target.write_bytes(before[target.name])


# Places that can't be written to


@pytest.mark.parametrize("place", ["/proc", "/sys", "/proc/self/fd"])
def test_a_place_where_no_files_are_made(place: str, photo: Path, colorizer: Colorizer) -> None:
    if not Path(place).is_dir():
        pytest.skip(f"no {place} here")
    target = Path(place) / f"out{photo.suffix}"
    with pytest.raises(PhotoError, match=rf"out\{photo.suffix} can't be written"):
        colorizer.colorize(photo).save(target)
    assert not target.exists()


def test_a_folder_in_which_one_may_not_write(colorizer: Colorizer) -> None:
    with as_nobody(colorizer) as folder:
        colored = colorizer.colorize(save_gray(folder / "photo.jpg"))
        colored.save(folder / "earlier.jpg")
        before = contents(folder)
        folder.chmod(0o500)
        for name in ("out.jpg", "out.png", "out.tif", "out.webp", "earlier.jpg"):
            with pytest.raises(PhotoError, match=rf"{name} can't be written: there is no permission"):
                colored.save(folder / name, overwrite=True)
        assert contents(folder) == before


def test_a_photograph_that_one_may_not_read(colorizer: Colorizer) -> None:
    with as_nobody(colorizer) as folder:
        path = save_gray(folder / "photo.jpg")
        path.chmod(0)
        with pytest.raises(PhotoError, match=r"photo\.jpg can't be opened .*check its permissions"):
            colorizer.colorize(path)
        path.chmod(0o600)
        colored = colorizer.colorize(path)
        path.chmod(0)
        with pytest.raises(PhotoError, match=r"photo\.jpg"):
            colored.save(folder / "out.jpg")
        assert [entry.name for entry in folder.iterdir()] == ["photo.jpg"]


def test_a_folder_into_which_one_may_not_look(colorizer: Colorizer) -> None:
    with as_nobody(colorizer) as folder:
        (folder / "closed").mkdir()
        path = save_gray(folder / "closed" / "photo.jpg")
        path.parent.chmod(0)
        try:
            with pytest.raises(PhotoError, match=r"photo\.jpg can't be opened .*check its permissions"):
                colorizer.colorize(path)
        finally:
            path.parent.chmod(0o700)


def test_a_photograph_below_a_file(photo: Path, colorizer: Colorizer) -> None:
    with pytest.raises(PhotoError, match=r"inner\.jpg"):
        colorizer.colorize(photo / "inner.jpg")


# Photographs that change between the look of the network and the writing


def delete(path: Path) -> None:
    path.unlink()


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def replace_by_text(path: Path) -> None:
    path.write_bytes(b"Dear grandmother,\n" * 500)


def replace_by_another(path: Path) -> None:
    save_gray(path, seed=2)


def replace_by_a_larger_one(path: Path) -> None:
    save_gray(path, seed=2, width=120, height=100)


def replace_by_one_of_another_format(path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(draw(2)).convert("L").save(buffer, "GIF" if path.suffix == ".png" else "PNG")
    path.write_bytes(buffer.getvalue())


def turn_into_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


CHANGES = [
    *(delete, cut_in_half, empty, replace_by_text, replace_by_another, replace_by_a_larger_one, replace_by_one_of_another_format),
    turn_into_a_folder,
]


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_photograph_that_changes_before_its_result_is_written(
    change: Callable[[Path], None], overwrite: bool, photo: Path, colorizer: Colorizer, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    target, earlier = tmp_path / "out" / f"out{photo.suffix}", b""
    colored = colorizer.colorize(photo)
    if overwrite:
        earlier = colorizer.colorize(photo, strength=0.3).save(target).read_bytes()
    change(photo)
    with pytest.raises(PhotoError, match=rf"photo\{photo.suffix}"):
        colored.save(target, overwrite=overwrite)
    assert contents(tmp_path / "out") == ({target.name: earlier} if overwrite else {})


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_photograph_that_changes_before_it_is_looked_at(
    change: Callable[[Path], None], photo: Path, colorizer: Colorizer, tmp_path: Path
) -> None:
    opened = Photo.open(photo)
    change(photo)
    with pytest.raises(PhotoError, match=rf"photo\{photo.suffix}"):
        colorizer.colorize(opened).save(tmp_path / "out.png")
    assert [path.name for path in tmp_path.iterdir() if path != photo] == []


def test_a_photograph_that_vanishes_while_it_is_written(
    photo: Path, colorizer: Colorizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    colored, target = colorizer.colorize(photo), tmp_path / f"out{photo.suffix}"
    fsync, whole = os.fsync, colored.save(target).read_bytes()
    target.unlink()

    def vanish(descriptor: int) -> None:
        photo.unlink(missing_ok=True)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", vanish)
    with suppress(PhotoError):  # it was read already, so both will do
        colored.save(target)
    assert contents(tmp_path) in ({}, {target.name: whole})


# Signals


@pytest.fixture
def kills(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """benchmarks/kills.py."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # a process killed while it writes its coverage leaves half a file
    return importlib.import_module("kills")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals are another matter here")
@pytest.mark.parametrize("suffix", [".tif", ".png"])
def test_killed_at_any_moment(suffix: str, kills: Any, tmp_path: Path) -> None:
    killed = kills.run(kills.draw(tmp_path / f"photo{suffix}", 2), 12, seed=1)
    assert [one for one in killed if one.is_bad(kills.keeps_files_without_name(tmp_path))] == []
    assert [path.name for path in tmp_path.iterdir()] == [f"photo{suffix}"]
    for one in killed:
        assert one.code in {signal.SIGINT: (130, -2, 0), signal.SIGTERM: (143, -15, 0), signal.SIGKILL: (-9, 0)}[one.signal], one
        assert one.code != 0 or one.output == "whole", one


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to see when the writing begins")
@pytest.mark.parametrize("megapixels", [2, 4, 10])
def test_ctrl_c_while_a_picture_is_written_ends_the_program(megapixels: float, kills: Any, tmp_path: Path) -> None:
    photo = kills.draw(tmp_path / "photo.png", megapixels)
    after = save_gray(tmp_path / "photo-after.png")  # were it not heard, this one would come next
    with subprocess.Popen([*kills.COMMAND, photo, after], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        kills.await_writing(process, photo, after)
        time.sleep(0.1)  # until libvips is at work
        process.send_signal(signal.SIGINT)
        _, printed = process.communicate()
    assert process.returncode == 130, printed.decode()
    assert b"Traceback" not in printed
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "photo.color.png") == ["photo-after.png", "photo.png"]
    with suppress(FileNotFoundError), Image.open(tmp_path / "photo.color.png") as image:  # whole, if there at all
        assert np.ptp(np.asarray(image).astype(int), axis=2).max() > 5
