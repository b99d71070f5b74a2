"""Coloring what arrives in a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tinct.collection import Collection, Ledger, LocalEngine, Settings
from tinct.collection.watching import watch


def test_photographs_are_colored_when_they_are_complete(box: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    content = (box / "1.jpg").read_bytes()
    (box / "bad.jpg").write_text("no picture")

    class StoppedError(Exception):
        pass

    def step(number: int) -> None:
        """What a scanner does between two looks."""
        if number == 2:
            (box / "5.jpg").write_bytes(content[:100])
        elif number == 3:
            (box / "5.jpg").write_bytes(content)
        elif number == 5:
            raise StoppedError

    done: list[str] = []
    looks: list[int] = []

    def wait(seconds: float) -> None:
        assert seconds > 0
        looks.append(len(done))
        step(len(looks))

    with Ledger.opened(out) as ledger:

        def make(kind: Callable[..., Collection]) -> Collection:
            return kind([box], out, Settings(), ledger, retry=False)

        with pytest.raises(StoppedError):
            done.extend(f"{Path(entry.input).name} {entry.status}" for entry in watch(make, LocalEngine(1), ledger, wait))
    assert sorted(path.name for path in out.rglob("*.color.*")) == [
        "1.color.jpg",
        "2.color.jpg",
        "3.color.png",
        "4.color.jpg",
        "5.color.jpg",
    ]
    assert [entry.status for entry in Ledger.read(out).entries()].count("failed") == 1
    assert sum(b'"failed"' in line for line in (out / "tinct.jsonl").read_bytes().splitlines()) == 1, "tried once"
