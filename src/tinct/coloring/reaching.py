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

import math
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ..color import AB_SCALE
from ..resampling import bilinear_resize
from .hints import KEEP, Hint, Strokes, draw, patch
from .objects import Scene, connected, log_odds, plausibility, shares
from .propagation import apply_hints, krige
from .regions import coverage
from .upsampling import sharpen

__all__ = ["View", "color_view", "with_colors"]

Floats = npt.NDArray[np.float32]
Known = Hint | Strokes

PLAUSIBLE = 0.05
"""Probability of a hint's color at its place from which it informs. Of wrong colors on validation pictures 18 % are as plausible, of true ones 96 %."""
OTHER_COLORS = 4.5
"""Hints of other colors for which that probability, and how far objects are filled, is divided by e; by more for more, as the square of their
number: who gives many colors describes the picture rather than recolors it. With 10 true hints this saves 0.2 dB, with 100 0.2."""
INFORMING_CELLS = 2.0
"""Cells under plausible hints that make the rest of the picture follow them by 63 %, one hint of the default size covering about one. It grows
with their square: one hint moves the rest by 18 % of what the network would, three by 83 %, ten by all."""
INFORMING_FILL = 0.5
"""How far informing hints fill their objects. 0 leaves them patchy; 1 costs 0.1 dB with one true hint."""
FILL_VARIATION = 0.25
"""Share of the network's own variation of color that stays in an object that a recoloring hint fills."""
SAME_GROUP_STEP = 10.0
"""Step of a*, b* within which hints of one object are taken together."""
MAX_GROUPS = 24
"""Groups of hints that compete for places; with more, the step is doubled."""
RIM = (0.15, 0.4)
"""Share of a place in a confined hint's object up to which it keeps its color, and from which it takes the new one entirely."""


@dataclass(frozen=True)
class View:
    """One version of the photograph for the network."""

    photo: tuple[int, int]
    """(width, height) of the full-size photograph, in pixels."""
    size: tuple[int, int]
    """(width, height) of the view."""
    lightness: Floats
    """(H, W) L* 0..100, padded to whole cells."""
    mirrored: bool
    """Left and right exchanged."""
    scene: Callable[[], Scene]
    """What masks are computed from."""
    cells: Callable[[Sequence[Known]], Floats]
    """(h, w, 2) a*, b* of the network's cells with these hints."""

    def planes(self, hints: Sequence[Known]) -> Floats:
        """(3, height, width) input planes of the network, as `draw` gives them."""
        drawn = draw(hints, self.photo, self.size)
        return np.ascontiguousarray(drawn[..., ::-1]) if self.mirrored else drawn

    def covered(self, hint: Hint) -> Floats:
        """(height, width) the share of each pixel in the hint's area."""
        assert not isinstance(hint.reach, str)
        found = coverage(hint.reach, self.photo, self.size)
        return np.flip(found, 1) if self.mirrored else found


@dataclass(frozen=True)
class _Touch:
    """One color of one hint, and where it is."""

    color: Floats
    """(2,) a*, b*."""
    cells: npt.NDArray[np.intp]
    """(n,) indices of cells, row by row."""
    covered: Floats
    """(n,) the share of each under the hint."""
    fill: float = 1.0
    """How far it fills its object, 0..1."""
    number: int = -1
    """Index of the hint."""


@dataclass(frozen=True)
class _Group:
    """Hints of one kind and nearly one color, which reach objects together."""

    kind: int
    """1 informing, 2 recoloring, 3 confined, 0 keeping the color that is there."""
    color: Floats
    """(2,) a*, b*."""
    seeds: Floats
    """(h, w) the share of each cell under them."""
    number: int
    """Index of its last hint."""
    fill: float = 1.0
    """How far it fills its object, 0..1."""
    mask: Floats = field(default_factory=lambda: np.zeros((1, 1), np.float32))
    """(h, w) share of each cell in its object, 0..1."""


