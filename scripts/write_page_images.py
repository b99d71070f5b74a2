"""Write docs/images/page.jpg and page-phone.jpg, screenshots of the page, after a change of page or weights.

They show scikit-image's sample photographs and no others. Needs Playwright and Chromium. With an argument: into that folder instead.
"""

from __future__ import annotations

import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyvips
import uvicorn
from demo import REACH, samples
from playwright.sync_api import sync_playwright
from write_images import IMAGES, save

from tinct import Photo
from tinct.web import Settings, make_app

Bytes = npt.NDArray[np.uint8]
Places = Sequence[tuple[int, int]]

PLACES: dict[str, Places] = {
    "astronaut.png": ((110, 300), (58, 158), (300, 130), (222, 85), (420, 200)),  # suit, flag, backdrop, skin, wings
    "coffee.png": ((120, 242), (547, 214), (284, 168), (60, 40)),  # saucer, table, coffee, shadow
}
"""Sample -> x, y of places that get hints of their real colors."""

LAST_VARIANT = "#variants li:nth-child(8) img"


def main() -> None:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("There is no Chromium on this machine.")
    target = Path(sys.argv[1]) if sys.argv[1:] else IMAGES
    with tempfile.TemporaryDirectory() as folder, served() as address, sync_playwright() as started:
        found = {real.name: (Photo.open(real).to_numpy(), gray) for real, gray, _ in samples(Path(folder))}
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

        page = browser.new_page(viewport={"width": 1440, "height": 880})
        page.goto(address)
        colored(page, "astronaut.png", *found["astronaut.png"], *(found[name][1] for name in ("coffee.png", "rocket.jpg")))
        divide(page, 0.38)
        ask(page, 417, 60)
        save("page.jpg", shot(page), target)

        phone = {"viewport": {"width": 390, "height": 780}, "device_scale_factor": 1.5, "has_touch": True, "is_mobile": True}
        page = browser.new_context(color_scheme="dark", **phone).new_page()
        page.goto(address)
        colored(page, "coffee.png", *found["coffee.png"], *(found[name][1] for name in ("chelsea.png", "rocket.jpg")))
        divide(page, 0.3)
        ask(page, 410, 300)
        save("page-phone.jpg", shot(page), target)
        browser.close()


@contextmanager
def served() -> Iterator[str]:
    """The address of a server on this machine."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(make_app(Settings(port=port)), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        thread.join()


def colored(page: Any, name: str, real: Bytes, *grays: Path) -> None:
    """Open photographs, and give the first one hints of its real colors."""
    page.set_input_files("#files", grays)
    page.wait_for_selector("#frame:visible")
    count = len(PLACES[name])
    with page.expect_response(lambda answer: asked(answer).count('"color":') == count):
        for x, y in PLACES[name]:
            ask(page, x, y)
            patch = real[y - REACH : y + REACH + 1, x - REACH : x + REACH + 1]
            page.fill("#free", "#" + bytes(patch.mean(axis=(0, 1)).astype(np.uint8)).hex())
            page.click("#done")
    stale = page.get_attribute(LAST_VARIANT, "src")  # it comes a second after the first
    page.wait_for_function(
        "([image, stale]) => ![stale, null].includes(document.querySelector(image).getAttribute('src'))", arg=[LAST_VARIANT, stale]
    )
    page.wait_for_selector("#tray li.ready:nth-child(3)")


def ask(page: Any, x: int, y: int) -> None:
    """Click a pixel of the photograph, and wait for suggestions."""
    page.wait_for_function("document.querySelector('#after').naturalWidth > 0")
    box = page.locator("#frame").bounding_box()
    scale = box["width"] / page.evaluate("document.querySelector('#after').naturalWidth")
    page.mouse.click(box["x"] + x * scale, box["y"] + y * scale)
    page.wait_for_selector("#swatches .swatch")


def divide(page: Any, part: float) -> None:
    """Drag the divider, so that this part of the photograph is gray."""
    box = page.locator("#frame").bounding_box()
    page.mouse.move(box["x"], box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + part * box["width"], box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()


def asked(answer: Any) -> str:
    """JSON of the request for variants that this answers; else empty."""
    return (answer.request.post_data or "") if answer.url.endswith("/variants") else ""


def shot(page: Any) -> Bytes:
    page.wait_for_selector("#stage[aria-busy=false]")
    page.evaluate("Promise.all([...document.images].filter((image) => image.src).map((image) => image.decode()))")
    return pyvips.Image.new_from_buffer(page.screenshot(), "").numpy()[..., :3]


if __name__ == "__main__":
    main()
