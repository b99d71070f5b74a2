"""Coloring by hand: a photograph is sent once; then each edit gets a preview quickly, and the last one the full size."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Path, Request, Response

from .. import coloring
from ..coloring import Canvas
from .picture_store import MAX_PREVIEW_SIDE, Picture
from .problems import problems
from .request_bodies import InMemoryRoute
from .responses import MEDIA, as_download, data_url, preview_jpeg, safe_name
from .schemas import DEFAULT_PREVIEW_SIDE, Edit, PictureForm, PictureOut, Place, Preview, Render, SuggestionsOut
from .state import State, state_of

__all__ = ["router"]

router = APIRouter(prefix="/v1/pictures", tags=["by hand"], route_class=InMemoryRoute)
Id = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="As POST /v1/pictures gave it.")]
REFUSALS = problems(400, 401, 403, 404, 408, 413, 422, 429, 503)


def _binary(*medias: str) -> dict[int | str, dict[str, Any]]:
    content = {media: {"schema": {"type": "string", "format": "binary"}} for media in medias}
    return {200: {"description": "The picture.", "content": content}, **REFUSALS}


@router.post("", status_code=201, responses=problems(400, 401, 403, 408, 413, 422, 429, 503))
async def send(request: Request, form: Annotated[PictureForm, File()]) -> PictureOut:
    """Send a photograph to be colored. It is kept in memory until it isn't used for a while, and nowhere else."""
    state = state_of(request)
    return await state.gate.run(_send, state, await form.photo.read(), safe_name(form.photo.filename or ""))


@router.post("/{id}/preview", responses=_binary("image/jpeg"), response_class=Response)
async def preview(request: Request, id: Id, edit: Preview) -> Response:
    """A small picture with this edit, quickly; or a part of it at full size."""
    state = state_of(request)
    picture, wanted = state.pictures.get(id), _edit_of(state, edit)

    def work() -> bytes:
        if edit.part is not None:
            return preview_jpeg(_canvas(state, picture, wanted).colorize(wanted).part(*edit.part))
        return preview_jpeg(_canvas(state, picture, wanted).colorize(wanted, onto=picture.gray(edit.size)))

    return Response(await state.gate.run(work), media_type="image/jpeg")


@router.post("/{id}/suggest", responses=REFUSALS)
async def suggest(request: Request, id: Id, place: Place) -> SuggestionsOut:
    """The colors that a place most probably has, and families of ready colors at its lightness."""
    state = state_of(request)
    canvas, hints = state.pictures.get(id).canvas, [hint.hint() for hint in place.hints]

    def work() -> SuggestionsOut:
        colors = canvas.suggest(place.x, place.y, hints=hints, count=place.count)
        return SuggestionsOut.of(colors, canvas.families(place.x, place.y, hints=hints))

    return await state.gate.run(work)


@router.post("/{id}/render", responses=_binary(*dict.fromkeys(MEDIA.values())), response_class=Response)
async def render(request: Request, id: Id, edit: Render) -> Response:
    """The photograph at full size, with its metadata, in its own format or another."""
    state = state_of(request)
    picture, wanted = state.pictures.get(id), _edit_of(state, edit)
    if edit.format != "original":
        suffix = f".{edit.format}"
    elif edit.output == "layer" and picture.suffix != ".tif":
        suffix = ".png"
    else:
        suffix = picture.suffix

    def work() -> bytes:
        photo = _canvas(state, picture, wanted).colorize(wanted)
        photo = {"color": lambda: photo, "layer": photo.layer, "compare": photo.compare}[edit.output]()
        return photo.to_bytes(suffix, jpeg_quality=edit.jpeg_quality)

    stem = picture.name.rpartition(".")[0] or picture.name
    return as_download(await state.gate.run(work), f"{stem}.{edit.output}{suffix}", suffix)


@router.delete("/{id}", status_code=204, responses=problems(401, 403, 404, 422))
async def forget(request: Request, id: Id) -> Response:
    """Forget the photograph now."""
    state_of(request).pictures.remove(id)
    return Response(status_code=204)


def _send(state: State, content: bytes, name: str) -> PictureOut:
    picture = state.pictures.add(content, name or "the photo", state.colorizer, state.settings.max_pixels)
    gray, photo = picture.gray(DEFAULT_PREVIEW_SIDE), picture.canvas.photo
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
        notes=list(photo.notes),
    )


def _edit_of(state: State, edit: Edit) -> coloring.Edit:
    """The library's `Edit`, with the picture that `like` names. Raises RefusedError, HintError, ConfigError."""
    state.check(edit)
    return edit.edit(state.like(edit))


def _canvas(state: State, picture: Picture, edit: coloring.Edit) -> Canvas:
    """The picture's own canvas, or one of another working size or of several views, whose features the colorizer caches."""
    if edit.detail is None and not edit.ensemble:
        return picture.canvas
    return state.colorizer.canvas(picture.canvas.photo, detail=edit.detail, ensemble=edit.ensemble)
