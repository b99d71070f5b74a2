"""The library states facts, and the command line adds what to do: one table, and no option in the library's words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import tinct
from tinct.cli.remedies import REMEDIES, with_remedy
from tinct.errors import ConfigError

SRC = Path(tinct.__file__).parent
MODULES = {path: ast.parse(path.read_text("utf-8")) for path in sorted(SRC.rglob("*.py")) if path.parent.name != "cli"}
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+|-o\b)")


def codes() -> Iterator[tuple[str, set[str]]]:
    """Code and names of details of every call with a ``code="..."``."""
    for tree in MODULES.values():
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call):
                continue
            named = {word.arg: word.value for word in call.keywords if word.arg}
            code = named.get("code", call)
            for choice in (code.body, code.orelse) if isinstance(code, ast.IfExp) else (code,):
                if isinstance(choice, ast.Constant) and isinstance(choice.value, str):
                    yield choice.value, set(named) - {"code"}


def docstrings(tree: ast.AST) -> set[ast.AST]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}


def test_every_remedy_has_an_error() -> None:
    assert REMEDIES.keys() <= {code for code, _ in codes()}


@pytest.mark.parametrize("code", sorted(REMEDIES))
def test_a_remedy_is_a_sentence_that_quotes_only_what_every_such_error_has(code: str) -> None:
    remedy = REMEDIES[code]
    assert remedy[0].isupper()
    assert remedy.endswith(".") or re.search(r": tinct \w+ .*\w$", remedy), "a sentence, or a command to type"
    quoted = {name for _, name, _, _ in Formatter().parse(remedy) if name}
    assert all(quoted <= details for found, details in codes() if found == code)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_the_library_never_names_an_option(path: Path) -> None:
    tree = MODULES[path]
    texts = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str) and n not in docstrings(tree)]
    assert {text.value for text in texts if OPTION.search(text.value)} <= ALLOWED


ALLOWED = {"--data"}
"""Reports show the command line that repeats a study."""


def test_the_remedy_follows_the_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REMEDIES, "full", "Choose another folder than {path} with -o.")
    assert with_remedy(ConfigError("The disk is full", code="full", path="a")) == (
        "The disk is full. Choose another folder than a with -o."
    )
    assert with_remedy(ConfigError("The disk is full.", code="full", path="a")).startswith("The disk is full. Choose")
    assert with_remedy(ConfigError("The disk is full", code="other")) == "The disk is full"
    assert with_remedy(ConfigError("The disk is full")) == "The disk is full"
