"""How far hints reach: their object, the whole picture, or an area, and what stays exactly as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from skimage import data

from tinct import Brush, Canvas, Colorizer, Edit, Hint, HintError, Mask, Photo, Region, Strokes
from tinct.color import chroma, rgb_to_lab
from tinct.coloring.edit import EditChanges

GREEN = (-40.0, 35.0)
"""a*, b* of a color that the network doesn't expect on these pictures."""


@pytest.fixture(scope="module")
def canvas() -> Canvas:
    """Two dark rectangles on a light ground."""
    gray = np.full((160, 240), 200, np.uint8)
    gray[40:120, 30:100] = 70
    gray[40:120, 140:210] = 70
    return Colorizer("tinct", threads=1).canvas(gray)


@pytest.fixture(scope="module")
def coffee() -> Canvas:
    """A cup on a table, 300 × 200: the network itself keeps a hint on one of two equal rectangles to that one."""
    return Colorizer("tinct", threads=1).canvas(np.ascontiguousarray(data.coffee()[::2, ::2].mean(axis=2).astype(np.uint8)))


TABLE = Hint(150, 180, ab=(50, 30))
UPPER_LEFT = np.s_[:40, :60]
LEFT, RIGHT = np.s_[48:112, 38:92], np.s_[48:112, 148:202]


def ab_of(photo: Photo) -> np.ndarray:
    return rgb_to_lab(photo.to_numpy())[..., 1:]


def moved(canvas: Canvas, *hints: Hint | Strokes, before: tuple[Hint, ...] = (), **changes: Any) -> np.ndarray:
    """(H, W) distance in the ab plane between the results with `before` and with all hints."""
    options: EditChanges = {**changes}  # type: ignore[typeddict-item]
    return chroma(ab_of(canvas.colorize(hints=(*before, *hints), **options)) - ab_of(canvas.colorize(hints=before, **options)))


def test_a_hint_fills_its_object_and_leaves_the_other_one(canvas: Canvas) -> None:
    ab = ab_of(canvas.colorize(hints=[Hint(65, 80, ab=GREEN)]))
    change = moved(canvas, Hint(65, 80, ab=GREEN))
    assert np.median(chroma(ab[LEFT] - np.array(GREEN))) < 12
    assert np.median(change[RIGHT]) < 5
    assert np.median(change[:24]) < 5


def test_a_hint_for_the_whole_picture_reaches_it(coffee: Canvas) -> None:
    assert moved(coffee, TABLE)[UPPER_LEFT].mean() < 0.5
    assert moved(coffee, replace(TABLE, reach="picture"))[UPPER_LEFT].mean() > 2


def test_two_hints_each_have_their_object(canvas: Canvas) -> None:
    ab = ab_of(canvas.colorize(hints=[Hint(65, 80, ab=GREEN), Hint(175, 80, ab=(50, 20))]))
    assert np.median(ab[LEFT][..., 0]) < -25
    assert np.median(ab[RIGHT][..., 0]) > 30


def test_keeping_the_rest_moves_nothing_outside_the_object(canvas: Canvas) -> None:
    change = moved(canvas, Hint(65, 80, ab=GREEN, keep_rest=True))
    assert change[LEFT].mean() > 20
    assert not change[:, 124:].any()
    assert not change[:16].any()


@pytest.mark.parametrize(
    "area",
    [
        Region(((40, 50), (90, 50), (90, 110), (40, 110))),
        Brush(((65, 60), (65, 100)), 40),
        Mask(np.pad(np.ones((64, 54), np.bool_), ((48, 48), (38, 148)))),
    ],
)
def test_an_area_is_filled_and_nothing_else_moves(canvas: Canvas, area: Region | Brush | Mask) -> None:
    change = moved(canvas, Hint(65, 80, ab=GREEN, reach=area))
    assert change[70:90, 55:75].min() > 15
    assert not change[:, 110:].any()
    assert not change[:36].any()
    assert not change[128:].any()


def test_an_area_need_not_lie_under_its_hint(canvas: Canvas) -> None:
    area = Region(((150, 50), (200, 50), (200, 110), (150, 110)))
    change = moved(canvas, Hint(65, 80, ab=GREEN, reach=area))
    assert change[70:90, 165:185].min() > 15
    assert not change[:, :130].any()


def test_what_is_kept_stays_when_a_later_hint_would_reach_it(coffee: Canvas) -> None:
    everywhere, keep = replace(TABLE, reach="picture"), Hint(30, 20, "keep")
    around = np.s_[15:25, 25:35]
    assert moved(coffee, everywhere)[around].mean() > 1
    assert moved(coffee, keep, everywhere)[around].max() < 1.5  # 8-bit rounding


def test_what_is_kept_is_the_color_after_the_hints_before(canvas: Canvas) -> None:
    green = Hint(65, 80, ab=GREEN)
    change = moved(canvas, Hint(65, 90, "keep"), Hint(65, 60, ab=(50, 20), reach="picture"), before=(green,))
    assert np.median(change[60:100, 50:80]) < 3


