"""Work in processes beside this one."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from ..errors import DeviceError

__all__ = ["Call", "call_in_processes"]

Call = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function of a module, and its arguments."""
POLL = 0.5


def call_in_processes(
    calls: Sequence[Call],
    processes: int,
    *,
    threads: int = 1,
    start: Call | None = None,
    look: Callable[[], None] | None = None,
    cure: str = "",
) -> Iterator[tuple[int, Any]]:
    """(number of the call, what it returned) of each, as they come.

    The processes are spawned, not forked: libvips doesn't survive a fork. They don't hear Ctrl-C, which is for this process; when it
    is interrupted they get SIGTERM, and when it dies they do.

    Args:
        processes: how many at most.
        threads: on how many each computes.
        start: called in each of them first.
        look: called here every half a second.
        cure: what to do where a process is killed for want of memory.

    Raises:
        DeviceError: a process was killed from outside.
    """
    pool = ProcessPoolExecutor(max(1, min(processes, len(calls))), multiprocessing.get_context("spawn"), _begin, (start,))
    before = set(multiprocessing.active_children())
    waiting: dict[Future[Any], int] = {}
    started: set[Any] = set()
    try:
        with _threads_each(threads), _deaf_to_interrupts():  # what starts here inherits both
            for number, call in enumerate(calls):
                waiting[pool.submit(_call, *call)] = number
            started = set(multiprocessing.active_children()) - before
        while waiting:
            done, _ = wait(waiting, POLL if look else None, FIRST_COMPLETED)
            if look:
                look()
            for future in done:
                yield waiting.pop(future), future.result()
    except BrokenProcessPool as error:
        raise DeviceError(f"A process was killed, most often for want of memory. {cure}") from error
    except BaseException:
        for process in started:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _threads_each(count: int) -> Iterator[None]:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VIPS_CONCURRENCY")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, str(count)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # elsewhere signals are someone else's business
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# ---- in each process ------------------------------------------------------------------------------------------------------------


def _begin(start: Call | None) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)  # nobody waits for this work any more, and somebody may begin it again

    threading.Thread(target=watch, daemon=True).start()
    if start:
        function, arguments = start
        function(*arguments)


def _call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    try:
        return function(*arguments)
    except KeyboardInterrupt:
        os._exit(1)  # asked to stop, it doesn't take up the next call
