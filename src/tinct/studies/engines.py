"""Where the runs of a study happen: in this process, in several on this machine, or on a Ray cluster.

An engine takes calls and gives back what came of each as it comes, so the rest of a study doesn't know where it runs.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from .._util.processes import Call, call_in_processes
from ..errors import ConfigError, DeviceError, TinctError, nearest

__all__ = ["ENGINES", "Call", "Engine", "Here", "Processes", "Ray", "make_engine", "threads_for"]

Outcome = Any
"""What the call returned, or the TinctError that it raised."""
POLL = 0.5
"""Seconds between two looks at how far the calls are."""


class Engine(Protocol):
    """What runs calls."""

    def run(self, calls: Sequence[Call], look: Callable[[], None]) -> Iterator[tuple[int, Outcome]]:
        """(number of the call, what came of it) of each, as they come; `look` is called every half a second meanwhile.

        Raises:
            DeviceError: a worker was killed from outside.
        """


class Here:
    """One call after the other, in this process."""

    def run(self, calls: Sequence[Call], look: Callable[[], None]) -> Iterator[tuple[int, Outcome]]:
        over = threading.Event()

        def watch() -> None:
            while not over.wait(POLL):
                look()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            for number, (function, arguments) in enumerate(calls):
                yield number, _outcome(function, arguments)
        finally:
            over.set()
            watcher.join()


class Processes:
    """Several at once on this machine, each process on its share of the cores. Interrupted, runs under way leave a checkpoint."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def run(self, calls: Sequence[Call], look: Callable[[], None]) -> Iterator[tuple[int, Outcome]]:
        caught = [(_outcome, call) for call in calls]
        cure = "Go on with fewer at once: --jobs 1"
        yield from call_in_processes(caught, self.jobs, threads=threads_for(self.jobs), look=look, cure=cure)


class Ray:
    """On a Ray cluster, whose machines must see the study's folder and the pictures under the same paths."""

    def __init__(self, jobs: int) -> None:
        self.threads = threads_for(jobs)
        try:
            import ray
        except ModuleNotFoundError as error:
            raise ConfigError(
                "The engine ray needs Ray. To install it, in a clone of tinct: pip install -c constraints.txt '.[scale]'"
            ) from error
        self.ray: Any = ray

    def run(self, calls: Sequence[Call], look: Callable[[], None]) -> Iterator[tuple[int, Outcome]]:
        if not self.ray.is_initialized():
            self.ray.init(address=os.environ.get("RAY_ADDRESS"), log_to_driver=False, include_dashboard=False)
        remote = self.ray.remote(num_cpus=self.threads, max_retries=0)(_outcome)
        waiting = {remote.remote(function, arguments): number for number, (function, arguments) in enumerate(calls)}
        try:
            while waiting:
                done, _ = self.ray.wait(list(waiting), timeout=POLL)
                look()
                for reference in done:
                    yield waiting.pop(reference), self.ray.get(reference)
        except self.ray.exceptions.RayError as error:
            raise DeviceError(
                f"A run on Ray ended before its time: {str(error).splitlines()[0]}. Start the study again."
            ) from error
        finally:
            for reference in waiting:
                self.ray.cancel(reference)


ENGINES = ("local", "ray")


def make_engine(name: str, jobs: int) -> Engine:
    """Raises ConfigError where the engine isn't there."""
    if name not in ENGINES:
        raise ConfigError(f"There is no engine {name!r}{nearest(name, ENGINES)}. Known: {', '.join(ENGINES)}.")
    if name == "ray":
        return Ray(jobs)
    return Processes(jobs) if jobs > 1 else Here()


def threads_for(jobs: int) -> int:
    """Cores for each of so many jobs."""
    return max(1, (os.cpu_count() or 1) // jobs)


def _outcome(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Outcome:
    try:
        return function(*arguments)
    except TinctError as error:
        return error
