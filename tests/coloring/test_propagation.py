from __future__ import annotations

import numpy as np
import pytest

from tinct.color import AB_SCALE
from tinct.coloring.propagation import MAX_HINTED_CELLS, NOISE_VARIANCE, krige

RED = (50.0, 30.0)


def halves(left: float, right: float) -> np.ndarray:
    """(64, 96) L* of two halves."""
    return np.repeat(np.repeat([[left, right]], 48, axis=1), 64, axis=0).astype(np.float32)


def hint(y: int, x: int, color: tuple[float, float] = RED, planes: np.ndarray | None = None, side: int = 4) -> np.ndarray:
    """(3, 64, 96) with one square hint."""
    planes = np.zeros((3, 64, 96), np.float32) if planes is None else planes
    planes[:, y : y + side, x : x + side] = np.array([color[0] / AB_SCALE, color[1] / AB_SCALE, 1])[:, None, None]
    return planes


GRAY = np.zeros((16, 24, 2), np.float32)


def test_without_hints_nothing_changes() -> None:
    assert krige(GRAY, halves(30, 70), np.zeros((3, 64, 96), np.float32)) is GRAY


def test_places_of_similar_lightness_follow_a_hint() -> None:
    found = krige(GRAY, halves(30, 70), hint(32, 20))
    assert found[8, 5] == pytest.approx(np.array(RED) / (1 + NOISE_VARIANCE), rel=1e-5)
    assert (found[:, :12, 0] > 0.3 * RED[0]).all()
    assert np.abs(found[:, 12:]).max() < 0.5
    assert (found[8, :5, 0] < found[8, 1:6, 0]).all()  # less, farther away


def test_places_with_another_network_color_do_not_follow() -> None:
    cells = GRAY.copy()
    cells[:, 12:] = (-30, 30)
    found = krige(cells, halves(50, 50), hint(32, 20))
    assert (found[:, :12, 0] > 0.3 * RED[0]).all()
    assert found[:, 12:] == pytest.approx(cells[:, 12:], abs=0.5)


def test_a_hint_that_is_followed_already_changes_nothing() -> None:
    cells = np.broadcast_to(np.array(RED, np.float32), GRAY.shape)
    assert krige(cells, halves(30, 70), hint(32, 20)) == pytest.approx(cells, abs=1e-4)


def test_two_hints_share_the_ground_between_them() -> None:
    """A red and a blue hint on one ground: each keeps its own side."""
    found = krige(GRAY, halves(50, 50), hint(32, 84, (-10, -40), hint(32, 8)))
    assert found[8, 2, 0] > 40
    assert found[8, 21, 1] < -30
    assert found[8, 2, 0] > found[8, 12, 0] > found[8, 21, 0]


def test_partial_coverage_of_a_cell_has_less_weight() -> None:
    whole, part = (krige(GRAY, halves(50, 50), hint(32, 20, side=side))[8, 5, 0] for side in (4, 2))
    assert 0.5 * whole < part < whole


@pytest.mark.parametrize("size", [(64, 96), (61, 93)])
def test_painting_everything_gives_what_was_painted(size: tuple[int, int]) -> None:
    """More cells than are taken into account; the picture's edge may lie within a cell."""
    cells = np.random.default_rng(0).normal(0, 4, (32, 48, 2)).astype(np.float32)
    assert cells.size / 2 > MAX_HINTED_CELLS
    planes = np.ones((3, *size), np.float32)
    planes[0], planes[1] = RED[0] / AB_SCALE, RED[1] / AB_SCALE
    found = krige(cells, halves(50, 50), planes)
    assert found.dtype == np.float32
    assert np.abs(found - RED).mean() < 0.05 * np.abs(cells - RED).mean()
