"""The colors on which photographs with matching places agree, and the hints that give them these colors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..color import AB_SCALE
from ..coloring.hints import KEEP, Hint, patch
from ..coloring.matching import CELL, Cells, Matches, cells_of, spread
from ..coloring.packing import Omitted
from ..coloring.palette import SAME_COLOR_RADIUS
from ..coloring.regions import Mask, coverage
from ..resampling import area_resize

if TYPE_CHECKING:
    from ..coloring.canvas import Canvas
    from ..coloring.colorizer import Colorizer
    from ..coloring.edit import Edit
    from ..photo import Photo

__all__ = ["Agreed", "Link", "Sketch", "agree", "center_of", "hints_for", "inner_cells", "sketch_of", "sketch_on"]

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

SURENESS_EXPONENT = 3
"""Of a cell's confidence, for its weight in the mean: with 0 the mean color error of crops in val is 0.4 larger."""
CHROMA_OFFSET = 5.0
"""A cell's weight is proportional to its chroma plus this: what the network can't decide it leaves gray. Without it series lose 7 % of the
chroma of crops in val and 11 % of that of two weddings, with it 2 % and 5 %."""
CHROMA_UNIT = 35.0
"""Chroma plus offset for which the weight is the confidence's alone."""
FIXED_WEIGHT = 20.0
"""Weight of a photograph's cell that has hints of its own, for those that follow; others have about 1 at most."""
DECIDED_WEIGHT = 1000.0
"""Weight of a cell whose color its hints decided, for the cells that they decide in other photographs."""
MAX_STEP = 15.0
"""Distance in the ab plane to a neighbor from which an edge goes through a cell: its mean color would become a fringe around an object."""
MIN_PLAIN = 0.2
"""Share of cells without an edge below which all cells are taken."""
NO_WEIGHT = 1e-6
"""Its weight for all others."""
ROUNDS = 6
"""Steps of averaging between matching cells: more change nothing."""
MAX_HINTS = 90
"""Hints of a photograph for the mean colors: 40 leave a fifth more disagreement. With `MAX_KEEPING_HINTS`, they stay within the 500 cells of the
decoder that kriging takes."""
MAX_KEEPING_HINTS = 30
"""Hints that keep the color of what doesn't match, for a photograph without any matches; of a
larger match they are fewer, with the square of the share that is left. Without them, faces that
match those of other people redden their background: 1.5 dB for portraits, against 0.2 dB with them."""
MIN_CHANGE = 8.0
"""Distance in the ab plane by which hints must change a cell to have decided its color."""
MIN_COVERED = 0.05
"""Share of a cell under a hint from which the hint decides its color: a hint of the default size that lies on four cells covers 0.055 of each."""
CARRIED_RADIUS = 12.0
"""Distance in the ab plane within which decided colors are one, so that they become hints of one color."""
MAX_CARRIED_COLORS = 4


@dataclass(frozen=True)
class Sketch:
    """One photograph, reduced to what a series needs."""

    size: tuple[int, int]
    """(width, height) of the full-size photograph."""
    scale: tuple[float, float]
    """Pixels of the full-size photograph in one pixel of the working size, across and down."""
    taken: datetime | None
    """When it was taken."""
    cells: Cells
    """What is matched."""
    colors: Floats
    """(cells, 2) a*, b* with its own edit."""
    sureness: Floats
    """(cells,) confidence in them, 0..1."""
    fixed: bool
    """Whether it has hints of its own, so that it stays as it is."""
    decided: Flags
    """(cells,) whether its own hints decided the color."""


@dataclass(frozen=True)
class Link:
    """Matching cells of two photographs of a group."""

    first: int
    second: int
    matches: Matches


@dataclass(frozen=True)
class Agreed:
    """What the photographs agreed on, for one of them."""

    colors: Floats
    """(cells, 2) a*, b*."""
    matched: Flags
    """(cells,) which cells match others; only their colors mean something."""
    decided: Flags
    """(cells,) which of them have a color that hints on another photograph decided."""


def sketch_of(colorizer: Colorizer, photo: Photo, edit: Edit) -> Sketch:
    """Color a photograph, and keep what a series needs. Raises PhotoError, HintError or ConfigError as `Colorizer.colorize` does."""
    return sketch_on(colorizer.canvas(photo), edit)


