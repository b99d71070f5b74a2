"""Films on the command line: one after the other, with progress, and what came of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .._util.words import duration
from ..errors import FilmError, TinctError
from ..film import Encoding, Film
from ..film.by_hand import write_frames
from ..film.container.encoding import default_codec
from ..film.finding import FILM_SUFFIXES, FoundFilm, film_output, film_stem, find_films
from ._progress import PARTLY_FAILED, Tell, progress_bar, stopping
from ._results import is_folder, system_errors
from .remedies import printable, with_remedy

if TYPE_CHECKING:
    from ..coloring import Colorizer
    from ..film import FilmEdit, FilmProgress

__all__ = ["Request", "color_films", "write_keyframes"]

_STAGES = {"looking": "looking through", "coloring": "coloring", "joining": "joining"}


@dataclass(frozen=True)
class Request:
    """How films are colored, and where they go."""

    output: str | None
    edit_of: Callable[[Path], tuple[FilmEdit, list[str]]]
    """From a film to its edit, and sentences for the user."""
    codec: str | None
    quality: int | None
    preset: str | None
    start: float | None
    end: float | None
    every: int
    threads: int
    fresh: bool
    overwrite: bool

    def encoding(self, output: Path) -> Encoding:
        """Of one result. Raises ConfigError or FilmError."""
        return Encoding(self.codec or default_codec(output), self.quality, self.preset)

    @property
    def preview(self) -> bool:
        """Whether only a part of the frames is colored."""
        return self.start is not None or self.end is not None or self.every > 1


class Follower:
    """Moves a progress bar as a film is colored: what is done, frames a second, time left.

    Args:
        tell: moves the bar.
        name: of the film.
    """

    def __init__(self, tell: Tell, name: str) -> None:
        self._tell, self._name = tell, name
        self._stage, self._started, self._first = "", 0.0, 0  # seconds of the monotonic clock; frames done then

    def __call__(self, progress: FilmProgress) -> None:
        now = time.monotonic()
        if progress.stage != self._stage:
            self._stage, self._started, self._first = progress.stage, now, progress.done
        parts = [f"{_STAGES.get(progress.stage, progress.stage)} {self._name}"]
        if (frames := progress.done - self._first) > 0 and now > self._started:
            parts.append(f"{frames / (now - self._started):.1f} frames/s")
        if progress.seconds_left is not None:
            parts.append(f"{duration(progress.seconds_left)} left")
        self._tell(", ".join(parts), progress.done, progress.total or 0)


def color_films(paths: Sequence[Path], request: Request, colorizer: Colorizer, *, several: bool) -> None:
    """Color films one after the other, and print the names of the results.

    Args:
        paths: films, or folders of films.
        request: how, and where they go.
        colorizer: the model.
        several: whether more than one film is meant, so that a failure of one doesn't stop the others.

    Raises:
        TinctError: the only film failed.
        typer.Exit: some of several films failed.
    """
    jobs = _jobs(paths, request, several)
    failed = 0
    with stopping("the same command goes on from here"), progress_bar(time_left=False) as (_, tell):
        for film, output in jobs:
            try:
                _color(film, output, request, colorizer, tell, several)
            except TinctError as error:
                if not several:
                    raise
                failed += 1
                typer.echo(f"tinct: {printable(with_remedy(error))}", err=True)
    if failed:
        typer.echo(f"tinct: {len(jobs) - failed} colored; {failed} of {len(jobs)} films failed.", err=True)
        raise typer.Exit(PARTLY_FAILED)


def _jobs(paths: Sequence[Path], request: Request, several: bool) -> list[tuple[Path, Path]]:
    """Each film, and its output. Raises FilmError if two would be the same file, or one file is meant for several."""
    output = _output_folder(request.output) if several and request.output is not None else request.output
    jobs: dict[Path, Path] = {}
    for found in find_films(paths):
        target = film_output(found.path, output, found.below, codec=request.codec, preview=request.preview)
        if target in jobs:
            one, other = printable(jobs[target]), printable(found.path)
            raise FilmError(
                f"{one} and {other} would both become {printable(target)}. Color them into folders of their own with -o."
            )
        jobs[target] = found.path
    return [(film, target) for target, film in jobs.items()]


def _output_folder(output: str) -> str:
    """The folder for several results, with a separator at its end. Raises FilmError if a file is named."""
    if not is_folder(output) and (os.path.lexists(output) or Path(output).suffix.lower() in FILM_SUFFIXES):
        raise FilmError(
            f"{printable(output)} is one file, and there are several films. Name a folder with -o, or end its name with a slash."
        )
    return output.rstrip("/") + "/"


def _color(film: Path, output: Path, request: Request, colorizer: Colorizer, tell: Tell, several: bool) -> None:
    name = printable(film.name)
    tell(f"opening {name}", 0, 0)
    opened = Film(film)
    edit, notes = request.edit_of(film)
    if request.output is not None and (several or is_folder(request.output)):
        with system_errors(output.parent):
            output.parent.mkdir(parents=True, exist_ok=True)
    result = opened.colorize(
        output,
        edit,
        colorizer=colorizer,
        encoding=request.encoding(output),
        start=request.start,
        end=request.end,
        every=request.every,
        threads=request.threads,
        overwrite=request.overwrite,
        fresh=request.fresh,
        progress=Follower(tell, name),
    )
    if result.resumed:
        notes = [*notes, f"{name}: went on after {result.resumed:,} frames of an interrupted run."]
    for note in (*notes, *result.notes):
        typer.echo(f"tinct: {printable(note)}", err=True)
    typer.echo(result.path if str(result.path).isprintable() else os.fsencode(result.path))  # a script needs the bytes


def write_keyframes(paths: Sequence[Path], output: str | None, count: int) -> None:
    """Write the most telling frames of films, to be colored by hand, and print the names of the files.

    Args:
        paths: films, or folders of films.
        output: folder; None for that of the film.
        count: number of frames of each film.

    Raises:
        FilmError: a film can't be read, or a file can't be written.
    """
    if output is not None and os.path.isfile(output):  # noqa: PTH113
        raise FilmError(f"{printable(output)} is a file, and several are written. Name a folder with -o.")
    with stopping("the pictures written so far are whole"), progress_bar(time_left=False) as (_, tell):
        for found in find_films(paths):
            _write_frames(found, output, count, tell)


def _write_frames(found: FoundFilm, output: str | None, count: int, tell: Tell) -> None:
    film = found.path
    folder = film.parent if output is None else Path(output) / found.below
    written = write_frames(Film(film), count, folder, stem=film_stem(film), progress=Follower(tell, printable(film.name)))
    for path in (*written.written, written.edit):
        typer.echo(path)
    for path in written.kept:
        typer.echo(f"tinct: {printable(path)} was there already, and is kept.", err=True)
