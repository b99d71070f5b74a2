"""``tinct study``: a grid of models, trained on equal terms."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ._extras import requires
from ._options import Data, Show
from ._progress import PARTLY_FAILED, stopping


def study(
    which: Annotated[
        str, typer.Argument(help="loss, complexity, latent, models, flagship, or your own study.toml.", show_default=False)
    ],
    data: Data = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Folder of the study. By default: studies/NAME.")] = None,
    budget: Annotated[
        float,
        typer.Option(min=0, metavar="MINUTES", help="Minutes for the whole study; gives every run the same number of pictures."),
    ] = 0.0,
    seeds: Annotated[int | None, typer.Option(min=1, help="Number of seeds for every run; by default the study's own.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a key of all recipes, such as size=32 or train_pictures=1000."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Number of runs at once; they share the cores equally.")] = 1,
    engine: Annotated[str, typer.Option(help="local, or ray for a Ray cluster.")] = "local",
    cache: Annotated[Path | None, typer.Option(help="Folder for decoded pictures. By default one in the study's folder.")] = None,
    show: Show = None,
) -> None:
    """Train a grid of models on equal terms, and report which settings matter. After an interruption the same command continues."""
    import shlex

    with requires("A study", "train"):
        from ..reports import write_study_report
        from ..studies import load_study, run_study
        from ..studies.console import watching

    plan = load_study(which, tuple(data or ()), settings, seeds)
    folder = output or Path("studies") / plan.name
    with stopping("the same command continues the study"), watching() as tell:
        failures = run_study(
            plan,
            folder,
            budget=budget,
            jobs=jobs,
            engine=engine,
            cache=cache,
            command=shlex.join(["tinct", *sys.argv[1:]]),
            tell=tell,
        )
    for name, reason in failures.items():
        typer.echo(f"tinct: {name}: {reason}", err=True)
    typer.echo(write_study_report(folder, show))
    if failures:
        raise typer.Exit(PARTLY_FAILED)
