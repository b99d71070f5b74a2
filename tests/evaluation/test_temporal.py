"""Flicker along motion and the consistency of color distributions, on pictures whose figures are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tinct.color import rgb_to_lab
from tinct.evaluation.metrics import ciede2000
from tinct.evaluation.temporal import aligned_difference, cdc, flicker, jensen_shannon, warp


def plain(color: tuple[int, int, int], height: int = 4, width: int = 6) -> np.ndarray:
    return np.full((height, width, 3), color, np.uint8)


def noise(seed: int, height: int = 12, width: int = 16) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def still(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((*frame.shape[:2], 2), np.float32), np.ones(frame.shape[:2], bool)


def distance(one: np.ndarray, other: np.ndarray) -> float:
    return ciede2000(rgb_to_lab(one), rgb_to_lab(other))


class TestWarp:
    def test_interpolates_between_pixels(self) -> None:
        picture = np.array([[[0.0], [10.0]], [[20.0], [40.0]]])
        flow = np.zeros((2, 2, 2))
        flow[0, 0] = 0.5, 0.25  # 0.75 · (0 + 10) / 2 + 0.25 · (20 + 40) / 2
        assert warp(picture, flow)[..., 0].tolist() == [[11.25, 10], [20, 40]]

    def test_positions_outside_take_the_nearest_pixel(self) -> None:
        picture = np.array([[[1.0], [2.0], [3.0]]])
        assert warp(picture, np.full((1, 3, 2), 7.0))[..., 0].tolist() == [[3, 3, 3]]
        assert warp(picture, np.full((1, 3, 2), -7.0))[..., 0].tolist() == [[1, 1, 1]]

    def test_has_the_shape_of_the_motion_field(self) -> None:
        assert warp(noise(1).astype(np.float32), np.zeros((2, 3, 2))).shape == (2, 3, 3)


class TestFlicker:
    def test_of_a_moved_picture_is_zero_along_its_motion(self) -> None:
        frame = noise(2)
        moved = np.roll(frame, 3, axis=1)
        flow, mask = still(frame)
        flow[..., 0] = -3  # its pixels were three to the left
        mask[:, :3] = False
        assert flicker([frame, moved], [flow], [mask]) == pytest.approx(0, abs=1e-6)
        assert flicker([frame, moved], [np.zeros_like(flow)], [mask]) > 10

    def test_is_the_mean_over_pairs(self) -> None:
        red, blue = plain((200, 40, 40)), plain((40, 40, 200))
        flow, mask = still(red)
        assert flicker([red, blue, blue], [flow] * 2, [mask] * 2) == pytest.approx(distance(red, blue) / 2, rel=1e-5)

    def test_pixels_outside_the_mask_do_not_count(self) -> None:
        red, other = plain((200, 40, 40)), plain((200, 40, 40))
        other[:, 0] = 0, 255, 0
        flow, mask = still(red)
        assert flicker([red, other], [flow], [mask]) > 1
        mask[:, 0] = False
        assert flicker([red, other], [flow], [mask]) == 0

    def test_cuts_are_left_out(self) -> None:
        red, blue, green = plain((200, 40, 40)), plain((40, 40, 200)), plain((40, 200, 40))
        flow, mask = still(red)
        found = flicker([red, blue, green], [None, flow], [None, mask])
        assert found == pytest.approx(distance(green, blue), rel=1e-5)

    def test_of_colors_alone_ignores_the_exposure(self) -> None:
        dark, light = plain((90, 90, 90)), plain((150, 150, 150))
        flow, mask = still(dark)
        assert flicker([dark, light], [flow], [mask]) > 20
        assert flicker([dark, light], [flow], [mask], lightness=False) == pytest.approx(0, abs=0.01)

    @pytest.mark.parametrize("mask", [None, np.zeros((4, 6), bool)])
    def test_needs_a_pixel_seen_twice(self, mask: np.ndarray | None) -> None:
        frame = plain((1, 2, 3))
        with pytest.raises(ValueError, match="no pixel is seen in two neighboring frames"):
            flicker([frame, frame], [still(frame)[0]], [mask])

    def test_needs_motion_for_every_pair(self) -> None:
        frame = plain((1, 2, 3))
        flow, mask = still(frame)
        with pytest.raises(ValueError, match="shorter"):
            flicker([frame] * 3, [flow], [mask])


class TestAlignedDifference:
    def test_reads_the_other_frame_where_motion_points(self) -> None:
        frame, other = plain((90, 90, 90)), plain((90, 90, 90))
        other[:, 2] = 200, 40, 40
        flow, mask = still(frame)
        flow[..., 0] = 1
        mask[:] = False
        mask[:, 1] = True  # its position in the other frame is column 2
        assert aligned_difference(frame, other, flow, mask) == pytest.approx(distance(frame[:, 2:3], other[:, 2:3]), rel=1e-5)


class TestCdc:
    def test_of_histograms_without_a_common_bin_is_ln_2(self) -> None:
        assert cdc([plain((0, 10, 20)), plain((1, 11, 21))], (1,)) == pytest.approx(math.log(2))

    def test_does_not_see_where_the_colors_are(self) -> None:
        frame = noise(3)
        assert cdc([frame, frame[::-1], frame[:, ::-1]], (1, 2)) == 0

    def test_is_the_mean_over_channels_and_distances(self) -> None:
        one, other = plain((5, 5, 5)), plain((9, 5, 5))
        # distance 1: red changes in both pairs; distance 2: frames 0 and 2 are equal
        assert cdc([one, other, one], (1, 2)) == pytest.approx((math.log(2) / 3 + 0) / 2)

    def test_distances_beyond_the_film_are_left_out(self) -> None:
        frames = [plain((5, 5, 5)), plain((9, 5, 5))]
        assert cdc(frames) == cdc(frames, (1,))

    def test_needs_two_frames(self) -> None:
        with pytest.raises(ValueError, match="1 frames are too few for the distances 1, 2, 4"):
            cdc([plain((1, 2, 3))])


def test_jensen_shannon_of_half_an_overlap() -> None:
    # p = (1, 0), q = (1/2, 1/2), m = (3/4, 1/4): [ln 4/3 + (ln 2/3 + ln 2) / 2] / 2
    found = jensen_shannon(np.array([1.0, 0.0]), np.array([0.5, 0.5]))
    assert found == pytest.approx((math.log(4 / 3) + (math.log(2 / 3) + math.log(2)) / 2) / 2)
