"""Reach of a hint: whether one click changes the object it is placed on, and nothing else.

Each picture gets one hint of a color that is *not* the real one, as a person sets it who wants a jacket blue. The object is what has
nearly one color around the hint in the real picture. *Fill* is the share of the object that takes on the hint's color; *spill* is the share
of the rest whose color moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt, label

from ..color import chroma, lab_to_rgb, rgb_to_lab
from ..coloring.hints import Hint
from ..resampling import area_resize
from .metrics import mean_and_error
from .protocol import generator

__all__ = ["Probe", "place_probe", "summarize_reach"]

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

SIDE = 128
"""Resolution in pixels at which the object, spill and fill are measured: pictures are reduced to it by area averaging."""
MARGIN = 6.0
"""Pixels of `SIDE` around the object that count neither as the object nor as the rest: edges there are never exact."""
SAME_COLOR_RADIUS = 12.0
"""Distance in the a*, b* plane up to which connected pixels belong to the object."""
OBJECT_SHARES = (0.01, 0.40)
"""Smallest and largest share of the picture for an object; others are not measured with."""
CHROMA = 35.0
"""Chroma of the hint's color."""
HUE_TURN = (120.0, 240.0)
"""Degrees between the hue of the real color and that of the hint."""
MOVED = 5.0
"""Distance in the a*, b* plane above which a color counts as moved."""
FILLED = 15.0
"""Distance in the a*, b* plane from the hint's color up to which a pixel counts as filled."""
TRIES = 8
"""Places that are drawn for a picture until one lies in an object of the right size."""


@dataclass(frozen=True)
class Probe:
    """A hint on an object of one picture."""

    hint: Hint
    """In pixels of the picture, of the default size."""
    object: Mask
    """(SIDE, SIDE)."""
    outside: Mask
    """(SIDE, SIDE): more than `MARGIN` from the object."""

    def measure(self, without: Bytes, hinted: Bytes) -> dict[str, float]:
        """``spill`` and ``fill``, 0..1, and ``object``, its share of the picture.

        Args:
            without: (H, W, 3) uint8 sRGB, the result without hints.
            hinted: (H, W, 3) the result with `hint`, everything else alike.
        """
        before, after = _reduced(without), _reduced(hinted)
        moved = chroma(after - before) > MOVED
        filled = chroma(after - self.hint.chroma()) <= FILLED
        spill, fill = float(moved[self.outside].mean()), float(filled[self.object].mean())
        return {"spill": spill, "fill": fill, "object": float(self.object.mean())}


def place_probe(real: Bytes, name: str) -> Probe | None:
    """Where to place a picture's hint; None if none of `TRIES` places has an object of the right size.

    Places are normally distributed around the middle with a quarter of the side as standard deviation, as the protocol's hints are.

    Args:
        real: (S, S, 3) uint8 sRGB.
        name: of the file; decides the place and the color.
    """
    lab = _small_lab(real)
    side = len(lab)
    random = generator("reach", name)
    for _ in range(TRIES):
        row, column = np.clip(np.rint(side / 2 + random.standard_normal(2) * side / 4), 0, side - 1).astype(int).tolist()
        turn = float(np.radians(random.uniform(*HUE_TURN)))
        distance = chroma(lab[..., 1:] - lab[row, column, 1:])
        regions, _ = label(distance <= SAME_COLOR_RADIUS, np.ones((3, 3)))
        found = regions == regions[row, column]
        outside = distance_transform_edt(~found) > MARGIN
        if OBJECT_SHARES[0] <= found.mean() <= OBJECT_SHARES[1] and outside.any():
            x, y = ((place + 0.5) * len(real) / side for place in (column, row))
            return Probe(Hint(x, y, _turned(lab[row, column], turn)), found, outside)
    return None


def summarize_reach(rows: Sequence[dict[str, float]]) -> dict[str, Any]:
    """``pictures``, and for ``spill`` and ``fill`` their ``mean``, standard error ``se`` and ``median``, from `Probe.measure`."""
    found: dict[str, Any] = {"pictures": len(rows)}
    for key in ("spill", "fill"):
        values = [row[key] for row in rows]
        found[key] = mean_and_error(values) | {"median": float(np.median(values))}
    return found


def _turned(lab: Floats, turn: float) -> str:
    """``#rrggbb`` of the same lightness, of `CHROMA` and of a hue turned by radians; the nearest in sRGB, by clipping."""
    hue = np.arctan2(lab[2], lab[1]) + turn
    color = np.array([lab[0], CHROMA * np.cos(hue), CHROMA * np.sin(hue)], np.float32)
    return "#" + bytes(np.rint(lab_to_rgb(color) * 255).astype(np.uint8)).hex()


def _reduced(picture: Bytes) -> Floats:
    """(H, W, 3) uint8 sRGB -> (SIDE, SIDE, 2) a*, b*."""
    return _small_lab(picture)[..., 1:]


def _small_lab(picture: Bytes) -> Floats:
    """(H, W, 3) uint8 sRGB -> (SIDE, SIDE, 3) CIELAB; a picture smaller than that stays as it is."""
    height, width = (min(side, SIDE) for side in picture.shape[:2])
    return area_resize(rgb_to_lab(picture), height, width)
