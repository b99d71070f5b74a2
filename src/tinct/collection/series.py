"""Series: photographs of one event whose colors agree, and whose hints reach the same things in all of them.

A planning step: it looks at all photographs and gives each an ordinary `Edit`, so coloring, ledger and record need to know nothing of
series. The colors of matching places (`matching`) are averaged over all photographs that show them, weighted by how sure the network is
of each; the mean becomes hints that reach the whole picture. A photograph with hints of its own stays as it is, and the others follow it:
where they match what its hints decided, they get hints for that object.

The result depends on the photographs and their edits alone, not on their order, nor on what was colored before.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .._util.caches import Latest
from ..coloring.edit import Edit
from ..coloring.matching import Cells, Matches, Standardization, match
from ..errors import ConfigError, HintError, PhotoError
from ..photo import Photo
from .consensus import Link, Sketch, agree, hints_for, sketch_of

if TYPE_CHECKING:
    from ..coloring.colorizer import Colorizer
    from ..photo import PhotoSource

__all__ = ["Series", "groups_of", "links_of", "plan_series", "series_edits"]

Floats = npt.NDArray[np.float32]

EVENT_GAP = timedelta(hours=6)
"""Time without a photograph that ends an event."""
MAX_COMPARED = 24
"""Photographs of a group up to which all pairs are matched."""
MAX_ALIKE = 12
"""In larger groups, the photographs that each is matched with: those most alike as a whole, and its neighbors by name."""
MIN_DECIDING = 30
"""Sure matches that a pair needs for one to follow the other's hints: a person's hint must not color another person."""
_CACHED_VECTORS = 32


@dataclass(frozen=True)
class Series:
    """What `plan_series` found."""

    edits: list[Edit]
    """One for each photograph, in the order given."""
    groups: list[list[int]]
    """Indices of the photographs that have matching places, in groups of at least two."""
    followers: list[int]
    """Indices of the photographs that got hints carried over from another one."""


def series_edits(
    colorizer: Colorizer,
    photos: Sequence[PhotoSource],
    edits: Mapping[Path, Edit] | Sequence[Edit] | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> list[Edit]:
    """Edits with which the photographs of a series agree.

    Args:
        colorizer: whose model takes hints.
        photos: those of one or several folders. Only photographs of one folder, taken without a gap of more than `EVENT_GAP`, are compared.
        edits: of each photograph, in the same order or by path; those that are missing are automatic. An edit with hints stays as it is.
        progress: called with the number of photographs that were looked at, and of all.

    Returns:
        One for each photograph, in the same order. A photograph that can't be read, or whose hints can't be used, keeps its own.

    Raises:
        ConfigError: the model takes no hints, or the numbers of photographs and edits differ.
    """
    return plan_series(colorizer, photos, edits, progress=progress).edits


def plan_series(
    colorizer: Colorizer,
    photos: Sequence[PhotoSource],
    edits: Mapping[Path, Edit] | Sequence[Edit] | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Series:
    """As `series_edits`, and which photographs belong together."""
    if not colorizer.takes_hints:
        raise ConfigError(
            f"The model {colorizer.spec.name!r} has no hints, so photographs can't agree.", code="no-capability", what="hints"
        )
    own = _edits_of(photos, edits)
    sketches: list[Sketch | None] = []
    for i, (photo, edit) in enumerate(zip(photos, own, strict=True)):
        try:
            sketches.append(sketch_of(colorizer, Photo.open(photo), edit))
        except (PhotoError, HintError):
            sketches.append(None)  # whoever colors it will say why
        if progress is not None:
            progress(i + 1, len(photos))
    result, groups, followers = list(own), [], []
    for group in _folders(photos, sketches):
        known = [sketch for i in group if (sketch := sketches[i]) is not None]
        links = list(links_of(known))
        colors = agree(known, links)
        for i, sketch, color in zip(group, known, colors, strict=True):
            if color is not None and not own[i].hints:
                hints, carried = hints_for(sketch, color)
                result[i] = own[i].changed(hints=hints)
                followers += [i] if carried else []
        groups += [[group[j] for j in one] for one in _connected(len(group), links)]
    return Series(result, sorted(groups), sorted(followers))


def groups_of(taken: Sequence[datetime | None], gap: timedelta = EVENT_GAP) -> list[list[int]]:
    """Indices of the photographs of each event, which ends with a gap. Those without a time form one group.

    Args:
        taken: when each photograph was taken.
        gap: time between two photographs in succession from which they belong to different events.
    """
    timed = sorted((when, i) for i, when in enumerate(taken) if when is not None)
    groups: list[list[int]] = []
    for n, (when, i) in enumerate(timed):
        if not n or when - timed[n - 1][0] > gap:
            groups.append([])
        groups[-1].append(i)
    untimed = [i for i, when in enumerate(taken) if when is None]
    return sorted(sorted(group) for group in [*groups, untimed] if group)


def _edits_of(photos: Sequence[PhotoSource], edits: Mapping[Path, Edit] | Sequence[Edit] | None) -> list[Edit]:
    """Each photograph's own edit. Raises ConfigError."""
    if edits is None:
        return [Edit()] * len(photos)
    if isinstance(edits, Mapping):
        by_name = {os.fspath(path): edit for path, edit in edits.items()}
        return [by_name.get(os.fspath(p), Edit()) if isinstance(p, (str, os.PathLike)) else Edit() for p in photos]
    if len(edits) != len(photos):
        raise ConfigError(f"There are {len(photos)} photographs, but {len(edits)} edits.", code="edit-value")
    return list(edits)


