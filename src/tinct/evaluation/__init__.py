"""How good a model's colors are: measured under one protocol, beside simple baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import lazy_attributes

if TYPE_CHECKING:
    from .config import EvaluationConfig
    from .runner import evaluate

__all__ = ["EvaluationConfig", "evaluate"]

__getattr__, __dir__ = lazy_attributes(__name__, {"EvaluationConfig": ".config", "evaluate": ".runner"})
