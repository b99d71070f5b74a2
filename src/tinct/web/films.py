"""Films: sent once, looked at, colored in the background, and downloaded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, File, Path, Query, Request, Response
from fastapi.responses import FileResponse
from fastapi.routing import APIRoute

from ..errors import TinctError
from ..film import FilmEdit
from ..film.times import format_time, parse_time
from .film_schemas import ColorizeFilmForm, FilmForm, FilmOut, KeyframeOut, KeyframesOut, Time, result_out
from .film_store import Films
from .problems import RefusedError, problems
from .request_bodies import InMemoryRoute
from .responses import safe_name
from .state import State, state_of
from .stored_film import StoppedError, StoredFilm

__all__ = ["router"]

Id = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="As POST /v1/films gave it.")]
Count = Annotated[int, Query(ge=1, le=100, description="How many frames at most.")]
REFUSALS = problems(400, 401, 403, 404, 408, 409, 413, 422, 429, 503)
PNG: dict[int | str, dict[str, Any]] = {
    200: {"description": "The frame in gray.", "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}
}
MEDIA = {
    ".mp4": "video/mp4",
    ".m4v": "video/x-m4v",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
}
"""Suffix of a result -> media type."""
FILM = {"content": {media: {"schema": {"type": "string", "format": "binary"}} for media in MEDIA.values()}}


class _ArrivingRoute(APIRoute):
    """A route that reserves the place of a film before it is received."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, which parses the form, inside the reservation."""
        handle = super().get_route_handler()

        async def handle_arriving(request: Request) -> Response:
            with _films(request).arriving() as arrival:
                try:
                    return await handle(Request(request.scope, arrival.counted(request.receive)))
                except Exception:
                    if (refusal := arrival.refusal) is None:
                        raise
                # The parser took the request for incomplete. Raised here, the refusal doesn't hold the parser's files by its context.
                raise refusal

        return handle_arriving


sending = APIRouter(prefix="/v1/films", tags=["films"], route_class=_ArrivingRoute)
by_id = APIRouter(prefix="/v1/films", tags=["films"], route_class=InMemoryRoute)


@sending.post("", status_code=202, responses=problems(400, 401, 403, 404, 408, 413, 422, 429, 503))
async def send(request: Request, response: Response, form: Annotated[FilmForm, File()]) -> FilmOut:
    """Send a film, to be colored at once or later. It is kept in a temporary folder until it isn't used for a while."""
    state, films = state_of(request), _films(request)
    edit = form.parsed_edit()
    state.check(edit)
    name = safe_name(form.film.filename or "film")
    film = await asyncio.to_thread(films.add, form.film.file, name)  # copying it may take longer than a worker may
    try:
        await _start(state, films, film, form, begin=form.colorize)
    except BaseException:
        films.remove(film.id)
        raise
    response.headers["Location"] = f"films/{film.id}"  # relative: a reverse proxy may add a path prefix
    return FilmOut.of(films, film)


@by_id.get("/{id}", responses=problems(401, 404, 422))
async def progress(request: Request, id: Id) -> FilmOut:
    """What the film is, and how far its coloring is."""
    films = _films(request)
    return FilmOut.of(films, films.get(id))


@by_id.post("/{id}/colorize", status_code=202, responses=REFUSALS)
async def colorize(request: Request, id: Id, form: Annotated[ColorizeFilmForm, File()]) -> FilmOut:
    """Color the film with another edit; its former result is removed. Pictures that were sent before needn't be sent again."""
    films = _films(request)
    film = films.get(id)
    await _start(state_of(request), films, film, form)
    return FilmOut.of(films, film)


@by_id.get("/{id}/frame", responses={**PNG, **problems(401, 404, 422, 429, 503)}, response_class=Response)
async def frame(request: Request, id: Id, time: Time = "0") -> Response:
    """The gray frame nearest to a time, at full size, as PNG: to be colored by hand and sent as a keyframe."""
    state, film = state_of(request), _films(request).get(id)
    seconds = parse_time(time)
    with _in_words(film):
        content = await state.gate.run(film.frame, seconds)
    return Response(content, media_type="image/png")


@by_id.get("/{id}/keyframes", responses=problems(401, 404, 422, 503))
async def keyframes(request: Request, id: Id, count: Count = 5) -> KeyframesOut:
    """The frames that tell most about the film, to be colored by hand. For a long film the answer takes several requests."""
    state, films = state_of(request), _films(request)
    film = films.get(id)
    looking = asyncio.wrap_future(films.look(film, count))
    looking.add_done_callback(lambda done: done.cancelled() or done.exception())  # retrieved, also where nobody waits any more
    try:
        with _in_words(film):
            times = await asyncio.wait_for(asyncio.shield(looking), state.settings.time_limit)
    except asyncio.TimeoutError:
        raise RefusedError(503, "still-looking", f"{film.name} is still being looked through.", retry_after=10) from None
    except StoppedError:
        raise films.unknown() from None
    return KeyframesOut(keyframes=[KeyframeOut(time=time, text=format_time(time)) for time in times])


@by_id.get(
    "/{id}/result",
    responses={
        200: {"description": "The film."} | FILM,
        206: {"description": "A part of it."} | FILM,
        **problems(401, 404, 409, 422),
    },
    response_class=FileResponse,
)
async def result(request: Request, id: Id) -> FileResponse:
    """The colored film, or a range of its bytes."""
    film = _films(request).get(id)
    made, out = film.result, result_out(film)
    if made is None or out is None:
        raise RefusedError(409, "no-result", f"{film.name} isn't colored.")
    return FileResponse(made.path, media_type=MEDIA[made.path.suffix.lower()], filename=out.name)


@by_id.delete("/{id}", status_code=204, responses=problems(401, 403, 404, 422))
async def forget(request: Request, id: Id) -> Response:
    """Forget the film and its result now, also while it is colored."""
    await asyncio.to_thread(_films(request).remove, id)
    return Response(status_code=204)


router = APIRouter()
router.include_router(sending)
router.include_router(by_id)


def _films(request: Request) -> Films:
    films = state_of(request).films
    assert films is not None, "the routes of films are there without films"
    return films


async def _start(state: State, films: Films, film: StoredFilm, form: ColorizeFilmForm, *, begin: bool = True) -> None:
    """Keep the pictures, check the edit, and queue the film if it is to `begin`. Raises RefusedError, or a TinctError."""
    film.check_free()
    wanted = form.parsed_edit()
    state.check(wanted)
    like = state.like(wanted)

    def prepare() -> FilmEdit:
        for picture in form.pictures:
            with state.memory.share() as share:
                films.keep_picture(film, picture.file, picture.filename or "", state.settings.pixel_limit, share.take)
        edit = wanted.edit(like, film.pictures)
        edit.check(film.info)
        return edit

    with _in_words(film):
        order = form.order(await state.gate.run(prepare))
        order.encoding(order.output(film.info.path))
        if begin:
            films.color(film, order)


@contextmanager
def _in_words(film: StoredFilm) -> Iterator[None]:
    """Errors inside the block name files as the client does."""
    try:
        yield
    except TinctError as error:
        raise type(error)(film.in_words(str(error)), code=error.code, **error.details) from error
