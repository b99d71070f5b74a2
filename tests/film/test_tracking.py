"""Colors along the motion: anchors, means over a shot, told colors, and frames between anchors."""

from __future__ import annotations

import numpy as np
import pytest

from tinct.color import lightness
from tinct.film.motion import Motion
from tinct.film.tracking import Layer, between, chain_back, choose_anchors, laid_over, mixed, settled, smoothed, tracked

SHAPE = (24, 32)


def motion(x: float = 0, trust: float = 1) -> Motion:
    """To the right by x pixels."""
    return Motion(np.full((*SHAPE, 2), (x, 0), np.float32), np.full(SHAPE, trust, np.float32))


def pair(x: float = 0, trust: float = 1) -> tuple[Motion, Motion]:
    return motion(x, trust), motion(-x, trust)


def layer(a: float, weight: float = 1.0, b: float = 0.0) -> Layer:
    return Layer(np.full((*SHAPE, 2), (a, b), np.float32), np.full(SHAPE, weight, np.float32))


def look(level: float = 0.5) -> np.ndarray:
    """Gray levels with a little texture."""
    return np.full(SHAPE, level, np.float32) + np.float32(0.1) * np.sin(np.arange(SHAPE[1], dtype=np.float32))


# ---- anchors ----


@pytest.mark.parametrize(
    ("frames", "every", "expected"), [(9, 4, [0, 4, 8]), (11, 4, [0, 4, 8, 10]), (2, 4, [0, 1]), (4, 1, [0, 1, 2, 3]), (1, 4, [0])]
)
def test_anchors_from_the_first_to_the_last_frame(frames: int, every: int, expected: list[int]) -> None:
    assert choose_anchors([pair()] * (frames - 1), every) == expected


def test_anchors_come_earlier_where_motion_is_lost_and_at_told_frames() -> None:
    motions = [pair()] * 8
    assert choose_anchors(motions, 4, [2, 5]) == [0, 2, 5, 8]
    motions[1] = pair(trust=0.3)
    anchors = choose_anchors(motions, 4)
    assert anchors[:2] == [0, 1]
    assert np.diff(anchors).max() <= 4
    assert choose_anchors([pair(trust=0)] * 5, 4) == [0, 1, 2, 3, 4, 5]


def test_motion_over_several_frames_both_ways() -> None:
    there, back = chain_back([pair(1), pair(2), pair(3)], 0, 3)
    assert there.flow[10, 10].tolist() == [6, 0]
    assert back.flow[10, 10].tolist() == [-6, 0]


# ---- the mean over a shot ----


def jumps(values: list[Layer]) -> float:
    at = [float(one.ab[12, 16, 0]) for one in values]
    return float(np.abs(np.diff(at)).mean())


def test_a_mean_jumps_less_than_fresh_colors() -> None:
    fresh = [layer(10 + 4 * (-1) ** i) for i in range(10)]
    means, _ = smoothed(fresh, [pair()] * 9, None)
    assert jumps(means) < 0.1 * jumps(fresh)
    assert float(means[5].ab[12, 16, 0]) == pytest.approx(10, abs=1)
    assert means[0].ab.shape == (*SHAPE, 2)


def test_surer_colors_count_more() -> None:
    means, _ = smoothed([layer(0, 1), layer(30, 9), layer(0, 1)], [pair()] * 2, None)
    assert float(means[1].ab[12, 16, 0]) > 23


def test_a_place_that_is_newly_visible_takes_fresh_colors() -> None:
    there, back = pair()
    back.trust[:, :10] = 0  # not seen before
    there.trust[:, :10] = 0
    means, _ = smoothed([layer(40, 5), layer(0)], [(there, back)], None)
    assert np.abs(means[1].ab[:, :10, 0]).max() < 1e-3
    assert means[1].ab[:, 12:, 0].min() > 20
    assert means[0].ab[:, :10, 0].min() > 39.9


def test_a_cross_fade_is_followed() -> None:
    """By and by another picture, at trusted motion: what it was doesn't color what it becomes."""
    levels = np.linspace(0.2, 0.8, 13)
    looks = [np.where(np.arange(32) < 16, level, 1 - level).astype(np.float32)[None].repeat(24, axis=0) for level in levels]
    fresh = [layer(40 if i < 6 else -40) for i in range(13)]
    faded, _ = smoothed(fresh, settled([pair()] * 12, looks, None)[0], None)
    still, _ = smoothed(fresh, settled([pair()] * 12, looks[:1] * 13, None)[0], None)
    assert float(faded[-1].ab[:, 18:30, 0].mean()) < -35
    assert float(still[-1].ab[:, 18:30, 0].mean()) > -35


def test_exposure_does_not_begin_the_mean_anew() -> None:
    means, _ = smoothed([layer(20, 5), layer(0, 1)], settled([pair()], [look(0.4), 0.15 + look(0.4) * 1.3], None)[0], None)
    assert float(means[1].ab[12, 16, 0]) > 14


def test_a_later_run_keeps_the_colors_of_the_shared_anchor() -> None:
    fresh = [layer(10 + 5 * (-1) ** i) for i in range(6)]
    first, handed = smoothed(fresh, [pair()] * 5, None)
    before = Layer(first[-1].ab, handed.weight)
    second, _ = smoothed([layer(-20)] * 6, [pair()] * 5, before)
    assert np.array_equal(second[0].ab, first[-1].ab)
    assert float(np.abs(second[1].ab - second[0].ab).max()) < 10  # of 30


