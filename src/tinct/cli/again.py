"""``tinct again``: repeat a coloring from the record in its file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._options import Device, MaxPixels, Overwrite, Precision
from ._progress import late_progress_bar, stopping


def again(
    colored: Annotated[Path, typer.Argument(metavar="COLORED", help="A picture that tinct colored.", show_default=False)],
    original: Annotated[Path, typer.Option("--from", metavar="ORIGINAL", help="The photograph that it was made from.")],
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File for the result. By default NAME.again.EXT beside COLORED.")
    ] = None,
    hints: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Needed only if the hints were too long to be kept in the colored file.")
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="FILE", help="The model's file, if the model isn't bundled.")] = None,
    device: Annotated[
        Device | None,
        typer.Option(
            "--device", help="Where the model computes, as for `tinct colorize`. By default as in the record.", show_default=False
        ),
    ] = None,
    precision: Annotated[
        Precision | None,
        typer.Option(
            "--precision", help="float or int8, as for `tinct colorize`. By default as in the record.", show_default=False
        ),
    ] = None,
    max_pixels: MaxPixels,
    overwrite: Overwrite = False,
) -> None:
    """Repeat a coloring from the record in its file. On the same machine the result is the same to the byte."""
    from filecmp import cmp

    from ..coloring.hint_files import read_hints
    from ..coloring.repeating import again as repeat
    from ..photo import Photo

    with stopping("no unfinished file is left behind"), late_progress_bar() as tell:
        photo = Photo.open(original, max_pixels=max_pixels, progress=lambda what, part: tell(f"{what} {original.name}", part, 1))
        given = read_hints(hints) if hints else ()
        path = repeat(
            colored,
            photo,
            output,
            model=model,
            hints=given,
            device=device and device.value,
            precision=precision and precision.value,
            overwrite=overwrite,
        )
    typer.echo(path)
    if not cmp(colored, path, shallow=False):
        typer.echo(
            f"tinct: {path} differs from {colored}. Both are equal only if the same version of tinct made them, on the same machine, with the "
            "same device, precision and format, not in a browser, and nobody changed them since.",
            err=True,
        )
