"""``tinct again``: a coloring repeated from its record."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from command_line import Ended, Run, one_line
from conftest import draw


def test_again_repeats_a_coloring_to_the_byte(tinct: Run, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jpg"
    assert tinct("colorize", photo, "-o", out, "--hint", "40,30,#2050c0", "--vividness", "0.8", "--jpeg-quality", "90").code == 0
    ended = tinct("again", out, "--from", photo)
    assert ended == Ended(0, f"{tmp_path / 'out.again.jpg'}\n", "")
    assert (tmp_path / "out.again.jpg").read_bytes() == out.read_bytes()
    Image.fromarray(draw(2)).save(tmp_path / "other.jpg")
    one_line(tinct("again", out, "--from", tmp_path / "other.jpg"), "grandmother.jpg", "other.jpg")


def test_a_result_that_differs_is_told(tinct: Run, photo: Path, tmp_path: Path) -> None:
    out, png = tmp_path / "out.jpg", tmp_path / "again.png"
    assert tinct("colorize", photo, "-o", out).code == 0
    ended = tinct("again", out, "--from", photo, "-o", png)
    assert (ended.code, ended.out) == (0, f"{png}\n")
    assert f"{png} differs from {out}. Both are equal only if" in ended.err
