"""`make demo`, without make: the script that it runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from conftest import draw

SCRIPT = Path(__file__).parents[2] / "scripts" / "demo.py"
IMAGES = Path(__file__).parents[2] / "docs" / "images"
CELL, GAP = 320, 14
SAMPLES = ["astronaut", "chelsea", "coffee", "motorcycle_left", "rocket"]


def demo(folder: Path, photo: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PHOTO": photo}
    return subprocess.run([sys.executable, SCRIPT], cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_samples_and_the_user_s_photographs_are_colored(tmp_path: Path) -> None:
    Image.fromarray(draw(1, 120, 90)).convert("L").save(tmp_path / "great aunt.jpg")
    Image.fromarray(draw(2, 90, 120)).save(tmp_path / "uncle.png")
    ended = demo(tmp_path, "'great aunt.jpg' uncle.png")
    assert ended.returncode == 0, ended.stderr
    written = sorted(path.name for path in (tmp_path / "demo").iterdir())
    colored = [f"{name}.color.jpg" for name in SAMPLES] + ["great aunt.color.jpg", "uncle.color.png"]
    assert written == sorted([*colored, "contact-sheet.png", "gray"])
    assert all(name in ended.stdout for name in [*colored, "contact-sheet.png"])
    with Image.open(tmp_path / "demo" / "contact-sheet.png") as sheet:
        pixels = np.asarray(sheet.convert("RGB")).astype(int)
    assert pixels.shape[1] == GAP + 6 * (CELL + GAP)
    for row, has_hints, has_real in (("astronaut", True, True), ("great aunt", False, False), ("uncle", False, True)):
        top = {"astronaut": 150, "great aunt": -560, "uncle": -CELL}[row]  # somewhere in that row
        gray, automatic, one, other, hinted, real = (
            pixels[top : top + 150, GAP + column * (CELL + GAP) :][:, CELL // 4 : CELL * 3 // 4] for column in range(6)
        )
        assert np.ptp(gray, axis=2).max() <= 1  # rounding
        assert np.ptp(automatic, axis=2).max() > 10
        for variant in (one, other):
            assert np.abs(variant - automatic).max() > 5
        assert np.abs(one - other).max() > 5
        if has_hints:
            assert np.abs(hinted - automatic).max() > 50
        else:
            assert np.ptp(hinted) == 0
        if has_real:
            assert np.ptp(real, axis=2).max() > 50
        else:
            assert np.ptp(real) == 0


def test_images_of_the_documentation_show_what_they_should() -> None:
    """Written by scripts/write_images.py; a page with them should open at once."""
    for name, columns in (("contact-sheet.jpg", 6), ("edits.jpg", 5)):
        path = IMAGES / name
        assert path.stat().st_size < 700_000
        with Image.open(path) as image:
            assert image.width == GAP + columns * (CELL + GAP)


def test_a_photograph_that_is_not_there(tmp_path: Path) -> None:
    ended = demo(tmp_path, "none.jpg")
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "none.jpg" in ended.stderr
    assert list(tmp_path.iterdir()) == []
