"""Run the server until Ctrl-C."""

from __future__ import annotations

import logging
import socket
import threading
import webbrowser
from urllib.parse import quote

import uvicorn
from fastapi import FastAPI

from ..errors import ConfigError
from .app import make_app
from .connections import MAX_CONNECTIONS, Connection
from .settings import Settings

__all__ = ["configuration", "serve"]

SHUTDOWN_SECONDS = 5
"""How long requests may go on after Ctrl-C."""


def serve(settings: Settings, *, open_page: bool = False) -> None:
    """Serve until Ctrl-C.

    Args:
        settings: see `Settings`.
        open_page: open the page in a browser.

    Raises:
        ConfigError: the address is taken, or isn't this machine's (code ``"address-unavailable"``).
        WeightsError: there is no such model, or it is damaged.
        DeviceError: the device isn't available, or its package is missing.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    app = make_app(settings)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise ConfigError(
            f"The server can't listen at {settings.host}:{settings.port}: {error.strerror or error}.",
            code="address-unavailable",
            host=settings.host,
            port=settings.port,
        ) from error
    host, port = listening.getsockname()[:2]
    logging.getLogger("tinct.web").info("tinct is at %s", address_of(host, port))
    if open_page:
        threading.Timer(0.5, webbrowser.open, [page_address(host, port, settings.token)]).start()
    uvicorn.Server(configuration(app)).run(sockets=[listening])


def address_of(host: str, port: int) -> str:
    """The page's address on a host, which may be an IPv6 address."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def page_address(host: str, port: int, token: str) -> str:
    """The address with which a browser of this machine opens the page of a server that listens at `host`."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # not every system connects to "any address"
    return address_of(reached, port) + (f"?token={quote(token, safe='')}" if token else "")


def configuration(app: FastAPI) -> uvicorn.Config:
    """Configuration with which uvicorn serves the app."""
    return uvicorn.Config(
        app,
        access_log=False,  # its lines would contain the pictures' ids
        log_config=None,
        server_header=False,
        h11_max_incomplete_event_size=64_000,
        http=Connection,
        ws="none",
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
