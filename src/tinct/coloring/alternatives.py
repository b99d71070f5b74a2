"""Variants of one object: the photograph with other plausible colors of that object, and all else as it is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ConfigError
from .edit import MAX_VARIANT, Edit
from .hints import Hint, Reach
from .suggestions import ColorFamily, Suggestion

if TYPE_CHECKING:
    from .canvas import Canvas

__all__ = ["object_variants"]

MIN_DISTANCE = 12.0
"""Distance in the ab plane below which two colors of an object are one variant: side by side in thumbnails they look the same."""
MAX_PEAKS = 6
"""Peaks of the distribution that come first; further ones are hardly plausible, and the families' colors are more different."""


def object_variants(
    canvas: Canvas, x: float, y: float, count: int = 8, edit: Edit | None = None, *, reach: Reach = "object"
) -> list[Edit]:
    """Edits that give the object at a place other plausible colors, and keep the rest.

    First come the peaks of the model's distribution at the place, the most probable first, then colors that kinds of things had, in turns by
    family, the most probable family first.

    Args:
        canvas: the photograph.
        x: from the left edge, in pixels of the full-size photograph.
        y: from the top edge, in pixels of the full-size photograph.
        count: maximum number, from 1 to `MAX_VARIANT`.
        edit: what they differ from; a hint is added at its end. It should have none for that object.
        reach: the object there, or an area in its place.

    Returns:
        At most `count` edits, in whose colors no two are closer than `MIN_DISTANCE` in the ab plane; there may be fewer.

    Raises:
        HintError: the place or a hint lies outside the photograph.
        ConfigError: the model gives no distribution, or `count` is out of its range.
    """
    if not 1 <= count <= MAX_VARIANT:
        raise ConfigError(f"The number of variants must be from 1 to {MAX_VARIANT}, not {count}.", code="edit-value")
    edit = edit or Edit()
    likely = canvas.suggest(x, y, hints=edit.hints, count=MAX_PEAKS)  # type: ignore[arg-type]
    families = canvas.families(x, y, hints=edit.hints)  # type: ignore[arg-type]
    found: list[Suggestion] = []
    for one in chain(likely, _in_turns(families)):
        if all(np.hypot(*np.subtract(one.ab, other.ab)) >= MIN_DISTANCE for other in found):
            found.append(one)
        if len(found) == count:
            break
    hints = (Hint(x, y, one.color, reach=reach, keep_rest=True) for one in found)
    return [edit.changed(hints=(*edit.hints, hint)) for hint in hints]


def _in_turns(families: list[ColorFamily]) -> Iterator[Suggestion]:
    """The first color of each family, then the second of each, and so on."""
    for row in zip_longest(*(family.colors for family in families)):
        yield from (one for one in row if one is not None)
