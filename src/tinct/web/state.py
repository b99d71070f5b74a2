"""State that the routes of one app share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from fastapi import Request

from ..coloring import Colorizer
from ..photo import Photo
from .admission import Gate
from .answers import ModelOut
from .picture_store import Pictures
from .problems import RefusedError
from .schemas import Edit, EditNumbers
from .settings import Settings
from .telemetry import Telemetry
from .working_memory import WorkingMemory

if TYPE_CHECKING:
    from .film_schemas import FilmEditIn
    from .film_store import Films

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
    memory: WorkingMemory
    """For decoding and encoding."""
    films: Films | None = None
    """None where the server colors no films."""

    def like(self, edit: Edit | FilmEditIn) -> Photo | None:
        """The reference picture whose id an edit holds; None where it holds none. Raises RefusedError, 404."""
        return None if edit.like is None else self.pictures.get(edit.like).small

    def check(self, edit: EditNumbers) -> None:
        """Raises RefusedError, 422, for an edit that would take more memory and time than this server allows."""
        limit = self.settings.max_detail
        if edit.detail is not None and edit.detail > limit:
            fact = f"detail is {edit.detail} pixels; this server allows at most {limit}."
            raise RefusedError(422, "detail-too-large", fact)


def state_of(request: Request) -> State:
    """The state of the request's app."""
    return cast("State", request.app.state.tinct)
