"""``tinct suggest``: the probable colors of one place, and families of ready ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import HintError
from ._options import Default, Device, DeviceOption, MaxPixels, Model, Precision, PrecisionOption


def suggest(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="A photograph.", show_default=False)],
    place: Annotated[str, typer.Argument(metavar="X,Y", help="A place in it, in pixels.", show_default=False)],
    *,
    model: Model = None,
    hint: Annotated[list[str] | None, typer.Option(metavar="X,Y,COLOR", help="A known color of another place.")] = None,
    count: Annotated[
        int,
        typer.Option(
            min=1, default_factory=Default("coloring.suggestions:DEFAULT_SUGGESTIONS"), help="Number of colors to list, at most."
        ),
    ],
    device: DeviceOption = Device.AUTO,
    precision: PrecisionOption = Precision.AUTO,
    max_pixels: MaxPixels,
) -> None:
    """List the most probable colors of one place, with their probabilities; each is a color for --hint.

    Families of ready colors at the place's lightness follow, the most probable first, and skin before all others where a face is likely.
    """
    from rich.console import Console
    from rich.text import Text

    from ..coloring.colorizer import Colorizer
    from ..coloring.hints import parse_hint
    from ..photo import Photo
    from ..runtime.spec import DEFAULT_MODEL

    try:
        x, y = (float(number) for number in place.split(","))
    except ValueError as error:
        raise HintError(f"{place!r} is not a place; write X,Y, such as 120,80.") from error
    console = Console(highlight=False)
    hints = [parse_hint(text) for text in hint or ()]
    colorizer = Colorizer(model or DEFAULT_MODEL, device=device.value, precision=precision.value)
    canvas = colorizer.canvas(Photo.open(photo, max_pixels=max_pixels))
    for one in canvas.suggest(x, y, hints=hints, count=count):
        console.print(Text("    ", style=f"on {one.color}"), f"{one.color}  {one.probability:5.1%}  {one.name}")
    for family in canvas.families(x, y, hints=hints):
        console.print(f"\n{family.name}")
        for one in family.colors:
            console.print(Text("    ", style=f"on {one.color}"), f"{one.color}  {one.name}")
