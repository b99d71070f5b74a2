"""Many photographs, large ones, and where the controls are."""

from __future__ import annotations

import io
import json
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

from page_visit import Visit, apart

SCREENS = {"desktop": (1440, 900), "laptop": (1280, 720), "tablet": (820, 1180), "phone": (380, 760), "phone lying": (760, 380)}


def test_the_same_settings_for_the_others(visit: Visit, photo: Path, album: Path) -> None:
    page = visit.page
    visit.open(photo, album / "breakfast.png")
    page.wait_for_selector("#tray li.ready:nth-child(2)")
    visit.add_hint(0.3, 0.75, "#2050c0")
    page.fill("#vividness", "80")
    page.fill("#strength", "60")
    page.set_input_files("#like-file", album / "postcard.png")
    page.wait_for_selector("#like-shown:visible")
    page.click("#same-next")
    page.wait_for_selector("#facts:has-text('300 × 200')")
    visit.settle()
    assert (page.input_value("#vividness"), page.input_value("#strength")) == ("80", "60")
    assert visit.places == []
    before = visit.pixels()
    page.locator("#tray .close").first.click(force=True)
    visit.settle()
    page.reload()
    page.wait_for_selector("#facts:has-text('300 × 200')")
    assert page.is_visible("#like-shown"), "it was that of the closed one, too"
    page.fill("#strength", "90")
    page.fill("#strength", "60")
    visit.settle()
    assert apart(visit.pixels(), before) == 0
    for _ in range(3):
        page.keyboard.press("Control+z")
    visit.settle()
    assert (page.input_value("#vividness"), page.is_visible("#like-shown")) == ("50", False)


@pytest.mark.server_only("requests are held")
@pytest.mark.chromium_only("requests are held")
def test_what_a_stopped_download_did_not_deliver_counts_as_changed(visit: Visit, photo: Path, album: Path) -> None:
    page, held = visit.page, []
    visit.open(photo, album / "breakfast.png")
    page.wait_for_selector("#tray li.ready:nth-child(2)")
    page.fill("#strength", "40")
    visit.settle()
    page.route("**/render", lambda route: route.continue_() if not held and held.append(None) is None else held.append(route))
    with page.expect_response("**/render"):
        page.click("#download-all")
    page.wait_for_function("document.querySelector('#download-all').textContent.includes('2')")
    page.click("#download-all")
    while len(held) < 2:
        visit.draw()
    held[1].continue_()
    page.wait_for_selector("#status:has-text('Stopped')", state="attached")
    assert page.locator("#tray li.unsaved").count() == 1


@pytest.mark.server_only("its subject is the page's requests")
@pytest.mark.chromium_only("its subject is the page's requests")
def test_an_object_is_looked_for_on_a_few_photographs_at_a_time(visit: Visit) -> None:
    page, asked = visit.page, []

    def answer(route: Any) -> None:
        others = route.request.post_data_json["others"]
        asked.append(len(others))
        route.fulfill(json={"matches": [{"id": one, "known": True, "hints": []} for one in others]})

    page.route("**/v1/pictures", lambda route: route.fulfill(status=201, json={"id": "one"}))
    page.route("**/recurring", answer)
    found = page.evaluate("""async () => {
      const { recurring } = await import(new URL("static/engine.js", document.baseURI));
      const files = Array.from({ length: 121 }, (_, i) => new File(["x"], `${i}.png`));
      return (await recurring(files[0], { x: 1, y: 1, color: "#aa3311" }, files.slice(1))).size; }""")
    assert found == 120
    assert asked == [50, 50, 20]


