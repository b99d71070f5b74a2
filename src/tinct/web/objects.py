"""One object of a photograph that is colored by hand: its variants, and the other photographs that show it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from ..collection.recurring import recurring_hints
from ..coloring.alternatives import object_variants
from ..coloring.edit import Edit
from ..coloring.packing import hints_to_json
from .interactive import REFUSALS, Id
from .problems import RefusedError
from .schemas import MAX_VARIANTS, HintIn, HintList, Number, ReachIn, Strict, reach_of
from .state import state_of

__all__ = ["router"]

MAX_OTHERS = 200
"""Photographs that one request asks about."""
_CELLS_BYTES = 400_000
"""Memory of one photograph while it is matched with others: measured 270 to 290 kB for the largest shapes, and its vectors for a moment."""

router = APIRouter(prefix="/v1/pictures", tags=["by hand"])


class ObjectIn(Strict):
    """An object, by a place on it."""

    x: Number
    y: Number
    reach: ReachIn = Field("object", description="The object there, or an area in its place.")
    hints: HintList = Field([], description="Known colors of everything else.")
    count: Annotated[int, Field(ge=1, le=MAX_VARIANTS, description="How many variants at most.")] = 8


class ObjectVariantsOut(BaseModel):
    """Other colors of an object."""

    hints: list[dict[str, Any]] = Field(
        description="One for each variant: with it at the end of its hints, an edit colors only that object differently."
    )


class RecurringIn(Strict):
    """An object with its color, and photographs that may show it, too."""

    hint: HintIn = Field(description="What gives the object its color on this photograph.")
    others: list[Annotated[str, Field(max_length=64)]] = Field(max_length=MAX_OTHERS, description="Ids of other photographs.")


class MatchOut(BaseModel):
    """One of the other photographs."""

    id: str
    known: bool = Field(description="Whether the server has it; where not, send it and ask again.")
    hints: list[dict[str, Any]] = Field(description="That give the object its color there; empty where it isn't found for sure.")


class RecurringOut(BaseModel):
    """Where the object recurs."""

    matches: list[MatchOut] = Field(description="One for each of the others, in their order.")


@router.post("/{id}/object-variants", responses=REFUSALS)
async def variants_of_object(request: Request, id: Id, place: ObjectIn) -> ObjectVariantsOut:
    """Hints with other plausible colors of one object, each of which keeps all else."""
    state = state_of(request)
    canvas = state.pictures.get(id).canvas

    def work() -> ObjectVariantsOut:
        edit = Edit(hints=tuple(hint.hint() for hint in place.hints))
        found = object_variants(canvas, place.x, place.y, place.count, edit, reach=reach_of(place.reach))
        return ObjectVariantsOut(hints=hints_to_json([one.hints[-1] for one in found]))

    return await state.gate.run(work)


@router.post("/{id}/recurring", responses=REFUSALS)
async def recurring(request: Request, id: Id, asked: RecurringIn) -> RecurringOut:
    """The hints that give an object of this photograph the same color on others that show it."""
    state = state_of(request)
    canvas = state.pictures.get(id).canvas
    known = {}
    for other in dict.fromkeys(asked.others):
        try:
            known[other] = state.pictures.get(other).canvas
        except RefusedError:  # forgotten meanwhile
            continue

    def work() -> RecurringOut:
        with state.memory.share() as share:
            share.take(_CELLS_BYTES * (1 + len(known)))
            found = dict(zip(known, recurring_hints(canvas, asked.hint.hint(), list(known.values())), strict=True))
        return RecurringOut(
            matches=[MatchOut(id=one, known=one in known, hints=hints_to_json(found.get(one, ()))) for one in asked.others]
        )

    return await state.gate.run(work)
