"""The network's colors for single frames of a shot, with one prior over latent codes for the whole shot."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..color import chroma
from ..coloring.canvas import Canvas
from ..coloring.colorizer import Colorizer
from ..coloring.edit import Edit
from ..coloring.encoding import EncodedPhoto
from ..coloring.hints import Hint
from ..photo import Photo
from ..resampling import area_resize, bilinear_resize
from .tracking import Layer

__all__ = ["FrameColorist", "Prior"]

Floats = npt.NDArray[np.float32]

CHROMA_OFFSET = 5.0
"""A place's weight grows with its chroma plus this: what the network can't decide it leaves gray (`collection.consensus`)."""
CHROMA_UNIT = 35.0
"""Chroma plus offset for which the weight is the confidence alone."""
MIN_WEIGHT = 1e-3


KNOWN_SHARES = (0.1, 0.4)
"""Share of what is like a place whose color is known: up to the first hints don't count there, from the second entirely. Chosen by eye."""
SPREADS = 2
"""Steps by which places whose color is known spread over an object."""


@dataclass(frozen=True)
class Prior:
    """Distribution over latent codes that the frames of a shot have in common."""

    mean: Floats
    """(1, latent)."""
    scale: Floats
    """(1, latent) standard deviation."""


class FrameColorist:
    """Colors single frames by one edit. Any thread may use it.

    Args:
        colorizer: the model.
        edit: how frames are colored; it has no hints.
    """

    def __init__(self, colorizer: Colorizer, edit: Edit) -> None:
        self._colorizer, self.edit = colorizer, edit

    @property
    def takes_hints(self) -> bool:
        return self._colorizer.takes_hints

    def canvas(self, gray: Floats) -> Canvas:
        """A frame that the encoder has run on. Args: gray: (h, w) levels 0..1, of any size."""
        return self._colorizer.canvas(Photo.open(gray), detail=self.edit.detail, ensemble=self.edit.ensemble)

    def prior(self, samples: Sequence[Floats], pool: Executor) -> Prior | None:
        """The mean prior of frames of a shot; None for a model without latent code. Args: pool: threads that share the work."""
        if not self._colorizer.has_code:
            return None
        encoded = list(pool.map(lambda gray: self.canvas(gray).encoded.encodings[0], samples))
        means, scales = ([getattr(one, f"prior_{name}") for one in encoded] for name in ("mean", "scale"))
        return Prior(np.mean(means, axis=0), np.mean(scales, axis=0))

    def colors(
        self, canvas: Canvas, hints: Sequence[Hint] = (), told: Floats | None = None, left_out: Floats | None = None
    ) -> Layer:
        """The network's colors of a frame, weighted by how sure they are.

        Args:
            canvas: the frame.
            hints: colors that are known, in pixels of the small frame.
            told: (h, w) 0..1 where they are known; they count for what is like these places, and not for the rest.
            left_out: (h, w) 0..1 where they don't count, however alike.
        """
        edit = self.edit.changed(hints=hints)
        ab = canvas.colors(edit)
        if hints and told is not None:
            automatic = canvas.colors(self.edit)
            share = _alike(canvas.encoded, told) * (1 if left_out is None else 1 - left_out)
            ab = automatic + share[..., None] * (ab - automatic)
        if not self._colorizer.has_code:
            return Layer(ab, np.ones(ab.shape[:2], np.float32))
        weight = canvas.confidence(edit) * (chroma(ab) + np.float32(CHROMA_OFFSET)) / np.float32(CHROMA_UNIT)
        return Layer(ab, np.maximum(weight, np.float32(MIN_WEIGHT)))


def _alike(encoded: EncodedPhoto, told: Floats) -> Floats:
    """(h, w) 0..1: how much each place is like those whose color is told, in position, lightness and features."""
    affinity, (height, width) = encoded.affinities[0], told.shape
    rows, columns = (n * encoded.encodings[0].cell for n in affinity.shape)
    padded = np.pad(told, ((0, rows - height), (0, columns - width)), mode="edge")
    known = affinity.pool(area_resize(padded, *affinity.shape).reshape(1, -1))[0]
    for _ in range(SPREADS):
        known = np.maximum(known, _share(affinity.between, known))
    return bilinear_resize(_share(affinity.kernel, known).reshape(affinity.shape), rows, columns)[:height, :width]


def _share(kernel: Floats, known: Floats) -> Floats:
    """(receivers,) 0..1: how much of what is like each one is known. Args: kernel: (receivers, senders); known: (senders,) 0..1."""
    share = np.einsum("ij,j->i", kernel, known) / np.maximum(kernel.sum(axis=1), np.float32(1e-6))
    low, high = KNOWN_SHARES
    return np.asarray(np.clip((share - low) / (high - low), 0, 1), np.float32)
