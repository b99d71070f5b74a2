from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from conftest import draw
from tinct.color import rgb_to_lab
from tinct.evaluation import metrics


def plain(*color: int, side: int = 16) -> np.ndarray:
    return np.broadcast_to(np.array(color, np.uint8), (side, side, 3)).copy()


def test_psnr_of_a_constant_offset() -> None:
    assert metrics.psnr(plain(110, 120, 130), plain(100, 110, 120)) == pytest.approx(20 * math.log10(255 / 10), abs=1e-4)
    assert metrics.psnr(plain(90, 90, 90), plain(100, 100, 100)) == metrics.psnr(plain(110, 110, 110), plain(100, 100, 100))


def test_psnr_of_equal_pictures_is_finite() -> None:
    assert metrics.psnr(draw(1), draw(1)) == pytest.approx(metrics.MAX_PSNR)


def test_against_scikit_image() -> None:
    one, other = draw(1, 64, 48), draw(2, 64, 48)
    assert metrics.psnr(one, other) == pytest.approx(peak_signal_noise_ratio(other, one), abs=1e-4)
    assert metrics.ssim(one, other) == pytest.approx(structural_similarity(one, other, channel_axis=2))
    expected = deltaE_ciede2000(rgb2lab(one), rgb2lab(other)).mean()
    assert metrics.ciede2000(rgb_to_lab(one), rgb_to_lab(other)) == pytest.approx(expected, abs=1e-3)


def test_ciede2000_of_a_published_pair() -> None:
    """Pair 1 of Sharma, Wu and Dalal (2005)."""
    one, other = (np.array(lab).reshape(1, 1, 3) for lab in ((50, 2.6772, -79.7751), (50, 0, -82.7485)))
    assert metrics.ciede2000(one, other) == pytest.approx(2.0425, abs=1e-4)


def test_pairwise_is_the_mean_over_all_pairs() -> None:
    labs = [rgb_to_lab(draw(seed, 24, 24)) for seed in range(3)]
    pairs = [metrics.ciede2000(labs[i], labs[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert metrics.pairwise_ciede2000(labs) == pytest.approx(np.mean(pairs))
    assert metrics.pairwise_ciede2000([labs[0], labs[0]]) == 0


def test_a_tint_alone_is_no_difference_without_the_mean_shift() -> None:
    lab = rgb_to_lab(draw(1, 24, 24))
    tinted = lab + np.float32([0, 12, -7])
    centered = metrics.without_mean_shift([lab, tinted])
    assert metrics.pairwise_ciede2000([lab, tinted]) > 3
    assert metrics.pairwise_ciede2000(centered) == pytest.approx(0, abs=1e-3)
    np.testing.assert_allclose(centered[0], lab + np.float32([0, 6, -3.5]), atol=1e-4)  # around the mean of both

    other = tinted.copy()
    other[:12, :, 1] += 20
    other[12:, :, 1] -= 20
    assert metrics.pairwise_ciede2000(metrics.without_mean_shift([lab, other])) > 5  # by object


def test_colorfulness_of_gray_and_of_one_color() -> None:
    assert metrics.colorfulness(np.repeat(draw(1)[..., :1], 3, axis=-1)) == 0
    # rg = 90, yb = (100 + 10) / 2 - 40 = 15, no deviation: 0.3 times the distance from gray
    assert metrics.colorfulness(plain(100, 10, 40)) == pytest.approx(0.3 * math.hypot(90, 15))


def test_colorfulness_of_two_colors_and_the_variant() -> None:
    half = np.concatenate([plain(100, 20, 60), plain(20, 100, 60)])  # rg = ±80, yb = 0
    assert metrics.colorfulness(half) == pytest.approx(80)
    assert metrics.colorfulness(half, ddcolor=True) == pytest.approx(0.3 * 80)  # the absolute values don't differ


def test_lightness_change() -> None:
    gray = np.full((4, 4), 119, np.uint8)  # L* 50.03
    result = np.repeat(gray[..., None], 3, axis=-1)
    assert metrics.lightness_change(gray, result) == pytest.approx(0, abs=1e-4)
    result[0, 0] = (150, 150, 150)
    assert metrics.lightness_change(gray, result) == pytest.approx(62.1 - 50.0, abs=0.2)
    result[0, 0] = (255, 150, 150)  # on the hull of sRGB
    assert metrics.lightness_change(gray, result) == pytest.approx(0, abs=1e-4)
    assert metrics.lightness_change(gray, np.zeros_like(result)) == 0


def test_mean_and_error() -> None:
    found = metrics.mean_and_error([1.0, 2.0, 3.0, 4.0])
    assert found == {"mean": 2.5, "se": pytest.approx(np.std([1, 2, 3, 4], ddof=1) / 2)}
    assert metrics.mean_and_error([7.0]) == {"mean": 7.0, "se": None}
