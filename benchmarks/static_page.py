"""The static page of `tinct page` in Chromium, on a plain file server of this machine.

    python benchmarks/static_page.py photographs [--megapixels 2 12 50] [--save FOLDER]
    python benchmarks/static_page.py visits [--rounds N]
    python benchmarks/static_page.py lighthouse

`photographs`: a JPEG of each size is opened, a hint is set, and the result is rendered as JPEG and as PNG; seconds, and the peak memory of the page's
process (its resident set, which the network's weights and the decoded photograph are part of). Each photograph has a page of its own. With
`--save`, the results are written into a folder, to be looked at.

`visits`: a photograph of 0.3 megapixels is chosen as soon as the page takes one; seconds from the request for the page to its colors on the screen, for the
first visit, which loads everything from this machine, and for the next one, for which the browser has kept everything.

`lighthouse`: its scores for accessibility and best practices, for a phone and for a computer, by the version that
`benchmarks/lighthouse/package-lock.json` names; npm installs it into a temporary folder.

Needs Playwright, Chromium and, for the second one, npm. The load average is told, as others may use the machine.
"""

from __future__ import annotations

import argparse
import base64
import http.server
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image
from skimage import data

from tinct.web.static_site import write_site

CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
LIGHTHOUSE = Path(__file__).resolve().parent / "lighthouse"
TIMEOUT = 300_000
"""Milliseconds until a wait fails."""
MEMORY_INTERVAL = 0.1
"""Seconds between two looks at the memory."""
HINT = {"x": 300, "y": 300, "color": "#c04040"}
START = """async (address) => {
  document.body.innerHTML = '<input type="file" id="file">';
  const engine = await import(address);
  const timed = async (act) => { const start = performance.now(); const found = await act(); return [(performance.now() - start) / 1000, found]; };
  const file = () => document.querySelector('#file').files[0];
  window.bench = {
    open: async () => (await timed(() => engine.open(file())))[0],
    edit: async (hint) => (await timed(() => engine.preview(file(), { hints: [hint] }, 1024)))[0],
    render: async (format) => {
      const [seconds, { blob }] = await timed(() => engine.render(file(), {}, format, 'color'));
      window.blob = blob;
      return seconds;
    },
    read: async (start, end) => {
      const reader = new FileReader();
      await new Promise((done) => { reader.onload = done; reader.readAsDataURL(window.blob.slice(start, end)); });
      return reader.result.slice(reader.result.indexOf(',') + 1);
    },
  };
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A plain file server."""

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def hosted() -> Iterator[str]:
    """The address of a new site."""
    with tempfile.TemporaryDirectory() as folder:
        write_site(Path(folder) / "site")
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=f"{folder}/site")) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/"
            finally:
                server.shutdown()
                thread.join()


class Memory:
    """The largest resident set of any page's process of a browser, in GB, since it was asked last."""

    def __init__(self, browser: int) -> None:
        self.browser, self.peak, self.stopped = browser, 0.0, threading.Event()
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()

    def _watch(self) -> None:
        while not self.stopped.wait(MEMORY_INTERVAL):
            self.peak = max(self.peak, *self._renderers(), 0.0)

    def _renderers(self) -> Iterator[float]:
        listed = subprocess.run(["ps", "-eo", "pid,ppid,rss,args"], capture_output=True, text=True, check=True).stdout
        rows = [line.split(None, 3) for line in listed.splitlines()[1:]]
        ours = {str(self.browser)}
        for _ in range(4):  # generations
            ours |= {pid for pid, parent, *_ in rows if parent in ours}
        for pid, _, kilobytes, arguments in rows:
            if pid in ours and "type=renderer" in arguments:
                yield int(kilobytes) / 2**20

    def asked(self) -> float:
        found, self.peak = self.peak, 0.0
        return found

    def stop(self) -> None:
        self.stopped.set()
        self.thread.join()


def photograph(folder: Path, megapixels: float) -> Path:
    """A gray JPEG of the sample of scikit-image, in a camera's shape."""
    width = round((megapixels * 1e6 * 1.5) ** 0.5)
    path = folder / f"photo-{megapixels:g}.jpg"
    Image.fromarray(data.coffee()).convert("L").resize((width, round(width / 1.5)), Image.Resampling.BICUBIC).save(path, quality=92)
    return path


