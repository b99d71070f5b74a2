"""Resizing arrays, beside scikit-image and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import downscale_local_mean, resize

from tinct.resampling import area_resize, bilinear_resize, bilinear_sample


def values(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(0, 40, shape).astype(np.float32)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_whole_blocks_are_averaged(dtype: type) -> None:
    array = values(12, 20, 3).astype(dtype)
    found = area_resize(array, 4, 10)
    assert found.dtype == dtype
    assert found == pytest.approx(downscale_local_mean(array, (3, 2, 1)), abs=1e-4)


@given(st.integers(1, 30), st.integers(1, 30), st.data())
@settings(max_examples=60, deadline=None)
def test_the_mean_of_the_whole_is_kept(height: int, width: int, data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    array = values(height, width, 2)
    assert area_resize(array, rows, columns).mean(axis=(0, 1)) == pytest.approx(array.mean(axis=(0, 1)), abs=1e-3)


def test_partly_covered_pixels_count_by_their_area() -> None:
    assert area_resize(np.array([[0.0, 3.0, 6.0]]), 1, 2) == pytest.approx(np.array([[1.0, 5.0]]))


def test_other_axes() -> None:
    array = values(2, 12, 20)
    assert area_resize(array, 6, 8, axes=(-2, -1)) == pytest.approx(
        np.moveaxis(area_resize(np.moveaxis(array, 0, -1), 6, 8), -1, 0), abs=1e-4
    )
    assert bilinear_resize(array, 30, 7, (-2, -1)) == pytest.approx(
        np.moveaxis(bilinear_resize(np.moveaxis(array, 0, -1), 30, 7), -1, 0)
    )


def test_the_same_size_is_a_copy() -> None:
    array = values(4, 5, 2)
    for found in (area_resize(array, 4, 5), bilinear_resize(array, 4, 5)):
        assert np.array_equal(found, array)
        assert not np.shares_memory(found, array)


@pytest.mark.parametrize("size", [(50, 70), (31, 5), (9, 300), (5, 7)])
def test_bilinear_is_scikit_image_s(size: tuple[int, int]) -> None:
    array = values(5, 7, 2)
    assert bilinear_resize(array, *size) == pytest.approx(resize(array, size, order=1, mode="edge", anti_aliasing=False), abs=1e-3)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (0.5, 0.5), (2.3, 4.9), (3, 2), (5, 7)])
def test_a_sample_is_the_resized_picture_s_value(row: float, column: float) -> None:
    array = values(3, 5, 7)
    fine = bilinear_resize(array, 500, 700, (-2, -1))
    y, x = (min(int(100 * place), size - 1) for place, size in ((row, 500), (column, 700)))
    assert bilinear_sample(array, row, column) == pytest.approx(fine[:, y, x], abs=1.0)
