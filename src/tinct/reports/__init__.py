"""Pages and charts of training runs, evaluations and studies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import lazy_attributes

if TYPE_CHECKING:
    from .run_page import write_report
    from .study_page import write_comparison, write_study_report

__all__ = ["write_comparison", "write_report", "write_study_report"]

__getattr__, __dir__ = lazy_attributes(
    __name__, {"write_comparison": ".study_page", "write_report": ".run_page", "write_study_report": ".study_page"}
)
