"""How the photographs of a collection are spread: over processes of this machine, or over many machines."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Protocol

from .._util.processes import Call, call_in_processes
from ..errors import DeviceError
from .ledger import Entry
from .work import Job, Settings, color_file, failed

__all__ = ["Engine", "LocalEngine"]

_MIN_PHOTOS_A_PROCESS = 4
"""Fewer photographs are colored sooner by this process: another one takes a second to start."""


class Engine(Protocol):
    """Colors photographs."""

    def run(self, jobs: Iterable[Job], settings: Settings) -> Iterator[Entry]:
        """Color photographs, and yield what came of each, in any order. `jobs` is read only a little ahead.

        Raises:
            PhotoError: the disk is full; code `work.DISK_FULL`. The photographs that are being colored are finished first or dropped.
            WeightsError: there is no such model.
            DeviceError: the device isn't available, or machines were lost.
        """


class LocalEngine:
    """Several processes of this machine, each with one photograph at a time: decoding, network and encoding of different photographs
    overlap, and all cores are busy.

    Args:
        jobs: number of processes; 0 for one a core.
    """

    def __init__(self, jobs: int = 0) -> None:
        self.jobs = jobs or os.cpu_count() or 1

    def run(self, jobs: Iterable[Job], settings: Settings) -> Iterator[Entry]:
        waiting = iter(jobs)
        few = _MIN_PHOTOS_A_PROCESS * min(self.jobs, 2)
        first = list(islice(waiting, few))
        if self.jobs == 1 or len(first) < few:
            for job in chain(first, waiting):
                yield color_file(job, settings)
            return
        yield from self._in_processes(chain(first, waiting), settings)

    def _in_processes(self, jobs: Iterator[Job], settings: Settings) -> Iterator[Entry]:
        taken: dict[int, Job] = {}

        def calls() -> Iterator[Call]:
            for number, job in enumerate(jobs):
                taken[number] = job
                yield color_file, (job, settings)

        while True:
            ended = False
            try:
                for number, entry in call_in_processes(calls(), self.jobs, ahead=2 * self.jobs):
                    del taken[number]
                    yield entry
                ended = True
            except DeviceError as error:
                if error.code != "process-killed":
                    raise
            suspects, taken = list(taken.values()), {}
            for job in suspects:  # one of them may have taken too much memory: each alone, in a process of its own
                yield _alone(job, settings)
            if ended:
                return


def _alone(job: Job, settings: Settings) -> Entry:
    try:
        ((_, entry),) = call_in_processes([(color_file, (job, settings))], 1)
        assert isinstance(entry, Entry)
        return entry
    except DeviceError as error:
        if error.code != "process-killed":
            raise
        return failed(job, f"{job.input}: the process that colored it was killed, most often for lack of memory.", "process-killed")
