"""The pictures of a data set, decoded once into a memory-mapped file that later runs with the same files and settings use again."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import secrets
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .._util.files import write_whole
from ..color import lightness
from ..errors import DataError
from ..runtime.prepare import Preparation
from .decoding import DUPLICATE, SKIP_REASONS, decode_files, file_hash
from .sources import Source, find_source
from .split import MIN_PICTURES, SPLIT_DIGITS, first_by_hash, split_by_hash

__all__ = ["PictureSettings", "Pictures", "Progress", "batch_arrays", "load_pictures"]

CACHE_VERSION = 1
"""Part of the fingerprint that names a cache; raised when the same settings give other pixels."""

Indices = npt.NDArray[np.int64]
Progress = Callable[[str, int, int], None]
"""Called with (the step, number of items done, their total number or 0 if unknown)."""


@dataclass(frozen=True)
class PictureSettings:
    """Which pictures of which sources a run learns from, and at what size."""

    sources: tuple[str, ...]
    """Folders, .tar shards, or ``hf:`` ids of data sets, as `find_source` takes them."""
    size: int
    """Side of the square pictures, in pixels."""
    min_side: int
    """Pictures with a shorter side, in pixels, are skipped."""
    min_chroma: float
    """Pictures with a lower mean CIELAB chroma are skipped as gray."""
    limit: int = 0
    """Use a random subset of this many files; 0 uses all."""
    test_fraction: float = 0.2
    """Share of the pictures to test on, 0..1, exclusive."""
    train_limit: int = 0
    """Train on at most this many pictures, the first by hash; 0 uses all. The test pictures stay the same."""


@dataclass(frozen=True)
class Pictures:
    """The usable pictures of a data set, decoded, and the side of the split that each is on."""

    pixels: npt.NDArray[np.uint8]
    """(N, size, size, 3) sRGB, memory-mapped."""
    names: list[str]
    sha256: list[str]
    """Hexadecimal, of each file's bytes."""
    train: Indices
    """Indices of the training pictures."""
    test: Indices
    """Indices of the test pictures."""
    skipped: dict[str, int]
    """Reason -> how many files were left out."""

    def measured(self, side: str, limit: int) -> Indices:
        """Indices of the pictures to measure errors on, of side ``"train"`` or ``"test"``: the first `limit` by hash, 0 for all."""
        indices: Indices = getattr(self, side)
        if not 0 < limit < len(indices):
            return indices
        return first_by_hash(indices.tolist(), self.sha256, limit)

    def summary(self) -> str:
        """One line: how many on each side, how many left out and why."""
        left_out = ", ".join(f"{count:,} {reason}" for reason, count in self.skipped.items() if count) or "none"
        return f"{len(self.train):,} pictures to train on, {len(self.test):,} to test on; left out: {left_out}"

    def write_split(self, path: Path) -> None:
        """Write ``split.csv``, whole: side, name and hash of every picture; training pictures beyond `train_limit` are "unused"."""
        side = dict.fromkeys(range(len(self.names)), "unused")
        side |= dict.fromkeys(self.train.tolist(), "train") | dict.fromkeys(self.test.tolist(), "test")
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(["side", "name", "sha256"])
        writer.writerows([side[i], name, digest] for i, (name, digest) in enumerate(zip(self.names, self.sha256, strict=True)))
        write_whole(path, text.getvalue())


def load_pictures(settings: PictureSettings, cache: Path, progress: Progress | None = None) -> Pictures:
    """Find, check, decode and split the pictures of `settings.sources`.

    They are decoded once, into a folder under `cache` whose name is a fingerprint of the files and the settings.

    Raises:
        DataError: nothing found, or fewer than `MIN_PICTURES` usable pictures to train on.
    """
    sources = [find_source(text) for text in settings.sources]
    if not sources:
        raise DataError("There are no pictures to train on: no folder, shard or data set is named.", code="no-data")
    decoding = [settings.size, settings.min_side, settings.min_chroma, settings.limit]
    state = json.dumps([CACHE_VERSION, decoding, [source.state() for source in sources]])
    folder = cache / hashlib.sha256(state.encode()).hexdigest()[:16]
    if not (folder / "cache.json").is_file():
        _fill(folder, settings, sources, progress or (lambda what, done, total: None))
    return _open(folder, settings)


