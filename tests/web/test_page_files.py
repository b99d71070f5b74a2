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
    made = re.compile(r"(fact|remedy|note|family|color)\.|tool-\w+|is-\w+|.*\.touch$")  # keys put together from parts
    unused = {key for key in STRINGS["en"].keys() - used if not made.match(key)}
    assert unused == set()


def test_colors_have_names_in_every_language() -> None:
    names = re.findall(r'"?([\w-]+)"?: "#[0-9a-f]{6}"', (STATIC / "colors.js").read_text("utf-8"))
    assert len(names) > 20
    assert {f"color.{name}" for name in names} | {"color.keep"} == {key for key in STRINGS["en"] if key.startswith("color.")}
    families = {family["name"] for family in color_table()["families"]}
    assert {f"family.{name}" for name in families} == {key for key in STRINGS["en"] if key.startswith("family.")}


# ---- words for what the server says ----

PACKAGE = STATIC.parents[1]
NOT_SHOWN = {
    *("address-unavailable", "film-packages", "server-needs-token", "token-format"),  # the server doesn't start
    *(
        "device-package",
        "device-start",
        "model-damaged",
        "model-format",
        "model-not-bundled",
        "model-pair",
        "no-device",
    ),  # nor with these
    *("no-model", "not-a-model"),
    *(
        "array",
        "cannot-write",
        "exists",
        "film-missing",
        "hint-file",
        "is-original",
        "layer-suffix",
        "not-found",
        "not-ours",
    ),  # files of
    *(
        "edit-file",
        "needs-pillow",
        "output-folder",
        "site-folder",
        "source",
        "suffix",
    ),  # Python and the command line: the server reads and writes none
    *(
        "hints-not-needed",
        "no-record",
        "other-hints",
        "other-original",
        "other-weights",
        "record-damaged",
        "record-version",
    ),  # `again`
}
"""Codes of the folders below that no answer to the page has."""


def codes_shown() -> set[str]:
    """The codes of problems in the folders from which an answer of the server can come."""
    sources = [file.read_text("utf-8") for name in ("coloring", "film", "photo", "web") for file in (PACKAGE / name).rglob("*.py")]
    text = "\n".join(sources)
    found = set(re.findall(r'\bcode="([\w-]+)"', text)) | set(re.findall(r'RefusedError\(\s*\d+,\s*"([\w-]+)"', text))
    found |= set(re.findall(r'as_problem\(\d+, "([\w-]+)"', text))
    raised = set(re.findall(r"\b(\w+Error)\(", text)) & {"PhotoError", "HintError", "ConfigError", "FilmError"}
    return (
        (found - NOT_SHOWN)
        | {f"{name.removesuffix('Error').lower()}-error" for name in raised}
        | {"not-found", "method-not-allowed"}
    )


def test_every_problem_that_the_page_can_show_has_words() -> None:
    codes = codes_shown()
    assert len(codes) > 60
    table = (STATIC / "remedies.js").read_text("utf-8")
    same = dict(re.findall(r'"([\w-]+)": "([\w-]+)"', table))
    words = {key.removeprefix("fact.") for key in STRINGS["en"] if key.startswith("fact.")}
    assert codes - words - same.keys() == set()
    assert set(same.values()) <= words
    assert not words & same.keys(), "has words of its own"
    engine = "\n".join(file.read_text("utf-8") for file in SCRIPTS)
    own = set(re.findall(r'\bown\("([\w-]+)"', engine))
    assert words - codes - own - set(same.values()) == set(), "nobody says this"
    assert same.keys() - codes - {"bad-request"} == set(), "nobody says this"


def test_every_note_on_a_photograph_has_words() -> None:
    sources = "\n".join(file.read_text("utf-8") for file in (PACKAGE / "photo").rglob("*.py"))
    codes = set(re.findall(r'\bNote\(\s*"([\w-]+)"', sources))
    assert len(codes) > 10
    assert {f"note.{code}" for code in codes} == {key for key in STRINGS["en"] if key.startswith("note.")}
