"""The HTTP API over `Colorizer`, and the page for coloring by hand, which is its client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import lazy_attributes

if TYPE_CHECKING:
    from .app import make_app
    from .settings import Settings

__all__ = ["Settings", "make_app"]

__getattr__, __dir__ = lazy_attributes(__name__, {"Settings": ".settings", "make_app": ".app"})