def batch_arrays(
    pictures: Pictures, indices: Indices, preparation: Preparation
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """(B, 1, H, W) float32 L* / 100 and (B, 3, H, W) float32 RGB in 0..1 of these pictures."""
    rgb = pictures.pixels[indices]
    return preparation.prepare(lightness(rgb)), np.multiply(np.moveaxis(rgb, -1, 1), np.float32(1 / 255), dtype=np.float32)


def _fill(folder: Path, settings: PictureSettings, sources: list[Source], progress: Progress) -> None:
    """Fill `folder` with ``pixels.u8``, ``index.csv`` and ``cache.json``; it appears whole or not at all."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}")
        partial.mkdir()
    except OSError as error:
        raise DataError(f"{folder.parent}: {error.strerror}", code="cache-folder", path=folder.parent) from error
    try:
        skipped = _decode_into(partial, settings, sources, progress)
        (partial / "cache.json").write_text(json.dumps({"size": settings.size, "skipped": skipped}))
        if folder.exists():  # another run finished first, or it lost its cache.json
            shutil.rmtree(folder)
        partial.rename(folder)
    except OSError as error:
        raise DataError(f"{partial}: {error.strerror or error}", code="cache-folder", path=folder.parent) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _decode_into(folder: Path, settings: PictureSettings, sources: list[Source], progress: Progress) -> Counter[str]:
    """Write ``pixels.u8`` and ``index.csv`` into `folder`; returns reason -> how many files were skipped."""
    chosen = _random_subset(sources, settings.limit, progress) if settings.limit else None
    counts = [source.count for source in sources]
    total = len(chosen) if chosen is not None else 0 if None in counts else sum(count or 0 for count in counts)
    files = (entry for source in sources for entry in source.read())
    decoded = decode_files(files, size=settings.size, min_side=settings.min_side, min_chroma=settings.min_chroma, chosen=chosen)
    skipped: Counter[str] = Counter()
    known: set[str] = set()
    with (folder / "pixels.u8").open("wb") as pixels, (folder / "index.csv").open("w", newline="", encoding="utf-8") as index:
        rows = csv.writer(index)
        for done, (name, digest, square) in enumerate(decoded, start=1):
            if isinstance(square, str):
                skipped[square] += 1
            elif digest in known:
                skipped[DUPLICATE] += 1
            else:
                known.add(digest)
                pixels.write(square.tobytes())
                rows.writerow([name, digest])
            progress("decoding pictures", done, total)
    return skipped


def _random_subset(sources: list[Source], count: int, progress: Progress) -> set[str]:
    """Hashes of `count` files, chosen by the digits after those that decide the split, so both sides shrink alike."""
    digests: set[str] = set()
    for source in sources:
        for done, (_, data) in enumerate(source.read(), start=1):
            digests.add(file_hash(data))
            progress("choosing pictures", done, source.count or 0)
    return set(sorted(digests, key=lambda digest: digest[SPLIT_DIGITS:])[:count])


def _open(folder: Path, settings: PictureSettings) -> Pictures:
    with (folder / "index.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    skipped = json.loads((folder / "cache.json").read_text())["skipped"]
    names, digests = [row[0] for row in rows], [row[1] for row in rows]
    train, test = split_by_hash(digests, settings.test_fraction)
    if len(train) < MIN_PICTURES or not test:
        reasons = ", ".join(f"{n} {reason}" for reason, n in skipped.items() if n) or "none skipped"
        raise DataError(
            f"{', '.join(settings.sources)}: {len(train)} usable pictures to train on and {len(test)} to test on ({reasons}); "
            f"at least {MIN_PICTURES} and 1 are needed, in color, of {settings.min_side} px or more.",
            code="too-few-pictures",
        )
    chosen = first_by_hash(train, digests, settings.train_limit) if settings.train_limit else np.array(train)
    pixels = np.memmap(folder / "pixels.u8", np.uint8, "r", shape=(len(rows), settings.size, settings.size, 3))
    counts = {reason: skipped.get(reason, 0) for reason in SKIP_REASONS}
    return Pictures(pixels, names, digests, np.sort(chosen), np.array(test), counts)
