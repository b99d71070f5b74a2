"""An object that recurs on several photographs."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from tinct import Colorizer, Hint, HintError
from tinct.collection import recurring_hints
from tinct.collection.recurring import DOTS
from tinct.coloring import Canvas
from tinct.photo import Photo

SUIT = Hint(150, 420, "#2f5fb3")
ASTRONAUT = data.astronaut()[..., 1]
CROP = (slice(60, None), slice(30, 480))


def canvas_of(levels: np.ndarray) -> Canvas:
    return Colorizer().canvas(Photo.open(np.ascontiguousarray(levels)))


@pytest.fixture(scope="module")
def canvas() -> Canvas:
    return canvas_of(ASTRONAUT)


def test_the_same_thing_gets_its_color_and_strangers_get_none(canvas: Canvas) -> None:
    others = [canvas_of(ASTRONAUT[CROP]), canvas_of(ASTRONAUT[CROP][:, ::-1]), canvas_of(data.coffee()[..., 1])]
    crop, mirrored, stranger = recurring_hints(canvas, SUIT, others)
    assert 1 <= len(crop) <= DOTS
    assert 1 <= len(mirrored) <= DOTS
    assert stranger == ()
    assert all(one.color == SUIT.color and one.keep_rest and one.reach == "object" for one in crop + mirrored)
    for other, hints, suit, back in ((others[0], crop, 120, 430), (others[1], mirrored, 330, 20)):
        before, after = (other.colorize(hints=given).to_numpy().astype(int) for given in ((), hints))
        r, _, b = after[355:375, suit - 10 : suit + 10].mean(axis=(0, 1))
        assert b > r + 30
        assert np.array_equal(after[:40, back - 10 : back + 10], before[:40, back - 10 : back + 10]), "the rest is kept"


def test_an_area_recurs(canvas: Canvas) -> None:
    from tinct.coloring import Region

    area = Region([(60, 340), (240, 340), (240, 500), (60, 500)])
    (hints,) = recurring_hints(canvas, Hint(150, 420, "#2f5fb3", reach=area), [canvas_of(ASTRONAUT[CROP])])
    assert hints
    assert all(30 - 10 <= one.x + 30 <= 250 and 330 <= one.y + 60 <= 510 for one in hints)


def test_nothing_to_compare_with(canvas: Canvas) -> None:
    assert recurring_hints(canvas, SUIT, []) == []


def test_a_kept_color_cannot_be_carried_over(canvas: Canvas) -> None:
    with pytest.raises(HintError):
        recurring_hints(canvas, Hint(150, 420, "keep"), [canvas])
