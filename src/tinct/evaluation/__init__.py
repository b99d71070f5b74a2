"""What a model is worth: figures under one protocol, beside those of baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import lazy_attributes

if TYPE_CHECKING:
    from .runner import evaluate

__all__ = ["evaluate"]

__getattr__, __dir__ = lazy_attributes(__name__, {"evaluate": ".runner"})
