"""The page of a blind comparison in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinct.evaluation.blind import Pair, Side
from tinct.reports import write_blind_page

pytestmark = pytest.mark.chromium_only("it is a report, a file without a server")
SIDES = Side("dull", "tinct"), Side("vivid", "tinct")
FIRST_IS_LEFT = [True, False, False, True, True, False, True, False]


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Iterator[Any]:
    dull, vivid = np.full((16, 24, 3), 90, np.uint8), np.full((16, 24, 3), (200, 40, 40), np.uint8)
    pairs = [Pair(f"{i}.png", (dull, vivid), left) for i, left in enumerate(FIRST_IS_LEFT)]
    path = write_blind_page(tmp_path, SIDES, pairs, seed=3)
    page = browser.new_page(viewport={"width": 1000, "height": 700})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url) if not request.url.startswith(("data:", "blob:")) else None)
    page.goto(path.as_uri())
    yield page
    page.close()
    assert complaints == [path.as_uri()]  # the page itself, and nothing else was asked for


def red_is_left(page: Any) -> bool:
    """Whether the vivid picture is shown on the left."""
    return bool(
        page.evaluate("""async () => {
        const image = document.getElementById("left-picture");
        await image.decode();
        const context = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
        context.drawImage(image, 0, 0, 1, 1);
        const [red, green] = context.getImageData(0, 0, 1, 1).data;
        return red > green + 50;
    }""")
    )


def test_choices_are_counted_by_side_and_saved(page: Any) -> None:
    visible = page.inner_text("body")
    assert "dull" not in visible
    assert "vivid" not in visible
    for i, first_is_left in enumerate(FIRST_IS_LEFT[:7]):  # always the vivid one, by keys, buttons and pictures
        assert page.inner_text("#place") == f"{i + 1} of 8"
        assert red_is_left(page) == (not first_is_left)
        place = "right" if first_is_left else "left"
        if i < 3:
            page.keyboard.press(f"Arrow{place.title()}")
        else:
            page.click(f"#choose-{place}" if i < 5 else f"#{place}")
    page.keyboard.press("ArrowDown")
    assert page.is_visible("#result")
    assert page.inner_text("#answer") == "“vivid” was chosen 7 times, “dull” 0 times, no difference in 1."
    # Wilson's interval of 7 of 7: 1 / (1 + 1.96² / 7); the sign test: 2 / 2**7
    assert page.inner_text("#chance").startswith("That is 100 % of the decided pairs (95 % interval 65 % to 100 %).")
    assert page.inner_text("#chance").endswith("with probability 0.016.")
    rows = [line.split("\t") for line in page.inner_text("#counts").splitlines()]
    assert rows[:2] == [["dull", "0", "0", "0"], ["vivid", "7", "3", "4"]]
    assert page.locator("#pairs figure").count() == 8

    with page.expect_download() as download:
        page.click("#save")
    saved = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert download.value.suggested_filename == "blind-result.json"
    assert saved["chosen"] == {"dull": 0, "vivid": 7}
    assert (saved["seed"], saved["pairs"]) == (3, 8)
    assert saved["choices"][0] == {"picture": "0.png", "left": "dull", "chosen": "vivid"}
    assert saved["choices"][7] == {"picture": "7.png", "left": "vivid", "chosen": None}


def test_undo_stop_go_on_and_start_over(page: Any) -> None:
    assert page.is_disabled("#undo")
    for key in ("ArrowLeft", "ArrowLeft", "ArrowRight", "Backspace"):
        page.keyboard.press(key)
    assert page.inner_text("#place") == "3 of 8"
    page.click("#undo")
    page.click("#stop")
    assert page.inner_text("#answer") == "“dull” was chosen 1 time, “vivid” 0 times."
    page.keyboard.press("ArrowLeft")  # counts nothing there
    page.click("#back")
    assert page.inner_text("#place") == "2 of 8"
    page.click("#stop")
    page.click("#again")
    assert page.inner_text("#place") == "1 of 8"
    for _ in range(4):
        page.keyboard.press("ArrowLeft")  # dull, vivid, vivid, dull
    page.click("#stop")
    assert page.inner_text("#answer") == "Both were chosen equally often, 2 times."
    assert page.inner_text("#chance").endswith("with probability 1.000.")
