"""Coloring what arrives in a folder, such as a scanner's, until it is stopped."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

from .._util.files import absolute
from .engines import Engine
from .ledger import Entry, Ledger
from .plan import Collection, Planned
from .run import color_collection

__all__ = ["POLL_SECONDS", "watch"]

POLL_SECONDS = 2.0
"""Between two looks. Looking works on network drives, too, which don't report changes."""


class _Settled(Collection):
    """A collection without the files that are still being written: a photograph is taken when it was the same in two looks."""

    _before: dict[str, tuple[int, int]]

    def __iter__(self) -> Iterator[Planned]:
        now: dict[str, tuple[int, int]] = {}
        before = getattr(self, "_before", {})
        for planned in super().__iter__():
            path = absolute(planned.job.input)
            try:
                status = os.stat(path)  # noqa: PTH116
            except OSError:  # gone again
                continue
            now[path] = status.st_size, status.st_mtime_ns
            if before.get(path) == now[path] and status.st_size:
                yield planned
        self._before = now


def watch(
    make: Callable[[type[Collection]], Collection], engine: Engine, ledger: Ledger, wait: Callable[[float], object] | None = None
) -> Iterator[Entry]:
    """Color the photographs of a collection, then those that arrive, without an end.

    A photograph that failed is tried again when its file has changed.

    Args:
        make: the collection, of the class that it is given.
        engine: how the work is spread.
        ledger: the collection's own.
        wait: sleeps for so many seconds between two looks; `time.sleep` by default.

    Yields and raises as `color_collection`.
    """
    collection = make(_Settled)
    while True:
        yield from color_collection(collection, engine, ledger)
        (wait or time.sleep)(POLL_SECONDS)
