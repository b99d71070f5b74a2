from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tinct._util.settings import change, override, parse_setting, parse_toml
from tinct.errors import ConfigError


@dataclass(frozen=True)
class Inner:
    width: int = 1


@dataclass(frozen=True)
class Config:
    name: str = "a"
    rate: float = 0.1
    inner: Inner = field(default_factory=Inner)
    table: dict[str, Any] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rate=2", ("rate", 2)),
        (" inner.width = 3", ("inner.width", 3)),
        ("name=tinct-256", ("name", "tinct-256")),
        ("name=", ("name", "")),
        ("table.sizes=[1, 2]", ("table.sizes", [1, 2])),
        ("name=a=b", ("name", "a=b")),
    ],
)
def test_a_setting_is_a_key_and_a_toml_value_or_text(text: str, expected: tuple[str, Any]) -> None:
    assert parse_setting(text) == expected


@pytest.mark.parametrize("text", ["rate", "=2", ""])
def test_a_setting_without_a_key_or_value(text: str) -> None:
    with pytest.raises(ConfigError, match="A setting is key=value") as error:
        parse_setting(text)
    assert error.value.code == "setting-syntax"


def test_settings_reach_nested_tables() -> None:
    changed = override(Config(), ["inner.width=3", "table.free=x", "rate=1"])
    assert changed == Config(rate=1.0, inner=Inner(3), table={"free": "x"})


@pytest.mark.parametrize(
    ("key", "message"),
    [("inner.wdth", "did you mean 'width'"), ("nam", "did you mean 'name'"), ("name.x", "'name' is not a table")],
)
def test_unknown_keys(key: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        change(Config(), {key: 1}, "here")


@pytest.mark.parametrize("text", ["a = ", b"a = ", b"a = 1 # \xff"], ids=["text", "bytes", "not UTF-8"])
def test_text_that_is_not_toml(text: str | bytes) -> None:
    assert parse_toml("a = 1", "x.toml") == parse_toml(b"a = 1\r\n", "x.toml") == {"a": 1}
    with pytest.raises(ConfigError, match=r"x\.toml is not TOML"):
        parse_toml(text, "x.toml")
