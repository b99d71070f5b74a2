"""What changes while a benchmark works, such as memory in use, read in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["polled"]


@contextmanager
def polled(look: Callable[[], None], seconds: float) -> Iterator[None]:
    """Call a function again and again inside the block, in a thread, with so many seconds between two calls."""
    ended = threading.Event()

    def poll() -> None:
        while not ended.wait(seconds):
            look()

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
