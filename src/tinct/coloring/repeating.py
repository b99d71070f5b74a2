"""A coloring repeated from what the colored file says of it: the same file again, to the byte, on the same machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import HintError, PhotoError, WeightsError
from ..photo.photo import Photo
from ..runtime.spec import bundled
from .colorizer import Colorizer
from .hints import Hint, Hints, Strokes
from .provenance import Absent, Record, digest, plain, read_record

__all__ = ["again"]


def again(
    colored: str | Path,
    original: str | Path | Photo,
    output: str | Path | None = None,
    *,
    model: str | Path | None = None,
    hints: Hints = (),
    overwrite: bool = False,
) -> Path:
    """Color a photograph once more, exactly as a file says that it was colored.

    With the same version of tinct, on the same machine, the result is the same to the byte. Another version writes its own number, and
    other processors may round differently.

    Args:
        colored: a file that tinct made, with its provenance.
        original: the photograph that it was made from; its name and place don't matter. A `Photo` may be given that
            was opened with limits of its own.
        output: where the result goes; ``NAME.again.EXT`` beside `colored` unless given.
        model: a file of the model, where it isn't bundled.
        hints: needed only where they were too long to be kept in the file.
        overwrite: replace an earlier output.

    Returns:
        The path of the result.

    Raises:
        PhotoError: `colored` doesn't say how it was made, `original` isn't what it was made from, or either can't be read.
        WeightsError: there is no such model, or it has other weights.
        HintError: hints are missing, or aren't those of the coloring.
    """
    colored = Path(colored)
    record = read_record(colored)
    photo = Photo.open(original)
    if not record.original:
        raise PhotoError(f"{colored} was colored from pixels in a program, not from a file: there is no original to repeat it from")
    if photo.sha256() != record.original:
        name = f"another file, {record.original_name}" if record.original_name else "another file"
        raise PhotoError(
            f"{colored} was colored from {name}, whose bytes are not those of {photo.name}; name the unchanged original"
        )
    record = replace(record, hints=_filled(record, plain(hints), colored))
    colorizer = _colorizer(record, model, colored)
    canvas = colorizer.canvas(photo, detail=record.detail, best=record.quality == "best")
    result = canvas.repeat(replace(record, output="color"))
    if record.output != "color":
        result = result.layer() if record.output == "layer" else result.compare()
    target = colored.with_name(f"{colored.stem}.again{colored.suffix}") if output is None else output
    return result.save(target, overwrite=overwrite, quality=record.jpeg_quality or 95)


def _colorizer(record: Record, model: str | Path | None, colored: Path) -> Colorizer:
    """The model of the coloring. Raises WeightsError."""
    made = f"{colored} was colored by tinct {record.tinct}"
    if model is None and record.model not in bundled():
        raise WeightsError(f"{made} with the model {record.model!r}, which isn't bundled: name its file with --model.")
    colorizer = Colorizer(record.model if model is None else model, threads=record.threads)
    if colorizer.weights != record.weights:
        have = f"the bundled {record.model!r}" if model is None else model
        cure = f"install tinct {record.tinct}, or name the file of that model with --model"
        raise WeightsError(f"{made} with other weights (sha256 {record.weights[:12]}...) than those of {have}: {cure}.")
    return colorizer


def _filled(record: Record, given: Sequence[Hint | Strokes], colored: Path) -> tuple[Hint | Strokes, ...]:
    """The record's hints, with those given in the place of checksums. Raises HintError."""
    if given and not any(isinstance(hint, Absent) for hint in record.hints):
        raise HintError(f"{colored} holds all that it needs to know of hints; leave --hints out.")
    filled: list[Hint | Strokes] = []
    for hint in record.hints:
        if not isinstance(hint, Absent):
            filled.append(hint)
            continue
        runs = (given[start : start + hint.count] for start in range(len(given) - hint.count + 1))
        if (found := next((run for run in runs if digest(run) == hint.sha256), None)) is None:
            if given:
                raise HintError(f"{colored} was colored with other hints than those given; name the unchanged file with --hints.")
            raise HintError(f"{colored} was colored with hints too long to be kept in it; name their file with --hints.")
        filled += found
    return tuple(filled)
