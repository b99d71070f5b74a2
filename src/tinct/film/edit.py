"""A film's edit: how the whole film is colored, and what is known of some of its frames.

The JSON form, usually in a file ``film.tinct.json``, has the fields of `tinct.Edit` except ``hints``, and ``keyframes``::

    {"vividness": 0.5, "keyframes": [{"time": "00:12.4", "picture": "frame.png"},
                                     {"time": 3.5, "hints": [{"x": 120, "y": 80, "color": "#b58863"}]}]}
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..coloring.edit import Edit, parse_json, read_json
from ..coloring.packing import Reference, masks_read
from ..errors import ConfigError
from ..photo import Photo
from .keyframes import Keyframe
from .times import format_time

if TYPE_CHECKING:
    from ..photo import PhotoSource
    from .frames import FilmInfo

__all__ = ["FilmEdit"]

PictureOf = Callable[[str], "PhotoSource"]


@dataclass(frozen=True, eq=False)
class FilmEdit:
    """How a film is colored.

    Raises:
        ConfigError: hints without a time; two pictures, or two lists of hints, at the same time (code ``"keyframe-twice"``).
    """

    edit: Edit = field(default_factory=Edit)
    """Of every frame; without hints, which belong to a `Keyframe`."""
    keyframes: tuple[Keyframe, ...] = ()
    """Known colors, in the order of their times. A picture and hints at the same time become one keyframe. Any iterable is accepted."""

    def __post_init__(self) -> None:
        if self.edit.hints:
            raise ConfigError("Hints of a film belong to a time: give them to a keyframe.", code="film-hints")
        object.__setattr__(self, "keyframes", _merged(self.keyframes))

    def check(self, info: FilmInfo) -> None:
        """Compare the keyframes with a film, before work on it begins.

        Raises:
            ConfigError: a keyframe lies outside the film (code ``"keyframe-outside"``), or its picture has another shape
                (``"keyframe-shape"``) or says nothing (``"gray-keyframe"``, ``"empty-keyframe"``).
            HintError: a hint lies outside the frame.
            PhotoError: a picture can't be read.
        """
        for keyframe in self.keyframes:
            if info.duration is not None and keyframe.time > info.duration:
                raise ConfigError(
                    f"The keyframe at {format_time(keyframe.time)} lies outside the film, which lasts {format_time(info.duration)}.",
                    code="keyframe-outside",
                    time=keyframe.time,
                    duration=info.duration,
                )
            keyframe.check(info.width, info.height)

    def painted(self) -> tuple[FilmEdit, tuple[Keyframe, ...]]:
        """The edit without pictures that say nothing, and the keyframes that had them.

        Of the frames that `Film.telling_frames` gives to be colored by hand, people color some.

        Raises:
            PhotoError: a picture can't be read.
        """
        kept, dropped = [], []
        for keyframe in self.keyframes:
            try:
                keyframe.weigh()
            except ConfigError:
                dropped.append(keyframe)
                kept += [replace(keyframe, picture=None)] if keyframe.hints else []
            else:
                kept.append(keyframe)
        return replace(self, keyframes=tuple(kept)), tuple(dropped)

    def digest(self) -> str:
        """Hexadecimal SHA-256 of everything that decides colors: equal for equal edits, whatever their files are called.

        Raises:
            PhotoError: a picture can't be read.
        """
        like = self.edit.like
        known = like.to_dict() if isinstance(like, Reference) else None if like is None else _checksum(like)
        parts = [self.edit.changed(like=None).to_dict() | {"like": known}]
        parts += [keyframe.identity() for keyframe in self.keyframes]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """The JSON form as plain values.

        Raises:
            ConfigError: a picture in memory, which JSON can't name: give a path.
        """
        plain = self.edit.to_dict()
        del plain["hints"]
        return plain | {"keyframes": [keyframe.to_dict() for keyframe in self.keyframes]}

    def to_json(self) -> str:
        """The JSON form as text."""
        return json.dumps(self.to_dict(), indent=1)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], where: str = "the edit", picture_of: PictureOf | None = None) -> FilmEdit:
        """Parse the JSON form; fields left out have their defaults.

        Args:
            values: by field.
            where: what the values come from, for messages.
            picture_of: from the name of a keyframe's picture to the picture; without it names are paths.

        Raises:
            ConfigError: an unknown field, or an unusable value.
            HintError: a hint that can't be parsed.
        """
        if not isinstance(values, Mapping):
            raise ConfigError(f"{where}: an edit is a JSON object, not {type(values).__name__}.", code="edit-field")
        plain = dict(values)
        listed = plain.pop("keyframes", [])
        if "hints" in plain:
            raise ConfigError(f"{where}: hints of a film belong to a time; put them into a keyframe.", code="film-hints")
        if not isinstance(listed, list):
            raise ConfigError(
                f'{where}: keyframes are a list, such as [{{"time": 3.5, "picture": "frame.png"}}].', code="edit-field"
            )
        edit = Edit.from_dict(plain, where)
        keyframes = [Keyframe.from_dict(one, f"{where}: keyframes[{n}]", picture_of) for n, one in enumerate(listed)]
        try:
            return cls(edit, tuple(keyframes))
        except ConfigError as error:
            raise ConfigError(f"{where}: {error}", code=error.code, **error.details) from None

    @classmethod
    def from_json(cls, text: str | bytes, where: str = "the edit", picture_of: PictureOf | None = None) -> FilmEdit:
        """As `from_dict`, from text."""
        return cls.from_dict(parse_json(text, where), where, picture_of)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> FilmEdit:
        """Read a ``film.tinct.json``. Relative paths in it start from its folder.

        Raises:
            ConfigError: there is no such file, it isn't JSON, or a field or value in it can't be used.
            HintError: a hint that can't be parsed.
        """
        file = Path(path)
        values = read_json(file)
        if isinstance(values, dict):
            values["keyframes"] = masks_read(values.get("keyframes", []), file.parent)
        made = cls.from_dict(values, str(file), lambda name: file.parent / name)
        like = made.edit.like
        return replace(made, edit=made.edit.changed(like=file.parent / like)) if isinstance(like, str) else made


def _merged(keyframes: Iterable[Keyframe]) -> tuple[Keyframe, ...]:
    """In the order of their times; a picture and hints at the same time become one. Raises ConfigError."""
    found: dict[float, Keyframe] = {}
    for new in keyframes:
        if not isinstance(new, Keyframe):
            raise ConfigError(f"A keyframe must be a Keyframe, not {new!r:.80}.", code="edit-value", field="keyframes")
        old = found.get(new.time)
        if old is not None:
            if (old.picture is not None and new.picture is not None) or (old.hints and new.hints):
                what = "pictures" if old.picture is not None and new.picture is not None else "lists of hints"
                raise ConfigError(
                    f"Two {what} are given for the frame at {format_time(new.time)}; one frame has one.",
                    code="keyframe-twice",
                    time=new.time,
                )
            new = Keyframe(new.time, old.picture if new.picture is None else new.picture, new.hints or old.hints)
        found[new.time] = new
    return tuple(found[time] for time in sorted(found))


def _checksum(source: PhotoSource) -> str:
    """Hexadecimal SHA-256 of a picture's file, or of the pixels of a picture in memory. Raises PhotoError."""
    photo = Photo.open(source)
    return photo.sha256() or hashlib.sha256(photo.to_numpy().tobytes()).hexdigest()
