"""The colors of a view with hints, each reaching what it belongs to.

Hints act in up to three steps, each blended into the result of the one before:

1. *Informing* hints: those that reach the whole picture, and those on objects whose color is plausible there. They reach their objects,
   and the rest of the picture by as much as there are of them, since they say something about its light.
2. *Recoloring* hints: those on objects whose color the network finds implausible there, as if someone wants a jacket green. They
   reach their objects alone, and fill them.
3. *Confined* hints: those with an area, and those that keep the rest. What lies outside their area or object doesn't change at all.

Hints that keep the color that is there give their object back what it had with the hints before them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..color import AB_SCALE
from ..resampling import bilinear_resize
from .grouping import Group, HintedView, Known, group_hints
from .hints import KEEP, Hint, patch
from .objects import NEUTRAL_RESPONSE, connected, log_odds, responses, shares
from .propagation import apply_hints, krige
from .upsampling import sharpen

__all__ = ["color_view", "with_colors"]

Floats = npt.NDArray[np.float32]

FILL_VARIATION = 0.25
"""Share of the network's own variation of color that stays in an object that a recoloring hint fills."""
RIM = (0.15, 0.4)
"""Share of a place in a confined hint's object up to which it keeps its color, and from which it takes the new one entirely."""


def color_view(view: HintedView, hints: Sequence[Known]) -> Floats:
    """(height, width, 2) a*, b* of a view. Raises HintError for a hint or an area outside the picture, or a mask of another shape."""
    if all(hint.reach == "picture" and not _keeps(hint) for hint in hints):  # or there are none
        return _finished(view, _answer(view, hints), hints)
    known, kept = with_colors(view, hints)
    kinds, informed, groups = group_hints(view, known, kept)
    first, second, third = ([hint for hint, kind in zip(known, kinds, strict=True) if 1 <= kind <= step] for step in (1, 2, 3))
    cells, last = view.cells(()), _answer(view, third)
    groups = _with_masks(view, groups, cells, last)
    if first:
        colors = _answer(view, first) if len(first) < len(third) else last
        cells = cells + np.float32(informed) * (colors - cells)
        for group in groups:
            if group.kind == 1:
                cells = _fill(cells, colors, group.color, group.mask, group.fill)
    if len(second) > len(first):
        colors = _answer(view, second) if len(second) < len(third) else last
        for group in groups:
            if group.kind == 2:
                cells = _fill(cells, colors, group.color, group.mask, group.fill)
    pixels = _finished(view, cells, second)
    if len(third) > len(second):
        pixels = _confined(view, third, [group for group in groups if group.kind == 3], cells, last, pixels)
    for group in groups:
        if group.kind == 0:
            hint = known[group.number]
            has_area = isinstance(hint, Hint) and hint.reach != "object"
            amount = view.covered(hint) if has_area else _inside(view, group.mask)
            pixels = pixels + amount[..., None] * (kept[group.number] - pixels)
    return pixels


def with_colors(view: HintedView, hints: Sequence[Known]) -> tuple[list[Known], dict[int, Floats]]:
    """Hints with a color each, and what those that keep a color keep.

    Returns:
        The hints, of which those to keep have the color that is at their place in the result with the hints before them; and that
        result, (height, width, 2) a*, b*, by the index of those whose object or area keeps it.
    """
    known: list[Known] = []
    kept: dict[int, Floats] = {}
    before: Floats | None = None
    for i, hint in enumerate(hints):
        if not (isinstance(hint, Hint) and hint.color == KEEP):
            known.append(hint)
            before = None
            continue
        before = color_view(view, hints[:i]) if before is None else before  # hints in a row keep the same result
        rows, columns, planes = patch(replace(hint, color="#808080"), view.photo, view.size)
        there = np.flip(before, 1) if view.mirrored else before
        ab = (there[rows, columns] * planes[2][..., None]).sum(axis=(0, 1)) / planes[2].sum()
        a, b = np.clip(ab, -AB_SCALE, AB_SCALE).tolist()
        known.append(replace(hint, color="", ab=(a, b)))
        if hint.reach != "picture":
            kept[i] = before
    return known, kept


def _answer(view: HintedView, hints: Sequence[Known]) -> Floats:
    """(h, w, 2) a*, b* that the network gives with hints, wherever they reach."""
    return krige(view.cells(hints), view.lightness, view.planes(hints))


def _keeps(hint: Known) -> bool:
    return isinstance(hint, Hint) and hint.color == KEEP


