"""Where the results of ``tinct colorize`` go."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

import typer

from ..errors import PhotoError

__all__ = ["STREAM", "Format", "check_free", "color_output", "is_folder", "output_folder", "system_errors"]

STREAM = "-"
"""Stands for standard input among photographs, and for standard output as the result."""
_SEPARATORS = tuple({"/", os.sep})


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


def is_folder(output: str) -> bool:
    """Whether ``-o`` names a folder: one that exists, or a name that ends with a slash."""
    return os.path.isdir(output) or output.endswith(_SEPARATORS)  # noqa: PTH112 (unlike Path.is_dir, it takes names that are too long)


def output_folder(output: str) -> Path:
    """The folder for several results. Raises PhotoError if `output` is a file, or has the suffix of one that tinct writes."""
    from ..photo import WRITABLE_SUFFIXES

    path = Path(output)
    if is_folder(output):
        return path
    if os.path.lexists(path):
        raise PhotoError(f"{path} is a file, and there are several photographs. Name another folder with -o.")
    if path.suffix.lower() in WRITABLE_SUFFIXES:
        raise PhotoError(
            f"{path} is one file, and there are several photographs. Name a folder with -o, or end its name with a slash."
        )
    return path


def color_output(photo: Path, output: str | None, format: Format | None) -> Path:
    """The color file of one photograph.

    Args:
        photo: the original.
        output: a folder, or the file itself, or None for a file beside the original.
        format: instead of the original's, where `output` doesn't name a file.

    Raises:
        BadParameter: `output` names a file of another format than `format`.
    """
    from ..photo import color_path

    path = color_path(photo, output)
    if format is None:
        return path
    if output is None or is_folder(output):
        return path.with_suffix(format.suffix)
    if not _same_format(path.suffix, format):
        raise typer.BadParameter(f"{path} is not a .{format.value} file", param_hint="'--format'")
    return path


def check_free(photo: Path, results: Iterable[Path], taken: set[str]) -> None:
    """Raises PhotoError if a result would replace another file of the command line.

    Args:
        photo: the original, whose replacement `Photo.save` refuses.
        results: of this photograph.
        taken: real paths of all files named on the command line.
    """
    own = os.path.realpath(photo)
    for path in results:
        real = os.path.realpath(path)
        if real in taken and real != own:
            raise PhotoError(f"{photo}: {path} is another file named here; name another output with -o")


@contextmanager
def system_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system says of a path (a name that is too long, a loop of links) into a PhotoError."""
    try:
        yield
    except OSError as error:
        raise PhotoError(f"{path}: {error.strerror or error}.") from error


def _same_format(suffix: str, format: Format) -> bool:
    same = {".jpeg": ".jpg", ".tiff": ".tif"}
    return same.get(suffix.lower(), suffix.lower()) == format.suffix
