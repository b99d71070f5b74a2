"""One request, one answer: a photograph comes and goes in color, and nothing is kept."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from ..coloring.colorizer import Colorizer
from ..coloring.hints import Hint
from ..photo.photo import Photo
from ..runtime.spec import bundled
from .problems import problems
from .responses import MEDIA, as_download, as_zip, safe_name, suffix_of
from .schemas import FORMATS, ModelOut, SuggestionOut, parse_hints
from .state import State, state_of

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["one shot"])
MOST_VARIANTS = 16
PICTURES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The picture; a zip where variants is above 1.",
        "content": {
            media: {"schema": {"type": "string", "format": "binary"}}
            for media in [*dict.fromkeys(MEDIA.values()), "application/zip"]
        },
    },
    **problems(400, 401, 403, 408, 413, 422, 429, 503),
}
HintsField = Annotated[
    str, Form(description='JSON: [{"x": 120, "y": 80, "color": "#b58863"}], in pixels of the full-size photograph.')
]


@router.post("/colorize", responses=PICTURES, response_class=Response)
async def colorize(
    request: Request,
    photo: Annotated[UploadFile, File(description="The photograph: JPEG, PNG, TIFF, WebP, AVIF or HEIC.")],
    like: Annotated[UploadFile | None, File(description="A color picture whose palette the result takes after.")] = None,
    hints: HintsField = "[]",
    variants: Annotated[int, Form(ge=1, le=MOST_VARIANTS)] = 1,
    seed: Annotated[int, Form(ge=0, lt=2**63)] = 0,
    vividness: Annotated[float, Form(ge=0, le=1, allow_inf_nan=False)] = 0.5,
    strength: Annotated[float, Form(ge=0, le=1, allow_inf_nan=False)] = 1.0,
    format: Annotated[str, Form(pattern=FORMATS, description="original, jpg, png, tif, webp or avif.")] = "original",
    quality: Annotated[int, Form(ge=1, le=100, description="Of jpg, webp and avif.")] = 95,
) -> Response:
    """Color a photograph: the same size, its own lightness and metadata."""
    state = state_of(request)
    content, name = await photo.read(), safe_name(photo.filename or "")
    reference = await like.read() if like is not None else None
    files, suffix = await state.gate.run(
        _colorize,
        state,
        content,
        name,
        reference,
        parse_hints(hints),
        variants,
        format,
        quality,
        {"seed": seed, "vividness": vividness, "strength": strength},
    )
    if len(files) == 1:
        ((result, body),) = files.items()
        return as_download(body, result, suffix)
    return as_download(as_zip(files), f"{name.rpartition('.')[0] or name}.color.zip", ".zip")


@router.post("/suggest", responses=problems(400, 401, 403, 408, 413, 422, 429, 503))
async def suggest(
    request: Request,
    photo: Annotated[UploadFile, File()],
    x: Annotated[float, Form(allow_inf_nan=False, description="In pixels of the full-size photograph.")],
    y: Annotated[float, Form(allow_inf_nan=False)],
    hints: HintsField = "[]",
    count: Annotated[int, Form(ge=1, le=50)] = 8,
) -> list[SuggestionOut]:
    """The colors that a place of a photograph most probably has, the most probable first."""
    state = state_of(request)
    content, name, known = await photo.read(), safe_name(photo.filename or ""), parse_hints(hints)

    def work() -> list[SuggestionOut]:
        opened = Photo.open(content, name=name, max_pixels=state.settings.max_pixels)
        found = state.colorizer.suggest(opened, x, y, hints=known, count=count)
        return [SuggestionOut(color=s.color, probability=s.probability) for s in found]

    return await state.gate.run(work)


@router.get("/models", responses=problems(401))
async def models(request: Request) -> list[ModelOut]:
    """The models that come with tinct; this server colors with the default one."""
    return state_of(request).models


def describe_models(colorizer: Colorizer) -> list[ModelOut]:
    """All bundled ones, and the server's own where it is another."""
    found = {}
    for name in dict.fromkeys((*bundled(), colorizer.spec.name)):
        one = colorizer if name == colorizer.spec.name else Colorizer(name, threads=1)
        found[name] = ModelOut(
            name=name,
            architecture=one.spec.architecture,
            parameters=one.spec.parameters,
            takes_hints=one.takes_hints,
            draws_variants=one.draws_variants,
            default=name == colorizer.spec.name,
        )
    return list(found.values())


def _colorize(
    state: State,
    content: bytes,
    name: str,
    reference: bytes | None,
    hints: list[Hint],
    variants: int,
    format: str,
    quality: int,
    how: dict[str, Any],
) -> tuple[dict[str, bytes], str]:
    most = state.settings.max_pixels
    photo = Photo.open(content, name=name or "the photo", max_pixels=most)
    like = Photo.open(reference, name="the reference picture", max_pixels=most) if reference is not None else None
    found = state.colorizer.colorize(photo, hints=hints, like=like, variants=variants, **how)
    suffix = suffix_of(content) if format == "original" else f".{format}"
    stem = name.rpartition(".")[0] or name
    results = found if isinstance(found, list) else [found]
    names = [f"{stem}.color{f'-{n}' if n > 1 else ''}{suffix}" for n in range(1, len(results) + 1)]
    return {name: result.to_bytes(suffix, quality=quality) for name, result in zip(names, results, strict=True)}, suffix
