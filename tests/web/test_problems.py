"""Problem documents: facts of the library, remedies of the API."""

from __future__ import annotations

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


def test_the_remedies_of_the_page_name_its_own_controls() -> None:
    page = {file.name: file.read_text("utf-8") for file in STATIC.iterdir() if file.suffix in (".js", ".html")}
    table = page.pop("remedies.js")
    codes = re.findall(r'^  "?([a-z-]+)"?: ', table, re.M)
    assert len(codes) > 10
    assert set(codes) <= set(REMEDIES)
    controls = re.findall("“(.+?)”", table)
    assert {"Try again", "Another…"} <= set(controls)
    assert [name for name in controls if not any(re.search(f'[>"]{re.escape(name)}[ <"]', text) for text in page.values())] == []


def test_a_bug_is_reported_without_details(web: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.app.state.tinct.colorizer, "variants", lambda *a, **k: 1 / 0)  # type: ignore[attr-defined]
    quiet = TestClient(web.app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)
    answer = quiet.post("/v1/colorize", files=one())
    refused(answer, 500, "internal-error")
    assert "division" not in answer.text
