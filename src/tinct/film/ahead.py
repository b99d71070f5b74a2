"""Reading ahead: an iterator that runs in a thread of its own."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar

__all__ = ["read_ahead"]

T = TypeVar("T")
AHEAD = 8
"""Values that wait at most; by argument: enough to even out how long frames take to decode, and little memory."""
POLL_SECONDS = 0.1
"""After which a thread that waits looks whether the other one has ended."""


def read_ahead(source: Iterator[T]) -> Generator[T]:
    """The values of an iterator, computed in another thread while earlier ones are used; its exceptions arrive here. Close it when done."""
    waiting: Queue[tuple[T | None, BaseException | None]] = Queue(AHEAD)
    stop = Event()

    def put(value: T | None, error: BaseException | None) -> bool:
        while not stop.is_set():
            try:
                waiting.put((value, error), timeout=POLL_SECONDS)
                return True
            except Full:
                pass
        return False

    def work() -> None:
        try:
            for value in source:
                if not put(value, None):
                    return
            put(None, StopIteration())
        except BaseException as error:  # raised in the thread that reads
            put(None, error)

    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            try:
                value, error = waiting.get(timeout=POLL_SECONDS)
            except Empty:
                continue
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield value  # type: ignore[misc]  # a value, as there is no error
    finally:
        stop.set()
        thread.join()
