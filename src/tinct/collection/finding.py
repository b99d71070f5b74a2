"""Which photographs files and folders stand for."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence, Set
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from .._util.files import absolute
from ..errors import PhotoError
from ..photo import READABLE_SUFFIXES, SNIFF_BYTES, is_result, sniff
from ..photo.loaders import RAW_SUFFIXES

__all__ = ["RESULT_STEM", "Finder", "Found"]

RESULT_STEM = re.compile(r"(.*)\.(?:color|layer|compare|again)(-\d+)?", re.DOTALL)
"""Stem of a file that tinct wrote, with the number of its variant. An original may be called so, too: see `Finder`."""
OWN_NAMES = frozenset({"tinct.jsonl", "tinct.jsonl.old", "tinct.series.json", "summary.html", "summary.tinct.html"})
"""Files that tinct writes into an output folder beside the results."""
_CONTACT_SHEETS = ("contact-sheet.jpg", "contact-sheet.tinct.jpg")
_SIDECARS = (".tinct.json", ".xmp")


@dataclass(frozen=True)
class Found:
    """A photograph that is to be colored."""

    path: Path
    """As it was named, or below the folder as it was named."""
    folder: PurePosixPath
    """Of its output, relative to the output folder."""
    beside: Set[str] | None = None
    """Names of all files beside it; None if its folder wasn't listed."""


