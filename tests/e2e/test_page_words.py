"""What the page says, and to whom: languages, touch, passwords, files that are none, names of controls, the focus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from page_visit import Visit
from serving import serving

WELCOME = {
    "en-US": ("en", "Choose a photograph"),
    "de-AT": ("de", "Foto auswählen"),
    "fr-FR": ("fr", "Choisir une photo"),
    "es-MX": ("es", "Elegir una fotografía"),
    "ja-JP": ("ja", "写真を選ぶ"),
    "fi-FI": ("en", "Choose a photograph"),
}


@pytest.mark.parametrize("locale", WELCOME)
def test_the_page_speaks_the_browser_s_language(browser: Any, address: str, album: Path, locale: str) -> None:
    context = browser.new_context(locale=locale)
    visit = Visit(context.new_page(), address)
    language, pick = WELCOME[locale]
    assert visit.page.get_attribute("html", "lang") == language
    assert visit.page.inner_text("#pick") == pick
    visit.page.set_input_files("#files", album / "letter.jpg")
    visit.page.wait_for_selector("#trouble:visible")
    assert "letter.jpg is a PDF" in visit.page.inner_text("#trouble-text")
    visit.expect_errors("422")
    assert visit.complaints == []
    context.close()


@pytest.mark.chromium_only("touch isn't emulated in Firefox")
def test_touch_taps(browser: Any, address: str, photo: Path) -> None:
    context = browser.new_context(viewport={"width": 380, "height": 760}, has_touch=True, is_mobile=True)
    visit = Visit(context.new_page(), address)
    visit.open(photo)
    assert visit.page.inner_text("#no-hints").startswith("Tap the photograph")
    assert "Click" not in visit.page.inner_text("body")
    context.close()


def test_a_password_is_asked_for(browser: Any, photo: Path) -> None:
    with serving(token="four-long-words-here") as address:
        context = browser.new_context()
        visit = Visit(context.new_page(), f"{address}/")
        page = visit.page
        page.wait_for_selector("#password:visible")
        assert not page.is_visible("#welcome")
        page.fill("#password", "wrong")
        page.keyboard.press("Enter")
        page.wait_for_selector("#wrong-password:visible")
        page.route("**/?token=*", lambda route: route.abort())
        page.keyboard.press("Enter")
        page.wait_for_selector("#note-text:has-text('answer. Is it still running?')")
        assert not page.is_visible("#wrong-password")
        page.unroute("**/?token=*")
        page.fill("#password", "four-long-words-here")
        page.keyboard.press("Enter")
        page.wait_for_selector("#welcome:visible")
        assert page.url == f"{address}/"
        visit.open(photo)
        page.reload()
        page.wait_for_selector("#frame:visible")
        visit.expect_errors("401", "ERR_FAILED")
        assert visit.complaints == []
        context.close()


@pytest.mark.server_only("its subject is the server's answers")
def test_files_that_are_none(visit: Visit, photo: Path, tmp_path: Path) -> None:
    page = visit.page
    (tmp_path / "nothing.jpg").write_bytes(b"")
    page.set_input_files("#files", tmp_path / "nothing.jpg")
    page.wait_for_selector("#note-text:has-text('nothing.jpg is empty (0 bytes).')")
    assert page.is_visible("#welcome")
    (tmp_path / "gone.jpg").write_bytes(photo.read_bytes())
    page.route("**/v1/pictures", lambda route: route.abort())
    page.set_input_files("#files", photo)
    page.wait_for_selector("#trouble-text:has-text('The server broke off while grandmother.jpg')")
    page.route("**/healthz", lambda route: route.abort())
    page.click("#try-again")
    page.wait_for_selector('#trouble-text:has-text("The server doesn\'t answer")')
    visit.expect_errors("ERR_FAILED")


def test_a_file_that_is_too_large_is_told_so(browser: Any, album: Path, tmp_path: Path) -> None:
    """The server stops reading, so a browser may see no more than a broken connection."""
    (tmp_path / "huge.jpg").write_bytes((album / "grandmother.jpg").read_bytes() + bytes(30_000_000))
    with serving(max_upload=1_000_000) as address:
        context = browser.new_context()
        visit = Visit(context.new_page(), f"{address}/")
        visit.page.set_input_files("#files", tmp_path / "huge.jpg")
        visit.page.wait_for_selector("#trouble:visible")
        text = visit.page.inner_text("#trouble-text")
        assert "larger than" in text, text
        assert "doesn't answer" not in text
        context.close()


@pytest.mark.server_only("its subject doesn't depend on the engine")
def test_a_folder_that_is_dropped_is_opened(visit: Visit) -> None:
    """Chromium makes no real folder out of a script's drop, so the entries are made up."""
    found = visit.page.evaluate("""async () => {
      const { filesOf } = await import("./static/files.js");
      const file = (name) => ({ name, isDirectory: false, file: (done) => done(new File(["x"], name)) });
      const folder = (name, ...entries) => ({ name, isDirectory: true, createReader: () => {
        const parts = [entries.slice(0, 2), entries.slice(2), []];
        return { readEntries: (done) => done(parts.shift()) };
      } });
      const item = (entry) => ({ kind: "file", webkitGetAsEntry: () => entry, getAsFile: () => new File(["x"], entry.name) });
      const album = folder("album", file("10.jpg"), file("2.TIF"), file("notes.txt"), folder("more", file("a.png")), file(".hidden.jpg"));
      const { files, folders } = await filesOf([item(album), item(file("one.jpg")), item(folder("empty", file("x.doc"))), { kind: "string" }]);
      return [files.map(({ name }) => name), folders];
    }""")
    assert found == [["2.TIF", "10.jpg", "a.png", "one.jpg"], ["empty"]]


