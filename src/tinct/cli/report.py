"""``tinct report``: the pages and charts of trained runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import ConfigError
from ._extras import requires
from ._options import Show


def report(
    runs: Annotated[
        list[Path], typer.Argument(help="Folders made by `tinct train`, or one made by `tinct study`.", show_default=False)
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder for the comparison of several runs. By default: comparison.")
    ] = None,
    show: Show = None,
) -> None:
    """Write the charts and report.html of a run or a study again, or compare several runs."""
    with requires("Training", "train"):
        from ..reports import write_comparison, write_run_report, write_study_report
        from ..studies.keeping import FILE

    if len(runs) == 1 and (runs[0] / FILE).exists():
        typer.echo(write_study_report(runs[0], show))
    elif len(runs) == 1:
        if output or show:
            raise ConfigError(
                "The report of one run is written into its own folder; leave out -o and --show, or name several runs."
            )
        typer.echo(write_run_report(runs[0]))
    else:
        typer.echo(write_comparison(runs, output or Path("comparison"), show))
