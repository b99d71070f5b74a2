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
    middle, right = pixels[-100:, 416 + 16 : 832 - 16], pixels[-100:, 832 + 16 : -16]  # the last row, the uncle's
    assert np.ptp(middle, axis=2).max() > 10
    assert np.ptp(right, axis=2).max() > 50


def test_a_photograph_that_is_not_there(tmp_path: Path) -> None:
    ended = demo(tmp_path, "none.jpg")
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "none.jpg" in ended.stderr
    assert list(tmp_path.iterdir()) == []