@pytest.mark.parametrize("films", [True, False])
def test_films_in_a_folder_and_on_the_welcome_page_where_they_are_colored(browser: Any, films: bool) -> None:
    with serving(films=films) as address:
        context = browser.new_context()
        visit = Visit(context.new_page(), f"{address}/")
        if films:
            visit.page.wait_for_selector("#welcome-films:visible")
        found = visit.page.evaluate("""async () => {
          const [{ filesOf }, { takesFilms }] = [await import("./static/files.js"), await import("./static/engine.js")];
          const entries = ["a.jpg", "b.MP4", "c.txt"].map((name) => ({ name, file: (done) => done(new File(["x"], name)) }));
          const folder = { name: "album", isDirectory: true, createReader: () => ({ readEntries: (done) => done(entries.splice(0)) }) };
          return (await filesOf([{ kind: "file", webkitGetAsEntry: () => folder, getAsFile: () => null }], takesFilms)).files.map(({ name }) => name);
        }""")
        assert found == (["a.jpg", "b.MP4"] if films else ["a.jpg"])
        assert visit.page.is_visible("#welcome-films") == films
        assert visit.complaints == []
        context.close()


def test_notes_on_a_photograph_are_in_the_browser_s_language(browser: Any, address: str, album: Path) -> None:
    context = browser.new_context(locale="de-DE")
    visit = Visit(context.new_page(), address)
    visit.open(album / "postcard.png")
    assert "Das ist ein Farbfoto" in visit.page.inner_text("#facts")
    visit.page.reload()
    visit.page.wait_for_selector("#facts:has-text('Das ist ein Farbfoto')")
    context.close()


def test_every_control_has_a_name(visit: Visit, photo: Path, album: Path) -> None:
    page = visit.page
    visit.open(photo, album / "breakfast.png")
    visit.add_hint(0.3, 0.75, "#2050c0")
    page.click("[data-tool=stroke]")
    page.locator(".dot").click()
    page.wait_for_selector("#swatches .swatch")
    for role, name in (
        ("slider", "Vividness"),
        ("slider", "Strength"),
        ("slider", "Width"),
        ("combobox", "Format"),
        ("switch", "Keep the rest as it is"),
    ):
        assert page.get_by_role(role, name=name, exact=True).count() == 1, name
    unnamed = page.evaluate("""() => [...document.querySelectorAll("button, input, select, [role=slider], [tabindex='0']")]
      .filter((one) => one.checkVisibility() && !(one.ariaLabel || one.textContent.trim() || one.labels?.length || one.alt))
      .map((one) => one.outerHTML)""")
    assert unnamed == []


def test_the_focus_never_falls_to_the_body(visit: Visit, photo: Path, album: Path) -> None:
    page, press = visit.page, visit.page.keyboard.press
    focused = "document.activeElement.id || document.activeElement.className || document.activeElement.tagName"
    visit.open(photo, album / "breakfast.png")
    page.wait_for_selector("#tray li.ready:nth-child(2)")
    visit.add_hint(0.3, 0.75, "#2050c0")

    def acts(selector: str) -> None:
        page.focus(selector)
        press("Enter")
        visit.settle()
        assert page.evaluate(focused) not in ("BODY", ""), selector

    acts("#undo")  # nothing is left to be undone
    assert page.evaluate(focused) == "undo"
    acts("#redo")
    acts("#hints .close")
    acts("#undo")
    acts("#clear")
    page.focus("#tray .close")
    press("Enter")
    page.wait_for_selector("#facts:has-text('300 × 200')")
    visit.draw()
    assert page.evaluate(focused) != "BODY"
    acts("#note-close")
    acts("#reopen")
    for _ in range(2):
        page.focus("#tray .close")
        press("Enter")
        visit.draw()
        assert page.evaluate(focused) != "BODY"
    page.focus("#note-close")
    press("Enter")
    visit.draw()
    assert page.evaluate(focused) in ("reopen", "pick")
