"""A real server for tests, in a thread of this process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tinct.web import Settings, make_app
from tinct.web.server import configuration


@contextmanager
def serving(prefix: str = "", **settings: Any) -> Iterator[str]:
    """The address of a server with these `Settings`, without a slash at its end.

    Args:
        prefix: path under which alone it is reached, as behind a reverse proxy that takes the prefix off.
    """
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        server = uvicorn.Server(configuration(_Prefixed(make_app(Settings(port=port, **settings)), prefix)))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the server didn't start"
                time.sleep(0.02)
            yield f"http://127.0.0.1:{port}{prefix}"
        finally:
            server.should_exit = True
            thread.join()


class _Prefixed:
    """Answers under a path prefix only, and hides the prefix from the app."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.app, self.prefix = app, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if not scope["path"].startswith(f"{self.prefix}/"):
                await PlainTextResponse("elsewhere", 404)(scope, receive, send)
                return
            path = scope["path"].removeprefix(self.prefix)
            scope = scope | {"path": path, "raw_path": path.encode()}
        await self.app(scope, receive, send)
