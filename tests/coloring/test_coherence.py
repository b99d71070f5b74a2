"""Coherent decoding, on cells whose distributions, lightness and features are made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tinct.color import ab_bins, chroma
from tinct.coloring.coherence import Affinity, affinity_of, coherent_colors, cover, product
from tinct.coloring.palette import decode_colors, vivid_logits
from tinct.runtime.spec import Palette

Floats = np.ndarray
PALETTE = Palette(temperature=1.0, rebalance=0.0, boost=0.0)
SHAPE = (16, 24)
BLUE, ORANGE, RED = (0, -40), (20, 50), (60, 40)


def bin_of(color: tuple[int, int]) -> int:
    return int(np.square(ab_bins() - np.array(color)).sum(axis=1).argmin())


def logits(shape: tuple[int, int], **shares: Floats) -> Floats:
    """(bins, h, w) of cells in which each color has a share; the rest is spread over all bins."""
    p = np.full((len(ab_bins()), *shape), 1e-5, np.float32)
    for name, share in shares.items():
        p[bin_of({"blue": BLUE, "orange": ORANGE, "red": RED}[name])] += share
    return np.log(p / p.sum(axis=0))


def alike(shape: tuple[int, int] = SHAPE, light: Floats | float = 50.0, features: Floats | None = None) -> Affinity:
    """Affinity of cells with this lightness, (h, w), and equal features."""
    lightness = np.broadcast_to(np.asarray(light, np.float32), shape).repeat(4, 0).repeat(4, 1)
    features = np.ones((3, max(1, shape[0] // 4), max(1, shape[1] // 4)), np.float32) if features is None else features
    return affinity_of(np.ascontiguousarray(lightness), features, shape, lightness.shape)


def halves(left: float, right: float) -> tuple[Floats, Floats]:
    """(h, w) shares in the left and right half."""
    share = np.full(SHAPE, left, np.float32)
    share[:, SHAPE[1] // 2 :] = right
    return share, 1 - share


def gap(cells: Floats) -> float:
    """Distance between the mean colors of both halves."""
    return float(chroma(cells[:, : SHAPE[1] // 2].mean((0, 1)) - cells[:, SHAPE[1] // 2 :].mean((0, 1))))


def test_two_halves_of_one_object_agree() -> None:
    blue, orange = halves(0.9, 0.35)
    given = logits(SHAPE, blue=blue / 20, orange=orange / 20)
    given = np.maximum(given, given.max() - 6)  # broad, as a network's
    assert gap(decode_colors(given, PALETTE, 0.5)) > 20
    assert gap(coherent_colors(given, alike(), PALETTE, 0.5)) < 5


@pytest.mark.parametrize("told_by", ["lightness", "features"])
def test_two_objects_keep_their_colors(told_by: str) -> None:
    blue, orange = halves(0.8, 0.2)
    given = logits(SHAPE, blue=blue, orange=orange)
    if told_by == "lightness":
        affinity = alike(light=halves(30, 70)[0])
    else:
        features = np.zeros((2, 4, 6), np.float32)
        features[0, :, :3] = features[1, :, 3:] = 1
        affinity = alike(features=features)
    assert gap(coherent_colors(given, affinity, PALETTE, 0.5)) > 0.9 * gap(decode_colors(given, PALETTE, 0.5))


def test_a_small_patch_that_is_sure_survives_among_cells_that_are_not() -> None:
    red = np.zeros(SHAPE, np.float32)
    red[8, 12] = 1
    p = np.full((len(ab_bins()), *SHAPE), 1.0, np.float32)
    p[bin_of(BLUE)] = 20  # of 326: most of the distribution is elsewhere
    p[:, 8, 12] = 1e-4
    p[bin_of(RED), 8, 12] = 1
    cells = coherent_colors(np.log(p / p.sum(axis=0)), alike(), PALETTE, 0.5)
    assert chroma(cells[8, 12] - np.float32(RED)) < 12


def test_nothing_changes_where_nothing_is_ambiguous() -> None:
    shares = np.random.default_rng(0).integers(0, 2, SHAPE).astype(np.float32)
    given = logits(SHAPE, blue=shares, orange=1 - shares) * 4
    light = 30 + 40 * shares
    np.testing.assert_allclose(
        coherent_colors(given, alike(light=light), PALETTE, 0.5), decode_colors(given, PALETTE, 0.5), atol=0.5
    )


def test_cells_that_hints_cover_keep_their_colors() -> None:
    blue, orange = halves(0.9, 0.9)
    blue[8, 12], orange[8, 12] = 0.3, 0.7
    given, covered = logits(SHAPE, blue=blue, orange=orange), np.zeros(SHAPE, np.float32)
    plain = decode_colors(given, PALETTE, 0.5)[8, 12]
    assert chroma(coherent_colors(given, alike(), PALETTE, 0.5)[8, 12] - plain) > 20
    covered[8, 12] = 1
    assert chroma(coherent_colors(given, alike(), PALETTE, 0.5, covered)[8, 12] - plain) < 1


def test_the_mean_stays_the_mean() -> None:
    given = np.random.default_rng(1).normal(0, 2, (len(ab_bins()), *SHAPE)).astype(np.float32)
    np.testing.assert_array_equal(coherent_colors(given, alike(), PALETTE, 0.0), decode_colors(given, PALETTE, 0.0))


def test_the_same_input_gives_the_same_colors() -> None:
    given = np.random.default_rng(2).normal(0, 2, (len(ab_bins()), *SHAPE)).astype(np.float32)
    before = given.copy()
    first, second = (coherent_colors(given, alike(), PALETTE, 0.7) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(given, before)


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (8, 64), (3, 16), (64, 64)])
def test_any_shape(shape: tuple[int, int]) -> None:
    given = np.random.default_rng(3).normal(0, 2, (len(ab_bins()), *shape)).astype(np.float32)
    affinity = alike(shape)
    cells = coherent_colors(given, affinity, PALETTE, 0.5)
    assert cells.shape == (*shape, 2)
    assert cells.dtype == np.float32
    assert np.isfinite(cells).all()
    assert affinity.regions.shape[:2] == shape
    np.testing.assert_allclose(affinity.regions.sum(axis=-1), 1, atol=1e-5)


def test_regions_follow_objects() -> None:
    features = np.zeros((2, 4, 6), np.float32)
    features[0, :, :3] = features[1, :, 3:] = 1
    regions = alike(light=halves(30, 70)[0], features=features).regions.reshape(SHAPE[0], SHAPE[1], -1)
    left, right = regions[:, :10].mean((0, 1)), regions[:, 14:].mean((0, 1))
    assert np.minimum(left, right).sum() < 0.02  # no region lies in both


def test_cover_reaches_all_cells_that_a_hint_touches_by_a_quarter() -> None:
    hinted = np.zeros((10, 14), np.float32)  # without the padding of 12 × 16
    hinted[2:6, 4:6] = 1
    expected = np.zeros((3, 4), np.float32)
    expected[:2, 1] = 1
    np.testing.assert_array_equal(cover(hinted, 4, (3, 4)), expected)


@pytest.mark.parametrize(("m", "k", "n"), [(1, 1, 1), (1600, 5, 400), (37, 197, 401), (7, 3, 2), (3, 70_000, 9)])
def test_products_in_parts(m: int, k: int, n: int) -> None:
    random = np.random.default_rng(0)
    a, b = random.random((m, k), np.float32), random.random((k, n), np.float32)
    np.testing.assert_allclose(product(a, b), a @ b, rtol=1e-3)


def test_vivid_logits_give_what_plain_decoding_takes() -> None:
    given = np.random.default_rng(4).normal(0, 2, (len(ab_bins()), 4, 4)).astype(np.float32)
    palette = Palette(temperature=0.4, rebalance=1.0, boost=0.0, frequency=tuple(np.full(len(ab_bins()), 1 / len(ab_bins()))))
    np.testing.assert_allclose(
        decode_colors(vivid_logits(given, palette, 0.5), PALETTE, 0.5), decode_colors(given, palette, 0.5), atol=1e-3
    )
