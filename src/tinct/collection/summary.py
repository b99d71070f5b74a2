"""A collection's results to look at: ``summary.html``, one file with small pictures, failures and times; and a contact sheet."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import pyvips

from .._util.files import write_whole
from .._util.words import duration
from .._version import __version__
from ..coloring.provenance import Record
from ..errors import PhotoError
from ..photo import Photo
from .ledger import Entry, Ledger
from .plan import Counts

__all__ = ["SHEET_NAME", "SUMMARY_NAME", "write_summary"]

SUMMARY_NAME, SHEET_NAME = "summary.html", "contact-sheet.jpg"
MAX_PICTURES = 200
"""Photographs shown in the summary, evenly spread over the collection; each takes about 15 KB."""
MAX_LINES = 1000
"""Lines of a table."""
_SIDE = 220  # pixels of the small pictures' height
_SHEET_COLUMNS, _SHEET_ROWS, _GAP = 4, 10, 8
_MARK = '<meta name="generator" content="tinct'
_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 78rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2.5rem }
table { border-collapse: collapse } td, th { padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); gap: 1.2rem }
figure { margin: 0 } figure div { display: flex; gap: 2px } figure img { min-width: 0; flex: 1; height: auto; display: block }
figcaption { font-size: .85rem; overflow-wrap: anywhere }
"""

Bytes = npt.NDArray[np.uint8]
T = TypeVar("T")


@dataclass(frozen=True)
class _Pair:
    """Small pictures of a photograph before and after; `before` is None if the original isn't there any more."""

    entry: Entry
    before: Bytes | None
    after: Bytes


def write_summary(
    ledger: Ledger, counts: Counts, renamed: Sequence[tuple[Path, Path, Path]] = (), seconds: float = 0.0, *, sheet: bool = True
) -> list[Path]:
    """Write ``summary.html``, and ``contact-sheet.jpg`` with at most 40 photographs, into the ledger's folder.

    Args:
        ledger: with the results of all runs.
        counts: of the latest pass.
        renamed: of the latest pass.
        seconds: that the latest run took.
        sheet: also write the contact sheet.

    Returns:
        The paths of both. Files of these names that tinct didn't make aren't replaced: then other names are taken.

    Raises:
        PhotoError: they can't be written.
    """
    entries = list(_brief(ledger.entries()))
    done = [entry for entry in entries if entry.status == "done"]
    pairs = [pair for entry in _spread(done, MAX_PICTURES) if (pair := _pair(ledger.folder, entry))]
    page = ledger.folder / SUMMARY_NAME
    if page.exists() and _MARK.encode() not in page.read_bytes()[:1000]:
        page = page.with_name("summary.tinct.html")
    written = [page]
    try:
        write_whole(page, _page(ledger, counts, renamed, seconds, entries, pairs))
        if sheet and pairs:
            written.append(_write_sheet(ledger, _spread(pairs, _SHEET_COLUMNS * _SHEET_ROWS)))
    except OSError as error:
        raise PhotoError(f"{page} can't be written: {error.strerror or error}", code="cannot-write", path=str(page)) from error
    return written


def _brief(entries: Iterator[Entry]) -> Iterator[Entry]:
    """Without what the page doesn't show, as there may be a million of them."""
    return (replace(entry, edit={}, outputs=entry.outputs[:1]) for entry in entries)


