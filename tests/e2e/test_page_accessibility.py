"""axe-core finds nothing in any state of the page: in light, dark and forced colors, and at a zoom of 200 %."""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from page_visit import Visit
from serving import serving

pytestmark = [
    pytest.mark.chromium_only("forced colors and schemes are emulated; axe-core is the same in both"),
    pytest.mark.server_only("requests are held; the page's elements don't depend on the engine"),
]
WINDOW = {"width": 1280, "height": 800}
ZOOMED = {"width": 640, "height": 400}
"""What a zoom of 200 % leaves of it, in CSS pixels."""
MODES: dict[str, dict[str, str]] = {
    "light": {"color_scheme": "light", "forced_colors": "none"},
    "dark": {"color_scheme": "dark", "forced_colors": "none"},
    "forced colors": {"color_scheme": "dark", "forced_colors": "active"},
    "zoom of 200 %": {"color_scheme": "light", "forced_colors": "none"},
}
RULES = {"rules": {"color-contrast": {"enabled": True}}, "resultTypes": ["violations"]}
RUN = """async (options) => {
  const { violations } = await axe.run(document, options);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`));
}"""

Check = Callable[[str], None]


@pytest.fixture(scope="module")
def axe() -> str:
    try:
        return (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
    except ModuleNotFoundError:
        pytest.skip("axe-core isn't installed")


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    made = browser.new_context(viewport=WINDOW, reduced_motion="reduce")
    yield made
    made.close()


@pytest.fixture
def found() -> dict[str, list[str]]:
    return {}


def checker(visit: Visit, axe: str, found: dict[str, list[str]]) -> Check:
    """`check(state)` adds what axe-core says about the page as it is now to `found`, in each of `MODES`."""
    page = visit.page
    page.evaluate(axe)

    def check(state: str) -> None:
        for mode, media in MODES.items():
            zoomed = mode == "zoom of 200 %"
            page.emulate_media(**media)
            if zoomed:
                page.set_viewport_size(ZOOMED)
            visit.draw()
            if faults := page.evaluate(RUN, RULES):
                found[f"{state}, {mode}"] = faults
            if zoomed:
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    found.setdefault(f"{state}, {mode}", []).append("scrolls sideways")
                page.set_viewport_size(WINDOW)
                visit.draw()

    return check


def test_photographs(context: Any, address: str, photo: Path, album: Path, axe: str, found: dict[str, list[str]]) -> None:
    visit, held = Visit(context.new_page(), address), []
    page, check = visit.page, checker(visit, axe, found)
    check("empty")
    page.set_input_files("#files", album / "letter.jpg")
    page.wait_for_selector("#trouble:visible")
    check("not a photograph")
    page.click("#give-up")
    page.route("**/v1/pictures", lambda route: held.append(route))
    page.set_input_files("#files", photo)
    page.wait_for_selector("#early:visible")
    check("being sent")
    held[0].continue_()
    page.unroute("**/v1/pictures")
    page.wait_for_selector("#variants li:nth-child(8) img:visible")
    check("photograph and variants")
    page.click("#variants li:nth-child(3) button")
    page.click("#more")
    page.wait_for_selector("#variants li:nth-child(16) img:visible")
    check("more variants")
    visit.click(0.45, 0.25)
    page.locator("#families button").nth(1).click()
    check("picker")
    page.check("#keep-rest")
    page.locator("#swatches .swatch").nth(2).click()
    page.click("#done")
    visit.click(0.8, 0.2)
    page.locator("#swatches .swatch").first.click()
    check("picker of a color that is kept")
    page.click("#done")
    visit.settle()
    check("colors")
    page.click("[data-tool=stroke]")
    check("stroke")
    page.click("[data-tool=lasso]")
    page.focus("#stage")
    page.keyboard.press("Enter")
    check("lasso that is being drawn")
    page.keyboard.press("Escape")
    page.click("[data-tool=object]")
    page.set_input_files("#like-file", album / "postcard.png")
    page.wait_for_selector("#like-shown:visible")
    page.click(".keys summary")
    check("reference and keys")
    page.click(".keys summary")
    page.set_input_files("#files", [album / "breakfast.png", album / "letter.jpg", photo])
    page.wait_for_selector("#tray li.ready:nth-child(4)")
    page.wait_for_selector("#tray li.failed")
    check("many photographs")
    page.locator("#tray .close").nth(1).click(force=True)
    page.wait_for_selector("#note:visible")
    check("note, and something to be opened again")
    assert found == {}


def test_objects(context: Any, address: str, event: list[Path], album: Path, axe: str, found: dict[str, list[str]]) -> None:
    visit = Visit(context.new_page(), address)
    page, check = visit.page, checker(visit, axe, found)
    visit.open(*event[:2])
    page.wait_for_selector("#tray li.ready:nth-child(2)")
    visit.click(0.3, 0.82)
    page.fill("#free", "#2f5fb3")
    page.wait_for_selector("#elsewhere:visible")
    visit.settle()
    check("picker of a color that others may get")
    page.click("#elsewhere")
    page.wait_for_selector("#note-act:visible")
    check("color that is offered for others")
    page.click("#note-act")
    visit.click(0.6, 0.25)
    assert page.locator(".swatch.was").count() == 1
    check("picker of a place that can get back what it was")
    page.click("#object-variants")
    check("variants of an object that are being drawn")
    page.wait_for_selector("#object-list li:nth-child(3) img:visible")
    page.click("#object-list li:nth-child(2) button")
    check("variants of an object")
    page.set_input_files("#like-file", album / "postcard.png")
    page.wait_for_selector("#like-strength:visible")
    page.fill("#like-strength", "40")
    page.focus("#like-strength")
    check("how much like the reference")
    page.set_input_files("#like-file", event[2])
    page.wait_for_selector("#note-act:has-text('Another…')")
    check("gray reference")
    assert found == {}


def test_films(context: Any, address: str, film: Path, axe: str, found: dict[str, list[str]]) -> None:
    visit = Visit(context.new_page(), address)
    page, check = visit.page, checker(visit, axe, found)
    visit.open(film)
    check("film")
    visit.add_hint(0.5, 0.5, "#d02a24")
    page.fill("#film-end", "0.25")

    def half_done(route: Any) -> None:
        running = {"state": "running", "stage": "coloring", "done": 2, "total": 4, "seconds_left": 100}
        route.fulfill(json=route.fetch().json() | running)

    page.route("**/v1/films/*", half_done)
    page.click("#film-color")
    page.wait_for_selector("#film-status:has-text('50 %')")
    check("film that is being colored")
    page.unroute_all(behavior="wait")  # for an answer under way
    page.wait_for_selector("#film-download:visible")
    check("film in color")
    page.route("**/colorize", lambda route: route.fulfill(status=422, json={"code": "film-shape", "fact": "x", "detail": "x"}))
    page.click("#film-color")
    page.wait_for_selector("#film-status.bad:visible")
    check("film that can't be colored")
    assert found == {}


def test_a_password(context: Any, axe: str, found: dict[str, list[str]]) -> None:
    with serving(token="four-long-words-here") as address:
        visit = Visit(context.new_page(), f"{address}/")
        check = checker(visit, axe, found)
        check("password")
        visit.page.fill("#password", "wrong")
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_selector("#wrong-password:visible")
        check("wrong password")
        assert found == {}
