"""HTTP connections that don't keep others out: idle ones and those that don't take their answer are closed, before any token is known.

uvicorn gives a connection that never sends a request all the time of the world, and refuses everybody else once there are
`MAX_CONNECTIONS`; a client that doesn't read holds its answer in memory as long.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import cast

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["MAX_CONNECTIONS", "Connection"]

MAX_CONNECTIONS = 500
"""Open at once. A further one takes the place of the one that has been waiting for a request longest; where all are at work, it gets 503."""
HEAD_SECONDS = 15.0
"""Within which a connection must have sent the head of its first request. (Between two requests uvicorn waits for 5 seconds.)"""
UNREAD_SECONDS = 60.0
"""After which a client that takes nothing of its answer is given up."""
LOOK_SECONDS = 2.0
"""How often each connection is looked at."""


class Connection(H11Protocol):
    """uvicorn's HTTP/1.1 connection, closed when its client doesn't do its part."""

    _looking: asyncio.TimerHandle | None = None
    _unsent = 0
    """Bytes of the answer that the client hadn't taken at the last look."""
    waiting_since = 0.0
    """When it began to wait for the head of a request, in seconds of the monotonic clock."""
    _moved = 0.0
    """When the client last took some of its answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request, in the place of another connection if there are too many."""
        super().connection_made(transport)
        self.waiting_since = self._moved = monotonic()
        if len(self.connections) >= MAX_CONNECTIONS:
            waiting = [one for one in cast("set[Connection]", self.connections) if one.waits and one is not self]
            if waiting:
                min(waiting, key=lambda one: one.waiting_since).drop()
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end."""
        if self._looking is not None:
            self._looking.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self.waiting_since = monotonic()
        super().on_response_complete()

    @property
    def waits(self) -> bool:
        """Whether no request is being answered; the rest of one that was refused counts as nothing."""
        return self.cycle is None or self.cycle.response_complete

    def drop(self) -> None:
        """Close it at once."""
        self.connections.discard(self)
        self.transport.abort()

    def _look_later(self) -> None:
        self._looking = self.loop.call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        now, unsent = monotonic(), self.transport.get_write_buffer_size()
        if not unsent or unsent != self._unsent:
            self._moved = now
        self._unsent = unsent
        if now - self._moved > UNREAD_SECONDS or (self.waits and not unsent and now - self.waiting_since > HEAD_SECONDS):
            self.drop()
        else:
            self._look_later()
