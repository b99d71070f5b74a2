"""Studies: what matters in training, found out by grids of runs on equal terms.

Names are imported when they are first asked for: what trains needs no charts.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .grid import Study, load_study, studies
    from .reporting.report import write_comparison, write_study_report
    from .runner import run_study

__all__ = ["Study", "load_study", "run_study", "studies", "write_comparison", "write_study_report"]

_HOMES = {
    "Study": "grid",
    "load_study": "grid",
    "studies": "grid",
    "run_study": "runner",
    "write_comparison": "reporting.report",
    "write_study_report": "reporting.report",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
