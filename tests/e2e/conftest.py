"""A browser and a server for the tests of the page, one of each a file. They need Chromium on the machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from skimage import data

from page_visit import CHROMIUM, Visit
from serving import serving


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright isn't installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def address(browser: Any) -> Iterator[str]:
    with serving() as found:
        yield f"{found}/"


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1200, "height": 800}, accept_downloads=True)
    made = Visit(context.new_page(), address)
    yield made
    context.close()
    assert made.complaints == []
    assert made.strangers == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two photographs, a picture in color, and what is none."""
    root = tmp_path_factory.mktemp("page")
    Image.fromarray(data.astronaut()).convert("L").resize((400, 400)).save(root / "grandmother.jpg", quality=92)
    Image.fromarray(data.coffee()).convert("L").resize((300, 200)).save(root / "breakfast.png")
    Image.fromarray(data.coffee()).resize((200, 150)).save(root / "postcard.png")
    (root / "letter.jpg").write_bytes(b"%PDF-1.4 nothing")
    return root


@pytest.fixture
def photo(folder: Path) -> Path:
    return folder / "grandmother.jpg"
