"""Small photographs, recolored by NumPy: the colors of CIELAB's own definition, and those of libvips' stream."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import pyvips

from pictures import random_ab, scene
from tinct.color import lab_to_rgb, lightness, rgb_to_lab
from tinct.coloring.upsampling import recolor
from tinct.photo import Photo
from tinct.photo.pixels import with_chroma
from tinct.photo.recolored import MAX_PIXELS, recolored
from tinct.resampling import bilinear_resize


def model(spread: float, shape: tuple[int, int] = (17, 31)) -> np.ndarray:
    """(h, w, 4) slopes and offsets."""
    slopes = np.random.default_rng(0).normal(0, spread / 200, (*shape, 2))
    return np.concatenate([slopes, random_ab(spread, shape)], axis=-1).astype(np.float32)


def light_of(gray: np.ndarray) -> np.ndarray:
    return lightness(np.repeat(gray[..., None], 3, axis=-1))


@pytest.mark.parametrize("kind", ["gray", "L*"])
def test_inside_srgb_colors_are_those_of_cielab(kind: str) -> None:
    gray = np.random.default_rng(1).integers(70, 190, (207, 301), dtype=np.uint8)
    lines, light = model(3), light_of(gray)
    full = bilinear_resize(lines, *gray.shape)
    expected = lab_to_rgb(np.dstack([light, full[..., :2] * light[..., None] + full[..., 2:]]))
    found = recolored(gray if kind == "gray" else light, lines)
    assert (found.shape, found.dtype) == ((207, 301, 3), np.uint8)
    assert np.abs(found - 255 * expected).max() < 0.6  # rounding, and the steps of the table


def test_gray_and_its_lightness_give_the_same() -> None:
    gray, lines = scene(301, 207)[..., 0], model(60)
    assert np.abs(recolored(gray, lines).astype(int) - recolored(light_of(gray), lines)).max() <= 1


@pytest.mark.parametrize("spread", [5, 40, 150])
def test_outside_srgb_chroma_is_reduced_as_in_the_stream(spread: float) -> None:
    gray, lines = scene(301, 207)[..., 0], model(spread)

    def chroma_of(full: pyvips.Image) -> pyvips.Image:
        planes = bilinear_resize(lines, full.height, full.width)
        return pyvips.Image.new_from_array(planes[..., :2] * full.numpy()[..., None] + planes[..., 2:])

    image = pyvips.Image.new_from_array(gray, interpretation="b-w")
    streamed, found = with_chroma(image, chroma_of).numpy(), recolored(gray, lines)
    difference = np.abs(streamed.astype(int) - found)
    assert difference.max() <= 2
    assert (difference > 1).mean() < 1e-3  # dark pixels, where libvips' table of sRGB is coarse


def test_every_gray_keeps_its_lightness_in_every_strong_color() -> None:
    gray = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 360, axis=1)
    hue = np.radians(np.arange(360))
    lines = np.zeros((256, 360, 4), np.float32)
    lines[..., 2], lines[..., 3] = 140 * np.cos(hue), 140 * np.sin(hue)
    found = recolored(gray, lines)
    assert np.abs(lightness(found) - light_of(gray)).max() < 0.6
    lab = rgb_to_lab(found)
    colorful = (np.hypot(lab[..., 1], lab[..., 2]) > 20) & (gray > 20) & (gray < 235)  # elsewhere rounding turns hue
    turned = np.angle(np.exp(1j * (np.arctan2(lab[..., 2], lab[..., 1]) - hue)))
    assert np.degrees(np.abs(turned[colorful])).max() < 3


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize(("shape", "at_once"), [((100, 150), True), ((9, 7), False)])
def test_a_photograph_has_the_same_pixels_in_every_form(alpha: bool, shape: tuple[int, int], at_once: bool) -> None:
    picture = scene(301, 207)
    if alpha:
        picture = np.dstack([picture, scene(301, 207)[::-1, :, 0]])
    photo = recolor(Photo.open(picture), random_ab(40, shape))
    assert (photo._lines is not None) == at_once, "one of much more than the working size is streamed"
    pixels = photo.to_numpy()
    saved = pyvips.Image.new_from_buffer(photo.to_bytes(".png"), "").numpy()
    np.testing.assert_array_equal(saved[..., :3], pixels)
    np.testing.assert_array_equal(photo.part(20, 30, 100, 90).to_numpy(), pixels[30:120, 20:120])
    if alpha:
        np.testing.assert_array_equal(saved[..., 3], picture[..., 3])


def test_a_colored_jpeg_that_is_colored_again_has_its_own_lightness() -> None:
    """And not that of the original's pixels, which are kept decoded."""
    gray = pyvips.Image.new_from_array(np.ascontiguousarray(scene(301, 207)[..., 0]), interpretation="b-w")
    photo = Photo.open(bytes(gray.jpegsave_buffer(Q=90)))
    photo.small_rgb(160, 110)
    darker = recolor(photo, random_ab(0, (100, 150)))
    darker._picture = replace(darker._picture, load=lambda: (gray / 2).cast("uchar").colourspace("srgb"))
    found = lightness(recolor(darker, random_ab(20, (100, 150))).to_numpy())
    assert np.abs(found - light_of(gray.numpy() // 2)).mean() < 0.5


def test_larger_pictures_are_streamed() -> None:
    width = 2**11
    lines = model(40)
    for height, at_once in ((MAX_PIXELS // width, True), (MAX_PIXELS // width + 1, False)):
        photo = Photo.open(np.zeros((height, width), np.uint8))
        assert (photo.with_chroma(lambda full: full.bandjoin(full), lines=lines)._lines is not None) == at_once


@pytest.mark.parametrize("bands", [1, 3])
@pytest.mark.parametrize("size", [(512, 512), (387, 511), (640, 639), (160, 100)])
def test_a_small_jpeg_has_the_thumbnail_that_libvips_makes_while_it_decodes(size: tuple[int, int], bands: int) -> None:
    pixels = scene(*size)[..., :bands]
    image = pyvips.Image.new_from_array(np.ascontiguousarray(pixels), interpretation="b-w" if bands == 1 else "srgb")
    data = bytes(image.jpegsave_buffer(Q=90))
    photo = Photo.open(data)
    scale = min(1, 160 / min(size))
    width, height = (round(side * scale) for side in size)
    expected = pyvips.Image.thumbnail_buffer(data, width, height=height, size="force").colourspace("srgb").numpy()
    np.testing.assert_array_equal(photo.small_rgb(width, height), expected)
