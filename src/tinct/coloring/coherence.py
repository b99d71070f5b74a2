"""Coherent decoding: colors that agree inside an object and may differ between objects.

Each cell of the network's output has a distribution of its own, and neighbors with nearly the same distribution may still decode to
different colors: one jacket comes out half red and half gray. Here the cells decide together, by mean-field inference in a fully connected
conditional random field (Krähenbühl and Koltun, "Efficient Inference in Fully Connected CRFs with Gaussian Edge Potentials", 2011). Two
cells are alike if they are near each other and similar in L* and in the encoder's features (`Affinity`); alike cells prefer like colors.
A cell that is sure counts more, so a small colorful thing keeps its color.

The messages between cells go by way of landmarks, which are blocks of cells: the work grows with cells × landmarks instead of cells².
Matrix products are divided into parts so small that BLAS starts no threads for them, which costs many times their work on a busy machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..color import ab_bins
from ..resampling import area_resize, bilinear_resize
from ..runtime.spec import Palette
from .mounts import mount_of
from .palette import expected_color, probabilities, vivid_logits

__all__ = ["Affinity", "affinity_of", "coherent_colors", "cover"]

Floats = npt.NDArray[np.float32]

# The constants were chosen together on validation pictures (docs/flagship-log.md).
POSITION_SCALE = 0.6
"""Kernel length scale for position, as a share of the picture's short side: with 0.25 two halves of a wide jacket settle apart."""
LIGHTNESS_SCALE = 4.0
"""Kernel length scale for L*."""
FEATURE_SCALE = 0.3
"""Kernel length scale for the distance between feature vectors of length 1."""
COLOR_SCALE = 10.0
"""Standard deviation, in the ab plane, of the agreement between two colors."""
STRENGTH = 6.0
"""Weight of the other cells' message, as a natural logarithm, at `FULL_STRENGTH_FROM` and above."""
FULL_STRENGTH_FROM = 0.25
"""Vividness from which the message has its full weight. The mean of a distribution, vividness 0, needs no agreement."""
REBALANCE = 0.7
"""Factor on the palette's rebalancing: what is uncertain stays near neutral, or agreement would make whole patches of a rare color."""
BOOST = 1.4
"""Factor on the palette's chroma gain, for what is left to be as colorful as before."""
ITERATIONS = 4
"""Mean-field updates: all but the last on landmarks only."""
MAX_LANDMARKS = 800
MAX_BINS = 64
"""Ab bins that take part: the most probable ones of the picture."""
REGIONS = 8
"""Regions of a picture that may differ between variants."""
REGION_WIDTH = 2.0
"""Length scales of regions relative to those of agreement: a region is an object with its light and its shade."""
PEAK_SHARE = 0.02
"""Weight of a bin's largest probability in any cell, beside its mean over all cells, for its choice: for small colorful things."""
MAX_MULTIPLIES = 2**18
"""Multiplications up to which OpenBLAS starts no threads: ``SMP_THRESHOLD_MIN * GEMM_MULTITHREAD_THRESHOLD`` of its ``interface/gemm.c``."""
MIN_ROWS = 8
"""Rows of a part of a matrix product; of fewer, BLAS reads the other matrix too often."""
_TINY = np.float32(1e-6)


