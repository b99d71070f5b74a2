"""The engine of the static page in a browser, without the page."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from static_serving import serving_files

__all__ = ["Engine", "EngineError", "driving"]

_PAGE = '<!doctype html><meta charset="utf-8"><title>engine</title>'
_INPUT = """() => { document.body.innerHTML = '<input type="file" id="files" multiple>'; }"""
_START = "async (address) => { window.engine = await import(address); }"
_CALL = """async ([method, args, likes]) => {
  const [file, like] = document.querySelector('#files').files;
  const given = args.map((one) => (one && likes ? { ...one, like } : one));
  try {
    return { found: await engine[method](file, ...given) };
  } catch (error) {
    return { problem: { code: error.code ?? '', fact: error.fact ?? String(error), values: error.values ?? null } };
  }
}"""
_RENDER = """async ([edit, format, output]) => {
  const [file, like] = document.querySelector('#files').files;
  try {
    const { blob, name } = await engine.render(file, { ...edit, like: like ?? null }, format, output);
    const url = await new Promise((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.readAsDataURL(blob);
    });
    return { content: url.slice(url.indexOf(',') + 1), name };
  } catch (error) {
    return { problem: { code: error.code ?? '', fact: error.fact ?? String(error), values: error.values ?? null } };
  }
}"""


class EngineError(Exception):
    """What the engine told instead of a result."""

    def __init__(self, code: str, fact: str, values: dict[str, Any] | None) -> None:
        super().__init__(f"{code}: {fact}")
        self.code, self.fact, self.values = code, fact, values


class Engine:
    """The modules of a site's engine in a page of Playwright's."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        page.set_default_timeout(120_000)
        page.goto(f"{address}blank.html")
        assert page.evaluate("crossOriginIsolated")  # else the engine starts the page once more, and no answer comes
        page.evaluate(_START, f"{address}static/engine.js")

    def call(self, method: str, path: Path, *args: Any) -> Any:
        """What a method of the engine returns about a file. Raises EngineError."""
        self._choose([path])
        return self._checked(self.page.evaluate(_CALL, [method, list(args), False]))["found"]

    def render(
        self,
        path: Path,
        edit: dict[str, Any] | None = None,
        *,
        output_format: str = "original",
        output: str = "color",
        like: Path | None = None,
    ) -> tuple[bytes, str]:
        """Content and name of a result. Raises EngineError."""
        self._choose([path, *([like] if like else [])])
        found = self._checked(self.page.evaluate(_RENDER, [edit or {}, output_format, output]))
        return base64.b64decode(found["content"]), found["name"]

    def _choose(self, paths: list[Path]) -> None:
        """Put files into a new input element: Firefox may still show the files that were there before for a moment."""
        self.page.evaluate(_INPUT)
        self.page.set_input_files("#files", paths)
        self.page.wait_for_function("count => document.querySelector('#files').files.length === count", arg=len(paths))

    @staticmethod
    def _checked(answer: Any) -> Any:
        if "problem" in answer:
            raise EngineError(**answer["problem"])
        return answer


@contextmanager
def driving(browser: Any, site: Path) -> Iterator[Engine]:
    """The engine of a site in a folder, served as by a host that allows threads."""
    context = browser.new_context()
    try:
        with serving_files(site, isolated=True, added={"/blank.html": _PAGE}) as address:
            yield Engine(context.new_page(), address)
    finally:
        context.close()
