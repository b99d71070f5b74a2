"""What the routes of one app share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from ..coloring.colorizer import Colorizer
from .admission import Gate
from .picture_store import Pictures
from .schemas import ModelOut
from .settings import Settings
from .telemetry import Telemetry

__all__ = ["State", "state_of"]


@dataclass(frozen=True)
class State:
    """Made once, when the app starts."""

    settings: Settings
    colorizer: Colorizer
    models: list[ModelOut]
    pictures: Pictures
    gate: Gate
    telemetry: Telemetry


def state_of(request: Request) -> State:
    """Of the app that the request came to."""
    return cast("State", request.app.state.tinct)
