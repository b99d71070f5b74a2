"""Model files in use: their description, a network's input and output, devices and ONNX Runtime sessions. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import lazy_attributes

if TYPE_CHECKING:
    from .devices import DEVICES
    from .prepare import Preparation
    from .spec import ModelSpec, bundled, read_spec

__all__ = ["DEVICES", "ModelSpec", "Preparation", "bundled", "read_spec"]

_HOMES = {"DEVICES": ".devices", "ModelSpec": ".spec", "Preparation": ".prepare", "bundled": ".spec", "read_spec": ".spec"}

__getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
