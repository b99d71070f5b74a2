"""``tinct study``: what it refuses, and with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import Run, one_line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("lose", "--data", "x"), ("no study 'lose'", "did you mean 'loss'?")),
        (("loss",), ("--data",)),
        (("loss", "--data", "{tmp}/none"), ("none", "no such folder")),
        (("loss", "--data", "x", "--set", "sizze=32"), ("'sizze'", "did you mean 'size'?")),
        (("loss", "--data", "x", "--set", "loss=l1"), ("loss", "varies")),
        (("loss", "--data", "x", "--engine", "rai"), ("no engine 'rai'", "did you mean 'ray'?")),
        (("{tmp}/none.toml", "--data", "x"), ("none.toml", "name a .toml file")),
    ],
)
def test_a_study_that_cannot_start(tinct: Run, tmp_path: Path, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    one_line(tinct("study", *(a.format(tmp=tmp_path) for a in arguments), "-o", tmp_path / "study"), *words)
    assert list(tmp_path.iterdir()) == []
