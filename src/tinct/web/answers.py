"""Schemas of answers."""

from __future__ import annotations

from pydantic import BaseModel, Field

from ..coloring import ColorFamily, Suggestion
from .schemas import Edit

__all__ = ["ModelOut", "NoteOut", "PictureOut", "SuggestionsOut", "VariantOut"]


class SuggestionOut(BaseModel):
    """A color that the place may have, at its lightness."""

    color: str = Field(examples=["#b58863"])
    name: str = Field(description="In English.", examples=["light brown"])
    probability: float


class FamilyOut(BaseModel):
    """Colors that one sort of thing had."""

    name: str = Field(description="In English: skin, hair, foliage, sky, wood, brick, uniforms or cloth.", examples=["skin"])
    probability: float = Field(description="Of such colors at the place; families share colors.")
    colors: list[SuggestionOut]


class SuggestionsOut(BaseModel):
    """Colors to choose from at a place."""

    colors: list[SuggestionOut] = Field(description="The most probable first; probabilities sum to 1.")
    families: list[FamilyOut] = Field(description="The most probable first, but skin before all others where a face is likely.")

    @classmethod
    def of(cls, colors: list[Suggestion], families: list[ColorFamily]) -> SuggestionsOut:
        """From what `Canvas.suggest` and `Canvas.families` give."""
        return cls(
            colors=[_suggestion(one) for one in colors],
            families=[
                FamilyOut(name=f.name, probability=f.probability, colors=[_suggestion(one) for one in f.colors]) for f in families
            ],
        )


def _suggestion(one: Suggestion) -> SuggestionOut:
    return SuggestionOut(color=one.color, name=one.name, probability=one.probability)


class NoteOut(BaseModel):
    """What people should know about a photograph."""

    code: str = Field(description="Stable name of the kind of note, for programs.", examples=["color-photograph"])
    text: str = Field(description="A sentence, in English.")
    values: dict[str, str | int] = Field(description="What the sentence quotes, by name, for words in another language.")


class PictureOut(BaseModel):
    """A picture that was sent to be colored by hand."""

    id: str = Field(description="Whoever knows it can color the picture, so keep it secret.")
    name: str
    width: int
    height: int
    expires_in: float = Field(description="Seconds without use after which the picture is forgotten.")
    edit: Edit = Field(description="The edit that `color` shows: all defaults.")
    gray: str = Field(description="data: URL of a preview in gray.")
    color: str = Field(description="data: URL of a preview in color.")
    preview_size: int = Field(description="Pixels of the longer side of these previews, at most.")
    max_preview_size: int = Field(description="The largest size that a preview can have.")
    notes: list[NoteOut] = Field(
        description="What people should know: parts of the file that can't be kept, colors that are replaced."
    )


class VariantOut(BaseModel):
    """One line of the answer with variants."""

    variant: int
    picture: str = Field(description="data: URL of a JPEG.")


class ModelOut(BaseModel):
    """A model that can color."""

    name: str
    architecture: str
    parameters: int
    takes_hints: bool = Field(description="Whether it takes hints and reference pictures, and suggests colors.")
    has_code: bool = Field(description="Whether it draws variants.")
    default: bool = Field(description="Whether this server colors with it.")
