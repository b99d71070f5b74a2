"""Soft masks of objects, from a picture's lightness, features and automatic colors."""

from __future__ import annotations

import numpy as np
import pytest

from tinct.color import ab_bins
from tinct.coloring.objects import (
    MAX_SIDE,
    MIN_CHANGE,
    NEUTRAL_RESPONSE,
    RESPONSE_WEIGHT,
    SHARPNESS,
    Scene,
    connected,
    describe,
    log_odds,
    plausibility,
    responses,
    shares,
)


def logits_of(ab: np.ndarray) -> np.ndarray:
    """(h, w, 2) colors -> (bins, h, w) of distributions around them."""
    return np.asarray(-np.square(ab[None] - ab_bins()[:, None, None]).sum(axis=-1) / 100, np.float32)


def two_halves(height: int = 12, width: int = 20) -> Scene:
    """Dark and red on the left, light and blue on the right, with features that differ."""
    left = np.broadcast_to(np.arange(width) < width // 2, (height, width))
    light = np.where(left, 30, 80).astype(np.float32).repeat(4, 0).repeat(4, 1)
    feature = np.stack([left, ~left]).astype(np.float32)[:, ::2, ::2]
    ab = np.where(left[..., None], [40, 20], [-10, -30])
    return describe(light, feature, logits_of(ab))


def seed(shape: tuple[int, int], *cells: tuple[int, int]) -> np.ndarray:
    found = np.zeros(shape, np.float32)
    for cell in cells:
        found[cell] = 0.9
    return found


def odds_of(scene: Scene, seeds: np.ndarray) -> np.ndarray:
    """Log odds without the network's response."""
    return log_odds(scene, seeds, np.full_like(seeds, NEUTRAL_RESPONSE))


def test_an_object_ends_at_its_border() -> None:
    odds = odds_of(two_halves(), seed((12, 20), (6, 3))[None])
    assert odds.shape == (1, 12, 20)
    assert odds[0, :, :9].min() > 0 > odds[0, :, 11:].max()
    assert odds.argmax() == 6 * 20 + 3


def test_a_place_that_the_network_colored_like_the_hint_belongs_to_it() -> None:
    scene, seeds = two_halves(), seed((12, 20), (6, 3))[None]
    response = np.full_like(seeds, NEUTRAL_RESPONSE)
    response[0, :, 15:], response[0, :, :3] = 1, 0
    change = log_odds(scene, seeds, response) - odds_of(scene, seeds)
    np.testing.assert_allclose(change[0, :, 15:], SHARPNESS * RESPONSE_WEIGHT * (1 - NEUTRAL_RESPONSE), rtol=1e-3)
    np.testing.assert_allclose(change[0, :, :3], -SHARPNESS * RESPONSE_WEIGHT * NEUTRAL_RESPONSE, rtol=1e-3)
    assert not change[0, :, 3:15].any()


def test_a_response_is_the_share_of_the_way_to_the_hint_s_color() -> None:
    before = np.zeros((1, 4, 2), np.float32)
    after = np.array([[[40, 0], [20, 0], [0, 0], [-30, 0]]], np.float32)
    np.testing.assert_allclose(responses(np.array([[40, 0]], np.float32), before, after)[0, 0], [1, 0.5, 0, 0])
    nearly = responses(np.array([[MIN_CHANGE / 4, 0]], np.float32), before, before)
    np.testing.assert_allclose(nearly, 0.75)  # an automatic color that is nearly the hint's counts as reached


def test_several_hints_compete() -> None:
    scene = two_halves()
    both = shares(odds_of(scene, np.stack([seed((12, 20), (6, 3)), seed((12, 20), (6, 16))])))
    assert both.sum(axis=0).max() <= 1 + 1e-5
    assert both[0, :, :9].min() > 0.9
    assert both[1, :, 11:].min() > 0.9
    twice = shares(odds_of(scene, np.stack([seed((12, 20), (2, 3)), seed((12, 20), (9, 3))])))
    assert twice[0, 2, 3] > 0.5 > twice[0, 9, 3]


def test_the_geodesic_distance_goes_around_obstacles() -> None:
    light = np.full((40, 40), 50, np.float32)
    light[:32, 16:20] = 90  # a wall with a gap at the bottom
    scene = describe(light, np.ones((1, 5, 5), np.float32), logits_of(np.zeros((10, 10, 2))))
    odds = odds_of(scene, seed((10, 10), (0, 0))[None])[0]
    assert odds[0, 9] > odds[0, 4], "behind the wall is nearer than within it"
    assert odds[9, 0] > odds[9, 9] > odds[0, 9]


def test_large_grids_are_reduced() -> None:
    height, width = 2 * MAX_SIDE, 3 * MAX_SIDE
    scene = two_halves(height, width)
    assert scene.grid == (MAX_SIDE, 3 * MAX_SIDE // 2)
    odds = odds_of(scene, seed((height, width), (5, 5))[None])
    assert odds.shape == (1, height, width)
    assert odds[0, :, : width // 2 - 3].min() > odds[0, :, width // 2 + 3 :].max()


def test_plausible_is_what_the_automatic_result_says() -> None:
    scene, covered = two_halves(), np.ones(1, np.float32)
    left, right = np.array([6 * 20 + 3]), np.array([6 * 20 + 16])
    assert plausibility(scene, left, covered, np.array([40, 20], np.float32)) > 0.8
    assert plausibility(scene, right, covered, np.array([40, 20], np.float32)) < 0.01
    half = plausibility(scene, np.concatenate([left, right]), np.ones(2, np.float32), np.array([40, 20], np.float32))
    assert half == pytest.approx(0.5 * plausibility(scene, left, covered, np.array([40, 20], np.float32)), abs=0.01)


def test_only_what_is_connected_counts() -> None:
    members = np.zeros((6, 9), np.float32)
    members[1:4, 1:4], members[1:4, 6:8], members[4, 4] = 0.8, 0.7, 0.6
    found = connected(members, seed((6, 9), (2, 2)), 0.5)
    assert found[1:4, 1:4] == pytest.approx(0.8)
    assert found[4, 4] == pytest.approx(0.6)  # by its corner
    assert not found[:, 6:].any()
