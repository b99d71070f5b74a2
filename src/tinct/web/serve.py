"""Run the server until Ctrl-C."""

from __future__ import annotations

import logging
import socket
import threading
import webbrowser

import uvicorn

from ..errors import ConfigError
from .app import make_app
from .settings import Settings

__all__ = ["serve"]


def serve(settings: Settings, *, open_page: bool = False) -> None:
    """Serve, and don't come back before Ctrl-C.

    Raises:
        ConfigError: the address is taken, or isn't this machine's.
        WeightsError: there is no such model.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    app = make_app(settings)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        raise ConfigError(
            f"{settings.host}:{settings.port}: {error.strerror or error}. Choose another --port or --host."
        ) from error
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}/"
    logging.getLogger("tinct.web").info("tinct is at %s", address)
    if open_page:
        token = f"?token={settings.token}" if settings.token else ""
        threading.Timer(0.5, webbrowser.open, [address + token]).start()
    config = uvicorn.Config(app, access_log=False, log_config=None, server_header=False, h11_max_incomplete_event_size=64_000)
    uvicorn.Server(config).run(sockets=[listening])
