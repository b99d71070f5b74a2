"""Studies: what matters in training, found out by grids of runs on equal terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import lazy_attributes

if TYPE_CHECKING:
    from .grid import Study, load_study, studies
    from .runner import run_study

__all__ = ["Study", "load_study", "run_study", "studies"]

__getattr__, __dir__ = lazy_attributes(
    __name__, {"Study": ".grid", "load_study": ".grid", "studies": ".grid", "run_study": ".runner"}
)