def _folders(photos: Sequence[PhotoSource], sketches: Sequence[Sketch | None]) -> Iterator[list[int]]:
    """Indices of the readable photographs of each event in each folder, by name."""
    folders: dict[Path, list[int]] = defaultdict(list)
    names = [_path(photo) for photo in photos]
    for i in sorted(range(len(photos)), key=lambda i: names[i]):
        if sketches[i] is not None:
            folders[Path(names[i]).parent].append(i)
    for members in folders.values():
        found = [sketch for i in members if (sketch := sketches[i]) is not None]
        for group in groups_of([sketch.taken for sketch in found]):
            yield [members[j] for j in group]


def _path(photo: PhotoSource) -> str:
    if isinstance(photo, Photo):
        return os.fspath(photo.path) if photo.path else ""
    return os.fspath(photo) if isinstance(photo, (str, os.PathLike)) else ""


def links_of(group: Sequence[Sketch]) -> Iterator[Link]:
    """The matches of all pairs of a group that have some."""
    cells = [sketch.cells for sketch in group]
    if len(cells) < 2:
        return
    standardization = Standardization(cells)
    vectors: Latest[Floats] = Latest(_CACHED_VECTORS)

    def matched(i: int, j: int) -> Matches | None:
        one, other = (vectors.get(n, lambda n=n: standardization.vectors(cells[n])) for n in (i, j))  # type: ignore[misc]
        return match(cells[i], cells[j], one, other)

    for i, j in _candidates(cells, standardization):
        fixed = group[i].fixed, group[j].fixed
        if all(fixed):
            continue  # neither would change
        found = matched(i, j)
        if found is not None and (not any(fixed) or found.sure >= MIN_DECIDING):
            yield Link(i, j, found)


def _candidates(cells: Sequence[Cells], standardization: Standardization) -> list[tuple[int, int]]:
    """Pairs to match, sorted: all, or each photograph with the `MAX_ALIKE` most alike ones and the next by name."""
    count = len(cells)
    if count <= MAX_COMPARED:
        return [(i, j) for i in range(count) for j in range(i + 1, count)]
    summaries = np.stack([standardization.summary(one) for one in cells])
    pairs = {(i, i + 1) for i in range(count - 1)}
    for i, summary in enumerate(summaries):
        alike = summaries @ summary
        alike[i] = -2
        pairs |= {(min(i, int(j)), max(i, int(j))) for j in np.argsort(-alike, kind="stable")[:MAX_ALIKE]}
    return sorted(pairs)


def _connected(count: int, links: Sequence[Link]) -> list[list[int]]:
    """Members of each set of photographs that matches connect, of at least two."""
    root = list(range(count))

    def find(i: int) -> int:
        while root[i] != i:
            i = root[i]
        return i

    for link in links:
        low, high = sorted((find(link.first), find(link.second)))
        root[high] = low
    sets: dict[int, list[int]] = defaultdict(list)
    for i in range(count):
        sets[find(i)].append(i)
    return [members for members in sets.values() if len(members) > 1]
