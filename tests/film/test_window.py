"""A window of frames: the network's colors held still, told colors kept, and no jump from window to window. The network is a stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from film.places import seen
from tinct.film.memory import PlaceMemory
from tinct.film.tracking import Layer
from tinct.film.window import ANCHOR_DISTANCE, ShotState, WindowColorist

Floats = npt.NDArray[np.float32]


class FlickeringColorist:
    """A model without features, whose colors are 20 apart at each look by turns of the gray level's last digit."""

    takes_hints = False

    def __init__(self) -> None:
        self.looked = 0
        self.asked_for_prior = 0

    def canvas(self, gray: Floats) -> Any:
        return SimpleNamespace(encoded=SimpleNamespace(encodings=()), gray=gray)

    def prior(self, samples: Any, pool: Any) -> None:
        self.asked_for_prior += 1

    def colors(self, canvas: Any, hints: Any = (), told: Any = None, left_out: Any = None) -> Layer:
        self.looked += 1
        wrong = 10 if round(float(canvas.gray.sum())) % 2 else -10
        return Layer(np.full((*canvas.gray.shape, 2), (20 + wrong, 5), np.float32), np.ones(canvas.gray.shape, np.float32))


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[WindowColorist, FlickeringColorist]]:
    with ThreadPoolExecutor(2) as pool:
        network = FlickeringColorist()
        yield WindowColorist(network, PlaceMemory(tmp_path), pool), network  # type: ignore[arg-type]


def grays(first: int, end: int) -> list[Floats]:
    return [seen(0, i, width=80, height=60).astype(np.float32) / 255 for i in range(first, end)]


def told(a: float, weight: float = 1) -> Layer:
    return Layer(np.full((60, 80, 2), (a, 0), np.float32), np.full((60, 80), weight, np.float32))


def steps(colors: list[Floats]) -> float:
    middle = [one[20:40, 30:50, 0].mean() for one in colors]
    return float(np.abs(np.diff(middle)).max())


def color(made: WindowColorist, first: int, end: int, **given: Any) -> tuple[list[Floats], ShotState]:
    state, known = given.pop("state", None), given.pop("told", {})
    return made.color(grays(first, end), state, known, grays(first, first + 1), ends_shot=given.pop("ends_shot", True))


def test_every_frame_gets_colors_that_hold_still(made: tuple[WindowColorist, FlickeringColorist]) -> None:
    window, network = made
    colors, _ = color(window, 0, 33)
    assert len(colors) == 33
    assert all(one.shape == (60, 80, 2) for one in colors)
    assert network.looked == 1 - (-32 // ANCHOR_DISTANCE)  # the network runs on anchors only
    fresh = [network.colors(network.canvas(gray)).ab for gray in grays(0, 33)]
    assert steps(colors) < 0.25 * steps(fresh)


def test_the_next_window_goes_on_where_the_last_one_ended(made: tuple[WindowColorist, FlickeringColorist]) -> None:
    window, network = made
    first, state = color(window, 0, 17, ends_shot=False)  # the last frame is the first of the next window
    second, _ = color(window, 16, 33, state=state)
    assert np.array_equal(first[-1], second[0])
    assert steps(first + second[1:]) < 5
    assert network.asked_for_prior == 1


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_shortest_windows(made: tuple[WindowColorist, FlickeringColorist], count: int) -> None:
    colors, state = color(made[0], 0, count)
    assert len(colors) == count
    assert state.mean.ab.shape == (60, 80, 2)
    assert state.told is None


def test_told_colors_are_there_and_stay(made: tuple[WindowColorist, FlickeringColorist]) -> None:
    colors, state = color(made[0], 0, 25, told={6: told(-40)}, ends_shot=False)
    assert np.abs(colors[6][..., 0] + 40).max() < 1
    for frame in (0, 3, 12, 24):
        assert float(colors[frame][15:45, 25:60, 0].mean()) == pytest.approx(-40, abs=3)
    later, _ = color(made[0], 24, 41, state=state)
    assert float(later[-1][15:45, 25:45, 0].mean()) == pytest.approx(-40, abs=5)


def test_partly_told_frames_leave_the_rest_to_the_network(made: tuple[WindowColorist, FlickeringColorist]) -> None:
    painted = told(-40)
    painted.weight[:, 40:] = 0
    colors, _ = color(made[0], 0, 9, told={4: painted})
    assert float(colors[4][:, :36, 0].mean()) == pytest.approx(-40, abs=1)
    assert float(colors[4][:, 44:, 0].mean()) > 5


def test_a_model_without_features_remembers_no_places(made: tuple[WindowColorist, FlickeringColorist], tmp_path: Path) -> None:
    color(made[0], 0, 9)
    assert list(tmp_path.iterdir()) == []
