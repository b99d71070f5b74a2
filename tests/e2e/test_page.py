"""The page in a real browser, used as people use it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from page_visit import Visit, apart, chroma
from serving import serving

THUMBNAIL = 192
"""Pixels of a preview in the strip of variants."""


def test_a_photograph_is_colored_at_once(visit: Visit, photo: Path) -> None:
    assert visit.page.is_visible("#welcome")
    visit.open(photo)
    assert not visit.page.is_visible("#welcome")
    assert visit.pixels().shape == (400, 400, 3)
    assert chroma(visit.pixels()) > 8
    assert "400 × 400" in visit.page.inner_text("#facts")


def test_a_variant_is_picked_and_undone(visit: Visit, photo: Path) -> None:
    visit.open(photo)
    first = visit.pixels()
    third = "#variants li:nth-child(3)"
    visit.page.wait_for_selector(f"{third} img:visible")
    visit.page.click(f"{third} button")
    visit.settle()
    picked = visit.pixels()
    assert apart(picked, first) > 2
    assert visit.page.get_attribute(f"{third} button", "aria-pressed") == "true"
    visit.page.keyboard.press("Control+z")
    visit.settle()
    assert apart(visit.pixels(), first) == 0
    visit.page.keyboard.press("Control+Shift+z")
    visit.settle()
    assert apart(visit.pixels(), picked) == 0


@pytest.mark.server_only("requests are held")
@pytest.mark.chromium_only("Firefox tells no bodies of requests")
def test_of_many_edits_in_a_row_the_last_is_shown(visit: Visit, photo: Path) -> None:
    page, held, asked = visit.page, [], []
    visit.open(photo)

    def answer(route: Any) -> None:
        edit = json.loads(route.request.post_data)
        if edit["size"] > THUMBNAIL:
            asked.append(edit["variant"])
        if asked == [5] and not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/preview", answer)
    for place in (5, 2, 4, 3):
        page.click(f"#variants li:nth-child({place}) button")
    held[0].continue_()
    visit.settle()
    hurried = visit.pixels()
    assert asked == [5, 3]
    page.click("#undo")
    page.click("#redo")
    visit.settle()
    assert apart(visit.pixels(), hurried) == 0
    assert page.get_attribute("#variants li:nth-child(3) button", "aria-pressed") == "true"


def test_a_hint_is_added_moved_removed_and_undone(visit: Visit, photo: Path) -> None:
    page = visit.page
    visit.open(photo)
    automatic = visit.pixels()
    visit.click(0.45, 0.7)
    assert page.locator("#swatches .swatch").count() >= 5
    begun = [int(page.input_value("#free")[i : i + 2], 16) for i in (1, 3, 5)]
    assert np.abs(automatic[278:283, 178:183].mean((0, 1)) - begun).max() < 12, "the free color begins with that of the place"
    page.locator("#swatches .swatch").nth(1).click()
    assert visit.dots == 1
    page.fill("#free", "#2050c0")
    visit.settle()
    red, _, blue = visit.pixels()[280, 180]
    assert blue > red + 20
    page.click("#done")
    assert visit.places == ["#2050c0 at 180, 280"]

    box = page.locator(".dot").bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] - 60, box["y"] + 10, steps=5)
    page.mouse.up()
    visit.settle()
    (moved,) = visit.places
    assert int(moved.split()[2].rstrip(",")) < 160
    there = visit.pixels()

    page.locator(".dot").click()
    page.click("#remove")
    visit.settle()
    assert visit.dots == 0
    assert apart(visit.pixels(), automatic) == 0
    page.keyboard.press("Control+z")
    visit.settle()
    assert visit.places == [moved]
    assert apart(visit.pixels(), there) == 0
    page.click("#undo")  # the move: one edit, however many steps it had
    visit.settle()
    assert visit.places == ["#2050c0 at 180, 280"]
    page.click("#redo")
    visit.settle()
    assert visit.places == [moved]
    page.click("#clear")
    visit.settle()
    assert visit.places == []
    assert apart(visit.pixels(), automatic) == 0


@pytest.mark.server_only("requests are held")
@pytest.mark.chromium_only("Firefox tells no bodies of requests")
def test_colors_that_come_late_are_not_those_of_another_place(visit: Visit, photo: Path) -> None:
    page, held = visit.page, []
    visit.open(photo)

    def answer(route: Any) -> None:
        if json.loads(route.request.post_data)["x"] < 200:
            held.append(route)
        else:
            route.fulfill(json={"colors": [{"color": "#112233", "name": "navy", "probability": 1}], "families": []})

    page.route("**/suggest", answer)
    page.mouse.click(*visit.at(0.2, 0.1))
    visit.click(0.9, 0.9)
    with page.expect_response("**/suggest"):
        held[0].fulfill(json={"colors": [{"color": "#445566", "name": "slate", "probability": 1}], "families": []})
    visit.settle()
    assert page.locator("#swatches .swatch").nth(1).get_attribute("data-color") == "#112233"


@pytest.mark.server_only("its subject is the server's answers")
@pytest.mark.chromium_only("its subject is the server's answers")
def test_downloads_are_what_the_command_line_gives(visit: Visit, photo: Path, tmp_path: Path) -> None:
    page = visit.page
    visit.open(photo)
    visit.add_hint(0.3, 0.75, "#2050c0")
    visit.add_hint(0.8, 0.2, "#c03020")
    page.fill("#vividness", "70")
    visit.settle()
    hints = visit.save("#save-edit", tmp_path)
    page.select_option("#format", "png")
    color = visit.save("#download", tmp_path)
    page.select_option("#output", "layer")
    page.select_option("#format", "original")
    layer = visit.save("#download", tmp_path)
    assert [path.name for path in (hints, color, layer)] == [
        "grandmother.tinct.json",
        "grandmother.color.png",
        "grandmother.layer.png",
    ]
    assert {hint["color"] for hint in json.loads(hints.read_text())["hints"]} == {"#2050c0", "#c03020"}

    from tinct.cli.app import app

    ours = tmp_path / "cli" / "ours.png"
    ours.parent.mkdir()
    # as many threads as the server: sums in another order are rounded differently
    asked = ["--edit", str(hints), "--threads", "0", "--layer", "-o", str(ours)]
    ended = CliRunner().invoke(app, ["colorize", str(photo), *asked])
    assert ended.exit_code == 0, ended.output
    (our_layer,) = ours.parent.glob("*.layer.png")
    for one, other, mode in ((color, ours, "RGB"), (layer, our_layer, "RGBA")):
        with Image.open(one) as from_page, Image.open(other) as from_cli:
            assert from_page.mode == mode
            assert np.array_equal(np.asarray(from_page), np.asarray(from_cli))


def test_hints_are_saved_and_loaded_again(visit: Visit, photo: Path, tmp_path: Path) -> None:
    page = visit.page
    visit.open(photo)
    visit.add_hint(0.3, 0.75, "#2050c0")
    said, places = visit.pixels(), visit.places
    saved = visit.save("#save-edit", tmp_path)
    page.click("#clear")
    visit.settle()
    assert apart(visit.pixels(), said) > 0
    page.set_input_files("#edit-file", saved)
    page.wait_for_selector(".dot")
    visit.settle()
    assert visit.places == places
    assert apart(visit.pixels(), said) == 0

    for content, sentence in (
        ('[{"x": 1,', "holds no colors"),
        ('[{"x": 4000, "y": 1, "color": "#f00"}]', "outside this photograph"),
    ):
        (tmp_path / "bad.json").write_text(content)
        page.set_input_files("#edit-file", tmp_path / "bad.json")
        page.wait_for_selector(f"#note-text:has-text('{sentence}')")
        assert visit.places == places


def test_what_is_no_photograph_gets_a_sentence(visit: Visit, album: Path) -> None:
    visit.page.set_input_files("#files", album / "letter.jpg")
    visit.page.wait_for_selector("#trouble:visible")
    assert "letter.jpg is a PDF" in visit.page.inner_text("#trouble-text")
    visit.page.click("#give-up")
    assert visit.page.is_visible("#welcome")
    visit.expect_errors("422")


@pytest.mark.server_only("its subject is the server's answers")
@pytest.mark.chromium_only("its subject is the server's answers")
def test_remedies_are_in_the_page_s_own_words(visit: Visit, photo: Path, tmp_path: Path) -> None:
    """The server's are for programs; where the page has none of its own, it shows the server's."""
    page = visit.page
    problem = {"code": "no-room", "fact": "All memory is taken.", "detail": "All memory is taken. DELETE something."}
    page.route("**/v1/pictures", lambda route: route.fulfill(status=429, json=problem))
    page.set_input_files("#files", photo)
    page.wait_for_selector("#trouble:visible")
    assert re.fullmatch(r"All memory is taken\. Close photographs .* “Try again” .*", page.inner_text("#trouble-text"))
    page.unroute("**/v1/pictures")
    page.route("**/v1/pictures", lambda route: route.fulfill(status=422, json=problem | {"code": "new-kind"}))
    page.click("#try-again")
    page.wait_for_selector("#trouble-text:has-text('DELETE something.')")
    page.unroute("**/v1/pictures")
    page.click("#try-again")
    page.wait_for_selector("#frame:visible")
    visit.settle()

    page.route("**/render", lambda route: route.fulfill(status=503, json={"code": "timeout", "fact": "Too slow.", "detail": ""}))
    page.click("#download")
    page.wait_for_selector("#note-text:has-text('Too slow. Open a smaller copy of it.')")
    page.unroute("**/render")
    assert visit.save("#note-act", tmp_path).name == "grandmother.color.jpg"
    visit.expect_errors("429", "422", "503")


@pytest.mark.chromium_only("its subject is the server's answers")
def test_behind_a_path_prefix(browser: Any, photo: Path) -> None:
    with serving(prefix="/tinct") as address:
        context = browser.new_context()
        visit = Visit(context.new_page(), f"{address}/")
        visit.open(photo)
        visit.add_hint(0.3, 0.75, "#2050c0")
        assert visit.page.evaluate("getComputedStyle(document.querySelector('.panel')).display") != "inline", "there is no style"
        assert visit.dots == 1
        assert (visit.complaints, visit.strangers) == ([], [])
        context.close()


def test_each_photograph_keeps_its_colors(visit: Visit, photo: Path, album: Path) -> None:
    page = visit.page
    tray = page.locator("#tray li")
    visit.open(photo, album / "breakfast.png")
    visit.add_hint(0.3, 0.75, "#2050c0")
    first, places = visit.pixels(), visit.places
    tray.nth(1).locator("button").first.click()
    page.wait_for_selector("#facts:has-text('300 × 200')")
    visit.settle()
    assert visit.places == []
    visit.add_hint(0.5, 0.5, "#c03020")
    tray.nth(0).locator("button").first.click()
    page.wait_for_selector("#facts:has-text('400 × 400')")
    visit.settle()
    assert visit.places == places
    assert apart(visit.pixels(), first) == 0

    tray.nth(0).hover()
    tray.nth(0).locator(".close").click()
    assert tray.count() == 1
    assert visit.places[0].startswith("#c03020")
    page.click("#note-act")
    assert tray.count() == 2
    assert visit.places == places
    page.fill("#strength", "90")  # the server was asked to forget the photograph, so the page sends it again
    visit.settle()
    assert 0 < apart(visit.pixels(), first) < 20


@pytest.mark.server_only("its subject is the server's answers")
@pytest.mark.chromium_only("its subject is the server's answers")
def test_a_photograph_that_the_server_forgot_is_sent_again(visit: Visit, photo: Path, album: Path) -> None:
    page = visit.page
    visit.open(photo)
    page.set_input_files("#like-file", album / "postcard.png")
    page.wait_for_selector("#like-shown:visible")
    visit.add_hint(0.3, 0.75, "#2050c0")
    before, uploads = visit.pixels(), [url for url in visit.sent if url.endswith("/v1/pictures")]
    page.wait_for_selector("#variants li:nth-child(8) img:visible")
    edits = [url for url in visit.sent if url.endswith("/preview")]
    page.evaluate("(url) => fetch(url, { method: 'DELETE' })", edits[-1].removesuffix("/preview"))
    page.fill("#vividness", "80")
    visit.settle()
    assert apart(visit.pixels(), before) > 0
    assert not page.is_visible("#note")
    page.keyboard.press("Control+z")
    visit.settle()
    assert apart(visit.pixels(), before) == 0
    assert len(visit.places) == 1
    again = [url for url in visit.sent if url.endswith("/v1/pictures")]
    assert len(uploads) == 2
    assert len(again) == 4, "the photograph and its reference, each once"
    visit.expect_errors("404")


@pytest.mark.server_only("its subject is the server's answers")
@pytest.mark.chromium_only("its subject is the server's answers")
def test_a_server_that_is_busy_or_gone(visit: Visit, photo: Path) -> None:
    page, refusals = visit.page, [1]
    visit.open(photo)
    first = visit.pixels()

    def refuse(route: Any) -> None:
        if refusals:
            refusals.pop()
            route.fulfill(status=429, headers={"Retry-After": "0"}, json={"detail": "Busy."})
        else:
            route.continue_()

    page.route("**/preview", refuse)
    page.fill("#strength", "40")
    visit.settle()
    assert refusals == []
    assert not page.is_visible("#note"), "it was asked again"
    dull = visit.pixels()
    assert chroma(dull) < chroma(first)

    page.unroute("**/preview")
    page.route("**/preview", lambda route: route.abort())
    page.fill("#strength", "0")
    page.wait_for_selector('#note:has-text("The server doesn\'t answer")')
    assert apart(visit.pixels(), dull) == 0
    page.unroute("**/preview")
    page.click("#note-act")
    visit.settle()
    assert chroma(visit.pixels()) < 3
    page.route("**/preview", lambda route: route.abort())
    page.fill("#strength", "50")
    page.wait_for_selector("#note:visible")
    page.unroute("**/preview")
    page.fill("#strength", "100")
    visit.settle()
    assert not page.is_visible("#note")
    assert apart(visit.pixels(), first) == 0
    visit.expect_errors("429", "ERR_FAILED")


def test_a_reference_and_the_sliders(visit: Visit, photo: Path, album: Path) -> None:
    page = visit.page
    visit.open(photo)
    before = visit.pixels()
    page.set_input_files("#like-file", album / "postcard.png")
    page.wait_for_selector("#like-shown:visible")
    visit.settle()
    liked = visit.pixels()
    assert apart(liked, before) > 1
    gentler = page.get_by_role("slider", name="How much like it")
    assert gentler.input_value() == "100"
    away = []
    for percent in ("60", "30", "0"):
        gentler.fill(percent)
        visit.settle()
        away.append(apart(visit.pixels(), before))
    assert apart(liked, before) > away[0] > away[1] > away[2] == 0
    for _ in away:
        page.click("#undo")
    visit.settle()
    assert gentler.input_value() == "100"
    assert apart(visit.pixels(), liked) == 0
    page.fill("#strength", "0")
    visit.settle()
    assert chroma(visit.pixels()) < 3
    page.click("#undo")
    visit.settle()
    assert apart(visit.pixels(), liked) == 0
    page.click("#undo")
    visit.settle()
    assert not page.is_visible("#like-shown")
    assert not gentler.is_visible()
    assert apart(visit.pixels(), before) == 0
    page.click("#redo")
    page.click("#start-over")
    visit.settle()
    assert apart(visit.pixels(), before) == 0


def test_keyboard_alone(visit: Visit, photo: Path) -> None:
    page, press = visit.page, visit.page.keyboard.press
    visit.open(photo)
    focused = "document.activeElement.id || document.activeElement.className"
    for _ in range(8):  # from the top of the page
        press("Tab")
        if page.evaluate(focused) == "stage":
            break
    assert page.evaluate(focused) == "stage"
    for _ in range(3):
        press("ArrowRight")
    assert page.is_visible("#cross")
    press("Enter")
    page.wait_for_selector("#swatches .swatch")
    assert page.evaluate(focused) == "swatch kept"
    press("ArrowRight")
    press("Enter")
    visit.settle()
    assert visit.dots == 1
    assert page.evaluate("document.querySelector('.swatch:nth-child(2)').ariaPressed") == "true"
    press("Escape")
    assert not page.is_visible("#picker")
    assert page.evaluate(focused) == "stage"

    press("Tab")
    assert page.evaluate("document.activeElement.matches('.dot:focus-visible')")
    (before,) = visit.places
    press("ArrowDown")
    (after,) = visit.places
    assert int(after.split()[3]) > int(before.split()[3])
    assert page.inner_text("#status").startswith("Moved to")
    press("Enter")
    page.wait_for_selector("#picker:visible")
    press("Escape")
    press("Delete")
    visit.settle()
    assert visit.dots == 0
    assert page.evaluate(focused) == "stage"
    press("Tab")
    assert page.evaluate(focused).startswith("divider")
    press("End")
    assert page.get_attribute("#divider", "aria-valuenow") == "100"


def test_zoom_pan_and_the_divider(visit: Visit, photo: Path) -> None:
    page = visit.page
    visit.open(photo)
    fitted = page.locator("#frame").bounding_box()
    place = visit.at(0.25, 0.25)
    page.mouse.move(*place)
    page.mouse.wheel(0, -600)
    visit.settle()
    near = page.locator("#frame").bounding_box()
    assert near["width"] > 1.5 * fitted["width"]
    assert visit.at(0.25, 0.25) == pytest.approx(place, abs=4)  # what is under the pointer stays there
    page.mouse.down()
    page.mouse.move(place[0] - 80, place[1] - 40, steps=4)
    page.mouse.up()
    assert visit.at(0.25, 0.25) == pytest.approx((place[0] - 80, place[1] - 40), abs=4)
    assert not page.is_visible("#picker")
    page.click("#zoom-fit")
    assert page.locator("#frame").bounding_box() == fitted

    x, y = visit.at(0, 0.5)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + fitted["width"] / 2, y, steps=4)
    page.mouse.up()
    assert page.get_attribute("#divider", "aria-valuenow") == "50"
    handle = page.locator("#divider").bounding_box()
    assert handle["x"] + handle["width"] / 2 == pytest.approx(visit.at(0.5, 0)[0], abs=1)


@pytest.mark.chromium_only("touch isn't emulated in Firefox")
def test_on_a_phone(browser: Any, address: str, photo: Path) -> None:
    context = browser.new_context(viewport={"width": 380, "height": 760}, has_touch=True, is_mobile=True)
    visit = Visit(context.new_page(), address)
    page = visit.page
    visit.open(photo)
    page.touchscreen.tap(*visit.at(0.5, 0.6))
    page.wait_for_selector("#swatches .swatch")
    sheet, frame = page.locator("#picker").bounding_box(), page.locator("#frame").bounding_box()
    assert sheet["x"] >= 0
    assert sheet["x"] + sheet["width"] <= 380
    assert sheet["y"] >= frame["y"] + frame["height"], "the photograph is seen while a color is chosen"
    page.locator("#swatches .swatch").nth(1).tap()
    visit.settle()
    assert visit.dots == 1
    page.locator("#done").tap()
    page.evaluate("document.querySelector('#panel').scrollTo(0, 9999)")
    assert page.is_visible("#download")
    assert page.evaluate("[document.documentElement.scrollWidth, document.querySelector('#panel').scrollWidth]") == [380, 380]
    assert visit.complaints == []
    context.close()


@pytest.mark.chromium_only("color schemes aren't emulated in Firefox")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(browser: Any, address: str, photo: Path, scheme: str) -> None:
    """WCAG AA: 4.5 to 1, for what is written on the page's surfaces."""
    context = browser.new_context(color_scheme=scheme)
    visit = Visit(context.new_page(), address)
    visit.open(photo)
    script = """() => { const css = (id, name) => getComputedStyle(document.querySelector(id))[name].match(/\\d+/g).slice(0, 3).map(Number);
      return [['#no-hints', '#panel'], ['#facts', '#panel'], ['#hints-title', '#panel'], ['h1', '.bar'], ['#download', '#download']]
        .map(([text, on]) => [css(text, 'color'), css(on, 'backgroundColor')]); }"""

    def luminance(rgb: list[int]) -> float:
        part = np.array(rgb) / 255
        linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    pairs = [sorted(map(luminance, pair)) for pair in visit.page.evaluate(script)]
    assert min((light + 0.05) / (dark + 0.05) for dark, light in pairs) >= 4.5
    panel = luminance(visit.page.evaluate(script)[0][1])
    assert panel < 0.1 if scheme == "dark" else panel > 0.8
    assert visit.complaints == []
    context.close()
