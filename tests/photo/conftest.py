"""An original and its colored copy, which several tests of photographs save."""

from __future__ import annotations

from pathlib import Path

import pytest

from pictures import encoded, picture, random_ab
from tinct.coloring.provenance import Record
from tinct.coloring.upsampling import recolor
from tinct.photo.photo import Photo


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """A gray JPEG, ``old.jpg``."""
    path = tmp_path / "old.jpg"
    path.write_bytes(encoded(picture("L"), "JPEG"))
    return path


@pytest.fixture
def colored(original: Path) -> Photo:
    """The original in color, not saved yet."""
    return recolor(Photo.open(original), random_ab(), record=Record("a model", "its sum", "1.0"))
