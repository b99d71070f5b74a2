"""Whole sessions with the keyboard alone, Caps Lock on: no pointer event reaches the page, and the focus is never lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from page_visit import Visit

MAX_TABS = 90
"""More than the page has places for the focus."""
FOCUS = "document.activeElement === document.body ? 'nothing' : document.activeElement.id || document.activeElement.outerHTML"
WAY = """(selector) => {
  const [now, target] = [document.activeElement, document.querySelector(selector)];
  return now.matches(selector) ? "here" : now.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_PRECEDING ? "Shift+Tab" : "Tab";
}"""


class Keys:
    """A visit without a mouse."""

    def __init__(self, visit: Visit) -> None:
        self.visit, self.page = visit, visit.page
        self.page.evaluate("""() => {
          window.pointed = 0;
          for (const type of ["pointerdown", "mousedown", "touchstart"]) document.addEventListener(type, () => window.pointed++, true);
        }""")

    def go(self, selector: str) -> None:
        """Press Tab, or Shift+Tab, until an element has the focus."""
        for _ in range(MAX_TABS):
            way = self.page.evaluate(WAY, selector)
            if way == "here":
                assert self.page.evaluate("document.activeElement.matches(':focus-visible')"), f"the focus on {selector} isn't seen"
                return
            self.page.keyboard.press(way)
        raise AssertionError(f"Tab doesn't lead to {selector}")

    def press(self, *keys: str) -> None:
        """Press keys one after the other; the focus is somewhere after each."""
        for key in keys:
            self.page.keyboard.press(key)
            self.visit.draw()
            assert self.page.evaluate(FOCUS) != "nothing", f"after {key}"

    def use(self, selector: str, *keys: str) -> None:
        """Go to an element, and press keys there: Enter where none is named."""
        self.go(selector)
        self.press(*(keys or ("Enter",)))

    def pressing(self, selector: str) -> Callable[[], None]:
        return lambda: self.use(selector)

    def choose(self, selector: str, *files: Path) -> None:
        with self.page.expect_file_chooser() as choosing:
            self.use(selector)
        choosing.value.set_files(files)


@pytest.fixture
def keys(visit: Visit) -> Keys:
    return Keys(visit)


def test_photographs(keys: Keys, photo: Path, album: Path, tmp_path: Path) -> None:
    visit, page = keys.visit, keys.page
    keys.choose("#pick", photo, album / "breakfast.png")
    page.wait_for_selector("#frame:visible")
    page.wait_for_selector("#tray li.ready:nth-child(2)")
    visit.settle()
    assert page.evaluate(FOCUS) != "nothing"

    keys.use("#stage", "Shift+ArrowLeft", "ArrowDown", "Enter")
    page.wait_for_selector("#swatches .swatch:focus")
    keys.press("ArrowRight", "ArrowRight", "Enter")
    keys.use("#keep-rest", "Space")
    assert page.is_checked("#keep-rest")
    keys.press("Escape")
    visit.settle()
    assert page.evaluate(FOCUS) == "stage"
    (place,) = visit.places
    assert "the rest is kept" in page.inner_text("#hints .place")
    keys.press("Control+Z")  # with Caps Lock the key is Z, without Shift
    visit.settle()
    assert "the rest is kept" not in page.inner_text("#hints .place")
    keys.press("Control+Y")
    visit.settle()
    assert "the rest is kept" in page.inner_text("#hints .place")

    third = "#variants li:nth-child(3) button"
    page.wait_for_selector(f"{third} img:visible")
    keys.use(third)
    visit.settle()
    assert page.get_attribute(third, "aria-pressed") == "true"
    keys.use("#undo")
    visit.settle()
    assert page.get_attribute(third, "aria-pressed") == "false"
    keys.use("#vividness", "ArrowRight", "ArrowRight")
    visit.settle()
    assert page.input_value("#vividness") == "52"

    saved = visit.save(keys.pressing("#download"), tmp_path)
    assert saved.name == "grandmother.color.jpg"
    with Image.open(saved) as image:
        assert np.ptp(np.asarray(image).astype(int), axis=-1).mean() > 4
    assert visit.save(keys.pressing("#download-all"), tmp_path).name == "tinct.zip"

    keys.use("#tray li:first-child .close")
    page.wait_for_selector("#facts:has-text('300 × 200')")
    keys.use("#tray .close")
    page.wait_for_selector("#welcome:visible")
    keys.use("#reopen")
    keys.use("#reopen")
    page.wait_for_selector("#facts:has-text('400 × 400')")
    visit.settle()
    assert visit.places == [place]
    keys.use("#hints .close")
    assert visit.dots == 0
    assert page.evaluate("window.pointed") == 0


def test_objects(keys: Keys, event: list[Path], album: Path) -> None:
    visit, page = keys.visit, keys.page
    keys.choose("#pick", *event[:2])
    page.wait_for_selector("#frame:visible")
    page.wait_for_selector("#tray li.ready:nth-child(2)")
    visit.settle()
    keys.use("#stage", *["Shift+ArrowDown"] * 5, *["Shift+ArrowLeft"] * 3, "Enter")
    page.wait_for_selector("#swatches .swatch:focus")
    keys.use("#object-variants")
    assert page.evaluate(FOCUS) == "stage"
    page.wait_for_selector("#object-list li:nth-child(2) img:visible")
    keys.use("#object-list li:nth-child(2) button")
    visit.settle()
    assert visit.dots == 1
    keys.use("#object-all")
    assert page.is_visible("#variants")
    assert page.evaluate(FOCUS) != "nothing"
    keys.use("#hints .place")
    page.wait_for_selector("#swatches .swatch:focus")
    keys.use("#elsewhere")
    page.wait_for_selector("#note-act:visible")
    keys.use("#note-act")
    page.wait_for_selector("#note-text:has-text('used there, too')")
    keys.choose("#like-pick", album / "postcard.png")
    page.wait_for_selector("#like-strength:visible")
    visit.settle()
    keys.use("#like-strength", "ArrowLeft", "ArrowLeft")
    assert page.input_value("#like-strength") == "98"
    keys.use("#like-none")
    assert not page.is_visible("#like-strength")
    assert page.evaluate("window.pointed") == 0


@pytest.mark.server_only("films are left to the program")
def test_films(keys: Keys, film: Path, tmp_path: Path) -> None:
    visit, page = keys.visit, keys.page
    keys.choose("#pick", film)
    page.wait_for_selector("#film:visible")
    page.wait_for_selector("#frame:visible")
    visit.settle()
    keys.use("#film-time", "0", ".", "3", "7", "5", "Enter")
    frame = "#tray [aria-label^='wedding 00.00.375.png']"
    page.wait_for_selector(f"{frame}[aria-current=true]")
    page.wait_for_selector("#frame:visible")
    visit.settle()
    keys.use("#stage", "ArrowRight", "Enter")
    page.wait_for_selector("#swatches .swatch:focus")
    keys.press("ArrowRight", "Enter", "Escape")
    visit.settle()
    assert visit.dots == 1
    keys.use("#film-end", "0", ".", "2", "5")
    keys.use("#film-color")
    page.wait_for_selector("#film-download:visible")
    assert page.evaluate(FOCUS) != "nothing"
    assert visit.save(keys.pressing("#film-download"), tmp_path).name.startswith("wedding.")
    page.wait_for_selector("#variants li:nth-child(8) img:visible")  # nothing is asked about what will be closed
    keys.use("#film-close")
    page.wait_for_selector("#welcome:visible")
    assert page.evaluate(FOCUS) != "nothing"
    keys.use("#reopen")
    page.wait_for_selector("#film:visible")
    page.wait_for_selector(frame)
    keys.use(frame)
    visit.settle()
    assert visit.dots == 1
    assert page.evaluate("window.pointed") == 0
    visit.expect_errors("404")  # the server forgot the film when it was closed
