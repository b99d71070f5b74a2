"""Hints and arrays as JSON and as short texts: for files of edits and for the record inside a colored file."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, HintError
from .hints import Hint, Reach, Strokes
from .regions import MAX_MASK_PIXELS, Brush, Mask, Region

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
    "masks_read",
    "normalize",
    "normalized",
    "pack",
    "reach_from_json",
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
            return Strokes(np.where(hint.rgba[..., 3:] > 127, opaque, np.uint8(0)), hint.reach)
        if isinstance(hint, Omitted):
            return hint
        if not isinstance(hint, Hint):
            raise HintError(f"A hint must be a Hint or Strokes, not {hint!r:.80}.", code="hint")
        ab = None if hint.ab is None else (float(hint.ab[0]), float(hint.ab[1]))
        return Hint(float(hint.x), float(hint.y), hint.color, ab, float(hint.size), hint.reach, hint.keep_rest)

    if isinstance(hints, (Hint, Strokes)) or not isinstance(hints, Iterable):
        raise HintError("hints must be a list of hints; put a single one into brackets.", code="hint")
    return hints if isinstance(hints, _Normalized) else _Normalized(map(one, hints))


def normalized(hints: Iterable[Hint | Strokes]) -> tuple[Hint | Strokes | Omitted, ...]:
    """Hints that come from normalized ones, marked as such."""
    return _Normalized(hints)


def digest(hints: Entries) -> str:
    """Hexadecimal SHA-256 of normalized hints; equal for equal hints, whatever file they come from."""
    total = hashlib.sha256()
    for hint in hints:
        if isinstance(hint, Strokes):
            total.update(b"%d %d %s\n" % (*hint.rgba.shape[:2], hint.reach.encode()) + _runs(hint).tobytes())
        else:
            total.update(json.dumps(_to_json(hint, pictures=False)).encode() + b"\n")
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
    """Up to three forms of normalized hints, each of at most `MAX_HINT_CHARACTERS` when packed: complete; strokes, and hints with an
    area, as checksums; one checksum."""
    strokes = [hint for hint in hints if isinstance(hint, Strokes)]
    forms: list[Entries] = [] if any(_runs(one).shape[1] > _MAX_RUNS for one in strokes) else [hints]
    if any(map(_is_long, hints)):
        forms.append([Omitted(digest([hint])) if _is_long(hint) else hint for hint in hints])
    forms.append([Omitted(digest(hints), len(hints))] if hints else [])
    return [form for form in forms if len(pack(json.dumps(hints_to_json(form)))) <= MAX_HINT_CHARACTERS]


def _is_long(hint: Hint | Strokes | Omitted) -> bool:
    return isinstance(hint, Strokes) or (isinstance(hint, Hint) and not isinstance(hint.reach, str))


def hints_to_json(hints: Entries) -> list[dict[str, Any]]:
    """Plain values: ``{"x", "y", "color" or "ab", "size", "reach", "keep_rest"}`` of a hint, ``{"strokes": [height, width], "runs": text,
    "reach"}`` of strokes. What is the default is left out, except x, y and the color.

    The reach is a word, ``{"region": [[x, y], ...]}``, ``{"brush": [[x, y], ...], "width": pixels}`` or ``{"png": base64}``.
    """
    return [_to_json(hint) for hint in hints]


def hints_from_json(values: Any, where: str) -> list[Hint | Strokes | Omitted]:
    """The inverse of `hints_to_json`. Raises HintError."""
    if not isinstance(values, list):
        raise HintError(f'{where}: a list of hints was expected, such as [{{"x": 120, "y": 80, "color": "#b58863"}}].', code="hint")
    return [hint_from_json(value, f"{where}[{number}]") for number, value in enumerate(values)]


def _to_json(hint: Hint | Strokes | Omitted, pictures: bool = True) -> dict[str, Any]:
    """Plain values of one hint; without `pictures` a mask's checksum stands for it."""
    if isinstance(hint, Omitted):
        return {"sha256": hint.sha256, "count": hint.count}
    reach = {} if hint.reach == "object" else {"reach": _reach_to_json(hint.reach, pictures)}
    if isinstance(hint, Strokes):
        return {"strokes": list(hint.rgba.shape[:2]), "runs": compress(_runs(hint).tobytes())} | reach
    color: dict[str, Any] = {"color": hint.color} if hint.ab is None else {"ab": list(hint.ab)}
    size = {"size": hint.size} if hint.size else {}
    return {"x": hint.x, "y": hint.y} | color | size | reach | ({"keep_rest": True} if hint.keep_rest else {})


