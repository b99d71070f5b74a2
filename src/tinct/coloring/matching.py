"""Places of two photographs that show the same thing, found by the encoder's feature maps.

Two cells match if each is the other's nearest neighbor in feature space, if neighboring cells match in the same arrangement, at some
scale and possibly mirrored (grid-based motion statistics: Bian et al., "GMS: Grid-based Motion Statistics for Fast, Ultra-robust
Feature Correspondence", 2017), and if their pixels correlate. A pair of photographs with few such matches has none. From sure matches
the others grow: a cell whose nearest neighbor continues the arrangement around it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..resampling import area_resize, bilinear_resize
from .encoding import EncodedPhoto

__all__ = ["CELL", "Cells", "Matches", "Standardization", "cells_of", "match", "spread", "whole"]

Floats = npt.NDArray[np.float32]
Halves = npt.NDArray[np.float16]
Indices = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

CELL = 8
"""Side of a cell in pixels of the working size: 20 cells along the short side."""
MAPS = (("feature0", 0.7), ("feature1", 1.0), ("feature2", 1.0))
"""The encoder's maps at 1/4, 1/8 and 1/16 of the working size, and their weights. Of unfiltered matches of crops in val 56 % are right with
all three, 54 % with the last, 26 % with the second alone."""

# Of the constants below, counts are chosen on val and train pictures: 30 groups of crops whose matching places are known, pictures of the
# same kind that don't match (dogs, kitchens, faces), and weddings and travel pictures in which people move (docs/flagship-log.md).
MIN_SIMILARITY = 0.5
"""Cosine of two cells' features from which they can be a sure match."""
MIN_SUPPORT = 3
"""Matches nearby in the same arrangement that a sure match needs."""
MIN_CORRELATION = 0.5
"""Pearson correlation of L* around the two places that a sure match needs. It halves the matches between faces of different people."""
MAX_LIGHTNESS_GAP = 10.0
"""Difference of L*, beyond the median difference of the two photographs, up to which places match."""
MIN_MATCHES = 20
"""Sure matches that a pair of photographs needs to have any. Of 153 pairs each of dogs, kitchens, landscapes, flowers and varied pictures in
val and wide at most one has them, and 19 of 153 pairs of portraits of different people in the same pose."""
GROWN_SIMILARITY = 0.4
"""Cosine from which a cell can match that is no mutual nearest neighbor but continues the arrangement of matches nearby."""
GROWN_SUPPORT = 4
"""Matches nearby that it needs."""
_GROWTHS = 2
_NEAR = 3
"""Cells, along each axis, within which matches support each other."""
_TOLERANCE = 1.2
"""Cells by which a match may be away from where a neighbor's arrangement puts it."""
_SCALES = (0.5, 0.7, 1.0, 1.4, 2.0)
_PATCH = 32
"""Side, in pixels of the working size, of the square in which L* is compared."""
_PATCH_SAMPLES = 8
"""Means along its side."""


@dataclass(frozen=True)
class Cells:
    """One photograph, reduced to what matching needs: about 200 kB."""

    shape: tuple[int, int]
    """Rows and columns."""
    maps: tuple[Halves, ...]
    """(h, w, C) of each of `MAPS`, at the resolution of cells or coarser, and including padding."""
    patches: Halves
    """(cells, samples) L* around each cell, standardized to mean 0 and length 1."""
    lightness: Floats
    """(cells,) mean L* around each cell, 0..100."""
    usable: Flags
    """(cells,) whether its center is in the picture, and it isn't on a mount."""


@dataclass(frozen=True)
class Matches:
    """Matching cells of two photographs."""

    first: Indices
    """(n,) cells of the first, row by row."""
    second: Indices
    """(n,) cells of the second."""
    sure: int
    """Number of sure matches, from which the others grew."""


