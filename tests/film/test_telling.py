"""What keyframes say: at which frames, and as which colors. And the frames that are worth coloring by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from film.places import seen, write_film
from tinct import ConfigError, Hint
from tinct.coloring import Colorizer
from tinct.coloring.edit import Edit
from tinct.film import Film, FilmEdit, Keyframe
from tinct.film.container.reading import Reader, open_film
from tinct.film.fresh import FrameColorist
from tinct.film.planning import FilmPlan, Selection, ShotSamples
from tinct.film.telling import told_by
from tinct.film.telling_frames import choose

SIZE = (160, 120)
RED = (200, 60, 60)


@pytest.fixture(scope="module")
def reel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 frames, 12 a second: 12 of one place, panned, and 12 of another."""
    frames = [seen(1, i) for i in range(12)] + [seen(2, i) for i in range(12)]
    return write_film(tmp_path_factory.mktemp("telling") / "reel.mkv", frames)


@pytest.fixture
def reader(reel: Path) -> Iterator[Reader]:
    with open_film(reel, threads=1) as reader:
        yield reader


@pytest.fixture(scope="module")
def colorist(colorizer: Colorizer) -> FrameColorist:
    return FrameColorist(colorizer, Edit())


def plan(reader: Reader, selection: Selection = Selection()) -> FilmPlan:  # noqa: B008
    start = reader.info.pts_at(selection.start) if selection.start else None
    return FilmPlan(np.array([frame.pts for frame in selection.frames(reader.frames(start), reader.info)]), np.array([0]))


def painted(left: bool = False) -> npt.NDArray[np.uint8]:
    """A red frame, or one whose left half says red, and the rest nothing."""
    picture = np.full((120, 160, 4), (*RED, 255), np.uint8)
    if left:
        picture[:, 80:, 3] = 0
    return picture


def told(reader: Reader, colorist: FrameColorist, *keyframes: Keyframe, **selected: float) -> dict[int, object]:
    selection = Selection(**selected)  # type: ignore[arg-type]
    return dict(told_by(FilmEdit(keyframes=keyframes), plan(reader, selection), reader, selection, colorist, SIZE))


def test_a_picture_is_told_at_its_frame(reader: Reader, colorist: FrameColorist) -> None:
    found = told_by(FilmEdit(keyframes=(Keyframe(0.5, painted(left=True)),)), plan(reader), reader, Selection(), colorist, SIZE)
    assert list(found) == [6]
    layer, (place,) = found[6].colors, found[6].places
    assert layer.weight[:, :78].min() == 1
    assert layer.weight[:, 82:].max() == 0
    assert layer.ab[60, 40].tolist() == pytest.approx([55.1, 32.3], abs=0.5)  # of sRGB 200, 60, 60
    assert place.gray.shape == (120, 160)
    assert (
        np.abs(place.gray.astype(int) - np.asarray(Film(reader.info.path).frame(0.5).small_lightness(160, 120) * 2.55)).mean() < 20
    )
    assert place.colors.ab[60, 40].tolist() == layer.ab[60, 40].tolist()


def test_the_nearest_frame_is_meant(reader: Reader, colorist: FrameColorist) -> None:
    for time, index in ((0.0, 0), (0.52, 6), (0.57, 7), (1.99, 23)):
        assert list(told(reader, colorist, Keyframe(time, painted()))) == [index]


def test_a_hint_says_its_surroundings(reader: Reader, colorist: FrameColorist) -> None:
    found = told_by(
        FilmEdit(keyframes=(Keyframe(0.5, hints=(Hint(40, 60, "#c83c3c", size=12),)),)),
        plan(reader),
        reader,
        Selection(),
        colorist,
        SIZE,
    )
    layer = found[6].colors
    assert layer.weight[60, 40] == 1
    assert layer.ab[60, 40, 0] > 25
    assert layer.weight[:, 140:].mean() < layer.weight[45:75, 25:55].mean()


def test_keyframes_outside_a_preview_are_kept_for_shots_that_recur(reader: Reader, colorist: FrameColorist) -> None:
    found = told(reader, colorist, Keyframe(0.5, painted()), Keyframe(1.5, painted(left=True)), start=1.0)
    assert sorted(found) == [-1, 6]


def test_keyframes_of_a_preview_move_to_the_frame_that_is_colored(reader: Reader, colorist: FrameColorist) -> None:
    """Of frames 0, 8, 16 the keyframe at frame 6 belongs to frame 8, in which the place has moved by 2 of 160 pixels."""
    edit = FilmEdit(keyframes=(Keyframe(0.5, painted(left=True)),))
    found = told_by(edit, plan(reader, Selection(every=8)), reader, Selection(every=8), colorist, SIZE)
    assert list(found) == [1]
    weight = found[1].colors.weight[30:90].mean(axis=0)
    edge = int(np.argmax(weight < 0.5))
    assert edge == pytest.approx(80 - 2, abs=1)
    assert found[1].places[0].colors.weight[60, :79].min() > 0.9  # the place itself is that of frame 6


