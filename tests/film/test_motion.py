"""Optical flow between small frames, and where it is trusted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from film.clips import drawn_frame
from tinct.film.motion import FlowMeter, Motion, chained, pulled

INSIDE = np.s_[16:-16, 16:-16]


def ground(dx: int = 0, dy: int = 0, grain: int | None = None) -> npt.NDArray[np.uint8]:
    """(96, 128) a textured picture whose content has moved by dx to the right and dy down."""
    wide = drawn_frame(0, 228, 196, scene=3)
    part = wide[50 - dy : 146 - dy, 50 - dx : 178 - dx]
    if grain is None:
        return np.ascontiguousarray(part)
    noise = np.random.default_rng(grain).normal(0, 8, part.shape)
    return np.clip(part + noise, 0, 255).astype(np.uint8)


def shifted(x: float, y: float, shape: tuple[int, int] = (32, 40)) -> Motion:
    return Motion(np.full((*shape, 2), (x, y), np.float32), np.ones(shape, np.float32))


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (3, 0), (0, -2), (-6, 4)])
def test_a_shift_is_found_both_ways_and_trusted(dx: int, dy: int) -> None:
    there, back = FlowMeter().between(ground(), ground(dx, dy))
    assert np.abs(there.flow[INSIDE] - (dx, dy)).max() < 0.5
    assert np.abs(back.flow[INSIDE] + (dx, dy)).max() < 0.5
    assert there.trust[INSIDE].min() > 0.9
    assert there.flow.dtype == there.trust.dtype == np.float32


def test_places_outside_the_other_frame_are_not_trusted() -> None:
    there, _ = FlowMeter().between(ground(), ground(6, 0))
    assert there.trust[:, -4:].max() == 0  # they have left at the right


def test_a_covered_place_is_not_trusted() -> None:
    before, after = ground(), ground()
    after[30:60, 40:80] = 240 + (np.indices((30, 40)).sum(axis=0) % 3)
    there, back = FlowMeter().between(before, after)
    assert there.trust[35:55, 45:75].mean() < 0.1
    assert back.trust[35:55, 45:75].mean() < 0.1
    assert there.trust[:20].mean() > 0.9


def test_exposure_changes_no_trust_and_grain_little() -> None:
    there, _ = FlowMeter().between(ground(), np.clip(ground(2, 0) * 1.0 + 20, 0, 255).astype(np.uint8))
    assert there.trust[INSIDE].mean() > 0.95
    there, _ = FlowMeter().between(ground(grain=1), ground(2, 0, grain=2))
    assert there.trust[INSIDE].mean() > 0.7


def test_frames_of_other_places_are_not_trusted() -> None:
    there, _ = FlowMeter().between(drawn_frame(0, 128, 96, scene=0), drawn_frame(0, 128, 96, scene=1))
    assert there.trust.mean() < 0.35


def test_values_are_pulled_from_where_they_lie() -> None:
    values = np.arange(40, dtype=np.float32)[None].repeat(32, axis=0)
    assert pulled(values, shifted(3, 0))[5, 10] == pytest.approx(13)
    assert pulled(values, shifted(0.5, 0), smooth=True)[5, 10] == pytest.approx(10.5)
    assert pulled(values, shifted(100, 0))[5, 10] == 39  # beyond the border, the border


def test_linear_interpolation_stays_within_the_values() -> None:
    step = np.zeros((32, 40), np.float32)
    step[:, 20:] = 1
    smooth, sharp = (pulled(step, shifted(0.3, 0), smooth=one) for one in (True, False))
    assert (smooth.min(), smooth.max()) == (0, 1)
    assert sharp.min() < 0
    assert sharp.max() > 1


def test_two_steps_add_up_and_trust_multiplies() -> None:
    first, second = shifted(2, 1), shifted(-1, 3)
    both = chained(Motion(first.flow, first.trust * np.float32(0.5)), Motion(second.flow, second.trust * np.float32(0.4)))
    assert both.flow[10, 10].tolist() == [1, 4]
    assert both.trust[10, 10] == pytest.approx(0.2)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (8, 8), (1, 1280), (700, 3), (12, 12), (33, 40)])
def test_frames_of_any_shape_have_motion(shape: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    there, back = FlowMeter().between(frame, frame)
    assert there.flow.shape == back.flow.shape == (*shape, 2)
    assert np.abs(there.flow).max() < 0.1
    assert there.trust.min() > 0.99
