"""``tinct colorize`` in a pipe: pictures from standard input and to standard output, in processes of their own."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conftest import draw

COMMAND = [sys.executable, "-c", "from tinct.cli import main; main()", "colorize"]


def run(*arguments: object, sent: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *map(str, arguments)], input=sent, capture_output=True, check=False)


def encoded(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(draw(1, 160, 120)).convert("L").save(buffer, kind, **options)
    return buffer.getvalue()


def colorful(data: bytes) -> tuple[str | None, tuple[int, int]]:
    """Format and size of a picture, which must have colors."""
    with Image.open(io.BytesIO(data)) as image:
        assert np.ptp(np.asarray(image.convert("RGB")).astype(int), axis=2).max() > 5
        return image.format, image.size


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_picture_comes_back_in_its_format_and_nothing_else_with_it(kind: str) -> None:
    ended = run("-", "-o", "-", sent=encoded(kind))
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert colorful(ended.stdout) == (kind, (160, 120))


def test_a_pipe_gives_the_same_bytes_as_a_file(photo: Path) -> None:
    ended = run("-", "--no-provenance", sent=photo.read_bytes())  # the record would hold the original's name
    assert run(photo, "-o", "-", "--no-provenance").stdout == ended.stdout
    assert run(photo, "--no-provenance").returncode == 0
    assert photo.with_name("grandmother.color.jpg").read_bytes() == ended.stdout


def test_the_format_can_be_chosen() -> None:
    assert colorful(run("-", "--format", "png", sent=encoded("JPEG")).stdout) == ("PNG", (160, 120))
    assert run("-", "--format", "gif", sent=encoded("JPEG")).returncode == 2


def test_standard_input_into_a_file(tmp_path: Path) -> None:
    ended = run("-", "-o", tmp_path / "x.png", sent=encoded("JPEG"))
    assert (ended.returncode, ended.stdout.decode()) == (0, f"{tmp_path / 'x.png'}\n")
    assert colorful((tmp_path / "x.png").read_bytes()) == ("PNG", (160, 120))


def test_notes_go_to_standard_error(tmp_path: Path) -> None:
    pages = [Image.fromarray(draw(i)).convert("L") for i in range(2)]
    pages[0].save(tmp_path / "album.tif", save_all=True, append_images=pages[1:])
    ended = run("-", sent=(tmp_path / "album.tif").read_bytes())
    assert ended.returncode == 0
    assert b"first of 2 pages" in ended.stderr
    assert colorful(ended.stdout)[0] == "TIFF"


def test_what_is_no_picture_gives_one_line_and_no_bytes() -> None:
    for sent in (b"", b"Dear grandmother,\n", encoded("JPEG")[:400]):
        ended = run("-", sent=sent)
        assert (ended.returncode, ended.stdout) == (1, b"")
        assert ended.stderr.startswith(b"tinct: standard input ")
        assert ended.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("{photo}", "{photo}", "-o", "-"),
        ("{folder}", "-o", "-"),
        ("{photo}", "-o", "-", "--layer"),
        ("{photo}", "-o", "-", "--compare"),
        ("{photo}", "-o", "-", "--variants", "2"),
        ("-", "{photo}"),
        ("-", "-o", "{folder}"),
    ],
)
def test_what_a_pipe_can_t_take_is_a_usage_error(photo: Path, arguments: tuple[str, ...]) -> None:
    (photo.parent / "other.jpg").write_bytes(photo.read_bytes())
    ended = run(*(word.format(photo=photo, folder=photo.parent) for word in arguments), sent=photo.read_bytes())
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert b"Traceback" not in ended.stderr
    assert sorted(path.name for path in photo.parent.iterdir()) == ["grandmother.jpg", "other.jpg"]


def test_a_reader_that_has_gone_leaves_no_traceback(photo: Path) -> None:
    for arguments in ((photo, "-o", "-", "--format", "tif"), (photo,)):
        process = subprocess.Popen([*COMMAND, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.close()
        _, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (1, b"")
