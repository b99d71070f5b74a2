"""Schemas of films. An edit here is the JSON form of `tinct.film.FilmEdit`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from fastapi import UploadFile
from pydantic import BaseModel, Field, TypeAdapter

from .. import coloring
from ..film import FilmEdit, Keyframe
from ..film.times import parse_time
from ..photo import Photo
from .film_store import MAX_PICTURES, Films
from .problems import RefusedError
from .schemas import EditNumbers, HintList, Strict, parsed
from .stored_film import Order, StoredFilm

__all__ = ["ColorizeFilmForm", "FilmEditIn", "FilmForm", "FilmOut", "KeyframesOut", "Time"]

Time = Annotated[
    str,
    Field(
        max_length=32, description="Seconds, minutes and seconds, or hours, minutes and seconds.", examples=["00:12.4", "1:02:03.5"]
    ),
]


class KeyframeIn(Strict):
    """Known colors of one frame."""

    time: Annotated[float, Field(ge=0, allow_inf_nan=False)] | Time
    picture: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="Name of a picture that was sent: the frame in color, transparent where nothing is said.",
    )
    hints: HintList = Field([])


class FilmEditIn(EditNumbers):
    """How a film is colored: the JSON form of `tinct.film.FilmEdit`."""

    like: str | None = Field(None, max_length=64, description="Id of a picture that was sent, whose palette the result takes.")
    keyframes: list[KeyframeIn] = Field([], max_length=MAX_PICTURES)

    def edit(self, like: Photo | None, pictures: Mapping[str, Path]) -> FilmEdit:
        """The library's `FilmEdit`, with the pictures that it names. Raises HintError, ConfigError, or RefusedError, 422."""
        numbers = {name: getattr(self, name) for name in EditNumbers.model_fields}
        return FilmEdit(coloring.Edit(like=like, **numbers), tuple(self._keyframe(one, pictures) for one in self.keyframes))

    @staticmethod
    def _keyframe(one: KeyframeIn, pictures: Mapping[str, Path]) -> Keyframe:
        if one.picture is not None and one.picture not in pictures:
            raise RefusedError(422, "no-such-keyframe", f"No picture called {one.picture!r} was sent.")
        picture = None if one.picture is None else pictures[one.picture]
        return Keyframe(parse_time(one.time), picture, tuple(hint.hint() for hint in one.hints))


class ColorizeFilmForm(Strict):
    """The form of `POST /v1/films/{id}/colorize`."""

    edit: str = Field("{}", description="JSON of the film's edit.")
    pictures: list[UploadFile] = Field([], max_length=MAX_PICTURES, description="Pictures of keyframes, which the edit names.")
    start: Time | None = Field(None, description="Color only a part of the film, from this time on.")
    end: Time | None = Field(None, description="Color only a part of the film, up to this time.")
    every: int = Field(1, ge=1, le=100_000, description="Color every n-th frame only, for a quick look.")
    codec: str | None = Field(None, max_length=16, description="Codec of the result.")
    quality: int | None = Field(None, ge=0, le=100, description="Quality of the codec.")

    def parsed_edit(self) -> FilmEditIn:
        """The edit. Raises RefusedError, 422."""
        return parsed(TypeAdapter(FilmEditIn), self.edit or "{}", "edit")

    def order(self, edit: FilmEdit) -> Order:
        """How the film is colored. Raises ConfigError."""
        start, end = (None if not time else parse_time(time) for time in (self.start, self.end))
        return Order(edit, self.codec or None, self.quality, start, end, self.every)


class FilmForm(ColorizeFilmForm):
    """The form of `POST /v1/films`."""

    film: UploadFile = Field(description="The film, in any container.")
    colorize: bool = Field(True, description="Whether to begin at once; otherwise POST /v1/films/{id}/colorize begins.")


class FilmInfoOut(BaseModel):
    """What a film is."""

    width: int = Field(description="Pixels of a frame as it is shown.")
    height: int
    duration: float | None = Field(description="Seconds, if the file tells.")
    frames: int | None = Field(description="Number of frames, if the file tells; not exact.")
    frame_rate: float | None = Field(description="Mean frames a second.")
    interlaced: bool
    hdr: bool
    has_color: bool
    streams: list[str] = Field(description="The other streams in a few words each: sound, subtitles.")


class FilmResultOut(BaseModel):
    """What came of it."""

    name: str = Field(description="File name for the download.")
    bytes: int
    frames: int
    shots: int
    seconds: float = Field(description="That coloring took.")


class FilmOut(BaseModel):
    """A film, and how far it is."""

    id: str = Field(description="Whoever knows it can use the film, so keep it secret.")
    name: str
    state: str = Field(description="open: nothing was asked; queued, running, done or failed.", examples=["running"])
    stage: str | None = Field(description="Of a running one: looking, coloring or joining.")
    done: int = Field(description="Frames that are done in this stage.")
    total: int | None = Field(description="Of how many, if known.")
    seconds_left: float | None
    error: str | None = Field(description="Why it failed, as a sentence.")
    code: str | None = Field(description="Stable name of the kind of failure, for programs.")
    notes: list[str] = Field(description="What people should know, as sentences.")
    info: FilmInfoOut
    result: FilmResultOut | None
    expires_in: float = Field(description="Seconds without use after which the film is forgotten; it isn't while it is colored.")

    @classmethod
    def of(cls, films: Films, film: StoredFilm) -> FilmOut:
        """The state of a film."""
        info, result = film.info, film.result
        progress = film.progress if film.state == "running" else None
        failed = film.state == "failed"
        error = "This is a bug of tinct, and was logged." if failed and film.error is None else film.error and str(film.error)
        return cls(
            id=film.id,
            name=film.name,
            state=film.state,
            stage=progress.stage if progress else None,
            done=progress.done if progress else result.frames if result else 0,
            total=progress.total if progress else result.frames if result else info.frames,
            seconds_left=progress.seconds_left if progress else None,
            error=film.in_words(error) if error else None,
            code=(film.error.code or "film-error") if film.error else "internal-error" if failed else None,
            notes=[film.in_words(note) for note in dict.fromkeys((*info.notes, *(result.notes if result else ())))],
            info=FilmInfoOut(
                width=info.width,
                height=info.height,
                duration=info.duration,
                frames=info.frames,
                frame_rate=float(info.frame_rate) if info.frame_rate else None,
                interlaced=info.interlaced,
                hdr=info.hdr,
                has_color=info.has_color,
                streams=list(info.streams),
            ),
            result=None if result is None else result_out(film),
            expires_in=films.expires_in(film),
        )


def result_out(film: StoredFilm) -> FilmResultOut | None:
    """The result of a film that is done."""
    result = film.result
    if result is None:
        return None
    stem = Path(film.name).stem or film.name
    name = f"{stem}.{'.'.join(result.path.name.split('.')[-2:])}"  # film.color.mp4 -> wedding.color.mp4
    return FilmResultOut(
        name=name, bytes=result.path.stat().st_size, frames=result.frames, shots=result.shots, seconds=result.seconds
    )


class KeyframeOut(BaseModel):
    """A frame that is worth coloring by hand."""

    time: float = Field(description="Seconds; GET /v1/films/{id}/frame?time= has the picture.")
    text: str = Field(description="The same for people.", examples=["00:12.4"])


class KeyframesOut(BaseModel):
    """The most telling frames."""

    keyframes: list[KeyframeOut]
