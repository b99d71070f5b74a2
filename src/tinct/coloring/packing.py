"""Hints and arrays as JSON and as short texts: for files of edits and for the record inside a colored file."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, HintError
from .hints import Hint, Strokes

__all__ = [
    "MAX_HINT_CHARACTERS",
    "Omitted",
    "Reference",
    "compress",
    "decompress",
    "digest",
    "fitting",
    "hint_from_json",
    "hints_from_json",
    "hints_to_json",
    "normalize",
    "pack",
    "unpack",
]

MAX_HINT_CHARACTERS = 40_000
"""Length of the hints in a record, packed; longer ones are replaced by a checksum."""
_MAX_RUNS = 200_000  # runs of one color in painted strokes: more exceed MAX_HINT_CHARACTERS anyway, so they aren't compressed
_MAX_STROKE_PIXELS = 100_000_000  # of strokes in JSON: a limit against made-up files
_MAX_BYTES = 2**26  # of decompressed data
_COMPRESS_FROM = 1000  # characters of a text


@dataclass(frozen=True)
class Omitted:
    """Stands for hints that were too long for a record."""

    sha256: str
    """Their `digest`."""
    count: int = 1
    """Number of hints that it stands for."""


@dataclass(frozen=True, eq=False)
class Reference:
    """The latent code and the color histogram of a reference picture."""

    name: str
    """File name, for people; may be empty."""
    code: npt.NDArray[np.float32]
    """(1, latent) mean of the posterior over latent codes."""
    histogram: npt.NDArray[np.float32]
    """(bins,) relative frequency of each ab bin."""

    def to_dict(self) -> dict[str, str]:
        """Plain values for JSON."""
        return {"name": self.name} | {key: compress(getattr(self, key).astype("<f4").tobytes()) for key in ("code", "histogram")}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Reference:
        """The inverse of `to_dict`. Raises ConfigError."""
        try:
            code, histogram = (np.frombuffer(decompress(values[key]), "<f4").astype(np.float32) for key in ("code", "histogram"))
            if not (np.isfinite(code).all() and np.isfinite(histogram).all()):
                raise ValueError("it holds values that aren't finite")
            return cls(str(values["name"]), code[None], histogram)
        except (ValueError, LookupError, TypeError, AttributeError, zlib.error) as error:
            raise ConfigError(f"The reference is damaged ({error}).", code="edit-value", field="like") from None


Entries: TypeAlias = "Sequence[Hint | Strokes | Omitted]"


class _Normalized(tuple["Hint | Strokes | Omitted", ...]):
    """Hints in canonical form, which `normalize` returns unchanged: for strokes of 12 megapixels it takes a quarter of a second."""

    __slots__ = ()


def normalize(hints: Iterable[Hint | Strokes | Omitted]) -> tuple[Hint | Strokes | Omitted, ...]:
    """The same hints in canonical form: Python's own numbers, strokes either opaque or fully transparent.

    Raises:
        HintError: one of them isn't a hint.
    """

    def one(hint: Any) -> Hint | Strokes | Omitted:
        if isinstance(hint, Strokes):
            opaque = hint.rgba | np.array([0, 0, 0, 255], np.uint8)
            return Strokes(np.where(hint.rgba[..., 3:] > 127, opaque, np.uint8(0)))
        if isinstance(hint, Omitted):
            return hint
        if not isinstance(hint, Hint):
            raise HintError(f"A hint must be a Hint or Strokes, not {hint!r:.80}.", code="hint")
        ab = None if hint.ab is None else (float(hint.ab[0]), float(hint.ab[1]))
        return Hint(float(hint.x), float(hint.y), hint.color, ab, float(hint.size))

    if isinstance(hints, (Hint, Strokes)) or not isinstance(hints, Iterable):
        raise HintError("hints must be a list of hints; put a single one into brackets.", code="hint")
    return hints if isinstance(hints, _Normalized) else _Normalized(map(one, hints))


def digest(hints: Entries) -> str:
    """Hexadecimal SHA-256 of normalized hints; equal for equal hints, whatever file they come from."""
    total = hashlib.sha256()
    for hint in hints:
        if isinstance(hint, Strokes):
            total.update(b"%d %d\n" % hint.rgba.shape[:2] + _runs(hint).tobytes())
        else:
            total.update(json.dumps(_to_json(hint)).encode() + b"\n")
    return total.hexdigest()


def compress(data: bytes) -> str:
    """zlib and base64."""
    return base64.b64encode(zlib.compress(data, 9)).decode()


def decompress(text: str) -> bytes:
    """The inverse of `compress`. Raises ValueError or zlib.error for other texts."""
    inflater = zlib.decompressobj()
    data = inflater.decompress(base64.b64decode(text, validate=True), _MAX_BYTES)
    if not inflater.eof:
        raise ValueError("its data is truncated, or too long")
    return data


def pack(text: str) -> str:
    """The text, compressed if it is long."""
    return text if len(text) <= _COMPRESS_FROM else "zlib:" + compress(text.encode())


def unpack(text: str) -> str:
    """The inverse of `pack`. Raises ValueError or zlib.error for other texts."""
    return decompress(text[5:]).decode() if text.startswith("zlib:") else text


def fitting(hints: Entries) -> list[Entries]:
    """Up to three forms of normalized hints, each of at most `MAX_HINT_CHARACTERS` when packed: complete, strokes as checksums, one checksum."""
    strokes = [hint for hint in hints if isinstance(hint, Strokes)]
    forms: list[Entries] = [] if any(_runs(one).shape[1] > _MAX_RUNS for one in strokes) else [hints]
    if strokes:
        forms.append([Omitted(digest([hint])) if isinstance(hint, Strokes) else hint for hint in hints])
    forms.append([Omitted(digest(hints), len(hints))] if hints else [])
    return [form for form in forms if len(pack(json.dumps(hints_to_json(form)))) <= MAX_HINT_CHARACTERS]


def hints_to_json(hints: Entries) -> list[dict[str, Any]]:
    """Plain values: ``{"x", "y", "color" or "ab", "size"}`` of a hint, ``{"strokes": [height, width], "runs": text}`` of strokes."""
    return [_to_json(hint) for hint in hints]


def hints_from_json(values: Any, where: str) -> list[Hint | Strokes | Omitted]:
    """The inverse of `hints_to_json`. Raises HintError."""
    if not isinstance(values, list):
        raise HintError(f'{where}: a list of hints was expected, such as [{{"x": 120, "y": 80, "color": "#b58863"}}].', code="hint")
    return [hint_from_json(value, f"{where}[{number}]") for number, value in enumerate(values)]


def _to_json(hint: Hint | Strokes | Omitted) -> dict[str, Any]:
    if isinstance(hint, Omitted):
        return {"sha256": hint.sha256, "count": hint.count}
    if isinstance(hint, Strokes):
        return {"strokes": list(hint.rgba.shape[:2]), "runs": compress(_runs(hint).tobytes())}
    color: dict[str, Any] = {"color": hint.color} if hint.ab is None else {"ab": list(hint.ab)}
    return {"x": hint.x, "y": hint.y, **color} | ({"size": hint.size} if hint.size else {})


def hint_from_json(value: Any, where: str) -> Hint | Strokes | Omitted:
    """One entry of `hints_to_json`; `where` names it in messages. Raises HintError."""
    if not isinstance(value, Mapping):
        raise HintError(f"{where}: a hint is an object with x, y and color, not {json.dumps(value)[:80]}.", code="hint")
    try:
        if value.keys() == {"sha256", "count"}:
            return Omitted(str(value["sha256"]), int(value["count"]))
        if value.keys() == {"strokes", "runs"}:
            return _strokes(value)
    except (ValueError, LookupError, TypeError, OverflowError, zlib.error) as error:
        raise HintError(f"{where}: the painted strokes are damaged ({error}).", code="hint") from None
    if not {"x", "y"} <= value.keys() or not value.keys() <= {"x", "y", "color", "ab", "size"}:
        raise HintError(
            f"{where}: a hint has x, y and color (or ab), and may have a size; not {json.dumps(dict(value))[:80]}.", code="hint"
        )
    try:
        return Hint(**(dict(value) | ({"ab": tuple(value["ab"])} if "ab" in value else {})))
    except (HintError, TypeError, AttributeError) as error:
        raise HintError(f"{where}: {error}", code="hint") from None


def _strokes(value: Mapping[str, Any]) -> Strokes:
    height, width = map(int, value["strokes"])
    lengths, colors = np.frombuffer(decompress(value["runs"]), "<u4").reshape(2, -1)
    if not (0 < height * width <= _MAX_STROKE_PIXELS and lengths.sum(dtype=np.uint64) == height * width):
        raise ValueError("their size is wrong")
    return Strokes(np.repeat(colors, lengths).astype("<u4").view(np.uint8).reshape(height, width, 4))


def _runs(strokes: Strokes) -> npt.NDArray[np.uint32]:
    """Run-length encoding: (2, runs) number of consecutive pixels of one color, row by row, and its four bytes as one number."""
    flat = np.ascontiguousarray(strokes.rgba).view("<u4").ravel()
    starts = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]]))
    return np.stack([np.diff(starts, append=flat.size), flat[starts]]).astype("<u4")
