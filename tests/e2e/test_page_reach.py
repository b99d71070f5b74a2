"""What a color reaches: the object, a stroke, a lasso; keeping colors; names of colors; the edit as a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from page_visit import Visit, apart


def draw(visit: Visit, *points: tuple[float, float]) -> None:
    """Drag the mouse along parts of the photograph, and wait for colors."""
    page = visit.page
    page.mouse.move(*visit.at(*points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*visit.at(*point), steps=6)
    page.mouse.up()


def saved(visit: Visit, album: Path) -> Any:
    return json.loads(visit.save("#save-edit", album).read_text())


SQUARE = ((0.1, 0.1), (0.4, 0.1), (0.4, 0.4), (0.1, 0.4), (0.1, 0.12))


def test_a_lasso_and_a_stroke_color_themselves_alone(visit: Visit, photo: Path, tmp_path: Path) -> None:
    page = visit.page
    visit.open(photo)
    before = visit.pixels()
    page.click("[data-tool=lasso]")
    draw(visit, *SQUARE)
    page.wait_for_selector("#swatches .swatch")
    assert not page.is_visible("#keep-rest"), "the rest is kept anyway"
    assert page.locator("#areas path").count() > 0
    page.fill("#free", "#2050c0")
    page.click("#done")
    visit.settle()
    change = np.abs(visit.pixels() - before).mean(axis=-1)
    assert change[60:140, 60:140].mean() > 5
    assert change[200:].max() <= 6, "JPEG alone"
    page.click("[data-tool=stroke]")
    assert page.is_visible("#brush-width")
    draw(visit, (0.6, 0.8), (0.9, 0.8))
    page.wait_for_selector("#swatches .swatch")
    page.fill("#free", "#c03020")
    page.click("#done")
    visit.settle()
    region, stroke = saved(visit, tmp_path)["hints"]
    assert len(region["reach"]["region"]) >= 4
    assert 35 < region["x"] < 165
    scale = page.locator("#frame").bounding_box()["width"] / 400
    assert stroke["reach"]["width"] == pytest.approx(30 / scale, rel=0.01)
    assert stroke["reach"]["brush"][0] == pytest.approx([240, 320], abs=1)

    after = visit.pixels()
    dot = page.locator(".dot").first.bounding_box()
    page.click("[data-tool=object]")
    page.mouse.move(dot["x"] + 10, dot["y"] + 10)
    page.mouse.down()
    page.mouse.move(dot["x"] + 10, dot["y"] + 110, steps=4)
    page.mouse.up()
    visit.settle()
    assert apart(visit.pixels(), after) > 0.5, "the area moves with its dot"


@pytest.mark.chromium_only("its subject doesn't depend on the browser")
def test_a_lasso_that_crosses_itself_loses_its_smaller_loop(visit: Visit, photo: Path, tmp_path: Path) -> None:
    page = visit.page
    visit.open(photo)
    page.click("[data-tool=lasso]")
    draw(visit, (0.1, 0.5), (0.1, 0.1), (0.5, 0.1), (0.5, 0.5), (0.05, 0.45), (0.02, 0.52))
    page.wait_for_selector("#swatches .swatch")
    page.locator("#swatches .swatch").nth(1).click()
    visit.settle()
    assert not page.is_visible("#note")
    assert len(saved(visit, tmp_path)["hints"]) == 1
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    draw(visit, (0.6, 0.6), (0.9, 0.6), (0.6, 0.6))
    page.wait_for_selector("#note-text:has-text('encloses nothing')")
    assert visit.dots == 1


def test_a_lasso_with_the_keys_alone(visit: Visit, photo: Path, tmp_path: Path) -> None:
    page, press = visit.page, visit.page.keyboard.press
    visit.open(photo)
    page.focus("#stage")
    press("L")  # whatever Caps Lock says
    assert page.get_attribute("[data-tool=lasso]", "aria-pressed") == "true"
    for way in ("ArrowUp", "ArrowRight", "ArrowDown"):
        for _ in range(4):
            press(f"Shift+{way}")
        press("Enter")
    assert page.inner_text("#status") == "Corner 3"
    press("Enter")
    page.wait_for_selector("#swatches .swatch")
    press("ArrowRight")
    press("Enter")
    visit.settle()
    (hint,) = saved(visit, tmp_path)["hints"]
    assert len(hint["reach"]["region"]) == 3
    page.focus("#stage")
    press("G")
    assert page.get_attribute("#divider", "aria-valuenow") == "100"
    press("g")
    assert page.get_attribute("#divider", "aria-valuenow") == "0"


def test_the_rest_and_a_color_are_kept(visit: Visit, photo: Path, tmp_path: Path) -> None:
    page = visit.page
    visit.open(photo)
    visit.click(0.3, 0.75)
    assert page.locator("#swatches .swatch").first.get_attribute("aria-label") == "Keep this color"
    assert "keeps its own lightness" in page.inner_text("#lightness")
    page.check("#keep-rest")
    page.locator("#swatches .swatch").nth(3).click()
    page.click("#done")
    visit.click(0.8, 0.2)
    assert page.is_checked("#keep-rest"), "as for the last one"
    page.locator("#swatches .swatch").first.click()
    visit.settle()
    first, second = saved(visit, tmp_path)["hints"]
    assert first["keep_rest"]
    assert second["color"] == "keep"
    assert page.locator(".dot.kept").count() == 1
    assert "color kept" in page.locator("#hints .place").nth(1).inner_text()
    page.locator(".dot").nth(1).click()
    page.wait_for_selector("#keep-rest:visible")
    page.uncheck("#keep-rest")
    visit.settle()
    assert not saved(visit, tmp_path)["hints"][1].get("keep_rest")


def test_colors_have_names(visit: Visit, photo: Path) -> None:
    page = visit.page
    visit.open(photo)
    visit.click(0.45, 0.25)  # a face
    families = page.locator("#families button")
    assert families.first.inner_text() == "Skin"
    assert families.first.get_attribute("aria-pressed") == "true", "skin is shown where a face is likely"
    assert "skin" in page.locator("#family .swatch").first.get_attribute("aria-label")
    families.nth(1).click()
    assert families.first.get_attribute("aria-pressed") == "false"
    page.locator("#family .swatch").first.click()
    visit.settle()
    shown = page.locator("#hints .place").inner_text()
    assert "#" not in shown
    assert not shown.startswith(" at")
    page.fill("#free", "#2050c0")
    visit.draw()
    assert page.locator("#hints .place").inner_text().startswith("blue at")
    assert page.locator(".dot").get_attribute("aria-label").startswith("Color 1: blue")


def test_the_whole_edit_is_saved_and_loaded(visit: Visit, photo: Path, album: Path, tmp_path: Path) -> None:
    page = visit.page
    visit.open(photo)
    visit.add_hint(0.3, 0.75, "#2050c0")
    page.fill("#vividness", "70")
    page.click("#variants li:nth-child(3) button")
    page.set_input_files("#like-file", album / "postcard.png")
    page.wait_for_selector("#like-shown:visible")
    page.fill("#like-strength", "40")
    visit.settle()
    before, places = visit.pixels(), visit.places
    file = visit.save("#save-edit", tmp_path)
    assert file.name == "grandmother.tinct.json"
    edit = json.loads(file.read_text())
    assert (edit["like"], edit["like_strength"], edit["variant"], edit["vividness"]) == ("postcard.png", 0.4, 3, 0.7)
    page.click("#start-over")
    visit.settle()
    assert apart(visit.pixels(), before) > 1
    page.set_input_files("#edit-file", [file, album / "postcard.png"])
    page.wait_for_selector("#like-shown:visible")
    visit.settle()
    assert visit.places == places
    assert apart(visit.pixels(), before) == 0

    page.reload()
    page.click("#tray .close", force=True)
    visit.open(photo)
    page.set_input_files("#edit-file", file)
    page.wait_for_selector("#note-text:has-text('postcard.png')")
    visit.settle()
    assert page.is_visible("#note-act"), "the note outlives the next preview"
    with page.expect_file_chooser() as choosing:
        page.click("#note-act")
    choosing.value.set_files(album / "postcard.png")
    page.wait_for_selector("#like-shown:visible")
    visit.settle()
    assert apart(visit.pixels(), before) == 0
    visit.expect_errors("404")  # the photograph was closed, maybe while the page still asked about it


@pytest.mark.chromium_only("its subject doesn't depend on the browser")
def test_hints_as_a_list_and_in_cielab_are_loaded(visit: Visit, photo: Path, tmp_path: Path) -> None:
    page = visit.page
    visit.open(photo)
    (tmp_path / "hints.json").write_text(
        '[{"x": 120, "y": 280, "ab": [25, -60]}, {"x": 300, "y": 90, "color": "#f00", "keep_rest": true}]'
    )
    page.set_input_files("#edit-file", tmp_path / "hints.json")
    page.wait_for_selector(".dot:nth-child(2)")
    visit.settle()
    names = [text.split(" at ")[0] for text in page.locator("#hints .place").all_inner_texts()]
    assert names[1] == "red"
    red, _, blue = visit.pixels()[280, 120]
    assert blue > red + 20
    assert saved(visit, tmp_path)["hints"][1]["keep_rest"]
    (tmp_path / "odd.json").write_text('{"hints": [], "vividness": 7}')
    page.set_input_files("#edit-file", tmp_path / "odd.json")
    page.wait_for_selector("#note-text:has-text('odd.json holds no colors')")
    assert visit.dots == 2


def test_a_gray_reference_is_refused_at_once(visit: Visit, photo: Path, album: Path) -> None:
    page = visit.page
    visit.open(photo)
    before = visit.pixels()
    page.set_input_files("#like-file", album / "breakfast.png")
    page.wait_for_selector("#note-text:has-text('Choose one in color')")
    assert page.inner_text("#note-act") == "Another…"
    assert not page.is_visible("#like-none")
    assert page.get_attribute("#undo", "aria-disabled") == "true"
    assert apart(visit.pixels(), before) == 0

    page.set_input_files("#like-file", album / "postcard.png")
    page.wait_for_selector("#like-shown:visible")
    page.fill("#like-strength", "0")  # has no effect on the colors, but a gray one is refused all the same
    visit.settle()
    page.set_input_files("#like-file", album / "breakfast.png")
    page.wait_for_selector("#note-text:has-text('Choose one in color')")
    assert page.inner_text("#like-name") == "postcard.png", "the one before stays"
    page.fill("#like-strength", "100")
    visit.settle()
    assert apart(visit.pixels(), before) > 1
    visit.expect_errors("422")