def _inside(view: HintedView, member: Floats) -> Floats:
    """(height, width) how far each pixel takes on the colors of a confined object, 0..1, from the cells' shares in it, (h, w)."""
    width, height = view.size
    amount = np.clip((member - RIM[0]) / (RIM[1] - RIM[0]), 0, 1)
    return bilinear_resize(amount, *view.lightness.shape)[:height, :width]


def _with_masks(view: HintedView, groups: Sequence[Group], before: Floats, after: Floats) -> list[Group]:
    """The groups with the shares of cells in their objects. A group that keeps a color competes with later ones only.

    Args:
        view: the view.
        groups: of `group_hints`.
        before: (h, w, 2) a*, b* without hints.
        after: (h, w, 2) those that the network gives with all hints but those that keep a color.
    """
    if not groups:
        return []
    response = responses(np.stack([group.color for group in groups]), before, after)
    response[[group.kind == 0 for group in groups]] = NEUTRAL_RESPONSE
    odds = log_odds(view.scene(), np.stack([group.seeds for group in groups]), response)
    members, found = shares(odds), []
    for i, (group, mask) in enumerate(zip(groups, members, strict=True)):
        if group.kind == 0:
            rivals = [j for j, other in enumerate(groups) if other.number > group.number]
            mask = shares(odds[[i, *rivals]])[0]
        if group.kind in (0, 3):
            mask = connected(mask, group.seeds, RIM[0])
        found.append(replace(group, mask=mask))
    return found


def _confined(
    view: HintedView, hints: Sequence[Known], groups: Sequence[Group], cells: Floats, colors: Floats, pixels: Floats
) -> Floats:
    """(height, width, 2) `pixels` with the third step; exactly `pixels` outside of all areas and objects.

    Args:
        view: the view.
        hints: those of all steps.
        groups: of the third step.
        cells: (h, w, 2) a*, b* after the second step.
        colors: (h, w, 2) those that the network gives with the hints.
        pixels: (height, width, 2) the same, finished.
    """
    height, width = cells.shape[:2]
    rest = np.ones(pixels.shape[:2], np.float32)
    for group in groups:
        cells = _fill(cells, colors, group.color, group.mask)
        rest *= 1 - _inside(view, _widest(group.mask))
    for hint in hints:
        if isinstance(hint, Hint) and not isinstance(hint.reach, str):
            covered = view.covered(hint)
            rest *= 1 - covered
            missing = [(0, full - there) for full, there in zip(view.lightness.shape, covered.shape, strict=True)]
            blocks = np.pad(covered, missing, mode="edge").reshape(height, view.lightness.shape[0] // height, width, -1)
            cells = _fill(cells, colors, hint.chroma(), (blocks.max(axis=(1, 3)) > 0).astype(np.float32))
    change = (1 - rest[..., None]) * (_finished(view, cells, hints) - pixels)
    return np.where(rest[..., None] < 1, pixels + change, pixels)


def _fill(cells: Floats, colors: Floats, color: Floats, mask: Floats, amount: float = 1.0) -> Floats:
    """(h, w, 2) cells with an object in the color of its hint.

    Args:
        cells: (h, w, 2) a*, b* without the hint.
        colors: (h, w, 2) those that the network gave with it.
        color: (2,) the hint's a*, b*.
        mask: (h, w) share of each cell in the object, 0..1.
        amount: 1 takes the hint's color, with a part of the variation of `colors`; 0 takes `colors`.
    """
    mean = (colors * mask[..., None]).sum(axis=(0, 1)) / max(float(mask.sum()), 1e-6)
    wanted = colors + amount * (color + FILL_VARIATION * (colors - mean) - colors)
    return np.asarray(cells + mask[..., None] * (wanted - cells), np.float32)


def _widest(member: Floats) -> Floats:
    """(h, w) maximum over the 3 × 3 cells around each."""
    padded = np.pad(member, 1, mode="edge")
    height, width = member.shape
    return np.asarray(np.max([padded[i : i + height, j : j + width] for i in range(3) for j in range(3)], axis=0), np.float32)


def _finished(view: HintedView, cells: Floats, hints: Sequence[Known]) -> Floats:
    """(height, width, 2) cells enlarged to pixels of the view, with the exact colors of the hints under them."""
    width, height = view.size
    planes = view.planes(hints)
    pixels = sharpen(cells, view.lightness, view.fidelity)
    if not planes[2][view.mount[:height, :width]].any():  # unless someone gave it a color
        pixels[view.mount] = 0
    return apply_hints(pixels[:height, :width], planes)
