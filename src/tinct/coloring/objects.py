"""Which places belong to the object that a hint was put on: a soft mask, from what the network sees in the picture and makes of the hint.

Three measures of dissimilarity between a place and the hint's make up the log odds that both belong to one object: the geodesic
distance over lightness and the automatic colors (Bai and Sapiro, "A Geodesic Framework for Fast Interactive Image and Video
Segmentation and Matting", 2007), the cosine distance of the encoder's features, and the distance of the color distributions. A fourth is
how far the network itself went toward the hint's color at the place: it was trained on recolored objects. Several
hints compete for a place, as the labels of a random walker do (Grady, "Random Walks for Image Segmentation", 2006).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..color import ab_bins
from ..resampling import area_resize, bilinear_resize
from .palette import SAME_COLOR_RADIUS, expected_color, probabilities

__all__ = ["FEATURE_MAP", "NEUTRAL_RESPONSE", "Scene", "connected", "describe", "log_odds", "plausibility", "responses", "shares"]

Floats = npt.NDArray[np.float32]

# Weights of a logistic regression on 151 clicks in validation pictures, whose objects are known from their real colors.
BIAS = 11.6
"""Log odds, before `SHARPNESS`, of a place that resembles the hint's own in everything, for an object whose core is a tenth of the picture.
The regression's own 4.6 weighs a wrong place inside as one outside, and left objects half colored: with 11.6 a hint fills 71 % of its object,
and spills over 11 % of the rest, on 162 pictures of val."""
CORE = 9.0
"""Log odds of this much less make the core of an object, from which its size is guessed."""
SIZE_WEIGHT = 0.5
"""Of the natural logarithm of the core's share of the picture: with the bias of large objects, a small face would spill over its surroundings."""
SHARPNESS = 5.0
"""Factor on the log odds: a soft mask leaves objects half colored, and colors the rest a little everywhere."""
GEODESIC_WEIGHT = 1.55
"""Of the square root of the geodesic distance."""
FEATURE_WEIGHT = 6.9
"""Of the square root of the features' cosine distance."""
DISTRIBUTION_WEIGHT = 3.2
"""Of the square root of one minus the Bhattacharyya coefficient of the color distributions."""
RESPONSE_WEIGHT = 3.0
"""Of the network's response above `NEUTRAL_RESPONSE`. On 127 clicks in validation pictures it takes the spill from 0.114 to 0.098 and fills 0.679 instead of
0.670; with a weight of 2 or 4 the result is the same."""
NEUTRAL_RESPONSE = 0.3
"""Response that says nothing. With 0.2 a hint fills 0.70 of its object, and spills 0.12."""
MIN_CHANGE = 8.0
"""Least distance in the ab plane by which a response is divided: where the automatic color is nearly the hint's, there is none to see."""
LIGHTNESS_STEP = 10.0
"""Difference of L* that makes the length of a step between neighboring cells 1."""
COLOR_STEP = 5.0
"""Difference of the expected a*, b* that does."""
MIN_STEP = 0.1
"""Length of a step between equal cells."""
FEATURE_MAP = "feature2"
"""The encoder's map with 1/16 of the working size; coarser and finer ones added nothing."""
MAX_SIDE = 64
"""Cells along the short side for which masks are computed; finer grids are reduced by a whole factor."""
_Steps = tuple[Floats, Floats, Floats, Floats]


@dataclass(frozen=True)
class Scene:
    """What the masks of all hints on one picture are computed from; independent of the hints."""

    shape: tuple[int, int]
    """Rows and columns of the network's cells."""
    grid: tuple[int, int]
    """Rows and columns for which masks are computed: `shape`, or less."""
    steps: _Steps
    """Lengths of the steps between cells: (h, w-1) to the right, (h-1, w) down, (h-1, w-1) down right, (h-1, w-1) down left."""
    features: Floats
    """(cells of the grid, C) standardized features of unit length."""
    roots: Floats
    """(cells of the grid, bins) square roots of the automatic result's probabilities."""