def cells_of(encoded: EncodedPhoto) -> Cells:
    """Describe the first view of an encoded photograph."""
    light, maps = encoded.encodings[0].lightness, encoded.encodings[0].features
    shape = -(-light.shape[0] // CELL), -(-light.shape[1] // CELL)
    fine = maps[MAPS[1][0]].shape[2:]
    kept = []
    for name, _ in MAPS:
        one = np.moveaxis(maps[name][0], 0, -1)
        kept.append((area_resize(one, *fine) if one.shape[0] > fine[0] else one).astype(np.float16))
    mount = encoded.affinities[0].mount.astype(np.float32)
    bare = area_resize(mount, *fine)[: shape[0], : shape[1]] == 0
    y, x = ((np.arange(n) + 0.5) * CELL for n in shape)
    inside = (y < light.shape[0])[:, None] & (x < light.shape[1])[None]
    patches, mean = _patches(light, shape)
    return Cells(shape, tuple(kept), patches, mean, (bare & inside).ravel())


def _patches(lightness: Floats, shape: tuple[int, int]) -> tuple[Halves, Floats]:
    """(cells, samples) standardized L* around each cell, and (cells,) its mean."""
    missing = [n * CELL - there for n, there in zip(shape, lightness.shape, strict=True)]
    around = (_PATCH - CELL) // 2
    padded = np.pad(lightness, [(around, around + more) for more in missing], mode="symmetric")
    step = _PATCH // _PATCH_SAMPLES
    small = area_resize(padded, padded.shape[0] // step, padded.shape[1] // step)
    windows = np.lib.stride_tricks.sliding_window_view(small, (_PATCH_SAMPLES, _PATCH_SAMPLES))[:: CELL // step, :: CELL // step]
    flat = windows[: shape[0], : shape[1]].reshape(shape[0] * shape[1], -1)
    mean = flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat - mean, axis=1, keepdims=True)
    return ((flat - mean) / np.maximum(length, 1e-3)).astype(np.float16), np.asarray(mean[:, 0], np.float32)


def whole(cells: Cells) -> Floats:
    """(C,) a photograph as a whole: the mean of its coarsest map."""
    return np.asarray(cells.maps[-1].astype(np.float32).mean(axis=(0, 1)), np.float32)


class Standardization:
    """Mean and standard deviation of each channel of the maps, over all photographs of a group."""

    def __init__(self, group: list[Cells]) -> None:
        self._scales: list[tuple[Floats, Floats]] = []
        for i in range(len(MAPS)):
            flats = [cells.maps[i].reshape(-1, cells.maps[i].shape[-1]) for cells in group]
            count = sum(map(len, flats))
            mean = sum(flat.sum(axis=0, dtype=np.float64) for flat in flats) / count
            square = sum((flat.astype(np.float32) ** 2).sum(axis=0, dtype=np.float64) for flat in flats) / count
            spread = np.sqrt(np.maximum(square - mean**2, 0)) + 1e-3
            self._scales.append((np.asarray(mean, np.float32), np.asarray(spread, np.float32)))

    def vectors(self, cells: Cells) -> Floats:
        """(cells, C) features of length 1."""
        rows, columns = cells.shape
        fine = cells.maps[1].shape[:2]
        parts = []
        for one, (mean, spread), (_, weight) in zip(cells.maps, self._scales, MAPS, strict=True):
            standard = (one.astype(np.float32) - mean) / spread
            if standard.shape[:2] != fine:
                standard = bilinear_resize(standard, *fine)
            parts.append(_unit(standard[:rows, :columns].reshape(rows * columns, -1)) * np.float32(weight))
        return _unit(np.concatenate(parts, axis=1))

    def summary(self, cells: Cells) -> Floats:
        """(C,) the photograph as a whole, of length 1: the mean of its coarsest map."""
        mean, spread = self._scales[-1]
        whole = ((cells.maps[-1].astype(np.float32) - mean) / spread).mean(axis=(0, 1))
        return np.asarray(_unit(whole[None])[0], np.float32)


def match(first: Cells, second: Cells, one: Floats, other: Floats) -> Matches | None:
    """Match the cells of two photographs.

    Args:
        first: a photograph.
        second: another one.
        one: the first one's `Standardization.vectors`.
        other: the second one's.

    Returns:
        None if there are fewer than `MIN_MATCHES` sure ones.
    """
    alike = one @ other.T  # (cells, cells)
    alike[~first.usable] = -1
    alike[:, ~second.usable] = -1
    a = np.arange(len(alike))
    b = alike.argmax(axis=1)
    chosen = (alike.argmax(axis=0)[b] == a) & (alike[a, b] >= MIN_SIMILARITY)
    a, b = a[chosen], b[chosen]
    if len(a) < MIN_MATCHES:
        return None
    chosen = _support((a, b), (a, b), first.shape[1], second.shape[1]) >= MIN_SUPPORT
    a, b = a[chosen], b[chosen]
    if len(a) < MIN_MATCHES:
        return None
    gap = first.lightness[:, None] - second.lightness[None]
    gap = np.abs(gap - np.median(gap[a, b]))
    chosen = (gap[a, b] < MAX_LIGHTNESS_GAP) & (_correlation(first.patches[a], second.patches[b]) > MIN_CORRELATION)
    a, b = a[chosen], b[chosen]
    if (sure := len(a)) < MIN_MATCHES:
        return None
    alike[gap >= MAX_LIGHTNESS_GAP] = -1
    for _ in range(_GROWTHS):
        forward, backward = (
            _grown(alike, (a, b), first.shape[1], second.shape[1]),
            _grown(alike.T, (b, a), second.shape[1], first.shape[1]),
        )
        pairs = np.concatenate([a * len(other) + b, forward[0] * len(other) + forward[1], backward[1] * len(other) + backward[0]])
        a, b = np.divmod(np.unique(pairs), len(other))
    return Matches(a, b, sure)


def spread(cells: Indices, shape: tuple[int, int], count: int) -> list[int]:
    """At most `count` of the cells, spread over all of them: the first is nearest their center, each further one farthest from those chosen.

    Args:
        cells: indices, row by row.
        shape: rows and columns.
        count: number of cells that are wanted.
    """
    if not len(cells):
        return []
    places = np.stack(np.divmod(cells, shape[1]), axis=1).astype(np.float64)
    distance = np.full(len(cells), np.inf)
    chosen = [int(np.square(places - places.mean(axis=0)).sum(axis=1).argmin())]
    while len(chosen) < min(count, len(cells)):
        distance = np.minimum(distance, np.square(places - places[chosen[-1]]).sum(axis=1))
        chosen.append(int(distance.argmax()))
    return [int(cells[i]) for i in chosen]


def _grown(alike: Floats, known: tuple[Indices, Indices], columns: int, others: int) -> tuple[Indices, Indices]:
    """Matches of cells without any: their nearest neighbors, where these continue the arrangement of known matches."""
    free = np.setdiff1d(np.arange(len(alike)), known[0])
    nearest = alike[free].argmax(axis=1)
    chosen = alike[free, nearest] >= GROWN_SIMILARITY
    free, nearest = free[chosen], nearest[chosen]
    chosen = _support((free, nearest), known, columns, others) >= GROWN_SUPPORT
    return free[chosen], nearest[chosen]


def _support(asked: tuple[Indices, Indices], known: tuple[Indices, Indices], columns: int, others: int) -> npt.NDArray[np.intp]:
    """(n,) number of known matches near each asked one that are in the same arrangement in both photographs.

    Args:
        asked: cells of the first photograph, and of the second.
        known: likewise.
        columns: of the first photograph's cells.
        others: of the second one's.
    """
    steps = [
        (there[None] - here[:, None]) for here, there in zip(_places(asked[0], columns), _places(known[0], columns), strict=True)
    ]
    close = (np.abs(steps[0]) <= _NEAR) & (np.abs(steps[1]) <= _NEAR) & ((steps[0] != 0) | (steps[1] != 0))
    which, near = np.nonzero(close)
    down, right = (step[which, near] for step in steps)
    from_, to = _places(asked[1], others), _places(known[1], others)
    moved_down, moved_right = (there[near] - here[which] for here, there in zip(from_, to, strict=True))
    best = np.zeros(len(asked[0]), np.intp)
    for scale in _SCALES:
        level = np.abs(moved_down - scale * down) <= _TOLERANCE
        for mirrored in (1, -1):
            fits = level & (np.abs(moved_right - mirrored * scale * right) <= _TOLERANCE)
            best = np.maximum(best, np.bincount(which[fits], minlength=len(best)))
    return best


def _places(cells: Indices, columns: int) -> tuple[Indices, Indices]:
    row, column = np.divmod(cells, columns)
    return row, column


def _correlation(one: Halves, other: Halves) -> Floats:
    """(n,) correlation of standardized patches, (n, samples) each, mirrored or not."""
    a, b = one.astype(np.float32), other.astype(np.float32)
    turned = b.reshape(len(b), _PATCH_SAMPLES, _PATCH_SAMPLES)[:, :, ::-1].reshape(b.shape)
    return np.asarray(np.maximum((a * b).sum(axis=1), (a * turned).sum(axis=1)), np.float32)


def _unit(vectors: Floats) -> Floats:
    """Scale (n, C) to length 1."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6), np.float32)
