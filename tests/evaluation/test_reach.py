from __future__ import annotations

import numpy as np
import pytest

from tinct.color import lab_to_rgb, rgb_to_lab
from tinct.evaluation import reach
from tinct.evaluation.reach import Probe, place_probe, summarize_reach

BOX = np.s_[80:176, 80:176]
"""The red square in the middle: 14 % of the picture."""


@pytest.fixture(scope="module")
def real() -> np.ndarray:
    """(256, 256, 3) a red square on green."""
    lab = np.empty((256, 256, 3), np.float32)
    lab[:], lab[BOX] = (60, -30, 20), (55, 40, 25)
    return np.rint(lab_to_rgb(lab) * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def probe(real: np.ndarray) -> Probe:
    """On the red square."""
    found = (place_probe(real, f"{i}.png") for i in range(20))
    return next(p for p in found if p is not None and p.object[64, 64])


def colored(real: np.ndarray, where: object, color: np.ndarray) -> np.ndarray:
    """The picture with another a*, b* in some pixels, at its own lightness."""
    lab = rgb_to_lab(real)
    lab[..., 1:][where] = color
    return np.rint(lab_to_rgb(lab) * 255).astype(np.uint8)


def test_the_object_has_one_color_and_is_connected(real: np.ndarray, probe: Probe) -> None:
    assert probe.object.sum() == 48**2
    assert probe.object[40:88, 40:88].all()
    assert not probe.outside[34:94, 40:88].any()  # 6 px of 128
    assert probe.outside[33, 40:88].all()
    assert probe.outside[:20].all()
    assert BOX[0].start <= probe.hint.y <= BOX[0].stop
    assert BOX[1].start <= probe.hint.x <= BOX[1].stop

    apart = real.copy()
    apart[100:156, 200:240] = real[128, 128]  # a second red thing is another object
    other = place_probe(apart, next(f"{i}.png" for i in range(20) if place_probe(real, f"{i}.png") is not None))
    assert other is not None
    assert not (other.object[64, 64] and other.object[60, 110])


def test_the_hint_has_the_opposite_color_of_the_place(probe: Probe) -> None:
    a, b = probe.hint.chroma()
    turn = np.degrees(np.arctan2(b, a) - np.arctan2(25, 40)) % 360
    assert 119 <= turn <= 241
    assert np.hypot(a, b) == pytest.approx(35, abs=1.5)  # 8-bit rounding
    assert probe.hint.size == 0  # the default size


def test_spill_and_fill_of_constructed_results(real: np.ndarray, probe: Probe) -> None:
    color, everywhere = probe.hint.chroma(), np.s_[:, :]
    without = colored(real, everywhere, np.float32([0, 0]))
    assert probe.measure(without, without) == {"spill": 0, "fill": 0, "object": 48**2 / 128**2}
    everything = colored(real, everywhere, color)
    assert probe.measure(without, everything) | {"object": 0} == {"spill": 1, "fill": 1, "object": 0}
    exactly = colored(without, BOX, color)
    assert probe.measure(without, exactly) | {"object": 0} == {"spill": 0, "fill": 1, "object": 0}
    half = colored(without, np.s_[80:128, 80:176], color)
    assert probe.measure(without, half)["fill"] == pytest.approx(0.5)
    beyond = colored(without, np.s_[72:184, 72:184], color)  # 4 px of 128 over the edge, at corners 5.7
    assert probe.measure(without, beyond)["spill"] == 0
    left = colored(without, np.s_[:, :80], color)
    outside = probe.outside[:, :40].sum() / probe.outside.sum()
    assert probe.measure(without, left)["spill"] == pytest.approx(outside)
    little = colored(real, everywhere, np.float32([3, 3]))
    assert probe.measure(without, little)["spill"] == 0  # 4 units, under the limit
    nearly = colored(real, everywhere, color + np.float32([9, 9]))
    assert probe.measure(without, nearly)["fill"] == 1
    assert probe.measure(without, colored(real, everywhere, color + np.float32([12, 12])))["fill"] == 0


def test_places_depend_on_the_name_only(real: np.ndarray) -> None:
    one, again, other = (place_probe(real, name) for name in ("a.png", "a.png", "b.png"))
    assert one is not None
    assert again is not None
    assert other is not None
    assert one.hint == again.hint != other.hint


def test_pictures_without_an_object_of_the_right_size(real: np.ndarray) -> None:
    assert place_probe(np.full((256, 256, 3), (180, 120, 90), np.uint8), "a.png") is None  # one color everywhere
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3)).astype(np.uint8)
    assert place_probe(noise.repeat(2, 0)[:256].repeat(2, 1)[:, :256], "a.png") is None  # all in pieces


def test_small_pictures_are_measured_at_their_own_size() -> None:
    lab = np.empty((64, 64, 3), np.float32)
    lab[:], lab[22:42, 22:42] = (60, -30, 20), (55, 40, 25)
    small = np.rint(lab_to_rgb(lab) * 255).astype(np.uint8)
    found = next(p for i in range(20) if (p := place_probe(small, f"{i}.png")) is not None)
    assert found.object.shape == (64, 64)
    assert 0 <= found.hint.x <= 64
    assert found.measure(small, small)["spill"] == 0


def test_summary() -> None:
    rows = [{"spill": s, "fill": f, "object": 0.1} for s, f in ((0.0, 0.4), (0.1, 0.4), (0.8, 1.0))]
    found = summarize_reach(rows)
    assert found["pictures"] == 3
    assert found["spill"]["mean"] == pytest.approx(0.3)
    assert found["spill"]["median"] == 0.1
    assert found["fill"] == {"mean": pytest.approx(0.6), "se": pytest.approx(0.2), "median": 0.4}


def test_numbers_of_the_definition() -> None:
    assert (reach.SIDE, reach.MARGIN, reach.SAME_COLOR_RADIUS, reach.OBJECT_SHARES) == (128, 6, 12, (0.01, 0.4))
    assert (reach.CHROMA, reach.HUE_TURN, reach.MOVED, reach.FILLED) == (35, (120, 240), 5, 15)
