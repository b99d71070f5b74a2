"""How the outputs of photographs are called: one photograph's files, and distinct names for several photographs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from .._util.files import absolute
from ..photo import color_path
from .finding import RESULT_STEM, Found

__all__ = ["Outputs", "Renamed", "distinct", "output_paths"]

Outputs: TypeAlias = "tuple[dict[str, Path], ...]"
"""For each variant, kind (``"color"``, ``"layer"``, ``"compare"``) -> path."""
Renamed: TypeAlias = "tuple[Path, Path, Path]"
"""A photograph, the output that it gets, and the one that belongs to another."""


def output_paths(
    color: Path, numbers: Sequence[int], *, named: bool = False, layer: bool = False, compare: bool = False
) -> Outputs:
    """All files that are written for one photograph.

    Args:
        color: of the automatic coloring, or of the first one if it was `named`.
        numbers: of the variants. Number 1, and the first one if `color` was `named`, has no number in its name.
        named: whether the user chose the name.
        layer: also the color alone.
        compare: also gray and color side by side.
    """
    outputs = []
    for number in numbers:
        bare = number == 1 or (named and number == numbers[0])
        path = color if bare else color.with_name(f"{color.stem}-{number}{color.suffix}")
        parts = RESULT_STEM.fullmatch(path.stem)
        stem, end = (parts[1], parts[2] or "") if parts else (path.stem, "")
        paths = {"color": path}
        if layer:
            paths["layer"] = path.with_name(f"{stem}.layer{end}{'.tif' if path.suffix.lower().startswith('.tif') else '.png'}")
        if compare:
            paths["compare"] = path.with_name(f"{stem}.compare{end}{path.suffix}")
        outputs.append(paths)
    return tuple(outputs)


def distinct(
    photos: Sequence[Found],
    folder_of: Callable[[Found], Path],
    known: Callable[[Found], Path | None],
    is_taken: Callable[[Path], bool],
    all_outputs: Callable[[Path], Iterable[Path]],
    suffix: str = "",
) -> tuple[list[Path], list[Renamed]]:
    """A color output of its own for each photograph of one folder.

    ``IMG_1.HEIC`` and ``IMG_1.jpg`` would both become ``IMG_1.color.jpg``. The one whose format is kept gets that name, the other one is
    called ``IMG_1.HEIC.color.jpg``; so is a photograph whose output would have the name of another photograph.

    Args:
        photos: with the same folder for their outputs, or named by themselves.
        folder_of: where the outputs of a photograph go.
        known: the absolute path of the output that a photograph has had before, whose name it keeps.
        is_taken: whether a path is an output, or will be, of a photograph that isn't among `photos`.
        all_outputs: all files that are written for a photograph, given its first color output.
        suffix: of all outputs, instead of the original's.

    Returns:
        The outputs, in the order of `photos`; and those whose name isn't the usual one.
    """
    originals = {absolute(photo.path) for photo in photos}
    usual = [_usual(photo, folder_of(photo), suffix) for photo in photos]
    chosen: dict[int, Path] = {}
    for i, photo in enumerate(photos):
        before = known(photo)
        if before is not None and before.suffix == usual[i].suffix and absolute(usual[i].parent) == str(before.parent):
            chosen[i] = usual[i].with_name(before.name)
    used = {absolute(path) for first in chosen.values() for path in all_outputs(first)}

    def is_free(first: Path) -> bool:
        paths = [(path, absolute(path)) for path in all_outputs(first)]
        return not any(where in used or where in originals or is_taken(path) for path, where in paths)

    renamed = []
    for i in sorted(
        range(len(photos)), key=lambda i: (usual[i].suffix != photos[i].path.suffix, i)
    ):  # whose format is kept comes first
        if i not in chosen:
            chosen[i] = next(filter(is_free, _candidates(usual[i], photos[i])))
            used.update(map(absolute, all_outputs(chosen[i])))
            if chosen[i] != usual[i]:
                renamed.append((photos[i].path, chosen[i], usual[i]))
    return [chosen[i] for i in range(len(photos))], renamed


def _usual(photo: Found, folder: Path, suffix: str) -> Path:
    path = folder / color_path(photo.path).name
    return path.with_suffix(suffix) if suffix else path


def _candidates(usual: Path, photo: Found) -> Iterable[Path]:
    yield usual
    full = usual.with_name(f"{photo.path.name}.color{usual.suffix}")
    yield full
    number = 2
    while True:
        yield full.with_name(f"{photo.path.name}-{number}.color{usual.suffix}")
        number += 1
