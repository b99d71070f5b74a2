"""Films on the page: opened, some frames colored by hand, the rest by the server, downloaded; kept, saved, closed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from page_visit import Visit, chroma
from serving import serving

pytestmark = pytest.mark.server_only("films are left to the program")

FILM = Path(__file__).parents[2] / "docs/images/film.mp4"
"""96 drawn frames of 320 × 240 pixels, 16 a second."""


def open_film(visit: Visit, film: Path) -> None:
    visit.page.set_input_files("#files", film)
    visit.page.wait_for_selector("#film:visible")
    visit.page.wait_for_selector("#frame:visible")
    visit.settle()


def test_a_film_follows_its_keyframes(visit: Visit, film: Path, tmp_path: Path) -> None:
    page = visit.page
    open_film(visit, film)
    assert page.locator("#tray li").count() >= 1
    assert "wedding.mp4, 320 × 240 pixels" in page.inner_text("#film-facts")
    visit.add_hint(0.5, 0.5, "#d02a24")
    assert page.inner_text("#film-keyframes").endswith("1")
    page.fill("#film-end", "ten")
    page.click("#film-color")
    page.wait_for_selector("#note-text:has-text('00:12.4')")
    page.fill("#film-end", "0.25")
    with page.expect_request("**/colorize") as asked:
        page.click("#film-color")
    assert asked.value.method == "POST"
    page.wait_for_selector("#film-download:visible")
    assert page.inner_text("#film-color") == "Color the film"
    assert page.locator("#tray li.unsaved").count() == 1
    path = visit.save("#film-download", tmp_path)
    assert path.name.startswith("wedding.")
    with av.open(path) as made:
        frames = [frame.to_ndarray(format="rgb24") for frame in made.decode(video=0)]
    assert 3 <= len(frames) <= 5
    middle = frames[0][110:130, 150:170].astype(int)
    assert chroma(middle) > 10
    assert np.argmax(middle.mean((0, 1))) == 0, "red"
    visit.draw()
    assert page.locator("#tray li.unsaved").count() == 0
    page.evaluate("""async () => {
      const found = (await new Promise((resolve) => { indexedDB.open("tinct").onsuccess = ({ target }) => {
        target.result.transaction("photos").objectStore("photos").getAll().onsuccess = (event) => {
          target.result.close(); resolve(event.target.result); }; }; })).find((one) => one.film);
      await fetch(`v1/films/${found.film.key}`, { method: "DELETE" }); }""")
    page.click("#film-download")
    page.wait_for_selector("#note-text:has-text('forgotten the film')")
    page.wait_for_selector("#film-download", state="hidden")
    visit.expect_errors("404")


def test_its_edit_is_saved_and_loaded(visit: Visit, film: Path, tmp_path: Path) -> None:
    page = visit.page
    open_film(visit, film)
    page.fill("#film-time", "0.375")
    page.click("#film-add")
    page.wait_for_selector("#tray [aria-current=true][aria-label^='wedding 00.00.375.png']")
    page.wait_for_selector("#frame:visible")
    visit.settle()
    visit.add_hint(0.5, 0.5, "#d02a24")
    page.fill("#vividness", "70")
    visit.settle()
    saved = visit.save("#save-edit", tmp_path)
    assert saved.name == "wedding.tinct.json"
    edit = json.loads(saved.read_text("utf-8"))
    assert edit["vividness"] == 0.7
    assert [(one["time"], one["hints"][0]["color"]) for one in edit["keyframes"]] == [(0.375, "#d02a24")]
    page.locator("#tray li button").first.click()
    visit.settle()
    assert page.input_value("#vividness") == "70", "settings are those of the film"
    page.click("#film-close")
    page.wait_for_selector("#welcome:visible")
    open_film(visit, film)
    page.set_input_files("#edit-file", saved)
    page.wait_for_selector("#tray [aria-label^='wedding 00.00.375.png']")
    page.click("#tray [aria-label^='wedding 00.00.375.png']")
    page.wait_for_selector("#frame:visible")
    visit.settle()
    assert visit.dots == 1
    assert page.input_value("#vividness") == "70"
    edit["keyframes"].append({"time": 0.1, "picture": "frames/bride.png"})
    saved.write_text(json.dumps(edit), "utf-8")
    page.set_input_files("#edit-file", saved)
    page.wait_for_selector(
        "#note-text:has-text('Pictures of keyframes that wedding.tinct.json names were left out (1): bride.png.')"
    )


def test_a_film_survives_a_reload_and_is_closed(visit: Visit, film: Path) -> None:
    page, removed = visit.page, []
    page.on(
        "request", lambda request: removed.append(request.url) if request.method == "DELETE" and "/films/" in request.url else None
    )
    open_film(visit, film)
    visit.add_hint(0.5, 0.5, "#d02a24")
    count = page.locator("#tray li").count()
    page.reload()
    page.wait_for_selector("#film:visible")
    visit.settle()
    assert page.locator("#tray li").count() == count
    assert visit.dots == 1
    assert removed == []
    page.wait_for_selector("#variants li:nth-child(8) img:visible")  # nothing is asked about what will be closed
    page.click("#film-close")
    page.wait_for_selector("#welcome:visible")
    assert len(removed) == 1
    page.click("#reopen")
    page.wait_for_selector("#film:visible")
    assert page.locator("#tray li").count() == count
    visit.settle()
    assert visit.dots == 1


@pytest.mark.chromium_only("its subject is the server's answers")
def test_coloring_is_stopped(visit: Visit) -> None:
    page = visit.page
    open_film(visit, FILM)
    page.click("#film-color")
    page.wait_for_selector("#film-color:has-text('Stop')")
    page.wait_for_selector("#film-status:has-text('Looking through the film')")
    with page.expect_request(lambda request: request.method == "DELETE"):
        page.click("#film-color")
    page.wait_for_selector("#film-color:has-text('Color the film')")
    assert page.is_hidden("#film-status")
    assert page.is_hidden("#film-download")
    visit.expect_errors("404")  # a question how far it is may be under way


@pytest.mark.chromium_only("its subject is the server's answers")
def test_a_server_without_films_says_so(browser: Any, film: Path) -> None:
    with serving(films=False) as address:
        context = browser.new_context()
        visit = Visit(context.new_page(), f"{address}/")
        visit.page.set_input_files("#files", film)
        visit.page.wait_for_selector("#trouble-text:has-text('This server colors no films.')")
        assert visit.sent == []
        assert visit.complaints == []
        context.close()
