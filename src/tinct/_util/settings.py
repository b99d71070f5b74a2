"""TOML texts, and ``key=value`` settings laid over frozen dataclasses."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from ..errors import ConfigError
from .fields import from_dict, to_dict

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["change", "override", "parse_setting", "parse_toml"]

T = TypeVar("T")


def parse_toml(text: str | bytes, where: str) -> dict[str, Any]:
    """The values of a TOML text.

    Args:
        text: characters, or the bytes of a file.
        where: what the text comes from, for messages: ``"recipe.toml"``.

    Raises:
        ConfigError: it is not TOML, which is always UTF-8.
    """
    try:
        return dict(tomllib.loads(text.decode() if isinstance(text, bytes) else text))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where} is not TOML: {error}.") from error


def parse_setting(setting: str) -> tuple[str, Any]:
    """``"network.latent=50"`` as key and value; a value that is not TOML is taken as text. Raises ConfigError."""
    key, equals, text = setting.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"A setting is key=value, not {setting!r}.", code="setting-syntax")
    try:
        return key.strip(), tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        return key.strip(), text


def override(config: T, settings: Sequence[str]) -> T:
    """The dataclass with ``key=value`` settings laid over it. Raises ConfigError as `change` does."""
    return change(config, dict(parse_setting(setting) for setting in settings), "settings")


def change(config: T, changes: Mapping[str, Any], where: str) -> T:
    """The dataclass with other values of some keys; those of nested tables by their full names, ``network.latent``.

    Raises:
        ConfigError: an unknown key (the nearest known one is named), a wrong type, or a value that the dataclass refuses.
    """
    values = to_dict(config)
    for key, value in changes.items():
        _lay(values, key, value, where)
    return from_dict(type(config), values, where)


def _lay(values: dict[str, Any], key: str, value: Any, where: str) -> None:
    """Put a value under its full name into nested dictionaries."""
    *tables, last = key.split(".")
    for table in tables:
        values = values.setdefault(table, {})
        if not isinstance(values, dict):
            raise ConfigError(f"{where}: {key}: {table!r} is not a table.")
    values[last] = value
