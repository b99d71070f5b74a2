"""Which photographs have color of their own: painted and modern ones, not toned, faded or noisy ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from skimage import data

from pictures import encoded
from tinct import Colorizer, Photo
from tinct.color import lab_to_rgb, rgb_to_lab
from tinct.coloring.provenance import Record
from tinct.photo.own_color import has_own_color

Pixels = np.ndarray
SIDE = 512


def astronaut() -> Pixels:
    """(SIDE, SIDE, 3) uint8, in color."""
    return np.asarray(Image.fromarray(data.astronaut()).resize((SIDE, SIDE), Image.Resampling.BOX))


def gray() -> Pixels:
    """(SIDE, SIDE, 1) 0..1."""
    return np.asarray(Image.fromarray(astronaut()).convert("L"))[..., None] / 255


def toned(dark: tuple[int, int, int], light: tuple[int, int, int], gamma: float = 1.0) -> Pixels:
    return np.rint(np.array(dark) + (np.array(light) - dark) * gray() ** gamma).astype(np.uint8)


def sepia() -> Pixels:
    return toned((45, 28, 15), (255, 240, 205))


def faded() -> Pixels:
    """Sepia that yellowed from one corner and along its edges, with grain."""
    y, x = np.mgrid[0 : 1 : SIDE * 1j, 0 : 1 : SIDE * 1j]
    edge = np.exp(-np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y)) / 0.05)
    amount = np.clip(np.maximum(1 - np.hypot(x, y - 0.2), 0.7 * edge), 0, 1)[..., None]
    yellow = toned((70, 55, 30), (235, 205, 140))
    grain = np.random.default_rng(0).normal(0, 4, (SIDE, SIDE, 3))
    return np.clip(sepia() * (1 - amount) + yellow * amount + grain, 0, 255).astype(np.uint8)


def foxed() -> Pixels:
    """Sepia with brown spots."""
    spotted, generator = sepia().astype(float), np.random.default_rng(1)
    y, x = np.mgrid[:SIDE, :SIDE]
    for _ in range(15):
        distance = np.hypot(y - generator.uniform(0, SIDE), x - generator.uniform(0, SIDE))
        amount = 0.5 * np.clip(1.4 - distance / generator.uniform(5, 15), 0, 1)[..., None]
        spotted = spotted * (1 - amount) + np.array((165, 115, 60)) * amount
    return spotted.astype(np.uint8)


def split_toned() -> Pixels:
    """Blue shadows, warm highlights."""
    lab = rgb_to_lab(np.repeat(gray(), 3, axis=2))
    lab[..., 1], lab[..., 2] = 4, 0.3 * lab[..., 0] - 14
    return np.rint(lab_to_rgb(lab) * 255).astype(np.uint8)


def noisy() -> Pixels:
    """A gray picture of a sensor with chroma noise."""
    return np.clip(255 * gray() + np.random.default_rng(0).normal(0, 12, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)


def tinted(ground: Pixels) -> Pixels:
    """Pink paint on two cheeks, 1 % of the picture."""
    lab = rgb_to_lab(ground)
    y, x = np.mgrid[:SIDE, :SIDE]
    for column in (180, 260):
        paint = np.clip(1.5 - np.hypot(y - 180, x - column) / 21, 0, 1)
        lab[..., 1] += 22 * paint
        lab[..., 2] += 10 * paint
    return np.rint(lab_to_rgb(lab) * 255).astype(np.uint8)


def opened(pixels: Pixels, quality: int) -> Photo:
    """From a JPEG of this quality, or without compression for 0."""
    if not quality:
        return Photo.open(pixels)
    return Photo.open(encoded(Image.fromarray(pixels), "JPEG", quality=quality, subsampling=2))


GRAY: dict[str, Callable[[], Pixels]] = {
    "gray": lambda: np.rint(255 * gray().repeat(3, axis=2)).astype(np.uint8),
    "sepia": sepia,
    "cyanotype": lambda: toned((10, 25, 75), (235, 245, 250), 1.4),
    "split": split_toned,
    "faded": faded,
    "foxed": foxed,
    "noise": noisy,
}


@pytest.mark.parametrize("quality", [0, 75, 30])
@pytest.mark.parametrize("kind", GRAY)
def test_a_tone_is_no_color(kind: str, quality: int) -> None:
    photo = opened(GRAY[kind](), quality)
    assert not photo.has_color
    assert photo.notes == ()


@pytest.mark.parametrize("quality", [0, 75])
@pytest.mark.parametrize("kind", ["modern", "painted gray", "painted sepia"])
def test_paint_and_color_are(kind: str, quality: int) -> None:
    ground = {"modern": astronaut, "painted gray": lambda: tinted(GRAY["gray"]()), "painted sepia": lambda: tinted(sepia())}[kind]()
    assert opened(ground, quality).has_color


@pytest.mark.parametrize("shape", [(8, 8), (1, 300), (300, 9)])
def test_a_flat_picture_has_none(shape: tuple[int, int]) -> None:
    assert not has_own_color(np.full((*shape, 3), (200, 180, 120), np.uint8))


def test_a_note_says_that_the_colors_are_replaced_and_so_does_the_record() -> None:
    colorizer = Colorizer()
    photo = Photo.open(astronaut())
    assert photo.notes == ()  # nothing was decoded yet
    colored = colorizer.colorize(photo)
    (note,) = colored.notes
    assert note == "<array> is a color photograph; only its lightness was used, and its colors were replaced"
    assert photo.notes == (note,)
    assert photo.has_color
    assert isinstance(colored.record, Record)
    assert colored.record.had_color
    toned_one = colorizer.colorize(sepia())
    assert toned_one.notes == ()
    assert isinstance(toned_one.record, Record)
    assert not toned_one.record.had_color


def test_a_result_of_tinct_is_told() -> None:
    colored = Colorizer().colorize(sepia())
    assert colored.is_result
    again = Photo.open(colored.to_bytes(".png"))
    assert again.is_result
    assert again.has_color
    assert "was colored by tinct before" in again.notes[0]
    assert not Photo.open(colored.to_bytes(".png", provenance=False)).is_result
