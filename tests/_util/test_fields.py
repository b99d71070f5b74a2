"""Dataclasses from and to dictionaries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tinct._util.fields import from_dict, to_dict
from tinct.errors import ConfigError


@dataclass(frozen=True)
class Inner:
    numbers: tuple[int, ...] = (1, 2)


@dataclass(frozen=True)
class Outer:
    name: str
    rate: float = 0.5
    count: int = 3
    on: bool = False
    inner: Inner = Inner()
    table: dict[str, Any] = field(default_factory=dict)


def test_round_trip() -> None:
    outer = Outer("x", 1.5, 4, True, Inner((7,)), {"a": [1]})
    assert from_dict(Outer, to_dict(outer), "test") == outer


def test_whole_numbers_are_accepted_as_floats_and_lists_as_tuples() -> None:
    outer = from_dict(Outer, {"name": "x", "rate": 2, "inner": {"numbers": [3, 4]}}, "test")
    assert isinstance(outer.rate, float)
    assert outer.inner == Inner((3, 4))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"name": "x", "cuont": 1}, r"recipe: unknown key 'cuont' \(did you mean 'count'\?\)"),
        ({}, "recipe: the key 'name' is missing"),
        ({"name": "x", "count": 1.5}, "recipe: count must be a whole number, not 1.5"),
        ({"name": "x", "count": True}, "recipe: count must be a whole number, not True"),
        ({"name": "x", "rate": "fast"}, "recipe: rate must be a number, not 'fast'"),
        ({"name": "x", "on": 1}, "recipe: on must be true or false, not 1"),
        ({"name": 7}, "recipe: name must be text, not 7"),
        ({"name": "x", "inner": {"numbers": ["a"]}}, r"recipe: inner: numbers\[0\] must be a whole number"),
        ({"name": "x", "inner": {"numbers": 3}}, "recipe: inner: numbers must be a list"),
        ({"name": "x", "table": 3}, "recipe: table must be a table"),
    ],
)
def test_unknown_keys_and_wrong_types_are_refused_by_name(values: dict, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        from_dict(Outer, values, "recipe")
