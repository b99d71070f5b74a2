"""The measuring, spread over processes: each with its own models on one thread, and each seeing one picture at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._util.processes import call_in_processes
from ..coloring.colorizer import Colorizer
from .measure import Measurer, Task
from .picture_sets import open_pixels
from .protocol import Protocol

__all__ = ["Job", "results_path", "run"]


@dataclass(frozen=True)
class Job:
    """What every process needs."""

    model: str
    baselines: tuple[str, ...]
    protocol: Protocol
    mean_ab: tuple[float, float]
    pixels: tuple[Path, ...]
    """The pictures of each set."""
    keep: bool = False
    """Whether the colored pictures are kept, in files that lie ready beside those of `pixels`."""


def run(job: Job, tasks: list[Task], workers: int) -> Iterator[tuple[Task, Any]]:
    """The result of every task, as they come: a row of figures, or the headings and pictures of a strip.

    With one worker all happens in this process. Ctrl-C ends the others.

    Raises:
        DeviceError: a process was killed from outside.
        TinctError: as the models do.
    """
    if workers <= 1:
        _start(job)
        yield from ((task, _work(task)) for task in tasks)
        return
    cure = "Measure with fewer processes: --workers 1"
    for number, result in call_in_processes([(_work, (task,)) for task in tasks], workers, start=(_start, (job,)), cure=cure):
        yield tasks[number], result


# ---- in each process ------------------------------------------------------------------------------------------------------------

_measurer: Measurer
_job: Job


def _start(job: Job) -> None:
    global _measurer, _job
    colorizers = {name: Colorizer(name, threads=1) for name in job.baselines}
    _job, _measurer = job, Measurer(Colorizer(job.model, threads=1), colorizers, job.protocol, job.mean_ab, job.keep)


def _work(task: Task) -> Any:
    side = _job.protocol.side
    real = open_pixels(_job.pixels[task.set], side)[task.picture].copy()
    if task.strip:
        return _measurer.strip(real, task.name)
    row = _measurer.measure(real, task.name, task.parts)
    for method, picture in row.pop("pictures", {}).items():
        open_pixels(results_path(_job.pixels[task.set], method), side, "r+")[task.picture] = picture
    return row


def results_path(pixels: Path, method: str) -> Path:
    """Where one method's colored pictures are kept."""
    return pixels.with_name(f"{pixels.stem} by {method}.u8")
