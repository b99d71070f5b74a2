"""The script that writes the documentation's pictures of the page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from page_visit import chroma, find_browser

SCRIPT = Path(__file__).parents[2] / "scripts" / "write_page_images.py"


@pytest.mark.skipif(find_browser("chromium") is None, reason="no Chromium on this machine")
def test_pictures_of_the_page_are_written(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    sizes = {}
    for path in tmp_path.iterdir():
        with Image.open(path) as image:
            sizes[path.name] = image.size
            assert chroma(np.asarray(image).astype(int)) > 3, "a photograph in color"
    assert sizes == {"page.jpg": (1440, 880), "page-phone.jpg": (585, 1170)}
