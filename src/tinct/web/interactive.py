"""Coloring by hand: a photograph is sent once; then each edit gets a preview quickly, and the last one the full size."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, File, Path, Request, Response
from fastapi.responses import StreamingResponse

from .. import coloring
from ..coloring import Canvas
from ..photo import Photo
from .answers import NoteOut, PictureOut, SuggestionsOut, VariantOut
from .picture_store import MAX_PREVIEW_SIDE, Picture
from .problems import RefusedError, problems
from .request_bodies import InMemoryRoute, content_of
from .responses import MEDIA, Result, as_download, data_url, preview_jpeg, safe_name
from .schemas import DEFAULT_PREVIEW_SIDE, Edit, PictureForm, Place, Preview, Render, Variants
from .state import State, state_of

__all__ = ["router"]

router = APIRouter(prefix="/v1/pictures", tags=["by hand"], route_class=InMemoryRoute)
Id = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="As POST /v1/pictures gave it.")]
REFUSALS = problems(400, 401, 403, 404, 408, 413, 422, 429, 503)
JSON_LINES = "application/jsonl"


def _binary(*medias: str) -> dict[int | str, dict[str, Any]]:
    content = {media: {"schema": {"type": "string", "format": "binary"}} for media in medias}
    return {200: {"description": "The picture.", "content": content}, **REFUSALS}


@router.post("", status_code=201, responses=REFUSALS)
async def send(request: Request, response: Response, form: Annotated[PictureForm, File()]) -> PictureOut:
    """Send a photograph to be colored. It is kept in memory until it isn't used for a while, and nowhere else."""
    state, owner = state_of(request), form.reference_of or ""
    if owner:
        state.pictures.get(owner)
    name = safe_name(form.photo.filename or "")
    picture = await state.gate.run(_send, state, await content_of(form.photo), name, owner)
    response.headers["Location"] = f"pictures/{picture.id}"  # relative: a reverse proxy may add a path prefix
    return picture


@router.post("/{id}/preview", responses=_binary("image/jpeg"), response_class=Response)
async def preview(request: Request, id: Id, edit: Preview) -> Response:
    """A small picture with this edit, quickly; or a part of it at full size."""
    state = state_of(request)
    picture, like = _asked(state, id, edit)

    def work() -> bytes:
        wanted = edit.edit(like)
        with state.memory.share() as share:
            photo = picture.canvas.photo
            share.take(0 if _is_own(wanted) and edit.part is None else photo.decoding_bytes)  # two passes come one after the other
            canvas = _canvas(state, picture, wanted)
            if edit.part is None:
                return preview_jpeg(canvas.colorize(wanted, onto=picture.gray(edit.size)))
            share.take(photo.part_bytes(edit.part[1], edit.part[3]))
            return preview_jpeg(canvas.colorize(wanted).part(*edit.part))

    return Response(await state.gate.run(work), media_type="image/jpeg")


@router.post(
    "/{id}/variants",
    responses={
        200: {
            "description": "A line of JSON for each variant, as soon as it is drawn. A server that becomes busy meanwhile sends fewer.",
            "content": {JSON_LINES: {"schema": VariantOut.model_json_schema()}},
        },
        **REFUSALS,
    },
    response_class=StreamingResponse,
)
async def variants(request: Request, id: Id, edit: Variants) -> StreamingResponse:
    """Small pictures of several variants in one answer. Other requests may come between two of them."""
    state = state_of(request)
    picture, like = _asked(state, id, edit)
    wanted = await state.gate.run(edit.edit, like)

    def draw(variant: int) -> bytes:
        with state.memory.share() as share:
            share.take(0 if _is_own(wanted) else picture.canvas.photo.decoding_bytes)
            colored = _canvas(state, picture, wanted).colorize(wanted, onto=picture.gray(edit.size), variant=variant)
            line = VariantOut(variant=variant, picture=data_url(preview_jpeg(colored)))
            return line.model_dump_json().encode() + b"\n"

    async def others() -> AsyncIterator[bytes]:
        yield first
        for variant in range(edit.variant + 1, edit.variant + edit.variants):
            try:
                line = await state.gate.run(draw, variant)
            except RefusedError:  # busy: the client may ask for the rest later
                return
            yield line

    first = await state.gate.run(draw, edit.variant)  # what is wrong with the edit is told with a status
    return StreamingResponse(others(), media_type=JSON_LINES)


