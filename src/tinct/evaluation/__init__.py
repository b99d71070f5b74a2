"""What a model is worth: scores, and the report that shows them."""

from __future__ import annotations

from .report import write_report

__all__ = ["write_report"]
