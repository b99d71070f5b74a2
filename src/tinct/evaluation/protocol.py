"""The protocol: which pixels are compared, what a model sees, and where hints lie. Every figure is quoted with its name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..color import chroma, lab_to_rgb, lightness, rgb_to_lab
from ..coloring.hints import Hint
from ..errors import ConfigError, nearest
from ..photo.photo import Photo
from ..runtime.prepare import overlaps

__all__ = [
    "PROTOCOLS",
    "Protocol",
    "area_resize",
    "find_protocol",
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
    """Numbers that must not change from one evaluation to the next; other numbers are another protocol."""

    name: str
    side: int = 256
    """Pixels of the square pictures."""
    min_chroma: float = 4.0
    """Mean CIELAB chroma under which a picture counts as gray and is dropped."""
    hint_counts: tuple[int, ...] = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)
    patch: int = 6
    """Pixels along a side of a hint."""
    own_place: int = 10
    """With so many hints it is measured how well each is kept at its own place, and so many hints have the pictures shown."""
    samples: int = 8
    """Variants drawn of a picture, the automatic result not among them."""
    details: tuple[int, ...] = (192, 256, 384, 512)
    """Working sizes that should give the same colors."""


PROTOCOLS = {"tinct-256": Protocol("tinct-256")}


def find_protocol(name: str) -> Protocol:
    """The protocol of that name. Raises ConfigError."""
    if name not in PROTOCOLS:
        raise ConfigError(f"There is no protocol {name!r}{nearest(name, PROTOCOLS)}; choose {', '.join(PROTOCOLS)}.")
    return PROTOCOLS[name]


# ---- pictures -----------------------------------------------------------------------------------------------------------------


def area_resize(picture: npt.NDArray[np.generic], side: int, width: int = 0) -> Floats:
    """(H, W, C) -> (side, width or side, C), each value the mean over exactly the area of its pixel, as ``cv2.INTER_AREA`` has it."""
    rows, columns = overlaps(picture.shape[0], side), overlaps(picture.shape[1], width or side)
    return np.stack([rows @ picture[..., c].astype(np.float32) @ columns.T for c in range(picture.shape[2])], axis=-1)


def square_of(photo: Photo, protocol: Protocol) -> Bytes | str:
    """The picture as the protocol has it, (side, side, 3), or ``"gray"``. Raises PhotoError where it is damaged."""
    rgb = photo.small_rgb(photo.width, photo.height)  # all of it, without alpha
    edge = min(photo.size)
    top, left = (photo.height - edge) // 2, (photo.width - edge) // 2
    square = np.rint(area_resize(rgb[top : top + edge, left : left + edge], protocol.side)).astype(np.uint8)
    return "gray" if chroma(rgb_to_lab(square)[..., 1:]).mean() < protocol.min_chroma else square


def gray_of(rgb: Bytes) -> Bytes:
    """(H, W): the picture's L* with a* = b* = 0 as 8-bit gray, all that a model ever sees of it."""
    lab = np.zeros(rgb.shape, np.float32)
    lab[..., 0] = lightness(rgb)
    return np.rint(lab_to_rgb(lab)[..., 1] * 255).astype(np.uint8)


# ---- chance, the same on every machine ------------------------------------------------------------------------------------------


def _digest(purpose: str, name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{purpose}/{name}".encode()).digest()[:8], "big")


def order(name: str) -> int:
    """By this number pictures are sorted; a part of them is always the first ones, so smaller parts lie within larger ones."""
    return _digest("order", name)


def hint_places(name: str, count: int, protocol: Protocol) -> Places:
    """(count, 2) left and top pixel of the hints of the picture with this name.

    As in Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors" (2017), places are normally distributed
    round the middle with a quarter of the side as standard deviation, and clipped so that the patch lies inside. The points of a
    smaller count are the first of a larger one.
    """
    most = protocol.side - protocol.patch
    normal = np.random.default_rng(_digest("hints", name)).standard_normal((max(*protocol.hint_counts, count), 2))[:count]
    return np.clip(np.rint(most / 2 + normal * protocol.side / 4), 0, most).astype(np.int64)


def true_colors(ab: npt.NDArray[np.floating], places: Places, protocol: Protocol) -> Floats:
    """(n, 2) mean true a*, b* of each patch of an (H, W, 2) picture."""
    patches = hint_patches(places, protocol)
    return np.array([ab[patch].mean(axis=(0, 1)) for patch in patches], np.float32).reshape(-1, 2)


def hint_patches(places: Places, protocol: Protocol) -> list[tuple[slice, slice]]:
    """Rows and columns that each hint covers."""
    return [(slice(y, y + protocol.patch), slice(x, x + protocol.patch)) for x, y in places.tolist()]


def hints_at(places: Places, colors: Floats, protocol: Protocol) -> list[Hint]:
    """The hints as `Colorizer` takes them: by their middle."""
    half = protocol.patch / 2
    return [
        Hint(x + half, y + half, ab=(a, b), size=protocol.patch)
        for (x, y), (a, b) in zip(places.tolist(), colors.tolist(), strict=True)
    ]
