"""Repeat a coloring from the record inside the colored file: the same file again, to the byte, by the same version on the same machine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import HintError, PhotoError, WeightsError
from ..photo import Photo
from ..photo.formats import DEFAULT_JPEG_QUALITY
from ..runtime.spec import bundled, check_pair, find
from .colorizer import Colorizer
from .packing import Omitted, digest, normalize
from .provenance import BROWSER, Record, read_record

if TYPE_CHECKING:
    from .hints import Hint, Strokes

__all__ = ["again"]


def again(
    colored: str | os.PathLike[str],
    original: str | os.PathLike[str] | Photo,
    output: str | os.PathLike[str] | None = None,
    *,
    model: str | os.PathLike[str] | None = None,
    device: str | None = None,
    precision: str | None = None,
    hints: Iterable[Hint | Strokes] = (),
    overwrite: bool = False,
) -> Path:
    """Color a photograph once more, exactly as a file's record says.

    With the same version of tinct, on the same machine, the result is equal to the byte; what a browser colored is equal but for rounding. Another version writes its own number, and
    other processors may round differently.

    Args:
        colored: a file that tinct made, with provenance.
        original: the photograph that it was made from; its name and folder don't matter. A `Photo` may have been opened with other limits.
        output: path of the result; ``NAME.again.EXT`` beside `colored` by default.
        model: a file of the model, if it isn't bundled.
        device: the device of the record by default.
        precision: as of `Colorizer`; that of the record by default. With another one the colors differ a little.
        hints: needed only if they were too long to be kept in the file.
        overwrite: replace an earlier output.

    Returns:
        The path of the result.

    Raises:
        PhotoError: `colored` doesn't say how it was made, `original` isn't what it was made from, or either can't be read.
        WeightsError: there is no such model, or it has other weights.
        HintError: hints are missing, or aren't those of the coloring.
        DeviceError: the device isn't available.
    """
    colored = Path(colored)
    record = read_record(colored)
    photo = Photo.open(original)
    if not record.original:
        raise PhotoError(f"{colored} was colored from pixels in a program, not from a file: there is no original to repeat it from")
    if photo.sha256() != record.original:
        name = f"another file, {record.original_name}" if record.original_name else "another file"
        raise PhotoError(f"{colored} was colored from {name}, whose bytes are not those of {photo.name}", code="other-original")
    edit = record.edit.changed(hints=_complete(record, normalize(hints), colored))
    record = replace(record, edit=edit)
    colorizer = _colorizer(record, model, device, precision, colored)
    result = colorizer.canvas(photo, detail=edit.detail, ensemble=edit.ensemble).repeat(record)
    if record.output != "color":
        result = result.layer() if record.output == "layer" else result.compare()
    target = colored.with_name(f"{colored.stem}.again{colored.suffix}") if output is None else output
    return result.save(target, overwrite=overwrite, jpeg_quality=record.jpeg_quality or DEFAULT_JPEG_QUALITY)


def _colorizer(
    record: Record, model: str | os.PathLike[str] | None, device: str | None, precision: str | None, colored: Path
) -> Colorizer:
    """The model of the coloring. Raises WeightsError."""
    made = f"{colored} was colored by tinct {record.tinct}"
    if model is None and record.model not in bundled():
        raise WeightsError(f"{made} with the model {record.model!r}, which isn't bundled.", code="model-not-bundled")
    named = record.model if model is None else model
    if check_pair(find(named))[1] != record.weights:  # before a model of another architecture refuses the precision
        have = f"the bundled {record.model!r}" if model is None else os.fspath(model)
        raise WeightsError(
            f"{made} with other weights (sha256 {record.weights[:12]}...) than those of {have}.",
            code="other-weights",
            version=record.tinct,
        )
    device = device or ("cpu" if record.device == BROWSER else record.device)
    return Colorizer(named, device=device, threads=record.threads, precision=precision or record.precision)


def _complete(record: Record, given: Sequence[Hint | Strokes | Omitted], colored: Path) -> tuple[Hint | Strokes | Omitted, ...]:
    """The record's hints, with the given ones in the place of checksums. Raises HintError."""
    if given and not any(isinstance(hint, Omitted) for hint in record.edit.hints):
        raise HintError(f"{colored} holds all its hints, so none can be given.", code="hints-not-needed")
    complete: list[Hint | Strokes | Omitted] = []
    for hint in record.edit.hints:
        if not isinstance(hint, Omitted):
            complete.append(hint)
            continue
        slices = (given[start : start + hint.count] for start in range(len(given) - hint.count + 1))
        if (found := next((part for part in slices if digest(part) == hint.sha256), None)) is None:
            fact = "with other hints than those given" if given else "with hints too long to be kept in it"
            raise HintError(f"{colored} was colored {fact}.", code="other-hints" if given else "hints-needed")
        complete += found
    return tuple(complete)
