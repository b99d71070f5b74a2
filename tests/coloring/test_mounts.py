"""Album pages and mounts, drawn by code: found around rectangles, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from skimage.transform import resize, rotate

from tinct import Colorizer
from tinct.color import chroma, rgb_to_lab
from tinct.coloring.mounts import mount_of

Floats = np.ndarray


def page(level: float, *places: tuple[int, int, int, int], size: tuple[int, int] = (300, 400)) -> Floats:
    """A page of paper with a little grain and uneven light, and photographs at (top, bottom, left, right); gray 0..255."""
    y, x = np.mgrid[: size[0], : size[1]]
    gray = level * (1 + 0.12 * (x / size[1] - 0.5) - 0.1 * (y / size[0] - 0.5))
    gray += np.random.default_rng(2).normal(0, 2, size)
    photograph = skimage.data.camera().astype(float)
    for top, bottom, left, right in places:
        gray[top:bottom, left:right] = resize(photograph, (bottom - top, right - left), anti_aliasing=True)
    return gray.clip(0, 255)


def found(gray: Floats) -> Floats:
    """(40, 54) cells of the mount at a working size of 160 × 213 pixels, padded to 160 × 216."""
    light = resize(gray / 2.55, (160, 213), anti_aliasing=True).astype(np.float32)
    return mount_of(np.pad(light, ((0, 0), (0, 3)), mode="symmetric"), (40, 54), light.shape)


PLACES = (40, 180, 40, 240)


def test_a_page_around_a_photograph_is_found() -> None:
    mount = found(page(60, PLACES))
    assert mount[:4, :50].all()
    assert mount[30:, :50].all()
    assert not mount[6:23, 6:31].any()
    assert not mount[:, 53:].any()  # padding


def test_two_photographs_on_one_page() -> None:
    assert found(page(60, (60, 240, 30, 190), (60, 240, 210, 370))).mean() > 0.25


def test_a_photograph_that_was_laid_crooked() -> None:
    gray = page(60, (60, 220, 80, 320))
    mask = rotate((np.abs(page(0, (60, 220, 80, 320))) > 15).astype(float), 2)
    assert found(np.where(mask > 0.5, rotate(gray, 2, preserve_range=True), page(60))).any()


def test_ground_around_other_shapes_is_left_alone() -> None:
    y, x = np.mgrid[:300, :400]
    bird = (np.abs(x - 200) < 90 - np.abs(y - 150)) | ((np.abs(y - 130) < 8) & (np.abs(x - 200) < 150))
    gray = np.where(bird, 40, page(180))
    assert not found(gray).any()


@pytest.mark.parametrize("name", ["camera", "coffee", "astronaut", "chelsea"])
def test_photographs_have_none(name: str) -> None:
    photograph = getattr(skimage.data, name)()
    assert not found(photograph if photograph.ndim == 2 else photograph.mean(axis=-1)).any()


def test_nothing_but_paper_has_none() -> None:
    assert not found(page(60)).any()


@pytest.mark.parametrize("level", [30, 45, 90, 140])
@pytest.mark.parametrize("vividness", [0.0, 0.5])
def test_an_album_page_stays_neutral(level: float, vividness: float) -> None:
    gray = page(level, (30, 170, 40, 240)).astype(np.uint8)
    strength = chroma(rgb_to_lab(Colorizer(threads=1).colorize(gray, vividness=vividness).to_numpy())[..., 1:])
    outside = np.ones(gray.shape, bool)
    outside[20:180, 30:250] = False
    assert np.quantile(strength[outside], 0.99) <= 8
    assert strength[40:160, 50:230].mean() > 1  # the photograph on it is colored
