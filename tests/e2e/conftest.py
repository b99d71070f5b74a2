"""Browsers and engines for the tests of the page.

Every test that takes `browser` runs in each browser of `BROWSERS`, but for those marked ``chromium_only(why)``. Playwright drives the Firefox of the
system, unpatched, with WebDriver BiDi. A test that takes `address` or `visit` runs in Chromium once more, as a slow test, on the static page, whose
engine computes in the browser; but for those marked ``server_only(why)``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image
from skimage import data

from page_visit import BROWSERS, Visit, find_browser
from serving import serving
from static_serving import serving_files
from tinct.web.static_site import write_site

FILM = Path(__file__).parents[2] / "docs/images/film.mp4"
"""96 drawn frames of 320 × 240 pixels, 16 a second."""

MOUSE = 2 | 4
"""Firefox's `PointerCapabilities`: fine, hovers."""
LAUNCH: dict[str, dict[str, Any]] = {
    "chromium": {"args": ["--no-sandbox"]},
    "firefox": {
        "channel": "moz-firefox",  # makes Playwright speak WebDriver BiDi
        "firefox_user_prefs": {
            "ui.primaryPointerCapabilities": MOUSE,  # without a screen there is none
            "ui.allPointerCapabilities": MOUSE,
            "browser.download.alwaysOpenPanel": False,  # it takes the focus from the page
        },
    },
}
"""How each of `BROWSERS` is started."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "browser" not in metafunc.fixturenames:
        return
    marked = metafunc.definition.get_closest_marker
    browsers = ["chromium"] if marked("chromium_only") else list(BROWSERS)
    if "engine" not in metafunc.fixturenames:
        metafunc.parametrize("browser", browsers, indirect=True, scope="package")
        return
    cases = [pytest.param(name, "server", id=name) for name in browsers]
    if not marked("server_only"):
        cases.append(pytest.param("chromium", "local", id="chromium-local", marks=pytest.mark.slow))
    metafunc.parametrize(("browser", "engine"), cases, indirect=True, scope="package")


@pytest.fixture(scope="package")  # not the session: Playwright's event loop runs meanwhile, and other tests have their own
def playwright() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="Playwright isn't installed")
    with api.sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def browser(request: pytest.FixtureRequest, playwright: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    name = request.param
    path = find_browser(name)
    if path is None:
        pytest.skip(f"no {name.title()} on this machine")
    downloads = tmp_path_factory.mktemp("downloads")
    found = getattr(playwright, name).launch(executable_path=path, downloads_path=downloads, **LAUNCH[name])
    Visit.downloads = downloads if name == "firefox" else None
    yield found
    found.close()


@pytest.fixture(scope="package")
def engine(request: pytest.FixtureRequest) -> str:
    """What computes: the ``server``, or the page itself, ``local``."""
    return str(request.param)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static page, alone in a folder."""
    folder = tmp_path_factory.mktemp("web") / "site"
    write_site(folder)
    return folder


@pytest.fixture(scope="module")
def address(browser: Any, engine: str, request: pytest.FixtureRequest) -> Iterator[str]:
    if engine == "local":
        # with the headers: else a second visit has more threads than the first, and rounds differently
        with serving_files(request.getfixturevalue("site"), isolated=True) as found:
            yield found
        return
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
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two photographs, a picture in color, and what is none."""
    root = tmp_path_factory.mktemp("page")
    Image.fromarray(data.astronaut()).convert("L").resize((400, 400)).save(root / "grandmother.jpg", quality=92)
    Image.fromarray(data.coffee()).convert("L").resize((300, 200)).save(root / "breakfast.png")
    Image.fromarray(data.coffee()).resize((200, 150)).save(root / "postcard.png")
    (root / "letter.jpg").write_bytes(b"%PDF-1.4 nothing")
    return root


@pytest.fixture
def photo(album: Path) -> Path:
    return album / "grandmother.jpg"


@pytest.fixture(scope="module")
def event(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three photographs: one, a part of the same, and another."""
    root = tmp_path_factory.mktemp("event")
    person = Image.fromarray(data.astronaut()).convert("L")
    person.save(root / "one.png")
    person.crop((30, 60, 480, 512)).save(root / "two.png")
    Image.fromarray(data.coffee()).convert("L").resize((300, 200)).save(root / "three.png")
    return [root / name for name in ("one.png", "two.png", "three.png")]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """8 gray frames, half a second."""
    path = tmp_path_factory.mktemp("film") / "wedding.mp4"
    with av.open(FILM) as source, av.open(path, "w") as made:
        stream = made.add_stream("libx264", rate=16)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number, frame in enumerate(source.decode(video=0)):
            if number == 8:
                break
            gray = av.VideoFrame.from_ndarray(frame.reformat(format="gray").to_ndarray(), format="gray")
            made.mux(stream.encode(gray.reformat(format="yuv420p")))
        made.mux(stream.encode(None))
    return path
