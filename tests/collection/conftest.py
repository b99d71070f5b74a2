"""Folders of small photographs, and the settings with which the tests color them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from conftest import draw

Make = Callable[..., Path]


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """A folder with four gray photographs, one of them in a subfolder."""
    folder = tmp_path / "box"
    (folder / "1932").mkdir(parents=True)
    for i, name in enumerate(("1.jpg", "2.jpg", "3.png", "1932/4.jpg")):
        Image.fromarray(draw(i, 64, 48)).convert("L").save(folder / name)
    return folder
