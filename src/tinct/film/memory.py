"""Places of a film that were colored before, found again after any number of other shots.

A remembered frame is found by the network's features (`coloring.matching`). Where the camera shows the place as it did then, optical flow
brings its colors over, pixel by pixel; from another angle the matching cells become hints. Nothing is ever forgotten: what a place needs
lies in a file, and only a summary of it is held in memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ..coloring.hints import Hint
from ..coloring.matching import CELL, Cells, Standardization, match, spread, whole
from ..resampling import area_resize
from .arrays import read_arrays, write_arrays
from .fresh import Prior
from .motion import FlowMeter, Motion, pulled
from .tracking import Layer, laid_over

__all__ = ["Place", "PlaceMemory", "Recollection", "hints_from"]

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

MAX_CANDIDATES = 4
"""Places, most alike first, whose cells are matched; by argument: each is a file to read and a matching, at the beginning of a shot only."""
MAX_HINTS = 60
"""Hints on a frame at most; by argument: one for five or more of the 300 cells of a frame of 4:3."""
MIN_TOLD = 0.5
"""Weight from which the color of a cell becomes a hint; by argument: half of the cell is told."""
MIN_ALIGNED = 0.25
"""Mean trust of the aligned frame from which its colors are brought over pixel by pixel. By argument: a camera that has moved on by three
quarters of a frame still shows so much of the place; frames of different places have about 0.01 (`shots.MAX_TRUST`)."""
RANSAC_PIXELS = 6.0
"""Distance from the arrangement that most matches have in common up to which a match belongs to it; by argument: less than a cell, as a
match says no more than which cell it is."""


@dataclass(frozen=True)
class Place:
    """One frame as it was colored."""

    gray: Bytes
    """(h, w) the small frame, 0..255."""
    colors: Layer
    """Its colors; the weight is 1 where they may be taken over."""
    cells: Cells
    prior: Prior | None
    """Of its shot."""


@dataclass(frozen=True)
class Recollection:
    """What a frame takes over from a remembered one."""

    hints: list[Hint]
    """In pixels of the small frame, where the place is seen from another angle."""
    colors: Layer | None
    """Pixel by pixel, where it is seen as it was then."""
    prior: Prior | None


@dataclass
class PlaceMemory:
    """All places of a film, in the order in which they were remembered.

    Args:
        folder: where the places lie; files that are there from an earlier run are replaced as places are remembered again.
    """

    folder: Path
    _summaries: list[Floats] = field(default_factory=list)
    _told: list[bool] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._summaries)

    def remember(self, place: Place, *, told: bool = False) -> None:
        """Keep a place. Args: told: whether someone gave its colors, so that it comes before all others. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _write(self._file(len(self)), place, told)
        self._summaries.append(whole(place.cells))
        self._told.append(told)

    def restore(self, count: int) -> None:
        """Take over the first places of an interrupted run, or none. Raises OSError or ValueError if they can't be read."""
        read = (_read(self._file(number)) for number in range(count))
        known = [(whole(place.cells), told) for place, told in read]
        self._summaries, self._told = [summary for summary, _ in known], [told for _, told in known]

    def recall(self, gray: Bytes, cells: Cells) -> Recollection | None:
        """What is known of a frame from earlier ones; None if it shows no place that is remembered. Raises OSError or ValueError.

        Args:
            gray: (h, w) the small frame, 0..255.
            cells: its features.
        """
        if not self._summaries:
            return None
        every = np.stack([*self._summaries, whole(cells)])
        standard = (every - every.mean(axis=0)) / (every.std(axis=0) + 1e-3)
        alike = standard[:-1] @ standard[-1] / (np.linalg.norm(standard[:-1], axis=1) * np.linalg.norm(standard[-1]) + 1e-6)
        order = np.argsort(-alike, kind="stable")
        told = np.array(self._told)
        found = [self._best(group[:MAX_CANDIDATES], gray, cells) for group in (order[told[order]], order[~told[order]])]
        given, own = found
        if given is None or own is None:
            return given or own
        both = [one for one in (given.colors, own.colors) if one is not None]
        return Recollection(given.hints + own.hints, laid_over(*both) if len(both) == 2 else next(iter(both), None), own.prior)

    def _best(self, numbers: npt.NDArray[np.intp], gray: Bytes, cells: Cells) -> Recollection | None:
        """What is known from the one of some places that has the most matches."""
        found = [(matches, int(number)) for number in numbers if (matches := self._compared(int(number), cells)) is not None]
        if not found:
            return None
        (mine, its), number = max(found, key=lambda one: len(one[0][0]))
        return _taken_over(_read(self._file(number))[0], gray, cells, mine, its)

    def _file(self, number: int) -> Path:
        return self.folder / f"place-{number:06}.npz"

    def _compared(self, number: int, cells: Cells) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]] | None:
        """Matching cells of a frame and of a place."""
        place, _ = _read(self._file(number))
        features = Standardization([cells, place.cells])
        found = match(cells, place.cells, features.vectors(cells), features.vectors(place.cells))
        return None if found is None else (found.first, found.second)


