"""Progress bars: the one that appears late."""

from __future__ import annotations

import pytest

from tinct.cli import _progress
from tinct.cli._progress import late_progress_bar


def test_a_late_progress_bar_begins_with_the_first_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    started, told = [], []
    original = _progress.progress_bar

    def counted() -> object:
        started.append(1)
        return original(shown=False)

    monkeypatch.setattr(_progress, "progress_bar", counted)
    with late_progress_bar() as tell:
        tell("coloring", 0, 1)
        told.append(len(started))
        tell("writing", 0.5, 1)
        tell("writing", 0.9, 1)
        told.append(len(started))
    assert told == [0, 1]
