"""docs/images/film.mp4, which scripts/draw_film.py draws: what the documentation and the tests of films rely on."""

from __future__ import annotations

import importlib.util
from itertools import islice, pairwise
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("draw_film", ROOT / "scripts/draw_film.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def planes(script: ModuleType) -> list[np.ndarray]:
    """(3 · HEIGHT / 2, WIDTH) of each frame: luma, and below it chroma."""
    with av.open(str(script.FILM)) as container:
        return [frame.to_ndarray() for frame in container.decode(video=0)]


def test_is_small_and_has_a_picture_and_sound(script: ModuleType) -> None:
    assert script.FILM.stat().st_size < script.MAX_BYTES
    with av.open(str(script.FILM)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.width, video.height, video.average_rate) == (script.WIDTH, script.HEIGHT, script.RATE)
        assert (audio.sample_rate, audio.metadata["language"]) == (script.SAMPLE_RATE, "eng")
        assert container.metadata["title"] == "A house by the road"
        assert (video.codec_context.colorspace, video.codec_context.color_range) == (1, 1)  # BT.709, limited


def test_is_gray(planes: list[np.ndarray], script: ModuleType) -> None:
    assert all((frame[script.HEIGHT :] == 128).all() for frame in planes)


def test_cuts_away_and_back(planes: list[np.ndarray], script: ModuleType) -> None:
    changes = [np.abs(one.astype(int) - other).mean() for one, other in pairwise(planes)]
    first, second, third = script.SHOTS
    assert len(planes) == first + second + third
    assert sorted(np.argsort(changes)[-2:].tolist()) == [first - 1, first + second - 1]
    last, back = (frame.astype(int)[: script.HEIGHT] for frame in (planes[first - 1], planes[first + second]))
    assert np.abs(last - back).mean() < max(changes) / 2


def test_is_what_the_script_draws(planes: list[np.ndarray], script: ModuleType) -> None:
    for drawn, stored in zip(islice(script.gray_film(), 3), planes, strict=False):
        assert np.abs(drawn.astype(int) - stored[: script.HEIGHT]).mean() < 5  # grain that H.264 leaves out
