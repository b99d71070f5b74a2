"""The page loses no work: reload, Back, a closed tab, a closed photograph, a browser without room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from page_visit import Visit, apart, chroma, let_go


def test_nothing_is_lost_by_a_reload(visit: Visit, photo: Path, album: Path) -> None:
    """The browser keeps photographs and edits; the server has forgotten them by then."""
    page, asked = visit.page, []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    visit.open(photo, album / "breakfast.png")
    page.wait_for_selector("#tray li.ready:nth-child(2)")
    page.set_input_files("#like-file", album / "postcard.png")
    page.wait_for_selector("#like-shown:visible")
    visit.add_hint(0.3, 0.75, "#2050c0")
    page.fill("#vividness", "70")
    visit.settle()
    assert page.locator("#tray li.unsaved").count() == 1
    before, places = visit.pixels(), visit.places
    for leave in (page.reload, lambda: (page.goto("about:blank"), page.go_back())):
        leave()
        page.wait_for_selector("#frame:visible")
        visit.settle()
        assert apart(visit.pixels(), before) == 0
        assert visit.places == places
        assert page.locator("#tray li").count() == 2
        assert page.input_value("#vividness") == "70"
        assert page.is_visible("#like-shown")
    page.fill("#strength", "90")
    page.fill("#strength", "100")
    visit.settle()
    assert apart(visit.pixels(), before) == 0, "sent again"
    for _ in range(4):
        page.keyboard.press("Control+z")
    visit.settle()
    assert page.input_value("#vividness") == "50"
    assert asked == []


def test_a_closed_tab_comes_back_but_not_twice(browser: Any, address: str, photo: Path) -> None:
    context = browser.new_context()
    visit = Visit(context.new_page(), address)
    visit.open(photo)
    visit.add_hint(0.3, 0.75, "#2050c0")
    second = Visit(context.new_page(), address)
    second.page.wait_for_selector("html[data-restored]", state="attached")
    assert second.page.is_visible("#welcome"), "the first tab still has the photograph"
    second.page.close()
    before = visit.pixels()
    visit.page.close()
    third = Visit(context.new_page(), address)
    third.page.wait_for_selector("#frame:visible")
    third.settle()
    assert apart(third.pixels(), before) == 0
    assert third.dots == 1
    context.close()


@pytest.mark.chromium_only("Firefox draws only the tab in front")
def test_tabs_that_are_restored_together_keep_their_own_photographs(browser: Any, address: str, photo: Path, album: Path) -> None:
    context = browser.new_context()
    first, second = (Visit(context.new_page(), address) for _ in range(2))
    first.open(photo)
    second.open(album / "breakfast.png")
    names = [one.page.title() for one in (first, second)]
    with first.page.expect_navigation(), second.page.expect_navigation():
        for one in (first, second):
            one.page.evaluate("setTimeout(() => location.reload(), 100)")
    for one in (first, second):
        one.page.wait_for_selector("html[data-restored] #frame:visible")
        assert one.page.locator("#tray li").count() == 1
    assert [one.page.title() for one in (first, second)] == names
    context.close()


STORED = """new Promise((resolve) => { indexedDB.open("tinct").onsuccess = ({ target }) => {
  target.result.transaction("photos").objectStore("photos").getAll().onsuccess = (event) => {
    target.result.close();
    resolve(event.target.result.some((one) => one.edits[one.place].strength === 0)); }; }; })"""


@pytest.mark.server_only("requests are held")
@pytest.mark.chromium_only("requests are held")
@pytest.mark.parametrize("how", ["reload", "reopen"])
def test_a_preview_that_did_not_come_in_time_is_fetched_later(visit: Visit, photo: Path, how: str) -> None:
    page, held = visit.page, []
    visit.open(photo)
    assert chroma(visit.pixels()) > 3
    page.route("**/preview", lambda route: held.append(route))
    page.fill("#strength", "0")
    page.wait_for_function(STORED)
    late, held[:] = held[:], []
    if how == "reload":
        page.reload()
        page.wait_for_selector("html[data-restored] #frame:visible")
    else:
        page.click("#tray .close")
    for route in late:
        if how == "reload":
            route.fallback()  # the page that asked is gone: abort() would fail and leave the route unhandled
        else:
            route.abort()
    visit.draw()
    if how == "reopen":
        page.click("#reopen")
        visit.expect_errors("Failed to load")
    page.unroute("**/preview")
    for route in held:
        let_go(route)
    visit.settle()
    assert chroma(visit.pixels()) < 1


@pytest.mark.server_only("its subject doesn't depend on the engine")
@pytest.mark.parametrize("content", ['{"hints": [{"x": 1, "y": 1, "ab": "no"}]}', '{"hints": [null]}', "{", "7"])
def test_a_file_that_holds_no_edit_is_told_so(visit: Visit, photo: Path, tmp_path: Path, content: str) -> None:
    visit.open(photo)
    file = tmp_path / "wrong.tinct.json"
    file.write_text(content)
    visit.page.set_input_files("#edit-file", file)
    visit.page.wait_for_selector("#note-text:has-text('wrong.tinct.json')")
    assert visit.places == []


def test_what_was_closed_can_be_opened_again(visit: Visit, photo: Path, album: Path) -> None:
    page = visit.page
    visit.open(photo, album / "breakfast.png")
    visit.add_hint(0.3, 0.75, "#2050c0")
    before, places = visit.pixels(), visit.places
    for _ in range(2):
        page.locator("#tray li").first.hover()
        page.locator("#tray .close").first.click()
    assert page.is_visible("#welcome")
    page.click("#note-close")
    page.reload()
    page.wait_for_selector("html[data-restored]", state="attached")
    assert page.is_visible("#welcome"), "what was closed isn't kept"
    visit.open(photo, album / "breakfast.png")
    visit.add_hint(0.3, 0.75, "#2050c0")
    for _ in range(2):
        page.locator("#tray li").first.hover()
        page.locator("#tray .close").first.click()
    page.click("#note-close")
    page.click("#reopen")
    page.click("#reopen")
    page.wait_for_selector("#facts:has-text('400 × 400')")
    visit.settle()
    assert page.locator("#tray li").count() == 2
    assert visit.places == places
    assert apart(visit.pixels(), before) == 0
    assert not page.is_visible("#reopen")


def test_without_room_in_the_browser_leaving_asks(browser: Any, address: str, photo: Path, tmp_path: Path) -> None:
    context = browser.new_context(accept_downloads=True)
    context.add_init_script("delete IDBFactory.prototype.open")
    visit = Visit(context.new_page(), address)
    page, asked = visit.page, []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.set_input_files("#files", photo)
    page.wait_for_selector("#note:has-text('no room')")  # for a few seconds
    page.wait_for_selector("#frame:visible")
    visit.settle()
    page.click("#zoom-in")
    page.reload()
    assert asked == []
    visit.open(photo)
    visit.add_hint(0.3, 0.75, "#2050c0")
    visit.save("#save-edit", tmp_path)
    page.reload()
    assert asked == []
    for change in (lambda: page.press("#vividness", "ArrowRight"), lambda: page.click("#variants li:nth-child(3) button")):
        visit.open(photo)
        change()
        visit.settle()
        page.reload()
    assert asked == ["beforeunload"] * 2
    context.close()


@pytest.mark.server_only("its subject is the server's answers")
@pytest.mark.chromium_only("its subject is the server's answers")
def test_a_reference_is_forgotten_with_its_photograph(visit: Visit, photo: Path, album: Path) -> None:
    page, ids = visit.page, []
    page.on("response", lambda answer: ids.append(answer.json()["id"]) if answer.status == 201 else None)
    visit.open(photo)
    page.set_input_files("#like-file", album / "postcard.png")
    page.wait_for_selector("#like-shown:visible")
    visit.settle()
    picture, reference = ids
    assert page.request.post(f"{visit.address}v1/pictures/{reference}/preview", data={}).ok
    assert page.request.delete(f"{visit.address}v1/pictures/{picture}").ok
    assert page.request.post(f"{visit.address}v1/pictures/{reference}/preview", data={}).status == 404
    page.close(run_before_unload=False)  # the page forgets its photograph, too, when it is left
    visit.expect_errors("404")


@pytest.mark.server_only("its subject is the server's answers")
def test_a_photograph_that_is_closed_while_it_is_asked_about_is_not_sent_again(visit: Visit, photo: Path) -> None:
    page, held = visit.page, []
    visit.open(photo)
    page.wait_for_selector("#variants li:nth-child(8) img:visible")
    page.route("**/preview", lambda route: held.append(route))
    page.fill("#strength", "40")
    page.wait_for_function("document.querySelector('#stage').ariaBusy === 'true'")
    visit.draw()
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.click("#tray .close")
    assert held
    with page.expect_response(lambda answer: answer.url.endswith("/preview") and answer.status == 404):
        for route in held:
            route.continue_()
    visit.draw()
    assert len([url for url in visit.sent if url.endswith("/v1/pictures")]) == 1
    visit.expect_errors("404")
