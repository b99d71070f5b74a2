"""What a model is worth: the report of a training run, and figures under one protocol.

Names are imported when they are first asked for: the processes that measure need no charts.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .evaluate import evaluate
    from .report import write_report

__all__ = ["evaluate", "write_report"]

_HOMES = {"evaluate": "evaluate", "write_report": "report"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
