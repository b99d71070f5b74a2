"""A photograph is sent once, and then colored by hand: each edit gets a small picture at once, and the last one the full size."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Path, Request, Response, UploadFile

from ..photo.photo import Photo
from .picture_store import Picture
from .problems import problems
from .responses import MEDIA, as_download, data_url, preview, safe_name
from .schemas import Edit, PictureOut, Place, Render, SuggestionOut
from .state import State, state_of

__all__ = ["router"]

router = APIRouter(prefix="/v1/pictures", tags=["by hand"])
Id = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="As POST /v1/pictures gave it.")]
REFUSALS = problems(400, 401, 403, 404, 408, 413, 422, 429, 503)
FIRST = 1024
"""Pixels along the longer side of the first previews."""


def _binary(*medias: str) -> dict[int | str, dict[str, Any]]:
    content = {media: {"schema": {"type": "string", "format": "binary"}} for media in medias}
    return {200: {"description": "The picture.", "content": content}, **REFUSALS}


@router.post("", status_code=201, responses=problems(400, 401, 403, 408, 413, 422, 429, 503))
async def send(
    request: Request, photo: Annotated[UploadFile, File(description="The photograph, or a reference picture.")]
) -> PictureOut:
    """Send a photograph to be colored. It is kept in memory until it isn't used for a while, and nowhere else."""
    state = state_of(request)
    return await state.gate.run(_send, state, await photo.read(), safe_name(photo.filename or ""))


@router.post("/{id}/preview", responses=_binary("image/jpeg"), response_class=Response)
async def show(request: Request, id: Id, edit: Edit) -> Response:
    """A small picture with these colors, quickly."""
    state = state_of(request)
    picture, like = state.pictures.get(id), _like(state, edit)

    def work() -> bytes:
        return preview(_edited(picture, edit, like, picture.sized(edit.size)))

    return Response(await state.gate.run(work), media_type="image/jpeg")


@router.post("/{id}/suggest", responses=REFUSALS)
async def suggest(request: Request, id: Id, place: Place) -> list[SuggestionOut]:
    """The colors that a place most probably has, the most probable first."""
    state = state_of(request)
    picture, hints = state.pictures.get(id), [hint.hint() for hint in place.hints]
    found = await state.gate.run(picture.canvas.suggest, place.x, place.y, hints=hints, count=place.count)
    return [SuggestionOut(color=s.color, probability=s.probability) for s in found]


@router.post("/{id}/render", responses=_binary(*dict.fromkeys(MEDIA.values())), response_class=Response)
async def render(request: Request, id: Id, edit: Render) -> Response:
    """The photograph at full size, with its metadata, in its own format or another."""
    state = state_of(request)
    picture, like = state.pictures.get(id), _like(state, edit)
    suffix = (
        f".{edit.format}"
        if edit.format != "original"
        else ".png"
        if edit.output == "layer" and picture.suffix != ".tif"
        else picture.suffix
    )

    def work() -> bytes:
        photo = _edited(picture, edit, like, None)
        photo = {"color": lambda: photo, "layer": photo.layer, "compare": photo.compare}[edit.output]()
        return photo.to_bytes(suffix, quality=edit.quality)

    stem = picture.name.rpartition(".")[0] or picture.name
    return as_download(await state.gate.run(work), f"{stem}.{edit.output}{suffix}", suffix)


@router.delete("/{id}", status_code=204, responses=problems(401, 403, 404, 422))
async def forget(request: Request, id: Id) -> Response:
    """Forget the photograph now."""
    state_of(request).pictures.remove(id)
    return Response(status_code=204)


def _send(state: State, content: bytes, name: str) -> PictureOut:
    picture = state.pictures.add(content, name or "the photo", state.colorizer, state.settings.max_pixels)
    small = picture.sized(FIRST)
    first = picture.canvas.colorize(onto=small)
    assert isinstance(first, Photo)
    gray = picture.canvas.colorize(onto=small, strength=0.0)
    assert isinstance(gray, Photo)
    return PictureOut(
        id=picture.id,
        name=picture.name,
        width=picture.canvas.photo.width,
        height=picture.canvas.photo.height,
        expires_in=state.pictures.expires_in(picture),
        gray=data_url(preview(gray)),
        color=data_url(preview(first)),
        notes=list(picture.canvas.photo.notes),
    )


def _edited(picture: Picture, edit: Edit, like: Photo | None, onto: Photo | None) -> Photo:
    found = picture.canvas.colorize(
        hints=[hint.hint() for hint in edit.hints],
        like=like,
        first=edit.variant,
        seed=edit.seed,
        vividness=edit.vividness,
        strength=edit.strength,
        onto=onto,
    )
    assert isinstance(found, Photo)
    return found


def _like(state: State, edit: Edit) -> Photo | None:
    return state.pictures.get(edit.like).small if edit.like is not None else None
