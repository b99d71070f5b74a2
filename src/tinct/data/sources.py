"""Where training pictures come from: folders, .tar shards, data sets of the datasets library."""

from __future__ import annotations

import glob
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..photo.photo import READABLE_SUFFIXES

__all__ = ["Source", "find_source"]


@dataclass(frozen=True)
class Source:
    """One place that training pictures come from."""

    name: str
    read: Callable[[], Iterator[tuple[str, bytes | Path]]]
    """Yields the name, and the content or path, of each file."""
    files: list[Path]
    """Files that its content depends on."""
    count: int | None
    """How many files `read` yields; None where only reading them tells."""
    version: str = ""
    """Changes with the content of a source that has no files of its own."""

    def state(self) -> list[Any]:
        """Values fit for JSON that change whenever one of its files changes."""
        stats = [(str(f), f.stat()) for f in self.files]
        return [self.name, self.version, [(name, s.st_size, s.st_mtime_ns) for name, s in stats]]


def find_source(text: str) -> Source:
    """The source that a text names: a folder, .tar shards (a path or a pattern), or ``hf:NAME[:SPLIT]`` of the datasets library.

    Raises:
        DataError: nothing is there, or it holds no pictures.
    """
    path = Path(text).expanduser()
    if path.is_dir():
        return _folder(path)
    shards = [path] if path.is_file() else [Path(p) for p in sorted(glob.glob(str(path)))]  # noqa: PTH207 (absolute patterns)
    if shards:
        wrong = [p for p in shards if p.suffix != ".tar"]
        if wrong:
            raise DataError(f"{wrong[0]} is neither a folder nor a .tar shard; name the folder that it is in.")
        return _shards(text, shards)
    if text.startswith("hf:"):
        return _hub(text.removeprefix("hf:"))
    raise DataError(
        f"{text}: no such folder or shard. Give a folder, .tar shards, or hf:NAME for a data set of the datasets library."
    )


def _folder(path: Path) -> Source:
    files = sorted(p for p in path.rglob("*") if p.suffix.lower() in READABLE_SUFFIXES and p.is_file())
    if not files:
        shards = sorted(path.glob("*.tar"))
        if shards:
            return _shards(str(path), shards)
        raise DataError(
            f"{path} holds no pictures ({', '.join(sorted(READABLE_SUFFIXES))}) and no .tar shards; name a folder that does."
        )
    return Source(str(path.resolve()), lambda: ((str(p.relative_to(path)), p) for p in files), files, len(files))


def _shards(text: str, shards: list[Path]) -> Source:
    def read() -> Iterator[tuple[str, bytes | Path]]:
        for shard in shards:
            try:
                with tarfile.open(shard) as tar:
                    for member in tar:
                        if Path(member.name).suffix.lower() in READABLE_SUFFIXES and (file := tar.extractfile(member)) is not None:
                            yield f"{shard.name}/{member.name}", file.read()
            except (tarfile.TarError, OSError, EOFError) as error:
                raise DataError(f"{shard} can't be read as a .tar shard ({error}). Download or pack it again.") from error

    return Source(text, read, shards, None)


def _hub(text: str) -> Source:
    """``NAME[:SPLIT]`` or a local folder of the datasets library: its first column of pictures."""
    try:
        import datasets
    except ImportError as error:
        raise DataError(f"hf:{text} needs the datasets library: pip install datasets", code="datasets-missing") from error
    name, _, split = text.partition(":")
    try:
        table = datasets.load_dataset(name, split=split or "train")
    except Exception as error:
        raise DataError(f"hf:{text} can't be loaded: {str(error).splitlines()[0]}") from error
    columns = [key for key, feature in table.features.items() if isinstance(feature, datasets.Image)]
    if not columns:
        raise DataError(f"hf:{text} has no column of pictures; its columns are {', '.join(table.features)}.")
    table = table.select_columns(columns[:1]).cast_column(columns[0], datasets.Image(decode=False))

    def read() -> Iterator[tuple[str, bytes | Path]]:
        for i, row in enumerate(table):
            cell = row[columns[0]] or {}
            yield cell.get("path") or f"row {i}", cell["bytes"] if cell.get("bytes") is not None else Path(cell.get("path") or "")

    return Source(f"hf:{text}", read, [], len(table), version=table._fingerprint)
