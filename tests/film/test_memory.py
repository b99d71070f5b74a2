"""Places found again after other shots, and not found where they aren't."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from film.places import seen
from tinct.coloring import Colorizer
from tinct.coloring.edit import Edit
from tinct.coloring.hints import Hint
from tinct.coloring.matching import Cells, cells_of
from tinct.film import memory as module
from tinct.film.fresh import FrameColorist, Prior
from tinct.film.memory import Place, PlaceMemory, hints_from
from tinct.film.tracking import Layer

Bytes = npt.NDArray[np.uint8]


def tint(at: float = 0) -> Layer:
    """Colors that differ from place to place: a* rises to the right, by 10 every 40 pixels."""
    x = np.arange(213, dtype=np.float32)[None].repeat(160, axis=0)
    return Layer(np.dstack([(x + np.float32(at)) / 4 - 20, np.full_like(x, 12)]), np.ones((160, 213), np.float32))


@pytest.fixture(scope="module")
def views(colorizer: Colorizer) -> dict[str, tuple[Bytes, Cells]]:
    """Frames at the working size, with their features."""
    colorist = FrameColorist(colorizer, Edit())
    shown = {
        "bridge": seen(7, 0, width=213, height=160),
        "bridge later": seen(7, 9, width=213, height=160, grain=3, seed=1),
        "mill": seen(8, 0, width=213, height=160),
        "meadow": seen(9, 0, width=213, height=160),
    }
    wide = cv2.resize(seen(7, 4)[6:-6, 8:-8], (213, 160), interpolation=cv2.INTER_AREA)
    shown["bridge nearer"] = np.asarray(wide, np.uint8)
    return {name: (gray, cells_of(colorist.canvas(gray.astype(np.float32) / 255).encoded)) for name, gray in shown.items()}


PRIOR = Prior(np.full((1, 4), 0.5, np.float32), np.ones((1, 4), np.float32))


def remembered(folder: Path, views: dict[str, tuple[Bytes, Cells]], *names: str) -> PlaceMemory:
    memory = PlaceMemory(folder)
    for name in names:
        gray, cells = views[name]
        memory.remember(Place(gray, tint(), cells, PRIOR))
    return memory


def test_an_empty_memory_knows_nothing(tmp_path: Path, views: dict[str, tuple[Bytes, Cells]]) -> None:
    assert PlaceMemory(tmp_path).recall(*views["bridge"]) is None


@pytest.mark.parametrize(("view", "moved"), [("bridge", 0), ("bridge later", 12)])
def test_a_place_is_found_again_among_others(tmp_path: Path, views: dict[str, tuple[Bytes, Cells]], view: str, moved: int) -> None:
    """`moved`: 9 pixels of 160 are 12 of 213."""
    known = remembered(tmp_path, views, "mill", "bridge", "meadow").recall(*views[view])
    assert known is not None
    assert known.colors is not None
    sure = known.colors.weight > 0.5
    assert sure.mean() > 0.6
    difference = np.linalg.norm(known.colors.ab - tint(moved).ab, axis=-1)[sure]
    assert difference.mean() < 1.5
    assert known.prior is not None
    assert known.prior.mean.tolist() == PRIOR.mean.tolist()
    hints = known.hints if known.colors is None else hints_from(known.colors)
    assert 10 < len(hints) <= module.MAX_HINTS
    for hint in hints:
        assert abs(hint.chroma()[0] - ((hint.x + moved) / 4 - 20)) < 4


def test_a_place_seen_from_nearer_is_found(tmp_path: Path, views: dict[str, tuple[Bytes, Cells]]) -> None:
    known = remembered(tmp_path, views, "bridge", "mill").recall(*views["bridge nearer"])
    assert known is not None
    assert len(known.hints if known.colors is None else hints_from(known.colors)) > 10


def test_another_place_is_not_found(tmp_path: Path, views: dict[str, tuple[Bytes, Cells]]) -> None:
    memory = remembered(tmp_path, views, "mill", "meadow")
    assert memory.recall(*views["bridge"]) is None


def test_told_places_come_before_others(tmp_path: Path, views: dict[str, tuple[Bytes, Cells]]) -> None:
    memory = PlaceMemory(tmp_path)
    gray, cells = views["bridge"]
    memory.remember(Place(gray, Layer(tint().ab * 0 - 30, tint().weight), cells, None), told=True)
    memory.remember(Place(gray, tint(), cells, PRIOR))
    known = memory.recall(gray, cells)
    assert known is not None
    assert known.colors is not None
    assert float(np.median(known.colors.ab)) == pytest.approx(-30, abs=0.5)


def test_only_what_is_known_of_a_place_is_taken_over(tmp_path: Path, views: dict[str, tuple[Bytes, Cells]]) -> None:
    memory = PlaceMemory(tmp_path)
    gray, cells = views["bridge"]
    half = tint()
    half.weight[:, 100:] = 0
    memory.remember(Place(gray, half, cells, None), told=True)
    known = memory.recall(gray, cells)
    assert known is not None
    assert known.colors is not None
    assert known.colors.weight[:, 104:].max() < 0.01
    assert known.colors.weight[:, :96].mean() > 0.9
    assert all(hint.x < 104 for hint in known.hints)


def test_a_run_that_goes_on_remembers_the_same(tmp_path: Path, views: dict[str, tuple[Bytes, Cells]]) -> None:
    first = remembered(tmp_path, views, "mill", "bridge", "meadow")
    again = PlaceMemory(tmp_path)
    again.restore(2)
    assert (len(first), len(again)) == (3, 2)
    one, other = first.recall(*views["bridge later"]), again.recall(*views["bridge later"])
    assert one is not None
    assert other is not None
    assert one.hints == other.hints
    assert again.recall(*views["meadow"]) is None  # remembered later


def test_damaged_places_are_not_taken_over(tmp_path: Path, views: dict[str, tuple[Bytes, Cells]]) -> None:
    remembered(tmp_path, views, "mill", "bridge")
    path = sorted(tmp_path.iterdir())[1]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    memory = PlaceMemory(tmp_path)
    with pytest.raises(ValueError, match="is damaged"):
        memory.restore(2)
    assert len(memory) == 0
    with pytest.raises(OSError, match="place-000000"):
        PlaceMemory(tmp_path / "none").restore(1)


def test_memory_holds_a_summary_of_each_place_only(tmp_path: Path, views: dict[str, tuple[Bytes, Cells]]) -> None:
    memory = remembered(tmp_path, views, *["mill"] * 5)
    kept = [one for one in vars(memory).values() if isinstance(one, list)]
    assert sum(np.asarray(one).nbytes for values in kept for one in values) < 5 * 8192
    assert len(list(tmp_path.glob("place-*.npz"))) == 5


# ---- hints from colors ----


def test_hints_lie_where_colors_are_told_and_have_them() -> None:
    layer = tint()
    layer.weight[:, :80] = 0
    hints = hints_from(layer, 20)
    assert len(hints) == 20
    assert all(hint.x > 80 for hint in hints)
    assert all(abs(hint.chroma()[0] - (hint.x / 4 - 20)) < 1.5 for hint in hints)
    assert np.ptp([hint.y for hint in hints]) > 80  # spread


def test_nothing_told_and_tiny_frames_give_no_hints() -> None:
    assert hints_from(Layer(tint().ab, np.zeros((160, 213), np.float32))) == []
    assert hints_from(Layer(np.zeros((5, 90, 2), np.float32), np.ones((5, 90), np.float32))) == []


def test_a_told_place_from_another_angle_joins_the_colors_of_an_aligned_one(
    tmp_path: Path, views: dict[str, tuple[Bytes, Cells]], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = remembered(tmp_path, views, "bridge")
    gray, cells = views["bridge"]
    own = memory.recall(gray, cells)
    assert own is not None
    assert own.colors is not None
    told = module.Recollection([Hint(20, 20, ab=(50, 0), reach="picture")], None, None)
    found = iter([told, own])
    monkeypatch.setattr(PlaceMemory, "_best", lambda *_: next(found))
    both = memory.recall(gray, cells)
    assert both is not None
    assert both.hints == told.hints
    assert both.colors is own.colors
