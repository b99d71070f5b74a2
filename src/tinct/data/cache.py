"""Pictures to train on: found, split, decoded once, and kept small in a memory-mapped file."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import secrets
import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..color import chroma, lightness, rgb_to_lab
from ..errors import DataError, PhotoError
from ..photo.photo import Photo
from ..runtime.prepare import Preparation
from ..training.recipe import TrainConfig
from .sources import Source, find_source

__all__ = ["MIN_PICTURES", "SKIPS", "Pictures", "Progress", "batch_arrays", "is_train", "load_pictures", "middle_square"]

MIN_PICTURES = 5
SKIPS = ("broken", "too small", "gray", "duplicate")
"""Why a picture is left out; every count is on the screen and in the report."""

Bytes = npt.NDArray[np.uint8]
Progress = Callable[[str, int, int], None]
"""Called with (what is going on, how many done, how many in all: 0 if nobody knows yet)."""


@dataclass(frozen=True)
class Pictures:
    """The usable pictures of a data set, decoded, and the side of the split that each is on."""

    pixels: Bytes
    """(N, size, size, 3) sRGB, memory-mapped."""
    names: list[str]
    sha256: list[str]
    """Of each file's bytes."""
    train: npt.NDArray[np.int64]
    """Indices of the training pictures."""
    test: npt.NDArray[np.int64]
    """Indices of the test pictures."""
    skipped: dict[str, int]
    """Reason -> how many files were left out."""

    def measured(self, side: str, config: TrainConfig) -> npt.NDArray[np.int64]:
        """The pictures of this side on which errors are measured: all, or the recipe's `test_pictures`, the first by hash."""
        indices: npt.NDArray[np.int64] = getattr(self, side)
        if not 0 < config.test_pictures < len(indices):
            return indices
        return _first(indices.tolist(), self.sha256, config.test_pictures)

    def summary(self) -> str:
        """One line: how many on each side, how many left out and why."""
        left_out = ", ".join(f"{count:,} {reason}" for reason, count in self.skipped.items() if count) or "none"
        return f"{len(self.train):,} pictures to train on, {len(self.test):,} to test on; left out: {left_out}"

    def write_split(self, path: Path) -> None:
        """``split.csv``: side, name and hash of every picture; where `train_pictures` leaves some out, their side is "unused"."""
        side = dict.fromkeys(range(len(self.names)), "unused")
        side |= dict.fromkeys(self.train.tolist(), "train") | dict.fromkeys(self.test.tolist(), "test")
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["side", "name", "sha256"])
            writer.writerows([side[i], name, digest] for i, (name, digest) in enumerate(zip(self.names, self.sha256, strict=True)))


def is_train(sha256: str, test_fraction: float) -> bool:
    """Whether the picture with this hash is for training; it doesn't depend on any other picture."""
    return int(sha256[:8], 16) / 2**32 >= test_fraction


def load_pictures(config: TrainConfig, cache: Path, progress: Progress | None = None) -> Pictures:
    """Find, check, decode and split the pictures of `config.data`.

    They are decoded once, into a folder under `cache` that later runs with the same files and the same settings use again.

    Raises:
        DataError: nothing found, or fewer than `MIN_PICTURES` usable pictures to train on.
    """
    sources = [find_source(text) for text in config.data]
    if not sources:
        raise DataError("No pictures to train on: name a folder, shards or a data set id with --data.")
    settings = [config.size, config.min_side, config.min_chroma, config.pictures]
    fingerprint = hashlib.sha256(json.dumps([1, settings, [s.state() for s in sources]]).encode()).hexdigest()[:16]
    folder = cache / fingerprint
    if not (folder / "cache.json").is_file():
        _decode(config, sources, folder, progress or (lambda what, done, total: None))
    return _open(config, folder)


def batch_arrays(pictures: Pictures, indices: npt.NDArray[np.int64], preparation: Preparation) -> tuple[Any, Any]:
    """(B, 1, H, W) float32 L* / 100 and (B, 3, H, W) float32 RGB in 0..1 of these pictures."""
    rgb = pictures.pixels[indices]
    return preparation.prepare(lightness(rgb)), np.multiply(np.moveaxis(rgb, -1, 1), np.float32(1 / 255), dtype=np.float32)


