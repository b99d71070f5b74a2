"""Scenes of moving pictures, rendered with their exact motion: the geometry of `film_clips`.

A scene is a stack of layers. Each layer is a plane that an affine map per frame puts into the frame, so the motion between any two frames
is known for every pixel, and so is where a layer covers another. Coordinates are pixels; (0, 0) is the center of the top left one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Size = tuple[int, int]
"""Width, height."""

MARGIN = 1.4
"""Size of a background relative to the frame: what a camera can move over."""
EDGE = 2.0
"""Pixels that a camera keeps away from the edge of its background."""
PURE = 0.98
"""Opacity from which a pixel counts as its layer's alone; below 1 - PURE as the one's behind it. Between them it has no motion."""


@dataclass(frozen=True)
class Layer:
    """A picture that moves as a plane."""

    picture: Bytes
    """(h, w, 3) sRGB."""
    path: npt.NDArray[np.float64]
    """(T, 2, 3): for each frame, the affine map from the frame's pixels to the picture's."""
    opacity: Floats | None = None
    """(h, w) 0..1; None covers the whole frame."""


@dataclass(frozen=True)
class Scene:
    """Layers from back to front."""

    size: Size
    layers: tuple[Layer, ...]

    def frame(self, time: int) -> Floats:
        """(H, W, 3) sRGB values 0..1."""
        result = np.zeros((*self.size[::-1], 3), np.float32)
        for layer in self.layers:
            picture = self._put(layer.picture.astype(np.float32) / 255, layer.path[time], cv2.INTER_CUBIC)
            opacity = self._opacity(layer, time)
            result = picture if opacity is None else result + opacity[..., None] * (picture - result)
        return np.clip(result, 0, 1)

    def owners(self, time: int) -> npt.NDArray[np.int8]:
        """(H, W) number of the layer that is seen; -1 where two are mixed."""
        owners = np.zeros(self.size[::-1], np.int8)
        for number, layer in enumerate(self.layers):
            if (opacity := self._opacity(layer, time)) is not None:
                owners[opacity > 1 - PURE] = -1
                owners[opacity >= PURE] = number
        return owners

    def motion(self, time: int, other: int) -> tuple[Floats, Mask]:
        """Where the pixels of one frame are in another.

        Returns:
            (H, W, 2) x and y in pixels to add to a pixel's position, and (H, W) whether the same place is seen there. The motion is given
            also where it isn't seen, but not where two layers are mixed.
        """
        width, height = self.size
        y, x = np.indices((height, width), dtype=np.float32)
        own, target = self.owners(time), self.owners(other)
        flow, seen = np.zeros((height, width, 2), np.float32), np.zeros((height, width), bool)
        for number, layer in enumerate(self.layers):
            there = _inverse(layer.path[other]) @ _square(layer.path[time])
            u = (there[0, 0] * x + there[0, 1] * y + there[0, 2]).astype(np.float32)
            v = (there[1, 0] * x + there[1, 1] * y + there[1, 2]).astype(np.float32)
            mine = own == number
            flow[mine] = np.stack([u - x, v - y], axis=-1)[mine]
            same = cv2.remap((target == number).astype(np.float32), u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
            seen |= mine & (same > 0.999) & (u >= 0) & (v >= 0) & (u <= width - 1) & (v <= height - 1)
        return flow, seen

    def _opacity(self, layer: Layer, time: int) -> Floats | None:
        return None if layer.opacity is None else self._put(layer.opacity, layer.path[time], cv2.INTER_LINEAR, cv2.BORDER_CONSTANT)

    def _put(self, picture: Floats, path: npt.NDArray[np.float64], how: int, border: int = cv2.BORDER_REFLECT) -> Floats:
        found = cv2.warpAffine(picture, path, self.size, flags=how | cv2.WARP_INVERSE_MAP, borderMode=border)
        return np.asarray(found, np.float32)


@dataclass(frozen=True)
class Camera:
    """A view of a background: where its middle is, and how much it is enlarged.

    Args:
        size: of the frame.
        background: width and height of the picture.
        zoom: for each frame, pixels of the frame for one of the picture, at least 1.
        center: (T, 2) the middle of the view, 0..1 of what the camera can reach.
        shake: (T, 3) x, y in pixels of the picture and an angle in radians to be added; the view is kept away from the edge for them.
    """

    size: Size
    background: Size
    zoom: npt.NDArray[np.float64]
    center: npt.NDArray[np.float64]
    shake: npt.NDArray[np.float64] | None = None

    @cached_property
    def path(self) -> npt.NDArray[np.float64]:
        """(T, 2, 3) from pixels of the frame to those of the background."""
        shake = np.zeros((len(self.zoom), 3)) if self.shake is None else self.shake
        kept = EDGE + np.abs(shake[:, :2]).max(axis=0) + np.abs(shake[:, 2]).max() * np.array(self.size[::-1]) / 2
        found = []
        for zoom, center, (x, y, angle) in zip(self.zoom, self.center, shake, strict=True):
            half = np.array(self.size) / zoom / 2
            low, high = half + kept, np.array(self.background) - half - kept
            middle = low + center * np.maximum(high - low, 0) + (x, y)
            found.append(affine(zoom, angle, (np.array(self.size) - 1) / 2, middle))
        return np.array(found)


def affine(zoom: float, angle: float, at: npt.ArrayLike, middle: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(2, 3) map from a frame's pixels to a picture's, whose point `middle` is at `at` in the frame, enlarged and turned."""
    cosine, sine = math.cos(angle) / zoom, math.sin(angle) / zoom
    turned = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([turned, np.asarray(middle) - turned @ np.asarray(at)])


