"""Coloring a collection: the plan through an engine into the ledger."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ..errors import PhotoError
from .engines import Engine
from .ledger import Entry, Ledger
from .plan import Collection
from .storage import Places
from .work import DISK_FULL, Job

__all__ = ["color_collection"]


def color_collection(collection: Collection, engine: Engine, ledger: Ledger | None = None) -> Iterator[Entry]:
    """Color what is left to do of a collection, and write the ledger.

    Args:
        collection: the photographs.
        engine: how the work is spread.
        ledger: the collection's own; None for none.

    Yields:
        What came of each photograph, as soon as the ledger has it. A photograph that can't be colored is an entry with the reason.

    Raises:
        PhotoError: the disk is full (code ``"disk-full"``): what is written is in the ledger, and another run continues.
        WeightsError: there is no such model.
        DeviceError: the device isn't available.
    """
    unusable: list[Entry] = []

    def jobs() -> Iterator[Job]:
        for job, error in collection:
            if error is None:
                yield _with_places(job, collection.places)
            else:
                unusable.append(error)

    def recorded(entry: Entry) -> Entry:
        if ledger is not None and entry.status != "skipped":
            with _ledger_errors(ledger):
                ledger.append(entry)
        return entry

    if ledger is not None and not (collection.keeps and ledger.weights):
        with _ledger_errors(ledger):
            ledger.begin(collection.model, collection.weights)
    for entry in engine.run(jobs(), collection.settings):
        while unusable:
            yield recorded(unusable.pop(0))
        yield recorded(entry)
    while unusable:
        yield recorded(unusable.pop(0))


def _with_places(job: Job, places: Places) -> Job:
    """The job as a worker needs it, which doesn't see the mirrors of URLs."""
    if not places.pairs:
        return job
    return replace(job, places=places, mtime_ns=job.input.stat().st_mtime_ns)


@contextmanager
def _ledger_errors(ledger: Ledger) -> Iterator[None]:
    """Turn an OSError of writing the ledger into a PhotoError."""
    try:
        yield
    except OSError as error:
        code = DISK_FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else "cannot-write"
        raise PhotoError(f"{ledger.folder}: the ledger can't be written ({error.strerror or error})", code=code) from error
