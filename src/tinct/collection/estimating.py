"""How long a collection will take, and how much disk: a few of its photographs are colored, and the rest is arithmetic."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import TinctError
from .plan import Collection, Counts
from .work import Job, color_photo, colorizer_of

__all__ = ["Estimate", "estimate"]

SAMPLES = 5
"""Photographs that are colored."""


@dataclass(frozen=True)
class Estimate:
    """What coloring a collection will cost."""

    counts: Counts
    seconds: float
    """With one process."""
    bytes: int
    """Of all outputs."""
    free: int
    """Bytes of free disk where the outputs go."""
    samples: int
    """Photographs that were colored for it; 0 if there is nothing to do, or none of them could be colored."""


def estimate(collection: Collection, tell: Callable[[str, float, float], None] = lambda what, done, total: None) -> Estimate:
    """Color `SAMPLES` photographs of a collection, chosen at random, into a temporary folder; extrapolate time by their number, and disk
    by the bytes of their files.

    Args:
        collection: the photographs; those that are done don't count.
        tell: called with a description, the number of samples done, and their total.

    Raises:
        WeightsError: there is no such model.
        DeviceError: the device isn't available.
    """
    chosen: list[Job] = []
    choice = random.Random(0)
    for number, (job, error) in enumerate(collection):  # reservoir sampling
        if error is None:
            if len(chosen) < SAMPLES:
                chosen.append(job)
            elif (place := choice.randrange(number + 1)) < SAMPLES:
                chosen[place] = job
    counts, settings = collection.counts, collection.settings
    colorizer = colorizer_of(settings.model, settings.device, settings.threads, settings.precision)
    seconds, read, written, samples = 0.0, 0, 0, 0
    for number, job in enumerate(chosen):
        tell("coloring samples", number, len(chosen))
        with tempfile.TemporaryDirectory() as folder:
            outputs = tuple({kind: Path(folder) / path.name for kind, path in paths.items()} for paths in job.outputs)
            started = time.perf_counter()
            try:
                entry = color_photo(replace(job, outputs=outputs, ours=(), sidecars=()), settings, colorizer)
            except (TinctError, OSError):  # it will fail in the run, too
                continue
            seconds += time.perf_counter() - started
            read, written, samples = read + entry.bytes, written + sum(output.bytes for output in entry.outputs), samples + 1
    return Estimate(
        counts,
        seconds=seconds / samples * counts.to_do if samples else 0.0,
        bytes=round(written / read * counts.bytes) if read else 0,
        free=shutil.disk_usage(_existing(collection.output or (chosen[0].input.parent if chosen else Path()))).free,
        samples=samples,
    )


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    return folder
