"""The examples run; what they need beside tinct is played by something small."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conftest import draw
from tinct import Photo

SPACE = Path(__file__).parents[2] / "examples/gradio_space.py"


class FakeError(Exception):
    """gradio.Error: its text is shown to whoever uses the page."""

    def __init__(self, message: str, *, print_exception: bool = True) -> None:
        super().__init__(message)


@pytest.fixture
def space(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The Space, and what it told gradio of its parts."""

    def part(*arguments: Any, **named: Any) -> SimpleNamespace:
        return SimpleNamespace(arguments=arguments, **named)

    parts = dict.fromkeys(("Image", "Slider", "ImageSlider", "Interface"), part)
    monkeypatch.setitem(sys.modules, "gradio", SimpleNamespace(Error=FakeError, **parts))  # type: ignore[arg-type]
    return SimpleNamespace(**runpy.run_path(str(SPACE)))


def pixels(path: str) -> np.ndarray:
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB")).astype(int)


@pytest.mark.parametrize("name", ["old.jpg", "old.tif"])
def test_space_colors(space: SimpleNamespace, tmp_path: Path, name: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Aunt Mary, 1931"
    Image.fromarray(draw(0, 120, 160)).convert("L").save(tmp_path / name, exif=exif)
    gray, first = space.color(str(tmp_path / name), 1, 0.5)
    assert np.ptp(pixels(gray), axis=2).max() == 0
    assert np.ptp(pixels(first), axis=2).max() > 20
    assert pixels(first).shape == (160, 120, 3)
    record = Photo.open(first)
    assert record.size == (120, 160)
    with Image.open(first) as opened:
        assert opened.format == "JPEG"
        assert opened.getexif()[0x010E] == "Aunt Mary, 1931"
    _, third = space.color(str(tmp_path / name), 3.0, 0.5)  # gradio's sliders give floats
    assert third != first
    assert np.abs(pixels(third) - pixels(first)).mean() > 0.5
    assert space.color(str(tmp_path / name), 1, 0.5) == (gray, first)  # once more is no error


def test_space_says_what_is_wrong(space: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "old.jpg").write_bytes(b"%PDF-1.7 ...")
    with pytest.raises(FakeError, match=r"^old\.jpg is a PDF; save its pages"):  # and nothing of the server's folders
        space.color(str(tmp_path / "old.jpg"), 1, 0.5)
    with pytest.raises(FakeError, match="Drop a photograph"):
        space.color(None, 1, 0.5)


def test_space_gets_the_file_itself(space: SimpleNamespace) -> None:
    """gradio would write a gray photograph again, as RGB and without its metadata, unless told not to."""
    photo, variant, vividness = space.page.inputs
    assert (photo.type, photo.image_mode) == ("filepath", None)
    assert variant.arguments == (1, 8, 1)
    assert vividness.arguments == (0, 1, 0.5)
    every, age = space.page.delete_cache
    assert every < age == 3600
    assert space.page.arguments == (space.color,)
