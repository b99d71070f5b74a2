"""Run the server until Ctrl-C."""

from __future__ import annotations

import logging
import socket
import threading
import webbrowser

import uvicorn
from fastapi import FastAPI

from ..errors import ConfigError
from .app import make_app
from .settings import Settings

__all__ = ["configuration", "serve"]

MAX_CONNECTIONS = 500
"""Open at once; uvicorn answers further ones with 503."""
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
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}/"
    logging.getLogger("tinct.web").info("tinct is at %s", address)
    if open_page:
        token = f"?token={settings.token}" if settings.token else ""
        threading.Timer(0.5, webbrowser.open, [address + token]).start()
    uvicorn.Server(configuration(app)).run(sockets=[listening])


def configuration(app: FastAPI) -> uvicorn.Config:
    """Configuration with which uvicorn serves the app."""
    return uvicorn.Config(
        app,
        access_log=False,  # its lines would contain the pictures' ids
        log_config=None,
        server_header=False,
        h11_max_incomplete_event_size=64_000,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
