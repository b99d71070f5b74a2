"""Cuts at the right frames, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from film.places import seen
from tinct.film.shots import FLASH_FRAMES, cuts

Bytes = npt.NDArray[np.uint8]


def shot(scene: int, count: int = 12, *, first: int = 0, speed: int = 1, grain: float = 0.0) -> list[Bytes]:
    return [seen(scene, first + speed * i, grain=grain, seed=i) for i in range(count)]


def found(frames: list[Bytes]) -> list[int]:
    return [i for i, (_, is_cut) in enumerate(cuts(frames)) if is_cut]


def test_cuts_are_found_at_their_frames() -> None:
    assert found(shot(0, 9) + shot(1, 14) + shot(2, 2) + shot(0, 9, first=11)) == [0, 9, 23, 25]


def test_cuts_are_found_under_grain() -> None:
    assert found(shot(0, 8, grain=10) + shot(1, 8, grain=10)) == [0, 8]


def test_frames_pass_unchanged_and_few_are_read_ahead() -> None:
    frames = shot(0, 10)
    taken: list[int] = []

    def source() -> Iterator[Bytes]:
        for i, frame in enumerate(frames):
            taken.append(i)
            yield frame

    stream = cuts(source())
    assert next(stream)[0] is frames[0]
    assert len(taken) == FLASH_FRAMES + 1
    assert [frame for frame, _ in stream][-1] is frames[-1]


@pytest.mark.parametrize("speed", [1, 4, 8])
def test_a_pan_is_no_cut(speed: int) -> None:
    assert found(shot(0, 12, speed=speed)) == [0]


@pytest.mark.parametrize("length", [1, FLASH_FRAMES])
@pytest.mark.parametrize("level", [0, 255])
def test_a_flash_or_a_black_frame_is_no_cut(length: int, level: int) -> None:
    frames = shot(0, 14)
    for i in range(6, 6 + length):
        frames[i] = np.full_like(frames[i], level)
    assert found(frames) == [0]


def test_damaged_frames_are_no_cut() -> None:
    frames = shot(0, 12)
    frames[5] = np.random.default_rng(0).integers(0, 256, frames[5].shape, np.uint8)
    assert found(frames) == [0]


def test_exposure_is_no_cut() -> None:
    frames = [np.clip(frame * (1 + 0.4 * (i >= 6)), 0, 255).astype(np.uint8) for i, frame in enumerate(shot(0, 12))]
    assert found(frames) == [0]


def test_a_cut_right_after_a_flash_is_found() -> None:
    assert found([*shot(0, 6), np.full((120, 160), 255, np.uint8), *shot(1, 6)]) in ([0, 6], [0, 7])


@pytest.mark.parametrize("count", [0, 1, 2])
def test_the_shortest_films(count: int) -> None:
    assert found(shot(0, count)) == [0][:count]


def test_black_films_have_one_shot() -> None:
    assert found([np.zeros((120, 160), np.uint8)] * 6) == [0]
