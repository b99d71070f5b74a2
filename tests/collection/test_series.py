"""Photographs of one event: grouped, matched, agreed."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pictures import DATE_TIME_ORIGINAL, EXIF
from tinct import Colorizer, ConfigError, Edit, Hint, Mask, Photo
from tinct.collection import groups_of, plan_series, series_edits
from tinct.collection.consensus import Link, Sketch, agree, hints_for, sketch_of
from tinct.coloring.matching import Cells, Matches, Standardization, cells_of, match


def landscape(seed: int, width: int = 480, height: int = 400) -> np.ndarray:
    """(height, width) uint8: shapes of many sizes and tones, different for each seed and everywhere."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    canvas = 150 - 60 * y / height + 12 * np.sin(x / 31 + seed)
    for _ in range(60):
        cx, cy, r, tone = random.uniform(0, width), random.uniform(0, height), random.uniform(8, 45), random.uniform(20, 235)
        turn, long = random.uniform(0, np.pi), random.uniform(1, 3)
        u, v = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn), (y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)
        inside = (u / long) ** 2 + v**2 < r**2 if random.random() < 0.5 else (abs(u) < r * long) & (abs(v) < r)
        canvas = np.where(inside, tone + 10 * np.sin(u / 4), canvas)
    return np.clip(canvas, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(threads=1)


@pytest.fixture(scope="module")
def event(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two overlapping pictures of one scene and one of another, in one folder."""
    folder = tmp_path_factory.mktemp("event")
    one, other = landscape(1), landscape(2)
    pictures = {"a.png": one[:, :380], "b.png": one[:, 100:], "c.png": other[:, :380]}
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(folder / name)
    return [folder / name for name in pictures]


@pytest.fixture(scope="module")
def automatic(colorizer: Colorizer, event: list[Path]) -> list[Edit]:
    return series_edits(colorizer, event)


def overlap_gap(colorizer: Colorizer, photos: list[Path], edits: list[Edit]) -> float:
    """Mean distance in the ab plane between the same places of the first two pictures."""
    one, other = (colorizer.canvas(photo).colors(edit) for photo, edit in zip(photos[:2], edits[:2], strict=True))
    step = one.shape[0] / 400
    shift, width = round(100 * step), round(280 * step)
    return float(np.linalg.norm(one[:, shift : shift + width] - other[:, :width], axis=-1).mean())


def test_matching_places_agree_and_strangers_stay(colorizer: Colorizer, event: list[Path], automatic: list[Edit]) -> None:
    assert plan_series(colorizer, event).groups == [[0, 1]]
    assert automatic[0].hints
    assert automatic[1].hints
    assert automatic[2].to_dict() == Edit().to_dict()
    assert overlap_gap(colorizer, event, automatic) < 0.75 * overlap_gap(colorizer, event, [Edit()] * 3)


def test_edits_are_the_same_in_every_order_and_as_json(colorizer: Colorizer, event: list[Path], automatic: list[Edit]) -> None:
    again = series_edits(Colorizer(threads=1), event[::-1])[::-1]
    assert [edit.to_json() for edit in again] == [edit.to_json() for edit in automatic]
    assert Edit.from_json(automatic[0].to_json()).to_dict() == automatic[0].to_dict()


def test_a_photograph_with_hints_stays_and_the_others_follow(colorizer: Colorizer, event: list[Path]) -> None:
    mine = Edit(hints=[Hint(200, 150, "#c02020"), Hint(260, 250, "#c02020")])
    series = plan_series(colorizer, event, {event[0]: mine})
    assert series.edits[0] is mine
    assert series.followers == [1]
    carried = [hint for hint in series.edits[1].hints if isinstance(hint, Hint) and isinstance(hint.reach, Mask)]
    assert carried
    for hint in carried:
        assert hint.ab is not None
        assert hint.ab[0] > 15  # red
    assert not series.edits[2].hints


def test_other_fields_of_an_edit_are_kept(colorizer: Colorizer, event: list[Path]) -> None:
    edits = series_edits(colorizer, event, [Edit(vividness=0.8, strength=0.5, detail=192)] * 3)
    assert [(edit.vividness, edit.strength, edit.detail) for edit in edits] == [(0.8, 0.5, 192)] * 3
    assert edits[0].hints


def test_a_damaged_photograph_and_unusable_hints_keep_their_edits(colorizer: Colorizer, event: list[Path]) -> None:
    broken = event[0].parent / "0-broken.png"
    broken.write_bytes(b"no picture")
    outside = Edit(hints=[Hint(5000, 1, "#c02020")])
    try:
        edits = series_edits(colorizer, [broken, *event], [Edit(), Edit(), Edit(), outside])
    finally:
        broken.unlink()
    assert edits[0].to_dict() == Edit().to_dict()
    assert edits[3] is outside
    assert all(edit.hints for edit in edits[1:3])


def test_photographs_of_different_folders_are_not_compared(colorizer: Colorizer, event: list[Path], tmp_path: Path) -> None:
    moved = tmp_path / "b.png"
    moved.write_bytes(event[1].read_bytes())
    assert not any(edit.hints for edit in series_edits(colorizer, [event[0], moved]))


def test_nor_those_of_different_days(colorizer: Colorizer, event: list[Path], tmp_path: Path) -> None:
    photos = []
    for path, day in zip(event[:2], ("1", "2"), strict=True):
        photos.append(tmp_path / path.with_suffix(".jpg").name)
        exif = Image.Exif()
        exif.get_ifd(EXIF)[DATE_TIME_ORIGINAL] = f"1998:06:0{day} 12:00:00"
        Image.open(path).save(photos[-1], quality=95, exif=exif)
    assert Photo.open(photos[1]).taken == datetime(1998, 6, 2, 12)
    assert not any(edit.hints for edit in series_edits(colorizer, photos))


def test_progress_counts_photographs(colorizer: Colorizer, event: list[Path]) -> None:
    told: list[tuple[int, int]] = []
    series_edits(colorizer, event[:2], progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


def test_models_without_hints_and_wrong_numbers_of_edits_are_refused(colorizer: Colorizer, event: list[Path]) -> None:
    with pytest.raises(ConfigError, match="'autoencoder' has no hints"):
        series_edits(Colorizer("autoencoder"), event)
    with pytest.raises(ConfigError, match="3 photographs, but 1 edits"):
        series_edits(colorizer, event, [Edit()])


def test_groups_end_with_a_gap() -> None:
    start = datetime(1998, 6, 1, 10)
    hours = [30, 0, None, 2, 31, None]
    taken = [None if n is None else start + timedelta(hours=n) for n in hours]
    assert groups_of(taken) == [[0, 4], [1, 3], [2, 5]]
    assert groups_of(taken, timedelta(hours=100)) == [[0, 1, 3, 4], [2, 5]]
    assert groups_of([]) == []


@pytest.mark.parametrize("text", ["0000:00:00 00:00:00", "1998:13:01 12:00:00", "    :  :     :  :  ", "yesterday"])
def test_times_that_are_none_are_ignored(text: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(EXIF)[DATE_TIME_ORIGINAL] = text
    file = io.BytesIO()
    Image.new("L", (16, 16)).save(file, "JPEG", exif=exif)
    assert Photo.open(file.getvalue()).taken is None


def test_matches_of_a_shifted_picture_are_right(colorizer: Colorizer) -> None:
    pixels = landscape(3)
    cells = [cells_of(colorizer.canvas(part).encoded) for part in (pixels[:, :380], pixels[:, 100:])]
    standard = Standardization(cells)
    found = match(*cells, *map(standard.vectors, cells))
    assert found is not None
    assert found.sure >= 30
    rows, columns = (np.divmod(which, one.shape[1]) for which, one in zip((found.first, found.second), cells, strict=True))
    shift = 100 * 160 / 400 / 8  # cells
    right = (abs(rows[0] - columns[0]) <= 2) & (abs(rows[1] - columns[1] - shift) <= 2)
    assert right.mean() > 0.8


def test_flat_pictures_have_no_matches(colorizer: Colorizer) -> None:
    cells = [cells_of(colorizer.canvas(np.full((64, 64), tone, np.uint8)).encoded) for tone in (90, 160)]
    standard = Standardization(cells)
    assert match(*cells, *map(standard.vectors, cells)) is None


def small_sketch(colors: list[tuple[float, float]], sureness: list[float], fixed: bool = False, decided: bool = False) -> Sketch:
    count = len(colors)
    cells = Cells((1, count), (), np.zeros((count, 64), np.float16), np.zeros(count, np.float32), np.ones(count, bool))
    ab, sure = np.array(colors, np.float32), np.array(sureness, np.float32)
    return Sketch((16 * count, 16), (2.0, 2.0), None, cells, ab, sure, fixed, np.full(count, decided))


def linked(first: int, second: int, cells: list[int]) -> Link:
    return Link(first, second, Matches(np.array(cells), np.array(cells), 99))


def test_the_sure_color_wins() -> None:
    sketches = [
        small_sketch([(30, 0), (5, 5)], [0.9, 0.5]),
        small_sketch([(-30, 0), (7, 7)], [0.1, 0.5]),
        small_sketch([(1, 1)], [1]),
    ]
    one, other, alone = agree(sketches, [linked(0, 1, [0])])
    assert alone is None
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(one.colors[0], (30, 0), atol=1)
    np.testing.assert_allclose(other.colors[0], (30, 0), atol=1)
    assert other.matched.tolist() == [True, False]
    hints, carried = hints_for(sketches[1], other)
    assert not carried
    assert [(hint.x, hint.y, hint.size, hint.reach) for hint in hints] == [
        (24, 8, 16, "picture"),  # keeps what doesn't match
        (8, 8, 16, "picture"),
    ]
    assert hints[0].ab == (7, 7)


def test_what_hints_decided_reaches_photographs_that_only_match_a_follower() -> None:
    sketches = [small_sketch([(50, 20)], [0.1], fixed=True, decided=True), *(small_sketch([(0, 0)], [1.0]) for _ in range(2))]
    found = agree(sketches, [linked(0, 1, [0]), linked(1, 2, [0])])
    assert all(one is not None for one in found)
    for sketch, one in zip(sketches[1:], found[1:], strict=True):
        assert one is not None
        assert one.decided.all()
        hints, carried = hints_for(sketch, one)
        assert carried
        assert isinstance(hints[0].reach, Mask)
        assert hints[0].ab is not None
        np.testing.assert_allclose(hints[0].ab, (50, 20), atol=1)


def test_hints_of_every_kind_decide_what_they_change(colorizer: Colorizer) -> None:
    photo = Photo.open(landscape(4))
    area = np.zeros((400, 480), bool)
    area[100:300, 100:300] = True
    sketch = sketch_of(colorizer, photo, Edit(hints=[Hint(200, 200, "#c02020", reach=Mask(area)), Hint(400, 60, "keep")]))
    decided = sketch.decided.reshape(sketch.cells.shape)
    assert sketch.fixed
    assert decided[6:14, 6:14].all()
    assert not decided[:, 20:].all()
    assert not sketch_of(colorizer, photo, Edit()).fixed
