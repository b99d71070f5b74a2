"""One request, one answer: a photograph comes in and goes out in color, and nothing is kept."""

from __future__ import annotations

from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, File, Request, Response

from ..coloring import Colorizer
from ..photo import Photo
from ..runtime import bundled, read_spec
from .answers import ModelOut, SuggestionsOut
from .problems import problems
from .request_bodies import InMemoryRoute, content_of
from .responses import MEDIA, Result, as_download, as_zip, safe_name
from .schemas import ColorizeForm, Edit, SuggestForm, parse_hints
from .state import State, state_of
from .working_memory import Share

__all__ = ["describe_models", "router"]

router = APIRouter(prefix="/v1", tags=["one shot"], route_class=InMemoryRoute)
REFUSALS = problems(400, 401, 403, 408, 413, 422, 429, 503)
PICTURES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The picture; a zip where variants is above 1.",
        "content": {
            media: {"schema": {"type": "string", "format": "binary"}}
            for media in [*dict.fromkeys(MEDIA.values()), "application/zip"]
        },
    },
    **problems(404),
    **REFUSALS,
}


@router.post("/colorize", responses=PICTURES, response_class=Response)
async def colorize(request: Request, form: Annotated[ColorizeForm, File()]) -> Response:
    """Color a photograph: the same size, its own lightness and metadata."""
    state = state_of(request)
    sent = {name for name, value in (await request.form()).multi_items() if value != ""}
    edit = Edit.from_form(form, sent)
    state.check(edit)
    sent_like = state.like(edit)
    content, name = await content_of(form.photo), safe_name(form.photo.filename or "")
    reference = await content_of(form.like) if form.like is not None else None

    def work() -> tuple[Result, str, str]:
        with state.memory.share() as share:
            file, name, suffix = color(share)
            return Result.of(file, share), name, suffix

    def color(share: Share) -> tuple[BinaryIO, str, str]:
        photo = _opened(state, content, name, share)
        like = sent_like if reference is None else _opened(state, reference, "the reference picture", share)
        suffix = photo.suffix if form.format == "original" else f".{form.format}"
        stem = name.rpartition(".")[0] or name
        colored = state.colorizer.variants(photo, form.variants, edit.edit(like))
        sizes = [one.encoding_bytes(suffix) for one in colored]
        share.take(sum(sizes) + (max(sizes) if len(sizes) > 1 else 0))  # one is written while those before it are in the zip
        names = [f"{stem}.color{f'-{n}' if n > 1 else ''}{suffix}" for n in range(edit.variant, edit.variant + form.variants)]
        files = ((name, one.to_file(suffix, jpeg_quality=form.jpeg_quality)) for name, one in zip(names, colored, strict=True))
        if len(names) > 1:
            return as_zip(files), f"{stem}.color.zip", ".zip"
        return next(files)[1], names[0], suffix

    return as_download(*await state.gate.run(work))


@router.post("/suggest", responses=REFUSALS)
async def suggest(request: Request, form: Annotated[SuggestForm, File()]) -> SuggestionsOut:
    """The colors that a place of a photograph most probably has, and families of ready colors at its lightness."""
    state, given = state_of(request), parse_hints(form.hints)
    content, name = await content_of(form.photo), safe_name(form.photo.filename or "")

    def work() -> SuggestionsOut:
        hints = [hint.hint() for hint in given]
        with state.memory.share() as share:
            canvas = state.colorizer.canvas(_opened(state, content, name, share))
        colors = canvas.suggest(form.x, form.y, hints=hints, count=form.count)
        return SuggestionsOut.of(colors, canvas.families(form.x, form.y, hints=hints))

    return await state.gate.run(work)


@router.get("/models", responses=problems(401))
async def models(request: Request) -> list[ModelOut]:
    """The models that come with tinct; this server colors with the default one."""
    return state_of(request).models


def describe_models(colorizer: Colorizer) -> list[ModelOut]:
    """All bundled models, from their specs alone, and the server's own where it is another."""
    specs = {name: read_spec(graph.with_suffix(".safetensors")) for name, graph in bundled().items()}
    own = colorizer.spec
    return [
        ModelOut(
            name=name,
            architecture=spec.architecture,
            parameters=spec.parameters,
            takes_hints=spec.takes_hints,
            has_code=spec.has_code,
            default=name == own.name,
        )
        for name, spec in (specs | {own.name: own}).items()
    ]


def _opened(state: State, content: bytes, name: str, share: Share) -> Photo:
    """The photograph that was sent; its memory is taken from the share. Raises PhotoError, RefusedError."""
    return Photo.open(content, name=name or "the photo", max_pixels=state.settings.pixel_limit, admit=share.take)
