"""``tinct suggest``: probable colors of a place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from command_line import Run, one_line


def test_suggestions_are_listed_with_their_probability(tinct: Run, photo: Path) -> None:
    ended = tinct("suggest", photo, "80,60", "--count", 3)
    assert ended.code == 0, ended.err
    lines = re.findall(r"^ +(#[0-9a-f]{6}) +([\d.]+)%  ([a-z' ]+)$", ended.out, re.M)
    assert 1 <= len(lines) <= 3
    assert sum(float(share) for _, share, _ in lines) == pytest.approx(100, abs=0.3)
    families = re.findall(r"^([a-z]+)$", ended.out, re.M)
    assert {"hair", "wood", "uniforms"} <= set(families)
    assert len(re.findall(r"^ +#[0-9a-f]{6}  [a-z ]+$", ended.out, re.M)) > 2 * len(families)
    one_line(tinct("suggest", photo, "here"), "X,Y")
    one_line(tinct("suggest", photo, "161,5"), "outside the picture")