def color_view(view: View, hints: Sequence[Known]) -> Floats:
    """(height, width, 2) a*, b* of a view. Raises HintError for a hint or an area outside the picture, or a mask of another shape."""
    if all(hint.reach == "picture" and not _keeps(hint) for hint in hints):  # or there are none
        return _finished(view, krige(view.cells(hints), view.lightness, view.planes(hints)), hints)
    known, kept = with_colors(view, hints)
    kinds, informed, groups = _groups(view, known, kept)
    groups = _with_masks(view, groups)
    first, second, third = ([hint for hint, kind in zip(known, kinds, strict=True) if 1 <= kind <= step] for step in (1, 2, 3))
    cells = view.cells(())
    if first:
        colors = krige(view.cells(first), view.lightness, view.planes(first))
        cells = cells + np.float32(informed) * (colors - cells)
        for group in groups:
            if group.kind == 1:
                cells = _fill(cells, colors, group.color, group.mask, group.fill)
    if len(second) > len(first):
        colors = krige(view.cells(second), view.lightness, view.planes(second))
        for group in groups:
            if group.kind == 2:
                cells = _fill(cells, colors, group.color, group.mask, group.fill)
    pixels = _finished(view, cells, second)
    if len(third) > len(second):
        pixels = _confined(view, third, [group for group in groups if group.kind == 3], cells, pixels)
    for group in groups:
        if group.kind == 0:
            hint = known[group.number]
            amount = _inside(view, group.mask) if hint.reach == "object" else view.covered(hint)
            pixels = pixels + amount[..., None] * (kept[group.number] - pixels)
    return pixels


def with_colors(view: View, hints: Sequence[Known]) -> tuple[list[Known], dict[int, Floats]]:
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


def _keeps(hint: Known) -> bool:
    return isinstance(hint, Hint) and hint.color == KEEP


def _inside(view: View, member: Floats) -> Floats:
    """(height, width) how far each pixel takes on the colors of a confined object, 0..1, from the cells' shares in it, (h, w)."""
    width, height = view.size
    amount = np.clip((member - RIM[0]) / (RIM[1] - RIM[0]), 0, 1)
    return bilinear_resize(amount, *view.lightness.shape)[:height, :width]


def _with_masks(view: View, groups: Sequence[_Group]) -> list[_Group]:
    """The groups with the shares of cells in their objects. A group that keeps a color competes with later ones only."""
    if not groups:
        return []
    odds = log_odds(view.scene(), np.stack([group.seeds for group in groups]))
    members, found = shares(odds), []
    for i, (group, mask) in enumerate(zip(groups, members, strict=True)):
        if group.kind == 0:
            rivals = [j for j, other in enumerate(groups) if other.number > group.number]
            mask = shares(odds[[i, *rivals]])[0]
        if group.kind in (0, 3):
            mask = connected(mask, group.seeds, RIM[0])
        found.append(replace(group, mask=mask))
    return found


def _confined(view: View, hints: Sequence[Known], groups: Sequence[_Group], cells: Floats, pixels: Floats) -> Floats:
    """(height, width, 2) `pixels` with the third step; exactly `pixels` outside of all areas and objects.

    Args:
        view: the view.
        hints: those of all steps.
        groups: of the third step.
        cells: (h, w, 2) a*, b* after the second step.
        pixels: (height, width, 2) the same, finished.
    """
    colors = krige(view.cells(hints), view.lightness, view.planes(hints))
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


def _groups(view: View, hints: Sequence[Known], kept: Collection[int]) -> tuple[list[int], float, list[_Group]]:
    """The kind of each hint, see `_Group`; how far the informing ones reach the rest of the picture, 0..1; and all groups.

    Args:
        view: the view.
        hints: each with a color.
        kept: the indices of those that keep the color that is there.
    """
    scene = view.scene()
    kinds = [1 if hint.reach == "picture" else 3 for hint in hints]
    informed, cells = float(any(kind == 1 for kind in kinds)), 0.0
    objects = {i: _touches(view, hint, scene.shape) for i, hint in enumerate(hints) if i in kept or hint.reach == "object"}
    names = {i: tuple(np.rint(mine[0].color / SAME_GROUP_STEP).tolist()) for i, mine in objects.items() if i not in kept}
    same = Counter(names.values())
    touched: list[tuple[int, _Touch]] = []  # kind, and each color of each hint
    for i, name in names.items():
        hint, mine = hints[i], objects[i]
        likely = np.array([plausibility(scene, touch.cells, touch.covered, touch.color) for touch in mine])
        amount = np.array([touch.covered.sum() for touch in mine])
        fill = alone = math.exp(-(((len(names) - same[name]) / OTHER_COLORS) ** 2))
        needed = PLAUSIBLE * alone
        if isinstance(hint, Hint) and hint.confined:
            kinds[i] = 3
        else:
            kinds[i] = 1 if float(amount @ likely) >= needed * float(amount.sum()) else 2
        if kinds[i] == 1:
            fill *= INFORMING_FILL
            likely, needed = np.square(likely), needed**2
            cells += float(amount @ np.clip((likely - needed) / (likely + needed + 1e-12), 0, 1))  # 0 at `needed`, towards 1 above
        touched += [(kinds[i], replace(touch, fill=fill, number=i)) for touch in mine]
    for i in kept:
        kinds[i] = 0
    keeping = [_Group(0, objects[i][0].color, _seeds(objects[i], scene.shape), i) for i in kept]
    informed = max(informed, 1 - math.exp(-((cells / INFORMING_CELLS) ** 2)))
    return kinds, informed, keeping + _merged(touched, scene.shape)


