from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image
from scipy.ndimage import distance_transform_edt
from skimage.color import rgb2lab

from conftest import draw
from tinct.errors import DataError
from tinct.evaluation import bleeding
from tinct.evaluation.bleeding import KINDS, edge_band, errors, measure_folder, ratios


def step(height: int = 60, width: int = 100) -> np.ndarray:
    """Two colors, 50 apart, with a border at column 50."""
    ab = np.zeros((height, width, 2), np.float32)
    ab[:, 50:] = 30, 40
    return ab


def test_the_band_lies_around_the_largest_gradients() -> None:
    band = edge_band(step())
    assert band[0].tolist() == [46 <= x < 54 for x in range(100)]  # the gradient is at columns 49 and 50
    ab = np.random.default_rng(0).normal(0, 10, (80, 90, 2)).astype(np.float32)
    size = np.sqrt(sum((g**2).sum(-1) for g in np.gradient(ab, axis=(0, 1))))
    strong = size >= np.sort(size, axis=None)[-round(0.03 * size.size)]
    away = distance_transform_edt(~strong)
    band = edge_band(ab)
    assert band[away <= 3].all()
    assert not band[away > 3 * 2**0.5 + 1e-6].any()


def test_errors_of_known_colors() -> None:
    truth = step()
    band = edge_band(truth)
    assert errors(truth, truth, band) == dict.fromkeys(KINDS, 0.0)
    other = truth + np.float32([3, 4])
    assert errors(other, truth, band) == {"edges": 5.0, "everywhere": 5.0, "gradients": 0.0}
    gray = errors(np.zeros_like(truth), truth, band)
    assert gray == {"edges": 25.0, "everywhere": 25.0, "gradients": pytest.approx(50 / 8)}
    shifted = errors(np.roll(truth, 1, axis=1)[:, 1:-1], truth[:, 1:-1], band[:, 1:-1])
    assert shifted["edges"] == pytest.approx(50 / 8)
    assert shifted["everywhere"] == pytest.approx(50 / 98)


def test_real_photographs_bleed_less_than_by_bilinear_upsampling() -> None:
    for picture in (skimage.data.astronaut(), skimage.data.coffee()):
        found = ratios(picture)
        assert list(found) == list(KINDS)
        assert found["edges"] < 0.8
        assert found["everywhere"] < 0.8
        assert found["gradients"] < 0.95


def test_bilinear_upsampling_has_the_ratio_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The truth is the chroma of the picture itself, as scikit-image computes it."""
    monkeypatch.setattr(bleeding, "sharpen", lambda cells, light: cells)
    monkeypatch.setattr(bleeding, "guided", lambda ab, light, full: bleeding.enlarge(ab, full.width, full.height))
    seen = []
    measure = bleeding.errors
    monkeypatch.setattr(bleeding, "errors", lambda result, truth, band: seen.append(truth) or measure(result, truth, band))  # type: ignore[func-returns-value]
    picture = skimage.data.coffee()
    assert ratios(picture) == dict.fromkeys(KINDS, 1.0)
    np.testing.assert_allclose(seen[0], rgb2lab(picture)[..., 1:], atol=0.02)


def test_figures_of_a_folder(tmp_path: Path) -> None:
    for name, picture in {
        "coffee": skimage.data.coffee(),
        "astronaut": skimage.data.astronaut(),
        "small": draw(1),
        "gray": np.repeat(skimage.data.camera()[..., None], 3, axis=-1),
    }.items():
        Image.fromarray(picture).save(tmp_path / f"{name}.png")
    (tmp_path / "broken.png").write_bytes((tmp_path / "coffee.png").read_bytes()[:5000])
    heard: list[tuple[str, int, int]] = []
    found = measure_folder(tmp_path, lambda *what: heard.append(what))
    assert found["pictures"] == 2
    assert found["dropped"] == {"broken": 1, "gray": 1, "small": 1}
    assert [row["name"] for row in found["rows"]] == ["astronaut.png", "coffee.png"]
    for kind in KINDS:
        values = [row[kind] for row in found["rows"]]
        assert values == [ratios(skimage.data.astronaut())[kind], ratios(skimage.data.coffee())[kind]]
        assert found[kind] == {"mean": pytest.approx(np.mean(values)), "se": pytest.approx(np.std(values, ddof=1) / 2**0.5)}
    assert heard[-1] == ("bleeding", 4, 5)


def test_no_picture_to_measure_with(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no pictures"):
        measure_folder(tmp_path, lambda *_: None)
    with pytest.raises(DataError, match="no such folder"):
        measure_folder(tmp_path / "none", lambda *_: None)
    Image.fromarray(draw(1)).save(tmp_path / "small.png")
    with pytest.raises(DataError, match="no color picture with sides of 256 pixels or more") as error:
        measure_folder(tmp_path, lambda *_: None)
    assert error.value.code == "no-large-pictures"
