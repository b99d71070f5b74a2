"""How good a model's colors are: measured under one protocol, beside simple baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import lazy_attributes

if TYPE_CHECKING:
    from .config import EvaluationConfig
    from .protocol import gray_of
    from .reach import Probe, place_probe
    from .realism import Realism, load_judge
    from .runner import evaluate

__all__ = ["EvaluationConfig", "Probe", "Realism", "evaluate", "gray_of", "load_judge", "place_probe"]

_HOMES = {
    "EvaluationConfig": ".config",
    "Probe": ".reach",
    "Realism": ".realism",
    "evaluate": ".runner",
    "gray_of": ".protocol",
    "load_judge": ".realism",
    "place_probe": ".reach",
}

__getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