def photographs(sizes: list[float], save: Path | None) -> None:
    from playwright.sync_api import sync_playwright

    with hosted() as address, tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        print(
            "| megapixels | open, s | hint, s | render JPEG, s | render PNG, s | peak memory, GB | JPEG, MB | load average |\n|---|---|---|---|---|---|---|---|"
        )
        for megapixels in sizes:
            path = photograph(Path(temporary), megapixels)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            memory = Memory(os.getpid())
            try:
                page = browser.new_page()
                page.set_default_timeout(TIMEOUT)
                page.goto(address)
                page.wait_for_selector("html[data-restored]", state="attached")
                page.evaluate(START, f"{address}static/engine.js")
                page.wait_for_timeout(5000)  # the networks are loaded
                page.set_input_files("#file", path)
                times = [page.evaluate("bench.open()"), page.evaluate("(hint) => bench.edit(hint)", HINT)]
                times.append(page.evaluate("bench.render('jpg')"))
                nbytes = page.evaluate("blob.size")
                peak = memory.asked()
                if save:
                    parts = [page.evaluate(f"bench.read({start}, {start + 2**22})") for start in range(0, nbytes, 2**22)]
                    (save / f"{path.stem}.color.jpg").write_bytes(b"".join(map(base64.b64decode, parts)))
                memory.asked()
                times.append(page.evaluate("bench.render('png')"))
                peak = max(peak, memory.asked())
            finally:
                memory.stop()
                browser.close()
            cells = [
                f"{megapixels:g}",
                *(f"{seconds:.1f}" for seconds in times),
                f"{peak:.2f}",
                f"{nbytes / 1e6:.1f}",
                f"{os.getloadavg()[0]:.0f}",
            ]
            print("| " + " | ".join(cells) + " |", flush=True)


def visits(rounds: int) -> None:
    from playwright.sync_api import sync_playwright

    found: dict[str, list[float]] = {"first": [], "next": []}
    with hosted() as address, tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        path = photograph(Path(temporary), 0.3)
        for _ in range(rounds):
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            try:
                context = browser.new_context()
                for seconds in found.values():
                    page = context.new_page()
                    page.set_default_timeout(TIMEOUT)
                    start = time.monotonic()
                    page.goto(address, wait_until="commit")
                    page.wait_for_selector("html[data-restored]", state="attached")
                    page.set_input_files("#files", path)
                    page.wait_for_selector("#frame:visible")
                    page.wait_for_selector("#stage[aria-busy=false]")
                    page.evaluate("document.querySelector('#after').decode()")
                    seconds.append(time.monotonic() - start)
                    page.wait_for_timeout(8000)  # what isn't kept yet is loaded
                    page.close()
            finally:
                browser.close()
    print("| visit | median, s | least, s |\n|---|---|---|")
    for name, times in found.items():
        print(f"| {name} | {statistics.median(times):.1f} | {min(times):.1f} |")
    print(f"\n{rounds} rounds; load average {os.getloadavg()[0]:.0f}")


def lighthouse() -> None:
    with hosted() as address, tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(LIGHTHOUSE / name, folder)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
        print("| device | accessibility | best practices | what fails |\n|---|---|---|---|")
        for device, options in {"phone": [], "computer": ["--preset=desktop"]}.items():
            command = [
                "node_modules/.bin/lighthouse",
                address,
                "--quiet",
                "--output=json",
                "--only-categories=accessibility,best-practices",
            ]
            flags = "--chrome-flags=--headless=new --no-sandbox"
            environment = os.environ | {"CHROME_PATH": CHROMIUM or ""}
            run = subprocess.run(
                [*command, flags, *options], cwd=folder, env=environment, capture_output=True, text=True, check=True
            )
            report = json.loads(run.stdout)
            scores = [f"{100 * report['categories'][name]['score']:.0f}" for name in ("accessibility", "best-practices")]
            failing = [one["id"] for one in report["audits"].values() if one["scoreDisplayMode"] == "binary" and one["score"] == 0]
            print(f"| {device} | {scores[0]} | {scores[1]} | {', '.join(failing) or 'nothing'} |", flush=True)
        print(f"\nLighthouse {report['lighthouseVersion']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    timing = commands.add_parser("photographs")
    timing.add_argument("--megapixels", type=float, nargs="+", default=[2, 12, 50])
    timing.add_argument("--save", type=Path)
    visiting = commands.add_parser("visits")
    visiting.add_argument("--rounds", type=int, default=5)
    commands.add_parser("lighthouse")
    given = parser.parse_args()
    if given.command == "lighthouse":
        lighthouse()
    elif given.command == "visits":
        visits(given.rounds)
    else:
        photographs(given.megapixels, given.save)


if __name__ == "__main__":
    main()