def test_an_area_can_keep_its_color_too(coffee: Canvas) -> None:
    everywhere, top = replace(TABLE, reach="picture"), Region(((0, 0), (300, 0), (300, 40), (0, 40)))
    assert moved(coffee, everywhere)[:34].mean() > 1
    assert moved(coffee, Hint(30, 20, "keep", reach=top), everywhere)[:34].max() < 1.5  # 8-bit rounding


def test_the_color_that_is_there_can_inform_the_whole_picture(coffee: Canvas) -> None:
    a, b = ab_of(coffee.colorize())[180, 150].tolist()
    kept, given = (
        coffee.colorize(hints=[Hint(150, 180, **color, reach="picture")]) for color in ({"color": "keep"}, {"ab": (a, b)})
    )
    assert chroma(ab_of(kept) - ab_of(given)).mean() < 1


def test_keeping_alone_changes_nothing(canvas: Canvas) -> None:
    assert not moved(canvas, Hint(65, 80, "keep"), Hint(175, 80, "keep")).any()
    assert canvas.suggest(65, 80, hints=[Hint(66, 81, "keep")])


def test_strokes_mark_the_object_that_they_are_painted_on(canvas: Canvas) -> None:
    rgba = np.zeros((160, 240, 4), np.uint8)
    rgba[60:100, 60:66] = (40, 140, 40, 255)
    change = moved(canvas, Strokes(rgba))
    assert np.median(change[LEFT]) > 15
    assert np.median(change[RIGHT]) < 5


def test_strokes_can_reach_the_whole_picture(coffee: Canvas) -> None:
    rgba = np.zeros((200, 300, 4), np.uint8)
    rgba[170:190, 147:153] = (160, 40, 30, 255)
    near, far = (moved(coffee, Strokes(rgba, reach=reach))[UPPER_LEFT].mean() for reach in ("object", "picture"))
    assert far > 3 * near
    assert far > 1


def test_variants_and_ensembles_have_reach_too(canvas: Canvas) -> None:
    colorizer, gray = Colorizer("tinct", threads=1), np.asarray(canvas.photo)
    hint = Hint(65, 80, ab=GREEN, keep_rest=True)
    for one, changes in ((canvas, {"variant": 3}), (colorizer.canvas(gray, detail=160, ensemble=True), {})):
        change = moved(one, hint, **changes)
        assert change[LEFT].mean() > 15
        assert not change[:, 128:].any()


def test_many_plausible_hints_inform_the_whole_picture(canvas: Canvas) -> None:
    usual = ab_of(canvas.colorize())
    places = [(x, y) for x in (45, 65, 85) for y in (50, 80, 110)]
    hints = [Hint(x, y, ab=tuple(usual[y, x].tolist())) for x, y in places]
    alike = [
        chroma(ab_of(canvas.colorize(hints=[*some])) - ab_of(canvas.colorize(hints=_wide(some))))[RIGHT].mean()
        for some in (hints[:1], hints)
    ]
    assert alike[1] <= alike[0] + 0.5


def _wide(hints: list[Hint]) -> list[Hint]:
    return [Hint(hint.x, hint.y, ab=hint.ab, reach="picture") for hint in hints]


@pytest.mark.parametrize(
    ("reach", "code", "message"),
    [
        ("objekt", "reach", r"no reach 'objekt' \(did you mean 'object'\?\)"),
        (5, "reach", "no reach 5"),
        (None, "reach", "no reach None"),
        (np.zeros((4, 4), np.bool_), "mask-empty", "is empty"),
    ],
)
def test_an_unknown_reach(reach: Any, code: str, message: str) -> None:
    with pytest.raises(HintError, match=message) as caught:
        Hint(1, 2, "#fff", reach=reach)
    assert caught.value.code == code


def test_the_whole_picture_has_no_rest() -> None:
    with pytest.raises(HintError, match="can't both reach the whole picture and keep the rest"):
        Hint(1, 2, "#fff", reach="picture", keep_rest=True)
    with pytest.raises(HintError, match="keep_rest must be true or false"):
        Hint(1, 2, "#fff", keep_rest=1)  # type: ignore[arg-type]
    with pytest.raises(HintError, match="no reach 'far'"):
        Strokes(np.zeros((4, 4, 4), np.uint8), reach="far")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hint", "code"),
    [
        (Hint(5, 5, "#fff", reach=Region(((0, 0), (300, 0), (0, 50)))), "region-outside"),
        (Hint(5, 5, "#fff", reach=Mask(np.ones((9, 9), np.bool_))), "mask-size"),
        (Hint(5, 500, "keep"), "hint-outside"),
    ],
)
def test_an_area_that_doesn_t_fit_the_picture(canvas: Canvas, hint: Hint, code: str) -> None:
    with pytest.raises(HintError) as caught:
        canvas.colorize(Edit(hints=[hint]))
    assert caught.value.code == code
