"""How all reports are written: templates with one set of filters, and files that are there whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from .._util.files import write_whole
from .._util.words import duration
from ..errors import ConfigError
from .pictures import data_url

__all__ = ["Best", "Table", "duration", "number", "render", "signed_number", "slug", "upper", "write_files"]

_TAG = re.compile(r"<(?=[\w/!?])")


class Best(str):
    """A cell of a table that stands out as the best."""


@dataclass(frozen=True)
class Table:
    """A table as it stands on a page, in Markdown and on the screen."""

    title: str
    heads: list[str]
    """Of all columns; the first is that of the names."""
    rows: list[tuple[str, list[str]]]
    """Name and cells; numbers with their standard deviation or error: ``22.91 ± 0.03``."""
    notes: tuple[tuple[str, str], ...] = ()
    """Words and what they mean."""


def render(template: str, **values: Any) -> str:
    """Render a template of this package. In HTML templates values are escaped; in Markdown templates the ``<`` of tags is."""
    return _environment(".html" in template).get_template(template).render(values)


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files, by their paths inside the folder. Raises ConfigError."""
    path = folder
    try:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror or error}. Make room, or make the folder writable.") from error


def number(value: float) -> str:
    """Five decimals below 1, as for errors, else two, as for decibels and nats."""
    return f"{value:.5f}" if abs(value) < 1 else f"{value:.2f}"


def signed_number(value: float, digits: int = 2) -> str:
    """With its sign, and a minus as typography has it."""
    return f"{value:+.{digits}f}".replace("-", "−")


def upper(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def slug(text: str) -> str:
    """Fit for a file's name and an id."""
    return "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in text.lower()).split()) or "part"


@cache
def _environment(html: bool) -> Environment:
    found = Environment(
        loader=PackageLoader(__package__), autoescape=html, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True, finalize=None if html else lambda text: text if isinstance(text, Markup) else _TAG.sub("&lt;", str(text)),
    )  # fmt: skip
    found.tests["best"] = lambda text: isinstance(text, Best)
    found.filters.update(number=number, duration=duration, upper_first=upper, data_url=data_url, code=Markup)
    found.filters.update(count=lambda value: f"{value:,}", plural=lambda n, noun: f"{n:,} {noun}{'' if n == 1 else 's'}")
    found.filters["cell"] = lambda text: str(text).replace("|", "\\|").replace("\n", " ")  # fit for a Markdown table
    found.filters["alt"] = lambda text: text.replace("[", "(").replace("]", ")").replace('"', "”")  # fit for a Markdown image
    return found
