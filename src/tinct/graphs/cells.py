"""Colors of the network's cells: coherent decoding, the error at hints, and objects in the colors of their hints.

The graphs of `coloring.palette`, `coloring.coherence.coherent_colors`, `coloring.propagation.krige` and the blending of
`coloring.reaching`. Planes are (2, h, w).
"""

from __future__ import annotations

import numpy as np

from ..color import AB_SCALE, L_SCALE, ab_bins
from ..coloring import coherence, propagation
from ..coloring.reaching import FILL_VARIATION
from ..runtime.spec import Palette
from .affinity import gaussian
from .grids import arange, blocks_mean, cell_means, flat
from .tensors import Tensor, concat, constant, loop, when, where

__all__ = ["chroma", "color_cells", "expected", "krige"]

_MAX_CONJUGATE_GRADIENTS = 300
"""Iterations for the kriging weights; a few hints need a few."""
_SOLVED = 1e-6
"""Residual, relative to the right side, at which they end."""


def color_cells(
    logits: Tensor,
    kernel: Tensor,
    between: Tensor,
    grid: Tensor,
    mount: Tensor,
    gray: Tensor,
    planes: Tensor,
    vividness: Tensor,
    before: Tensor,
    amount: Tensor,
    max_chroma: Tensor,
    masks: Tensor,
    colors: Tensor,
    fills: Tensor,
    palette: Palette,
) -> list[Tensor]:
    """One step of `coloring.reaching.color_view`: cells, (2, h, w); and the mean chroma that limits that of variants.

    Args:
        logits: (1, bins, h, w) of the decoder with this step's hints.
        kernel: (cells, landmarks) of `affinity`.
        between: (landmarks, landmarks) of `affinity`.
        grid: (2,) of `affinity`.
        mount: (h, w) of `affinity`.
        gray: (1, 1, H, W) of `prepare`.
        planes: (1, 3, H, W) this step's hints.
        vividness: scalar, 0..1.
        before: (2, h, w) cells without this step's hints.
        amount: scalar, how far everything takes on the new colors, 0..1.
        max_chroma: scalar, limit of the mean chroma of a variant.
        masks: (G, h, w) objects that are filled.
        colors: (G, 2) their hints' a*, b*.
        fills: (G,) how far they take the hint's color rather than the network's.
        palette: of the model.
    """
    shape = logits.dims(2, 3)
    height, width = shape[0:1], shape[1:2]
    values = flat(logits.squeeze(0))  # (bins, cells)
    hints = cell_means(planes.squeeze(0))  # (3, h, w)
    free = 1.0 - (hints[2:3] * 4.0).clip(0.0, 1.0)  # (1, h, w)
    agreed = when(
        vividness > 0.0,
        lambda: [_coherent(values, kernel, between, grid, flat(free), vividness, palette, height, width)],
        lambda: [expected(values)],
    )[0].reshape(2, height, width)
    agreed = agreed * (1.0 - mount.expand(0) * free)
    usual = chroma(agreed)
    limit = max_chroma.most(chroma(expected(values).reshape(2, height, width)))
    agreed = where(max_chroma > 0.0, agreed * (limit / usual.most(1e-6)).least(1.0), agreed)
    (found,) = when(
        hints[2].max() > 0.0, lambda: [agreed + krige(agreed, cell_means(gray.squeeze(0) * L_SCALE), hints)], lambda: [agreed]
    )
    blended = before + amount * (found - before)
    return [_filled(blended, found, masks, colors, fills), usual]


def expected(logits: Tensor) -> Tensor:
    """(bins, cells) logits -> (2, cells) mean a*, b*."""
    return constant(ab_bins().T) @ logits.softmax(0)


def chroma(ab: Tensor) -> Tensor:
    """Mean chroma of (2, h, w): a scalar."""
    return (ab * ab).sum(0).sqrt().mean()


def _coherent(
    logits: Tensor,
    kernel: Tensor,
    between: Tensor,
    grid: Tensor,
    free: Tensor,
    vividness: Tensor,
    palette: Palette,
    height: Tensor,
    width: Tensor,
) -> Tensor:
    """(2, cells) `coloring.coherence.coherent_colors` above vividness 0, without the mount; `free` is (1, cells)."""
    root = vividness.sqrt()
    if palette.frequency:
        frequency = np.array(palette.frequency, np.float32)
        weight = coherence.REBALANCE * palette.rebalance * np.log(0.5 * frequency + 0.5 / len(frequency))
        logits = logits - root * constant(weight[:, None])
    logits = logits * (vividness * -float(np.log(palette.temperature))).exp()
    p = logits.softmax(0)
    weight = p.mean(1) + p.max(1) * coherence.PEAK_SHARE
    _, which = weight.op("TopK", constant([min(coherence.MAX_BINS, len(ab_bins()))], np.int64), outputs=2)
    unary, chosen, bins = logits[which], p[which], constant(ab_bins())[which]  # (64, cells), (64, cells), (64, 2)
    strength = (vividness / coherence.FULL_STRENGTH_FROM).least(1.0) * coherence.STRENGTH
    scaled = bins.transpose(1, 0) / coherence.COLOR_SCALE
    agreement = gaussian(scaled, scaled)

    def pool(values: Tensor) -> Tensor:
        planes = values.reshape(values.dims(0), height, width)
        return flat(blocks_mean(planes, grid[0:1], grid[1:2]))

    sure_cells = _sureness(chosen)
    own, q, sure = pool(unary), pool(chosen * sure_cells), pool(sure_cells)
    weight = strength * (1.0 - sure)
    for _ in range(coherence.ITERATIONS - 1):
        q = (own + weight * _received(between, agreement, q, sure)).softmax(0)
        sure = _sureness(q)
        q = q * sure
    message = _received(kernel, agreement, q, sure)
    q = (unary + strength * message * (1.0 - sure_cells) * free).softmax(0)
    return (bins.transpose(1, 0) @ q) * (root * (coherence.BOOST * palette.boost) + 1.0)


