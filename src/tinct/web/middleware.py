"""The middleware around all requests: access control, body limits, logging, metrics and security headers.

One plain ASGI middleware, so that bodies stream through it, and a body that is too large is refused before it is read.
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

from .problems import RefusedError, as_problem
from .public_paths import is_public
from .request_bodies import Body, Intake
from .settings import Settings
from .telemetry import Telemetry

__all__ = ["COOKIE", "HEADERS", "Guard"]

COOKIE = "tinct-token"
"""Cookie in which the browser keeps the token."""
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
_LOCAL = {"127.0.0.1", "localhost", "::1"}
_log = logging.getLogger("tinct.web")


class Guard:
    """Checks, counts and logs every request to the app."""

    def __init__(self, app: ASGIApp, settings: Settings, telemetry: Telemetry) -> None:
        self.app, self.settings, self.telemetry = app, settings, telemetry
        self.intake = Intake(settings)
        self.hosts = _LOCAL | {settings.host, *settings.hosts}

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
            if begun or body.refusal is None:  # otherwise it answers an incomplete body
                await answer(message)

        body = Body(self.intake, scope, receive)
        refusal = self._denied(scope) or body.refusal
        try:
            if refusal is None:
                await self.app(scope, body.receive, answer_of_app)
        except Exception:
            if begun or body.refusal is None:
                raise
        finally:
            body.release()
            if not begun and (refusal := refusal or body.refusal):
                await as_problem(refusal.status, refusal.code, refusal.fact, refusal.retry_after)(scope, receive, answer)
            seconds = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "other")  # never the path itself: it holds the picture's id
            self.telemetry.count(scope["method"], route, status, seconds)
            _log.info("%s %s %s %d %.0f ms", request, scope["method"], route, status, 1000 * seconds)

    def _denied(self, scope: Scope) -> RefusedError | None:
        """Why this request may not use the server at all; None where it may."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get("host", "")
        if self.settings.loopback and _hostname(host) not in self.hosts:  # DNS rebinding: another site's name for this address
            return RefusedError(421, "wrong-host", f"This server isn't {_hostname(host) or 'the one asked for'}.")
        origin = headers.get("origin")
        if origin and scope["method"] not in ("GET", "HEAD") and origin.rpartition("//")[2] != host:
            return RefusedError(403, "forbidden-origin", "The request comes from a page of another site.")
        if self.settings.token and not is_public(scope) and not self._has_token(scope, headers):
            return RefusedError(401, "token", "The request has no token, or a wrong one.")
        return None

    def _has_token(self, scope: Scope, headers: dict[str, str]) -> bool:
        """Whether the token is in the Authorization header, in the cookie, or in the page's address."""
        cookies = SimpleCookie()
        with suppress(CookieError):
            cookies.load(headers.get("cookie", ""))
        tokens = [headers.get("authorization", "").removeprefix("Bearer ")]
        tokens += [cookies[COOKIE].value] if COOKIE in cookies else []
        if scope["path"] == "/":
            tokens += parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        return any(hmac.compare_digest(text.encode(), self.settings.token.encode()) for text in tokens)


def _hostname(host: str) -> str:
    """The name in a Host header, without the port; empty where the header is no host."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