def test_all_are_downloaded_as_one_zip(visit: Visit, photo: Path, album: Path, tmp_path: Path) -> None:
    page = visit.page
    (tmp_path / "more").mkdir()
    twin = tmp_path / "more" / "grandmother.jpg"
    twin.write_bytes((album / "breakfast.png").read_bytes())
    visit.open(photo, album / "breakfast.png", twin)
    page.wait_for_selector("#tray li.ready:nth-child(3)")
    page.fill("#strength", "0")
    visit.settle()
    file = visit.save("#download-all", tmp_path)
    page.wait_for_selector("#status:has-text('All are downloaded')", state="attached")
    assert page.locator("#tray li.unsaved").count() == 0
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["grandmother.color.jpg", "breakfast.color.png", "grandmother.color.png"]
        with Image.open(io.BytesIO(archive.read("grandmother.color.jpg"))) as image:
            assert image.size == (400, 400)
            assert np.ptp(np.asarray(image.convert("RGB")).astype(int), axis=-1).max() < 4, "with its own settings"
        with Image.open(io.BytesIO(archive.read("breakfast.color.png"))) as image:
            assert np.ptp(np.asarray(image.convert("RGB")).astype(int), axis=-1).mean() > 4


def test_names_in_any_language(visit: Visit, album: Path, tmp_path: Path) -> None:
    page, out = visit.page, tmp_path / "out"
    out.mkdir()
    apart = unicodedata.normalize("NFD", "Jürgen.png")  # as macOS writes it
    names = ["Großmutter Ä.png", "写真 1920.png", apart, "Jürgen.png"]
    for name in names:
        (tmp_path / name).write_bytes((album / "breakfast.png").read_bytes())
    (tmp_path / "ぬりえ ß.png").write_bytes((album / "postcard.png").read_bytes())
    visit.open(*(tmp_path / name for name in names))
    page.wait_for_selector("#tray li.ready:nth-child(4)")
    assert [page.locator("#tray li > button:first-child").nth(i).get_attribute("title") for i in range(4)] == names
    assert visit.save("#download", out).name == "Großmutter Ä.color.png"
    with zipfile.ZipFile(visit.save("#download-all", out)) as archive:
        assert archive.namelist() == [
            "Großmutter Ä.color.png",
            "写真 1920.color.png",
            unicodedata.normalize("NFD", "Jürgen.color.png"),
            "Jürgen.color-2.png",  # the same name on macOS
        ]

    page.locator("#tray li > button:first-child").nth(1).click()
    page.wait_for_selector("#facts:has-text('写真')")
    page.set_input_files("#like-file", tmp_path / "ぬりえ ß.png")
    page.wait_for_selector("#like-shown:visible")
    visit.add_hint(0.5, 0.5, "#c03020")
    file, places = visit.save("#save-edit", out), visit.places
    assert file.name == "写真 1920.tinct.json"
    assert json.loads(file.read_text("utf-8"))["like"] == "ぬりえ ß.png"
    page.locator("#tray li > button:first-child").nth(2).click()
    page.wait_for_selector("#facts:has-text('rgen')")
    page.set_input_files("#edit-file", [file, tmp_path / "ぬりえ ß.png"])
    page.wait_for_selector("#like-shown:visible")
    visit.settle()
    assert visit.places == places
    assert visit.save("#save-edit", out).name in ("Jürgen.tinct.json", unicodedata.normalize("NFD", "Jürgen.tinct.json"))


@pytest.mark.server_only("its subject doesn't depend on the engine")
@pytest.mark.chromium_only("its subject doesn't depend on the browser")
def test_a_reference_is_found_whichever_way_its_name_is_written(visit: Visit, photo: Path, album: Path, tmp_path: Path) -> None:
    """An edit that was saved where ü is one code point, and the reference of a system where it is two."""
    reference = tmp_path / unicodedata.normalize("NFD", "Gemälde.png")
    reference.write_bytes((album / "postcard.png").read_bytes())
    (tmp_path / "edit.json").write_text(json.dumps({"hints": [], "like": "Gemälde.png"}), "utf-8")
    visit.open(photo)
    visit.page.set_input_files("#edit-file", [tmp_path / "edit.json", reference])
    visit.page.wait_for_selector("#like-shown:visible")
    assert not visit.page.is_visible("#note")