@dataclass(frozen=True)
class Affinity:
    """How alike the cells of one picture are. It depends on lightness and features alone, so it is computed once for all edits."""

    kernel: Floats
    """(cells, landmarks) 0..1."""
    between: Floats
    """(landmarks, landmarks) 0..1: mean of `kernel` over the cells of a landmark."""
    shape: tuple[int, int]
    """Rows and columns of cells."""
    block: int
    """Cells along a side of a landmark."""
    regions: Floats
    """(h, w, `REGIONS`) share of each cell that belongs to each soft region, summing to 1: for variants."""
    mount: npt.NDArray[np.bool_]
    """(h, w) cells of a mount or page around the photograph, which stays neutral."""

    def pool(self, values: Floats) -> Floats:
        """(C, cells) -> (C, landmarks): means over the landmarks' blocks of cells."""
        rows, columns = (n // self.block for n in self.shape)
        return area_resize(values.reshape(-1, *self.shape), rows, columns, axes=(1, 2)).reshape(len(values), -1)


def affinity_of(lightness: Floats, features: Floats, shape: tuple[int, int], size: tuple[int, int]) -> Affinity:
    """Measure how alike the cells of a picture are.

    Args:
        lightness: (H, W) L* 0..100 of the padded picture.
        features: (C, h', w') a feature map of the encoder, coarser than the cells.
        shape: rows and columns of cells; H and W are multiples of them, and they of h' and w'.
        size: rows and columns of `lightness` without padding.
    """
    block = _block(shape)
    rows, columns = shape
    grid = rows // block, columns // block
    y, x = np.mgrid[:rows, :columns].astype(np.float32) / np.float32(POSITION_SCALE * min(shape))
    places = np.stack([y, x, area_resize(lightness, rows, columns) / np.float32(LIGHTNESS_SCALE)])  # (3, h, w)
    kernel = _gaussian(places.reshape(3, -1), area_resize(places, *grid, axes=(1, 2)).reshape(3, -1))
    vectors = _unit(np.asarray(features, np.float32).reshape(len(features), -1)) / np.float32(FEATURE_SCALE)
    alike = np.ascontiguousarray(_gaussian(vectors, vectors)[_nearest(grid, features.shape[1:])].T)  # (h' · w', landmarks)
    alike = bilinear_resize(alike.reshape(*features.shape[1:], -1), rows, columns)  # no blocks in the colors
    kernel *= alike.reshape(len(kernel), -1)
    between = kernel.reshape(grid[0], block, grid[1], block, -1).mean(axis=(1, 3)).reshape(-1, kernel.shape[1])
    regions = _regions(kernel, between).reshape(*shape, -1)
    return Affinity(kernel, between, shape, block, regions, mount_of(lightness, shape, size))


def coherent_colors(
    logits: Floats, affinity: Affinity, palette: Palette, vividness: float, covered: Floats | None = None
) -> Floats:
    """Colors of cells, as `decode_colors` gives them, but agreed upon between cells that are alike.

    Args:
        logits: (bins, h, w).
        affinity: of these cells.
        palette: temperature, rebalancing and chroma gain at vividness 1.
        vividness: 0..1; 0 gives `decode_colors` itself, except on a mount.
        covered: (h, w) share of each cell that hints cover, which takes no message from other cells.

    Returns:
        (h, w, 2) a*, b*.
    """
    free = np.float32(1) if covered is None else 1 - np.clip(covered, 0, 1)
    if vividness:
        calmer = replace(palette, rebalance=REBALANCE * palette.rebalance)
        unary, colors, chosen = _chosen(vivid_logits(logits, calmer, vividness).reshape(len(logits), -1))
        strength = np.float32(STRENGTH * min(1.0, vividness / FULL_STRENGTH_FROM))
        message = _message(unary, chosen, colors, affinity, strength)
        q = _softmax(unary + strength * message * (1 - _sureness(chosen)) * np.ravel(free))
        gain = np.float32(1 + math.sqrt(vividness) * BOOST * palette.boost)
        cells = (product(np.ascontiguousarray(q.T), colors) * gain).reshape(*affinity.shape, 2)
    else:
        cells = expected_color(probabilities(logits))
    return np.asarray(cells * (1 - affinity.mount * free)[..., None], np.float32)


def _regions(kernel: Floats, between: Floats) -> Floats:
    """(cells, `REGIONS`) share of each region in each cell; the fields of `Affinity`, with each length scale `REGION_WIDTH` times as large.

    The regions grow from landmarks that are typical of many others and unlike those chosen before.
    """
    wide = between ** np.float32(REGION_WIDTH**-2)
    left, seeds = np.ones(len(wide), np.float32), []
    for _ in range(min(REGIONS, len(wide))):
        seeds.append(int((np.einsum("ij,j->i", wide, left) * left).argmax()))
        left *= 1 - wide[seeds[-1]] / wide[seeds[-1]].max()
    shares = kernel[:, seeds] ** np.float32(2 * REGION_WIDTH**-2) + _TINY  # squared: firmer borders
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)


def cover(hinted: Floats, cell: int, shape: tuple[int, int]) -> Floats:
    """(H, W) 0..1 where hints are, without padding -> (h, w) 0..1: how far each cell's color is given by hints, 1 from a quarter on."""
    missing = [(0, n * cell - there) for n, there in zip(shape, hinted.shape, strict=True)]
    return np.clip(4 * area_resize(np.pad(hinted, missing), *shape), 0, 1)


def _chosen(logits: Floats) -> tuple[Floats, Floats, Floats]:
    """The picture's most probable bins: (chosen, cells) logits, (chosen, 2) colors, (chosen, cells) probabilities."""
    p = probabilities(logits)
    chosen = np.argsort(-(p.mean(axis=1) + np.float32(PEAK_SHARE) * p.max(axis=1)), kind="stable")[:MAX_BINS]
    return logits[chosen], np.asarray(ab_bins()[chosen], np.float32), p[chosen]


