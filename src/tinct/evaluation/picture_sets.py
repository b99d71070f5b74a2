"""The pictures of an evaluation: found, cropped and reduced by the protocol; those left out are counted by reason."""

from __future__ import annotations

import os
import re
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..color import rgb_to_lab
from ..data import Progress, find_source
from ..errors import DataError, PhotoError
from ..photo.photo import Photo
from .protocol import Protocol, order, square_of

__all__ = ["DROPS", "PictureSet", "load_sets", "open_pixels"]

Bytes = npt.NDArray[np.uint8]
DROPS = ("broken", "gray")
"""Reasons for leaving a file out."""


@dataclass(frozen=True)
class PictureSet:
    """The decoded pictures of one folder, shard pattern or data set."""

    name: str
    source: str
    """As it was given."""
    pixels: Path
    """File of (N, side, side, 3) uint8 sRGB."""
    names: list[str]
    """Name of each picture."""
    ranking: list[int]
    """Numbers of all pictures, sorted by `protocol.order`: the first n are a random subset."""
    dropped: dict[str, int]
    """Reason of `DROPS` -> number of files."""
    mean_ab: tuple[float, float]
    """Mean a*, b* of all pixels."""


def load_sets(data: list[str], protocol: Protocol, limit: int, folder: Path, tell: Progress) -> list[PictureSet]:
    """Decode pictures into files under `folder`.

    Args:
        data: folders, ``.tar`` shards or ``hf:NAME``; each becomes a set.
        limit: at most this many files of each set, a random subset; 0 for all.

    Raises:
        DataError: nothing is there, or no picture can be used.
    """
    names = _set_names(data)
    sets = []
    for text, name in zip(data, names, strict=True):
        source = find_source(text)
        chosen: set[str] | None = None
        if limit:
            chosen = set(sorted((n for n, _ in source.read()), key=lambda n: order(_key(n)))[:limit])
        total = len(chosen) if chosen is not None else source.count or 0
        pixels, keys, colors = folder / f"{name}.u8", [], []
        dropped: Counter[str] = Counter()
        entries = ((n, d) for n, d in source.read() if chosen is None or n in chosen)
        with pixels.open("wb") as file:
            for done, (key, square) in enumerate(_squares(entries, protocol)):
                tell(f"decoding {name}", done, total)
                if isinstance(square, str):
                    dropped[square] += 1
                else:
                    file.write(square.tobytes())
                    keys.append(key)
                    colors.append(rgb_to_lab(square)[..., 1:].mean(axis=(0, 1)))
        if not keys:
            reasons = ", ".join(f"{n} {reason}" for reason, n in dropped.items())
            raise DataError(f"{text} holds no color photograph to measure with ({reasons}).", code="no-color-pictures")
        ranking = sorted(range(len(keys)), key=lambda i: (order(_key(keys[i])), keys[i]))
        a, b = np.mean(colors, axis=0).tolist()
        sets.append(PictureSet(name, text, pixels, keys, ranking, {reason: dropped[reason] for reason in DROPS}, (a, b)))
    return sets


def open_pixels(path: Path, side: int) -> Bytes:
    """(N, side, side, 3) uint8 pictures of a file, memory-mapped."""
    return np.memmap(path, np.uint8, "r").reshape(-1, side, side, 3)


def _key(name: str) -> str:
    """The file's name without its folder or shard, so that random choices don't depend on where it lies."""
    return Path(name).name


def _set_names(data: list[str]) -> list[str]:
    """Names for the sets: ``shards/val-000.tar`` -> ``val``; a second one of the same name is ``val-2``."""
    names: list[str] = []
    for text in data:
        stem = Path(text.removeprefix("hf:")).expanduser()
        name = re.sub(r"[^\w.]+", "-", re.sub(r"[-_.]?[\d*?]+$", "", stem.name.removesuffix(".tar"))).strip("-.") or "pictures"
        same = sum(re.fullmatch(rf"{re.escape(name)}(-\d+)?", other) is not None for other in names)
        names.append(f"{name}-{same + 1}" if same else name)
    return names


def _squares(entries: Iterator[tuple[str, bytes | Path]], protocol: Protocol) -> Iterator[tuple[str, Bytes | str]]:
    """(name, pixels or the reason for leaving it out) of every file, in order, decoded on all cores."""

    def square(name: str, data: bytes | Path) -> tuple[str, Bytes | str]:
        try:
            return name, square_of(Photo.open(data), protocol)
        except PhotoError:
            return name, "broken"

    workers = os.cpu_count() or 1
    waiting: deque[Future[tuple[str, Bytes | str]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for name, data in entries:
            waiting.append(pool.submit(square, name, data))
            if len(waiting) > 8 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
