"""Which hints act together, what each kind of them does, and where they are: the groups that `reaching` blends."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ..color import AB_SCALE
from .hints import Hint, Strokes, draw, patch
from .objects import Scene, plausibility
from .regions import coverage

__all__ = ["Group", "HintedView", "Known", "group_hints"]

Floats = npt.NDArray[np.float32]
Known = Hint | Strokes

PLAUSIBLE = 0.05
"""Probability of a hint's color at its place from which it informs. Of wrong colors on validation pictures 18 % are as plausible, of true ones 96 %."""
OTHER_COLORS = 4.5
"""Hints of other colors for which that probability, and how far objects are filled, is divided by e; by more for more, as the square of their
number: who gives many colors describes the picture rather than recolors it. It saves 0.2 dB with 10 true hints, and as much with 100."""
INFORMING_CELLS = 2.0
"""Cells under plausible hints that make the rest of the picture follow them by 63 %, one hint of the default size covering about one. It grows
with their square: one hint moves the rest by 18 % of what the network would, three by 83 %, ten by all."""
INFORMING_FILL = 0.5
"""How far informing hints fill their objects. 0 leaves them patchy; 1 costs 0.1 dB with one true hint."""
SAME_GROUP_STEP = 10.0
"""Step of a*, b* within which hints of one object are taken together."""
MAX_GROUPS = 24
"""Groups of hints that compete for places; with more, the step is doubled."""


@dataclass(frozen=True)
class HintedView:
    """One version of the photograph for the network."""

    photo: tuple[int, int]
    """(width, height) of the full-size photograph, in pixels."""
    size: tuple[int, int]
    """(width, height) of the view."""
    lightness: Floats
    """(H, W) L* 0..100, padded to whole cells."""
    mirrored: bool
    """Left and right exchanged."""
    mount: npt.NDArray[np.bool_]
    """(H, W) pixels of a mount around the photograph, which stay neutral."""
    fidelity: float
    """How far pixels keep the means of the cells; see `upsampling.sharpen`."""
    scene: Callable[[], Scene]
    """What masks are computed from."""
    cells: Callable[[Sequence[Known]], Floats]
    """(h, w, 2) a*, b* of the network's cells with these hints."""

    def planes(self, hints: Sequence[Known]) -> Floats:
        """(3, height, width) input planes of the network, as `draw` gives them."""
        drawn = draw(hints, self.photo, self.size)
        return np.ascontiguousarray(drawn[..., ::-1]) if self.mirrored else drawn

    def covered(self, hint: Known) -> Floats:
        """(height, width) the share of each pixel in the area of a hint that has one."""
        assert not isinstance(hint.reach, str)
        found = coverage(hint.reach, self.photo, self.size)
        return np.flip(found, 1) if self.mirrored else found


@dataclass(frozen=True)
class Touch:
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
class Group:
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


def group_hints(view: HintedView, hints: Sequence[Known], kept: Collection[int]) -> tuple[list[int], float, list[Group]]:
    """The kind of each hint, see `Group`; how far the informing ones reach the rest of the picture, 0..1; and all groups.

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
    touched: list[tuple[int, Touch]] = []  # kind, and each color of each hint
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
    keeping = [Group(0, objects[i][0].color, _seeds(objects[i], scene.shape), i) for i in kept]
    informed = max(informed, 1 - math.exp(-((cells / INFORMING_CELLS) ** 2)))
    return kinds, informed, keeping + _merged(touched, scene.shape)


def _touches(view: HintedView, hint: Known, shape: tuple[int, int]) -> list[Touch]:
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
        return [Touch(hint.chroma(), which, covered)]
    ab = np.stack(sums, axis=-1).astype(np.float32) * np.float32(AB_SCALE) / covered[:, None]
    return [
        Touch(np.average(ab[one], axis=0, weights=covered[one]).astype(np.float32), which[one], covered[one]) for one in _alike(ab)
    ]


def _alike(ab: Floats) -> list[npt.NDArray[np.bool_]]:
    """Which of (n, 2) colors belong to each group of similar ones; at most `MAX_GROUPS` groups."""
    step = SAME_GROUP_STEP
    while True:
        names, inverse = np.unique(np.rint(ab / step), axis=0, return_inverse=True)
        if len(names) <= MAX_GROUPS:
            return [inverse.ravel() == i for i in range(len(names))]
        step *= 2


def _merged(touched: Sequence[tuple[int, Touch]], shape: tuple[int, int]) -> list[Group]:
    """Groups of one step and of similar colors."""
    groups = []
    for kind in (1, 2, 3):
        mine = [touch for step, touch in touched if step == kind]
        for one in _alike(np.stack([touch.color for touch in mine])) if mine else ():
            chosen = [touch for touch, is_in in zip(mine, one, strict=True) if is_in]
            amount = [touch.covered.sum() for touch in chosen]
            color = np.average([touch.color for touch in chosen], axis=0, weights=amount).astype(np.float32)
            fill = float(np.average([touch.fill for touch in chosen], weights=amount))
            groups.append(Group(kind, color, _seeds(chosen, shape), max(touch.number for touch in chosen), fill))
    return groups


def _seeds(touches: Sequence[Touch], shape: tuple[int, int]) -> Floats:
    """(h, w) the share of each cell under hints."""
    seeds = np.zeros(math.prod(shape), np.float32)
    for touch in touches:
        seeds[touch.cells] += touch.covered
    return np.minimum(seeds, 1).reshape(shape)
