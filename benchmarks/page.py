"""Seconds that a person waits on the page of `tinct serve`: the real page in Chromium, on a real server of this machine.

    python benchmarks/page.py [--before REVISION|FOLDER] [--rounds 5] [--megapixels 0.8 20] [--json FILE]

| measure | from | until |
|---|---|---|
| color | a file is given to the page | it is shown in color |
| eight variants | it is shown in color | all eight are shown, with the delay that the page leaves after an edit |
| More | the button is pressed | all sixteen are shown |
| hint | a color is chosen for a place | the picture has it; the median of three places |
| hint, zoomed | the same, zoomed in three times | |
| layer | **Download** is pressed | the color layer at full size is downloaded |

The last two only for photographs of 2 megapixels and more. Photographs are made of a sample of scikit-image. With `--before`, another state
of this repository (its folder, or a revision, which git writes to a temporary folder) is measured in the same run: in each round one after
the other, so that what else the machine does disturbs both alike. Its models and dependencies are those of this Python. Needs Playwright and
Chromium.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from serve import running
from skimage import data

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
TIMEOUT = 120.0
"""Seconds until a wait fails."""
ZOOM_STEPS = 5
"""Of 1.25 each: about three times."""
LARGE = 2.0
"""Megapixels from which the photograph is also colored zoomed, and downloaded."""
PLACES = [(0.3, 0.75, "#2050c0"), (0.7, 0.3, "#b03020"), (0.5, 0.5, "#30a040")]
"""x and y of hints, relative to what is visible of the photograph, and their colors."""
SHOWN = "document.querySelector('#stage').ariaBusy !== 'true' && document.querySelector('#after').naturalWidth > 0"
THUMBNAILS = """(count) => { const all = [...document.querySelectorAll('#variants li img')];
  return all.length === count && all.every((one) => !one.hidden && one.complete && one.naturalWidth > 0); }"""
CHOOSE = """async (color) => {
  const image = document.querySelector('#after'), input = document.querySelector('#free');
  const changed = new Promise((done) => new MutationObserver((_, all) => { all.disconnect(); done(); }).observe(image, {attributeFilter: ['src']}));
  const started = performance.now();
  input.value = color;
  input.dispatchEvent(new Event('input', {bubbles: true}));
  await changed;
  await image.decode();
  return (performance.now() - started) / 1000;
}"""

Times = dict[str, list[float]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", help="folder or revision to compare with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[0.8, 20.0])
    parser.add_argument("--json", type=Path, help="file for the seconds of all rounds")
    arguments = parser.parse_args()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        parser.error("it needs Playwright: pip install playwright")
    if CHROMIUM is None:
        parser.error("there is no Chromium on this machine")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sources = {"now": ROOT}
        if arguments.before:
            sources = {"before": stack.enter_context(state(arguments.before, folder)), **sources}
        addresses = {name: stack.enter_context(running(source=source))[0] for name, source in sources.items()}
        photographs = {size: photograph(folder, size) for size in arguments.megapixels}
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        times: dict[str, Times] = {name: defaultdict(list) for name in sources}
        for number in range(arguments.rounds + 1):
            for size, file in photographs.items():
                for name in list(sources)[:: 1 if number % 2 else -1]:  # neither is always the first
                    if not number and size > min(photographs):
                        continue
                    found = visit(browser, addresses[name], file, size)
                    if not number:  # the first round, of the smallest photograph only, warms the servers up
                        continue
                    for measure, seconds in found.items():
                        times[name][f"{measure}, {size:g} MP"].append(seconds)
                    print(number, name, {key: round(value, 2) for key, value in found.items()}, file=sys.stderr, flush=True)
            if arguments.json:
                arguments.json.write_text(json.dumps(times, indent=1))
        browser.close()
    print(table(times))
    return 0


@contextmanager
def state(of: str, folder: Path) -> Iterator[Path]:
    """A folder with another state of the repository."""
    if Path(of).is_dir():
        yield Path(of).resolve()
        return
    there = folder / "before"
    subprocess.run(["git", "-C", ROOT, "worktree", "add", "--detach", there, of], check=True, capture_output=True)
    try:
        yield there
    finally:
        subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", there], check=True)


def photograph(folder: Path, megapixels: float) -> Path:
    file, side = folder / f"{megapixels:g}.jpg", round(1000 * megapixels**0.5)
    Image.fromarray(data.astronaut()).convert("L").resize((side, side), Image.Resampling.BICUBIC).save(file, quality=90)
    return file


def visit(browser: Any, address: str, file: Path, megapixels: float) -> dict[str, float]:
    """Seconds by measure, on a new page."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True, locale="en-US")
    try:
        page = context.new_page()
        page.set_default_timeout(1000 * TIMEOUT)
        traffic = Traffic(page)
        page.goto(address)
        page.wait_for_selector("#pick:visible")
        traffic.rest()
        times = {}
        with timed(times, "color"):
            page.set_input_files("#files", file)
            page.wait_for_selector("#frame:visible")
            page.wait_for_function(SHOWN)
            page.evaluate("document.querySelector('#after').decode()")
        with timed(times, "eight variants"):
            page.wait_for_function(THUMBNAILS, arg=8)
        traffic.rest()
        with timed(times, "More"):
            page.click("#more")
            page.wait_for_function(THUMBNAILS, arg=16)
        traffic.rest()
        times["hint"] = hints(page, traffic)
        if megapixels >= LARGE:
            page.focus("#stage")
            for _ in range(ZOOM_STEPS):
                page.keyboard.press("+")
            traffic.rest()
            times["hint, zoomed"] = hints(page, traffic)
            page.select_option("#output", "layer")
            with timed(times, "layer"), page.expect_download() as waiting:
                page.click("#download")
            waiting.value.path()
        return times
    finally:
        context.close()