@pytest.mark.server_only("its subject is the server's answers")
@pytest.mark.chromium_only("its subject is the server's answers")
def test_the_server_may_forget_what_is_idle(browser: Any, address: str, photo: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    visit = Visit(page, address)
    visit.open(photo)
    page.wait_for_selector("#variants li:nth-child(8) img:visible")
    before = visit.pixels()
    with page.expect_request(lambda request: request.method == "DELETE"):
        page.clock.run_for(12 * 60_000)
    page.fill("#strength", "90")
    page.fill("#strength", "100")
    visit.settle()
    assert apart(visit.pixels(), before) == 0
    assert len([url for url in visit.sent if url.endswith("/v1/pictures")]) == 2
    assert visit.complaints == []
    context.close()


@pytest.mark.server_only("requests are held")
def test_what_waits_and_is_closed_is_not_computed(visit: Visit, photo: Path, album: Path) -> None:
    page, held = visit.page, []
    page.route("**/v1/pictures", lambda route: route.continue_() if held else held.append(route))
    page.set_input_files("#files", [photo, album / "breakfast.png", album / "postcard.png"])
    page.wait_for_selector("#tray li:nth-child(3)")
    page.wait_for_selector("#early:visible")  # the photograph itself, in gray
    page.locator("#tray .close").nth(1).click(force=True)
    page.click("#note-close")
    held[0].continue_()
    page.wait_for_selector("#tray li.ready:nth-child(2)")
    sent = [url for url in visit.sent if url.endswith("/v1/pictures")]
    assert len(sent) == 2
    page.click("#reopen")
    page.wait_for_selector("#facts:has-text('300 × 200')")


@pytest.mark.server_only("its subject is the page's requests")
@pytest.mark.chromium_only("Firefox tells no bodies of requests")
def test_more_draws_only_the_new_variants(visit: Visit, photo: Path) -> None:
    page, asked = visit.page, []
    visit.open(photo)
    page.wait_for_selector("#variants li:nth-child(8) img:visible")
    page.on(
        "request",
        lambda request: (
            asked.append((request.url.rpartition("/")[2], request.post_data_json)) if request.method == "POST" else None
        ),
    )
    first = "document.querySelector('#variants img').src"
    before = page.evaluate(first)
    page.click("#more")
    page.wait_for_selector("#variants li:nth-child(16) img:visible")
    assert [(what, body["variant"], body["variants"]) for what, body in asked] == [("variants", 9, 8)], "in one request"
    assert page.evaluate(first) == before
    asked.clear()
    page.fill("#vividness", "80")
    page.wait_for_function("(before) => document.querySelector('#variants img').src !== before", arg=before)
    assert [(what, body["variant"]) for what, body in asked] == [("preview", 1), ("variants", 1)]


@pytest.mark.server_only("its subject is the server's answers")
@pytest.mark.chromium_only("Firefox tells no bodies of requests")
def test_variants_that_a_busy_server_leaves_out_are_asked_for_again(visit: Visit, photo: Path) -> None:
    page, counts = visit.page, []

    def answer(route: Any) -> None:
        counts.append(route.request.post_data_json["variants"])
        if len(counts) > 1:
            return route.continue_()
        lines = route.fetch().body().splitlines(keepends=True)
        return route.fulfill(body=b"".join(lines[:3]), content_type="application/jsonl")

    page.route("**/variants", answer)
    visit.open(photo)
    page.wait_for_selector("#variants li:nth-child(8) img:visible")
    assert counts == [8, 5]


def test_one_pixel_of_the_photograph_is_one_of_the_screen(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    gray = Image.fromarray(data.astronaut()).convert("L").resize((2600, 2600), Image.Resampling.BICUBIC)
    gray.save(tmp_path / "large.jpg", quality=90)
    visit.open(tmp_path / "large.jpg")
    assert page.inner_text("#zoom-percent") not in ("", "100 %")
    page.click("#zoom-full")
    assert page.inner_text("#zoom-percent") == "100 %"
    assert page.locator("#frame").bounding_box()["width"] == pytest.approx(2600, abs=0.5)
    page.wait_for_selector("#after-part:visible")
    part = page.locator("#after-part")
    box, frame = part.bounding_box(), page.locator("#frame").bounding_box()
    size = part.evaluate("async (one) => { await one.decode(); return [one.naturalWidth, one.naturalHeight]; }")
    assert size == [pytest.approx(box["width"], abs=0.6), pytest.approx(box["height"], abs=0.6)]
    shown = np.asarray(Image.fromarray(visit.pixels("#after-part").astype(np.uint8)).convert("L")).astype(float)
    left, top = round(box["x"] - frame["x"]), round(box["y"] - frame["y"])
    real = np.asarray(gray).astype(float)[top : top + shown.shape[0], left : left + shown.shape[1]]
    assert np.median(np.abs(shown - real)) < 8, "the photograph's own detail"
    page.fill("#vividness", "90")
    page.wait_for_selector("#after-part", state="hidden")  # of the edit before
    visit.settle()
    page.wait_for_selector("#after-part:visible")
    page.click("#zoom-fit")
    visit.draw()
    assert not page.is_visible("#after-part")


@pytest.mark.server_only("its subject doesn't depend on the engine")
@pytest.mark.parametrize("screen", SCREENS)
def test_download_is_always_in_sight(browser: Any, address: str, photo: Path, album: Path, tmp_path: Path, screen: str) -> None:
    width, height = SCREENS[screen]
    context = browser.new_context(viewport={"width": width, "height": height})
    visit = Visit(context.new_page(), address)
    visit.open(photo, album / "breakfast.png")
    for place in ((0.2, 0.2), (0.7, 0.3), (0.4, 0.8)):
        visit.add_hint(*place, "#2050c0")
    for place in ((0.1, 0.5), (0.5, 0.6), (0.9, 0.9)):
        visit.click(*place)
        visit.page.click("#download", trial=True)  # the dialog of colors doesn't lie on it
        visit.page.click("#done")
    for button in ("#download", "#download-all"):
        box = visit.page.locator(button).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
        visit.page.click(button, trial=True)
    (tmp_path / "nothing.jpg").write_bytes(b"")
    visit.page.set_input_files("#files", tmp_path / "nothing.jpg")
    visit.page.wait_for_selector("#note:visible")
    visit.page.click("#download", trial=True)  # the note doesn't lie on it
    visit.page.click("#note-close")
    assert visit.page.locator("#stage").bounding_box()["height"] > 100
    assert visit.page.evaluate("document.documentElement.scrollWidth") == width
    assert visit.complaints == []
    context.close()


@pytest.mark.server_only("its subject is the server's answers")
@pytest.mark.chromium_only("its subject is the server's answers")
def test_photographs_that_the_server_has_no_room_for_replace_idle_ones(visit: Visit, photo: Path, album: Path) -> None:
    page = visit.page
    visit.open(photo)
    visit.settle()
    page.wait_for_selector("#variants li:nth-child(8) img:visible")
    before, refused = visit.pixels(), [1]

    def answer(route: Any) -> None:
        if refused:
            refused.pop()
            route.fulfill(status=429, headers={"Retry-After": "60"}, json={"code": "no-room", "fact": "Full.", "detail": "Full."})
        else:
            route.continue_()

    page.route("**/v1/pictures", answer)
    page.set_input_files("#files", album / "breakfast.png")
    page.wait_for_selector("#facts:has-text('300 × 200')")
    page.locator("#tray li button").first.click()
    page.fill("#strength", "90")
    page.fill("#strength", "100")
    visit.settle()
    assert apart(visit.pixels(), before) == 0, "sent again"
    visit.expect_errors("429")
