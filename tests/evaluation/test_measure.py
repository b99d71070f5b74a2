from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinct.color import lab_to_rgb, rgb_to_lab
from tinct.evaluation.levin import Levin
from tinct.evaluation.measure import COLORED, Measurer
from tinct.evaluation.protocol import Protocol, gray_of, hint_patches, hint_places
from tinct.evaluation.reach import place_probe
from tinct.evaluation.realism import edge_figures


def test_a_model_is_shown_lightness_only_and_every_working_size(fake: Any, real: np.ndarray, small: Protocol) -> None:
    Measurer(fake, {}, small, (0, 0)).measure(real, "a.png", frozenset({"stability"}))
    assert all(source.ndim == 2 and source.dtype == np.uint8 for source, _ in fake.sources)
    np.testing.assert_array_equal(fake.sources[0][0], gray_of(real))
    sizes = [(source.shape[1], detail) for source, detail in fake.sources]
    assert sizes == [(64, None)] + 2 * [(64, 48), (64, 64), (96, 96), (64, None)]


def test_row_of_a_picture(fake: Any, real: np.ndarray, small: Protocol) -> None:
    row = Measurer(fake, {"other": fake}, small, (4, 4)).measure(
        real, "x/a.png", frozenset({"hints", "levin", "diversity", "stability"})
    )
    methods = row["methods"]
    assert list(methods) == ["gray", "mean color", "other", "model", "model, vivid"]
    assert methods["mean color"] == methods["model"]  # the fake's color at vividness 0 is (4, 4)
    assert methods["other"] == methods["model, vivid"]
    assert methods["gray"]["cf"] == 0
    assert row["hints"]["psnr"][0] == methods["model"]["psnr"]
    assert row["hints"]["own_place"][0] is None
    assert max(row["hints"]["own_place"][1:]) < 3  # 8-bit rounding and the gamut
    assert row["levin"]["psnr"][0] == methods["gray"]["psnr"]
    assert row["levin"]["psnr"][-1] > methods["gray"]["psnr"]
    for found in row["diversity"].values():
        assert found["best"] >= found["mean"]
        assert found["de2000"] > 1
        assert found["de2000_centered"] < 0.5  # the fake's samples differ by their tint alone, but for the gamut
    assert max(row["stability"].values()) < 0.5  # the fake's color doesn't depend on the size
    assert row["lightness"] < 0.6


def test_the_automatic_variant_is_no_sample(fake: Any, real: np.ndarray, small: Protocol, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    variants = type(fake.canvas(real))

    def spy(self: Any, count: int, *, variant: int = 1, vividness: float = 0.5) -> Any:
        asked.append((count, variant))
        return [self.colorize(vividness=vividness, variant=variant + n) for n in range(count)]

    monkeypatch.setattr(variants, "variants", spy)
    measurer = Measurer(fake, {}, small, (0, 0))
    measurer.measure(real, "a.png", frozenset({"diversity"}))
    assert asked == [(3, 2), (3, 2)]  # variants 2, 3 and 4, at vividness 0 and the default one
    headings, pictures = measurer.strip(real, "a.png")
    assert asked[2:] == [(2, 2)]
    assert headings == ["gray", "automatic", "sample 1", "sample 2", "10 hints", "real"]
    assert all(picture.shape == (64, 64, 3) and picture.dtype == np.uint8 for picture in pictures)


def test_realism_and_reach_at_the_default_settings(fake: Any, small: Protocol) -> None:
    lab = np.empty((64, 64, 3), np.float32)
    lab[:], lab[20:44, 20:44] = (60, -30, 20), (55, 40, 25)
    real = np.rint(lab_to_rgb(lab) * 255).astype(np.uint8)
    row = Measurer(fake, {}, small, (0, 0)).measure(real, "1.png", frozenset({"realism", "reach"}))
    assert row["realism"] == edge_figures(row[COLORED], real)
    ab = rgb_to_lab(row[COLORED])[..., 1:]
    np.testing.assert_allclose(ab.mean(axis=(0, 1)), 9, atol=0.5)  # the fake's color at vividness 0.5
    (hint,) = fake.drawn[-1]
    assert hint == place_probe(real, "1.png").hint
    assert row["reach"]["spill"] == 0  # the fake paints hints of 0 px: nowhere
    assert row["reach"]["fill"] == 0
    plain = Measurer(fake, {}, small, (0, 0)).measure(real, "1.png")
    assert not {"realism", "reach", COLORED} & plain.keys()


def test_levin_and_the_model_get_the_same_hints(
    fake: Any, real: np.ndarray, small: Protocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    masks: list[np.ndarray] = []
    levin = Levin.colorize
    monkeypatch.setattr(Levin, "colorize", lambda self, mask, ab: (masks.append(mask), levin(self, mask, ab))[1])
    Measurer(fake, {}, small, (0, 0)).measure(real, "a.png", frozenset({"hints", "levin"}))
    given = []
    for hints in filter(None, fake.drawn):
        mask = np.zeros((64, 64), bool)
        for hint in hints:
            mask[round(hint.y - 3) : round(hint.y + 3), round(hint.x - 3) : round(hint.x + 3)] = True
        given.append(mask)
    np.testing.assert_array_equal(given, masks[1:])  # the first one is without hints
    for patch in hint_patches(hint_places("a.png", 10, small), small):
        assert given[0][patch].all()
