"""Schemas of requests; for those of answers, see `answers.py`. An edit here is the JSON form of `tinct.Edit`, which alone defines its defaults."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from fastapi import UploadFile
from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError, model_validator

from .. import coloring
from ..coloring import Hint
from ..coloring.edit import MAX_SEED, MAX_VARIANT
from ..coloring.hints import REACHES, Reach
from ..coloring.packing import reach_from_json
from ..coloring.suggestions import DEFAULT_SUGGESTIONS
from ..photo import Photo
from ..photo.formats import DEFAULT_JPEG_QUALITY
from .format_word import Format
from .picture_store import MAX_PREVIEW_SIDE
from .problems import RefusedError, sentence

__all__ = [
    "DEFAULT_PREVIEW_SIDE",
    "ColorizeForm",
    "Edit",
    "EditNumbers",
    "HintIn",
    "HintList",
    "PictureForm",
    "Place",
    "Preview",
    "Render",
    "Strict",
    "SuggestForm",
    "Variants",
    "parse_hints",
    "parsed",
    "reach_of",
]

MAX_HINTS = 2000
MAX_MASKS = 16
"""Hints of one edit whose area is a mask picture."""
MAX_MASK_PIXELS = 25_000_000
"""Of one mask picture; it may be smaller than the photograph."""
MAX_VARIANTS = 16
"""Variants in one answer."""
DEFAULT_PREVIEW_SIDE = 1024
"""Pixels along the longer side of a preview."""
MAX_PART_SIDE = 4096
"""Pixels of a part at full size, a side: those of a large screen."""
DEFAULTS = coloring.Edit()

T = TypeVar("T")

Number = Annotated[float, Field(allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Color = Annotated[
    str,
    Field(
        pattern=r"^(keep|#([0-9a-fA-F]{3}|[0-9a-fA-F]{6}))$",
        description="`#rrggbb`, or `keep`: the color that the place has with the hints before this one.",
        examples=["#b58863"],
    ),
]
Offset = Annotated[int, Field(ge=0)]
PreviewSide = Annotated[int, Field(ge=16, le=MAX_PREVIEW_SIDE, description="Pixels of the longer side, at most.")]
PartSide = Annotated[int, Field(ge=1, le=MAX_PART_SIDE)]
JpegQuality = Annotated[int, Field(ge=1, le=100, description="Of jpg, webp and avif.")]
SuggestionCount = Annotated[int, Field(ge=1, le=50, description="How many suggestions at most.")]


class Strict(BaseModel):
    """Refuses unknown keys."""

    model_config = ConfigDict(extra="forbid")


class RegionIn(Strict):
    """A polygon."""

    region: list[tuple[Number, Number]] = Field(description="Corners x, y in pixels of the full-size photograph; at most 10,000.")


class BrushIn(Strict):
    """A painted stroke."""

    brush: list[tuple[Number, Number]] = Field(description="Points x, y in pixels of the full-size photograph; at most 10,000.")
    width: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(description="In pixels of the full-size photograph.")


class MaskIn(Strict):
    """A mask picture."""

    png: str = Field(description="Base64 of a PNG of the photograph's shape, at any size, which is white inside and black outside.")


def _kind_of_reach(value: Any) -> str | None:
    """The tag of a reach, by its word or its key; None for an unknown one."""
    if isinstance(value, str):
        return "word" if value in REACHES else None
    keys = value if isinstance(value, dict) else type(value).model_fields if isinstance(value, BaseModel) else ()
    return next((key for key in ("region", "brush", "png") if key in keys), None)


ReachIn: TypeAlias = Annotated[
    Annotated[Literal["object", "picture"], Tag("word")]
    | Annotated[RegionIn, Tag("region")]
    | Annotated[BrushIn, Tag("brush")]
    | Annotated[MaskIn, Tag("png")],
    Discriminator(
        _kind_of_reach,
        custom_error_type="reach",
        custom_error_message="There is no such reach; it is object, picture, or an area with the key region, brush or png",
    ),
]


class HintIn(Strict):
    """The color of one place: either `color` or `ab`."""

    x: Number = Field(description="Pixels of the full-size photograph from its left edge.", examples=[120])
    y: Number = Field(description="Pixels of the full-size photograph from its top edge.", examples=[80])
    color: Color | None = None
    ab: tuple[Number, Number] | None = Field(None, description="CIELAB a*, b*, instead of a color.")
    size: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)] = Field(
        Hint.size, description="Side of the square patch, pixels of the full-size photograph; 0: a size that suits the photograph."
    )
    reach: ReachIn = Field(
        "object",
        description="What it speaks for: the object it lies on; the light of the whole picture; or all of an area, and nothing else.",
    )
    keep_rest: bool = Field(
        Hint.keep_rest, description="Whether all outside the object keeps exactly the color that it has without this hint."
    )

    def hint(self) -> Hint:
        """The library's `Hint`. Raises HintError for no color, or two, or an area that can't be used."""
        return Hint(self.x, self.y, self.color or "", self.ab, self.size, reach_of(self.reach), self.keep_rest)


def reach_of(reach: ReachIn) -> Reach:
    """The library's reach. Raises HintError for an area that can't be used."""
    return reach_from_json(reach.model_dump() if isinstance(reach, BaseModel) else reach, MAX_MASK_PIXELS)


def _few_masks(hints: list[HintIn]) -> list[HintIn]:
    if sum(isinstance(hint.reach, MaskIn) for hint in hints) > MAX_MASKS:
        raise ValueError(f"at most {MAX_MASKS} hints may have a mask picture")
    return hints


HintList: TypeAlias = Annotated[list[HintIn], Field(max_length=MAX_HINTS), AfterValidator(_few_masks)]


class EditNumbers(Strict):
    """The fields that an edit has both as JSON and in a form."""

    like_strength: Fraction = Field(
        DEFAULTS.like_strength, description="How far the colors move toward those of `like`: 0 leaves the automatic ones."
    )
    variant: int = Field(
        DEFAULTS.variant, ge=1, le=MAX_VARIANT, description="1 is the automatic coloring; others are drawn at random."
    )
    seed: int = Field(
        DEFAULTS.seed, ge=0, le=MAX_SEED, description="Of the random numbers that decide the variants after the first."
    )
    vividness: Fraction = Field(DEFAULTS.vividness, description="0: least error on average, so dull; 1: most colorful.")
    strength: Fraction = Field(DEFAULTS.strength, description="0: gray; 1: the colors as they are.")
    detail: int | None = Field(
        DEFAULTS.detail, ge=1, description="Working size of the network, pixels of the short side; null: the model's own."
    )
    ensemble: bool = Field(
        DEFAULTS.ensemble, description="Average several views (test-time augmentation); about six times the computation."
    )


class Edit(EditNumbers):
    """How a photograph is colored: the JSON form of `tinct.Edit`."""

    hints: HintList = []
    like: str | None = Field(None, max_length=64, description="Id of a picture that was sent, whose palette the result takes.")

    def edit(self, like: Photo | None) -> coloring.Edit:
        """The library's `Edit`, with the picture that `like` names. Raises HintError, ConfigError."""
        numbers = {name: getattr(self, name) for name in EditNumbers.model_fields}
        return coloring.Edit(hints=tuple(hint.hint() for hint in self.hints), like=like, **numbers)

    @classmethod
    def from_form(cls, form: ColorizeForm, sent: set[str]) -> Edit:
        """The field `edit`, and laid over it those of the other fields that were sent. Raises RefusedError, 422."""
        edit = cls.model_validate({}) if form.edit is None else parsed(TypeAdapter(cls), form.edit, "edit")
        changes: dict[str, Any] = {name: getattr(form, name) for name in sent & set(EditNumbers.model_fields)}
        if "hints" in sent:
            changes["hints"] = parse_hints(form.hints)
        return edit.model_copy(update=changes)


