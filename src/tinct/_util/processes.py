"""Calls spread over worker processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing.context import ForkServerContext, SpawnContext
from typing import Any

from ..errors import DeviceError

__all__ = ["Call", "call_in_processes"]

Call = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function that can be pickled (a module-level one), and its arguments."""
POLL_SECONDS = 0.5
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VIPS_CONCURRENCY")


def call_in_processes(
    calls: Iterable[Call],
    processes: int,
    *,
    threads: int = 1,
    preload: Sequence[str] = (),
    look: Callable[[], None] | None = None,
    code: str = "process-killed",
    ahead: int | None = None,
) -> Iterator[tuple[int, Any]]:
    """Yield (number of the call, its result) in the order in which calls end.

    Workers are forked from a fork server: a process of its own that has imported `preload` and nothing else, so that every worker
    starts with them loaded. Forking this process instead would break libvips and ONNX Runtime, which have threads here. macOS, whose
    system libraries don't survive a fork either, and Windows spawn workers.

    Workers ignore Ctrl-C. When this process is interrupted, they get SIGTERM; when it dies, they exit.

    Args:
        calls: an exception that one raises is raised here.
        processes: number of workers, at most.
        threads: processor threads of each worker's numerical libraries. (NumPy keeps to one if it is in `preload`.)
        preload: modules that workers need and that start no thread when they are imported; neither ``pyvips`` nor ``onnxruntime``.
            Only those of a program's first call count, as a program has one fork server.
        look: called in this process every `POLL_SECONDS`.
        code: code of the DeviceError.
        ahead: maximum number of calls that were taken from `calls` and haven't ended; None takes all at once.

    Raises:
        DeviceError: a worker was killed from outside.
    """
    setup = (dict(os.environ), threads)
    context = _context(preload)
    if isinstance(calls, Sized):
        processes = min(processes, len(calls))
    pool = ProcessPoolExecutor(max(1, processes), context, _begin, setup)
    before = set(multiprocessing.active_children())
    waiting: dict[Future[Any], int] = {}
    started: set[Any] = set()
    # A fork server must start no threads, so its libraries get one each; a spawned worker's get `threads`.
    inherited = threads if isinstance(context, SpawnContext) else 1
    numbered = enumerate(calls)

    def submit() -> None:
        """Take calls until `ahead` wait, or there are no more; workers start at their first call."""
        nonlocal started
        for number, call in islice(numbered, None if ahead is None else max(0, ahead - len(waiting))):
            with _environment(_thread_settings(inherited)), _ignoring_interrupts():
                waiting[pool.submit(_call, *call)] = number
            started |= set(multiprocessing.active_children()) - before

    try:
        submit()
        while waiting:
            done, _ = wait(waiting, POLL_SECONDS if look else None, FIRST_COMPLETED)
            if look:
                look()
            for future in done:
                yield waiting.pop(future), future.result()
            submit()
    except BrokenProcessPool as error:
        raise DeviceError("A worker process was killed, most often for lack of memory.", code=code) from error
    except BaseException:
        for process in started:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _context(preload: Sequence[str]) -> ForkServerContext | SpawnContext:
    if sys.platform == "darwin" or "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    return context


def _thread_settings(threads: int) -> dict[str, str]:
    return dict.fromkeys(THREAD_VARIABLES, str(threads))


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Processes that start inside the block inherit these environment variables."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    """Processes that start inside the block ignore Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set signal handlers
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# ---- in each worker -------------------------------------------------------------------------------------------------------------


def _begin(environment: dict[str, str], threads: int) -> None:
    """Initialize a worker: with the environment of the parent (the fork server has an older one), and to exit when the parent dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment | _thread_settings(threads))
    if torch := sys.modules.get("torch"):  # loaded already, so it doesn't read the variables any more
        torch.set_num_threads(threads)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)  # nobody waits for this work any more, and another process may take it up again

    threading.Thread(target=watch, daemon=True).start()


def _call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    try:
        return function(*arguments)
    except KeyboardInterrupt:
        os._exit(1)  # interrupted: this worker takes no further call
