"""Films that are being received: whoever sends too slowly gives up the place to another."""

from __future__ import annotations

import asyncio
from time import monotonic

from starlette.types import Message, Receive

from .problems import RefusedError

__all__ = ["MIN_FILM_BYTES_A_SECOND", "Arrival"]

MIN_FILM_BYTES_A_SECOND = 250_000
"""Rate below which a film gives up its place to another: 2 Mbit/s, which any broadband line sends. At the rate that other bodies must have, eight
clients could hold all places for weeks."""
WINDOW_SECONDS = 10.0
"""The rate is that of the last one to two windows. A film that has been coming for less than one isn't judged."""


class Arrival:
    """One film that is being received. Used on the event loop only."""

    def __init__(self) -> None:
        self._bytes = 0
        self._marks = [(monotonic(), 0)] * 2  # (time, bytes that had come) at the beginnings of the last two windows
        self._complete = False
        self._given_up = asyncio.get_running_loop().create_future()

    @property
    def is_slow(self) -> bool:
        """Whether it may be given up for another film."""
        since, bytes_then = self._marks[0]
        seconds = monotonic() - since
        slow = seconds >= WINDOW_SECONDS and self._bytes - bytes_then < MIN_FILM_BYTES_A_SECOND * seconds
        return slow and not self._complete

    @property
    def refusal(self) -> RefusedError | None:
        """Why it was given up; None where it wasn't."""
        if not self._given_up.done():
            return None
        fact = f"The film came at less than {MIN_FILM_BYTES_A_SECOND / 1e3:g} kB a second, and another one needed its place."
        return RefusedError(408, "request-stalled", fact)

    def give_up(self) -> None:
        """End it. Its sender gets `refusal`."""
        if not self._given_up.done():
            self._given_up.set_result(None)

    def counted(self, receive: Receive) -> Receive:
        """The request's `receive`, which notes what comes; after `give_up` its client seems to have hung up."""

        async def received() -> Message:
            coming = asyncio.ensure_future(receive())
            try:
                await asyncio.wait({coming, self._given_up}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not coming.done():
                    coming.cancel()
            if self._given_up.done():
                return {"type": "http.disconnect"}
            message = coming.result()
            self._note(message)
            return message

        return received

    def _note(self, message: Message) -> None:
        self._bytes += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        now = monotonic()
        if now - self._marks[1][0] >= WINDOW_SECONDS:
            self._marks = [self._marks[1], (now, self._bytes)]