def sketch_on(canvas: Canvas, edit: Edit) -> Sketch:
    """As `sketch_of`, of a photograph that is encoded at the model's own working size, for which matching is made."""
    edit, photo = edit.changed(detail=None, ensemble=False), canvas.photo
    colors = canvas.colors(edit)
    cells = cells_of(canvas.encoded)
    height, width = colors.shape[:2]
    means = _means(colors, cells.shape)
    decided = np.zeros(len(means), bool)
    if edit.hints:
        changed = np.hypot(*(means - _means(canvas.colors(edit, hints=()), cells.shape)).T) > MIN_CHANGE
        covered = _means(_covered(edit, photo.size, (width, height))[..., None], cells.shape)[:, 0] > MIN_COVERED
        if covered.any():
            gaps = np.linalg.norm(means[:, None] - means[covered][None], axis=-1).min(axis=1)
            decided = covered | (changed & (gaps < SAME_COLOR_RADIUS))
    sureness = _means(canvas.confidence(edit)[..., None], cells.shape)[:, 0]
    scale = photo.width / width, photo.height / height
    return Sketch(photo.size, scale, photo.taken, cells, means, sureness, bool(edit.hints), decided)


def agree(sketches: Sequence[Sketch], links: Sequence[Link]) -> list[Agreed | None]:
    """Average the colors of matching cells, by diffusion along the matches.

    Args:
        sketches: the photographs of a group.
        links: their matches, as indices into `sketches`.

    Returns:
        One for each photograph; None for one that matches no other.
    """
    starts = np.cumsum([0, *(len(sketch.colors) for sketch in sketches)])
    first, second = (
        np.concatenate([np.zeros(0, np.intp), *(starts[getattr(link, side)] + getattr(link.matches, side) for link in links)])
        for side in ("first", "second")
    )
    if not len(first):
        return [None] * len(sketches)
    degree = np.bincount(first, minlength=starts[-1]) + np.bincount(second, minlength=starts[-1])
    color, decided = (np.concatenate([getattr(sketch, name) for sketch in sketches]) for name in ("colors", "decided"))
    fixed = np.concatenate([np.full(len(sketch.colors), sketch.fixed) for sketch in sketches])
    sureness = np.concatenate([sketch.sureness for sketch in sketches]).astype(np.float64)
    weight = sureness**SURENESS_EXPONENT * (np.linalg.norm(color, axis=1) + CHROMA_OFFSET) / CHROMA_UNIT + 1e-6
    weight = np.where(fixed, FIXED_WEIGHT, weight)
    moving = (degree > 0) & ~fixed

    def diffused(weights: Floats, values: Floats) -> Floats:
        """(cells, C) means of values over matching cells; a cell of a fixed photograph keeps its own."""
        mass = weights[:, None] * np.concatenate([values, np.ones_like(values[:, :1])], axis=1)
        for _ in range(ROUNDS):
            received = np.stack(
                [
                    np.bincount(first, column[second], starts[-1]) + np.bincount(second, column[first], starts[-1])
                    for column in np.ascontiguousarray(mass.T)
                ],
                axis=1,
            )
            mass[moving] = (mass[moving] + received[moving] / degree[moving, None]) / 2
        return np.asarray(mass[:, :-1] / mass[:, -1:])

    # Cells that no hint decided agree as if the hints weren't there: at the edge of an object one would otherwise get half of its color.
    free = diffused(np.where(decided, NO_WEIGHT, weight), color)
    told = diffused(np.where(decided, DECIDED_WEIGHT, weight), np.concatenate([color, decided[:, None]], axis=1))
    share = told[:, 2]
    mean = np.where(share[:, None] > 0.5, told[:, :2], free)
    result: list[Agreed | None] = []
    for start, end in pairwise(starts):
        matched = degree[start:end] > 0
        one = Agreed(mean[start:end].astype(np.float32), matched, matched & (share[start:end] > 0.5))
        result.append(one if matched.any() else None)
    return result


def hints_for(sketch: Sketch, agreed: Agreed) -> tuple[list[Hint], bool]:
    """Hints with which a photograph takes on the agreed colors, and whether some are carried over from other photographs' hints."""
    decided = set(np.flatnonzero(agreed.decided).tolist())
    rest = np.flatnonzero(sketch.cells.usable & ~agreed.matched)
    keeping = round(MAX_KEEPING_HINTS * (len(rest) / len(sketch.colors)) ** 2)
    common = Hint(0, 0, ab=(0, 0), size=round(CELL * min(sketch.scale), 1), reach="picture")
    hints = [_hint(sketch, cell, sketch.colors[cell], common) for cell in spread(rest, sketch.cells.shape, keeping)]
    matched = spread(_plain(np.flatnonzero(agreed.matched), sketch), sketch.cells.shape, MAX_HINTS)
    hints += [_hint(sketch, cell, agreed.colors[cell], common) for cell in matched if cell not in decided]
    left = np.flatnonzero(agreed.decided)
    carried: list[Hint] = []
    for _ in range(MAX_CARRIED_COLORS):
        if not len(left):
            break
        near = np.linalg.norm(agreed.colors[left, None] - agreed.colors[None, left], axis=-1) < CARRIED_RADIUS
        mine = near[near.sum(axis=1).argmax()]
        cells = left[mine]
        (inside,) = spread(inner_cells(cells, sketch.cells.shape), sketch.cells.shape, 1)
        reach = _mask(sketch, cells)
        carried.append(_hint(sketch, inside, agreed.colors[cells].mean(axis=0), replace(common, reach=reach, keep_rest=True)))
        left = left[~mine]
    return hints + carried, bool(carried)


