"""``tinct page``: the page as a static site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._extras import requires
from ._options import Default


def page(
    *,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FOLDER", show_default=False, help="A new folder, or one with an earlier such site."
        ),
    ],
    model: Annotated[
        str,
        typer.Option(
            default_factory=Default("runtime.spec:DEFAULT_MODEL"),
            help="A bundled model that takes hints, or a model file made by `tinct export`.",
        ),
    ],
) -> None:
    """Write the page as a static site that colors in the browser alone, for any web space.

    Nothing is sent anywhere: the photograph stays in the browser, which computes everything, also without a network after the first visit.
    """
    from ..web.static_site import write_site

    with requires("A page with a model that decodes in another way than the bundled one", "train"):
        size = write_site(output, model=model)
    typer.echo(f"{output}: the page, {size / 1e6:.0f} MB")