class Preview(Edit):
    """How a photograph is colored, and how large a preview of it is wanted."""

    size: PreviewSide = DEFAULT_PREVIEW_SIDE
    part: tuple[Offset, Offset, PartSide, PartSide] | None = Field(
        None, description="x, y, width, height: that part of the photograph at full size instead, in its pixels."
    )


class Variants(Edit):
    """How a photograph is colored, and of how many variants, from `variant` on, small pictures are wanted."""

    size: PreviewSide = DEFAULT_PREVIEW_SIDE
    variants: int = Field(1, ge=1, le=MAX_VARIANTS, description="How many variants: `variant` and those after it.")

    @model_validator(mode="after")
    def _exist(self) -> Variants:
        if self.variant + self.variants - 1 > MAX_VARIANT:
            raise ValueError(f"the last variant is number {MAX_VARIANT}")
        return self


class Render(Edit):
    """How a photograph is colored, and which file is wanted of it."""

    format: Format = "original"
    output: str = Field(
        "color",
        pattern="^(color|layer|compare)$",
        description="color; layer: the color alone, transparent; compare: beside the gray.",
    )
    jpeg_quality: JpegQuality = DEFAULT_JPEG_QUALITY


class ColorizeForm(EditNumbers):
    """The form of `POST /v1/colorize`."""

    photo: UploadFile = Field(description="The photograph: JPEG, PNG, TIFF, WebP, AVIF or HEIC.")
    edit: str | None = Field(None, description="JSON of an edit, over which the other fields are laid.")
    hints: str = Field("[]", description='JSON: [{"x": 120, "y": 80, "color": "#b58863"}], in pixels of the full-size photograph.')
    like: UploadFile | None = Field(None, description="A color picture whose palette the result takes.")
    variants: int = Field(
        1, ge=1, le=MAX_VARIANTS, description="How many variants: `variant` and those after it; a zip if more than 1."
    )
    format: Format = "original"
    jpeg_quality: JpegQuality = DEFAULT_JPEG_QUALITY


class PictureForm(Strict):
    """The form of `POST /v1/pictures`."""

    photo: UploadFile = Field(description="The photograph, or a reference picture.")
    reference_of: str | None = Field(
        None,
        max_length=64,
        description="Id of the picture that this one is a reference for: it is kept as long as that one is, and forgotten with it.",
    )


class SuggestForm(Strict):
    """The form of `POST /v1/suggest`."""

    photo: UploadFile
    x: Number = Field(description="Pixels of the full-size photograph from its left edge.")
    y: Number = Field(description="Pixels of the full-size photograph from its top edge.")
    hints: str = Field("[]", description="JSON, as for /v1/colorize.")
    count: SuggestionCount = DEFAULT_SUGGESTIONS


class Place(Strict):
    """A place to suggest colors for."""

    x: Number
    y: Number
    hints: HintList = []
    count: SuggestionCount = DEFAULT_SUGGESTIONS


_HINTS: TypeAdapter[list[HintIn]] = TypeAdapter(HintList)


def parse_hints(text: str) -> list[HintIn]:
    """Hints from the JSON of a form field. Raises RefusedError, 422."""
    return parsed(_HINTS, text or "[]", "hints")


def parsed(adapter: TypeAdapter[T], text: str, field: str) -> T:
    """Parse the JSON of a form field. Raises RefusedError, 422, which names the field."""
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        entry = error.errors()[0]
        raise RefusedError(422, "invalid-request", sentence(entry | {"loc": (field, *entry["loc"])})) from None
