"""What every request passes: who may ask, how much it may send, what is noted of it, and which headers the answer gets.

One plain ASGI middleware, so that bodies stream through it, and what is too large is refused before it is read.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import time
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import as_problem
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
        self.hosts = _LOCAL | {settings.host} | set(settings.hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, request = time.perf_counter(), secrets.token_hex(6)
        scope["tinct.request_id"] = request
        status, begun, seen, refusing = 500, False, 0, False

        async def answer(message: Message) -> None:
            nonlocal status, begun
            if seen > self.settings.max_upload and not begun and not refusing:
                return  # what the app makes of half a body
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                given = {name for name, _ in message["headers"]}
                extra = HEADERS | {"x-request-id": request, "cache-control": "no-store"}
                message["headers"] += [(k.encode(), v.encode()) for k, v in extra.items() if k.encode() not in given]
            await send(message)

        async def bounded() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            return message if seen <= self.settings.max_upload else {"type": "http.disconnect"}

        refusal = self._refusal(scope)
        try:
            if refusal is not None:
                await as_problem(*refusal)(scope, receive, answer)
            else:
                await self.app(scope, bounded, answer)
        except Exception:
            if begun or seen <= self.settings.max_upload:
                raise
        finally:
            if not begun and seen > self.settings.max_upload:
                refusing = True
                await as_problem(413, self._too_large())(scope, receive, answer)
            seconds = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "other")  # never the path itself: it holds the picture's id
            self.telemetry.count(scope["method"], route, status, seconds)
            _log.info("%s %s %s %d %.0f ms", request, scope["method"], route, status, 1000 * seconds)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and reason, if this request isn't even looked at."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        if self.settings.loopback and host not in self.hosts:  # another site's name that was made to lead here
            return (
                421,
                f"This server isn't {host or 'the one asked for'}. Ask it under its own name, or start it with --allow-host.",
            )
        if (
            (origin := headers.get("origin"))
            and scope["method"] not in ("GET", "HEAD")
            and urlsplit(origin).netloc != headers.get("host")
        ):
            return 403, "A page of another site can't use this server."
        if self.settings.token and scope["path"] not in OPEN and not self._knows(scope, headers):
            return (
                401,
                "This server asks for a token: send it as 'Authorization: Bearer TOKEN', or open the page with ?token=TOKEN.",
            )
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self.settings.max_upload:
            return 413, self._too_large()
        return None

    def _knows(self, scope: Scope, headers: dict[str, str]) -> bool:
        cookies = SimpleCookie()
        cookies.load(headers.get("cookie", ""))
        told = [headers.get("authorization", "").removeprefix("Bearer ")]
        told += [cookies[COOKIE].value] if COOKIE in cookies else []
        if scope["path"] == "/":
            told += parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        return any(hmac.compare_digest(text.encode(), self.settings.token.encode()) for text in told)

    def _too_large(self) -> str:
        return f"That is more than {self.settings.max_upload / 1e6:.0f} MB, the most that this server takes at once."
