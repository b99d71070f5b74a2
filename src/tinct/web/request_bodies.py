"""Request bodies: limited in size, each and in total; refused when they are too slow; and, but for films, never written to the disk."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from time import monotonic
from typing import Any

from fastapi import Request, Response, UploadFile
from fastapi.routing import APIRoute
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Message, Receive, Scope

from .problems import RefusedError
from .settings import Settings

__all__ = ["Body", "InMemoryRoute", "Intake", "content_of"]

MIN_BYTES_A_SECOND = 2_000
"""Rate at which a body must come at least, on average over each `Settings.timeout`: a slow client holds what it has sent in memory."""

FILMS_PATH = "/v1/films"
"""Where films are sent."""


class Intake:
    """Bytes of all request bodies that are in memory; for one event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.held_bytes = 0
        self.takes_films = settings.takes_films


class Body:
    """One request's body on its way to the app. Where it is refused, the app sees a client that hung up, and `refusal` says why."""

    def __init__(self, intake: Intake, scope: Scope, receive: Receive) -> None:
        self._intake, self._receive = intake, receive
        self._received = self._held = 0  # bytes
        self._complete = False
        self._on_disk = intake.takes_films and scope["method"] == "POST" and scope["path"] == FILMS_PATH
        self._checked_bytes, self._deadline = 0, monotonic() + intake.settings.time_limit
        self.refusal: RefusedError | None = None
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        self._check(int(length) if length.isdigit() else 0)  # a length that is only said takes no memory from others

    async def receive(self) -> Message:
        """The next message, as the server's own `receive`."""
        if self._complete:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, self._deadline - monotonic()))
        except asyncio.TimeoutError:
            timeout, came = self._intake.settings.time_limit, self._received - self._checked_bytes
            self.refusal = RefusedError(408, "request-stalled", f"Only {came:,} bytes of the request came in {timeout:g} seconds.")
        else:
            self._received += len(message.get("body", b""))
            self._complete = not message.get("more_body", False)
            self._hold(self._received)
            self._extend_deadline()
        return {"type": "http.disconnect"} if self.refusal else message

    def _extend_deadline(self) -> None:
        timeout = self._intake.settings.time_limit
        if self._received - self._checked_bytes >= MIN_BYTES_A_SECOND * timeout:
            self._checked_bytes, self._deadline = self._received, monotonic() + timeout

    def release(self) -> None:
        """The request is answered: its memory is free."""
        self._intake.held_bytes -= self._held
        self._held = 0

    def _check(self, total: int) -> None:
        """Refuse a body of more than one request may have."""
        settings = self._intake.settings
        limit = settings.max_film if self._on_disk else settings.upload_limit
        if total > limit:
            self.refusal = RefusedError(413, "request-too-large", f"The request is larger than {limit / 1e6:g} MB.")

    def _hold(self, total: int) -> None:
        """Reserve memory for the `total` bytes of this body that came, or refuse it."""
        self._check(total)
        if self.refusal is not None or self._on_disk:
            return
        if total > self._intake.settings.memory_limit - self._intake.held_bytes + self._held:
            fact = "The requests that are being received take all memory for them."
            self.refusal = RefusedError(429, "too-many-uploads", fact, retry_after=5)
        else:
            self._intake.held_bytes += total - self._held
            self._held = total


async def content_of(upload: UploadFile) -> bytes:
    """All bytes of a file of a form that is in memory, which is closed: they aren't there twice."""
    memory = getattr(upload.file, "_file", None)  # of a SpooledTemporaryFile
    content = memory.getvalue() if isinstance(memory, io.BytesIO) else await upload.read()  # getvalue() copies nothing
    await upload.close()
    return content


class _InMemoryParser(MultiPartParser):
    """Keeps every file of a form in memory; `Body` has bounded its size."""

    spool_max_size = sys.maxsize


class _InMemoryRequest(Request):
    """A request whose multipart form is parsed by `_InMemoryParser`."""

    async def form(self, **limits: Any) -> FormData:  # type: ignore[override]
        """All fields and files. Raises HTTPException, 400, where the body isn't the form that it says it is."""
        if self._form is None and self.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            try:
                async with aclosing(self.stream()) as stream:
                    self._form = await _InMemoryParser(self.headers, stream, **limits).parse()
            except MultiPartException as error:
                raise HTTPException(400, error.message) from None
        return await super().form(**limits)


class InMemoryRoute(APIRoute):
    """A route whose uploads stay in memory, whatever other apps of the process do with theirs."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, given an `_InMemoryRequest`."""
        handle = super().get_route_handler()

        async def handle_in_memory(request: Request) -> Response:
            return await handle(_InMemoryRequest(request.scope, request.receive))

        return handle_in_memory
