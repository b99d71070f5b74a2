"""The page in a browser, as tests of it use it."""

from __future__ import annotations

import base64
import io
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

__all__ = ["BROWSERS", "Visit", "apart", "chroma", "find_browser", "let_go"]

BROWSERS = {"chromium": ("chromium", "chromium-browser", "google-chrome"), "firefox": ("firefox-esr", "firefox")}
"""Names of their commands."""
TIMEOUT = 60_000
"""Milliseconds until a wait fails. The static page computes in the browser, on a busy machine for a long time."""


class Visit:
    """A page, and what must not happen on it: errors in its console, and requests to other servers."""

    downloads: ClassVar[Path | None] = None
    """Folder where the browser puts downloads, where Playwright doesn't tell of them."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        self.sent: list[str] = []
        page.set_default_timeout(TIMEOUT)
        page.on("console", lambda message: self.complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self.note)
        if self.downloads:
            self.wait_for_input()
        page.goto(address)
        page.wait_for_selector("html[data-restored], html[data-locked]", state="attached")

    def wait_for_input(self) -> None:
        """Have clicks and keys return when the page has got them: in Firefox a script may run before an event that was sent earlier."""
        page = self.page
        page.add_init_script(
            "for (const type of ['click', 'keyup']) addEventListener(type, () => (window[type] = (window[type] ?? 0) + 1), true)"
        )

        def until_seen(act: Callable[..., None], event: str) -> Callable[..., None]:
            def acting(*given: Any, **named: Any) -> None:
                before = page.evaluate(f"window.{event} ?? 0")
                act(*given, **named)
                page.wait_for_function(f"(window.{event} ?? 0) > {before}")

            return acting

        page.click = until_seen(page.click, "click")
        page.keyboard.press = until_seen(page.keyboard.press, "keyup")

    def note(self, request: Any) -> None:
        if not request.url.startswith((self.address, "blob:", "data:")):
            self.strangers.append(request.url)
        if request.method == "POST":
            self.sent.append(request.url)

    def open(self, *files: Path) -> None:
        self.page.set_input_files("#files", files)
        self.page.wait_for_selector("#frame:visible")
        self.settle()

    def draw(self) -> None:
        """Wait for the page to show what it knows: it does so with the next frame."""
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def settle(self) -> None:
        """Wait for the picture to follow what was done: it is marked as busy until then."""
        self.draw()
        self.page.wait_for_selector("#stage[aria-busy=false]")
        self.page.evaluate("document.querySelector('#after').decode()")

    def pixels(self, image: str = "#after") -> np.ndarray:
        """(H, W, 3) What the color picture shows, at its own size."""
        script = """(image) => { const i = document.querySelector(image), c = document.createElement('canvas');
          c.width = i.naturalWidth; c.height = i.naturalHeight; c.getContext('2d').drawImage(i, 0, 0); return c.toDataURL('image/png'); }"""
        content = base64.b64decode(self.page.evaluate(script, image).partition(",")[2])
        return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where on the screen a part of the photograph is."""
        box = self.page.locator("#frame").bounding_box()
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def click(self, x: float, y: float) -> None:
        """Click a part of the photograph, and wait for its colors."""
        self.page.mouse.click(*self.at(x, y))
        self.page.wait_for_selector("#swatches .swatch")

    def add_hint(self, x: float, y: float, color: str) -> None:
        self.click(x, y)
        self.page.fill("#free", color)
        self.page.click("#done")
        self.settle()

    def save(self, act: str | Callable[[], object], folder: Path) -> Path:
        """Download a file by a click on a button, or by what `act` does, and put it into a folder, under the browser's name for it."""
        if isinstance(act, str):
            return self.save(partial(self.page.click, act), folder)
        if self.downloads:
            return self.save_from(self.downloads, act, folder)
        with self.page.expect_download() as waiting:
            act()
        path = folder / waiting.value.suggested_filename
        waiting.value.save_as(path)
        return path

    def save_from(self, downloads: Path, act: Callable[[], object], folder: Path) -> Path:
        """Playwright hears of no download of a blob in Firefox, so the file is waited for."""
        for old in downloads.iterdir():  # such as a film's: that of another test
            old.unlink()
        act()
        for _ in range(TIMEOUT // 50):
            self.page.wait_for_timeout(50)
            found = list(downloads.iterdir())
            if len(found) == 1 and found[0].suffix != ".part" and found[0].stat().st_size:
                return Path(shutil.move(found[0], folder / found[0].name))
        raise AssertionError(f"no download, but {found}")

    @property
    def dots(self) -> int:
        self.draw()
        return self.page.locator(".dot").count()

    @property
    def places(self) -> list[str]:
        self.draw()
        return self.page.eval_on_selector_all("#hints li", "(all) => all.map((one) => one.dataset.place)")

    def expect_errors(self, *statuses: str) -> None:
        """The browser's own notes of refusals that were meant."""
        self.complaints = [text for text in self.complaints if not any(status in text for status in statuses)]


def let_go(route: Any) -> None:
    """Send a held request to the server; if the page has given it up meanwhile, only end its handler.

    A handler that never ends is collected as garbage in some later test, and fails that one.
    """
    try:
        route.continue_()
    except Exception:  # Playwright isn't everywhere, so neither is its Error
        route.fallback()


def find_browser(name: str) -> str | None:
    """The path of an installed browser of `BROWSERS`."""
    return next((path for command in BROWSERS[name] if (path := shutil.which(command))), None)


def chroma(rgb: np.ndarray) -> float:
    return float(np.ptp(rgb, axis=-1).mean())


def apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).mean())
