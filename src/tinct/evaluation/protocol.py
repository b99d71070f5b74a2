"""Evaluation protocols: which pixels are compared, what a model sees, where hints lie. Every figure is quoted with its protocol's name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..color import chroma, lab_to_rgb, lightness, rgb_to_lab
from ..coloring.hints import Hint
from ..errors import ConfigError, nearest
from ..photo.photo import Photo
from ..resampling import area_resize

__all__ = [
    "PROTOCOLS",
    "Protocol",
    "find_protocol",
    "generator",
    "gray_of",
    "hint_patches",
    "hint_places",
    "hints_at",
    "order",
    "square_of",
    "true_colors",
]

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Protocol:
    """Numbers that stay the same in every evaluation, so that figures can be compared; different numbers need a new name."""

    name: str
    side: int = 256
    """Side of the square pictures, in pixels."""
    min_chroma: float = 4.0
    """Pictures with a lower mean CIELAB chroma count as gray and are left out."""
    hint_counts: tuple[int, ...] = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)
    """Numbers of hints at which a model is measured."""
    patch: int = 6
    """Side of a hint's square, in pixels."""
    own_place: int = 10
    """Number of hints for which the color error in the hints' own patches is reported, and with which the page shows pictures."""
    samples: int = 8
    """Variants drawn of a picture, beside the automatic result."""
    details: tuple[int, ...] = (192, 256, 384, 512)
    """Working sizes, pixels of the short side, at which a picture should get the same colors."""


PROTOCOLS = {"tinct-256": Protocol("tinct-256")}


def find_protocol(name: str) -> Protocol:
    """The protocol of that name. Raises ConfigError."""
    if name not in PROTOCOLS:
        raise ConfigError(f"There is no protocol {name!r}{nearest(name, PROTOCOLS)}; choose {', '.join(PROTOCOLS)}.")
    return PROTOCOLS[name]


# ---- pictures -----------------------------------------------------------------------------------------------------------------


def square_of(photo: Photo, protocol: Protocol) -> Bytes | str:
    """The middle square, reduced to (side, side, 3) uint8 sRGB; ``"gray"`` for a gray picture. Raises PhotoError where it is damaged."""
    rgb = photo.small_rgb(photo.width, photo.height)  # at full size, without alpha
    edge = min(photo.size)
    top, left = (photo.height - edge) // 2, (photo.width - edge) // 2
    middle = rgb[top : top + edge, left : left + edge].astype(np.float32)
    square = np.rint(area_resize(middle, protocol.side, protocol.side)).astype(np.uint8)
    return "gray" if chroma(rgb_to_lab(square)[..., 1:]).mean() < protocol.min_chroma else square


def gray_of(rgb: Bytes) -> Bytes:
    """(H, W, 3) uint8 sRGB -> (H, W) uint8: its L* with a* = b* = 0, which is all that a model sees of a picture."""
    lab = np.zeros(rgb.shape, np.float32)
    lab[..., 0] = lightness(rgb)
    return np.rint(lab_to_rgb(lab)[..., 1] * 255).astype(np.uint8)


# ---- random choices, the same on every machine ----------------------------------------------------------------------------------


def _digest(purpose: str, name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{purpose}/{name}".encode()).digest()[:8], "big")


def generator(purpose: str, name: str) -> np.random.Generator:
    """Random numbers for one purpose and the picture with this name."""
    return np.random.default_rng(_digest(purpose, name))


def order(name: str) -> int:
    """Sort key of a picture. Random subsets are the first pictures in this order, so a larger one contains every smaller one."""
    return _digest("order", name)


def hint_places(name: str, count: int, protocol: Protocol) -> Places:
    """(count, 2) x, y of the left top pixel of each hint in the picture with this name.

    Normally distributed around the middle with a quarter of the side as standard deviation, and clipped so that the patch lies inside:
    Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors" (2017). A larger count begins with the places of
    a smaller one.
    """
    limit = protocol.side - protocol.patch
    normal = generator("hints", name).standard_normal((max(*protocol.hint_counts, count), 2))[:count]
    return np.clip(np.rint(limit / 2 + normal * protocol.side / 4), 0, limit).astype(np.int64)


def true_colors(ab: npt.NDArray[np.floating], places: Places, protocol: Protocol) -> Floats:
    """(H, W, 2) true a*, b* -> (n, 2) their mean in each hint's patch."""
    patches = hint_patches(places, protocol)
    return np.array([ab[patch].mean(axis=(0, 1)) for patch in patches], np.float32).reshape(-1, 2)


def hint_patches(places: Places, protocol: Protocol) -> list[tuple[slice, slice]]:
    """Row and column slices of each hint's patch."""
    return [(slice(y, y + protocol.patch), slice(x, x + protocol.patch)) for x, y in places.tolist()]


def hints_at(places: Places, colors: Floats, protocol: Protocol) -> list[Hint]:
    """The hints as `Colorizer` takes them: by the center of their patch."""
    half = protocol.patch / 2
    return [
        Hint(x + half, y + half, ab=(a, b), size=protocol.patch)
        for (x, y), (a, b) in zip(places.tolist(), colors.tolist(), strict=True)
    ]
