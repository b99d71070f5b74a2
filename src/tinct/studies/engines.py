"""Where the runs of a study happen: in this process, in several on this machine, or on a Ray cluster.

An engine takes calls and gives back what came of each as it comes, so the rest of a study doesn't know where it runs.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Protocol

from .._processes import deaf_to_interrupts, threads_each
from ..errors import ConfigError, DeviceError, TinctError, nearest

__all__ = ["ENGINES", "Call", "Engine", "Here", "Processes", "Ray", "make_engine", "threads_for"]

Call = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function of a module, and its arguments."""
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
    """Several at once on this machine, each process on its share of the cores.

    They are spawned, not forked: libvips doesn't survive a fork. When the study is interrupted they are asked to stop, and a run
    that is under way leaves a checkpoint.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def run(self, calls: Sequence[Call], look: Callable[[], None]) -> Iterator[tuple[int, Outcome]]:
        if not calls:
            return
        pool = ProcessPoolExecutor(min(self.jobs, len(calls)), multiprocessing.get_context("spawn"), _end_with_parent)
        before = set(multiprocessing.active_children())
        waiting: dict[Future[Any], int] = {}
        started: set[Any] = set()
        try:
            with threads_each(threads_for(self.jobs)), deaf_to_interrupts():  # what starts here inherits both
                for number, (function, arguments) in enumerate(calls):
                    waiting[pool.submit(_in_worker, function, arguments)] = number
                started = set(multiprocessing.active_children()) - before
            while waiting:
                done, _ = wait(waiting, POLL, FIRST_COMPLETED)
                look()
                for future in done:
                    yield waiting.pop(future), future.result()
        except BrokenProcessPool as error:
            raise DeviceError(
                "A process that trained was killed, most often for want of memory. Go on with fewer at once: --jobs 1"
            ) from error
        except BaseException:
            for process in started:
                process.terminate()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


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


def _in_worker(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Outcome:
    """A worker that was asked to stop doesn't take up the next call."""
    try:
        return _outcome(function, arguments)
    except KeyboardInterrupt:
        os._exit(1)


def _end_with_parent() -> None:
    """A worker whose study was killed must not go on writing into a run that the next start of the study takes up."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