def _hint(sketch: Sketch, cell: int, color: Floats, like: Hint) -> Hint:
    """A hint on a cell. Numbers are rounded, for short records."""
    x, y = center_of(cell, sketch.cells.shape[1], sketch.size, sketch.scale)
    a, b = (round(float(value), 1) for value in np.clip(color, -AB_SCALE, AB_SCALE))
    return replace(like, x=x, y=y, ab=(a, b))


def center_of(cell: int, columns: int, size: tuple[int, int], scale: tuple[float, float]) -> tuple[float, float]:
    """x, y of the center of a cell in pixels of the full-size photograph, rounded to tenths, for short records.

    Args:
        cell: number of the cell, row by row.
        columns: cells in a row.
        size: (width, height) of the photograph, in which the place lies even if the cell ends outside.
        scale: pixels of the photograph in one of the working size, across and down.
    """
    row, column = divmod(int(cell), columns)
    x, y = (min(round((n + 0.5) * CELL * factor, 1), side) for n, factor, side in zip((column, row), scale, size, strict=True))
    return x, y


def _plain(cells: npt.NDArray[np.intp], sketch: Sketch) -> npt.NDArray[np.intp]:
    """The cells whose colors are those of their four neighbors, so that no edge goes through them; all cells if these are too few."""
    colors = sketch.colors.reshape(*sketch.cells.shape, 2)
    steps = [np.linalg.norm(np.diff(colors, axis=axis), axis=-1) for axis in (0, 1)]
    largest = np.zeros(sketch.cells.shape, np.float32)
    for axis, step in enumerate(steps):
        for before in (True, False):
            padding = [(0, 0), (0, 0)]
            padding[axis] = (1, 0) if before else (0, 1)
            largest = np.maximum(largest, np.pad(step, padding))
    plain = cells[largest.flat[cells] < MAX_STEP]
    return plain if len(plain) > MIN_PLAIN * len(cells) else cells


def _mask(sketch: Sketch, cells: npt.NDArray[np.intp]) -> Mask:
    """The area of these cells, at the working size."""
    area = np.zeros(sketch.cells.shape, bool)
    area.flat[cells] = True
    width, height = (round(side / scale) for side, scale in zip(sketch.size, sketch.scale, strict=True))
    return Mask(area.repeat(CELL, axis=0).repeat(CELL, axis=1)[:height, :width])


def inner_cells(cells: npt.NDArray[np.intp], shape: tuple[int, int]) -> npt.NDArray[np.intp]:
    """The cells whose four neighbors are among the cells, too; all of them if there is none: a hint at the edge of an object means its
    neighbor as well."""
    area = np.zeros(shape, bool)
    area.flat[cells] = True
    inside = np.pad(area, 1)
    inner = area & inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
    return np.flatnonzero(inner) if inner.any() else cells


def _means(values: Floats, shape: tuple[int, int]) -> Floats:
    """(h, w, C) at the working size -> (cells, C) means; cells at the border are filled by their edge."""
    missing = [(0, n * CELL - there) for n, there in zip(shape, values.shape[:2], strict=True)]
    padded = np.pad(values, [*missing, (0, 0)], mode="edge")
    return area_resize(padded, *shape).reshape(shape[0] * shape[1], -1)


def _covered(edit: Edit, photo: tuple[int, int], small: tuple[int, int]) -> Floats:
    """(height, width) 0..1: the share of each pixel of the working size that hints and their areas cover."""
    found = np.zeros((small[1], small[0]), np.float32)
    for hint in edit.hints:
        assert not isinstance(hint, Omitted)  # the canvas has refused it
        if isinstance(hint, Hint) and hint.color == KEEP:
            hint = replace(hint, color="#808080")
        if not isinstance(hint.reach, str):
            found = np.maximum(found, coverage(hint.reach, photo, small))
        rows, columns, planes = patch(hint, photo, small)
        found[rows, columns] = np.maximum(found[rows, columns], planes[2])
    return found
