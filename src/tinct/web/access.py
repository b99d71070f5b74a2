"""Who may use the server: the host name that is asked, the page that a request comes from, and the token."""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import parse_qs, urlsplit

from starlette.types import Scope

from .problems import RefusedError
from .public_paths import is_public
from .settings import Settings

__all__ = ["COOKIE", "Access"]

COOKIE = "tinct-token"
"""Cookie by which the browser is known: a hash of the token."""
_LOCAL = {"127.0.0.1", "localhost", "::1"}
_BEARER = re.compile(r"bearer +(\S+)\s*", re.IGNORECASE)


class Access:
    """Decides from a request's head alone, before anything of its body is read."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.hosts = _LOCAL | {settings.host.lower(), *(name.lower() for name in settings.hosts)}
        self.cookie_value = hashlib.sha256(b"tinct's page\0" + settings.token.encode()).hexdigest()
        """Of a browser that has shown the token. Hexadecimal, so it needs no quotes, and the token itself is kept nowhere."""

    def refusal(self, scope: Scope) -> RefusedError | None:
        """Why this request may not use the server at all; None where it may."""
        host, origin = _header(scope, b"host"), _header(scope, b"origin")
        if self.settings.loopback and _hostname(host) not in self.hosts:  # DNS rebinding: another site's name for this address
            return RefusedError(421, "wrong-host", f"This server isn't {_hostname(host) or 'the one asked for'}.")
        if origin and scope["method"] not in ("GET", "HEAD") and origin.rpartition("//")[2] != host:
            return RefusedError(403, "forbidden-origin", "The request comes from a page of another site.")
        if not self.settings.token or is_public(scope):
            return None
        shown = self._shown(scope)
        if any(_same(text, self.settings.token) for text in shown) or any(
            _same(text, self.cookie_value) for text in _cookies(scope)
        ):
            return None
        # RFC 6750: the kind of error only where there was a token
        challenge = 'Bearer realm="tinct"' + (', error="invalid_token"' if shown else "")
        fact = "The request has a wrong token." if shown else "The request has no token."
        return RefusedError(401, "token", fact, headers={"WWW-Authenticate": challenge})

    @staticmethod
    def _shown(scope: Scope) -> list[str]:
        """The tokens in the Authorization header and in the page's address."""
        bearer = _BEARER.fullmatch(_header(scope, b"authorization"))
        query = parse_qs(scope["query_string"].decode("latin-1")) if scope["path"] == "/" else {}
        return ([bearer[1]] if bearer else []) + query.get("token", [])


def _header(scope: Scope, name: bytes) -> str:
    """The last header of that name; empty if there is none."""
    return next((value.decode("latin-1") for known, value in reversed(scope["headers"]) if known == name), "")


def _cookies(scope: Scope) -> list[str]:
    """Values of all cookies called `COOKIE`. Other cookies of this host, which may be anything, aren't looked at."""
    pairs = [
        pair.partition("=") for name, value in scope["headers"] if name == b"cookie" for pair in value.decode("latin-1").split(";")
    ]
    return [value.strip().strip('"') for name, _, value in pairs if name.strip() == COOKIE]


def _same(text: str, secret: str) -> bool:
    """Whether two texts are equal, found in a time that doesn't depend on where they differ."""
    return hmac.compare_digest(text.encode(), secret.encode())


def _hostname(host: str) -> str:
    """The name in a Host header, without the port; empty where the header is no host."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
