"""Operations on pixels: lightness and depth kept, colors exact inside sRGB, and reduced in chroma outside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pyvips
import tifffile

from pictures import ramp, random_ab, scene
from tinct.color import lightness, rgb_to_lab
from tinct.coloring.upsampling import recolor
from tinct.photo.photo import Photo
from tinct.photo.pixels import paint


@pytest.mark.parametrize("spread", [5, 40, 150])
def test_lightness_is_kept_at_any_chroma(spread: float) -> None:
    array = scene(301, 207)
    colored = recolor(Photo.open(array), random_ab(spread, (31, 17))).to_numpy()
    assert np.abs(lightness(colored) - lightness(array)).max() < 0.6


def test_16_bits_stay_16_bits_and_keep_lightness(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 65536, (40, 50, 3), dtype=np.uint16)
    saved = tifffile.imread(recolor(Photo.open(array), random_ab(30)).save(tmp_path / "out.tif"))
    assert (saved.dtype, saved.shape) == (np.uint16, (40, 50, 3))
    assert len(np.unique(saved % 257)) > 100
    change = np.abs(lightness(saved / 65535) - lightness(array / 65535))
    assert change.max() < 0.02
    assert np.median(change) < 0.002


@pytest.mark.parametrize("low_byte", [0, 100, -100])
def test_16_bits_are_rounded_to_8(low_byte: int) -> None:
    values = ramp()[:, 1:-1].astype(np.uint16)
    photo = Photo.open((values.astype(int) * 257 + low_byte).astype(np.uint16))
    np.testing.assert_array_equal(photo.to_numpy()[..., 0], values)


@pytest.mark.parametrize("array", [ramp(), ramp().astype(np.uint16) * 257], ids=["8 bits", "16 bits"])
def test_zero_chroma_gives_the_gray_picture(array: np.ndarray, tmp_path: Path) -> None:
    photo = recolor(Photo.open(array), np.zeros((3, 4, 2), np.float32))
    np.testing.assert_array_equal(photo.to_numpy(), np.repeat(ramp()[..., None], 3, axis=2))
    saved = tifffile.imread(photo.save(tmp_path / "out.tif"))
    assert np.abs(saved.astype(int) - array[..., None]).max() <= (0 if array.dtype == np.uint8 else 8)


def test_colors_inside_srgb_are_exact() -> None:
    gray = np.full((32, 48), 119, np.uint8)
    lab = rgb_to_lab(recolor(Photo.open(gray), np.full((2, 3, 2), (20, -25), np.float32)).to_numpy())
    np.testing.assert_allclose(lab[..., 1:].reshape(-1, 2), [[20, -25]] * (32 * 48), atol=0.6)


@pytest.mark.parametrize("hue", [0.0, 45, 102.85, 136, 180, 270, 306, 359.9])
@pytest.mark.parametrize("gray", [40, 119, 200])
def test_colors_outside_srgb_keep_hue_and_lightness(gray: int, hue: float) -> None:
    ab = 140 * np.array([np.cos(np.radians(hue)), np.sin(np.radians(hue))], np.float32)
    light, a, b = rgb_to_lab(recolor(Photo.open(np.full((8, 8), gray, np.uint8)), ab[None, None]).to_numpy())[4, 4]
    assert light == pytest.approx(lightness(np.full(3, gray, np.uint8)), abs=0.6)
    assert np.hypot(a, b) > 15
    assert abs((np.degrees(np.arctan2(b, a)) - hue + 180) % 360 - 180) < 2


@pytest.mark.parametrize("gray", [0, 255])
def test_black_and_white_stay_black_and_white(gray: int) -> None:
    colored = recolor(Photo.open(np.full((9, 9), gray, np.uint8)), random_ab(90)).to_numpy()
    np.testing.assert_array_equal(colored, np.full((9, 9, 3), gray))


def test_colors_keep_their_place() -> None:
    ab = np.zeros((2, 2, 2), np.float32)
    ab[0, 1] = (50, 0)
    red = rgb_to_lab(recolor(Photo.open(np.full((40, 60), 128, np.uint8)), ab).to_numpy())[..., 1]
    assert red[:8, -12:].min() > 45
    assert np.abs(red[-8:]).max() < 1
    assert np.abs(red[:, :12]).max() < 1


@pytest.mark.parametrize(("kind", "white", "error"), [(np.uint8, 255, 0), (np.uint16, 65535, 8)])
def test_paint_over_a_gray_ground_gives_the_same_as_over_its_copy_in_rgb(kind: type, white: int, error: int) -> None:
    dice = np.random.default_rng(0)
    ground = dice.integers(0, white + 1, (64, 96)).astype(kind)
    ground[:8], ground[8:16] = 0, white
    after = np.clip(ground[..., None] + dice.normal(0, white / 8, (64, 96, 3)), 0, white).astype(kind)
    after[40:] = ground[40:, :, None]
    gray, color = ("b-w", "srgb") if white == 255 else ("grey16", "rgb16")
    colored = pyvips.Image.new_from_array(after, interpretation=color)
    layers = [
        paint(pyvips.Image.new_from_array(before, interpretation=name), colored).numpy()
        for before, name in ((ground, gray), (np.repeat(ground[..., None], 3, axis=2), color))
    ]
    assert np.array_equal(*layers)
    paints, opacity = layers[0][..., :3].astype(float), layers[0][..., 3:] / white
    laid = np.rint(ground[..., None] * (1 - opacity) + paints * opacity)
    assert np.abs(laid - after).max() <= error
    assert layers[0][40:, :, 3].max() == 0