def _message(unary: Floats, q: Floats, colors: Floats, affinity: Affinity, strength: np.float32) -> Floats:
    """(chosen, cells) 0..1: how well each color agrees with those of alike cells, weighted by how sure these are."""
    agreement = _gaussian(colors.T / np.float32(COLOR_SCALE), colors.T / np.float32(COLOR_SCALE))
    own, q, sure = affinity.pool(unary), affinity.pool(q * (sure := _sureness(q))), affinity.pool(sure)
    first = sure
    for _ in range(ITERATIONS - 1):
        q = _softmax(own + (strength * (1 - first)) * _received(affinity.between, agreement, q, sure))
        sure = _sureness(q)
        q *= sure
    return _received(affinity.kernel, agreement, q, sure)


def _received(kernel: Floats, agreement: Floats, mass: Floats, sure: Floats) -> Floats:
    """(chosen, receivers) mean agreement of each color with the senders' distributions, weighted by kernel and sureness.

    Args:
        kernel: (receivers, senders).
        agreement: (chosen, chosen) of two colors.
        mass: (chosen, senders) probabilities times sureness.
        sure: (1, senders).
    """
    sent = np.concatenate([product(agreement, mass), sure])
    received = product(kernel, np.ascontiguousarray(sent.T)).T
    return np.asarray(received[:-1] / (received[-1:] + _TINY), np.float32)


def product(a: Floats, b: Floats) -> Floats:
    """(m, k) @ (k, n) in parts of at most `MAX_MULTIPLIES` multiplications."""
    (m, k), n = a.shape, b.shape[1]
    rows = MAX_MULTIPLIES // (k * n)
    if rows < MIN_ROWS and n > 1:
        return np.concatenate([product(a, np.ascontiguousarray(part)) for part in (b[:, : n // 2], b[:, n // 2 :])], axis=1)
    rows = max(1, rows)
    whole = m // rows * rows
    result = np.empty((m, n), np.float32)
    np.matmul(a[:whole].reshape(-1, rows, k), b, out=result[:whole].reshape(-1, rows, n))
    if whole < m:
        np.matmul(a[whole:], b, out=result[whole:])
    return result


def _gaussian(a: Floats, b: Floats) -> Floats:
    """(C, N) and (C, M) scaled coordinates -> (N, M) squared exponential kernel: 1 for equal ones, 0 for distant ones."""
    half = np.float32(-0.5)
    left = np.concatenate([a, half * (a * a).sum(axis=0, keepdims=True), np.ones_like(a[:1])]).T
    right = np.concatenate([b, np.ones_like(b[:1]), half * (b * b).sum(axis=0, keepdims=True)])
    kernel = product(np.ascontiguousarray(left), np.ascontiguousarray(right))  # -|a - b|² / 2
    np.minimum(kernel, 0, out=kernel)
    return np.exp(kernel, out=kernel)


def _unit(vectors: Floats) -> Floats:
    """Scale to length 1 along the first axis."""
    length = np.sqrt(np.square(vectors).sum(axis=0, keepdims=True))
    return np.asarray(vectors / np.maximum(length, _TINY), np.float32)


def _sureness(q: Floats) -> Floats:
    """(bins, N) probabilities -> (1, N): the inverse of their perplexity, 1 for a single bin."""
    return np.asarray(np.exp((q * np.log(q + np.float32(1e-9))).sum(axis=0, keepdims=True)), np.float32)


def _softmax(logits: Floats) -> Floats:
    """Softmax over the first axis, in place."""
    logits -= logits.max(axis=0)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=0)
    return logits


def _block(shape: tuple[int, int]) -> int:
    """Cells along a side of a landmark: the smallest power of 2 that divides both sides and leaves at most `MAX_LANDMARKS`, if there is one."""
    block = 2 if not (shape[0] % 2 or shape[1] % 2) else 1
    while shape[0] * shape[1] > MAX_LANDMARKS * block * block and not (shape[0] % (2 * block) or shape[1] % (2 * block)):
        block *= 2
    return block


def _nearest(shape: tuple[int, int], coarse: tuple[int, ...]) -> npt.NDArray[np.intp]:
    """(rows · columns,) index of the coarse grid's element that covers each element of a finer grid."""
    row, column = (np.arange(n) * m // n for n, m in zip(shape, coarse, strict=True))
    return np.asarray(row[:, None] * coarse[1] + column, np.intp).ravel()