def hints_from(colors: Layer, count: int = MAX_HINTS) -> list[Hint]:
    """Hints on places whose color is told, spread over all of them, in pixels of the small frame."""
    height, width = colors.weight.shape
    rows, columns = height // CELL, width // CELL
    if not rows or not columns:
        return []
    cut = np.dstack([colors.ab, colors.weight])[: rows * CELL, : columns * CELL]
    means = area_resize(cut, rows, columns).reshape(rows * columns, 3)
    return [
        _hint(cell, columns, means[cell, :2]) for cell in spread(np.flatnonzero(means[:, 2] > MIN_TOLD), (rows, columns), count)
    ]


def _hint(cell: int, columns: int, ab: Floats) -> Hint:
    row, column = divmod(int(cell), columns)
    a, b = (float(value) for value in np.clip(ab, -110, 110))
    return Hint((column + 0.5) * CELL, (row + 0.5) * CELL, ab=(a, b), size=CELL / 2, reach="picture")


def _taken_over(place: Place, gray: Bytes, cells: Cells, mine: npt.NDArray[np.intp], its: npt.NDArray[np.intp]) -> Recollection:
    aligned = _aligned(place, gray, cells.shape[1], place.cells.shape[1], mine, its)
    if aligned is not None:
        return Recollection([], aligned, place.prior)
    rows, columns = place.cells.shape
    height, width = place.gray.shape
    missing = [(0, max(0, n * CELL - there)) for n, there in zip((rows, columns), (height, width), strict=True)]
    planes = np.pad(np.dstack([place.colors.ab, place.colors.weight]), [*missing, (0, 0)], mode="edge")
    means = area_resize(planes[: rows * CELL, : columns * CELL], rows, columns).reshape(rows * columns, 3)
    known = means[its, 2] > MIN_TOLD
    color_of = dict(zip(mine[known].tolist(), means[its[known], :2], strict=True))
    inside = [cell for cell in color_of if _inside(cell, cells.shape[1], gray.shape)]
    chosen = spread(np.array(inside, np.intp), cells.shape, MAX_HINTS)
    return Recollection([_hint(cell, cells.shape[1], color_of[cell]) for cell in chosen], None, place.prior)


def _inside(cell: int, columns: int, shape: tuple[int, ...]) -> bool:
    row, column = divmod(cell, columns)
    return (row + 0.5) * CELL <= shape[0] and (column + 0.5) * CELL <= shape[1]


def _aligned(
    place: Place, gray: Bytes, columns: int, others: int, mine: npt.NDArray[np.intp], its: npt.NDArray[np.intp]
) -> Layer | None:
    """The place's colors as the frame sees them, if it is seen as it was then: by one similarity transform, refined by optical flow."""
    from_, to = (
        np.stack([cell % wide + 0.5, cell // wide + 0.5], axis=1).astype(np.float32) * CELL
        for cell, wide in ((mine, columns), (its, others))
    )
    transform, _ = cv2.estimateAffinePartial2D(from_, to, method=cv2.RANSAC, ransacReprojThreshold=RANSAC_PIXELS)
    if transform is None:
        return None
    height, width = gray.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    moved = np.stack([transform[i, 0] * x + transform[i, 1] * y + transform[i, 2] for i in (0, 1)], axis=-1)
    rough = Motion(np.asarray(moved - np.dstack([x, y]), np.float32), np.ones(gray.shape, np.float32))
    inside = (moved >= 0).all(axis=-1) & (moved[..., 0] <= place.gray.shape[1] - 1) & (moved[..., 1] <= place.gray.shape[0] - 1)
    seen = np.clip(np.rint(pulled(place.gray.astype(np.float32), rough, smooth=True)), 0, 255).astype(np.uint8)
    fine, _ = FlowMeter().between(gray, seen)
    trust = fine.trust * pulled(inside.astype(np.float32), fine, smooth=True)
    if float(trust.mean()) < MIN_ALIGNED:
        return None
    planes = np.dstack([place.colors.ab, np.clip(place.colors.weight, 0, 1)])
    there = pulled(pulled(planes, rough, smooth=True), fine, smooth=True)
    return Layer(np.ascontiguousarray(there[..., :2]), np.asarray(there[..., 2] * trust, np.float32), trust)


def _write(path: Path, place: Place, told: bool) -> None:
    arrays: dict[str, npt.NDArray[Any]] = {
        "gray": place.gray,
        "ab": place.colors.ab.astype(np.float16),
        "weight": place.colors.weight.astype(np.float16),
    }
    arrays |= {f"map{i}": one for i, one in enumerate(place.cells.maps)}
    arrays |= {name: getattr(place.cells, name) for name in ("patches", "lightness", "usable")}
    arrays |= {"shape": np.array(place.cells.shape), "told": np.array(told)}
    if place.prior is not None:
        arrays |= {"mean": place.prior.mean, "scale": place.prior.scale}
    write_arrays(path, **arrays)


def _read(path: Path) -> tuple[Place, bool]:
    values = read_arrays(path)
    maps = tuple(values[f"map{i}"] for i in range(sum(name.startswith("map") for name in values)))
    rows, columns = values["shape"].tolist()
    cells = Cells((rows, columns), maps, values["patches"], values["lightness"], values["usable"])
    prior = Prior(values["mean"], values["scale"]) if "mean" in values else None
    colors = Layer(values["ab"].astype(np.float32), values["weight"].astype(np.float32))
    return Place(values["gray"], colors, cells, prior), bool(values["told"])
