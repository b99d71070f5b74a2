"""``tinct colorize``: color photographs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from ..errors import HintError, PhotoError
from ._edits import edit_of
from ._options import Default, Device, DeviceOption, MaxPixels, Model, Overwrite, Threads
from ._progress import PARTLY_FAILED, progress_bar, stopping
from ._results import STREAM, Format, check_free, find_photos, prepare_folder, result_paths
from ._streams import read_stdin, refuse_terminal, write_stdout
from .remedies import with_remedy

if TYPE_CHECKING:
    from ..photo import Photo

__all__ = ["colorize"]

_MAX_NAMED = 3
"""Skipped files whose names are told."""
Tell: TypeAlias = "Callable[[str, float, float], None]"
"""Moves the progress bar: description, done, total."""


def colorize(
    context: typer.Context,
    photos: Annotated[
        list[Path],
        typer.Argument(
            metavar="PHOTO", help="Photographs, or folders of them; - reads one from standard input.", show_default=False
        ),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="File, or folder for several; - writes to standard output. By default NAME.color.EXT beside the original; "
            "standard output for a photograph from standard input.",
        ),
    ] = None,
    model: Model = None,
    edit: Annotated[
        Path | None,
        typer.Option("--edit", metavar="FILE", help="Take the edit from this JSON file; each option replaces one field of it."),
    ] = None,
    hint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X,Y,COLOR[,REACH]",
            help="The color of a place, in pixels of the photograph, as #RRGGBB, or keep for the color that is there. REACH is object "
            "(the default), picture, or the file of a mask picture; keep-rest leaves all else as it is. May be given several times.",
        ),
    ] = None,
    hints: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Hints as JSON, or colors painted on a transparent PNG. Gray paint says that a place has no color."
        ),
    ] = None,
    like: Annotated[
        Path | None, typer.Option(metavar="PICTURE", help="Take the palette of this color picture as reference.")
    ] = None,
    variant: Annotated[
        int,
        typer.Option(
            min=1,
            default_factory=Default("coloring.edit:Edit.variant"),
            help="Number of the coloring: 1 is the automatic one, others are drawn from the model's distribution.",
        ),
    ],
    variants: Annotated[int, typer.Option(min=1, help="Number of colorings to write, from --variant on.")] = 1,
    seed: Annotated[
        int,
        typer.Option(min=0, default_factory=Default("coloring.edit:Edit.seed"), help="Seed of all variants but the automatic one."),
    ],
    vividness: Annotated[
        float,
        typer.Option(
            default_factory=Default("coloring.edit:Edit.vividness"),
            help="0 gives the colors with the least expected error, 1 the most colorful ones.",
        ),
    ],
    strength: Annotated[
        float,
        typer.Option(
            default_factory=Default("coloring.edit:Edit.strength"),
            help="Factor on the chroma: 0 leaves the photograph gray, 1 keeps the model's colors.",
        ),
    ],
    detail: Annotated[
        int | None,
        typer.Option(
            metavar="PIXELS",
            default_factory=Default("coloring.edit:Edit.detail"),
            show_default=False,
            help="Working size, as the short side in pixels, a multiple of 32. By default the model's own.",
        ),
    ],
    ensemble: Annotated[
        bool,
        typer.Option(
            "--ensemble/--no-ensemble",
            default_factory=Default("coloring.edit:Edit.ensemble"),
            show_default=False,  # of a flag the name would be shown, whatever the factory gives
            help="Average the predictions for three working sizes, each also mirrored; six times the computation.",
        ),
    ],
    format: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="File format of the results: jpg, png, tif, webp or avif. By default the original's.",
            show_default=False,
        ),
    ] = None,
    jpeg_quality: Annotated[
        int,
        typer.Option(
            min=1,
            max=100,
            default_factory=Default("photo.formats:DEFAULT_JPEG_QUALITY"),
            help="Quality of JPEG, WebP and AVIF files.",
        ),
    ],
    layer: Annotated[
        bool,
        typer.Option("--layer", help="Also write NAME.layer.png (or .tif): the color alone, to lay over the original."),
    ] = False,
    compare: Annotated[bool, typer.Option("--compare", help="Also write NAME.compare.EXT: gray and color side by side.")] = False,
    provenance: Annotated[
        bool, typer.Option("--provenance/--no-provenance", help="Record in the file that it was colored, and how.")
    ] = True,
    device: DeviceOption = Device.AUTO,
    threads: Threads = 0,
    max_pixels: MaxPixels,
    overwrite: Overwrite = False,
    recolor: Annotated[
        bool,
        typer.Option("--recolor", help="Color files that tinct made once more, from their lightness; otherwise they are skipped."),
    ] = False,
) -> None:
    """Color black-and-white photographs. The originals stay unchanged."""
    from ..coloring.colorizer import Colorizer
    from ..photo import Photo
    from ..runtime.spec import DEFAULT_MODEL

    chosen = edit_of(context, edit, hint, hints)
    streamed = output == STREAM or (output is None and photos == [STREAM])
    files = _files(photos, output)
    if not (streamed or recolor):
        files = _without_results(files)
        if not files:
            return
    if streamed:
        _check_stream(len(files), variants, layer, compare)
    if chosen.hints and len(files) > 1:
        raise HintError(f"Hints belong to one photograph, and there are {len(files)}. Color it by itself.")
    colorizer = Colorizer(model or DEFAULT_MODEL, device=device.value, threads=threads)

    def color(photo: Photo) -> list[Photo]:
        return [colorizer.colorize(photo, chosen)] if variants == 1 else colorizer.variants(photo, variants, chosen)

    with stopping("no unfinished file is left behind"), progress_bar() as (_, tell):
        if streamed:
            _to_stdout(files[0], format, partial(_open, max_pixels, tell), color, jpeg_quality, provenance)
            return
        numbers = range(chosen.variant, chosen.variant + variants)
        named = (*files, hints, edit, chosen.like)
        failed = _batch(
            files,
            taken={os.path.realpath(path) for path in named if isinstance(path, Path)},
            paths=partial(result_paths, output=output, numbers=numbers, layer=layer, compare=compare, format=format),
            open=partial(_open, max_pixels, tell),
            color=color,
            save=partial(Photo.save, overwrite=overwrite, jpeg_quality=jpeg_quality, provenance=provenance),
        )
    if failed:
        typer.echo(f"tinct: {failed} of {len(files)} photographs failed.", err=True)
        raise typer.Exit(PARTLY_FAILED)


def _files(photos: list[Path], output: Path | None) -> list[Path]:
    """The photographs to color; makes the folder for several results. Raises BadParameter, PhotoError."""
    if STREAM in photos:
        if len(photos) > 1:
            raise typer.BadParameter("standard input is one photograph; name no others beside it", param_hint="'PHOTO'")
        if output is not None and os.path.isdir(output):  # noqa: PTH112
            raise typer.BadParameter("a photograph from standard input has no name; name a file", param_hint="'-o'")
        return photos
    files = find_photos(photos)
    several = len(files) > 1 or any(os.path.isdir(photo) for photo in photos)  # noqa: PTH112
    if output is not None and output != STREAM and several:
        prepare_folder(output, len(files))
    return files


def _without_results(files: list[Path]) -> list[Path]:
    """The files that tinct didn't make. The others are told in one line."""
    from ..photo import is_result

    results = [file for file in files if is_result(file)]
    if results:
        names = ", ".join(str(file) for file in results[:_MAX_NAMED]) + ", …" * (len(results) > _MAX_NAMED)
        fact = (
            f"skipped {names}, which tinct made" if len(results) == 1 else f"skipped {len(results)} files that tinct made: {names}"
        )
        typer.echo(f"tinct: {fact}. --recolor colors such files again.", err=True)
    made = set(results)
    return [file for file in files if file not in made]


