"""``tinct train`` and ``tinct export``: from a folder of pictures to a model file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from ..errors import ConfigError, DeviceError
from ._extras import requires
from ._options import Data
from ._progress import progress_bar, stopping
from .remedies import with_remedy

__all__ = ["export", "train"]


def train(
    model: Annotated[
        str | None, typer.Argument(help="tinct, autoencoder, vae, or your own recipe.toml.", show_default=False)
    ] = None,
    data: Data = None,
    run: Annotated[Path | None, typer.Option(help="Folder for the results. By default: runs/MODEL.")] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0, help="Wall-clock time after which training ends, fully annealed; 0 counts epochs instead."),
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(help="Initial weights: the name of a bundled model, a model file, a run folder, or a checkpoint."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a run that was interrupted.")] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the recipe, such as epochs=5 or network.latent=50."),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for decoded pictures, which several runs can share. By default: RUN/cache.")
    ] = None,
    accelerator: Annotated[str, typer.Option(help="cpu, cuda, mps or auto.")] = "auto",
    devices: Annotated[str, typer.Option(help="Number of devices, their indices (0,2), or auto for all.")] = "1",
    nodes: Annotated[int, typer.Option(help="Number of machines that train together.")] = 1,
    precision: Annotated[str, typer.Option(help="32-true, bf16-mixed, 16-mixed or auto.")] = "auto",
    compiled: Annotated[
        bool | None,
        typer.Option("--compile/--no-compile", help="Use torch.compile. By default only on CUDA.", show_default=False),
    ] = None,
    checkpoint_seconds: Annotated[float, typer.Option(min=0, help="Longest time between two checkpoints, in seconds.")] = 60.0,
) -> None:
    """Train a model on color photographs. Ctrl-C stops training with a checkpoint; --resume continues from there."""
    with requires("Training", "train"):
        from ..reports import write_run_report
        from ..training import Machine, is_first_process, load_recipe, resume_config
        from ..training import train as train_run

    changes = [*(settings or [])]
    changes += [f"minutes={minutes}"] if minutes is not None else []
    changes += [f"init={init}"] if init else []
    folders = tuple(data or ())
    if resume:
        run = run or Path("runs") / (Path(model).stem if model else _refuse("Name the run to continue: --run RUN --resume."))
        config = resume_config(run, model, changes, folders)
    else:
        model = model or _refuse("Name what to train: tinct, autoencoder, vae, or a recipe.toml.")
        config = load_recipe(model, changes, folders)
        run = run or Path("runs") / Path(model).stem
    machine = Machine(accelerator, int(devices) if devices.isdigit() else devices, nodes, precision, checkpoint_seconds, compiled)
    ended = stopping(f"continue with: tinct train --run {run} --resume")
    with ended, _ending_together(is_first_process), progress_bar(shown=is_first_process()) as (bar, tell):
        say = partial(bar.console.print, markup=False, highlight=False, soft_wrap=True)
        train_run(
            config,
            run,
            resume=resume,
            machine=machine,
            cache=cache,
            progress=tell,
            on_pictures=lambda pictures: say(pictures.summary()),
            on_epoch=lambda row: say(_epoch_line(row)),
        )
    if is_first_process():
        typer.echo(write_run_report(run))


def export(
    run: Annotated[Path, typer.Argument(help="A folder made by `tinct train`.", show_default=False)],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="Name of the model: NAME.onnx, NAME.safetensors and their companions are written."),
    ],
    evaluation: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An evaluation.json of this model; its figures are stored in the model file."),
    ] = None,
    note: Annotated[
        str, typer.Option(help="Source and license of the training pictures; stored in the model file.", show_default=False)
    ] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export.")] = False,
) -> None:
    """Turn a run into a model file for `tinct colorize --model`, and check that both give the same colors."""
    with requires("Training", "train"):
        from ..training.exporting import export as export_run

    typer.echo(export_run(run, output, note=note, evaluation=evaluation, overwrite=overwrite))


@contextmanager
def _ending_together(first: Callable[[], bool]) -> Iterator[None]:
    """Of the processes that train together only the first says that the run was stopped, or that another of them has ended."""
    try:
        yield
    except KeyboardInterrupt:
        if first():
            raise
        raise typer.Exit(0) from None  # another code would make the first process's launcher kill it
    except DeviceError as error:
        if error.code != "other-process-ended":
            raise
        if first():
            typer.echo(f"tinct: {with_remedy(error)}", err=True)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)  # without Python's own end: gloo's threads, in the middle of an operation, can abort or block that


def _refuse(message: str) -> NoReturn:
    raise ConfigError(message)


def _epoch_line(row: dict[str, Any]) -> str:
    """One line of an epoch's errors, from its row in metrics.jsonl."""
    key, name, digits = ("mse", "MSE", 5) if "mse" in row["test"] else ("ab_error", "ab error", 2)
    kl = f"  KL {row['test']['kl']:.1f} nats" if row["test"]["kl"] else ""
    time = f"  {row['minutes']:.1f} min" if "minutes" in row else ""
    errors = "  ".join(f"{side} {name} {row[side][key]:.{digits}f}" for side in ("train", "test"))
    return f"epoch {row['epoch']:3d}  {errors}{kl}  {row['pictures_per_second']:.0f} pictures/s{time}"
