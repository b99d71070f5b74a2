"""Many photographs on the command line: folders, plans, progress, what failed, and the summary at the end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from ..errors import HintError, PhotoError
from ._progress import PARTLY_FAILED, Tell, progress_bar, stopping
from ._results import output_folder
from .remedies import with_remedy

if TYPE_CHECKING:
    from ..collection import Collection, Counts, Engine, Entry, Ledger, Settings

__all__ = ["Request", "Spread", "color_many"]

_MAX_NAMED = 3
"""Skipped files whose names are told."""


@dataclass(frozen=True)
class Request:
    """What is to be colored, and how."""

    photos: Sequence[Path]
    output: str | None
    settings: Settings
    reserved: Sequence[Path]
    """Files that no result may replace."""
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    fresh: bool
    keep: bool

    def parts(self) -> Iterator[tuple[list[Path], Path | None]]:
        """Photographs, and the folder of their ledger; without an output folder each folder has its own, and single files have none."""
        if self.output is not None:
            yield list(self.photos), output_folder(self.output)
            return
        folders = [photo for photo in self.photos if os.path.isdir(photo)]  # noqa: PTH112
        if named := [photo for photo in self.photos if photo not in folders]:
            yield named, None
        for folder in folders:
            yield [folder], folder


class Spread(NamedTuple):
    """How the work is spread."""

    jobs: int

    def engine(self) -> Engine:
        from ..collection import LocalEngine

        return LocalEngine(self.jobs)


class _Totals:
    """What came of all photographs."""

    def __init__(self) -> None:
        self.found, self.done, self.made, self.failed = 0, 0, 0, 0
        self.skipped: list[str] = []
        self.passed_over: dict[str, int] = {}

    def add(self, counts: Counts) -> None:
        self.found += counts.found
        self.done += counts.done
        for reason, number in counts.passed_over.items():
            self.passed_over[reason] = self.passed_over.get(reason, 0) + number


def color_many(request: Request, spread: Spread, *, dry_run: bool, watch: bool) -> None:
    """Color photographs; a photograph that fails is a line on standard error, and the others go on. Raises Exit, TinctError."""
    totals, engine = _Totals(), spread.engine()
    with stopping("the same command continues"), progress_bar() as (_, tell):
        for photos, folder in request.parts():
            if dry_run:
                _tell_plan(_collection(request, photos, folder, _read_ledger(folder)), engine, tell)
                continue
            with _ledger(folder, request.fresh) as ledger:
                _color(request, photos, folder, ledger, engine, tell, totals, watch)
    if not dry_run:
        _tell_totals(totals)
    if totals.failed:
        raise typer.Exit(PARTLY_FAILED)


def _color(
    request: Request,
    photos: list[Path],
    folder: Path | None,
    ledger: Ledger | None,
    engine: Engine,
    tell: Tell,
    totals: _Totals,
    watch: bool,
) -> None:
    """One collection: count, color, and sum up."""
    from ..collection import color_collection, write_summary
    from ..collection.watching import watch as watched

    def make(kind: type[Collection]) -> Collection:
        return _collection(request, photos, folder, ledger, kind)

    if watch:
        if ledger is None:
            raise typer.BadParameter("watching needs a folder", param_hint="'--watch'")
        for entry in watched(make, engine, ledger):
            _tell_entry(entry, totals)
        return
    collection = _counted(request, make, tell)
    total, started = collection.counts.to_do, time.monotonic()
    tell("coloring", 0, total)
    for number, entry in enumerate(color_collection(collection, engine, ledger), 1):
        _tell_entry(entry, totals)
        tell("coloring", number, total)
    for error in collection.errors:
        typer.echo(f"tinct: {error}", err=True)
    for photo, path, usual in collection.renamed:
        typer.echo(f"tinct: {_shown(photo)} becomes {_shown(path.name)}, as another photograph has {_shown(usual.name)}.", err=True)
    totals.skipped += map(str, collection.finder.results)
    totals.add(collection.counts)
    totals.failed += len(collection.errors)
    if ledger is not None and len(ledger):
        tell("writing the summary", 0, 0)
        write_summary(ledger, collection.counts, collection.renamed, time.monotonic() - started, sheet=request.output is not None)


def _collection(
    request: Request, photos: list[Path], folder: Path | None, ledger: Ledger | None, kind: type[Collection] | None = None
) -> Collection:
    from ..collection import Collection

    return (kind or Collection)(
        photos,
        folder if request.output is not None else None,
        request.settings,
        ledger,
        include=request.include,
        exclude=request.exclude,
        keep=request.keep,
        reserved=request.reserved,
        retry=kind in (None, Collection),
    )


def _counted(request: Request, make: Callable[[type[Collection]], Collection], tell: Tell) -> Collection:
    """A collection whose photographs were counted. Raises PhotoError if there are none, HintError if hints have several to choose from."""
    from ..collection import Collection
    from ..photo import READABLE_SUFFIXES

    collection = make(Collection)
    for number, _ in enumerate(collection, 1):
        if number % 100 == 0:
            tell("looking for photographs", number, 0)
    if not (collection.counts.found or collection.errors or collection.finder.results):
        roots, passed = ", ".join(map(_shown, request.photos)), _passed_over(collection.counts.passed_over)
        raise PhotoError(
            f"{roots} holds no photographs ({', '.join(sorted(READABLE_SUFFIXES))}){passed and f'; {passed}'}. Name a folder that does."
        )
    if request.settings.edit.hints and collection.counts.found > 1:
        raise HintError(f"Hints belong to one photograph, and there are {collection.counts.found}. Color it by itself.")
    return collection


@contextmanager
def _ledger(folder: Path | None, fresh: bool) -> Iterator[Ledger | None]:
    from ..collection import Ledger

    if folder is None:
        yield None
        return
    with Ledger.opened(folder, fresh=fresh) as ledger:
        yield ledger


def _read_ledger(folder: Path | None) -> Ledger | None:
    from ..collection import Ledger

    return None if folder is None else Ledger.read(folder)


def _tell_entry(entry: Entry, totals: _Totals) -> None:
    """Results on standard output; notes and failures on standard error."""
    if entry.status == "skipped":
        totals.skipped.append(entry.input)
    elif entry.status == "failed":
        totals.failed += 1
        typer.echo(f"tinct: {_shown(with_remedy(PhotoError(entry.reason, code=entry.code, **entry.details)))}", err=True)
    else:
        totals.made += entry.made
        totals.done += not entry.made
        for output in entry.outputs if entry.made else ():
            typer.echo(_shown(output.path))
        for note in entry.notes if entry.made else ():
            typer.echo(f"tinct: {_shown(note)}", err=True)


def _tell_totals(totals: _Totals) -> None:
    """One line: how many photographs were colored, done, failed and passed over."""
    if totals.skipped:
        named = ", ".join(map(_shown, totals.skipped[:_MAX_NAMED])) + ", …" * (len(totals.skipped) > _MAX_NAMED)
        number = len(totals.skipped)
        which = f"{named}, which tinct made" if number == 1 else f"{number} files that tinct made: {named}"
        typer.echo(f"tinct: skipped {which}. --recolor colors such files again.", err=True)
    parts = [f"{totals.done:,} {'was' if totals.done == 1 else 'were'} done before"] if totals.done else []
    if totals.failed:
        parts.append(f"{totals.failed} of {totals.found} photographs failed")
    if passed := _passed_over(totals.passed_over):
        parts.append(passed)
    if parts:
        typer.echo(f"tinct: {totals.made:,} colored; {'; '.join(parts)}.", err=True)


def _passed_over(reasons: dict[str, int]) -> str:
    """``passed over: 3 GIF, 1 hidden``; empty if there are none."""
    listed = ", ".join(f"{number:,} {reason}" for reason, number in sorted(reasons.items()))
    return f"passed over: {listed}" if listed else ""


def _tell_plan(collection: Collection, engine: Engine, tell: Tell) -> None:
    """What ``--dry-run`` says, on standard output."""
    from .._util.words import byte_size, duration
    from ..collection import estimate

    found = estimate(collection, tell)
    counts = found.counts
    typer.echo(f"{counts.found:,} photographs, {counts.done:,} done, {counts.to_do:,} to color ({byte_size(counts.bytes)})")
    if counts.with_edit:
        typer.echo(f"{counts.with_edit:,} with an edit of their own")
    if passed := _passed_over(counts.passed_over):
        typer.echo(passed)
    for error in collection.errors:
        typer.echo(f"tinct: {error}", err=True)
    if found.samples:
        jobs = getattr(engine, "jobs", 1)
        processes = f"{jobs} process{'es' if jobs > 1 else ''}"
        typer.echo(f"about {duration(found.seconds / jobs)} with {processes}, by {found.samples} samples")
        typer.echo(f"about {byte_size(found.bytes)} of disk, of which {byte_size(found.free)} are free")
        if found.bytes > found.free:
            typer.echo("tinct: the disk is too small for all results.", err=True)


def _shown(text: object) -> str:
    """Fit to be printed: bytes of names that aren't UTF-8 become U+FFFD."""
    return str(text).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