def test_the_weight_of_a_mean_is_limited() -> None:
    _, handed = smoothed([layer(5, 10)] * 30, [pair()] * 29, None)
    assert float(handed.weight.max()) <= 24


def test_colors_move_with_the_picture() -> None:
    spot = layer(0)
    spot.ab[:, 8:12, 0] = 50
    there, back = pair(6)
    means, _ = smoothed([Layer(spot.ab, spot.weight * 8), layer(0, 0.01)], [(there, back)], None)
    assert means[1].ab[12, 15, 0] > 45
    assert means[1].ab[12, 9, 0] < 5


# ---- told colors ----


def test_told_colors_do_not_fade_and_the_latest_counts() -> None:
    told = [None] * 12
    told[2], told[9] = layer(30), layer(-30)  # type: ignore[call-overload]
    found = tracked(told, [pair()] * 11, None)
    assert all(one is not None and np.all(one.weight == 1) for one in found)
    at = [float(one.ab[5, 5, 0]) for one in found if one is not None]
    assert at[2:9] == [30] * 7 or set(at[2:9]) <= {30.0, -30.0}
    assert at[2] == 30
    assert at[9:] == [-30] * 3


def test_told_colors_reach_back_and_across_runs() -> None:
    found = tracked([None, None, layer(30)], [pair()] * 2, None)
    assert found[0] is not None
    assert float(found[0].ab[5, 5, 0]) == 30
    found = tracked([None, None], [pair()], layer(7))
    assert found[1] is not None
    assert float(found[1].ab[5, 5, 0]) == 7


def test_nothing_told_stays_nothing() -> None:
    assert tracked([None] * 3, [pair()] * 2, None) == [None] * 3


def test_told_colors_end_where_motion_does() -> None:
    found = tracked([layer(30), None], [pair(trust=0)], None)
    assert found[1] is not None
    assert found[1].weight.max() == 0


def test_told_colors_win_where_they_are() -> None:
    told = layer(30)
    told.weight[:, :16] = 0
    told.weight[:, 16:20] = 0.5
    colors = mixed(layer(10).ab, told)
    assert (colors[5, 5, 0], colors[5, 17, 0], colors[5, 25, 0]) == (10, 20, 30)
    assert mixed(told.ab, None) is told.ab
    both = laid_over(told, layer(-10))
    assert (both.ab[5, 5, 0], both.ab[5, 25, 0], both.weight.min()) == (-10, 30, 1)


# ---- between anchors ----


def test_a_frame_between_anchors_takes_both_colors() -> None:
    first, second = layer(0).ab, layer(40).ab
    assert between(first, second, motion(), motion(), 0.25)[5, 5, 0] == pytest.approx(10)
    assert between(first, second, motion(), motion(trust=0), 0.25)[5, 5, 0] == pytest.approx(0, abs=0.1)
    assert between(first, second, motion(trust=0), motion(), 0.25)[5, 5, 0] == pytest.approx(40, abs=0.5)


def test_chroma_grows_with_lightness_in_a_fade_and_not_with_a_flicker() -> None:
    scene = look(0.4)
    fade = [scene * share for share in (0.25, 0.4, 0.6, 0.8, 1)]
    ways, _ = settled([pair()] * 4, fade, None)
    carried = [layer(10)]
    for _, back in ways:
        carried.append(carried[-1].pulled(back))
    grown = float(carried[-1].ab[12, 16, 0]) / float(carried[1].ab[12, 16, 0])
    levels = [float(lightness(np.full((1, 3), one.mean(), np.float32))[0]) + 16 for one in (fade[1], fade[-1])]
    assert grown == pytest.approx(levels[1] / levels[0], rel=0.15)
    flicker, _ = settled([pair()] * 4, [scene * share for share in (1, 0.95, 1.04, 0.97, 1)], None)
    assert all(motion.exposure == 1 for way in flicker for motion in way)


def test_what_was_seen_and_not_painted_is_left_out_until_it_is_out_of_sight() -> None:
    painted = Layer(layer(40).ab, np.zeros(SHAPE, np.float32), np.ones(SHAPE, np.float32))
    painted.weight[:, :16] = 1
    there, back = pair()
    back.trust[:, 24:] = 0  # newly visible
    (_, after) = tracked([painted, None], [(there, back)], None)
    assert after is not None
    assert after.left_out()[:, :16].max() == 0
    assert after.left_out()[:, 17:24].min() == 1
    assert after.left_out()[:, 24:].max() == 0
    assert laid_over(painted, Layer(layer(5).ab, np.ones(SHAPE, np.float32))).left_out().max() == 0


def test_told_colors_keep_their_weight_where_motion_is_followed_well_enough() -> None:
    told = [layer(30), *[None] * 12]
    assert tracked(told, [pair(trust=0.8)] * 12, None)[-1].weight.min() == pytest.approx(1)  # type: ignore[union-attr]
    assert tracked(told, [pair(trust=0.1)] * 12, None)[-1].weight.max() < 0.01  # type: ignore[union-attr]