def _spread(items: Sequence[T], count: int) -> list[T]:
    """At most `count` items at equal distances."""
    if len(items) <= count:
        return list(items)
    return [items[i * len(items) // count] for i in range(count)]


def _pair(folder: Path, entry: Entry) -> _Pair | None:
    """Small pictures of both files; None if the result can't be read any more."""
    try:
        after = _small(folder / entry.outputs[0].path)
    except (PhotoError, OSError, IndexError):
        return None
    try:
        return _Pair(entry, _small(Path(entry.input)), after)
    except (PhotoError, OSError):
        return _Pair(entry, None, after)


def _small(path: Path) -> Bytes:
    photo = Photo.open(path)
    scale = min(1.0, _SIDE / photo.height, 2 * _SIDE / photo.width)
    return photo.small_rgb(max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))


def _write_sheet(ledger: Ledger, pairs: Sequence[_Pair]) -> Path:
    """Gray and color side by side, `_SHEET_COLUMNS` pairs in a row, on white; its metadata says that tinct made it."""
    images = [
        pyvips.Image.arrayjoin([pyvips.Image.new_from_array(one) for one in both], shim=2, background=255, hspacing=width)
        for pair in pairs
        for both in [[picture for picture in (pair.before, pair.after) if picture is not None]]
        for width in [max(picture.shape[1] for picture in both)]
    ]
    sheet = pyvips.Image.arrayjoin(images, across=_SHEET_COLUMNS, shim=_GAP, background=255, halign="centre", valign="centre")
    sheet = sheet.embed(_GAP, _GAP, sheet.width + 2 * _GAP, sheet.height + 2 * _GAP, background=255).copy(interpretation="srgb")
    path = ledger.folder / SHEET_NAME
    if path.exists() and not Photo.open(path).is_result:
        path = path.with_name("contact-sheet.tinct.jpg")
    record = Record(ledger.model, ledger.weights, __version__, output="compare")
    sheet.set_type(pyvips.GValue.blob_type, "xmp-data", record.to_xmp(None, None))
    write_whole(path, sheet.jpegsave_buffer(Q=88))
    return path


def _page(
    ledger: Ledger,
    counts: Counts,
    renamed: Sequence[tuple[Path, Path, Path]],
    seconds: float,
    entries: Sequence[Entry],
    pairs: Sequence[_Pair],
) -> str:
    done = [entry for entry in entries if entry.status == "done"]
    failures = [entry for entry in entries if entry.status == "failed"]
    spent = sum(entry.seconds for entry in done)
    facts = [f"{_count(len(done), 'photograph')} in color", _count(len(failures), "failure")]
    if spent:
        facts.append(f"{spent / max(1, sum(entry.seconds > 0 for entry in done)):.2f} seconds of one process for each")
    if seconds:
        facts.append(f"the latest run took {duration(seconds)}")
    notes = [entry for entry in done if entry.notes]
    title = f"{ledger.folder.name}: {len(done):,} photographs in color"
    body = [
        f"<h1>{escape(title)}</h1><p>{'; '.join(facts)}. Model {escape(ledger.model)}, tinct {__version__}.</p>",
        _table("Failed", [(entry.input, entry.reason) for entry in failures]),
        _table("Passed over", [(reason, f"{number:,}") for reason, number in sorted(counts.passed_over.items())]),
        _table(
            "Other names", [(str(photo), f"{path.name}, as another photograph has {usual.name}") for photo, path, usual in renamed]
        ),
        _table("Notes", [(entry.outputs[0].path, "; ".join(entry.notes)) for entry in notes]),
        _gallery(pairs, len(done)),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">{_MARK} {__version__}">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title><style>{_STYLE}</style></head>'
        f"<body>{''.join(body)}</body></html>\n"
    )


def _table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    if not rows:
        return ""
    lines = "".join(f"<tr><td>{_shown(name)}</td><td>{_shown(text)}</td></tr>" for name, text in rows[:MAX_LINES])
    more = f"<p>and {len(rows) - MAX_LINES:,} more: see tinct.jsonl</p>" if len(rows) > MAX_LINES else ""
    return f"<h2>{title} ({len(rows):,})</h2><table>{lines}</table>{more}"


def _gallery(pairs: Sequence[_Pair], total: int) -> str:
    if not pairs:
        return ""
    shown = f"{len(pairs):,} of {total:,}, evenly spread" if len(pairs) < total else f"{total:,}"
    figures = "".join(map(_figure, pairs))
    return f'<h2>Photographs ({shown})</h2><div class="pairs">{figures}</div>'


def _figure(pair: _Pair) -> str:
    path = pair.entry.outputs[0].path
    pictures = [(picture, what) for picture, what in ((pair.before, "before"), (pair.after, "after")) if picture is not None]
    images = "".join(
        f'<img alt="{what}" loading="lazy" width="{picture.shape[1]}" height="{picture.shape[0]}" src="{_data_url(picture)}">'
        for picture, what in pictures
    )
    link = quote(os.fsencode(path))
    return f'<figure><div>{images}</div><figcaption><a href="{link}">{_shown(path)}</a></figcaption></figure>'


def _data_url(picture: Bytes) -> str:
    data = pyvips.Image.new_from_array(picture).jpegsave_buffer(Q=80, keep="none")
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


def _shown(text: str) -> str:
    """As HTML; bytes of names that aren't UTF-8 become U+FFFD."""
    return escape(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
