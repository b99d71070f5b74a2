"""What requests and answers hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ..coloring.hints import Hint
from ..errors import HintError

__all__ = ["Color", "Edit", "HintIn", "ModelOut", "PictureOut", "Place", "Render", "SuggestionOut", "parse_hints"]

MOST_HINTS = 2000
Number = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Color = Annotated[str, Field(pattern=r"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$", examples=["#b58863"])]
FORMATS = r"^(original|jpg|png|tif|webp|avif)$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HintIn(_Strict):
    """The color of one place."""

    x: Number = Field(description="Pixels of the full-size photograph from its left edge.", examples=[120])
    y: Number = Field(description="Pixels from the top edge.", examples=[80])
    color: Color
    size: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)] = Field(
        0.0, description="Pixels along a side of the patch; 0 takes one that suits the picture."
    )

    def hint(self) -> Hint:
        return Hint(self.x, self.y, self.color, size=self.size)


class Edit(_Strict):
    """How a photograph is to be colored."""

    hints: list[HintIn] = Field(default=[], max_length=MOST_HINTS)
    variant: int = Field(1, ge=1, le=1000, description="1 is the automatic coloring; others are drawn from what is plausible.")
    seed: int = Field(0, ge=0, lt=2**63, description="Decides all variants but the first.")
    vividness: Share = Field(0.5, description="0 has the safest colors, 1 the most colorful.")
    strength: Share = Field(1.0, description="0 is gray.")
    like: str | None = Field(None, max_length=64, description="Id of another picture that was sent, whose colors are taken after.")
    size: int = Field(1024, ge=16, le=2048, description="Pixels along the longer side of the preview, at most.")


class Render(Edit):
    """How a photograph is to be colored at full size."""

    format: str = Field("original", pattern=FORMATS, description="original, jpg, png, tif, webp or avif.")
    output: str = Field(
        "color", pattern="^(color|layer|compare)$", description="color, layer (the color alone, transparent) or compare."
    )
    quality: int = Field(95, ge=1, le=100, description="Of jpg, webp and avif.")


class Place(_Strict):
    """A place to suggest colors for."""

    x: Number
    y: Number
    hints: list[HintIn] = Field(default=[], max_length=MOST_HINTS)
    count: int = Field(8, ge=1, le=50)


class SuggestionOut(BaseModel):
    """A color that the place may have."""

    color: str = Field(examples=["#b58863"])
    probability: float


class PictureOut(BaseModel):
    """A photograph that was sent to be colored by hand."""

    id: str = Field(description="Whoever knows it can color the picture, so it is a secret.")
    name: str
    width: int
    height: int
    expires_in: float = Field(description="Seconds without use after which the picture is forgotten.")
    gray: str = Field(description="data: URL of a small gray JPEG.")
    color: str = Field(description="data: URL of a small JPEG with the automatic colors at the default vividness.")
    notes: list[str] = Field(description="What of the file can't be kept, in words for people.")


class ModelOut(BaseModel):
    """A model that can color."""

    name: str
    architecture: str
    parameters: int
    takes_hints: bool
    draws_variants: bool
    default: bool


_HINTS = TypeAdapter(Annotated[list[HintIn], Field(max_length=MOST_HINTS)])


def parse_hints(text: str) -> list[Hint]:
    """Hints from the JSON of a form field. Raises HintError."""
    try:
        return [hint.hint() for hint in _HINTS.validate_json(text or "[]")]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise HintError(f"hints{f', {where}' if where else ''}: {first['msg']}.") from error
