"""``tinct film``: color films."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._edits import film_edit_of
from ._extras import requires
from ._options import (
    Default,
    Device,
    DeviceOption,
    Like,
    LikeStrength,
    Model,
    Overwrite,
    Precision,
    PrecisionOption,
    Seed,
    Variant,
    Vividness,
)

if TYPE_CHECKING:
    from ..film import FilmEdit

__all__ = ["film"]


def film(
    context: typer.Context,
    films: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILM", help="Films, or folders, which are searched with their subfolders for films.", show_default=False
        ),
    ],
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            help="File, or folder for several; a name that ends with a slash is a folder's. By default NAME.color.EXT beside the original.",
        ),
    ] = None,
    model: Model = None,
    edit: Annotated[
        Path | None,
        typer.Option(
            "--edit",
            metavar="FILE",
            help="Take the edit from this JSON file; each option replaces one field of it. By default NAME.tinct.json beside the film, "
            "if there is one.",
        ),
    ] = None,
    keyframe: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TIME=FILE",
            help="A frame in color, such as 00:12.4=frame.png; transparent places say nothing. May be given several times.",
        ),
    ] = None,
    keyframes: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            metavar="N",
            help="Color nothing: write the N most telling frames as gray pictures, and NAME.tinct.json, which names them as keyframes; "
            "colored by hand, they are taken at the next run.",
        ),
    ] = None,
    like: Like = None,
    like_strength: LikeStrength,
    variant: Variant,
    seed: Seed,
    vividness: Vividness,
    strength: Annotated[
        float,
        typer.Option(
            default_factory=Default("coloring.edit:Edit.strength"),
            help="Factor on the chroma: 0 leaves the film gray, 1 keeps the model's colors.",
        ),
    ],
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="Color only a part of the film, from this time on, such as 1:02:03.5."),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Color only a part of the film, up to this time.")] = None,
    every: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="Color every N-th frame only, for a quick look; the film runs as fast as before."),
    ] = 1,
    codec: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Codec of the result: h264, h265, vp9, prores (422 HQ) or ffv1 (lossless). By default that of the container: vp9 for WebM, "
            "else h264.",
            show_default=False,
        ),
    ] = None,
    quality: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            help="Constant rate factor: less is better. By default 18 of h264, 20 of h265, 24 of vp9.",
            show_default=False,
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="How long the encoder may take: ultrafast to veryslow; 8 (fast) to 0 of vp9.", show_default=False
        ),
    ] = None,
    device: DeviceOption = Device.AUTO,
    precision: PrecisionOption = Precision.AUTO,
    threads: Annotated[
        int,
        typer.Option(
            min=0,
            help="Processor threads of decoding, coloring and encoding; 0 takes all cores. Another number may give other bytes.",
        ),
    ] = 0,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin again, instead of going on where an interrupted run has stopped.")
    ] = False,
    overwrite: Overwrite = False,
) -> None:
    """Color black-and-white films, in colors that hold still. The originals stay unchanged.

    Sound, subtitles, chapters and the times of all frames are kept. After an interruption the same command goes on where it has stopped.
    """
    with requires("A film", "film"):
        import av  # noqa: F401
        import cv2  # noqa: F401

        from ..coloring import Colorizer
        from ..film import Encoding
        from ..film.finding import edit_beside
        from ..film.times import parse_time
        from ..runtime.spec import DEFAULT_MODEL
        from ._films import Request, color_films, write_keyframes

    if keyframes is not None:
        if edit or keyframe:
            raise typer.BadParameter(
                "frames are written to be colored by hand; leave out --edit and --keyframe", param_hint="'--keyframes'"
            )
        write_keyframes(films, output, keyframes)
        return
    several = len(films) > 1 or any(path.is_dir() for path in films)
    if keyframe and several:
        raise typer.BadParameter("a keyframe belongs to one film; name one", param_hint="'--keyframe'")

    def edit_of(path: Path) -> tuple[FilmEdit, list[str]]:
        return film_edit_of(context, edit or (None if keyframe else edit_beside(path)), keyframe or ())

    if codec is not None:
        Encoding(codec, quality, preset)  # says what is wrong with them
    request = Request(
        output,
        edit_of,
        codec=codec,
        quality=quality,
        preset=preset,
        start=None if start is None else parse_time(start),
        end=None if end is None else parse_time(end),
        every=every,
        threads=threads,
        fresh=fresh,
        overwrite=overwrite,
    )
    colorizer = Colorizer(model or DEFAULT_MODEL, device=device.value, threads=1, precision=precision.value)
    color_films(films, request, colorizer, several=several)
