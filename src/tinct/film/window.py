"""Colors for a run of frames of one shot: where the network, the motion and the memory come together.

A long shot is colored window by window. Neighboring windows share an anchor, whose colors the later one takes over as they are, so that
nothing jumps between them; what the next window needs is a `ShotState`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..coloring.canvas import Canvas
from ..coloring.hints import Hint
from ..coloring.matching import CELL, Cells, cells_of
from .fresh import FrameColorist, Prior
from .memory import MAX_HINTS, Place, PlaceMemory, hints_from
from .motion import FlowMeter, Motion, chained, pulled
from .planes import eight_bits
from .tracking import Layer, Look, between, chain_back, choose_anchors, mixed, settled, smoothed, tracked

__all__ = ["ANCHOR_DISTANCE", "ShotState", "WindowColorist"]

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

ANCHOR_DISTANCE = 6
"""Frames from one run of the network to the next, at most."""
TOLD_WEIGHT = 100.0
"""Weight of a color that was told, in the mean over a shot; by argument: more than all anchors together (`tracking.MAX_WEIGHT`)."""
MIN_SEEN = 0.5
"""Share of a frame that was seen when a place of its shot was remembered, below which another one is remembered.
The last frame of a shot always is: films cut back to it."""


@dataclass(frozen=True)
class ShotState:
    """What a window hands on to the next one of its shot."""

    prior: Prior | None
    mean: Layer
    """Mean colors at the shared anchor."""
    look: Look
    """Mean gray levels."""
    told: Layer | None
    """Colors that were told, pixel by pixel."""
    guides: Layer | None
    """Colors of places that are given to the network as hints."""
    seen: Floats
    """(h, w) how much of the shared anchor was seen when a place was remembered."""


class WindowColorist:
    """Colors windows one after the other.

    Args:
        colorist: of the film's small frames.
        memory: of places, to which shots are added.
        pool: threads that share the work of a window.
    """

    def __init__(self, colorist: FrameColorist, memory: PlaceMemory, pool: Executor) -> None:
        self._colorist, self._memory, self._pool = colorist, memory, pool

    def color(
        self,
        grays: Sequence[Floats],
        state: ShotState | None,
        told: Mapping[int, Layer],
        samples: Sequence[Floats],
        *,
        ends_shot: bool,
    ) -> tuple[list[Floats], ShotState]:
        """Colors of all frames of a window.

        Args:
            grays: (h, w) small frames, 0..1; the last one is the first of the next window, unless the shot ends with it.
            state: of the window before; None at the beginning of a shot.
            told: colors that someone gave, by index of the frame.
            samples: small frames from all over the shot, for its prior; used at its beginning.
            ends_shot: whether it is the shot's last window.

        Returns:
            (h, w, 2) a*, b* of each frame, and what the next window needs.
        """
        eight = [eight_bits(gray) for gray in grays]
        motions = list(self._pool.map(_between, itertools.pairwise(eight)))
        anchors = choose_anchors(motions, ANCHOR_DISTANCE, list(told)) if motions else [0]
        ways = [chain_back(motions, a, b) for a, b in itertools.pairwise(anchors)]
        looks = [grays[frame] for frame in anchors]
        ways, look = settled(ways, looks, None if state is None else state.look)
        given = [told.get(frame) for frame in anchors]
        before_told, before_guides = (None, None) if state is None else (state.told, state.guides)
        first, prior = self._colorist.canvas(grays[0]), None if state is None else state.prior
        if state is None:
            cells = _cells(first)
            known = None if cells is None else self._memory.recall(eight[0], cells)
            if known is not None:
                prior, before_told = known.prior, known.colors
                before_guides = _squares(known.hints, grays[0].shape) if known.hints else None
            prior = prior or self._colorist.prior(samples, self._pool)
        told_at = tracked(given, ways, before_told)
        guides_at = tracked([None] * len(anchors), ways, before_guides)

        def looked(number: int) -> tuple[Cells | None, Layer]:
            canvas = self._colorist.canvas(grays[anchors[number]]) if number else first
            canvas = canvas if prior is None else canvas.with_prior(prior.mean, prior.scale)
            layers = [layer for layer in (told_at[number], guides_at[number]) if layer is not None]
            hints = [hint for layer in layers if self._colorist.takes_hints for hint in hints_from(layer, MAX_HINTS // len(layers))]
            known = np.max([layer.weight for layer in layers], axis=0).clip(0, 1) if layers else None
            left_out = np.max([layer.left_out() for layer in layers], axis=0) if layers else None
            found = self._colorist.colors(canvas, hints, known, left_out)
            return _cells(canvas), _insisting(found, told_at[number])

        both = list(self._pool.map(looked, range(len(anchors))))
        means, last = smoothed([fresh for _, fresh in both], ways, state.mean if state is not None else None)
        results = [mixed(mean.ab, layer) for mean, layer in zip(means, told_at, strict=True)]
        seen = np.zeros(grays[0].shape, np.float32) if state is None else state.seen
        for number in range(len(anchors)):
            seen = seen if number == 0 else np.asarray(pulled(seen, ways[number - 1][1], smooth=True) * ways[number - 1][1].trust)
            is_last = ends_shot and number == len(anchors) - 1
            if is_last or ((number or state is None) and float(seen.mean()) < MIN_SEEN):
                self._remember(eight[anchors[number]], both[number][0], results[number], prior)
                seen = np.ones_like(seen)
        parts = self._pool.map(
            lambda i: _between_anchors(motions, anchors[i], anchors[i + 1], *results[i : i + 2]), range(len(ways))
        )
        colors = [color for part in parts for color in part] + [results[-1]]
        return colors, ShotState(prior, Layer(results[-1], last.weight), look, told_at[-1], guides_at[-1], seen)

    def _remember(self, gray: Bytes, cells: Cells | None, ab: Floats, prior: Prior | None) -> None:
        if cells is not None:
            self._memory.remember(Place(gray, Layer(ab, np.ones(gray.shape, np.float32)), cells, prior))


def _cells(canvas: Canvas) -> Cells | None:
    """By what a place is found again; None for a model without features. The rest of a canvas is too large to keep for all anchors."""
    return cells_of(canvas.encoded) if canvas.encoded.encodings else None


def _between(pair: tuple[Bytes, Bytes]) -> tuple[Motion, Motion]:
    return FlowMeter().between(*pair)


def _insisting(fresh: Layer, told: Layer | None) -> Layer:
    """The network's colors, with those that were told over them."""
    if told is None:
        return fresh
    return Layer(mixed(fresh.ab, told), fresh.weight + np.float32(TOLD_WEIGHT) * np.clip(told.weight, 0, 1))


def _squares(hints: Sequence[Hint], shape: tuple[int, ...]) -> Layer:
    """Hints as a layer that motion can carry."""
    ab, weight = np.zeros((*shape, 2), np.float32), np.zeros(shape, np.float32)
    for hint in hints:
        top, left = (int(n // CELL) * CELL for n in (hint.y, hint.x))
        part = np.s_[top : top + CELL, left : left + CELL]
        ab[part], weight[part] = hint.chroma(), 1
    return Layer(ab, weight)


def _between_anchors(motions: Sequence[tuple[Motion, Motion]], start: int, end: int, first: Floats, second: Floats) -> list[Floats]:
    """(h, w, 2) a*, b* of the anchor `start` and of the frames from there to the next one. Args: first, second: of both anchors."""
    backs, theres = [motions[start][1]], [motions[end - 1][0]]
    for frame in range(start + 1, end - 1):
        backs.append(chained(motions[frame][1], backs[-1]))
    for frame in range(end - 2, start, -1):
        theres.append(chained(motions[frame][0], theres[-1]))
    inside = zip(range(1, end - start), backs, reversed(theres), strict=False)  # next to each other there are none
    return [first, *(between(first, second, back, there, i / (end - start)) for i, back, there in inside)]
