"""``tinct models``: the table of the bundled models."""

from __future__ import annotations

import re

import pytest

from command_line import Run
from tinct.cli.models import HEADINGS
from tinct.runtime.spec import bundled


def test_models_are_listed_with_what_they_gain(tinct: Run) -> None:
    ended = tinct("models")
    assert ended.code == 0
    names = [line.split()[0] for line in ended.out.splitlines() if not line.startswith((" ", "name"))]
    assert names == ["tinct", "autoencoder", "vae"]
    assert len(re.findall(r"[+-]\d\.\d\d dB \w+", ended.out)) == 2 * len(names)


@pytest.mark.parametrize("columns", [80, 60, 40])
def test_names_are_whole_at_any_width(tinct: Run, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = re.sub(r"\x1b\[[\d;]*m", "", tinct("models").out).splitlines()
    assert max(map(len, lines)) <= columns
    assert [line.split()[0] for line in lines if line[:1].strip() and not line.startswith("name")] == list(bundled())
    if columns >= 80:
        assert all(word in "\n".join(lines) for heading in HEADINGS for word in heading.split())
