"""One photograph's edit: everything that decides its colors, given the model. The only place where defaults of an edit stand.

The JSON form is the same on the command line, over HTTP, on the page, in ``name.tinct.json`` and in the record inside a colored file::

    {"hints": [{"x": 120, "y": 80, "color": "#b58863", "reach": "object"}], "like": null, "like_strength": 1.0,
     "variant": 1, "seed": 0, "vividness": 0.5, "strength": 1.0, "detail": null, "ensemble": false}
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from ..errors import ConfigError, HintError, nearest
from .packing import Omitted, Reference, hints_from_json, hints_to_json, masks_read, normalize

if TYPE_CHECKING:
    from ..photo import PhotoSource
    from .hints import Hint, Strokes

__all__ = ["MAX_DETAIL", "MAX_SEED", "MAX_VARIANT", "Edit", "EditChanges", "parse_json", "read_json"]

MAX_VARIANT = 1000
MAX_SEED = 2**63 - 1
MAX_DETAIL = 2048
"""Pixels of the short side; the memory of a network grows with its square."""


class EditChanges(TypedDict, total=False):
    """Fields of an `Edit`, as keyword arguments."""

    hints: Iterable[Hint | Strokes]
    like: PhotoSource | Reference | None
    like_strength: float
    variant: int
    seed: int
    vividness: float
    strength: float
    detail: int | None
    ensemble: bool


@dataclass(frozen=True, eq=False)
class Edit:
    """How one photograph is colored.

    Raises:
        ConfigError: a value of a wrong type or outside its range.
    """

    hints: tuple[Hint | Strokes | Omitted, ...] = ()
    """Known colors of places, in pixels of the full-size photograph; later ones lie over earlier ones. Any iterable is accepted."""
    like: PhotoSource | Reference | None = None
    """A color picture whose palette the result takes on, or the `Reference` extracted from one."""
    like_strength: float = 1.0
    """How far the colors move toward those of `like`: 0 leaves the automatic ones, 1 takes the whole palette."""
    variant: int = 1
    """Number of the coloring: 1 is the automatic one, the others are drawn from the model's distribution of plausible ones."""
    seed: int = 0
    """Decides all variants except the first."""
    vividness: float = 0.5
    """0 gives the colors with the least expected error, 1 the most colorful."""
    strength: float = 1.0
    """Factor on the chroma: 0 leaves the picture gray."""
    detail: int | None = None
    """Working size in pixels of the short side; None is the model's own, at which it is best."""
    ensemble: bool = False
    """Average several views of the picture, at three sizes and mirrored (test-time augmentation): about six times the computation."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "hints", normalize(self.hints))
        for name, low, high in (("variant", 1, MAX_VARIANT), ("seed", 0, MAX_SEED)):
            self._set_whole(name, low, high)
        if self.detail is not None:
            self._set_whole("detail", 1, MAX_DETAIL)
        for name in ("like_strength", "vividness", "strength"):
            value = getattr(self, name)
            if isinstance(value, bool) or not hasattr(value, "__float__") or not 0 <= float(value) <= 1:
                raise _wrong(name, "a number from 0 to 1", value)
            object.__setattr__(self, name, float(value))
        if not isinstance(self.ensemble, bool):
            raise _wrong("ensemble", "true or false", self.ensemble)

    def _set_whole(self, name: str, low: int, high: int) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not hasattr(value, "__index__") or not low <= value.__index__() <= high:
            raise _wrong(
                name, f"a whole number from {low} to {high:,}" if high < MAX_SEED else f"a whole number of at least {low}", value
            )
        object.__setattr__(self, name, value.__index__())

    def changed(self, **changes: Any) -> Edit:
        """This edit with other values of some fields. Raises ConfigError for an unknown field or an unusable value."""
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise ConfigError(
                    f"An edit has no field {name!r}{nearest(name, known)}. Its fields: {', '.join(known)}.",
                    code="edit-field",
                    field=name,
                )
        return dataclasses.replace(self, **changes) if changes else self

    def to_dict(self) -> dict[str, Any]:
        """The JSON form as plain values.

        Raises:
            ConfigError: `like` is a picture in memory, which JSON can't name: give a path, or the `Reference` in a record.
        """
        like: Any = self.like
        if isinstance(like, Reference):
            like = like.to_dict()
        elif isinstance(like, os.PathLike):
            like = os.fspath(like)
        if not (like is None or isinstance(like, (str, dict))):
            raise ConfigError(f"A reference picture given as {type(like).__name__} can't be written as JSON; give its path.")
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        return plain | {"hints": hints_to_json(self.hints), "like": like}

    def to_json(self) -> str:
        """The JSON form as text."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], where: str = "the edit") -> Edit:
        """Parse the JSON form; fields left out have their defaults.

        Args:
            values: by field.
            where: what the values come from, for messages.

        Raises:
            ConfigError: an unknown field, or an unusable value.
            HintError: a hint that can't be parsed.
        """
        if not isinstance(values, Mapping):
            raise ConfigError(f"{where}: an edit is a JSON object, not {type(values).__name__}.", code="edit-field")
        values = dict(values)
        try:
            if "hints" in values:
                values["hints"] = hints_from_json(values["hints"], "hints")
            if isinstance(values.get("like"), Mapping):
                values["like"] = Reference.from_dict(values["like"])
            return cls().changed(**values)
        except (ConfigError, HintError) as error:
            raise type(error)(f"{where}: {error}", code=error.code, **error.details) from None

    @classmethod
    def from_json(cls, text: str | bytes, where: str = "the edit") -> Edit:
        """As `from_dict`, from text."""
        return cls.from_dict(parse_json(text, where), where)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Edit:
        """Read a ``name.tinct.json``. Raises ConfigError or HintError.

        Relative paths in `like`, and of mask pictures (``"reach": {"file": "coat.png"}``), start from its folder.
        """
        file = Path(path)
        edit = cls.from_dict(masks_read(read_json(file), file.parent), str(file))
        return edit.changed(like=file.parent / edit.like) if isinstance(edit.like, str) else edit


def read_json(file: Path) -> Any:
    """The values in a JSON file. Raises ConfigError."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it isn't UTF-8 text"
        raise ConfigError(f"{file} can't be read: {reason}.", code="edit-file", path=str(file)) from None
    return parse_json(text, str(file))


def parse_json(text: str | bytes, where: str) -> Any:
    """The values of a JSON text. Raises ConfigError."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{where} isn't JSON: {error}.", code="edit-field") from None


def _wrong(name: str, expected: str, value: object) -> ConfigError:
    return ConfigError(f"{name} must be {expected}, not {value!r}.", code="edit-value", field=name)