def test_two_keyframes_near_one_frame_are_both_told(reader: Reader, colorist: FrameColorist) -> None:
    right = painted(left=True)[:, ::-1].copy()
    edit = FilmEdit(keyframes=(Keyframe(0.5, painted(left=True)), Keyframe(0.52, right)))
    found = told_by(edit, plan(reader), reader, Selection(), colorist, SIZE)
    assert list(found) == [6]
    assert found[6].colors.weight.min() > 0.8
    assert len(found[6].places) == 2


def test_a_keyframe_after_the_end_is_told(reader: Reader, colorist: FrameColorist) -> None:
    with pytest.raises(ConfigError, match=r"The keyframe at 00:09 lies outside the film") as refused:
        told(reader, colorist, Keyframe(9, painted()))
    assert refused.value.code == "keyframe-outside"


def test_a_model_without_features_takes_keyframes_without_places(reader: Reader, classic: Colorizer) -> None:
    colorist = FrameColorist(classic, Edit())
    found = told_by(
        FilmEdit(keyframes=(Keyframe(0.5, painted()),)),
        plan(reader),
        reader,
        Selection(),
        colorist,
        classic.spec.preparation.size(160, 120),
    )
    assert found[6].places == ()
    assert found[6].colors.weight.min() == 1


# ---- frames to be colored by hand ----


def samples(*numbers: int, first: int = 0) -> ShotSamples:
    frames = [seen(number) + np.uint8(i) for i, number in enumerate(numbers)]
    return ShotSamples(np.arange(first, first + len(frames)), np.stack(frames))


@pytest.fixture(scope="module")
def shots() -> tuple[list[ShotSamples], FilmPlan]:
    """A long shot, a short one of another place, and one of the first place again."""
    return [samples(1, 1, 1), samples(2, 2, first=60), samples(1, 1, first=110)], FilmPlan(
        np.arange(150, dtype=np.int64), np.array([0, 60, 110])
    )


def test_the_first_frame_resembles_most_of_the_film_and_the_second_the_rest(
    shots: tuple[list[ShotSamples], FilmPlan], colorist: FrameColorist
) -> None:
    (one,) = choose(*shots, 1, colorist)
    assert one < 60 or one >= 110
    first, second = choose(*shots, 2, colorist)
    assert one in (first, second)
    assert any(60 <= index < 110 for index in (first, second))


def test_no_frame_is_chosen_twice(shots: tuple[list[ShotSamples], FilmPlan], colorist: FrameColorist) -> None:
    assert choose(*shots, 100, colorist) == [0, 1, 2, 60, 61, 110, 111]


def test_black_frames_are_not_worth_coloring(classic: Colorizer) -> None:
    black = ShotSamples(np.arange(5), np.zeros((5, 120, 160), np.uint8))
    plan = FilmPlan(np.arange(100, dtype=np.int64), np.array([0, 80]))
    assert choose([black, samples(1, first=80)], plan, 1, FrameColorist(classic, Edit())) == [80]


def test_long_films_are_thinned(monkeypatch: pytest.MonkeyPatch, classic: Colorizer) -> None:
    """So that memory and time are bounded: frames are compared each with each."""
    looked: list[int] = []
    monkeypatch.setattr("tinct.film.telling_frames.MAX_COMPARED", 6)
    colorist = FrameColorist(classic, Edit())
    summary = colorist.canvas
    monkeypatch.setattr(colorist, "canvas", lambda gray: looked.append(1) or summary(gray))
    many = [samples(*[n] * 4, first=10 * n) for n in range(3)]
    chosen = choose(many, FilmPlan(np.arange(30, dtype=np.int64), np.array([0, 10, 20])), 20, colorist)
    assert len(looked) == len(chosen) == 6
    assert {index // 10 for index in chosen} == {0, 1, 2}
    many = [samples(n, first=10 * n) for n in range(9)]
    starts = np.array([0, 10, 20, 30, 40, 50, 60, 61, 62])
    many = [ShotSamples(np.array([start]), one.frames) for start, one in zip(starts, many, strict=True)]
    chosen = choose(many, FilmPlan(np.arange(80, dtype=np.int64), starts), 20, colorist)
    assert len(chosen) == 6  # the longest shots
    assert not {60, 61} & set(chosen)
