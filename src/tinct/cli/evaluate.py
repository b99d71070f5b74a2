"""``tinct evaluate``: a model measured on color photographs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ._extras import requires
from ._options import Default, was_given
from ._progress import progress_bar, stopping
from ._streams import table_console

__all__ = ["evaluate"]


def evaluate(
    context: typer.Context,
    model: Annotated[str, typer.Argument(help="A bundled model, or a model file made by `tinct export`.", show_default=False)],
    *,
    data: Annotated[
        list[str],
        typer.Option(help="Folder of color photographs, .tar shards, or hf:NAME[:SPLIT]; each one given is measured by itself."),
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder for the results. By default: evaluation/MODEL.")
    ] = None,
    protocol: Annotated[
        str,
        typer.Option(
            default_factory=Default("evaluation.config:EvaluationConfig.protocol"),
            help="Name of the protocol; docs/evaluate.md describes it.",
        ),
    ],
    pictures: Annotated[
        int,
        typer.Option(
            min=0,
            default_factory=Default("evaluation.config:EvaluationConfig.pictures"),
            help="Number of pictures of each set, drawn at random; 0 takes all of them.",
        ),
    ],
    workers: Annotated[
        int,
        typer.Option(
            min=0,
            default_factory=Default("evaluation.config:EvaluationConfig.workers"),
            help="Number of processes; 0 takes the number of cores.",
        ),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, such as hints=50: pictures measured with hints."),
    ] = None,
    large: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Color photographs of about one megapixel, for the measure of bleeding over edges."),
    ] = None,
) -> None:
    """Measure a model on color photographs, beside its baselines; writes evaluation.json and evaluation.html."""
    import shlex

    with requires("Measuring", "evaluate"):
        from .._util.settings import override
        from ..evaluation import EvaluationConfig
        from ..evaluation import evaluate as measure
        from ..evaluation.runner import default_folder
        from ..reports import write_evaluation_report
        from ..reports.evaluation_tables import tables

    options = {"protocol": protocol, "pictures": pictures, "workers": workers}
    changes = [f"{name}={value}" for name, value in options.items() if was_given(context, name)]
    folder = output or default_folder(model)
    with stopping("nothing was written"), progress_bar() as (_, tell):
        figures = measure(
            model,
            data,
            folder,
            config=override(EvaluationConfig(), [*(settings or ()), *changes]),
            large=large,
            command=shlex.join(["tinct", *sys.argv[1:]]),
            progress=tell,
        )
    console = table_console()
    for table in tables(figures):
        console.print(table)
        console.print()
    if missing := figures["not_measured"]:
        typer.echo(f"Not measured: {'; '.join(f'{what} ({why})' for what, why in missing.items())}.", err=True)
    typer.echo(write_evaluation_report(folder))
