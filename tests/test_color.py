"""CIELAB compared with scikit-image and libvips; the sRGB gamut."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import color as reference

from tinct.color import AB_SCALE, L_SCALE, chroma, gamut_chroma, lab_to_linear, lab_to_rgb, lightness, rgb_to_lab

CORNERS = np.array(list(itertools.product((0, 255), repeat=3)), np.uint8)
RANDOM = np.random.default_rng(0).integers(0, 256, (61, 47, 3), dtype=np.uint8)
GRAYS = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)


@pytest.mark.parametrize("rgb", [CORNERS, RANDOM, GRAYS], ids=["corners", "random", "grays"])
class TestAgainstReferences:
    def test_rgb_to_lab(self, rgb: np.ndarray) -> None:
        np.testing.assert_allclose(rgb_to_lab(rgb), reference.rgb2lab(rgb), atol=0.02)

    def test_lab_to_rgb(self, rgb: np.ndarray) -> None:
        lab = reference.rgb2lab(rgb)
        np.testing.assert_allclose(lab_to_rgb(lab), reference.lab2rgb(lab), atol=2e-4)

    def test_libvips(self, rgb: np.ndarray) -> None:
        image = pyvips.Image.new_from_array(rgb.reshape(1, -1, 3)).copy(interpretation="srgb")
        np.testing.assert_allclose(rgb_to_lab(rgb).reshape(1, -1, 3), image.colourspace("lab").numpy(), atol=0.1)

    def test_round_trip(self, rgb: np.ndarray) -> None:
        np.testing.assert_array_equal(np.rint(lab_to_rgb(rgb_to_lab(rgb)) * 255), rgb)

    def test_lightness_is_the_first_of_lab(self, rgb: np.ndarray) -> None:
        np.testing.assert_allclose(lightness(rgb), rgb_to_lab(rgb)[..., 0], atol=1e-4)

    def test_bytes_and_floats_agree(self, rgb: np.ndarray) -> None:
        np.testing.assert_allclose(rgb_to_lab(rgb), rgb_to_lab(rgb / 255), atol=1e-3)
        np.testing.assert_allclose(lightness(rgb), lightness(rgb / 255), atol=1e-3)

    def test_scales_hold_all_of_srgb(self, rgb: np.ndarray) -> None:
        lab = rgb_to_lab(rgb)
        assert lab[..., 0].min() >= -1e-4
        assert lab[..., 0].max() <= L_SCALE + 1e-4
        assert np.abs(lab[..., 1:]).max() < AB_SCALE

    def test_keeps_shape_and_precision(self, rgb: np.ndarray) -> None:
        lab = rgb_to_lab(rgb)
        assert (lab.shape, lab.dtype) == (rgb.shape, np.float32)
        assert (lightness(rgb).shape, lightness(rgb).dtype) == (rgb.shape[:-1], np.float32)
        assert (lab_to_rgb(lab).shape, lab_to_rgb(lab).dtype) == (rgb.shape, np.float32)


def test_grays_have_no_chroma() -> None:
    assert chroma(rgb_to_lab(GRAYS)[..., 1:]).max() < 0.02


def test_chroma_is_the_distance_from_gray() -> None:
    np.testing.assert_allclose(chroma(np.array([[3.0, -4.0], [0.0, 0.0]])), [5, 0])


def test_lab_to_rgb_clips_what_srgb_lacks() -> None:
    rgb = lab_to_rgb(np.array([[50.0, 150.0, 0.0], [-5.0, 0.0, 0.0], [105.0, 0.0, 0.0]]))
    assert rgb.min() >= 0
    assert rgb.max() <= 1


def polar(light: float, c: float, hue: float) -> np.ndarray:
    return np.array([[light, c * np.cos(np.radians(hue)), c * np.sin(np.radians(hue))]])


@settings(deadline=None, max_examples=60)
@given(row=st.integers(2, 198), column=st.integers(0, 720))
def test_the_gamut_bound_is_inside_srgb_and_a_little_more_is_not(row: int, column: int) -> None:
    light, hue, bound = row / 2, column / 2, float(gamut_chroma()[row, column])
    color = polar(light, bound, hue)
    shown = rgb_to_lab(lab_to_rgb(color))
    assert abs(shown[0, 0] - light) < 0.4
    assert np.abs(shown - color).max() < (0.3 if light <= 94 else 2)  # see the note on yellow in gamut_chroma()
    if 15 <= light <= 85:
        outside = lab_to_linear(polar(light, bound * 1.03, hue))
        assert (outside.min() < 0) | (outside.max() > 1)


@settings(deadline=None, max_examples=60)
@given(rgb=st.tuples(*[st.integers(0, 255)] * 3))
def test_no_srgb_color_exceeds_the_gamut_bound(rgb: tuple[int, int, int]) -> None:
    light, a, b = rgb_to_lab(np.array(rgb, np.uint8))
    table, c = gamut_chroma(), np.hypot(a, b)
    row, column = light * 2, np.degrees(np.arctan2(b, a)) % 360 * 2
    around = table[[int(row), min(int(row) + 1, 200)]][:, [int(column), int(column) + 1]]
    assert c <= around.max() + 2.5  # the cusps are sharp, and the table's cells half a unit wide


@pytest.mark.parametrize("rgb", [c for c in CORNERS if np.ptp(c)], ids=str)
def test_pure_colors_keep_nearly_all_of_their_chroma(rgb: np.ndarray) -> None:
    light, a, b = rgb_to_lab(rgb)
    row, column = round(light * 2), round(np.degrees(np.arctan2(b, a)) % 360 * 2)
    assert gamut_chroma()[row, column] > 0.93 * np.hypot(a, b)


def test_gamut_table_is_closed_and_ends_in_black_and_white() -> None:
    table = gamut_chroma()
    assert table.shape == (201, 721)
    assert not table[[0, -1]].any()
    np.testing.assert_allclose(table[:, 0], table[:, -1], atol=1e-3)


def test_gamut_table_cannot_be_changed_by_a_caller() -> None:
    with pytest.raises(ValueError, match="read-only"):
        gamut_chroma()[0, 0] = 1


def test_the_strongest_colors_of_srgb_are_reached() -> None:
    strongest = chroma(rgb_to_lab(CORNERS)[..., 1:]).max()
    assert gamut_chroma().max() == pytest.approx(strongest, abs=1.2)  # that corner lies between the points of the table


@pytest.mark.parametrize("convert", [rgb_to_lab, lightness])
@pytest.mark.parametrize("dtype", ["uint16", "int64", "int8", "bool", "complex64"])
def test_only_bytes_and_floats_are_converted(convert: Callable[[np.ndarray], np.ndarray], dtype: str) -> None:
    with pytest.raises(TypeError, match=rf"must be uint8 \(0\.\.255\) or floating point \(0\.\.1\), not {dtype}"):
        convert(np.ones((4, 3), dtype))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_of_every_precision_are_converted(dtype: str) -> None:
    np.testing.assert_allclose(lightness(np.full((2, 3), 0.5, dtype)), 53.389, atol=0.01)
