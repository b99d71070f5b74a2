"""From distributions to colors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinct.color import BIN_STEP, ab_bins, rgb_to_lab
from tinct.coloring.palette import (
    confidence,
    decode_colors,
    expected_color,
    histogram,
    match_histogram,
    probabilities,
)
from tinct.runtime.spec import Palette


def index(a: float, b: float) -> int:
    """The bin at these a*, b*."""
    return int(np.flatnonzero((ab_bins() == (a, b)).all(axis=1))[0])


def logits_of(*shares: tuple[float, float, float], shape: tuple[int, int] = (2, 3)) -> np.ndarray:
    """(bins, h, w) logits of a distribution over (a, b, probability)."""
    likely = np.full((len(ab_bins()), *shape), 1e-9, np.float32)
    for a, b, probability in shares:
        likely[index(a, b)] = probability
    return np.log(likely)


def test_bins_are_the_corners_of_grid_cells_that_srgb_touches() -> None:
    values = np.linspace(0, 1, 129, dtype=np.float32)
    face = np.stack(np.meshgrid(values, values), -1).reshape(-1, 2)
    hull = np.concatenate([rgb_to_lab(np.insert(face, axis, level, axis=1)) for axis in range(3) for level in (0.0, 1.0)])
    cells = np.unique(np.floor(hull[:, 1:] / BIN_STEP).astype(int), axis=0)
    corners = np.concatenate([cells + corner for corner in ((0, 0), (0, 1), (1, 0), (1, 1))])
    assert np.array_equal(ab_bins(), np.unique(corners, axis=0) * BIN_STEP)


@given(st.integers(0, 2**24 - 1))
def test_a_histogram_has_the_mean_of_its_colors(code: int) -> None:
    ab = rgb_to_lab(np.array([code >> 16, code >> 8 & 255, code & 255], np.uint8))[1:]
    shares = histogram(ab[None])
    assert shares.sum() == pytest.approx(1, abs=1e-5)
    assert shares @ ab_bins() == pytest.approx(ab, abs=0.01)
    assert (shares > 0).sum() <= 4


def test_probabilities_are_a_softmax() -> None:
    logits = np.random.default_rng(0).normal(size=(len(ab_bins()), 2, 2)).astype(np.float32) * 50
    likely = probabilities(logits)
    assert likely.sum(axis=0) == pytest.approx(1, abs=1e-5)
    assert np.isfinite(likely).all()


def test_vividness_0_is_the_mean_and_more_moves_to_the_likelier_color() -> None:
    logits = logits_of((60, 0, 0.6), (-60, 0, 0.4))
    palette = Palette(boost=0)
    means = [decode_colors(logits, palette, v)[0, 0, 0] for v in (0, 0.5, 1)]
    assert means[0] == pytest.approx(12, abs=0.1)
    assert means[0] < means[1] < means[2]


def test_rare_colors_count_more_with_vividness() -> None:
    frequency = np.full(len(ab_bins()), 1e-4)
    frequency[index(0, 0)] = 1 - frequency.sum() + 1e-4
    logits = logits_of((0, 0, 0.5), (40, 40, 0.5))
    plain = decode_colors(logits, Palette(temperature=1, rebalance=0.5, boost=0), 1)
    weighed = decode_colors(logits, Palette(tuple(frequency), temperature=1, rebalance=0.5, boost=0), 1)
    assert plain[0, 0] == pytest.approx((20, 20), abs=0.1)
    assert (weighed[0, 0] > 30).all()


def test_confidence_is_the_probability_of_a_similar_color() -> None:
    logits = logits_of((50, 0, 0.7), (-50, 0, 0.3))
    assert confidence(logits, np.full((2, 3, 2), (50, 0), np.float32)) == pytest.approx(0.7, abs=1e-3)
    assert confidence(logits, np.full((2, 3, 2), (-50, 0), np.float32)) == pytest.approx(0.3, abs=1e-3)
    assert confidence(logits, np.full((2, 3, 2), (0, 60), np.float32)) == pytest.approx(0, abs=1e-3)


def test_matching_a_histogram_moves_colors_where_they_are_plausible() -> None:
    shape = (4, 4)
    sky = logits_of((0, -30, 0.5), (0, 0, 0.5), shape=shape)
    grass = logits_of((-30, 30, 0.5), (0, 0, 0.5), shape=shape)
    logits = np.concatenate([sky, grass], axis=1)
    wanted = np.zeros(len(ab_bins()), np.float32)
    wanted[index(0, -30)] = wanted[index(-30, 30)] = 0.5
    ab = expected_color(probabilities(match_histogram(logits, wanted, strength=1)))
    assert ab[0, 0, 1] < -25
    assert ab[-1, 0, 0] < -25
    assert ab[-1, 0, 1] > 25
    assert match_histogram(logits, wanted, strength=1, iterations=0) == pytest.approx(logits)
