"""A plain file server for tests of the static page, as any web space is."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

__all__ = ["COMPLETE", "serving_files", "until"]

COMPLETE = """Promise.all([
  fetch("site.json").then((answer) => answer.json()),
  caches.keys().then(([name]) => (name ? caches.open(name).then((cache) => cache.keys()) : [])),
]).then(([{ files }, kept]) => kept.length === files.length)"""
"""Promise of whether the service worker has kept all files."""


class Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(
        self, *given: Any, isolated: bool, asked: list[str], broken: list[str], added: dict[str, str], **named: Any
    ) -> None:
        self.isolated, self.asked, self.broken, self.added = isolated, asked, broken, added
        super().__init__(*given, **named)

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path in self.broken:
            self.broken.remove(self.path)
            self.send_error(503)
            return
        if self.path in self.added:
            content = self.added[self.path].encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            return
        with suppress(ConnectionError):  # the browser didn't wait for the end
            super().do_GET()

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")  # so that a browser asks each time, and not only when a file is old enough
        if self.isolated:
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()


@contextmanager
def serving_files(
    folder: Path,
    *,
    isolated: bool = False,
    asked: list[str] | None = None,
    broken: list[str] | None = None,
    added: dict[str, str] | None = None,
) -> Iterator[str]:
    """The address at which the files of a folder are served, with a slash at its end.

    Args:
        folder: what is served.
        isolated: send the headers with which WASM may use threads.
        asked: gets the path of each request.
        broken: paths whose next request is answered with status 503, and that are then taken off the list.
        added: path -> HTML of a page that isn't in the folder.
    """
    options = {
        "isolated": isolated,
        "asked": [] if asked is None else asked,
        "broken": [] if broken is None else broken,
        "added": added or {},
    }
    handler = partial(Handler, directory=str(folder), **options)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def until(page: Any, promise: str) -> None:
    """Wait until what a promise gives is true; Playwright's `wait_for_function` doesn't await it."""
    for _ in range(600):
        if page.evaluate(f"{promise}.then(Boolean)"):
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"it never came true: {promise}")