def background(picture: Bytes, size: Size) -> Bytes:
    """A picture scaled so that it covers the frame with a margin to move in."""
    height, width = picture.shape[:2]
    factor = max(MARGIN * size[0] / width, MARGIN * size[1] / height)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LANCZOS4
    return np.asarray(cv2.resize(picture, (math.ceil(width * factor), math.ceil(height * factor)), interpolation=how), np.uint8)


def cut_out(picture: Bytes, height: int, random: np.random.Generator) -> tuple[Bytes, Floats]:
    """The middle of a picture in a soft round shape with bumps: (height, height, 3) pixels and their opacity."""
    side = min(picture.shape[:2])
    top, left = ((n - side) // 2 for n in picture.shape[:2])
    how = cv2.INTER_AREA if height < side else cv2.INTER_CUBIC
    square = cv2.resize(picture[top : top + side, left : left + side], (height, height), interpolation=how)
    y, x = (np.indices((height, height)) - (height - 1) / 2) / (height / 2)
    angle, radius = np.arctan2(y, x), np.hypot(x, y)
    outline = np.full_like(angle, 0.78)
    for waves in (2, 3, 5):
        outline += random.uniform(0.02, 0.07) * np.cos(waves * angle + random.uniform(0, 2 * math.pi))
    softness = 3 / (height / 2)  # three pixels from opaque to clear
    return np.asarray(square, np.uint8), np.clip((outline - radius) / softness, 0, 1).astype(np.float32)


def crossing(size: Size, count: int, cut: tuple[Bytes, Floats], random: np.random.Generator, *, leftward: bool) -> Layer:
    """A cut-out that crosses the frame, bobs and turns a little."""
    picture, opacity = cut
    time = np.arange(count) / max(count - 1, 1)
    start, end = (0.78, 0.25) if leftward else (0.22, 0.75)
    x = (start + (end - start) * time) * size[0]
    phase, bob = random.uniform(0, 2 * math.pi), random.uniform(0.02, 0.05) * size[1]
    y = random.uniform(0.4, 0.65) * size[1] + bob * np.sin(2 * math.pi * 1.2 * time + phase)
    angle = np.radians(random.uniform(4, 9)) * np.sin(2 * math.pi * time + phase)
    zoom = 1 + random.uniform(-0.12, 0.12) * time
    middle = [(n - 1) / 2 for n in picture.shape[1::-1]]
    return Layer(
        picture, np.array([affine(z, a, p, middle) for z, a, p in zip(zoom, angle, zip(x, y, strict=True), strict=True)]), opacity
    )


def wander(count: int, size: float, random: np.random.Generator, memory: float = 0.8) -> npt.NDArray[np.float64]:
    """A first-order autoregressive series of zero mean and the standard deviation `size`."""
    values, value = [], 0.0
    for _ in range(count):
        value = memory * value + math.sqrt(1 - memory**2) * random.normal()
        values.append(value * size)
    return np.array(values)


def _square(path: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.vstack([path, [0, 0, 1]])


def _inverse(path: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(np.linalg.inv(_square(path)))
