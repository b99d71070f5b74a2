"""Many photographs on the command line: folders, plans, progress, what failed, and the summary at the end."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from ..errors import HintError, PhotoError, TinctError
from ._progress import PARTLY_FAILED, Tell, progress_bar, stopping
from ._results import output_folder
from .remedies import printable, with_remedy

if TYPE_CHECKING:
    from ..collection import Collection, Counts, Engine, Entry, Ledger, Settings
    from ..collection.storage import Mirror, Places
    from ..coloring.edit import Edit

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
    series: bool
    places: Places
    """Which photographs, and whether the output folder, stand for URLs."""
    targets: Sequence[Mirror] = ()
    """URLs that results go into."""

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
    engine_name: str = "local"
    address: str | None = None

    def engine(self) -> Engine:
        from ..collection import LocalEngine, RayEngine

        if self.engine_name == "ray":
            return RayEngine(self.jobs, self.address)
        if self.address is not None:
            raise typer.BadParameter("an address is that of a Ray cluster; give --engine ray too", param_hint="'--address'")
        return LocalEngine(self.jobs)


class _Totals:
    """What came of all photographs."""

    def __init__(self) -> None:
        self.found, self.done, self.made, self.failed, self.unreadable = 0, 0, 0, 0, 0
        self.skipped: list[str] = []
        self.passed_over: dict[str, int] = {}

    def add(self, counts: Counts) -> None:
        self.found += counts.found
        self.done += counts.done
        for reason, number in counts.passed_over.items():
            self.passed_over[reason] = self.passed_over.get(reason, 0) + number


def color_many(request: Request, spread: Spread, *, dry_run: bool, watch: bool) -> None:
    """Color photographs; a photograph that fails is a line on standard error, and the others go on. Raises Exit, TinctError."""
    if watch and request.series:
        raise typer.BadParameter("a series needs all photographs at once; leave out --watch", param_hint="'--series'")
    if request.places.pairs and (watch or request.series):
        raise typer.BadParameter("a URL can't be watched, nor its photographs be made to agree", param_hint="'PHOTO'")
    totals, engine = _Totals(), spread.engine()
    with _with_urls(request.places), stopping("the same command continues"), progress_bar() as (_, tell):
        for photos, folder in request.parts():
            if dry_run:
                _tell_plan(_Part(request, photos, folder, _read_ledger(folder)).collection(), engine, tell)
                continue
            with _ledger(folder, request.fresh) as ledger:
                part = _Part(request, photos, folder, ledger)
                if watch:
                    part.watch(engine, totals)
                else:
                    part.color(engine, tell, totals)
    if not dry_run:
        _tell_totals(totals)
    if totals.failed or totals.unreadable:
        raise typer.Exit(PARTLY_FAILED)


@dataclass(frozen=True)
class _Part:
    """Photographs with one ledger."""

    request: Request
    photos: list[Path]
    folder: Path | None
    """Of the ledger."""
    ledger: Ledger | None

    def collection(self, kind: type[Collection] | None = None, edits: Mapping[str, Edit] | None = None) -> Collection:
        """The photographs as a collection of this class.

        Args:
            kind: `Collection` unless given; another class doesn't try again what failed.
            edits: of a series.
        """
        from ..collection import Collection

        request = self.request
        collection = (kind or Collection)(
            self.photos,
            self.folder if request.output is not None else None,
            request.settings,
            self.ledger,
            include=request.include,
            exclude=request.exclude,
            keep=request.keep,
            reserved=request.reserved,
            edits=edits,
            retry=kind is None,
        )
        collection.places = request.places
        return collection

    def watch(self, engine: Engine, totals: _Totals) -> None:
        """Color what is there and what arrives, until Ctrl-C; then write the summary."""
        from ..collection.watching import watch

        if self.ledger is None:
            raise typer.BadParameter("watching needs a folder", param_hint="'--watch'")
        started = time.monotonic()
        try:
            for entry in watch(self.collection, engine, self.ledger):
                _tell_entry(entry, totals)
        finally:
            collection = self.collection()
            collection.survey()
            self._write_summary(collection, time.monotonic() - started)

    def color(self, engine: Engine, tell: Tell, totals: _Totals) -> None:
        """Count, color, tell what happened, and write the summary."""
        from ..collection import agreed_edits, color_collection
        from ..collection.summary import SUMMARY_NAME

        edits: dict[str, Edit] = {}
        if self.request.series:
            edits = agreed_edits(self.collection(), self.folder, lambda done, total: tell("comparing photographs", done, total))
        collection, number, started = self.collection(edits=edits), 0, time.monotonic()
        _count(self.request, collection, tell)
        total = collection.counts.to_do
        tell("coloring", 0, total)
        for number, entry in enumerate(color_collection(collection, engine, self.ledger), 1):
            _tell_entry(self.request.places.entry(entry), totals)
            for target in self.request.targets:
                target.note(entry)
                target.save_ledger(self.request.places)
            tell("coloring", number, total)
        for error in collection.errors:
            typer.echo(f"tinct: {printable(error)}", err=True)
        for photo, path, usual in collection.renamed:
            new, other = printable(path.name), printable(usual.name)
            typer.echo(
                f"tinct: {printable(self.request.places.shown(str(photo)))} becomes {new}, as another photograph has {other}.",
                err=True,
            )
        totals.skipped += [self.request.places.shown(str(path)) for path in collection.finder.results]
        totals.add(collection.counts)
        totals.unreadable += len(collection.errors)
        if self.folder is not None and not self.request.targets and (number or not (self.folder / SUMMARY_NAME).exists()):
            tell("writing the summary", 0, 0)
            self._write_summary(collection, time.monotonic() - started)

    def _write_summary(self, collection: Collection, seconds: float) -> None:
        from ..collection import write_summary

        if self.ledger is not None and len(self.ledger):
            sheet = self.request.output is not None
            write_summary(self.ledger, collection.counts, collection.renamed, seconds, sheet=sheet)


def _count(request: Request, collection: Collection, tell: Tell) -> None:
    """Count what there is to do. Raises PhotoError if there are no photographs, HintError if hints have several to choose from."""
    from ..photo import READABLE_SUFFIXES

    for number, _ in enumerate(collection, 1):
        if number % 100 == 0:
            tell("looking for photographs", number, 0)
    if not (collection.counts.found or collection.errors or collection.finder.results):
        roots, passed = ", ".join(map(printable, request.photos)), _passed_over(collection.counts.passed_over)
        raise PhotoError(
            f"{roots} holds no photographs ({', '.join(sorted(READABLE_SUFFIXES))}){passed and f'; {passed}'}. Name a folder that does."
        )
    if request.settings.edit.hints and collection.counts.found > 1:
        raise HintError(f"Hints belong to one photograph, and there are {collection.counts.found}. Color it by itself.")


@contextmanager
def _with_urls(places: Places) -> Iterator[None]:
    """Errors inside the block name URLs, not the folders that stand for them."""
    try:
        yield
    except TinctError as error:
        if not places.pairs:
            raise
        raise type(error)(places.shown(str(error)), code=error.code, **error.details) from error


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
        typer.echo(f"tinct: {printable(with_remedy(PhotoError(entry.reason, code=entry.code, **entry.details)))}", err=True)
    else:
        totals.made += entry.made
        totals.done += not entry.made
        for output in entry.outputs if entry.made else ():
            typer.echo(output.path if output.path.isprintable() else os.fsencode(output.path))  # a script needs the bytes
        for note in entry.notes if entry.made else ():
            typer.echo(f"tinct: {printable(note)}", err=True)


def _tell_totals(totals: _Totals) -> None:
    """One line: how many photographs were colored, done, failed and passed over."""
    if totals.skipped:
        named = ", ".join(map(printable, totals.skipped[:_MAX_NAMED])) + ", …" * (len(totals.skipped) > _MAX_NAMED)
        number = len(totals.skipped)
        which = f"{named}, which tinct made" if number == 1 else f"{number} files that tinct made: {named}"
        typer.echo(f"tinct: skipped {which}. --recolor colors such files again.", err=True)
    parts = [f"{totals.done:,} {'was' if totals.done == 1 else 'were'} done before"] if totals.done else []
    if totals.failed:
        parts.append(f"{totals.failed} of {totals.found} photographs failed")
    if totals.unreadable:
        parts.append(f"{totals.unreadable} folder{'' if totals.unreadable == 1 else 's'} couldn't be read")
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
    typer.echo(
        f"{counts.found:,} photograph{'' if counts.found == 1 else 's'}, {counts.done:,} done, {counts.to_do:,} to color ({byte_size(counts.bytes)})"
    )
    if counts.with_edit:
        typer.echo(f"{counts.with_edit:,} with an edit of their own")
    if passed := _passed_over(counts.passed_over):
        typer.echo(passed)
    for error in collection.errors:
        typer.echo(f"tinct: {printable(str(error))}", err=True)
    if found.samples:
        jobs = getattr(engine, "jobs", 1)
        processes = f"{jobs} process{'es' if jobs > 1 else ''}"
        typer.echo(f"about {duration(found.seconds / jobs)} with {processes}, by {found.samples} samples")
        typer.echo(f"about {byte_size(found.bytes)} of disk, of which {byte_size(found.free)} are free")
        if found.bytes > found.free:
            typer.echo("tinct: the disk is too small for all results.", err=True)
