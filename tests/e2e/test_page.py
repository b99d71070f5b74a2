"""The page in a real browser, as somebody uses it. Needs Chromium on the machine."""

from __future__ import annotations

import io
import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from PIL import Image
from skimage import data

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    from tinct.web import Settings, make_app

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(make_app(Settings(port=port)), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


class Visit:
    """A page, and all that must not happen on it."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.complaints, self.strangers = page, [], []
        page.on("console", lambda message: self.complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith((address, "blob:", "data:")) else self.strangers.append(r.url))
        page.goto(address)

    def open(self, *files: Path) -> None:
        self.page.set_input_files("#files", files)
        self.page.wait_for_selector("#frame:visible", timeout=30_000)
        self.settle()

    def settle(self) -> None:
        """Wait for the picture to follow."""
        self.page.wait_for_timeout(150)
        self.until("document.querySelector('#busy').hidden && document.querySelector('#after').complete")
        self.page.wait_for_timeout(100)

    def until(self, script: str) -> None:
        """Not by `wait_for_function`, which evaluates text in the page, and the page forbids that."""
        deadline = time.monotonic() + 30
        while not self.page.evaluate(script):
            assert time.monotonic() < deadline, script
            self.page.wait_for_timeout(50)

    def pixels(self) -> np.ndarray:
        """What the color picture shows, at its own size."""
        script = """async () => { const i = document.querySelector('#after'); await i.decode(); const c = document.createElement('canvas');
          c.width = i.naturalWidth; c.height = i.naturalHeight; c.getContext('2d').drawImage(i, 0, 0); return c.toDataURL('image/png'); }"""
        import base64

        return np.asarray(Image.open(io.BytesIO(base64.b64decode(self.page.evaluate(script).partition(",")[2]))).convert("RGB"))

    def click(self, x: float, y: float) -> None:
        """At a part of the photograph."""
        box = self.page.locator("#frame").bounding_box()
        self.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])

    def download(self) -> tuple[str, bytes]:
        with self.page.expect_download(timeout=60_000) as waiting:
            self.page.click("#download")
        return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1200, "height": 800}, accept_downloads=True)
    made = Visit(context.new_page(), address)
    yield made
    assert made.complaints == []
    assert made.strangers == []
    context.close()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "grandmother.jpg"
    Image.fromarray(data.astronaut()).convert("L").resize((400, 400)).save(path, quality=92)
    return path


def chroma(rgb: np.ndarray) -> float:
    return float(np.ptp(rgb.astype(int), axis=-1).mean())


def test_a_photograph_is_colored_at_once(visit: Visit, photo: Path) -> None:
    assert visit.page.is_visible("#welcome")
    visit.open(photo)
    assert not visit.page.is_visible("#welcome")
    assert visit.pixels().shape == (400, 400, 3)
    assert chroma(visit.pixels()) > 15
    assert "400 × 400" in visit.page.inner_text("#facts")


def test_a_variant_is_picked_and_undone(visit: Visit, photo: Path) -> None:
    visit.open(photo)
    first = visit.pixels()
    visit.page.wait_for_selector("#variants li:nth-child(3) img:visible", timeout=30_000)
    visit.page.click("#variants li:nth-child(3) button")
    visit.settle()
    assert np.abs(visit.pixels().astype(int) - first).mean() > 2
    assert visit.page.get_attribute("#variants li:nth-child(3) button", "aria-pressed") == "true"
    visit.page.keyboard.press("Control+z")
    visit.settle()
    assert np.abs(visit.pixels().astype(int) - first).mean() < 1
    visit.page.keyboard.press("Control+Shift+z")
    visit.settle()
    assert np.abs(visit.pixels().astype(int) - first).mean() > 2


def test_a_color_is_said_moved_and_taken_back(visit: Visit, photo: Path, tmp_path: Path) -> None:
    """And what is downloaded has the pixels that the command line gives for the same hints."""
    page = visit.page
    visit.open(photo)
    automatic = visit.pixels()
    visit.click(0.45, 0.7)
    page.wait_for_selector(".swatch", timeout=30_000)
    assert page.locator(".swatch").count() >= 5
    page.fill("#free", "#2050c0")
    visit.settle()
    blue = visit.pixels()[280, 180].astype(int)
    assert blue[2] > blue[0] + 20
    page.click("#done")
    assert page.locator(".dot").count() == 1

    box = page.locator(".dot").bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] - 60, box["y"] + 10, steps=5)
    page.mouse.up()
    visit.settle()
    place = page.inner_text("#hints li button.quiet")
    assert place.startswith("at ")
    x = int(place.split()[1].rstrip(","))
    assert x < 160

    with page.expect_download() as waiting:
        page.click("#save-hints")
    hints = Path(tmp_path / "hints.json")
    waiting.value.save_as(hints)
    (said,) = json.loads(hints.read_text())
    assert said["color"] == "#2050c0"
    page.select_option("#format", "png")
    name, content = visit.download()
    assert name == "grandmother.color.png"
    from typer.testing import CliRunner

    from tinct.cli import app

    ended = CliRunner().invoke(app, ["colorize", str(photo), "--hints", str(hints), "-o", str(tmp_path / "cli.png")])
    assert ended.exit_code == 0, ended.output
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), np.asarray(Image.open(tmp_path / "cli.png")))

    page.keyboard.press("Control+z")  # the move
    page.keyboard.press("Control+z")  # the color
    visit.settle()
    assert page.locator(".dot").count() == 0
    assert np.abs(visit.pixels().astype(int) - automatic).mean() < 1
    page.set_input_files("#hints-file", hints)
    visit.settle()
    assert page.locator(".dot").count() == 1


def test_keyboard_alone(visit: Visit, photo: Path) -> None:
    page = visit.page
    visit.open(photo)
    page.focus("#stage")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_selector(".swatch", timeout=30_000)
    page.locator(".swatch").nth(2).focus()
    page.keyboard.press("Enter")
    visit.settle()
    assert page.locator(".dot").count() == 1
    page.keyboard.press("Escape")
    page.locator(".dot").focus()
    page.keyboard.press("Delete")
    visit.settle()
    assert page.locator(".dot").count() == 0
    page.focus("#divider")
    page.keyboard.press("End")
    assert page.get_attribute("#divider", "aria-valuenow") == "100"


def test_several_photographs_and_one_that_is_none(visit: Visit, photo: Path, tmp_path: Path) -> None:
    page = visit.page
    other, bad = tmp_path / "other.png", tmp_path / "letter.jpg"
    Image.fromarray(data.coffee()).convert("L").resize((300, 200)).save(other)
    bad.write_bytes(b"%PDF-1.4 nothing")
    visit.open(photo, bad, other)
    page.wait_for_selector("#tray li.failed", timeout=30_000)
    visit.until("document.querySelectorAll('#tray li.ready').length === 2")
    assert "PDF" in page.inner_text("#toast")
    page.click("#tray li:nth-child(3) button:first-child")
    visit.settle()
    assert "300 × 200" in page.inner_text("#facts")
    page.click("#tray li:nth-child(3) .close", force=True)
    assert page.locator("#tray li").count() == 2
    visit.complaints = [text for text in visit.complaints if "422" not in text]  # the browser's own note of the refusal


def test_a_reference_and_the_sliders(visit: Visit, photo: Path, tmp_path: Path) -> None:
    page = visit.page
    like = tmp_path / "postcard.png"
    Image.fromarray(data.coffee()).resize((200, 150)).save(like)
    visit.open(photo)
    before = visit.pixels()
    page.set_input_files("#like-file", like)
    page.wait_for_selector("#like img", timeout=30_000)
    visit.settle()
    assert np.abs(visit.pixels().astype(int) - before).mean() > 1
    page.fill("#strength", "0")
    visit.settle()
    assert chroma(visit.pixels()) < 3
    page.click("#clear")
    visit.settle()
    assert np.abs(visit.pixels().astype(int) - before).mean() < 1


def test_on_a_phone(browser: Any, address: str, photo: Path) -> None:
    context = browser.new_context(viewport={"width": 380, "height": 760}, has_touch=True, is_mobile=True)
    visit = Visit(context.new_page(), address)
    visit.open(photo)
    page = visit.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    box = page.locator("#frame").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector(".swatch", timeout=30_000)
    page.locator(".swatch").first.tap()
    visit.settle()
    assert page.locator(".dot").count() == 1
    picker = page.locator("#picker").bounding_box()
    assert picker["x"] >= 0
    assert picker["x"] + picker["width"] <= 380
    assert visit.complaints == []
    context.close()
