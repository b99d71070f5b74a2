"""Studies: which settings matter in training, measured by grids of runs on equal terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import lazy_attributes

if TYPE_CHECKING:
    from .grid import Study, load_study, study_names
    from .runner import run_study

__all__ = ["Study", "load_study", "run_study", "study_names"]

__getattr__, __dir__ = lazy_attributes(
    __name__, {"Study": ".grid", "load_study": ".grid", "study_names": ".grid", "run_study": ".runner"}
)
