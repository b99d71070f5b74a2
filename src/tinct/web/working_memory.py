"""Memory for pixels and results while photographs are decoded, encoded and sent: bounded for all requests together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from .problems import RefusedError

__all__ = ["Share", "WorkingMemory"]

_RETRY_SECONDS = 5.0


class WorkingMemory:
    """A number of bytes that any number of threads share.

    Args:
        max_bytes: limit of what is taken at once.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.taken_bytes = 0
        self._lock = RLock()  # a share may be forgotten, and so released, wherever Python collects garbage

    @contextmanager
    def share(self) -> Iterator[Share]:
        """What one piece of work takes; it is given back when the work ends."""
        share = Share(self)
        try:
            yield share
        finally:
            share.release()

    def take(self, share: Share, size: int) -> None:
        """Give `size` bytes to a share. Raises RefusedError: 422 where the work would take more than there is, 429 where it has to wait."""
        with self._lock:
            if share.bytes + size > self.max_bytes:
                fact = (
                    f"Decoding and encoding the picture would take about {(share.bytes + size) / 1e6:,.0f} MB at once; "
                    f"this server has {self.max_bytes / 1e6:,.0f} MB for that."
                )
                raise RefusedError(422, "too-much-memory", fact)
            if self.taken_bytes + size > self.max_bytes:
                fact = "Photographs that are being decoded, encoded and sent take all memory for that."
                raise RefusedError(429, "no-memory", fact, _RETRY_SECONDS)
            share.bytes += size
            self.taken_bytes += size

    def part(self, share: Share, size: int) -> Share:
        """A share of its own with `size` bytes, which are taken out of another as far as it has them."""
        part = Share(self)
        with self._lock:
            moved = min(size, share.bytes)
            share.bytes -= moved
            part.bytes = size
            self.taken_bytes += size - moved
        return part

    def give_back(self, share: Share) -> None:
        """Take all bytes out of a share."""
        with self._lock:
            self.taken_bytes -= share.bytes
            share.bytes = 0


class Share:
    """Bytes that one piece of work has taken."""

    def __init__(self, memory: WorkingMemory) -> None:
        self._memory = memory
        self.bytes = 0

    def take(self, size: int) -> None:
        """Take as many bytes more. Raises RefusedError, 422 or 429."""
        self._memory.take(self, size)

    def part(self, size: int) -> Share:
        """A share of `size` of its bytes, which lasts until it is released or forgotten."""
        return self._memory.part(self, size)

    def release(self) -> None:
        """Give all back. May be called again."""
        self._memory.give_back(self)

    def __del__(self) -> None:
        """Where nobody has taken a result, such as after a timeout, its memory is free when it is."""
        self.release()
