"""Enlarging chroma, beside scikit-image's."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.transform import resize

from tinct.guide import enlarge

SHAPES = [
    ((5, 7), (50, 70)),
    ((5, 7), (5, 7)),
    ((5, 7), (31, 5)),
    ((1, 1), (9, 13)),
    ((2, 3), (400, 399)),
    ((64, 48), (301, 227)),
    ((1, 5), (33, 1000)),
    ((16, 16), (15, 11)),
]


def chroma(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * width).normal(0, 40, (height, width, 2)).astype(np.float32)


@pytest.mark.parametrize(("small", "large"), SHAPES)
def test_is_bilinear_with_pixel_centers_aligned(small: tuple[int, int], large: tuple[int, int]) -> None:
    ab = chroma(*small)
    expected = resize(ab, large, order=1, mode="edge", anti_aliasing=False, preserve_range=True)
    np.testing.assert_allclose(enlarge(ab, large[1], large[0]).numpy(), expected, atol=1e-3)


def test_gives_two_float_bands_of_the_size_asked_for() -> None:
    image = enlarge(chroma(4, 6), 31, 17)
    assert (image.width, image.height, image.bands, image.format) == (31, 17, 2, "float")


def test_same_size_changes_nothing() -> None:
    ab = chroma(12, 10)
    np.testing.assert_array_equal(enlarge(ab, 10, 12).numpy(), ab)


def test_a_flat_color_stays_flat_up_to_the_edges() -> None:
    large = enlarge(np.full((3, 4, 2), 12.5, np.float32), 101, 77).numpy()
    np.testing.assert_array_equal(large, np.full((77, 101, 2), 12.5, np.float32))


@pytest.mark.parametrize("view", [lambda a: a[::-1], lambda a: a.astype(np.float64), lambda a: a.transpose(1, 0, 2)])
def test_takes_any_memory_layout(view: object) -> None:
    ab = view(chroma(6, 6))  # type: ignore[operator]
    np.testing.assert_array_equal(enlarge(ab, 6, 6).numpy(), ab.astype(np.float32))


def test_later_changes_of_the_array_do_not_show() -> None:
    ab = chroma(6, 6)
    before, image = ab.copy(), enlarge(ab, 6, 6)
    ab[:] = 0
    np.testing.assert_array_equal(image.numpy(), before)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 3), (2, 4, 4, 1), (0, 4, 2)])
def test_refuses_other_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(h, w, 2\)"):
        enlarge(np.zeros(shape, np.float32), 8, 8)


@pytest.mark.parametrize("size", [(0, 8), (8, -1)])
def test_refuses_an_empty_result(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot enlarge"):
        enlarge(chroma(4, 4), *size)