def _received(kernel: Tensor, agreement: Tensor, mass: Tensor, sure: Tensor) -> Tensor:
    """(chosen, receivers) `coloring.coherence._received`."""
    sent = concat([agreement @ mass, sure])
    received = (kernel @ sent.transpose(1, 0)).transpose(1, 0)
    count = agreement.dims(0)
    return received[0:count] / (received[count:] + 1e-6)


def _sureness(q: Tensor) -> Tensor:
    """(bins, N) -> (1, N) the inverse of the perplexity."""
    return (q * (q + 1e-9).log()).sum(0, keep=True).exp()


def krige(cells: Tensor, light: Tensor, hints: Tensor) -> Tensor:
    """(2, h, w) what `coloring.propagation.krige` adds: the errors at hints, by simple kriging.

    Args:
        cells: (2, h, w) a*, b*.
        light: (1, h, w) mean L* of the cells.
        hints: (3, h, w) means of the hints' planes; not all zero.
    """
    height, width = cells.dims(1), cells.dims(2)
    covers = flat(hints)  # (3, cells)
    places = (covers[2] > 0.0).op("NonZero")[0]  # (n,)
    step = (places.dims(0) + (propagation.MAX_HINTED_CELLS - 1)) // propagation.MAX_HINTED_CELLS
    count = (places.dims(0) + step - 1) // step
    places = places[sequence_of(count) * step]
    covered = covers[2][places]
    known, got = covers[0:2], flat(cells)
    error = known.op("Gather", places, axis=1) / covered * AB_SCALE - got.op("Gather", places, axis=1)  # (2, n)
    scale = propagation.POSITION_SCALE * height.least(width).as_floats()
    zeros = light * 0.0
    coordinates = flat(
        concat(
            [
                zeros + arange(height).expand(0, 2) / scale,
                zeros + arange(width).expand(0, 1) / scale,
                light / propagation.LIGHTNESS_SCALE,
                cells / propagation.AB_LENGTH_SCALE,
            ]
        )
    )  # (5, cells)
    hinted: Tensor = coordinates.op("Gather", places, axis=1)
    system = gaussian(hinted, hinted)
    noise = propagation.NOISE_VARIANCE / covered.least(1.0)  # (n,)
    weights = _solve(system, noise, error)
    return (weights @ gaussian(hinted, coordinates)).reshape(2, height, width)


def sequence_of(count: Tensor) -> Tensor:
    """(n,) integers 0 to n - 1."""
    return arange(count).as_integers()


def _solve(kernel: Tensor, noise: Tensor, right: Tensor) -> Tensor:
    """(2, n) solution x of (kernel + diag(noise)) x = right, by preconditioned conjugate gradients."""
    inverse = 1.0 / (noise + 1.0)
    enough = (right * right).sum(1, keep=True) * _SOLVED**2

    def improved(_: Tensor, x: Tensor, residual: Tensor, direction: Tensor, rho: Tensor) -> tuple[list[Tensor], Tensor]:
        applied = direction @ kernel + direction * noise
        alpha = rho / ((direction * applied).sum(1, keep=True) + 1e-20)
        residual = residual - alpha * applied
        preconditioned = residual * inverse
        after = (residual * preconditioned).sum(1, keep=True)
        more = ((residual * residual).sum(1, keep=True) > enough).any()
        return [x + alpha * direction, residual, preconditioned + after / (rho + 1e-20) * direction, after], more

    first = right * inverse
    states = [right * 0.0, right, first, (right * first).sum(1, keep=True)]
    return loop(_MAX_CONJUGATE_GRADIENTS, states, improved)[0]


def _filled(cells: Tensor, network: Tensor, masks: Tensor, colors: Tensor, fills: Tensor) -> Tensor:
    """(2, h, w) cells with one object after the other in the color of its hint: `coloring.reaching._fill`."""

    def filled(i: Tensor, now: Tensor) -> tuple[list[Tensor], None]:
        mask, color, fill = masks[i].expand(0), colors[i].expand(1, 2), fills[i]
        mean = (network * mask).sum(1, 2, keep=True) / mask.sum().most(1e-6)
        wanted = network + fill * (color + FILL_VARIATION * (network - mean) - network)
        return [now + mask * (wanted - now)], None

    return loop(masks.dims(0).squeeze(0), [cells], filled)[0]
