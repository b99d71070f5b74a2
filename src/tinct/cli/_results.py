"""Where the results of ``tinct colorize`` go, and which photographs a folder stands for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path

import typer

from ..errors import PhotoError

__all__ = ["STREAM", "Format", "check_free", "find_photos", "prepare_folder", "result_paths"]

STREAM = Path("-")
"""Stands for standard input among photographs, and for standard output as the result."""
_RESULT = re.compile(r"(.*)\.(?:color|layer|compare|again)(-\d+)?")
"""Stem of a file that tinct wrote, with the number of its variant."""


class Format(str, Enum):
    """File formats of results."""

    JPG = "jpg"
    PNG = "png"
    TIF = "tif"
    WEBP = "webp"
    AVIF = "avif"

    @property
    def suffix(self) -> str:
        return f".{self.value}"


def find_photos(given: Iterable[Path]) -> list[Path]:
    """The files that are named, and the photographs in the folders that are named, without earlier results.

    Raises:
        PhotoError: a folder holds no photographs, or can't be read.
    """
    from ..photo import READABLE_SUFFIXES

    found: list[Path] = []
    for path in given:
        if not os.path.isdir(path):  # noqa: PTH112 (unlike Path.is_dir, it takes names that are too long)
            found.append(path)
            continue
        try:
            entries = sorted(path.iterdir())
        except OSError as error:
            raise PhotoError(f"{path} can't be read ({error.strerror}); check its permissions.") from error
        inside = [entry for entry in entries if entry.suffix.lower() in READABLE_SUFFIXES and not _RESULT.fullmatch(entry.stem)]
        if not inside:
            raise PhotoError(f"{path} holds no photographs ({', '.join(sorted(READABLE_SUFFIXES))}). Name a folder that does.")
        found += inside
    return found


def prepare_folder(output: Path, count: int) -> None:
    """Make the folder for several results. Raises PhotoError if `output` has a file's suffix, or can't be made."""
    if os.path.isdir(output):  # noqa: PTH112
        return
    if output.suffix:
        raise PhotoError(f"{output} is one file, and there are {count} photographs. Name a folder with -o.")
    try:
        output.mkdir(parents=True)
    except OSError as error:
        raise PhotoError(f"{output}: {error.strerror}. Name another folder with -o.") from error


def result_paths(
    photo: Path,
    output: Path | None,
    numbers: Sequence[int],
    *,
    layer: bool = False,
    compare: bool = False,
    format: Format | None = None,
) -> list[dict[str, Path]]:
    """The files to write for one photograph.

    Args:
        photo: the original.
        output: a folder, or the file of the first result, or None for a file beside the original.
        numbers: of the variants. Number 1, and the first one if `output` is a file, has no number in its name.
        layer: also the color alone.
        compare: also gray and color side by side.
        format: instead of the original's, where `output` doesn't name a file.

    Returns:
        For each variant, kind (``"color"``, ``"layer"``, ``"compare"``) -> path.

    Raises:
        BadParameter: `output` names a file of another format than `format`.
    """
    from ..photo import color_path

    named = output is not None and not os.path.isdir(output)  # noqa: PTH112
    first = color_path(photo, output)
    if format is not None and not named:
        first = first.with_suffix(format.suffix)
    elif format is not None and not _same_format(first.suffix, format):
        raise typer.BadParameter(f"{first} is not a .{format.value} file", param_hint="'--format'")
    results = []
    for number in numbers:
        bare = number == 1 or (named and number == numbers[0])
        color = first if bare else first.with_name(f"{first.stem}-{number}{first.suffix}")
        parts = _RESULT.fullmatch(color.stem)
        stem, end = (parts[1], parts[2] or "") if parts else (color.stem, "")
        paths = {"color": color}
        if layer:
            paths["layer"] = color.with_name(f"{stem}.layer{end}{'.tif' if color.suffix.lower().startswith('.tif') else '.png'}")
        if compare:
            paths["compare"] = color.with_name(f"{stem}.compare{end}{color.suffix}")
        results.append(paths)
    return results


def check_free(photo: Path, results: Iterable[Path], taken: set[str]) -> None:
    """Raises PhotoError if a result would replace another file of the command line, or another result of it.

    Args:
        photo: the original, whose replacement `Photo.save` refuses.
        results: of this photograph.
        taken: real paths of all files named on the command line, and of the results so far.
    """
    own = os.path.realpath(photo)
    for path in results:
        real = os.path.realpath(path)
        if real in taken and real != own:
            raise PhotoError(f"{photo}: {path} is another file named here, or its result; name another output with -o")


def _same_format(suffix: str, format: Format) -> bool:
    same = {".jpeg": ".jpg", ".tiff": ".tif"}
    return same.get(suffix.lower(), suffix.lower()) == format.suffix
