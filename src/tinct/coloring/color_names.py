"""Names of colors that people use, from the xkcd color survey; `scripts/write_color_names.py` writes the table."""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from ..color import rgb_to_lab

__all__ = ["color_name", "color_table", "delta_e_2000", "hex_to_lab"]

Doubles = npt.NDArray[np.float64]

_SAME_NAME = 2.5
"""CIEDE2000 by which a more common name may be further from the color than the nearest one: a difference that is seen only side by side."""


@cache
def color_table() -> dict[str, Any]:
    """The file colors.json: ``names`` (name -> #rrggbb, the most common first) and ``families``."""
    return dict(json.loads(files(__package__).joinpath("colors.json").read_text(encoding="utf-8")))


def hex_to_lab(color: str) -> Doubles:
    """#rrggbb -> (3,) L*, a*, b*."""
    return rgb_to_lab(np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)).astype(np.float64)


@cache
def _names() -> tuple[tuple[str, ...], Doubles]:
    table = color_table()["names"]
    return tuple(table), np.array([hex_to_lab(color) for color in table.values()])


def color_name(lab: npt.ArrayLike, taken: Collection[str] = ()) -> str:
    """The name of a color: the most common one of those that fit about equally well.

    Args:
        lab: (3,) L* 0..100, a*, b*.
        taken: names of other colors beside it, which it can't have.
    """
    names, colors = _names()
    gaps = delta_e_2000(np.asarray(lab, np.float64), colors)
    gaps[[names.index(name) for name in taken]] = np.inf
    return names[int(np.flatnonzero(gaps <= gaps.min() + _SAME_NAME)[0])]


def delta_e_2000(one: Doubles, many: Doubles) -> Doubles:
    """CIEDE2000 color differences (Sharma, Wu and Dalal, "The CIEDE2000 Color-Difference Formula", 2005) with unit weights.

    Args:
        one: (3,) L*, a*, b*.
        many: (n, 3).

    Returns:
        (n,).
    """
    (l1, a1, b1), (l2, a2, b2) = one, many.T
    c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1 + 0.5 * (1 - np.sqrt(c7 / (c7 + 25.0**7)))
    c1, c2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    h1, h2 = np.arctan2(b1, stretch * a1), np.arctan2(b2, stretch * a2)
    turn = np.where(c1 * c2 > 0, (h2 - h1 + np.pi) % (2 * np.pi) - np.pi, 0.0)
    light, chroma, hue = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(turn / 2)
    mean_l, mean_c, mean_h = (l1 + l2) / 2, (c1 + c2) / 2, h1 + turn / 2
    t = (
        1
        - 0.17 * np.cos(mean_h - np.radians(30))
        + 0.24 * np.cos(2 * mean_h)
        + 0.32 * np.cos(3 * mean_h + np.radians(6))
        - 0.20 * np.cos(4 * mean_h - np.radians(63))
    )
    s_l = 1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2)
    s_c, s_h = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    angle = np.radians(60) * np.exp(-(((np.degrees(mean_h) % 360 - 275) / 25) ** 2))
    rotation = -2 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7)) * np.sin(angle)
    squares = (light / s_l) ** 2 + (chroma / s_c) ** 2 + (hue / s_h) ** 2 + rotation * (chroma / s_c) * (hue / s_h)
    return np.asarray(np.sqrt(np.maximum(squares, 0)))