@router.post("/{id}/suggest", responses=REFUSALS)
async def suggest(request: Request, id: Id, place: Place) -> SuggestionsOut:
    """The colors that a place most probably has, and families of ready colors at its lightness."""
    state = state_of(request)
    canvas = state.pictures.get(id).canvas

    def work() -> SuggestionsOut:
        hints = [hint.hint() for hint in place.hints]
        colors = canvas.suggest(place.x, place.y, hints=hints, count=place.count)
        return SuggestionsOut.of(colors, canvas.families(place.x, place.y, hints=hints))

    return await state.gate.run(work)


@router.post("/{id}/render", responses=_binary(*dict.fromkeys(MEDIA.values())), response_class=Response)
async def render(request: Request, id: Id, edit: Render) -> Response:
    """The photograph at full size, with its metadata, in its own format or another."""
    state = state_of(request)
    picture, like = _asked(state, id, edit)
    if edit.format != "original":
        suffix = f".{edit.format}"
    elif edit.output == "layer" and picture.suffix != ".tif":
        suffix = ".png"
    else:
        suffix = picture.suffix

    def work() -> Result:
        wanted = edit.edit(like)
        with state.memory.share() as share:
            share.take(picture.canvas.photo.decoding_bytes)
            photo = _canvas(state, picture, wanted).colorize(wanted)
            photo = {"color": lambda: photo, "layer": photo.layer, "compare": photo.compare}[edit.output]()
            share.take(max(0, photo.decoding_bytes - share.bytes) + photo.encoding_bytes(suffix))
            return Result.of(photo.to_file(suffix, jpeg_quality=edit.jpeg_quality), share)

    stem = picture.name.rpartition(".")[0] or picture.name
    return as_download(await state.gate.run(work), f"{stem}.{edit.output}{suffix}", suffix)


@router.delete("/{id}", status_code=204, responses=problems(401, 403, 404, 422))
async def forget(request: Request, id: Id) -> Response:
    """Forget the photograph now, with the references that were sent for it."""
    state_of(request).pictures.remove(id)
    return Response(status_code=204)


def _send(state: State, content: bytes, name: str, owner: str) -> PictureOut:
    with state.memory.share() as share:
        photo = Photo.open(content, name=name or "the photo", max_pixels=state.settings.pixel_limit, admit=share.take)
        picture = state.pictures.add(photo, len(content), state.colorizer, owner)
    gray = picture.gray(DEFAULT_PREVIEW_SIDE)
    return PictureOut(
        id=picture.id,
        name=picture.name,
        width=photo.width,
        height=photo.height,
        expires_in=state.pictures.expires_in(picture),
        edit=Edit.model_validate({}),
        gray=data_url(preview_jpeg(picture.canvas.colorize(onto=gray, strength=0.0))),
        color=data_url(preview_jpeg(picture.canvas.colorize(onto=gray))),
        preview_size=DEFAULT_PREVIEW_SIDE,
        max_preview_size=MAX_PREVIEW_SIDE,
        notes=[NoteOut(code=note.code, text=str(note), values=note.values) for note in photo.notes],
    )


def _asked(state: State, id: str, edit: Edit) -> tuple[Picture, Photo | None]:
    """The picture, and the one that `like` names. Raises RefusedError.

    The library's `Edit` is made by a worker: to decode its masks takes a while, during which nobody else would get an answer.
    """
    picture = state.pictures.get(id)
    state.check(edit)
    return picture, state.like(edit)


def _is_own(edit: coloring.Edit) -> bool:
    """Whether the picture's own canvas serves for an edit."""
    return edit.detail is None and not edit.ensemble


def _canvas(state: State, picture: Picture, edit: coloring.Edit) -> Canvas:
    """The picture's own canvas, or one of another working size or of several views, whose features the colorizer caches."""
    if _is_own(edit):
        return picture.canvas
    return state.colorizer.canvas(picture.canvas.photo, detail=edit.detail, ensemble=edit.ensemble)
