"""A photograph as the network's encoder sees it: one or several views, their feature maps, and how alike their cells are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..runtime.sessions import ClassicNetwork, Encoded, TinctNetwork
from ..runtime.spec import ModelSpec
from .coherence import Affinity, affinity_of
from .objects import FEATURE_MAP

if TYPE_CHECKING:
    from ..photo import Photo

__all__ = ["EncodedPhoto", "View", "encode_photo", "mirror"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class View:
    """One version of a picture for the network; an ensemble averages over several."""

    side: int
    """Working size in pixels of the short side."""
    mirrored: bool = False


@dataclass(frozen=True)
class EncodedPhoto:
    """The network's encoding of a photograph. It holds no reference to the `Photo`, so `RecentlyUsed` can keep it for that."""

    views: tuple[View, ...]
    sizes: list[tuple[int, int]]
    """(width, height) of each view."""
    lightness: Floats
    """(h, w) L* of the first view, 0..100."""
    encodings: list[Encoded]
    """Encoding of each view; empty for a classic network."""
    affinities: list[Affinity]
    """How alike the cells of each view are; empty for a classic network."""
    ab: Floats
    """(h, w, 2) a*, b* of a classic network, which has one answer; else empty."""


def encode_photo(photo: Photo, network: ClassicNetwork | TinctNetwork, spec: ModelSpec, views: tuple[View, ...]) -> EncodedPhoto:
    """Run the network's encoder on each view. Raises PhotoError if the photograph can't be read."""
    sizes = [replace(spec.preparation, side=view.side).size(*photo.size) for view in views]
    lightness = {size: photo.small_lightness(*size) for size in set(sizes)}
    first = lightness[sizes[0]]
    if isinstance(network, ClassicNetwork):
        return EncodedPhoto(views, sizes, first, [], [], network.ab(first))
    encodings = [network.encode(mirror(lightness[size], view)) for view, size in zip(views, sizes, strict=True)]
    affinities = [_affinity(encoded, spec) for encoded in encodings]
    return EncodedPhoto(views, sizes, first, encodings, affinities, np.empty((0, 0, 2), np.float32))


def _affinity(encoded: Encoded, spec: ModelSpec) -> Affinity:
    light = spec.preparation.pad(encoded.lightness[None])[0]
    cells = encoded.features["feature0"].shape[2:]
    return affinity_of(light, encoded.features[FEATURE_MAP][0], (cells[0], cells[1]), encoded.lightness.shape)


def mirror(values: Floats, view: View, axis: int = -1) -> Floats:
    """Left and right of `axis` exchanged, if the view is mirrored."""
    return np.flip(values, axis) if view.mirrored else values
