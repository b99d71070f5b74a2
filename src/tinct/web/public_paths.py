"""What a server that asks for a token answers without one."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.types import Scope

__all__ = ["is_public"]


def is_public(scope: Scope) -> bool:
    """Whether a request needs no token: health checks, and the page itself, which holds nothing of anybody and asks for the token.

    The page's address with a token in it isn't public: whoever asks for it gets the cookie.
    """
    path: str = scope["path"]
    if path == "/":
        return scope["method"] in ("GET", "HEAD") and "token" not in parse_qs(scope["query_string"].decode("latin-1"), True)
    return path == "/healthz" or path.startswith("/static/")
