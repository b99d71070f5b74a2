"""``tinct serve``: the page and the HTTP API."""

from __future__ import annotations

from typing import Annotated

import typer

from ._extras import requires
from ._options import PRECISION_HELP, Default, Device, Precision


def serve(
    *,
    host: Annotated[
        str,
        typer.Option(
            default_factory=Default("web.settings:Settings.host"),
            help="Address to listen at. At 0.0.0.0 other machines can reach the server, which then needs a token.",
        ),
    ],
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, default_factory=Default("web.settings:Settings.port"), help="0 takes any free port."),
    ],
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    token: Annotated[
        str,
        typer.Option(
            envvar="TINCT_TOKEN", help="A secret of at least 16 characters that every request must carry.", show_default=False
        ),
    ] = "",
    model: Annotated[
        str,
        typer.Option(
            default_factory=Default("web.settings:Settings.model"),
            help="A bundled model, or a model file made by `tinct export`.",
        ),
    ],
    device: Annotated[
        Device,
        typer.Option(
            "--device",
            default_factory=Default("web.settings:Settings.device"),
            help="Where the model computes: cpu, cuda, coreml, directml or openvino; auto takes an installed accelerator.",
        ),
    ],
    precision: Annotated[
        Precision,
        typer.Option("--precision", default_factory=Default("web.settings:Settings.precision"), help=PRECISION_HELP),
    ],
    workers: Annotated[
        int,
        typer.Option(
            min=0,
            default_factory=Default("web.settings:Settings.workers"),
            help="Number of photographs computed at once; 0 takes the number of cores.",
        ),
    ],
    queue: Annotated[
        int,
        typer.Option(
            min=0,
            default_factory=Default("web.settings:Settings.queue"),
            help="Number of requests that may wait for a worker; more are refused with status 429.",
        ),
    ],
    timeout: Annotated[
        float | None,
        typer.Option(
            min=1,
            metavar="SECONDS",
            show_default=False,
            help="Time that a request may wait, and then compute. By default 600 if only this machine can reach the server, otherwise 60.",
        ),
    ] = None,
    max_upload: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="BYTES",
            show_default=False,
            help="Refuse larger requests. By default 1 GB if only this machine can reach the server, otherwise 100 MB.",
        ),
    ] = None,
    max_pixels: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="PIXELS",
            show_default=False,
            help="Refuse photographs with more pixels, before decoding. By default 1,000 million if only this machine can reach the server, otherwise 150 million.",
        ),
    ] = None,
    max_detail: Annotated[
        int,
        typer.Option(
            min=32,
            metavar="PIXELS",
            default_factory=Default("web.settings:Settings.max_detail"),
            help="Refuse larger working sizes; time and memory grow with the square.",
        ),
    ],
    expiry: Annotated[
        float,
        typer.Option(
            min=1,
            metavar="SECONDS",
            default_factory=Default("web.settings:Settings.expiry"),
            help="Forget a photograph that wasn't used for this time.",
        ),
    ],
    films: Annotated[
        bool | None,
        typer.Option(
            "--films/--no-films",
            show_default=False,
            help="Color films, too, in files of a temporary folder. By default if only this machine can reach the server.",
        ),
    ] = None,
    max_film: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="BYTES",
            default_factory=Default("web.settings:Settings.max_film"),
            help="Refuse larger films.",
        ),
    ],
    max_films: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            default_factory=Default("web.settings:Settings.max_films"),
            help="Number of films that are kept; more are refused with status 429.",
        ),
    ],
    film_expiry: Annotated[
        float,
        typer.Option(
            min=1,
            metavar="SECONDS",
            default_factory=Default("web.settings:Settings.film_expiry"),
            help="Forget a film that wasn't used for this time.",
        ),
    ],
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Host name under which a reverse proxy asks; may be given several times."),
    ] = None,
) -> None:
    """Color by hand: a page in the browser, and an HTTP API. Photographs are kept in memory only, films in a temporary folder, and forgotten after use."""
    with requires("The page", "web"):
        from ..web.server import serve as run_server
        from ..web.settings import Settings

    settings = Settings(
        model=model,
        device=device.value,
        precision=precision.value,
        host=host,
        port=port,
        token=token,
        workers=workers,
        queue=queue,
        timeout=timeout,
        max_upload=max_upload,
        max_pixels=max_pixels,
        max_detail=max_detail,
        expiry=expiry,
        films=films,
        max_film=max_film,
        max_films=max_films,
        film_expiry=film_expiry,
        hosts=tuple(allow_host or ()),
    )
    run_server(settings, open_page=open_page)
