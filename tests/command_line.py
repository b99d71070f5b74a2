"""The command line run inside the test's process: fixtures and checks of several test modules."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from conftest import draw
from tinct.cli.app import main

__all__ = ["Ended", "Run", "one_line", "photo", "tinct"]

Run = Callable[..., "Ended"]


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def tinct(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process."""

    def call(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["tinct", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Ended(int(ended.value.code or 0), captured.out, captured.err)

    return call


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A gray JPEG of 160 × 120 pixels."""
    path = tmp_path / "grandmother.jpg"
    Image.fromarray(draw(1, 160, 120)).convert("L").save(path, quality=95)
    return path


def one_line(ended: Ended, *words: str) -> None:
    """Exit code 1, nothing on standard output, and one line on standard error that has these words."""
    assert ended.code == 1
    assert ended.out == ""
    assert ended.err.startswith("tinct: ")
    assert ended.err.count("\n") == 1
    assert all(word in ended.err for word in words), ended.err
