"""``tinct colorize``: color photographs."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._collections import Request, Spread, color_many
from ._edits import edit_of
from ._options import (
    Default,
    Device,
    DeviceOption,
    Like,
    LikeStrength,
    MaxPixels,
    Model,
    Overwrite,
    Precision,
    PrecisionOption,
    Seed,
    Variant,
    Vividness,
)
from ._progress import Tell, late_progress_bar, stopping
from ._results import STREAM, Format, check_free, color_output, is_folder, system_errors
from ._streams import read_stdin, refuse_terminal, write_stdout

if TYPE_CHECKING:
    from ..collection import Settings
    from ..coloring.edit import Edit
    from ..photo import Photo

__all__ = ["colorize"]


class Engine(str, Enum):
    """How the work on many photographs is spread."""

    LOCAL = "local"
    RAY = "ray"


def colorize(
    context: typer.Context,
    photos: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTO",
            help="Photographs, or folders, which are searched with their subfolders; - reads one from standard input.",
            show_default=False,
        ),
    ],
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            help="File, or folder for several; a name that ends with a slash is a folder's; - writes to standard output. By default "
            "NAME.color.EXT beside the original; standard output for a photograph from standard input.",
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
    like: Like = None,
    like_strength: LikeStrength,
    variant: Variant,
    variants: Annotated[int, typer.Option(min=1, help="Number of colorings to write, from --variant on.")] = 1,
    seed: Seed,
    vividness: Vividness,
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
    precision: PrecisionOption = Precision.AUTO,
    threads: Annotated[
        int,
        typer.Option(
            min=0,
            help="Processor threads of the network for one photograph; 0 takes all cores. Several photographs are colored at once anyway.",
        ),
    ] = 1,
    max_pixels: MaxPixels,
    overwrite: Overwrite = False,
    recolor: Annotated[
        bool,
        typer.Option("--recolor", help="Color files that tinct made once more, from their lightness; otherwise they are skipped."),
    ] = False,
    include: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Of folders take only files whose name, or path below the folder, matches: '*.tif', '1932/*'. May be given several times.",
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Leave out files and folders whose name or path matches. May be given several times."),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only say how many photographs there are to color, how long that takes and how much disk."),
    ] = False,
    jobs: Annotated[
        int, typer.Option(min=0, help="Photographs colored at once, each by a process of about 0.3 GB; 0 takes one a core.")
    ] = 0,
    engine: Annotated[
        Engine,
        typer.Option("--engine", help="local: processes of this machine; ray: those of a Ray cluster, or Ray on this machine."),
    ] = Engine.LOCAL,
    address: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Of the Ray cluster, for --engine ray; auto finds the one of this machine."),
    ] = None,
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh", help="Color everything again, also what the ledger of the output folder (tinct.jsonl) says is done."
        ),
    ] = False,
    keep: Annotated[
        bool,
        typer.Option(
            "--keep", help="Keep all results that the ledger knows, whatever model or edit made them, and color the rest."
        ),
    ] = False,
    series: Annotated[
        bool,
        typer.Option(
            "--series",
            help="Photographs of one folder that show the same things get the same colors there, and the hints of one reach the others.",
        ),
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Also color what arrives in the folders later, until Ctrl-C.")] = False,
) -> None:
    """Color black-and-white photographs. The originals stay unchanged.

    Of a folder, a second run colors only what is new or has changed: the ledger in the output folder says what is done.
    """
    from ..collection import Settings
    from ..runtime.spec import DEFAULT_MODEL

    settings = Settings(
        model=model or DEFAULT_MODEL,
        device=device.value,
        precision=precision.value,
        threads=threads,
        max_pixels=max_pixels,
        edit=edit_of(context, edit, hint, hints),
        variants=variants,
        layer=layer,
        compare=compare,
        suffix=format.suffix if format else "",
        jpeg_quality=jpeg_quality,
        provenance=provenance,
        recolor=recolor,
        overwrite=overwrite or fresh,
    )
    reserved = [path for path in (hints, edit, settings.edit.like) if isinstance(path, Path)]
    if STREAM in photos or output == STREAM:
        _check_stream(photos, output, settings)
    if output == STREAM or (output is None and photos == [STREAM]):
        _to_stdout(photos[0], settings)
        return
    paths = [Path(photo) for photo in photos]
    several = len(paths) > 1 or any(os.path.isdir(path) for path in paths)  # noqa: PTH112
    urls = any("://" in text for text in (*photos, output or ""))
    if several or urls or dry_run or watch or series:
        from ..collection.storage import mirrored

        patterns = tuple(include or ()), tuple(exclude or ())
        spread = Spread(jobs, engine.value, address)
        with mirrored(photos, output if urls else None) as (roots, folder, places, targets):
            into = str(folder) if urls and folder is not None else output
            request = Request(roots, into, settings, reserved, *patterns, fresh, keep, series, places, targets)
            color_many(request, spread, dry_run=dry_run, watch=watch)
        return
    taken = {os.path.realpath(path) for path in (*paths, *reserved)}
    _one(paths[0], color_output(paths[0], output, format), output is not None and not is_folder(output), settings, taken)


def _one(photo: Path, color: Path, named: bool, settings: Settings, taken: set[str]) -> None:
    """Color one photograph, and print the names of its results, also of those that were there already.

    Args:
        photo: its file, or `STREAM` for standard input.
        color: the first result.
        named: whether the user chose that name.
        settings: how it is colored.
        taken: real paths of files that no result may replace.
    """
    from ..collection.naming import output_paths
    from ..collection.sidecars import xmp_sidecars
    from ..collection.work import Job, color_photo, colorizer_of

    colorizer = colorizer_of(settings.model, settings.device, settings.threads, settings.precision)
    edit = colorizer.resolved(_edit(photo, settings))
    numbers = range(edit.variant, edit.variant + settings.variants)
    outputs = output_paths(color, numbers, named=named, layer=settings.layer, compare=settings.compare)
    check_free(photo, [path for paths in outputs for path in paths.values()], taken)
    with stopping("no unfinished file is left behind"), late_progress_bar() as tell:
        opened = _open(photo, settings, tell)
        job = Job(photo, outputs, edit, sidecars=xmp_sidecars(photo, color), make_folder=not named)
        with system_errors(photo):
            entry = color_photo(job, settings, colorizer, photo=opened)
    for note in entry.notes:
        typer.echo(f"tinct: {note}", err=True)
    if entry.status == "skipped":
        typer.echo(f"tinct: skipped {photo}, which tinct made. --recolor colors such files again.", err=True)
        return
    for paths in outputs:
        for path in paths.values():
            typer.echo(path)
    if not entry.made:
        typer.echo(f"tinct: {photo} was colored in this way before; --overwrite colors it again.", err=True)


def _edit(photo: Path, settings: Settings) -> Edit:
    """The edit of the command line if it has hints, else that of a sidecar if there is one."""
    from ..collection.sidecars import edit_of

    return settings.edit if settings.edit.hints else edit_of(photo) or settings.edit


def _open(photo: Path, settings: Settings, tell: Tell) -> Photo:
    """A photograph from a file or from standard input; work on it moves the progress bar."""
    from ..photo import Photo

    piped = str(photo) == STREAM
    short = "standard input" if piped else photo.name
    tell(f"coloring {short}", 0, 1)
    return Photo.open(
        read_stdin() if piped else photo,
        name="standard input" if piped else None,
        max_pixels=settings.max_pixels,
        progress=lambda what, part: tell(f"{what} {short}", part, 1),
    )


def _check_stream(photos: list[str], output: str | None, settings: Settings) -> None:
    """Raises BadParameter if standard input or output is used for more than one picture, or nobody could read it."""
    if STREAM in photos:
        if len(photos) > 1:
            raise typer.BadParameter("standard input is one photograph; name no others beside it", param_hint="'PHOTO'")
        if output is not None and output != STREAM and is_folder(output):
            raise typer.BadParameter("a photograph from standard input has no name; name a file", param_hint="'-o'")
    if output not in (None, STREAM):
        return
    if len(photos) > 1 or os.path.isdir(photos[0]):  # noqa: PTH112
        raise typer.BadParameter("standard output takes one picture; name one photograph", param_hint="'-o'")
    if settings.variants > 1 or settings.layer or settings.compare:
        raise typer.BadParameter(
            "standard output takes one picture; leave out --variants, --layer and --compare", param_hint="'-o'"
        )
    refuse_terminal()


def _to_stdout(name: str, settings: Settings) -> None:
    """Color one photograph, and write the file to standard output."""
    from ..collection.work import colorizer_of
    from ..photo import color_path

    photo = Path(name)
    colorizer = colorizer_of(settings.model, settings.device, settings.threads, settings.precision)
    with stopping("no unfinished file is left behind"), late_progress_bar() as tell:
        opened = _open(photo, settings, tell)
        suffix = settings.suffix or (opened.suffix if name == STREAM else color_path(photo).suffix)
        result = colorizer.colorize(opened, _edit(photo, settings))
        data = result.to_bytes(suffix, jpeg_quality=settings.jpeg_quality, provenance=settings.provenance)
    for note in opened.notes:
        typer.echo(f"tinct: {note}", err=True)
    write_stdout(data)
