"""Which films files and folders stand for, and where their results go."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ..errors import FilmError
from ..photo import printable
from .container.describing import open_container
from .container.encoding import CONTAINERS

__all__ = [
    "EDIT_SUFFIX",
    "FILM_SUFFIXES",
    "RECORD_KEY",
    "WORK_SUFFIX",
    "FoundFilm",
    "check_free",
    "edit_beside",
    "film_output",
    "film_stem",
    "find_films",
    "is_result",
]

FILM_SUFFIXES = frozenset(
    {
        *(".3gp", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".m2ts", ".m2v", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"),
        *(".mts", ".mxf", ".nut", ".ogv", ".ts", ".vob", ".webm", ".wmv", ".y4m"),
    }
)
"""Suffixes by which the films in a folder are known. A film that is named by itself may have any."""
EDIT_SUFFIX = ".tinct.json"
WORK_SUFFIX = ".tinct-film"
"""Of the folder beside an output, in which an interrupted run has its state."""
RECORD_KEY = "tinct"
"""Of the container's metadata, in which a result has the record of its coloring; Matroska writes keys in capitals."""
_RESULT_STEM = re.compile(r"(.*)\.(?:color|preview)", re.DOTALL)
_SEPARATORS = tuple({"/", os.sep})


class FoundFilm(NamedTuple):
    """A film that is to be colored."""

    path: Path
    below: PurePosixPath
    """Folder of its output, relative to the output folder."""


def find_films(roots: Sequence[Path]) -> list[FoundFilm]:
    """The films that files and folders stand for, in the order of the roots, and of names in a folder.

    Folders are searched with their subfolders. Hidden files and results of tinct are left out.

    Raises:
        FilmError: a folder can't be read, or holds no film (code ``"no-films"``).
    """
    found: list[FoundFilm] = []
    for root in roots:
        if not os.path.isdir(root):  # noqa: PTH112 (takes names that are too long)
            found.append(FoundFilm(root, PurePosixPath()))
            continue
        inside = list(_searched(root, PurePosixPath() if len(roots) == 1 else PurePosixPath(root.resolve().name)))
        if not inside:
            raise FilmError(
                f"{printable(root)} holds no films ({', '.join(sorted(FILM_SUFFIXES))}).", code="no-films", path=str(root)
            )
        found += inside
    return found


def _searched(folder: Path, below: PurePosixPath) -> Iterator[FoundFilm]:
    try:
        entries = sorted(folder.iterdir(), key=lambda path: path.name)
    except OSError as error:
        raise FilmError(f"{printable(folder)} can't be read ({error.strerror or error}).", path=str(folder)) from None
    names = {path.name for path in entries}
    folders = [path for path in entries if path.is_dir() and not path.is_symlink()]
    for path in entries:
        if (
            path.suffix.lower() in FILM_SUFFIXES
            and not path.name.startswith(".")
            and path not in folders
            and not _made(path, names)
        ):
            yield FoundFilm(path, below)
    for path in folders:
        if not path.name.startswith(".") and not path.name.endswith(WORK_SUFFIX):
            yield from _searched(path, below / path.name)


def _made(path: Path, names: Iterable[str]) -> bool:
    """Whether tinct made a film, by its metadata, or by its name ``NAME.color.EXT`` or ``NAME.preview.EXT`` beside a film ``NAME``."""
    if parts := _RESULT_STEM.fullmatch(path.stem):
        beside = [Path(name) for name in names if name != path.name]
        if any(other.stem == parts[1] and other.suffix.lower() in FILM_SUFFIXES for other in beside):
            return True
    return is_result(path)


def is_result(path: Path) -> bool:
    """Whether a film's metadata say that tinct made it; False for a file that can't be read."""
    with suppress(FilmError), open_container(path) as film:
        return any(key.lower() == RECORD_KEY for key in film.metadata)
    return False


def check_free(output: Path, film: Path, *, overwrite: bool) -> None:
    """Whether a film may be written to a path.

    Raises:
        FilmError: it is the film itself (code ``"is-original"``); it is there, and may not be replaced (``"exists"``), or isn't a
            result of tinct (``"not-ours"``).
    """
    if not output.exists():
        return
    if os.path.samefile(output, film):  # noqa: PTH121
        raise FilmError(f"{output} is the film itself, which is never overwritten.", code="is-original", path=output)
    if not overwrite:
        raise FilmError(f"{output} exists already.", code="exists", path=output)
    if not is_result(output):
        raise FilmError(
            f"{output} doesn't say that tinct made it, so it may be an original, which is never overwritten.",
            code="not-ours",
            path=output,
        )


def film_output(
    film: Path,
    output: str | Path | None = None,
    below: PurePosixPath | None = None,
    *,
    codec: str | None = None,
    preview: bool = False,
) -> Path:
    """Where the colored film is written: ``a/b.mp4`` becomes ``a/b.color.mp4``, a preview ``a/b.preview.mp4``.

    A film in a container that isn't written, or that doesn't hold the codec, becomes Matroska, which holds every kind of sound and
    subtitles; ProRes becomes QuickTime, as its programs expect.

    Args:
        film: the film's file.
        output: a folder (an existing one, or a text that ends with a path separator) for a file of that name; or the path itself.
        below: folder inside that folder.
        codec: a key of `encoding.CODECS`; None is the container's default.
        preview: whether only a part of the frames is colored.
    """
    suffix, container = film.suffix, CONTAINERS.get(film.suffix.lower())
    if container is None or (codec is not None and codec not in container.codecs):
        suffix = ".mov" if codec == "prores" else ".mkv"
    name = f"{film_stem(film)}.{'preview' if preview else 'color'}{suffix}"
    if output is None:
        return film.with_name(name)
    folder = os.path.isdir(output) or os.fspath(output).endswith(_SEPARATORS)  # noqa: PTH112
    return Path(output) / (below or PurePosixPath()) / name if folder else Path(output)


def film_stem(film: Path) -> str:
    """With which the names of a film's results begin: what isn't a film's suffix stays part of it."""
    return film.stem if film.suffix.lower() in FILM_SUFFIXES else film.name


def edit_beside(film: Path) -> Path | None:
    """The ``NAME.EXT.tinct.json`` or ``NAME.tinct.json`` beside a film; None if there is neither."""
    for name in (film.name, film.stem):
        if os.path.isfile(path := film.with_name(name + EDIT_SUFFIX)):  # noqa: PTH113
            return path
    return None
