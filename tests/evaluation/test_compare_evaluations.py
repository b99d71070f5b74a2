"""scripts/compare_evaluations.py: two evaluations of the same pictures in pairs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


def evaluation(precision: str, loss: float = 0.0, spill: float = 0.1, kid_ratio: float = 0.2) -> dict[str, Any]:
    """Of 40 pictures; every other one loses `loss` decibels, twice as much with 10 hints."""
    random = np.random.default_rng(0)
    rows = []
    for number in range(40):
        gray, gain, less = random.normal(22, 3), random.normal(2, 1), loss * (number % 2)
        psnr = {"gray": gray, "model": gray + gain - less, "model, vivid": gray + gain - 1}
        rows.append(
            {
                "name": f"{number}.jpg",
                "cf": 40.0 + number,
                "methods": {name: {"psnr": value, "cf": 30.0 + number} for name, value in psnr.items()},
                "hints": {"psnr": [gray + gain - less, gray + gain + 5 - 2 * less]},
                "reach": {"spill": spill * random.uniform(0.5, 1.5), "fill": 0.6 + 0.01 * (number % 3)},
                "realism": {"edges": 0.2 + 0.001 * number, "recognized": number % 3 > 0, "gray_recognized": number % 3 > 1},
            }
        )
    realism = {"recovered": {"mean": 0.5, "se": 0.1}, "kid_ratio": kid_ratio, "kid_ratio_se": 0.02}
    model = {"name": "tinct", "precision": precision}
    sets = {"val": {"rows": rows, "realism": realism}}
    return {"model": model, "hint_counts": [0, 10], "default_vividness": 0.5, "sets": sets}


def compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: dict[str, Any], second: dict[str, Any]) -> int:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    from compare_evaluations import main

    paths = tmp_path / "first.json", tmp_path / "second.json"
    for path, content in zip(paths, (first, second), strict=True):
        path.write_text(json.dumps(content), "utf-8")
    monkeypatch.setattr(sys, "argv", ["compare_evaluations.py", *map(str, paths)])
    return main()


def test_small_losses_are_within_the_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compared(tmp_path, monkeypatch, evaluation("float"), evaluation("int8", 0.04, 0.101, 0.21)) == 0
    told = capsys.readouterr().out
    assert "| val | pictures | tinct (float) | tinct (int8) | difference | |" in told
    (line,) = (line for line in told.splitlines() if line.startswith("| gain, 10 hints, dB | 40 |"))
    assert "−0.040 ± 0.006" in line, "a mean of 0.08 and 0, and its standard error in pairs"
    assert line.endswith("| holds |")
    assert told.endswith("\nNothing falls.\n")


def test_what_falls_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert compared(tmp_path, monkeypatch, evaluation("float"), evaluation("int8", 0.08, 0.2, 0.25)) == 1
    told = capsys.readouterr().out
    assert told.endswith("\nFalls: gain, 10 hints, dB on val, KID ratio on val, spill on val.\n")
    assert "| gain, vividness 0, dB | 40 |" in told
    assert "−0.080 ± 0.013 | **falls** (allowed 0.050) |" in told


def test_a_better_second_never_falls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert compared(tmp_path, monkeypatch, evaluation("float"), evaluation("int8", -1, 0.01, 0.01)) == 0


def test_other_pictures_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = evaluation("int8")
    del other["sets"]["val"]["rows"][7]
    with pytest.raises(SystemExit, match="not of the same pictures"):
        compared(tmp_path, monkeypatch, evaluation("float"), other)


def test_other_settings_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r"differ in hint_counts: \[0, 10\] and \[0\]"):
        compared(tmp_path, monkeypatch, evaluation("float"), evaluation("int8") | {"hint_counts": [0]})
    with pytest.raises(SystemExit, match="different sets: val and wide"):
        compared(tmp_path, monkeypatch, evaluation("float"), evaluation("int8") | {"sets": {"wide": {}}})


@pytest.mark.parametrize(
    ("figure", "unknown"), [("KID ratio", {"kid_ratio_se": None}), ("recovered", {"recovered": {"mean": None, "se": None}})]
)
def test_what_has_no_standard_error_is_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], figure: str, unknown: dict[str, Any]
) -> None:
    """Of too few pictures, or of pictures that are all recognized in gray."""
    first, second = evaluation("float"), evaluation("int8")
    for one in (first, second):
        one["sets"]["val"]["realism"] |= unknown
    assert compared(tmp_path, monkeypatch, first, second) == 0
    assert figure not in capsys.readouterr().out
