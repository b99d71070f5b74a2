"""The files of the page, without a browser: what one module may know, and addresses that work under a path prefix."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tinct.coloring.color_names import color_table
from tinct.web.app import STATIC

SCRIPTS = sorted(STATIC.glob("*.js"))


@pytest.mark.parametrize("script", [one for one in SCRIPTS if not one.name.startswith("engine")], ids=lambda one: one.name)
def test_only_the_engine_asks_a_server(script: Path) -> None:
    text = script.read_text("utf-8")
    assert not re.search(r"XMLHttpRequest|v1/|\bstatus\s*[!=]==|retryAfter", text)


@pytest.mark.parametrize("file", [*SCRIPTS, STATIC / "index.html", STATIC / "style.css"], ids=lambda one: one.name)
def test_addresses_are_relative(file: Path) -> None:
    text = file.read_text("utf-8")
    assert not re.search(
        r"""(src|href|action)="/|\b(fetch|ask|open)\([^)]*["'`]/|url\(\s*["']?/|from "/|https?://(?!www\.w3\.org)""", text
    )


# ---- strings/*.json ----

STRINGS = {file.stem: json.loads(file.read_text("utf-8")) for file in sorted((STATIC / "strings").glob("*.json"))}
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def test_the_languages_of_the_page_are_those_of_the_files() -> None:
    listed = re.search(r"LANGUAGES = (\[.*?\])", (STATIC / "i18n.js").read_text("utf-8"))
    assert listed
    assert sorted(json.loads(listed[1])) == sorted(STRINGS)


@pytest.mark.parametrize("language", sorted(STRINGS))
def test_every_language_has_the_same_words(language: str) -> None:
    english, words = STRINGS["en"], STRINGS[language]
    assert words.keys() == english.keys()
    for key, text in words.items():
        assert text.strip()
        assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(english[key])), key
    if language != "en":
        same = [key for key in words if words[key] == english[key] and len(english[key]) > 25]
        assert same == [], "not translated"


def test_every_word_that_is_used_exists_and_the_others_are_not_there() -> None:
    html = (STATIC / "index.html").read_text("utf-8")
    code = re.sub(r'[!=]== "[^"]*"', "", "\n".join(script.read_text("utf-8") for script in SCRIPTS))
    used = set(re.findall(r'data-t(?:-\w+)?="([^"]+)"', html))
    used |= {key for call in re.findall(r"\bt\(([^()]*)", code) for key in re.findall(r'"([\w.-]+)"', call)}
    assert used <= STRINGS["en"].keys(), used - STRINGS["en"].keys()
    made = re.compile(r"(fact|remedy|family|color)\.|tool-\w+|is-\w+|.*\.touch$")  # keys put together from parts
    unused = {key for key in STRINGS["en"].keys() - used if not made.match(key)}
    assert unused == set()


def test_colors_have_names_in_every_language() -> None:
    names = re.findall(r'"?([\w-]+)"?: "#[0-9a-f]{6}"', (STATIC / "colors.js").read_text("utf-8"))
    assert len(names) > 20
    assert {f"color.{name}" for name in names} | {"color.keep"} == {key for key in STRINGS["en"] if key.startswith("color.")}
    families = {family["name"] for family in color_table()["families"]}
    assert {f"family.{name}" for name in families} == {key for key in STRINGS["en"] if key.startswith("family.")}
