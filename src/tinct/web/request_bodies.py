"""What requests send: no more of it than agreed, each and all together, and none that stops coming."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.types import Message, Receive, Scope

from .settings import Settings

__all__ = ["Body", "Intake", "Refusal"]


@dataclass(frozen=True)
class Refusal:
    """Why a request isn't served."""

    status: int
    detail: str
    retry_after: float | None = None


class Intake:
    """Bytes of all bodies that are in memory; for one event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.held = 0


class Body:
    """One request's body on its way to the app, which learns of no more than that somebody hung up where it is refused."""

    def __init__(self, intake: Intake, scope: Scope, receive: Receive) -> None:
        self._intake, self._receive = intake, receive
        self._seen = self._held = 0
        self._whole = False
        self.refusal: Refusal | None = None
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        self._expect(int(length) if length.isdigit() else 0)

    async def receive(self) -> Message:
        """As the server's own."""
        if self._whole:
            return await self._receive()
        patience = self._intake.settings.timeout
        try:
            message = await asyncio.wait_for(self._receive(), patience)
        except asyncio.TimeoutError:
            self.refusal = Refusal(408, f"Nothing came for {patience:g} seconds. Send the whole request again.")
        else:
            self._seen += len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            self._expect(self._seen)
        return {"type": "http.disconnect"} if self.refusal else message

    def release(self) -> None:
        """The request is answered."""
        self._intake.held -= self._held
        self._held = 0

    def _expect(self, total: int) -> None:
        most, room = self._intake.settings.max_upload, self._intake.settings.max_memory - self._intake.held + self._held
        if total > most:
            self.refusal = Refusal(413, f"That is more than {most / 1e6:g} MB, the most that this server takes at once.")
        elif total > max(room, self._held):
            self.refusal = Refusal(429, "Too much is being sent to the server at once. Try again in a moment.", retry_after=5)
        elif total > self._held:
            self._intake.held += total - self._held
            self._held = total
