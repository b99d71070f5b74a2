"""Pairs for a blind comparison: the same photographs colored in two ways, with sides and order at random."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .._util.settings import parse_setting
from ..color import chroma, rgb_to_lab
from ..coloring.colorizer import Colorizer
from ..coloring.edit import Edit
from ..data import Progress, find_source
from ..errors import ConfigError, DataError, PhotoError
from ..photo.photo import Photo
from .protocol import Protocol, gray_of, order

__all__ = ["PAIRS", "REAL", "Pair", "Side", "make_pairs", "parse_side"]

Bytes = npt.NDArray[np.uint8]

PAIRS = 40
"""Pictures of each source unless a number is given: ten minutes for a person."""
MAX_SIDE = 640
"""Long side in pixels to which larger photographs are reduced: two of them fit on a screen."""
REAL = "real"
"""The side of the photographs' own colors."""


@dataclass(frozen=True)
class Side:
    """One of the two ways of coloring."""

    label: str
    model: str
    """As `Colorizer` takes it; `REAL` for no model, but the photograph's own colors."""
    edit: Edit = field(default_factory=Edit)


@dataclass(frozen=True)
class Pair:
    """One photograph, colored in both ways."""

    name: str
    pictures: tuple[Bytes, Bytes]
    """(H, W, 3) uint8 sRGB by the first and by the second side."""
    first_is_left: bool


def parse_side(text: str, model: str) -> Side:
    """One side of a comparison, described by parts with commas between them.

    Args:
        text: fields of an edit (``vividness=0.2``), the JSON file of an edit, a model, or ``real``: ``mine.onnx,vividness=0.2``. An empty
            text is the model with the default edit.
        model: where no model is named.

    Raises:
        ConfigError: an unknown field, an unusable value, an unreadable file, or ``real`` together with something else.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if REAL in parts:
        if len(parts) > 1:
            raise ConfigError(f"{text!r}: the real colors can't be changed by settings.", code="blind-side")
        return Side("the real colors", REAL)
    models = [part for part in parts if "=" not in part and not part.endswith(".json")]
    if len(models) > 1:
        raise ConfigError(f"{text!r} names several models: {', '.join(models)}.", code="blind-side")
    model = models[0] if models else model
    edit = Edit()
    for part in parts:
        if "=" in part:
            key, value = parse_setting(part)
            edit = edit.changed(**{key: value})
        elif part not in models:
            edit = Edit.read(part)
    return Side(", ".join([Path(model).name, *(Path(part).name for part in parts if part not in models)]), model, edit)


def make_pairs(
    sides: tuple[Side, Side], data: Sequence[str], *, pictures: int = 0, seed: int = 0, progress: Progress | None = None
) -> list[Pair]:
    """Color photographs in two ways, each from its lightness alone.

    Args:
        sides: what is compared.
        data: folders of photographs, ``.tar`` shards or ``hf:NAME``. Black-and-white ones are skipped if a side is `REAL`.
        pictures: from each of them at most this many, a random subset that depends on file names only; 0 for `PAIRS`.
        seed: decides the order and which side is on the left.

    Raises:
        ConfigError: both sides are the same, or a model can't do what its edit asks for.
        DataError: no photograph can be used.
        WeightsError: no such model.
    """
    if sides[0].label == sides[1].label:
        raise ConfigError(f"Both sides are the same: {sides[0].label}.", code="blind-same-sides")
    tell = progress or (lambda what, done, total: None)
    colorizers = {side.model: Colorizer(side.model) for side in sides if side.model != REAL}
    limit = pictures or PAIRS
    colored = REAL in (side.model for side in sides)
    pairs: list[tuple[str, tuple[Bytes, Bytes]]] = []
    for text in data:
        for done, (name, rgb) in enumerate(_photographs(text, limit, colored)):
            tell(f"coloring {Path(text).name}", done, limit)
            one, other = (
                rgb if side.model == REAL else colorizers[side.model].colorize(gray_of(rgb), side.edit).to_numpy() for side in sides
            )
            pairs.append((name, (one, other)))
    if not pairs:
        raise DataError(f"No photograph to compare with was found in {', '.join(data)}.", code="no-color-pictures")
    chance = random.Random(seed)
    chance.shuffle(pairs)
    return [Pair(name, both, chance.random() < 0.5) for name, both in pairs]


def _photographs(text: str, limit: int, colored: bool) -> Iterator[tuple[str, Bytes]]:
    """Name and (H, W, 3) pixels of a random subset of a source; with `colored`, without gray pictures."""
    source = find_source(text)
    chosen = set(sorted((name for name, _ in source.read()), key=lambda name: order(Path(name).name))[:limit])
    for name, content in source.read():
        if name not in chosen:
            continue
        try:
            photo = Photo.open(content)
            scale = min(1.0, MAX_SIDE / max(photo.size))
            rgb = photo.small_rgb(*(max(1, round(side * scale)) for side in photo.size))
        except PhotoError:
            continue
        if not colored or chroma(rgb_to_lab(rgb)[..., 1:]).mean() >= Protocol.min_chroma:
            yield name, rgb
