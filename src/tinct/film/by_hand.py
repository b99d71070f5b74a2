"""The telling frames of a film as files, to be colored by hand and read back as keyframes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .._util.files import write_whole
from ..errors import FilmError, PhotoError
from ..photo import printable
from .edit import FilmEdit
from .finding import EDIT_SUFFIX
from .times import format_time, parse_time

if TYPE_CHECKING:
    from .film import Film, FilmProgress

__all__ = ["FramesByHand", "frame_name", "write_frames"]


class FramesByHand(NamedTuple):
    """Files that were written, and those that were there."""

    edit: Path
    """``NAME.tinct.json``, whose keyframes name the pictures."""
    written: list[Path]
    kept: list[Path]
    """Pictures that were there already: somebody may have colored them."""


def frame_name(stem: str, time: float) -> str:
    """``film.00m12.400s.png``, for a time in seconds."""
    minutes, rest = divmod(round(time * 1000), 60_000)
    return f"{stem}.{minutes:02}m{rest // 1000:02}.{rest % 1000:03}s.png"


def write_frames(
    film: Film, count: int, folder: Path, *, stem: str, progress: Callable[[FilmProgress], None] | None = None
) -> FramesByHand:
    """Write the most telling frames as gray pictures, and an edit that names them as keyframes. No picture is ever overwritten.

    Args:
        film: the film.
        count: number of frames, at most.
        folder: made if it isn't there.
        stem: with which the names of all files begin.
        progress: called while the film is looked through.

    Raises:
        FilmError: the film can't be read, or a file can't be written (code ``"cannot-write"``).
        ConfigError: an edit of that name is there, and can't be read.
    """
    edit = folder / f"{stem}{EDIT_SUFFIX}"
    known = _known(edit)
    written, kept, added = [], [], []
    frames = film.telling_frames(count, progress)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for exact, photo in frames:
            time = round(exact, 3)  # fewer digits to read, and still the nearest frame
            path = folder / frame_name(stem, time)
            try:
                photo.save(path, provenance=False)
                written.append(path)
            except PhotoError as error:
                if error.code != "exists":
                    raise
                kept.append(path)
            if not any(keyframe.get("picture") == path.name for keyframe in known["keyframes"]):
                added.append({"time": format_time(time), "picture": path.name})
        if added or not edit.exists():
            known["keyframes"] = sorted(known["keyframes"] + added, key=lambda keyframe: parse_time(keyframe["time"]))
            write_whole(edit, json.dumps(known, indent=1) + "\n")
    except PhotoError as error:
        raise FilmError(str(error), code=error.code, **error.details) from None
    except OSError as error:
        raise FilmError(
            f"{printable(folder)} can't be written to: {error.strerror}.", code="cannot-write", path=str(folder)
        ) from None
    return FramesByHand(edit, written, kept)


def _known(path: Path) -> dict[str, Any]:
    """The values of an edit that is there already, which are kept. Raises ConfigError."""
    if not path.exists():
        return {"keyframes": []}
    FilmEdit.read(path)  # says what is wrong with it
    return {"keyframes": []} | dict(json.loads(path.read_text("utf-8")))
