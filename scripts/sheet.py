"""Contact sheets: pictures side by side under headings, drawn with NumPy alone, because a minimal machine has no fonts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

__all__ = ["CELL", "GAP", "dot", "heading", "headings", "inset", "paper", "stack", "strip"]

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

CELL, GAP = 320, 14
"""Pixels: maximum width and height of a picture, and the distance between two."""
PAPER, INK, FAINT = 250, 40, 130
"""Gray values of the background, of headings and of notes."""


def stack(parts: Sequence[Bytes]) -> Bytes:
    """(H, W, 3): headings and strips of equal width, from top to bottom."""
    return np.concatenate([paper(GAP, parts[0].shape[1]), *parts])


def strip(pictures: Sequence[Bytes | None]) -> Bytes:
    """(H, W, 3): pictures side by side, each centered in its cell; None leaves a cell empty."""
    height = max(picture.shape[0] for picture in pictures if picture is not None)
    out = paper(height + GAP, GAP + len(pictures) * (CELL + GAP))
    for column, picture in enumerate(pictures):
        if picture is not None:
            top, left = (height - picture.shape[0]) // 2, GAP + column * (CELL + GAP) + (CELL - picture.shape[1]) // 2
            out[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return out


def headings(words: Sequence[str]) -> Bytes:
    """(H, W, 3): a heading above each cell; text after a colon is a smaller note below it."""
    titles, notes = zip(*(word.partition(":")[::2] for word in words), strict=True)
    lines = [strip([heading(title) for title in titles])]
    if any(notes):
        lines[0] = lines[0][:-GAP]
        lines.append(strip([heading(note.strip(), 8.5, 1.35, FAINT) if note else None for note in notes]))
    return np.concatenate([paper(GAP // 2, lines[0].shape[1]), *lines])


def paper(height: int, width: int) -> Bytes:
    """(H, W, 3): background."""
    return np.full((height, width, 3), PAPER, np.uint8)


def dot(picture: Bytes, x: float, y: float, color: Bytes, radius: float = 7) -> None:
    """Draw into the picture: a disc of this color in a white ring with a dark outline, at x, y in pixels."""
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    distance = np.hypot(columns + 0.5 - x, rows + 0.5 - y)
    for paint, size in ((np.full(3, 30), radius + 3), (np.full(3, 255), radius + 2), (color, radius)):
        coverage = np.clip(size + 0.5 - distance, 0, 1)[..., None]
        picture[:] = np.rint(picture * (1 - coverage) + paint * coverage)


def inset(picture: Bytes, small: Bytes, margin: int = 8, frame: int = 2) -> Bytes:
    """A copy of the picture with a smaller one in its lower right corner, in a white frame."""
    out, (height, width) = picture.copy(), small.shape[:2]
    bottom, right = out.shape[0] - margin, out.shape[1] - margin
    out[bottom - height - 2 * frame : bottom, right - width - 2 * frame : right] = 255
    out[bottom - height - frame : bottom - frame, right - width - frame : right - frame] = small
    return out


# ---- stroke font: an x is one unit high, an l 1.6, and bowls have radius 1/2 ------------------------------------------------------


def heading(text: str, size: float = 15, weight: float = 2.1, ink: int = INK) -> Bytes:
    """(H, W, 3): a line of lower-case text; `size` is the height of an x and `weight` the stroke width, in pixels."""
    letters = [_letter(letter, size, weight) if letter != " " else np.zeros((1, int(0.5 * size))) for letter in text]
    height = max(letter.shape[0] for letter in letters)
    padded = [np.pad(letter, ((0, height - letter.shape[0]), (0, round(0.16 * size)))) for letter in letters]
    shade = np.concatenate(padded, axis=1)[..., None]
    return np.rint(PAPER + shade * (ink - PAPER)).astype(np.uint8).repeat(3, axis=-1)


@cache
def _letter(letter: str, size: float, weight: float) -> Floats:
    """(H, W): coverage of each pixel by ink, 0 to 1."""
    dots = np.concatenate(_LETTERS[letter], axis=1)
    x, y = dots[0] * size + weight, (1.7 - dots[1]) * size + weight
    rows, columns = np.mgrid[: int(2.45 * size + 2 * weight), : int(x.max() + 1.5 * weight)]
    distance = np.hypot(columns[..., None] - x, rows[..., None] - y).min(axis=-1)
    return np.clip(weight / 2 + 0.5 - distance, 0, 1)


def _line(*points: float) -> Floats:
    """(2, N) points on a polyline with these corners: x, y, x, y …"""
    corners = np.array(points).reshape(-1, 2)
    t = np.linspace(0, 1, 40)[:, None]
    return np.concatenate([a + (b - a) * t for a, b in pairwise(corners)]).T


def _arc(start: float, stop: float, x: float = 0.5, y: float = 0.5, r: float = 0.5) -> Floats:
    """(2, N) points on an arc around (x, y), from one angle to another, in degrees."""
    t = np.radians(np.linspace(start, stop, 80))
    return np.stack([x + r * np.cos(t), y + r * np.sin(t)])


_BOWL, _ARCH = _arc(0, 360), [_arc(180, 0, 0.45, 0.55, 0.45), _line(0.9, 0.55, 0.9, 0)]
_LETTERS = {
    "a": [_BOWL, _line(1, 1, 1, 0)],
    "b": [_BOWL, _line(0, 1.6, 0, 0)],
    "c": [_arc(45, 315)],
    "d": [_BOWL, _line(1, 1.6, 1, 0)],
    "e": [_arc(0, 310), _line(0, 0.5, 1, 0.5)],
    "f": [_arc(70, 180, 0.5, 1.28, 0.32), _line(0.18, 1.28, 0.18, 0), _line(0, 1, 0.5, 1)],
    "g": [_BOWL, _line(1, 1, 1, -0.1), _arc(0, -140, y=-0.1)],
    "h": [_line(0, 1.6, 0, 0), *_ARCH],
    "i": [_line(0, 1, 0, 0), _line(0, 1.4, 0, 1.43)],
    "j": [_line(0.3, 1, 0.3, -0.3), _arc(0, -110, 0, -0.3, 0.3), _line(0.3, 1.4, 0.3, 1.43)],
    "k": [_line(0, 1.6, 0, 0), _line(0.75, 1, 0, 0.38), _line(0.27, 0.6, 0.8, 0)],
    "l": [_line(0, 1.6, 0, 0)],
    "m": [
        *(_line(0, 1, 0, 0), _arc(180, 0, 0.37, 0.63, 0.37), _line(0.74, 0.63, 0.74, 0)),
        *(_arc(180, 0, 1.11, 0.63, 0.37), _line(1.48, 0.63, 1.48, 0)),
    ],
    "n": [_line(0, 1, 0, 0), *_ARCH],
    "o": [_BOWL],
    "p": [_BOWL, _line(0, 1, 0, -0.6)],
    "q": [_BOWL, _line(1, 1, 1, -0.6)],
    "r": [_line(0, 1, 0, 0), _arc(180, 70, 0.45, 0.5, 0.45)],
    "s": [_arc(35, 270, 0.34, 0.745, 0.255), _arc(90, -145, 0.34, 0.245, 0.245)],
    "t": [_line(0.22, 1.4, 0.22, 0.28), _arc(180, 290, 0.5, 0.28, 0.28), _line(0, 1, 0.55, 1)],
    "u": [_line(0, 1, 0, 0.45), _arc(180, 360, 0.45, 0.45, 0.45), _line(0.9, 1, 0.9, 0)],
    "v": [_line(0, 1, 0.42, 0, 0.84, 1)],
    "w": [_line(0, 1, 0.35, 0, 0.7, 1, 1.05, 0, 1.4, 1)],
    "x": [_line(0, 1, 0.8, 0), _line(0.8, 1, 0, 0)],
    "y": [_line(0, 1, 0.45, 0), _line(0.9, 1, 0.2, -0.6)],
    "z": [_line(0, 1, 0.75, 1, 0, 0, 0.78, 0)],
}