def _reach_to_json(reach: Reach, pictures: bool) -> Any:
    match reach:
        case Region():
            return {"region": [list(point) for point in reach.points]}
        case Brush():
            return {"brush": [list(point) for point in reach.points], "width": reach.width}
        case Mask():
            return {"png": base64.b64encode(reach.to_png()).decode()} if pictures else {"sha256": reach.sha256}
        case word:
            return word


def reach_from_json(value: Any, max_mask_pixels: int = MAX_MASK_PIXELS) -> Reach:
    """The inverse of the ``reach`` that `hints_to_json` gives. Raises HintError."""
    if isinstance(value, str):
        return value  # type: ignore[return-value]  # `Hint` checks the word
    keys = set(value) if isinstance(value, Mapping) else set()
    if keys == {"region"}:
        return Region(value["region"])
    if keys == {"brush", "width"}:
        return Brush(value["brush"], value["width"])
    if keys == {"png"} and isinstance(value["png"], str):
        try:
            data = base64.b64decode(value["png"], validate=True)
        except ValueError:
            raise HintError("The mask isn't base64 of a PNG.", code="mask") from None
        return Mask.from_png(data, max_mask_pixels)
    raise HintError(
        f'There is no reach {json.dumps(value, default=repr)[:80]}; it is "object", "picture", {{"region": [[x, y], ...]}}, '
        '{"brush": [[x, y], ...], "width": pixels} or {"png": base64}.',
        code="reach",
    )


def masks_read(values: Any, folder: Path) -> Any:
    """JSON of an edit or of hints from a file, with the pictures that ``{"file": name}`` names in the place of such a reach.

    Args:
        values: of any kind; what isn't such a reach stays as it is.
        folder: from which relative names start.

    Raises:
        HintError: a picture can't be read.
    """
    if isinstance(values, list):
        return [masks_read(value, folder) for value in values]
    if not isinstance(values, Mapping):
        return values
    reach, found = values.get("reach"), dict(values)
    if "hints" in values:
        found["hints"] = masks_read(values["hints"], folder)
    if isinstance(reach, Mapping) and reach.keys() == {"file"} and isinstance(reach["file"], str):
        mask = Mask.read(folder / reach["file"])
        found["reach"] = {"png": base64.b64encode(mask.to_png()).decode()}
    return found


def hint_from_json(value: Any, where: str) -> Hint | Strokes | Omitted:
    """One entry of `hints_to_json`; `where` names it in messages. Raises HintError."""
    if not isinstance(value, Mapping):
        raise HintError(f"{where}: a hint is an object with x, y and color, not {json.dumps(value)[:80]}.", code="hint")
    try:
        if value.keys() == {"sha256", "count"}:
            return Omitted(str(value["sha256"]), int(value["count"]))
        if value.keys() - {"reach"} == {"strokes", "runs"}:
            return _strokes(value)
    except (ValueError, LookupError, TypeError, OverflowError, zlib.error) as error:
        raise HintError(f"{where}: the painted strokes are damaged ({error}).", code="hint") from None
    if not {"x", "y"} <= value.keys() or not value.keys() <= {"x", "y", "color", "ab", "size", "reach", "keep_rest"}:
        raise HintError(
            f"{where}: a hint has x, y and color (or ab), and may have size, reach and keep_rest; not {json.dumps(dict(value))[:80]}.",
            code="hint",
        )
    try:
        ab = {"ab": tuple(value["ab"])} if "ab" in value else {}
        reach = {"reach": reach_from_json(value["reach"])} if "reach" in value else {}
        return Hint(**(dict(value) | ab | reach))
    except (HintError, TypeError, AttributeError) as error:
        raise HintError(f"{where}: {error}", code=getattr(error, "code", "") or "hint") from None


def _strokes(value: Mapping[str, Any]) -> Strokes:
    height, width = map(int, value["strokes"])
    lengths, colors = np.frombuffer(decompress(value["runs"]), "<u4").reshape(2, -1)
    if not (0 < height * width <= _MAX_STROKE_PIXELS and lengths.sum(dtype=np.uint64) == height * width):
        raise ValueError("their size is wrong")
    rgba = np.repeat(colors, lengths).astype("<u4").view(np.uint8).reshape(height, width, 4)
    return Strokes(rgba, value.get("reach", "object"))


def _runs(strokes: Strokes) -> npt.NDArray[np.uint32]:
    """Run-length encoding: (2, runs) number of consecutive pixels of one color, row by row, and its four bytes as one number."""
    flat = np.ascontiguousarray(strokes.rgba).view("<u4").ravel()
    starts = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]]))
    return np.stack([np.diff(starts, append=flat.size), flat[starts]]).astype("<u4")
