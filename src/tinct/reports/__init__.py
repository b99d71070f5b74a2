"""Reports: pages, charts and tables of training runs, studies and evaluations, each written from the files of a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import lazy_attributes

if TYPE_CHECKING:
    from .evaluation_blind import write_blind_page
    from .evaluation_report import write_evaluation_report
    from .run_report import write_run_report
    from .study_report import write_comparison, write_study_report

__all__ = ["write_blind_page", "write_comparison", "write_evaluation_report", "write_run_report", "write_study_report"]

_HOMES = {
    "write_blind_page": ".evaluation_blind",
    "write_comparison": ".study_report",
    "write_evaluation_report": ".evaluation_report",
    "write_run_report": ".run_report",
    "write_study_report": ".study_report",
}

__getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
