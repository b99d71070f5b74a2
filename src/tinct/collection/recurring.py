"""An object that recurs: the color that it was given on one photograph, for the others that show it.

Found by the same matches as a series (`series`), but of pairs: each of the other photographs with the one. A hint that is carried over reaches
its object there, as the network sees it, and keeps the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..coloring.canvas import Canvas
from ..coloring.edit import Edit
from ..coloring.hints import KEEP, Hint
from ..coloring.matching import Standardization, cells_of, match, spread
from ..errors import HintError
from .consensus import center_of, inner_cells, sketch_on
from .series import MIN_DECIDING

__all__ = ["recurring_hints"]

MIN_CELLS = 4
"""Matching cells of the object without which it isn't said to be there: one or two are at its edge."""
DOTS = 3
"""Hints on one object, at most: they act as one, and fill an object whose parts differ better than one does."""


def recurring_hints(canvas: Canvas, hint: Hint, others: Sequence[Canvas]) -> list[tuple[Hint, ...]]:
    """Hints that give an object its color on other photographs that show it.

    Args:
        canvas: the photograph on which it has its color.
        hint: the one that gives it there; not one that keeps a color.
        others: photographs that may show the object, too.

    Returns:
        For each of the others at most `DOTS` hints, in pixels of that photograph; none where the object isn't found for sure.

    Raises:
        HintError: the hint lies outside the photograph, or keeps a color.
        ConfigError: the model takes no hints.
    """
    if hint.color == KEEP:
        raise HintError("A hint that keeps a color has none to carry over.", code="hint")
    source = sketch_on(canvas, Edit(hints=(hint,)))
    cells = [source.cells, *(cells_of(other.encoded) for other in others)]
    standardization = Standardization(cells)
    mine = standardization.vectors(source.cells)
    found: list[tuple[Hint, ...]] = []
    for other, theirs in zip(others, cells[1:], strict=True):
        matches = match(source.cells, theirs, mine, standardization.vectors(theirs))
        if matches is None or matches.sure < MIN_DECIDING:
            found.append(())
            continue
        area = np.unique(matches.second[source.decided[matches.first]])
        found.append(_dots(other, theirs.shape, area, hint) if len(area) >= MIN_CELLS else ())
    return found


def _dots(canvas: Canvas, shape: tuple[int, int], area: np.ndarray, hint: Hint) -> tuple[Hint, ...]:
    """The hint on cells well inside an area."""
    (width, height), light = canvas.photo.size, canvas.encoded.encodings[0].lightness
    scale = width / light.shape[1], height / light.shape[0]
    dots = []
    for cell in spread(inner_cells(area, shape), shape, DOTS):
        x, y = center_of(cell, shape[1], canvas.photo.size, scale)
        dots.append(replace(hint, x=x, y=y, size=0.0, reach="object", keep_rest=True))
    return tuple(dots)
