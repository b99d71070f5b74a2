"""The first look at a film, and the windows in which it is colored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from film.places import seen
from tinct.film import planning
from tinct.film.frames import ColorTags, FilmInfo, Frame
from tinct.film.planning import MAX_SAMPLES, FilmPlan, Selection, ShotSamples, look

INFO = FilmInfo(Path("a.mkv"), 160, 120, ColorTags(full_range=True))


def frames(count: int, step: int = 40) -> Iterator[Frame]:
    for i in range(count):
        yield Frame(i, 7 + step * i, np.zeros((2, 2), np.uint8))


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), list(range(10))),
        (Selection(every=3), [0, 3, 6, 9]),
        (Selection(end=0.127), [0, 1, 2]),  # presentation times 7, 47, 87 ms; that at 127 is left out
        (Selection(end=0.128), [0, 1, 2, 3]),
        (Selection(every=2, end=0.2), [0, 2, 4]),
        (Selection(end=0.001), []),
    ],
)
def test_selected_frames_are_numbered_anew(selection: Selection, expected: list[int]) -> None:
    chosen = list(selection.frames(frames(10), INFO))
    assert [frame.pts for frame in chosen] == [7 + 40 * i for i in expected]
    assert [frame.index for frame in chosen] == list(range(len(expected)))


def test_a_selection_knows_whether_it_is_a_part() -> None:
    assert not Selection(every=5).is_part
    assert Selection(start=0.1).is_part
    assert Selection(end=9).is_part


@pytest.mark.parametrize("frame_bytes", [1, 1920 * 1080, 3840 * 2160 * 2, 10**9])
@pytest.mark.parametrize("starts", [[0], [0, 1, 2, 3], [0, 100, 117, 600], [0, 999]])
def test_windows_tile_the_film_within_shots(starts: list[int], frame_bytes: int) -> None:
    plan = FilmPlan(np.arange(1000, dtype=np.int64) * 40, np.array(starts, np.int64))
    windows = plan.windows(frame_bytes)
    assert [index for window in windows for index in range(window.start, window.stop)] == list(range(1000))
    assert [window.start for window in windows if window.begins_shot] == starts
    assert [window.stop for window in windows if window.ends_shot] == [*starts[1:], 1000]
    for window in windows:
        assert int(np.searchsorted(starts, window.start, side="right")) - 1 == window.shot
        assert (
            1
            <= window.stop - window.start
            <= max(planning.MIN_WINDOW, min(planning.MAX_WINDOW, planning.MAX_WINDOW_BYTES // frame_bytes))
        )


def test_a_film_of_one_frame_has_one_window() -> None:
    (window,) = FilmPlan(np.array([5]), np.array([0])).windows(100)
    assert (window.start, window.stop, window.begins_shot, window.ends_shot) == (0, 1, True, True)


def test_a_look_finds_shots_and_keeps_a_few_frames_of_each() -> None:
    pictures = [seen(0, i) for i in range(30)] + [seen(1, i) for i in range(3)] + [seen(2, i) for i in range(70)]
    kept: dict[int, ShotSamples] = {}
    told: list[int] = []
    plan = look((Frame(i, 10 * i, one) for i, one in enumerate(pictures)), INFO, (80, 60), kept.__setitem__, told.append)
    assert plan.starts.tolist() == [0, 30, 33]
    assert plan.pts.tolist() == [10 * i for i in range(103)]
    assert sorted(kept) == [0, 1, 2]
    for number, (first, end) in enumerate([(0, 30), (30, 33), (33, 103)]):
        samples = kept[number]
        assert samples.frames.shape == (len(samples.indices), 60, 80)
        assert min(end - first, MAX_SAMPLES // 2) <= len(samples.indices) <= MAX_SAMPLES
        assert samples.indices[0] == first
        assert samples.indices[-1] >= (first + end) // 2
        assert samples.indices.max() < end
    assert told == list(range(1, 104))


def test_nothing_selected_gives_an_empty_plan() -> None:
    plan = look(iter(()), INFO, (80, 60), lambda *_: None, lambda _: None)
    assert (len(plan.pts), len(plan.starts), plan.windows(100)) == (0, 0, [])