@dataclass
class Finder:
    """Finds the photographs that files and folders stand for, without keeping a list of them.

    Folders are searched with all their subfolders; links to folders are followed, but no folder is searched twice. Of a folder's files
    are left out, and counted in `passed_over`: hidden ones (``._scan.jpg``), earlier results of tinct, files of formats that tinct
    doesn't read, and what the patterns exclude. Of files that are named by themselves, only earlier results are left out.
    """

    roots: Sequence[Path]
    """Files and folders."""
    output: Path | None = None
    """The output folder, which isn't searched, unless it is a root itself."""
    include: Sequence[str] = ()
    """Patterns (``*.tif``, ``1932/*``), case-sensitive, of the files to take: of the name, or of the path below the root. Empty: all."""
    exclude: Sequence[str] = ()
    """Patterns of files and folders to leave out."""
    is_output: Callable[[Path], bool] = lambda path: False
    """Whether a file is known as an earlier result, so that it needn't be opened."""
    recolor: bool = False
    """Also take earlier results."""
    passed_over: Counter[str] = field(default_factory=Counter)
    """Reason -> number of files, of the latest search."""
    errors: list[PhotoError] = field(default_factory=list)
    """Folders that couldn't be read, of the latest search."""
    results: list[Path] = field(default_factory=list)
    """Files that were named by themselves and are earlier results, of the latest search."""
    _named: Collection[str] = field(default=(), init=False)

    def __iter__(self) -> Iterator[list[Found]]:
        """Yield the photographs of one folder after the other: first the files named by themselves, then each root, in order of names."""
        self.passed_over, self.errors, self.results = Counter(), [], []
        folders = [root for root in self.roots if os.path.isdir(root)]  # noqa: PTH112 (unlike Path.is_dir, it takes names that are too long)
        named = {absolute(root): root for root in self.roots if root not in folders}
        if named:
            self.results = [
                path for path in named.values() if not self.recolor and RESULT_STEM.fullmatch(path.stem) and is_result(path)
            ]
            made = set(self.results)
            if photos := [Found(path, PurePosixPath()) for path in named.values() if path not in made]:
                yield photos
        self._named = named.keys()
        seen: set[tuple[int, int]] = set()
        for root, place in zip(folders, _places(folders), strict=True):
            yield from self._search(root, place, PurePosixPath(), seen)

    def _search(
        self, folder: Path, place: PurePosixPath, below: PurePosixPath, seen: set[tuple[int, int]]
    ) -> Iterator[list[Found]]:
        """The photographs of a folder and of its subfolders; `place` is that of its outputs, `below` its path below the root."""
        try:
            status = folder.stat()
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            self.errors.append(
                PhotoError(f"{folder} can't be read ({error.strerror or error}); check its permissions", code="folder")
            )
            return
        if (identity := (status.st_dev, status.st_ino)) in seen and status.st_ino:
            self.passed_over["folder searched before"] += 1
            return
        seen.add(identity)
        names = {entry.name for entry in entries}
        found, subfolders = [], []
        for entry in entries:
            path, relative = folder / entry.name, below / entry.name
            if _is_folder(entry):
                if self._is_searched(path, relative):
                    subfolders.append((path, relative))
            elif (one := self._taken(path, relative, place, names)) is not None:
                found.append(one)
        if found:
            yield found
        for path, relative in subfolders:
            yield from self._search(path, place / path.name, relative, seen)

    def _is_searched(self, path: Path, relative: PurePosixPath) -> bool:
        if path.name.startswith("."):
            self.passed_over["hidden"] += 1
            return False
        if self.output is not None and _same(path, self.output):
            return False
        if self._matches(relative, self.exclude):
            self.passed_over["excluded"] += 1
            return False
        return True

    def _taken(self, path: Path, relative: PurePosixPath, place: PurePosixPath, names: Set[str]) -> Found | None:
        """The photograph, or None if the file is left out."""
        if self._named and absolute(path) in self._named:
            return None
        reason = ""
        if path.name in OWN_NAMES or path.name.endswith(_SIDECARS):
            return None
        if path.name.startswith("."):
            reason = "hidden"
        elif self._matches(relative, self.exclude) or (self.include and not self._matches(relative, self.include)):
            reason = "excluded"
        elif path.suffix.lower() not in READABLE_SUFFIXES:
            kind = sniff(_head(path))
            raw = path.suffix.lower() in RAW_SUFFIXES  # most look like TIFF
            reason = "camera raw" if raw else "" if kind.suffix else kind.name or "no picture"
        if not reason and not self.recolor and self._is_result(path, names):
            reason = "made by tinct"
        if reason:
            self.passed_over[reason] += 1
            return None
        return Found(path, place, names)

    def _is_result(self, path: Path, names: Set[str]) -> bool:
        """Whether a file is an earlier result: a known one, or one that its name and its metadata call so.

        A result without metadata is known by its original beside it. An original may be called ``portrait.color.jpg``.
        """
        if self.is_output(path):
            return True
        if path.name in _CONTACT_SHEETS:
            return is_result(path)
        parts = RESULT_STEM.fullmatch(path.stem)
        if parts is None:
            return False
        return is_result(path) or any(name != path.name and Path(name).stem == parts[1] for name in names)

    @staticmethod
    def _matches(relative: PurePosixPath, patterns: Sequence[str]) -> bool:
        return any(fnmatchcase(relative.name, pattern) or fnmatchcase(str(relative), pattern) for pattern in patterns)


def _places(folders: Sequence[Path]) -> list[PurePosixPath]:
    """Where the outputs of each root go: into the output folder itself if there is one root, else into a folder of the root's name.

    Roots of one name go into folders named by their path below the common parent.
    """
    if len(folders) <= 1:
        return [PurePosixPath()] * len(folders)
    whole = [Path(absolute(folder)) for folder in folders]
    names = Counter(path.name for path in whole)
    common = Path(os.path.commonpath(whole))
    return [
        PurePosixPath(p.name) if names[p.name] == 1 and p.name else PurePosixPath(p.relative_to(common).as_posix()) for p in whole
    ]


def _head(path: Path) -> bytes:
    """First bytes of a file; empty if it can't be read."""
    try:
        if not path.is_file():  # opening a pipe would wait for its other end
            return b""
        with path.open("rb") as file:
            return file.read(SNIFF_BYTES)
    except OSError:
        return b""


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links
        return False


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them doesn't exist
        return False
