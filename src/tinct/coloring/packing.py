"""Hints and numbers as short texts, for a record of how a picture was colored; and as checksums where they can't be short."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .hints import Hint, Hints, Strokes

__all__ = ["MOST_CHARACTERS", "Absent", "digest", "pack", "pack_hints", "plain", "unpack", "unpack_hints"]

MOST_CHARACTERS = 40_000
"""Of hints in a record. Longer ones become a checksum."""
_LONG = 1000  # characters, above which hints are compressed
_MOST_RUNS = 200_000  # of one color in painted strokes; with more they can't be short, and needn't be compressed to know it
_MOST_PIXELS = 100_000_000  # of strokes in a record; one that asks for more is not believed
_MOST_BYTES = 2**26  # unpacked


@dataclass(frozen=True)
class Absent:
    """Hints that were too long for the record."""

    sha256: str
    """Their `digest`."""
    count: int = 1
    """How many they are."""


Entries: TypeAlias = "Sequence[Hint | Strokes | Absent]"


def plain(hints: Hints) -> tuple[Hint | Strokes, ...]:
    """The same hints as a record can keep them: with Python's own numbers, and strokes without what shows nothing."""

    def one(hint: Hint | Strokes) -> Hint | Strokes:
        if isinstance(hint, Strokes):
            opaque = hint.rgba | np.array([0, 0, 0, 255], np.uint8)
            return Strokes(np.where(hint.rgba[..., 3:] > 127, opaque, np.uint8(0)))
        ab = None if hint.ab is None else (float(hint.ab[0]), float(hint.ab[1]))
        return Hint(float(hint.x), float(hint.y), hint.color, ab, float(hint.size))

    return tuple(map(one, hints))


def digest(hints: Entries) -> str:
    """Hexadecimal SHA-256 of what `plain` hints say, however the file of them was written."""
    total = hashlib.sha256()
    for hint in hints:
        if isinstance(hint, Strokes):
            total.update(b"%d %d\n" % hint.rgba.shape[:2] + _runs(hint).tobytes())
        else:
            total.update(json.dumps(_entry(hint)).encode() + b"\n")
    return total.hexdigest()


def pack(data: bytes) -> str:
    """Compressed, as base64."""
    return base64.b64encode(zlib.compress(data, 9)).decode()


def unpack(text: str) -> bytes:
    """What `pack` was given. Raises ValueError or zlib.error where the text is not of its making."""
    inflater = zlib.decompressobj()
    data = inflater.decompress(base64.b64decode(text, validate=True), _MOST_BYTES)
    if not inflater.eof:
        raise ValueError("its data is cut off, or too long")
    return data


def pack_hints(hints: Entries) -> list[str]:
    """`plain` hints as text, in up to three ways: whole, strokes as checksums, all as one checksum.

    None has more than `MOST_CHARACTERS`.
    """
    strokes = [hint for hint in hints if isinstance(hint, Strokes)]
    ways: list[Entries] = [] if any(_runs(one).shape[1] > _MOST_RUNS for one in strokes) else [hints]
    if strokes:
        ways.append([Absent(digest([hint])) if isinstance(hint, Strokes) else hint for hint in hints])
    ways.append([Absent(digest(hints), len(hints))])
    return [text for entries in ways if len(text := _text(entries)) <= MOST_CHARACTERS]


def unpack_hints(text: str) -> tuple[Hint | Strokes | Absent, ...]:
    """What `pack_hints` was given. Raises HintError, ValueError, LookupError, TypeError or zlib.error where it isn't of its making."""
    entries = json.loads(unpack(text[5:]).decode() if text.startswith("zlib:") else text)
    return tuple(map(_from_entry, entries))


def _text(entries: Entries) -> str:
    text = json.dumps([_entry(hint) for hint in entries], separators=(",", ":"))
    return text if len(text) <= _LONG else "zlib:" + pack(text.encode())


def _entry(hint: Hint | Strokes | Absent) -> Any:
    """As JSON can say it: [x, y, color, size], or an object for what is not one patch."""
    if isinstance(hint, Absent):
        return {"sha256": hint.sha256, "count": hint.count}
    if isinstance(hint, Strokes):
        return {"strokes": hint.rgba.shape[:2], "runs": pack(_runs(hint).tobytes())}
    return [hint.x, hint.y, hint.color if hint.ab is None else hint.ab, hint.size]


def _from_entry(entry: Any) -> Hint | Strokes | Absent:
    if isinstance(entry, list):
        x, y, color, size = entry
        return Hint(x, y, color, None, size) if isinstance(color, str) else Hint(x, y, "", tuple(color), size)
    if "sha256" in entry:
        return Absent(str(entry["sha256"]), int(entry["count"]))
    height, width = map(int, entry["strokes"])
    lengths, colors = np.frombuffer(unpack(entry["runs"]), "<u4").reshape(2, -1)
    if not (0 < height * width <= _MOST_PIXELS and lengths.sum(dtype=np.uint64) == height * width):
        raise ValueError("its strokes have no such size")
    return Strokes(np.repeat(colors, lengths).astype("<u4").view(np.uint8).reshape(height, width, 4))


def _runs(strokes: Strokes) -> npt.NDArray[np.uint32]:
    """(2, runs): how many pixels of one color follow each other, row by row, and that color, its four bytes as one number."""
    flat = np.ascontiguousarray(strokes.rgba).view("<u4").ravel()
    starts = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]]))
    return np.stack([np.diff(starts, append=flat.size), flat[starts]]).astype("<u4")
