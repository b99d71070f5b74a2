"""Measuring in several processes: each loads the models for itself, on one thread, and measures one picture at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from .._util.processes import call_in_processes
from ..coloring.colorizer import Colorizer
from .measure import Measurer, Task
from .picture_sets import open_pixels
from .protocol import Protocol

__all__ = ["Job", "run"]

PRELOAD = ("numpy", "scipy.sparse.linalg", "scipy.ndimage", "skimage.color.delta_e", "skimage.metrics._structural_similarity")


@dataclass(frozen=True)
class Job:
    """What every process needs to measure pictures."""

    model: str
    baselines: tuple[str, ...]
    protocol: Protocol
    mean_ab: tuple[float, float]
    pixels: tuple[Path, ...]
    """File of the pictures of each set."""
    precision: str = "auto"
    """As `Colorizer` takes it."""

    def measurer(self) -> Measurer:
        """Load the models."""
        baselines = {name: Colorizer(name, threads=1) for name in self.baselines}
        colorizer = Colorizer(self.model, threads=1, precision=self.precision)
        return Measurer(colorizer, baselines, self.protocol, self.mean_ab)

    def measure(self, task: Task, measurer: Measurer) -> Any:
        """The figures of a picture; of a task with `strip`, its headings and pictures."""
        real = open_pixels(self.pixels[task.set], self.protocol.side)[task.picture].copy()
        return measurer.strip(real, task.name) if task.strip else measurer.measure(real, task.name, task.parts)


def run(job: Job, tasks: list[Task], workers: int) -> Iterator[tuple[Task, Any]]:
    """The result of every task, as `Job.measure` gives it, in the order in which they end.

    One worker is this process. Ctrl-C ends the others.

    Raises:
        DeviceError: a process was killed from outside; code ``"evaluation-process-killed"``.
        TinctError: a model can't be loaded, or can't color a picture.
    """
    if workers <= 1:
        measurer = job.measurer()
        yield from ((task, job.measure(task, measurer)) for task in tasks)
        return
    calls = [(_measure, (job, task)) for task in tasks]
    for number, result in call_in_processes(calls, workers, preload=PRELOAD, code="evaluation-process-killed"):
        yield tasks[number], result


# ---- in each process ------------------------------------------------------------------------------------------------------------


def _measure(job: Job, task: Task) -> Any:
    return job.measure(task, _measurer_of(job))


@lru_cache(maxsize=1)
def _measurer_of(job: Job) -> Measurer:
    """The models, loaded once in each process."""
    return job.measurer()
