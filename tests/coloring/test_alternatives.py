"""Variants of one object."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from skimage import data

from tinct import Colorizer, ConfigError, Edit, Hint, HintError
from tinct.coloring import Canvas, Region, object_variants, parse_color
from tinct.coloring.alternatives import MIN_DISTANCE
from tinct.photo import Photo

SUIT = (150.0, 420.0)


@pytest.fixture(scope="module")
def canvas() -> Canvas:
    return Colorizer().canvas(Photo.open(data.astronaut()[..., 1]))


def test_only_the_object_changes(canvas: Canvas) -> None:
    face = Hint(220, 120, "#d0a080")
    edit = Edit(hints=(face,), vividness=0.7)
    found = object_variants(canvas, *SUIT, 6, edit)
    assert len(found) == 6
    before = canvas.colorize(edit).to_numpy().astype(int)
    for one in found:
        assert one.changed(hints=()).to_dict() == edit.changed(hints=()).to_dict()
        assert one.hints[0] == face
        change = np.abs(canvas.colorize(one).to_numpy() - before).mean(axis=-1)
        assert change[:60, 330:].max() <= 1
    changes = [np.abs(canvas.colorize(one).to_numpy() - before).mean(axis=-1)[400:440, 130:170].mean() for one in found]
    assert np.median(changes) > 8


def test_their_colors_differ(canvas: Canvas) -> None:
    found = object_variants(canvas, *SUIT, 12)
    colors = [np.array(parse_color(one.hints[-1].color)) for one in found]  # type: ignore[union-attr]
    assert min(np.hypot(*(one - other)) for one, other in combinations(colors, 2)) > MIN_DISTANCE - 1.5  # in 8-bit colors


def test_an_area_in_the_place_of_the_object(canvas: Canvas) -> None:
    corner = Region([(0, 0), (100, 0), (100, 100), (0, 100)])
    edit = object_variants(canvas, 50, 50, 3, reach=corner)[-1]
    change = np.abs(canvas.colorize(edit).to_numpy().astype(int) - canvas.colorize().to_numpy()).max(axis=-1)
    assert change[:90, :90].any()
    assert change[120:].max() == change[:, 120:].max() == 0


@pytest.mark.parametrize(("place", "count", "error"), [((600, 0), 3, HintError), (SUIT, 0, ConfigError), (SUIT, 1001, ConfigError)])
def test_what_cannot_be_asked_for(canvas: Canvas, place: tuple[float, float], count: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        object_variants(canvas, *place, count)
