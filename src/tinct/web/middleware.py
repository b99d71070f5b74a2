"""What every request passes: who may ask, how much it may send, what is noted of it, and which headers the answer gets.

One plain ASGI middleware, so that bodies stream through it, and what is too large is refused before it is read.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import time
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import as_problem
from .request_bodies import Body, Intake, Refusal
from .settings import Settings
from .telemetry import Telemetry

__all__ = ["COOKIE", "HEADERS", "Guard"]

COOKIE = "tinct-token"
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
OPEN = {"/healthz"}
"""Asked by whoever watches over the server, without a token."""
_LOCAL = {"127.0.0.1", "localhost", "::1"}
_log = logging.getLogger("tinct.web")


class Guard:
    """Around the whole app."""

    def __init__(self, app: ASGIApp, settings: Settings, telemetry: Telemetry) -> None:
        self.app, self.settings, self.telemetry = app, settings, telemetry
        self.intake = Intake(settings)
        self.hosts = _LOCAL | {settings.host} | set(settings.hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, request = time.perf_counter(), secrets.token_hex(6)
        scope["tinct.request_id"] = request
        status, begun = 500, False

        async def answer(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                given = {name for name, _ in message["headers"]}
                extra = HEADERS | {"x-request-id": request, "cache-control": "no-store"}
                message["headers"] += [(k.encode(), v.encode()) for k, v in extra.items() if k.encode() not in given]
            await send(message)

        async def answer_of_app(message: Message) -> None:
            if begun or body.refusal is None:  # else it is what the app makes of half a body
                await answer(message)

        body = Body(self.intake, scope, receive)
        refusal = self._refusal(scope) or body.refusal
        try:
            if refusal is None:
                await self.app(scope, body.receive, answer_of_app)
        except Exception:
            if begun or body.refusal is None:
                raise
        finally:
            body.release()
            if not begun and (refusal := refusal or body.refusal):
                await as_problem(refusal.status, refusal.detail, refusal.retry_after)(scope, receive, answer)
            seconds = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "other")  # never the path itself: it holds the picture's id
            self.telemetry.count(scope["method"], route, status, seconds)
            _log.info("%s %s %s %d %.0f ms", request, scope["method"], route, status, 1000 * seconds)

    def _refusal(self, scope: Scope) -> Refusal | None:
        """Why this request isn't even looked at, if it isn't."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get("host", "")
        if self.settings.loopback and _hostname(host) not in self.hosts:  # another site's name that was made to lead here
            asked = _hostname(host) or "the one asked for"
            return Refusal(421, f"This server isn't {asked}. Ask it under its own name, or start it with --allow-host.")
        origin = headers.get("origin")
        if origin and scope["method"] not in ("GET", "HEAD") and origin.rpartition("//")[2] != host:
            return Refusal(403, "A page of another site can't use this server.")
        if self.settings.token and scope["path"] not in OPEN and not self._knows(scope, headers):
            how = "send it as 'Authorization: Bearer TOKEN', or open the page with ?token=TOKEN."
            return Refusal(401, f"This server asks for a token: {how}")
        return None

    def _knows(self, scope: Scope, headers: dict[str, str]) -> bool:
        cookies = SimpleCookie()
        with suppress(CookieError):
            cookies.load(headers.get("cookie", ""))
        told = [headers.get("authorization", "").removeprefix("Bearer ")]
        told += [cookies[COOKIE].value] if COOKIE in cookies else []
        if scope["path"] == "/":
            told += parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        return any(hmac.compare_digest(text.encode(), self.settings.token.encode()) for text in told)


def _hostname(host: str) -> str:
    """Of a Host header, without the port; nothing where it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