def _decode(config: TrainConfig, sources: list[Source], folder: Path, progress: Progress) -> None:
    """Fill `folder` with ``pixels.u8``, ``index.csv`` and ``cache.json``; it appears whole or not at all."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}")
        partial.mkdir()
    except OSError as error:
        raise DataError(f"{folder.parent}: {error.strerror}. Choose another place for decoded pictures with --cache.") from error
    try:
        skipped: Counter[str] = Counter()
        chosen = _choose(config, sources, progress)
        counts = [source.count for source in sources]
        total = len(chosen) if chosen is not None else 0 if None in counts else sum(count or 0 for count in counts)
        seen: set[str] = set()
        with (partial / "pixels.u8").open("wb") as pixels, (partial / "index.csv").open("w", newline="", encoding="utf-8") as index:
            rows = csv.writer(index)
            for done, (name, digest, square) in enumerate(_squares(config, sources, chosen), start=1):
                if isinstance(square, str):
                    skipped[square] += 1
                elif digest in seen:
                    skipped["duplicate"] += 1
                else:
                    seen.add(digest)
                    pixels.write(square.tobytes())
                    rows.writerow([name, digest])
                progress("decoding pictures", done, total)
        (partial / "cache.json").write_text(json.dumps({"size": config.size, "skipped": skipped}))
        if folder.exists():  # another run was quicker, or left half of it
            shutil.rmtree(folder)
        partial.rename(folder)
    except OSError as error:
        raise DataError(f"{partial}: {error.strerror or error}. Make room, or choose another place with --cache.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _choose(config: TrainConfig, sources: list[Source], progress: Progress) -> set[str] | None:
    """Hashes of the random part of the files that `config.pictures` asks for; None for all of them.

    The digits after those that decide the split choose, so both sides shrink alike.
    """
    if not config.pictures:
        return None
    digests: set[str] = set()
    for source in sources:
        for done, (_, data) in enumerate(source.read(), start=1):
            digests.add(hashlib.sha256(_bytes(data) or b"").hexdigest())
            progress("choosing pictures", done, source.count or 0)
    return set(sorted(digests, key=lambda digest: digest[8:])[: config.pictures])


def _squares(config: TrainConfig, sources: list[Source], chosen: set[str] | None) -> Iterator[tuple[str, str, Bytes | str]]:
    """(name, hash, pixels or the reason for skipping) of every file, in order, decoded on all cores."""

    def square(name: str, data: bytes | Path) -> tuple[str, str, Bytes | str] | None:
        content = _bytes(data)
        digest = hashlib.sha256(content or b"").hexdigest()
        if chosen is not None and digest not in chosen:
            return None
        return name, digest, middle_square(content, config) if content else "broken"

    def finished(future: Future[tuple[str, str, Bytes | str] | None]) -> Iterator[tuple[str, str, Bytes | str]]:
        if (result := future.result()) is not None:
            yield result

    workers = os.cpu_count() or 1
    waiting: deque[Future[tuple[str, str, Bytes | str] | None]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for source in sources:
            for name, data in source.read():
                waiting.append(pool.submit(square, name, data))
                if len(waiting) > 8 * workers:
                    yield from finished(waiting.popleft())
        while waiting:
            yield from finished(waiting.popleft())


def _bytes(data: bytes | Path) -> bytes | None:
    try:
        return data.read_bytes() if isinstance(data, Path) else data
    except OSError:
        return None


def middle_square(content: bytes, config: TrainConfig) -> Bytes | str:
    """The middle of the picture, `config.size` square, or the reason for skipping it."""
    try:
        photo = Photo.open(content)
        width, height = photo.size
        if min(width, height) < config.min_side:
            return "too small"
        scale = config.size / min(width, height)
        width, height = max(config.size, round(width * scale)), max(config.size, round(height * scale))
        rgb = photo.small_rgb(width, height)
    except PhotoError:
        return "broken"
    top, left = (height - config.size) // 2, (width - config.size) // 2
    square = np.ascontiguousarray(rgb[top : top + config.size, left : left + config.size])
    if chroma(rgb_to_lab(square)[..., 1:]).mean() < config.min_chroma:
        return "gray"
    return square


def _open(config: TrainConfig, folder: Path) -> Pictures:
    with (folder / "index.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    skipped = json.loads((folder / "cache.json").read_text())["skipped"]
    names, digests = [row[0] for row in rows], [row[1] for row in rows]
    train = [i for i, digest in enumerate(digests) if is_train(digest, config.test_fraction)]
    test = [i for i, digest in enumerate(digests) if not is_train(digest, config.test_fraction)]
    if not test and len(train) > MIN_PICTURES:  # a handful of pictures: the one nearest to the border is the test
        test = [train.pop(min(range(len(train)), key=lambda k: digests[train[k]]))]
    if len(train) < MIN_PICTURES or not test:
        reasons = ", ".join(f"{n} {reason}" for reason, n in skipped.items() if n) or "none skipped"
        raise DataError(
            f"{', '.join(config.data)}: {len(train)} usable pictures to train on and {len(test)} to test on ({reasons}); "
            f"at least {MIN_PICTURES} and 1 are needed. Add color photographs of {config.min_side} px or more."
        )
    chosen = _first(train, digests, config.train_pictures) if config.train_pictures else np.array(train)
    pixels = np.memmap(folder / "pixels.u8", np.uint8, "r", shape=(len(rows), config.size, config.size, 3))
    return Pictures(pixels, names, digests, np.sort(chosen), np.array(test), {r: skipped.get(r, 0) for r in SKIPS})


def _first(indices: list[int], digests: list[str], count: int) -> npt.NDArray[np.int64]:
    """So many of these pictures, the first by the digits of their hash after those that decide the split; fewer lie within more."""
    return np.array(sorted(indices, key=lambda i: digests[i][8:])[:count])
