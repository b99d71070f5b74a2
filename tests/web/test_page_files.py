"""The files of the page, without a browser: what one module may know, and addresses that work under a path prefix."""

from __future__ import annotations

import re

import pytest

from tinct.web.app import STATIC

SCRIPTS = sorted(STATIC.glob("*.js"))


@pytest.mark.parametrize("script", [one for one in SCRIPTS if one.name != "engine.js"], ids=lambda one: one.name)
def test_only_the_engine_asks_a_server(script: object) -> None:
    text = script.read_text("utf-8")  # type: ignore[attr-defined]
    assert not re.search(r"XMLHttpRequest|v1/|\bstatus\s*[!=]==|retryAfter", text)


@pytest.mark.parametrize("file", [*SCRIPTS, STATIC / "index.html", STATIC / "style.css"], ids=lambda one: one.name)
def test_addresses_are_relative(file: object) -> None:
    text = file.read_text("utf-8")  # type: ignore[attr-defined]
    assert not re.search(r"""(src|href|action)="/|\b(fetch|ask|open)\([^)]*["'`]/|url\(\s*["']?/|from "/|https?://(?!www\.w3\.org)""", text)
