"""No more work at once than the machine has cores for, and no longer a queue than is worth waiting in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from .problems import RefusedError

__all__ = ["Gate"]

T = TypeVar("T")
BUSY = "The server has as much to do as it can take. Try again in a moment."


class Gate:
    """Runs functions on a few threads. Belongs to one event loop."""

    def __init__(self, workers: int, queue: int, timeout: float) -> None:
        self.workers, self.queue, self.timeout = workers, queue, timeout
        self.waiting = self.running = 0
        self._free = asyncio.Semaphore(workers)
        self._pool = ThreadPoolExecutor(workers, "tinct")

    async def run(self, function: Callable[..., T], *arguments: object, **named: object) -> T:
        """What the function returns or raises.

        Raises:
            RefusedError: 429 where the queue is full; 503 where waiting or computing took too long. What is computed then goes on, and keeps
                its thread, until it is done: it can't be stopped, only not be added to.
        """
        if self._free.locked() and self.waiting >= self.queue:
            raise RefusedError(429, BUSY, retry_after=2)
        self.waiting += 1
        try:
            await asyncio.wait_for(self._free.acquire(), self.timeout)
        except asyncio.TimeoutError:
            raise RefusedError(503, BUSY, retry_after=10) from None
        finally:
            self.waiting -= 1
        self.running += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, partial(function, *arguments, **named))
        future.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(future), self.timeout)
        except asyncio.TimeoutError:
            raise RefusedError(
                503, f"That took longer than {self.timeout:g} seconds. Take a smaller picture, or ask for less at once."
            ) from None

    def _done(self, future: asyncio.Future[Any]) -> None:
        self.running -= 1
        self._free.release()
        if not future.cancelled():
            future.exception()  # told already, or nobody waits for it any more

    def close(self) -> None:
        """Wait for nothing; what runs is the last."""
        self._pool.shutdown(wait=False, cancel_futures=True)
