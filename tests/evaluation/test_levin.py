from __future__ import annotations

import numpy as np
import pytest

from tinct.evaluation.levin import Levin


def halves(height: int = 20, width: int = 30) -> np.ndarray:
    """L* 30 at the left, 70 at the right."""
    return np.where(np.arange(width) < width // 2, 30.0, 70.0) * np.ones((height, 1))


def hint(shape: tuple[int, ...], *places: tuple[int, int, float, float]) -> tuple[np.ndarray, np.ndarray]:
    hinted, ab = np.zeros(shape, bool), np.full((*shape, 2), 99.0, np.float32)  # what isn't hinted mustn't be looked at
    for y, x, a, b in places:
        hinted[y, x], ab[y, x] = True, (a, b)
    return hinted, ab


def test_a_color_fills_a_flat_picture() -> None:
    flat = np.full((17, 23), 50.0)
    ab = Levin(flat).colorize(*hint(flat.shape, (3, 4, 20, -30)))
    assert (ab.shape, ab.dtype) == ((17, 23, 2), np.float32)
    np.testing.assert_allclose(ab, np.broadcast_to([20, -30], ab.shape), rtol=1e-5)


def test_a_color_stops_at_an_edge() -> None:
    picture = halves()
    ab = Levin(picture).colorize(*hint(picture.shape, (10, 3, 40, 0), (10, 26, 0, 40)))
    np.testing.assert_allclose(ab[:, :13], np.broadcast_to([40, 0], ab[:, :13].shape), atol=1.5)
    np.testing.assert_allclose(ab[:, 17:], np.broadcast_to([0, 40], ab[:, 17:].shape), atol=1.5)


def test_without_an_edge_colors_blend() -> None:
    flat = np.full((9, 31), 50.0)
    hinted, ab = hint(flat.shape)
    hinted[:, 0], hinted[:, -1], ab[:, 0], ab[:, -1] = True, True, 0, 30
    found = Levin(flat).colorize(hinted, ab)
    np.testing.assert_allclose(found[4, :, 0], np.arange(31), atol=0.05)  # nothing tells both sides apart: a straight line


def test_hints_are_kept_and_bound_all_others() -> None:
    generator = np.random.default_rng(0)
    picture = generator.uniform(0, 100, (33, 21))
    hinted = generator.random(picture.shape) < 0.05
    colors = generator.uniform(-60, 60, (*picture.shape, 2)).astype(np.float32)
    ab = Levin(picture).colorize(hinted, colors)
    np.testing.assert_array_equal(ab[hinted], colors[hinted])
    assert (ab >= colors[hinted].min(axis=0) - 1e-3).all()
    assert (ab <= colors[hinted].max(axis=0) + 1e-3).all()


def test_every_other_pixel_is_the_mean_of_its_neighbors() -> None:
    """The equation itself, from weights worked out pixel by pixel as in the authors' code."""
    generator = np.random.default_rng(1)
    picture = generator.uniform(0, 100, (8, 9))
    hinted, colors = hint(picture.shape, (1, 1, 30, 0), (6, 7, -10, 20))
    ab = Levin(picture).colorize(hinted, colors)
    y = picture / 100
    for row, column in np.argwhere(~hinted):
        around = [
            (i, j)
            for i in range(max(row - 1, 0), min(row + 2, 8))
            for j in range(max(column - 1, 0), min(column + 2, 9))
            if (i, j) != (row, column)
        ]
        values = np.array([y[p] for p in around])
        squares = (values - y[row, column]) ** 2
        sigma = max(0.6 * np.var([*values, y[row, column]]), -squares.min() / np.log(0.01), 2e-6)
        weights = np.exp(-squares / sigma)
        mean = sum(w * ab[p] for w, p in zip(weights / weights.sum(), around, strict=True))
        assert ab[row, column] == pytest.approx(mean, abs=1e-3)


def test_nothing_known_is_gray_and_all_known_is_kept() -> None:
    picture = halves(6, 8)
    levin = Levin(picture)
    hinted, colors = hint(picture.shape)
    assert not levin.colorize(hinted, colors).any()
    np.testing.assert_array_equal(levin.colorize(~hinted, colors), colors)


def test_one_row() -> None:
    picture = np.full((1, 12), 40.0)
    np.testing.assert_allclose(
        Levin(picture).colorize(*hint(picture.shape, (0, 5, 7, 8))), np.broadcast_to([7, 8], (1, 12, 2)), rtol=1e-5
    )