def _touches(view: View, hint: Known, shape: tuple[int, int]) -> list[_Touch]:
    """The colors of a hint; painted strokes may have several."""
    rows, columns, planes = patch(hint, view.photo, view.size)
    height, width = (large // small for large, small in zip(view.lightness.shape, shape, strict=True))
    y, x = np.arange(view.size[1])[rows], np.arange(view.size[0])[columns]
    x = view.size[0] - 1 - x if view.mirrored else x
    cells = ((y // height)[:, None] * shape[1] + (x // width)[None, :]).ravel()
    covered = np.bincount(cells, planes[2].ravel(), math.prod(shape)) / (height * width)
    (which,) = np.nonzero(covered)
    sums = [np.bincount(cells, plane.ravel(), math.prod(shape))[which] / (height * width) for plane in planes[:2]]
    covered = covered[which].astype(np.float32)
    if isinstance(hint, Hint):
        return [_Touch(hint.chroma(), which, covered)]
    ab = np.stack(sums, axis=-1).astype(np.float32) * np.float32(AB_SCALE) / covered[:, None]
    return [
        _Touch(np.average(ab[one], axis=0, weights=covered[one]).astype(np.float32), which[one], covered[one]) for one in _alike(ab)
    ]


def _alike(ab: Floats) -> list[npt.NDArray[np.bool_]]:
    """Which of (n, 2) colors belong to each group of similar ones; at most `MAX_GROUPS` groups."""
    step = SAME_GROUP_STEP
    while True:
        names, inverse = np.unique(np.rint(ab / step), axis=0, return_inverse=True)
        if len(names) <= MAX_GROUPS:
            return [inverse.ravel() == i for i in range(len(names))]
        step *= 2


def _merged(touched: Sequence[tuple[int, _Touch]], shape: tuple[int, int]) -> list[_Group]:
    """Groups of one step and of similar colors."""
    groups = []
    for kind in (1, 2, 3):
        mine = [touch for step, touch in touched if step == kind]
        for one in _alike(np.stack([touch.color for touch in mine])) if mine else ():
            chosen = [touch for touch, is_in in zip(mine, one, strict=True) if is_in]
            amount = [touch.covered.sum() for touch in chosen]
            color = np.average([touch.color for touch in chosen], axis=0, weights=amount).astype(np.float32)
            fill = float(np.average([touch.fill for touch in chosen], weights=amount))
            groups.append(_Group(kind, color, _seeds(chosen, shape), max(touch.number for touch in chosen), fill))
    return groups


def _seeds(touches: Sequence[_Touch], shape: tuple[int, int]) -> Floats:
    """(h, w) the share of each cell under hints."""
    seeds = np.zeros(math.prod(shape), np.float32)
    for touch in touches:
        seeds[touch.cells] += touch.covered
    return np.minimum(seeds, 1).reshape(shape)


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


def _finished(view: View, cells: Floats, hints: Sequence[Known]) -> Floats:
    """(height, width, 2) cells enlarged to pixels of the view, with the exact colors of the hints under them."""
    width, height = view.size
    return apply_hints(sharpen(cells, view.lightness)[:height, :width], view.planes(hints))
