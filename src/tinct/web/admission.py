"""Admission control: a bounded number of workers, and a bounded queue before them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from .problems import RefusedError

__all__ = ["Gate"]

T = TypeVar("T")


class Gate:
    """Runs functions on a few threads. Belongs to one event loop.

    Args:
        workers: functions that run at once.
        max_queue: calls that may wait for a worker.
        timeout_seconds: how long a call may wait, and then how long its function may run.
    """

    def __init__(self, workers: int, max_queue: int, timeout_seconds: float) -> None:
        self.workers, self.max_queue, self.timeout_seconds = workers, max_queue, timeout_seconds
        self.waiting = self.running = 0
        self._free = asyncio.Semaphore(workers)
        self._pool = ThreadPoolExecutor(workers, "tinct")

    async def run(self, function: Callable[..., T], *arguments: object, **named: object) -> T:
        """What the function returns or raises.

        Raises:
            RefusedError: 429 where the queue is full; 503 where waiting or computing took too long. A function that runs can't be
                stopped, so it then keeps its worker until it ends.
        """
        if self._free.locked() and self.waiting >= self.max_queue:
            raise RefusedError(429, "busy", f"{self.waiting} requests wait already, as many as this server allows.", retry_after=2)
        self.waiting += 1
        try:
            await asyncio.wait_for(self._free.acquire(), self.timeout_seconds)
        except asyncio.TimeoutError:
            fact = f"No worker became free within {self.timeout_seconds:g} seconds."
            raise RefusedError(503, "busy", fact, retry_after=10) from None
        finally:
            self.waiting -= 1
        self.running += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, partial(function, *arguments, **named))
        future.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(future), self.timeout_seconds)
        except asyncio.TimeoutError:
            raise RefusedError(503, "timeout", f"The work took longer than {self.timeout_seconds:g} seconds.") from None

    def _done(self, future: asyncio.Future[Any]) -> None:
        self.running -= 1
        self._free.release()
        if not future.cancelled():
            future.exception()  # retrieved, so that asyncio doesn't log it where the request has timed out meanwhile

    def close(self) -> None:
        """Start nothing more; don't wait for what runs."""
        self._pool.shutdown(wait=False, cancel_futures=True)
