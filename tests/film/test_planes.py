"""Chroma planes: what their code values mean, and which colors they can't hold."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest

from tinct.color import lab_to_rgb, lightness, rgb_to_lab
from tinct.film.frames import ColorTags
from tinct.film.planes import WEIGHTS, chroma_planes, gray_levels, small_gray

Floats = npt.NDArray[np.float64]
TAGS = [
    ColorTags(matrix, full, depth)
    for matrix, full, depth in itertools.product(("bt601", "bt709", "bt2020"), (False, True), (8, 10))
]
COLORS = [(30.0, 10.0), (-25.0, 20.0), (5.0, -35.0), (20.0, 30.0)]


def code(level: float, color: ColorTags) -> int:
    """Luma code value of a gray level."""
    unit = 1 << (color.depth - 8)
    low, span = (0, (1 << color.depth) - 1) if color.full_range else (16 * unit, 219 * unit)
    return round(low + level * span)


def planes_of(
    ab: tuple[float, float], level: float, color: ColorTags
) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.generic], float]:
    """Cb and Cr of a frame of one color, and its gray level."""
    kind = np.uint8 if color.depth == 8 else np.uint16
    luma = np.full((64, 96), code(level, color), kind)
    gray = small_gray(luma, color, (48, 32))
    cb, cr = chroma_planes(np.full((32, 48, 2), ab, np.float32), gray, luma, color, (32, 48))
    return cb, cr, float(gray[0, 0])


def decoded(level: float, cb: float, cr: float, color: ColorTags) -> Floats:
    """R', G', B' of 0..1, unclipped, by the formulas of BT.601, BT.709 and BT.2020."""
    unit = 1 << (color.depth - 8)
    span = (1 << color.depth) - 1 if color.full_range else 224 * unit
    red, blue = WEIGHTS[color.matrix]
    u, v = (cb - 128 * unit) / span, (cr - 128 * unit) / span
    r, b = level + 2 * (1 - red) * v, level + 2 * (1 - blue) * u
    return np.array([r, (level - red * r - blue * b) / (1 - red - blue), b])


@pytest.mark.parametrize("color", TAGS, ids=str)
def test_gray_levels_run_from_black_to_white(color: ColorTags) -> None:
    codes = np.array([code(level, color) for level in (0.0, 0.5, 1.0)], np.uint16)
    assert np.abs(gray_levels(codes, color) - [0, 0.5, 1]).max() < 0.5 / 219
    if not color.full_range:
        assert gray_levels(np.array([0, (1 << color.depth) - 1]), color).tolist() == [0, 1]


@pytest.mark.parametrize("color", TAGS, ids=str)
@pytest.mark.parametrize("level", [0.0, 0.3, 1.0])
def test_neutral_is_exactly_the_middle(color: ColorTags, level: float) -> None:
    cb, cr, _ = planes_of((0, 0), level, color)
    assert set(np.unique(cb)) == set(np.unique(cr)) == {1 << (color.depth - 1)}
    assert cb.dtype == (np.uint8 if color.depth == 8 else np.uint16)


@pytest.mark.parametrize("color", TAGS, ids=str)
@pytest.mark.parametrize("ab", COLORS)
def test_colors_decode_as_they_were_meant(color: ColorTags, ab: tuple[float, float]) -> None:
    cb, cr, level = planes_of(ab, 0.5, color)
    light = lightness(np.full((1, 1, 3), level, np.float32))[0, 0]
    wanted = lab_to_rgb(np.array([light, *ab]))
    red, blue = WEIGHTS[color.matrix]
    luma = float(wanted @ np.array([red, 1 - red - blue, blue]))
    for plane in (cb, cr):
        assert int(np.ptp(plane)) == 0
    got = decoded(luma, float(cb[0, 0]), float(cr[0, 0]), color)
    assert np.abs(got - wanted).max() < 2 / 255 if color.depth == 8 else np.abs(got - wanted).max() < 2 / 1023


@pytest.mark.parametrize("level", [0.02, 0.1, 0.3, 0.7, 0.95, 0.99])
@pytest.mark.parametrize("ab", [(90.0, 60.0), (-80.0, 70.0), (60.0, -100.0), (0.0, 90.0), (-60.0, -40.0)])
def test_colors_that_can_not_be_shown_lose_chroma_not_hue(ab: tuple[float, float], level: float) -> None:
    color = ColorTags(depth=10)
    cb, cr, level = planes_of(ab, level, color)
    rgb = decoded(level, float(cb[0, 0]), float(cr[0, 0]), color)
    assert rgb.min() > -4 / 1023
    assert rgb.max() < 1 + 4 / 1023
    _, a, b = rgb_to_lab(np.clip(rgb, 0, 1))
    assert np.hypot(a, b) <= np.hypot(*ab) + 1
    if np.hypot(a, b) > 12:
        turned = np.degrees(np.arctan2(b, a) - np.arctan2(ab[1], ab[0]))
        assert abs((turned + 180) % 360 - 180) < 14  # the hue of a*, b* differs that much from that of Cb, Cr


def test_black_and_white_have_no_color() -> None:
    for level in (0.0, 1.0):
        cb, cr, _ = planes_of((60, 40), level, ColorTags())
        assert (cb == 128).all()
        assert (cr == 128).all()


def test_full_range_stays_within_the_code_values() -> None:
    cb, cr, _ = planes_of((-30, -110), 0.1, ColorTags(full_range=True))
    assert cb.dtype == np.uint8
    assert int(cb.max()) <= 255
    assert int(cr[0, 0]) < 160


def test_chroma_follows_the_edges_of_the_frame() -> None:
    """Two colors at the working size, a sharp edge at full size: chroma changes where luma does."""
    luma = np.full((120, 160), 60, np.uint8)
    luma[:, 83:] = 190
    color = ColorTags()
    gray = small_gray(luma, color, (40, 30))
    ab = np.zeros((30, 40, 2), np.float32)
    ab[:, 20:] = (40, 30)  # the cell of the edge is mixed
    ab[:, 20] = (10, 8)
    _, cr = chroma_planes(ab, gray, luma, color, (120, 160))
    row = cr[60].astype(int)
    assert row[75] < 131
    assert row[92] > 140
    assert row[84] - row[81] > 0.5 * (row[92] - row[75])


def test_planes_have_the_shape_that_is_asked_for() -> None:
    luma = np.full((9, 13), 100, np.uint8)
    gray = small_gray(luma, ColorTags(), (8, 8))
    cb, cr = chroma_planes(np.zeros((8, 8, 2), np.float32), gray, luma, ColorTags(), (5, 7))
    assert cb.shape == cr.shape == (5, 7)
