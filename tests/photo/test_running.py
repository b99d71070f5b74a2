"""Running libvips: progress, Ctrl-C, and warnings, which are discarded for tinct's own work and left to the host program otherwise."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import pyvips

import tinct
from pictures import cut, encoded, picture, random_ab, scene
from tinct.coloring.upsampling import recolor
from tinct.errors import PhotoError
from tinct.photo import photo as photo_module
from tinct.photo.opening import read_xmp
from tinct.photo.photo import Photo
from tinct.photo.running import run, without_warnings

WHOLE = encoded(picture("L"), "JPEG")
DAMAGED = WHOLE[: len(WHOLE) // 2] + WHOLE[-2:]  # libjpeg fills in the rest, and libvips warns

TABLES = WHOLE.index(b"\xff\xdb")
STRAY = WHOLE[:TABLES] + b"junk" + WHOLE[TABLES:]  # libvips warns of the header


def warn() -> None:
    """As a program does that uses pyvips itself."""
    pyvips.Image.new_from_buffer(DAMAGED, "").avg()


# ---- warnings -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [DAMAGED, STRAY], ids=["end", "header"])
def test_damaged_files_log_and_print_nothing(
    data: bytes, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Libvips warns when pixels are decoded, and again when the image is freed. Python code called then may end the process."""
    with caplog.at_level("WARNING"):
        photo = Photo.open(data)
        photo.small_rgb(20, 15), photo.to_numpy(), photo.to_pil(), photo._repr_png_()
        colored = recolor(photo, random_ab())
        colored.small_rgb(20, 15)
        colored.layer().save(tmp_path / "layer.png")
        (tmp_path / "damaged.jpg").write_bytes(data)
        read_xmp(tmp_path / "damaged.jpg")
        with pytest.raises(PhotoError, match="more than the limit"):
            Photo.open(data, max_pixels=9)
        gc.collect()
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["JPEG", "progressive JPEG", "PNG", "TIFF", "WEBP"])
def test_truncated_files_and_broken_profiles_log_and_print_nothing(
    kind: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level("WARNING"):
        for work in (Photo.to_numpy, lambda photo: photo.small_rgb(20, 15), lambda photo: photo.to_bytes(".png")):
            with pytest.raises(PhotoError, match="truncated"):
                work(Photo.open(cut(kind, 0.03)))
            if kind != "WEBP":
                work(Photo.open(cut(kind, 0.97)))
        broken = Photo.open(encoded(picture("L"), kind.split()[-1], icc_profile=b"junk" * 50))
        recolor(broken, random_ab()).to_bytes(".png")
        gc.collect()
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


HOST = """
import logging, sys
records = []
handler = logging.Handler()
handler.emit = records.append
logging.getLogger("pyvips").addHandler(handler)

import pyvips
from pathlib import Path
pyvips.cache_set_max(0)  # warnings come when an image is freed
damaged = Path(sys.argv[1]).read_bytes()

def warn():
    records.clear()
    pyvips.Image.new_from_buffer(damaged, "").avg()
    return [record.getMessage() for record in records if record.levelno >= logging.WARNING]

expected = warn()
assert expected, "pyvips itself doesn't warn"
import tinct
assert warn() == expected, "after importing tinct"
photo = tinct.Photo.open(sys.argv[1])
assert warn() == expected, "after opening a photo"
records.clear()
photo.to_numpy()
assert records == [], "tinct's own work warns"
assert warn() == expected, "after computing pixels"
"""


def test_the_host_program_keeps_the_warnings_of_pyvips(tmp_path: Path) -> None:
    (tmp_path / "damaged.jpg").write_bytes(DAMAGED)
    environment = {**os.environ, "PYTHONPATH": str(Path(tinct.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", HOST, str(tmp_path / "damaged.jpg")], check=True, env=environment)


def test_warnings_come_back_after_the_last_of_several_blocks(caplog: pytest.LogCaptureFixture) -> None:
    inside, leave = threading.Event(), threading.Event()

    def work() -> None:
        with without_warnings():
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=work)
    with caplog.at_level("WARNING"):
        with without_warnings():
            thread.start()
            assert inside.wait(60)
        warn()
        assert caplog.records == []
        leave.set()
        thread.join()
        warn()
        assert any("premature end of data" in record.getMessage() for record in caplog.records)


def test_warnings_come_back_after_an_error(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING"):
        with pytest.raises(ZeroDivisionError), without_warnings():
            raise ZeroDivisionError
        warn()
    assert caplog.records


# ---- progress and Ctrl-C --------------------------------------------------------------------------------------------------------


def test_large_pictures_report_their_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, float, threading.Thread]] = []

    def progress(what: str, part: float) -> None:
        seen.append((what, part, threading.current_thread()))

    quiet = Photo.open(scene(), progress=progress)
    quiet.to_numpy()
    assert seen == []
    monkeypatch.setattr(photo_module, "_SHOWS_PROGRESS", 0)
    photo = Photo.open(scene(), progress=progress)
    photo.to_numpy()
    recolor(photo, random_ab()).to_bytes(".png")
    assert {what for what, _, _ in seen} == {"reading", "writing"}
    assert {thread for _, _, thread in seen} == {threading.current_thread()}
    assert all(0 <= part <= 1 for _, part, _ in seen)


def test_an_error_in_progress_stops_the_work() -> None:
    def interrupt(what: str, part: float) -> None:
        raise KeyboardInterrupt

    image = pyvips.Image.black(20_000, 20_000).gaussblur(20)  # minutes of work
    with pytest.raises(KeyboardInterrupt):
        run(image, lambda pixels: pixels.avg(), "reading", interrupt)


@pytest.mark.skipif(os.name != "posix", reason="signals of another kind")
def test_ctrl_c_is_heard_while_libvips_works() -> None:
    def work(image: pyvips.Image) -> None:
        signal.raise_signal(signal.SIGINT)  # handled on the main thread
        image.avg()

    with pytest.raises(KeyboardInterrupt):
        run(pyvips.Image.black(20_000, 20_000).gaussblur(20), work, "reading", None)


def test_on_another_thread_no_further_one_is_started() -> None:
    threads: list[threading.Thread] = []
    image = pyvips.Image.new_from_array(np.ones((4, 4)))

    def start() -> None:
        run(image, lambda _: threads.append(threading.current_thread()), "reading", None)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    start()
    assert threads[0] is thread
    assert threads[1] is not threading.current_thread()
