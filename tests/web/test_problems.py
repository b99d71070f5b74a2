"""Problem documents: facts of the library, remedies of the API."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import tinct
from tinct import Photo
from tinct.errors import PhotoError
from tinct.web.app import STATIC
from tinct.web.problems import REMEDIES
from web_client import Client, one, photograph, refused


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ("empty",)),
        (b"hello", ("grandmother.jpg",)),
        (b"%PDF-1.7 x", ("PDF", "save its pages")),
        (photograph()[:400], ("truncated",)),
        (photograph(size=(7, 40)), ("at least 8",)),
    ],
)
def test_what_is_no_photograph_gets_the_fact_that_the_library_states(web: Client, content: bytes, words: tuple[str, ...]) -> None:
    with pytest.raises(PhotoError) as caught:
        web.app.state.tinct.colorizer.canvas(Photo.open(content, name="grandmother.jpg"))  # type: ignore[attr-defined]
    code = caught.value.code or "photo-error"
    for path in ("/v1/colorize", "/v1/pictures"):
        answer = web.post(path, files={"photo": ("grandmother.jpg", content)})
        refused(answer, 422, code, *words)
        assert answer.json()["fact"].rstrip(".") == str(caught.value).rstrip(".")


def test_every_remedy_is_for_a_code_that_exists() -> None:
    """And no text of the server names an option of the command line."""
    source = Path(tinct.__file__).parent
    code = "".join(file.read_text("utf-8") for file in source.rglob("*.py") if file.name not in ("problems.py", "remedies.py"))
    assert not [name for name in REMEDIES if f'"{name}"' not in code]
    for file in (source / "web").glob("*.py"):
        assert not re.search(r"[\s\"'`(]--[a-z]", file.read_text("utf-8")), file.name


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ja"])
def test_the_remedies_of_the_page_are_for_codes_that_exist_and_name_its_own_controls(language: str) -> None:
    words = json.loads((STATIC / "strings" / f"{language}.json").read_text("utf-8"))
    remedies = {key.removeprefix("remedy."): text for key, text in words.items() if key.startswith("remedy.")}
    own = {code for file in STATIC.glob("engine*.js") for code in re.findall(r'\bown\("([a-z-]+)"', file.read_text("utf-8"))}
    same = dict(re.findall(r'"([\w-]+)": "([\w-]+)"', (STATIC / "remedies.js").read_text("utf-8")))  # of which the words are shared
    assert {"unreadable", "no-films"} <= own
    assert len(remedies) > 20
    assert set(remedies) - own - set(same.values()) <= set(REMEDIES)
    controls = {name.strip() for text in remedies.values() for name in re.findall("[“„«「](.+?)[”“»」]", text)}
    assert words["try-again"] in controls
    labels = {text for key, text in words.items() if not key.startswith(("remedy.", "fact."))}
    assert controls <= labels


def test_a_bug_is_reported_without_details(web: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.app.state.tinct.colorizer, "variants", lambda *a, **k: 1 / 0)  # type: ignore[attr-defined]
    quiet = TestClient(web.app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)
    answer = quiet.post("/v1/colorize", files=one())
    refused(answer, 500, "internal-error")
    assert "division" not in answer.text
