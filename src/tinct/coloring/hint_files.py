"""Files of hints: JSON, edits, and pictures of painted strokes."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyvips

from ..errors import HintError, PhotoError
from ..photo.opening import from_file
from ..photo.pixels import to_8bit
from .edit import Edit
from .hints import Hint, Strokes
from .packing import Omitted, hint_from_json, masks_read

__all__ = ["read_hints"]

MAX_STROKE_PIXELS = 500_000_000
"""Limit for a picture of painted strokes."""


def read_hints(path: str | os.PathLike[str]) -> list[Hint | Strokes]:
    """Read hints from a JSON file, or from a picture of painted strokes.

    The JSON is a list of ``{"x": 120, "y": 80, "color": "#b58863"}``, with ``"ab": [a, b]`` instead of ``color``, and ``size``, ``reach``
    and ``keep_rest`` if wanted; or an edit (``name.tinct.json``), whose hints are taken. ``"reach": {"file": "coat.png"}`` names a mask
    picture, from the file's own folder. The picture (PNG, WebP, TIFF) is transparent where nothing was painted.

    Raises:
        HintError: there is no such file, or it can't be parsed; the message names the line.
    """
    path = Path(path)
    if path.suffix.lower() in {".png", ".webp", ".tif", ".tiff"}:
        return [_read_strokes(path)]
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it isn't UTF-8 text"
        raise HintError(f"{path} can't be read as hints: {reason}.", code="hint-file", path=str(path)) from error
    if text.lstrip()[:1] == "{":  # a whole edit
        found = list(Edit.read(path).hints)
    else:
        found = [hint_from_json(masks_read(value, path.parent), f"{path}, line {line}") for value, line in _items(text, path)]
    hints = [hint for hint in found if not isinstance(hint, Omitted)]
    if len(hints) < len(found):
        raise HintError(
            f"{path} has checksums in the place of hints that were too long for a record.", code="hint-file", path=str(path)
        )
    return hints


def _items(text: str, path: Path) -> Iterable[tuple[Any, int]]:
    """The entries of a JSON list, each with the line on which it begins."""
    decoder, blank = json.JSONDecoder(), re.compile(r"\s*")

    def skip(place: int) -> int:
        return blank.match(text, place).end()  # type: ignore[union-attr]  # it matches the empty string, too

    def line(place: int) -> int:
        return text.count("\n", 0, place) + 1

    place = skip(0)
    if text[place : place + 1] != "[":
        raise HintError(
            f'{path}, line {line(place)}: a list was expected: [{{"x": 120, "y": 80, "color": "#b58863"}}]', code="hint"
        )
    place = skip(place + 1)
    while text[place : place + 1] != "]":
        try:
            value, end = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            raise HintError(f"{path}, line {error.lineno}: {error.msg}.", code="hint") from error
        yield value, line(place)
        place = skip(end)
        if text[place : place + 1] == ",":
            place = skip(place + 1)
        elif text[place : place + 1] != "]":
            raise HintError(f"{path}, line {line(place)}: a comma or ] was expected.", code="hint")
    if (end := skip(place + 1)) < len(text):
        raise HintError(f"{path}, line {line(end)}: there is text after the list.", code="hint")


def _read_strokes(path: Path) -> Strokes:
    try:
        image = to_8bit(from_file(str(path), path, MAX_STROKE_PIXELS).load()).colourspace("srgb")
        rgba = np.asarray(image.numpy()) if image.hasalpha() else None
    except (PhotoError, pyvips.Error) as error:
        raise HintError(f"{path} can't be read as a picture of painted strokes ({error}).", code="hint-file") from error
    if rgba is None or rgba[..., 3].min() > 127:
        raise HintError(
            f"{path} isn't transparent anywhere: paint on an empty layer over the photograph, and export that layer alone.",
            code="hint-file",
        )
    if rgba[..., 3].max() < 128:
        raise HintError(f"{path} is fully transparent: nothing was painted on it.", code="hint-file")
    return Strokes(rgba)
