"""Dataclasses from and to plain dictionaries; unknown keys and wrong types are refused."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from ..errors import ConfigError, nearest

__all__ = ["from_dict", "to_dict"]

T = TypeVar("T")


def from_dict(cls: type[T], values: Mapping[str, Any], where: str) -> T:
    """Build a dataclass; the inverse of `to_dict`.

    Args:
        cls: a dataclass whose fields are bool, int, float, str, dict, a tuple of one of these, or dataclasses.
        values: one entry a field; omitted fields take their defaults. Whole numbers are accepted as floats, lists as tuples.
        where: source of the values, for messages: ``"recipe.toml"``.

    Raises:
        ConfigError: an unknown key (the most similar known key is named), a wrong type, or a missing key.
    """
    fields = {f.name: f for f in dataclasses.fields(cls) if f.init}  # type: ignore[arg-type]
    hints = _type_hints(cls)  # type: ignore[arg-type]
    for key in values:
        if key not in fields:
            raise ConfigError(f"{where}: unknown key {key!r}{nearest(key, fields)}. Known keys: {', '.join(fields)}.")
    for name, field in fields.items():
        if name not in values and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ConfigError(f"{where}: the key {name!r} is missing.")
    return cls(**{key: _checked(value, hints[key], f"{where}: {key}") for key, value in values.items()})


def _checked(value: Any, hint: Any, where: str) -> Any:
    """`value` converted to the type `hint`. Raises ConfigError."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(value, Mapping):
        return from_dict(hint, value, where)  # type: ignore[arg-type]
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_checked(entry, arguments[0], f"{where}[{i}]") for i, entry in enumerate(value))
    if origin is dict and isinstance(value, Mapping):
        return dict(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and isinstance(value, hint) and (hint is bool or not isinstance(value, bool)):
        return value
    expected = _NAMES.get(dict if dataclasses.is_dataclass(hint) else origin or hint, str(hint))
    raise ConfigError(f"{where} must be {expected}, not {value!r}.")


_NAMES = {int: "a whole number", float: "a number", str: "text", bool: "true or false", dict: "a table", tuple: "a list"}


@cache
def _type_hints(cls: type[Any]) -> dict[str, Any]:
    """Evaluated annotations, cached: evaluating them takes a millisecond a class, a third of the time for planning a study."""
    return typing.get_type_hints(cls)


def to_dict(instance: Any) -> dict[str, Any]:
    """A dataclass as dictionaries and lists, for TOML and JSON."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {k: plain(v) for k, v in value.items()}
        return [plain(v) for v in value] if isinstance(value, list | tuple) else value

    return typing.cast("dict[str, Any]", plain(dataclasses.asdict(instance)))
