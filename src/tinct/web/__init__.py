"""Color by hand: an HTTP API over `Colorizer`, and the page that is its client."""

from __future__ import annotations

from .app import make_app
from .settings import Settings

__all__ = ["Settings", "make_app"]
