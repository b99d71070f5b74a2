from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from conftest import draw
from tinct import Photo
from tinct.color import lightness, rgb_to_lab
from tinct.coloring.hints import draw as draw_hints
from tinct.errors import ConfigError
from tinct.evaluation.protocol import (
    PROTOCOLS,
    find_protocol,
    gray_of,
    hint_patches,
    hint_places,
    hints_at,
    order,
    square_of,
    true_colors,
)

TINCT = PROTOCOLS["tinct-256"]


def test_the_numbers_of_tinct_256() -> None:
    """They must not change: other numbers are another protocol."""
    assert (TINCT.side, TINCT.min_chroma, TINCT.patch, TINCT.samples) == (256, 4.0, 6, 8)
    assert TINCT.hint_counts == (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)
    assert TINCT.details == (192, 256, 384, 512)


def test_unknown_protocol() -> None:
    with pytest.raises(ConfigError, match=r"no protocol 'tinct-265' \(did you mean 'tinct-256'\?\)"):
        find_protocol("tinct-265")
    assert find_protocol("tinct-256") is TINCT


def test_square_is_the_middle() -> None:
    picture = np.zeros((256, 400, 3), np.uint8)
    middle = draw(1, 256, 256)
    picture[:, 72:328] = middle
    np.testing.assert_array_equal(square_of(Photo.open(picture), TINCT), middle)
    np.testing.assert_array_equal(square_of(Photo.open(picture.swapaxes(0, 1)), TINCT), middle.swapaxes(0, 1))


def test_square_takes_any_file() -> None:
    file = io.BytesIO()
    Image.fromarray(draw(1, 90, 70)).convert("RGBA").save(file, "PNG")
    square = square_of(Photo.open(file.getvalue()), TINCT)
    assert not isinstance(square, str)
    assert (square.shape, square.dtype) == ((256, 256, 3), np.uint8)


def test_gray_pictures_are_dropped() -> None:
    gray = np.repeat(draw(1)[..., :1], 3, axis=-1)
    assert square_of(Photo.open(gray), TINCT) == "gray"
    assert square_of(Photo.open(gray[..., 0]), TINCT) == "gray"
    tinted = np.broadcast_to(np.array([120, 117, 115], np.uint8), (64, 64, 3))  # chroma 1.7
    assert square_of(Photo.open(tinted), TINCT) == "gray"
    strong = np.broadcast_to(np.array([130, 120, 112], np.uint8), (64, 64, 3))  # chroma 6.7
    assert not isinstance(square_of(Photo.open(strong), TINCT), str)


def test_gray_keeps_lightness_and_nothing_else() -> None:
    real = draw(3)
    gray = gray_of(real)
    assert (gray.shape, gray.dtype) == (real.shape[:2], np.uint8)
    again = np.repeat(gray[..., None], 3, axis=-1)
    assert np.abs(lightness(again) - lightness(real)).max() < 0.3
    np.testing.assert_array_equal(gray_of(again), gray)


def test_hint_places_depend_on_the_name_only() -> None:
    places = hint_places("a.jpg", 500, TINCT)
    np.testing.assert_array_equal(hint_places("a.jpg", 500, TINCT), places)
    for count in TINCT.hint_counts:
        np.testing.assert_array_equal(hint_places("a.jpg", count, TINCT), places[:count])
    assert (hint_places("b.jpg", 500, TINCT) != places).any()
    np.testing.assert_array_equal(places[:2], [[84, 157], [145, 28]])  # the same on every machine


def test_hint_places_are_normal_round_the_middle_and_inside() -> None:
    places = np.concatenate([hint_places(f"{i}.jpg", 500, TINCT) for i in range(20)])
    assert places.min() == 0
    assert places.max() == 250
    assert np.abs(places.mean(axis=0) - 125).max() < 2
    inside = places[(places > 0).all(axis=1) & (places < 250).all(axis=1)]
    assert 55 < inside.std() < 64  # 64 before what lies outside was clipped


def test_true_colors_are_means_of_patches() -> None:
    ab = rgb_to_lab(draw(1, 256, 256))[..., 1:]
    places = hint_places("a.jpg", 5, TINCT)
    x, y = places[3]
    np.testing.assert_allclose(true_colors(ab, places, TINCT)[3], ab[y : y + 6, x : x + 6].reshape(-1, 2).mean(axis=0), rtol=1e-5)
    assert true_colors(ab, places[:0], TINCT).shape == (0, 2)


def test_hints_cover_exactly_their_patches() -> None:
    """What the network is shown is what Levin is given, to the pixel."""
    places = np.array([[0, 0], [250, 250], [37, 101]])
    colors = np.array([[10.0, -20.0], [30.0, 5.0], [-40.0, 60.0]], np.float32)
    planes = draw_hints(hints_at(places, colors, TINCT), (256, 256), (256, 256))
    expected = np.zeros((256, 256), np.float32)
    for patch, color in zip(hint_patches(places, TINCT), colors, strict=True):
        expected[patch] = 1
        np.testing.assert_allclose(
            planes[:2][:, patch[0], patch[1]] * 110, np.broadcast_to(color[:, None, None], (2, 6, 6)), rtol=1e-4
        )
    np.testing.assert_allclose(planes[2], expected, atol=1e-4)


def test_order_is_fixed() -> None:
    assert sorted(["a.jpg", "b.jpg", "c.jpg", "d.jpg"], key=order) == ["c.jpg", "b.jpg", "a.jpg", "d.jpg"]
