"""Many photographs: found in folders, planned, colored by several processes or machines, and recorded in a ledger, by which an
interrupted run continues.

`finding` walks the folders, `naming` gives every photograph its outputs, `plan` joins both with the `ledger` and yields what is left
to do, `work` colors one photograph from file to file, `engines` spread the work, and `summary` shows the results. No torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import lazy_attributes

if TYPE_CHECKING:
    from .agreement import agreed_edits
    from .engines import Engine, LocalEngine
    from .estimating import Estimate, estimate
    from .ledger import Entry, Ledger
    from .plan import Collection, Counts
    from .ray_engine import RayEngine
    from .recurring import recurring_hints
    from .run import color_collection
    from .series import Series, groups_of, plan_series, series_edits
    from .summary import write_summary
    from .work import Job, Settings

_HOMES = {
    "Collection": ".plan",
    "Counts": ".plan",
    "Engine": ".engines",
    "Entry": ".ledger",
    "Estimate": ".estimating",
    "Job": ".work",
    "Ledger": ".ledger",
    "LocalEngine": ".engines",
    "Series": ".series",
    "RayEngine": ".ray_engine",
    "Settings": ".work",
    "agreed_edits": ".agreement",
    "color_collection": ".run",
    "estimate": ".estimating",
    "groups_of": ".series",
    "plan_series": ".series",
    "recurring_hints": ".recurring",
    "series_edits": ".series",
    "write_summary": ".summary",
}

__all__ = [
    "Collection",
    "Counts",
    "Engine",
    "Entry",
    "Estimate",
    "Job",
    "Ledger",
    "LocalEngine",
    "RayEngine",
    "Series",
    "Settings",
    "agreed_edits",
    "color_collection",
    "estimate",
    "groups_of",
    "plan_series",
    "recurring_hints",
    "series_edits",
    "write_summary",
]

__getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
