"""One object: its variants, its color on other photographs, and what it must not take with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from page_visit import Visit, apart

SUIT = (0.3, 0.82)
BLUE = "#2f5fb3"


def hints(visit: Visit, album: Path) -> Any:
    return json.loads(visit.save("#save-edit", album).read_text())["hints"]


def choose(visit: Visit, selector: str) -> None:
    visit.page.click(selector)
    visit.settle()


def test_a_place_gets_back_what_it_was(visit: Visit, event: list[Path], tmp_path: Path) -> None:
    page = visit.page
    visit.open(event[0])
    before = visit.pixels()
    visit.click(*SUIT)
    assert page.locator(".swatch.was").count() == 0, "there is nothing to get back from"
    page.fill("#free", BLUE)
    visit.settle()
    arm = (slice(395, 425), slice(55, 85))  # of the suit
    spilled = apart(visit.pixels()[arm], before[arm])
    assert spilled > 8
    page.click("#done")
    visit.click(70 / 512, 410 / 512)
    choose(visit, ".swatch.was")
    assert page.get_attribute(".swatch.was", "aria-pressed") == "true"
    assert apart(visit.pixels()[arm], before[arm]) < spilled / 3
    first, second = hints(visit, tmp_path)
    assert (first["color"], second["color"]) == ("keep", BLUE)
    page.click(".dot.kept")
    page.wait_for_selector("#swatches .swatch")
    assert page.get_attribute(".swatch.was", "aria-pressed") == "true"
    page.fill("#free", "#b03020")
    visit.settle()
    assert [one["color"] for one in hints(visit, tmp_path)] == [BLUE, "#b03020"], "it lies over the others again"
    page.focus("#stage")
    page.keyboard.press("Control+z")
    visit.settle()
    assert [one["color"] for one in hints(visit, tmp_path)] == ["keep", BLUE]


def test_a_color_is_offered_on_the_next_photograph(visit: Visit, event: list[Path]) -> None:
    page = visit.page
    visit.open(event[0], event[2])
    page.wait_for_selector("#tray li.ready:nth-child(2)")
    visit.click(*SUIT)
    page.fill("#free", BLUE)
    visit.settle()
    page.keyboard.press("PageDown")
    page.wait_for_selector("#facts:has-text('300 × 200')")
    visit.settle()
    visit.click(0.5, 0.5)
    choose(visit, f"#used .swatch[data-color='{BLUE}']")
    assert visit.dots == 1
    page.keyboard.press("PageUp")
    page.wait_for_selector("#facts:has-text('512 × 512')")
    page.keyboard.press("PageUp")
    assert page.title().startswith("one.png")
    page.focus("#vividness")
    page.keyboard.press("PageDown")
    assert page.title().startswith("one.png"), "the key belongs to the slider"


def test_variants_of_an_object(visit: Visit, event: list[Path], tmp_path: Path) -> None:
    page = visit.page
    visit.open(event[0])
    before = visit.pixels()
    visit.click(*SUIT)
    page.click("#object-variants")
    page.wait_for_selector("#object-list li:nth-child(6) img:visible")
    assert not page.is_visible("#picker")
    assert not page.is_visible("#variants")
    names = page.eval_on_selector_all("#object-list button", "(all) => all.map((one) => one.title)")
    assert len(set(names)) >= 6
    for number in (5, 4):
        choose(visit, f"#object-list li:nth-child({number}) button")
        assert page.locator("#object-list [aria-pressed=true]").count() == 1
    change = np.abs(visit.pixels() - before).max(axis=-1)
    assert change[400:440, 130:170].mean() > 8
    assert np.median(change[:60, 340:]) <= 3, "JPEG alone"
    (hint,) = hints(visit, tmp_path)
    assert hint["keep_rest"]
    page.keyboard.press("Control+z")
    visit.settle()
    assert page.is_visible("#object-list"), "it is still the same object"
    page.click("#object-all")
    page.wait_for_selector("#variants:visible")
    visit.click(*SUIT)
    page.click("#object-variants")
    page.wait_for_selector("#object-list:visible")
    visit.add_hint(0.8, 0.2, "#808080")
    assert page.is_visible("#variants"), "something else was changed"
    visit.click(*SUIT)
    page.click("#object-variants")
    page.wait_for_selector("#object-list:visible")
    page.fill("#vividness", "20")
    page.wait_for_selector("#variants:visible")


def test_the_same_thing_on_other_photographs(visit: Visit, event: list[Path]) -> None:
    page = visit.page
    visit.open(*event)
    page.wait_for_selector("#tray li.ready:nth-child(3)")
    visit.click(*SUIT)
    assert not page.is_visible("#elsewhere"), "it has no color yet"
    page.fill("#free", BLUE)
    visit.settle()
    sheet = page.locator("#picker").bounding_box()
    assert sheet["y"] + sheet["height"] <= page.viewport_size["height"], "it grew with the button"
    page.click("#elsewhere")
    page.wait_for_selector("#note-text:has-text('found on other photographs (1 of 2): two.png')")
    assert not page.is_visible("#picker"), "the answer would lie on it"
    page.click("#note-act")
    page.wait_for_selector("#note-text:has-text('used there, too (1)')")
    page.click("#tray li:nth-child(2) button")
    page.wait_for_selector("#facts:has-text('450 × 452')")
    visit.settle()
    r, _, b = visit.pixels()[355:375, 110:130].mean(axis=(0, 1))
    assert b > r + 30
    assert visit.dots >= 1
    page.click("#tray li:nth-child(3) button")
    page.wait_for_selector("#facts:has-text('300 × 200')")
    assert visit.dots == 0
    visit.add_hint(0.5, 0.5, BLUE)
    page.locator(".dot").click()
    page.click("#elsewhere")
    page.wait_for_selector("#note-text:has-text('found on none of the other photographs')")
    assert not page.is_visible("#note-act")
