"""``tinct evaluate``: a model measured on color photographs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ._extras import requires
from ._options import PRECISION_HELP, Default, Precision, was_given
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
    precision: Annotated[
        Precision,
        typer.Option("--precision", default_factory=Default("evaluation.config:EvaluationConfig.precision"), help=PRECISION_HELP),
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
    blind: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SIDE",
            help="Instead of measuring, write blind.html: a person chooses between two colorings of each picture, by MODEL and by SIDE, "
            "without knowing which is which. SIDE is settings (vividness=0.2), another model, the JSON file of an edit, several of these "
            "with commas between them, or real: the real colors. Given twice, one SIDE is compared with the other.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="For --blind: decides the order of the pairs, and which side is on the left.")] = 0,
) -> None:
    """Measure a model on color photographs, beside its baselines; writes evaluation.json and evaluation.html."""
    import shlex

    command = shlex.join(["tinct", *sys.argv[1:]])
    if blind:
        for name in ("protocol", "precision", "workers", "settings", "large"):
            if was_given(context, name):
                option = f"'--{name.replace('settings', 'set')}'"
                raise typer.BadParameter("it has no meaning for a blind comparison", param_hint=option)
        _compare(model, blind, data, output, pictures, seed, command)
        return
    with requires("Measuring", "evaluate"):
        from .._util.settings import override
        from ..evaluation import EvaluationConfig
        from ..evaluation import evaluate as measure
        from ..evaluation.runner import default_folder
        from ..reports import write_evaluation_report
        from ..reports.evaluation_tables import tables

    options = {"protocol": protocol, "precision": precision.value, "pictures": pictures, "workers": workers}
    changes = [f"{name}={value}" for name, value in options.items() if was_given(context, name)]
    folder = output or default_folder(model)
    with stopping("nothing was written"), progress_bar() as (_, tell):
        figures = measure(
            model,
            data,
            folder,
            config=override(EvaluationConfig(), [*(settings or ()), *changes]),
            large=large,
            command=command,
            progress=tell,
        )
    console = table_console()
    for table in tables(figures):
        console.print(table)
        console.print()
    if missing := figures["not_measured"]:
        typer.echo(f"Not measured: {'; '.join(f'{what} ({why})' for what, why in missing.items())}.", err=True)
    typer.echo(write_evaluation_report(folder))


def _compare(model: str, texts: list[str], data: list[str], output: Path | None, pictures: int, seed: int, command: str) -> None:
    """Write the page of a blind comparison."""
    if len(texts) > 2:
        raise typer.BadParameter(f"two sides can be compared, not {len(texts)}", param_hint="'--blind'")
    with requires("Comparing", "evaluate"):
        from ..evaluation.blind import make_pairs, parse_side
        from ..evaluation.record import check_writable
        from ..evaluation.runner import default_folder
        from ..reports import write_blind_page

    first, second = (parse_side(text, model) for text in (texts if len(texts) == 2 else ["", *texts]))
    folder = output or default_folder(model)
    check_writable(folder)
    with stopping("nothing was written"), progress_bar() as (_, tell):
        pairs = make_pairs((first, second), data, pictures=pictures, seed=seed, progress=tell)
    typer.echo(write_blind_page(folder, (first, second), pairs, seed=seed, command=command))