def _check_stream(files: int, variants: int, layer: bool, compare: bool) -> None:
    """Raises BadParameter if the results aren't one picture, or nobody could read it."""
    if files > 1:
        raise typer.BadParameter(f"standard output takes one picture, and there are {files} photographs", param_hint="'-o'")
    if variants > 1 or layer or compare:
        raise typer.BadParameter(
            "standard output takes one picture; leave out --variants, --layer and --compare", param_hint="'-o'"
        )
    refuse_terminal()


def _open(max_pixels: int, tell: Tell, file: Path, done: int = 0, total: int = 1) -> Photo:
    """The photograph number `done` of `total`, from a file or from standard input; work on it moves the progress bar."""
    from ..photo import Photo

    name = "standard input" if file == STREAM else str(file)
    short = name if file == STREAM else file.name
    tell(f"coloring {short}", done, total)
    source = read_stdin() if file == STREAM else file
    return Photo.open(
        source, name=name, max_pixels=max_pixels, progress=lambda what, part: tell(f"{what} {short}", done + part, total)
    )


def _to_stdout(
    file: Path,
    format: Format | None,
    open: Callable[[Path], Photo],
    color: Callable[[Photo], list[Photo]],
    jpeg_quality: int,
    provenance: bool,
) -> None:
    """Color one photograph, and write the file to standard output."""
    from ..photo import color_path

    photo = open(file)
    suffix = format.suffix if format else photo.suffix if file == STREAM else color_path(file).suffix
    (result,) = color(photo)
    data = result.to_bytes(suffix, jpeg_quality=jpeg_quality, provenance=provenance)
    _say_notes(photo)
    write_stdout(data)


def _batch(
    files: list[Path],
    taken: set[str],
    paths: Callable[[Path], list[dict[str, Path]]],
    open: Callable[[Path, int, int], Photo],
    color: Callable[[Photo], list[Photo]],
    save: Callable[[Photo, Path], Path],
) -> int:
    """Color photographs one after the other. The error of one of several is a line on standard error, and the others go on.

    Args:
        files: the photographs.
        taken: real paths of the files that no result may replace; results are added.
        paths: where the results of a photograph go.
        open, color, save: the three steps.

    Returns:
        The number of photographs that failed.

    Raises:
        PhotoError: the only photograph failed.
    """
    from ..photo import Photo

    kinds: dict[str, Callable[[Photo], Photo]] = {"color": lambda photo: photo, "layer": Photo.layer, "compare": Photo.compare}
    failed = 0
    for done, file in enumerate(files):
        try:
            with _system_errors(file):
                results = paths(file)
                check_free(file, [path for one in results for path in one.values()], taken)
                photo = open(file, done, len(files))
                colored = color(photo)
                _say_notes(photo)
                for one, result in zip(results, colored, strict=True):
                    for kind, path in one.items():
                        typer.echo(save(kinds[kind](result), path))
                        taken.add(os.path.realpath(path))
        except PhotoError as error:
            if len(files) == 1:
                raise
            typer.echo(f"tinct: {with_remedy(error)}", err=True)
            failed += 1
    return failed


@contextmanager
def _system_errors(file: Path) -> Iterator[None]:
    """Turn what the operating system says of a path (a name that is too long, a loop of links) into a PhotoError."""
    try:
        yield
    except BrokenPipeError:  # of standard output
        raise
    except OSError as error:
        raise PhotoError(f"{file}: {error.strerror or error}.") from error


def _say_notes(photo: Photo) -> None:
    for note in photo.notes:
        typer.echo(f"tinct: {note}", err=True)