def hints(page: Any, traffic: Traffic) -> float:
    """Median seconds from the choice of a color until the picture has it."""
    found = []
    for x, y, color in PLACES:
        stage, frame = (page.locator(one).bounding_box() for one in ("#stage", "#frame"))
        left, top = max(stage["x"], frame["x"]), max(stage["y"], frame["y"])
        right, bottom = (min(stage[at] + stage[size], frame[at] + frame[size]) for at, size in (("x", "width"), ("y", "height")))
        page.mouse.click(left + x * (right - left), top + y * (bottom - top))
        page.wait_for_selector("#swatches .swatch")
        traffic.rest()
        found.append(page.evaluate(CHOOSE, color))
        page.click("#done")
        traffic.rest()
    return statistics.median(found)


class Traffic:
    """What a page asks the server to compute: its POST requests."""

    QUIET = 700.0
    """Milliseconds without a request after which the page rests: longer than its delays."""

    def __init__(self, page: Any) -> None:
        self.page, self.open, self.last = page, set(), time.monotonic()
        page.on("request", self._begun)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)

    def _begun(self, request: Any) -> None:
        if request.method == "POST":
            self.open.add(request)
            self.last = time.monotonic()

    def _ended(self, request: Any) -> None:
        if request in self.open:
            self.open.discard(request)
            self.last = time.monotonic()

    def rest(self) -> None:
        """Wait until the page asks nothing any more."""
        self.last, limit = time.monotonic(), time.monotonic() + TIMEOUT
        while self.open or time.monotonic() - self.last < self.QUIET / 1000:
            self.page.wait_for_timeout(50)
            if time.monotonic() > limit:
                raise TimeoutError(f"no answer to {[one.url for one in self.open]}")


@contextmanager
def timed(times: dict[str, float], measure: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    times[measure] = time.perf_counter() - started


def table(times: dict[str, Times]) -> str:
    """Markdown: seconds as the median, and the minimum in brackets; and ratios of both."""
    names = list(times)
    lines = [" | ".join(["| seconds", *names, *(["now / before"] if len(names) > 1 else []), ""]).rstrip()]
    lines.append("|---" * (len(names) + 1 + (len(names) > 1)) + "|")
    for measure in times[names[-1]]:
        middle, least = ([how(times[name][measure]) for name in names] for how in (statistics.median, min))
        cells = [f"{m:.2f} ({low:.2f})" for m, low in zip(middle, least, strict=True)]
        if len(names) > 1:
            cells.append(f"{middle[1] / middle[0]:.2f} ({least[1] / least[0]:.2f})")
        lines.append(f"| {measure} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
