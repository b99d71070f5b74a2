"""The middleware around all requests: access control, body limits, HEAD, logging, metrics and security headers.

One plain ASGI middleware, so that bodies stream through it, and a body that is too large is refused before it is read.
"""

from __future__ import annotations

import logging
import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .access import Access
from .problems import problem_of
from .request_bodies import Body, Intake
from .settings import Settings
from .telemetry import Telemetry

__all__ = ["HEADERS", "Guard"]

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_log = logging.getLogger("tinct.web")


class Guard:
    """Checks, counts and logs every request to the app."""

    def __init__(self, app: ASGIApp, settings: Settings, telemetry: Telemetry) -> None:
        self.app, self.access, self.telemetry = app, Access(settings), telemetry
        self.intake = Intake(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, request = time.perf_counter(), secrets.token_hex(6)
        scope["tinct.request_id"] = request
        status, begun, head = 500, False, scope["method"] == "HEAD"

        async def answer(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                given = {name for name, _ in message["headers"]}
                extra = HEADERS | {"x-request-id": request, "cache-control": "no-store"}
                message["headers"] += [(k.encode(), v.encode()) for k, v in extra.items() if k.encode() not in given]
            elif head:
                message = {**message, "body": b""}
            await send(message)

        async def answer_of_app(message: Message) -> None:
            if begun or body.refusal is None:  # otherwise it answers an incomplete body
                await answer(message)

        body = Body(self.intake, scope, receive)
        refusal = self.access.refusal(scope) or body.refusal
        as_get = {**scope, "method": "GET"} if head else scope  # whatever can be got has a HEAD, which only lacks the body
        try:
            if refusal is None:
                await self.app(as_get, body.receive, answer_of_app)
        except Exception:
            if begun or body.refusal is None:
                raise
        finally:
            body.release()
            if not begun and (refusal := refusal or body.refusal):
                await problem_of(refusal)(scope, receive, answer)
            seconds = time.perf_counter() - started
            route = getattr(as_get.get("route"), "path", "other")  # never the path itself: it holds the picture's id
            self.telemetry.count(scope["method"], route, status, seconds)
            _log.info("%s %s %s %d %.0f ms", request, scope["method"], route, status, 1000 * seconds)
