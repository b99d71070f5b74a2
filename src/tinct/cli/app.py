"""The application: its commands, one module for each group, and how errors end.

The commands are thin adapters over the library. What is heavy to import (NumPy, libvips, ONNX Runtime, torch) is imported inside
them, so that ``tinct --help`` is quick.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated, NoReturn

import typer

from ..errors import TinctError
from ._commands import Group
from .remedies import with_remedy

__all__ = ["app", "main"]

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> NoReturn:
    """Run the command line. A `TinctError` ends as one line on standard error and exit code 1; others are bugs and show a traceback."""
    os.environ.setdefault("VIPS_BLOCK_UNTRUSTED", "1")  # read when libvips is loaded, inside the commands
    os.environ.setdefault("VIPS_CONCURRENCY", str(min(os.cpu_count() or 1, 8)))  # each thread takes memory
    try:
        app()
    except TinctError as error:
        typer.echo(f"tinct: {with_remedy(error)}", err=True)
        sys.exit(1)
    sys.exit(0)


def _version(asked: bool) -> None:
    if asked:
        from .._version import __version__

        typer.echo(f"tinct {__version__}")
        raise typer.Exit


@app.callback()
def tinct(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Color for black-and-white photographs, and the workbench to train such colorizers."""
