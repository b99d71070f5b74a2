"""Where the runs of a study happen: in this process, in several on this machine, or on a Ray cluster.

An engine takes calls and yields their results as they end; nothing else in a study knows where its runs happen.
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
LOOK_SECONDS = 0.5
"""Seconds between two calls of `look`."""
PRELOAD = ("numpy", "scipy.sparse.linalg", "torch", "lightning_fabric", "torch.utils.tensorboard", "kornia")
"""What takes seconds to import in every worker. None of it starts a thread, or CUDA, when imported."""


class Engine(Protocol):
    """Runs calls."""

    def run(self, calls: Sequence[Call], look: Callable[[], None]) -> Iterator[tuple[int, Outcome]]:
        """Yield (number of the call, outcome) in the order in which calls end; `look` is called every half a second meanwhile.

        Raises:
            DeviceError: a worker was killed from outside.
        """


class Here:
    """One call after the other, in this process."""

    def run(self, calls: Sequence[Call], look: Callable[[], None]) -> Iterator[tuple[int, Outcome]]:
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(LOOK_SECONDS):
                look()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            for number, (function, arguments) in enumerate(calls):
                yield number, _outcome(function, arguments)
        finally:
            ended.set()
            watcher.join()


class Processes:
    """Several calls at once on this machine, each process with its share of the cores. Interrupted training runs write checkpoints."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def run(self, calls: Sequence[Call], look: Callable[[], None]) -> Iterator[tuple[int, Outcome]]:
        yield from call_in_processes(
            [(_outcome, call) for call in calls],
            self.jobs,
            threads=threads_for(self.jobs),
            preload=PRELOAD,
            look=look,
            code="study-process-killed",
        )


class Ray:
    """On a Ray cluster. All its machines must see the study's folder and the pictures under the same paths.

    Raises:
        ConfigError: Ray is not installed; code ``"ray-missing"``.
    """

    def __init__(self, jobs: int) -> None:
        self.threads = threads_for(jobs)
        try:
            import ray
        except ModuleNotFoundError as error:
            raise ConfigError("The engine ray needs the package ray, which is not installed.", code="ray-missing") from error
        self.ray: Any = ray

    def run(self, calls: Sequence[Call], look: Callable[[], None]) -> Iterator[tuple[int, Outcome]]:
        if not self.ray.is_initialized():
            self.ray.init(address=os.environ.get("RAY_ADDRESS"), log_to_driver=False, include_dashboard=False)
        remote = self.ray.remote(num_cpus=self.threads, max_retries=0)(_outcome)
        waiting = {remote.remote(function, arguments): number for number, (function, arguments) in enumerate(calls)}
        try:
            while waiting:
                done, _ = self.ray.wait(list(waiting), timeout=LOOK_SECONDS)
                look()
                for reference in done:
                    yield waiting.pop(reference), self.ray.get(reference)
        except self.ray.exceptions.RayTaskError:
            raise  # a bug in the worker, with its traceback
        except self.ray.exceptions.RayError as error:
            raise DeviceError(
                f"Ray lost a run: {str(error).splitlines()[0]}. The study continues from checkpoints when it is started again."
            ) from error
        finally:
            for reference in waiting:
                self.ray.cancel(reference)


ENGINES = ("local", "ray")


def make_engine(name: str, jobs: int) -> Engine:
    """The engine of that name, one of `ENGINES`. Raises ConfigError where it is unknown or not installed."""
    if name not in ENGINES:
        raise ConfigError(f"There is no engine {name!r}{nearest(name, ENGINES)}. Known: {', '.join(ENGINES)}.")
    if name == "ray":
        return Ray(jobs)
    return Processes(jobs) if jobs > 1 else Here()


def threads_for(jobs: int) -> int:
    """Processor threads for each of this many jobs: an equal share of the cores, at least one."""
    return max(1, (os.cpu_count() or 1) // jobs)


def _outcome(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Outcome:
    try:
        return function(*arguments)
    except TinctError as error:
        return error