def describe(lightness: Floats, feature: Floats, logits: Floats) -> Scene:
    """Describe a picture.

    Args:
        lightness: (H, W) L* 0..100; H and W multiples of h and w.
        feature: (C, any, any) the encoder's `FEATURE_MAP`.
        logits: (bins, h, w) of the result without hints.
    """
    shape = logits.shape[1], logits.shape[2]
    factor = -(-min(shape) // MAX_SIDE)
    height, width = (max(1, n // factor) for n in shape)
    likely = probabilities(logits)
    if factor > 1:
        likely = area_resize(likely, height, width, (1, 2))
    places = np.concatenate(
        [area_resize(lightness, height, width)[..., None] / LIGHTNESS_STEP, expected_color(likely) / COLOR_STEP], axis=-1
    ).astype(np.float32)

    def length(one: Floats, other: Floats) -> Floats:
        return np.asarray(np.sqrt(np.square(one - other).sum(axis=-1)) + MIN_STEP, np.float32)

    steps = (
        length(places[:, 1:], places[:, :-1]),
        length(places[1:], places[:-1]),
        length(places[1:, 1:], places[:-1, :-1]),
        length(places[1:, :-1], places[:-1, 1:]),
    )
    spread = feature.std(axis=(1, 2), keepdims=True)
    standard = (feature - feature.mean(axis=(1, 2), keepdims=True)) / np.maximum(spread, 1e-3)
    fine = bilinear_resize(np.ascontiguousarray(np.moveaxis(standard, 0, -1), np.float32), height, width).reshape(
        height * width, -1
    )
    fine /= np.maximum(np.linalg.norm(fine, axis=-1, keepdims=True), 1e-6)
    return Scene(shape, (height, width), steps, fine, np.ascontiguousarray(np.sqrt(likely).reshape(len(likely), -1).T))


def responses(colors: Floats, before: Floats, after: Floats) -> Floats:
    """How far the network itself went from the automatic color of each cell to the color of each group of hints, 0..1.

    Args:
        colors: (G, 2) a*, b* of the groups.
        before: (h, w, 2) a*, b* without hints.
        after: (h, w, 2) those that the network gave with all hints.

    Returns:
        (G, h, w)
    """
    colors = colors[:, None, None]
    change = np.sqrt(np.square(colors - before).sum(axis=-1))
    left = np.sqrt(np.square(colors - after).sum(axis=-1))
    return np.asarray(1 - np.clip(left / np.maximum(change, MIN_CHANGE), 0, 1), np.float32)


def log_odds(scene: Scene, seeds: Floats, response: Floats) -> Floats:
    """Log odds that a place belongs to the object of a group of hints.

    Args:
        scene: the picture.
        seeds: (G, h, w) the share of each cell under each group's hints, 0..1; none is empty.
        response: (G, h, w) of `responses`; `NEUTRAL_RESPONSE` where nothing is known.

    Returns:
        (G, h, w)
    """
    height, width = scene.grid
    small = area_resize(seeds, height, width, (1, 2)) if seeds.shape[1:] != (height, width) else seeds
    feature, root = [], []  # the mean of each group
    for seed in small.reshape(len(small), -1):
        (cells,) = np.nonzero(seed)
        share = seed[cells] / seed[cells].sum()
        mean = (share[:, None] * scene.features[cells]).sum(axis=0)
        feature.append(mean / max(float(np.linalg.norm(mean)), 1e-6))
        root.append(np.sqrt((share[:, None] * np.square(scene.roots[cells])).sum(axis=0)))
    # einsum, as BLAS would start threads for these small products
    cosine, overlap = np.einsum("gc,nc->gn", feature, scene.features), np.einsum("gb,nb->gn", root, scene.roots)
    apart = FEATURE_WEIGHT * np.sqrt(np.clip(1 - cosine, 0, None)) + DISTRIBUTION_WEIGHT * np.sqrt(np.clip(1 - overlap, 0, None))
    unlike = GEODESIC_WEIGHT * np.sqrt(_geodesic(scene.steps, small > 0)) + apart.reshape(small.shape)
    core = np.maximum((unlike < CORE).mean(axis=(1, 2)), 1 / (height * width))
    odds = SHARPNESS * (BIAS + SIZE_WEIGHT * np.log(core / 0.1)[:, None, None] - unlike)
    if odds.shape[1:] != scene.shape:
        odds = bilinear_resize(np.asarray(odds, np.float32), *scene.shape, axes=(1, 2))
    return np.asarray(odds + SHARPNESS * RESPONSE_WEIGHT * (response - NEUTRAL_RESPONSE), np.float32)


def shares(odds: Floats) -> Floats:
    """(G, h, w) log odds -> (G, h, w) probabilities that a place belongs to each group's object; what is missing to 1 belongs to none."""
    top = np.maximum(odds.max(axis=0), 0)
    raised = np.exp(odds - top)
    return np.asarray(raised / (raised.sum(axis=0) + np.exp(-top)), np.float32)


def connected(members: Floats, seeds: Floats, least: float) -> Floats:
    """(h, w) shares in an object, 0 where no path over cells with a share of at least `least` leads to its seeds, (h, w)."""
    inside = members >= least
    height, width = members.shape
    found = seeds > 0
    while True:
        padded = np.pad(found & inside, 1)
        wider = np.any([padded[i : i + height, j : j + width] for i in range(3) for j in range(3)], axis=0) & inside | found
        if np.array_equal(wider, found):
            return np.where(found, members, np.float32(0))
        found = wider


def plausibility(scene: Scene, cells: npt.NDArray[np.intp], covered: Floats, color: Floats) -> float:
    """Probability in the result without hints that the color of cells is within `SAME_COLOR_RADIUS` of a hint's.

    Args:
        scene: the picture.
        cells: (n,) indices of cells, row by row.
        covered: (n,) the share of each under the hint.
        color: (2,) a*, b*.
    """
    height, width = scene.grid
    rows, columns = np.divmod(cells, scene.shape[1])
    places = rows * height // scene.shape[0] * width + columns * width // scene.shape[1]
    near = np.square(color - ab_bins()).sum(axis=-1) <= SAME_COLOR_RADIUS**2
    return float(covered @ np.square(scene.roots[places][:, near]).sum(axis=-1) / covered.sum())


def _geodesic(steps: _Steps, seeds: npt.NDArray[np.bool_]) -> Floats:
    """(G, h, w) length of the shortest path from each cell to the seeds of each group, over 8-neighbors.

    All cells ask their neighbors in one direction after the other (Bellman, 1958) until nothing changes. A path that goes on in one direction
    needs as many rounds as cells, but a round is sixteen operations on whole planes.
    """
    right, down, down_right, down_left = steps
    far: Floats = np.where(seeds, np.float32(0), np.float32(1e6))
    low, high, whole = np.s_[:-1], np.s_[1:], np.s_[:]
    moves = [  # rows and columns of one end, of the other, and the length of the step between them
        ((whole, low), (whole, high), right),
        ((low, whole), (high, whole), down),
        ((low, low), (high, high), down_right),
        ((low, high), (high, low), down_left),
    ]
    pairs = []
    for one, other, step in moves:
        mine, neighbor = (far[:, rows, columns] for rows, columns in (one, other))
        pairs += [(mine, neighbor, step), (neighbor, mine, step)]
    while True:
        before = far.copy()
        for mine, neighbor, step in pairs:
            np.minimum(neighbor, mine + step, out=neighbor)
        if np.array_equal(before, far):
            return far
