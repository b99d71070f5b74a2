"""The page of a blind comparison; tests/e2e/test_blind.py uses it in a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

from conftest import draw
from tinct.errors import ConfigError
from tinct.evaluation.blind import Pair, Side
from tinct.reports import write_blind_page

SIDES = Side("tinct", "tinct"), Side("tinct, like=</script><b>.png", "tinct")


@pytest.fixture
def page(tmp_path: Path) -> str:
    pairs = [Pair(f"{i}.png", (draw(i), draw(i + 10)), i % 2 == 0) for i in range(3)]
    path = write_blind_page(tmp_path / "out", SIDES, pairs, seed=7, command="tinct evaluate --blind")
    assert path == tmp_path / "out" / "blind.html"
    return path.read_text("utf-8")


def test_the_page_has_all_pairs_and_names_no_side_to_the_reader(page: str) -> None:
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    data = json.loads(text)
    assert data["sides"] == ["tinct", "tinct, like=</script><b>.png"]  # which can't end the script
    assert (data["seed"], data["command"]) == (7, "tinct evaluate --blind")
    assert [(pair["name"], pair["left"]) for pair in data["pairs"]] == [("0.png", 0), ("1.png", 1), ("2.png", 0)]
    assert all(url.startswith("data:image/webp;base64,") for pair in data["pairs"] for url in pair["pictures"])
    assert "like=" not in page.replace(text, "")


def test_the_page_stands_alone_and_runs_its_own_script_only(page: str) -> None:
    assert not re.search(r"https?://|src=\"|@import|url\(|fetch\(|XMLHttpRequest|sendBeacon|WebSocket|localStorage", page)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="can't be written"):
        write_blind_page(tmp_path / "file", SIDES, [Pair("a", (np.zeros((4, 4, 3), np.uint8),) * 2, True)])
