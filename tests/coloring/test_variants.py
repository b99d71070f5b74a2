"""Latent codes of variants: fitted to posterior codes, and evenly spaced."""

from __future__ import annotations

import numpy as np
import pytest

from tinct._util.fields import from_dict, to_dict
from tinct.color import ab_bins
from tinct.coloring.variants import TILT, code_offset, fit_codes, region_tilts
from tinct.runtime.spec import CodeDistribution

LATENT = 12


def crowded(count: int = 4000) -> np.ndarray:
    """Offsets along two directions, three and one standard deviations wide, round a place that isn't the origin."""
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.standard_normal((LATENT, 2)))[0].T
    return np.array([rng.standard_normal(count) * 3, rng.standard_normal(count)]).T @ axes + np.linspace(-1, 1, LATENT)


def test_the_fit_recovers_mean_and_principal_axes() -> None:
    found = fit_codes(crowded())
    assert found.mean == pytest.approx(np.linspace(-1, 1, LATENT), abs=0.15)
    assert [np.linalg.norm(direction) for direction in found.directions] == pytest.approx([3, 1], rel=0.05)
    assert np.dot(*found.directions) == pytest.approx(0, abs=1e-6)
    assert from_dict(CodeDistribution, to_dict(found), "here") == found


def test_codes_without_variance_have_no_directions() -> None:
    assert fit_codes(np.random.default_rng(0).standard_normal((50, LATENT)) * 0.01) == CodeDistribution()


def test_without_a_fitted_distribution_codes_are_samples_of_the_prior() -> None:
    drawn = np.concatenate([code_offset(CodeDistribution(), LATENT, seed, 1) for seed in range(400)])
    assert drawn.mean() == pytest.approx(0, abs=0.05)
    assert drawn.std() == pytest.approx(1, abs=0.05)
    assert drawn.dtype == np.float32


def test_codes_follow_the_fitted_distribution() -> None:
    codes = CodeDistribution(**{**to_dict(fit_codes(crowded())), "temperature": 1.0})
    drawn = np.concatenate([code_offset(codes, LATENT, seed, number) for seed in range(100) for number in range(1, 21)])
    assert drawn.mean(axis=0) == pytest.approx(np.linspace(-1, 1, LATENT), abs=0.1)
    assert np.cov(drawn.T) == pytest.approx(np.cov(crowded().T), abs=0.4)


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_a_few_codes_are_evenly_spaced(count: int) -> None:
    """The first eight of a seed leave smaller holes than eight by chance: the largest of them is compared, along each direction."""
    codes = CodeDistribution((0.0,) * LATENT, tuple(tuple(row) for row in np.eye(LATENT)[:count]), temperature=1.0)

    def hole(places: np.ndarray) -> float:
        return float(np.mean([np.diff(np.sort(column), prepend=0, append=1).max() for column in places.T]))

    def shares(seed: int) -> np.ndarray:
        drawn = np.concatenate([code_offset(codes, LATENT, seed, number) for number in range(1, 9)])[:, :count]
        return np.searchsorted(np.sort(np.random.default_rng(1).standard_normal(20_000)), drawn) / 20_000

    even = np.mean([hole(shares(seed)) for seed in range(50)])
    chance = np.mean([hole(np.random.default_rng(seed).random((8, count))) for seed in range(50)])
    assert even < 0.85 * chance


def test_seed_and_number_determine_the_code() -> None:
    codes = fit_codes(crowded())
    assert np.array_equal(code_offset(codes, LATENT, 3, 2), code_offset(codes, LATENT, 3, 2))
    assert not np.array_equal(code_offset(codes, LATENT, 3, 2), code_offset(codes, LATENT, 3, 3))
    assert not np.array_equal(code_offset(codes, LATENT, 3, 2), code_offset(codes, LATENT, 4, 2))


def test_a_lower_temperature_keeps_codes_near_the_mean() -> None:
    cold = CodeDistribution(**{**to_dict(fit_codes(crowded())), "temperature": 0.1})
    middle = np.array(cold.mean)
    assert max(np.linalg.norm(code_offset(cold, LATENT, 0, number) - middle) for number in range(1, 50)) < 1


def two_peaks(shares: list[float]) -> np.ndarray:
    """(bins, regions) distributions over blue and orange; `shares` are those of blue."""
    likely = np.full((len(ab_bins()), len(shares)), 1e-5, np.float32)
    for color, part in (((0, -40), np.array(shares)), ((20, 50), 1 - np.array(shares))):
        likely[int(np.square(ab_bins() - np.array(color)).sum(axis=1).argmin())] += part
    return likely / likely.sum(axis=0)


def chosen(likely: np.ndarray, seed: int, number: int) -> np.ndarray:
    """b* of the color that each region is drawn toward."""
    return np.asarray(ab_bins()[region_tilts(likely, seed, number).argmax(axis=1), 1])


def test_each_region_is_drawn_toward_one_of_its_peaks() -> None:
    tilts = region_tilts(two_peaks([0.5, 0.3, 0.9]), 0, 1)
    assert tilts.shape == (3, len(ab_bins()))
    assert tilts.min() >= 0
    np.testing.assert_allclose(tilts.max(axis=1), TILT, rtol=0.05)
    assert {float(b) for number in range(1, 20) for b in chosen(two_peaks([0.5, 0.3, 0.9]), 0, number)} == {-40, 50}


def test_the_first_variants_differ_by_region() -> None:
    """Of two regions with two even peaks each, the first four variants show at least three of the four combinations."""
    shown = [len({tuple(chosen(two_peaks([0.5, 0.5]), seed, number)) for number in range(1, 5)}) for seed in range(30)]
    assert np.mean(shown) > 3


def test_a_color_that_is_not_plausible_is_never_drawn() -> None:
    assert all((chosen(two_peaks([0.99]), seed, 1) == -40).all() for seed in range(50))


def test_rarer_colors_are_drawn_less_often() -> None:
    often = np.mean([chosen(two_peaks([0.85]), seed, 1) == -40 for seed in range(300)])
    assert 0.65 < often < 0.95


def test_seed_and_number_determine_the_regions_colors() -> None:
    likely = two_peaks([0.5] * 6)
    np.testing.assert_array_equal(region_tilts(likely, 3, 2), region_tilts(likely, 3, 2))
    assert len({tuple(chosen(likely, seed, 2)) for seed in range(8)}) > 4
