"""The run folder: made, resumed, and its checkpoint read."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import tomli_w
import torch
from lightning_fabric import Fabric
from torch import nn

from .._util.files import write_whole
from ..data import Pictures
from ..errors import ConfigError
from .machine import Compilation, describe
from .recipe import TrainConfig, override, read_config

__all__ = ["CHECKPOINT", "begin_run", "finished_rows", "load_checkpoint", "new_folder", "read_checkpoint", "resume_config"]

CHECKPOINT = Path("checkpoints") / "last.ckpt"


@contextmanager
def new_folder(run: Path) -> Iterator[None]:
    """Make the run's folder, and remove it again if the body fails. Raises ConfigError where it can't be made."""
    made = not run.exists()
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{run}: {error.strerror or error}", code="run-folder", path=run) from error
    try:
        yield
    except BaseException:
        if made:
            shutil.rmtree(run, ignore_errors=True)
        raise


def begin_run(
    run: Path, config: TrainConfig, pictures: Pictures, fabric: Fabric, network: nn.Module, compilation: Compilation
) -> None:
    """Write a run's recipe, split and environment. Raises ConfigError where it began with other pictures, or can't be written."""
    if (split := run / "split.csv").exists():
        with split.open(newline="", encoding="utf-8") as file:
            before = sorted(row["sha256"] for row in csv.DictReader(file))
        if before != sorted(pictures.sha256):
            raise ConfigError(
                f"{run} began with {len(before)} pictures, and these {len(pictures.sha256)} are others.",
                code="other-pictures",
                path=run,
            )
    try:
        last = run / CHECKPOINT
        last.parent.mkdir(parents=True, exist_ok=True)
        pictures.write_split(split)
        counts = {"train": len(pictures.train), "test": len(pictures.test), "skipped": pictures.skipped}
        parameters = sum(p.numel() for p in network.parameters())
        environment = describe(fabric, compilation) | {"parameters": parameters, "pictures": counts}
        (run / "scores.json").unlink(missing_ok=True)  # of the run before it was resumed
        write_whole(run / "environment.json", json.dumps(environment, indent=2))
        write_whole(run / "config.toml", tomli_w.dumps(config.to_dict()))
    except OSError as error:
        raise ConfigError(f"{run}: {error.strerror or error}", code="run-folder", path=run) from error


def resume_config(
    run: Path, model: str | None = None, settings: list[str] | None = None, data: tuple[str, ...] = ()
) -> TrainConfig:
    """The config of the run to resume. Of its recipe only `epochs` and `minutes` may change; `data` may, if the pictures moved.

    Raises:
        ConfigError: no such run, or it trains another model than `model`, or another setting is asked for.
    """
    config = read_config(run / "config.toml")
    if model is not None and model != config.model:
        raise ConfigError(f"{run} trains {config.model!r}, not {model!r}.", code="run-of-another-model", path=run)
    changed = override(config, settings or [], data)
    if bool(changed.minutes) != bool(config.minutes):
        raise ConfigError(f"{run}: a run by {'minutes' if config.minutes else 'epochs'} stays one.", code="fixed-recipe", path=run)
    if changed.minutes != config.minutes and changed.epochs == config.epochs:  # an epoch keeps its minutes
        changed = replace(changed, epochs=max(1, round(config.epochs * changed.minutes / config.minutes)))
    if replace(changed, epochs=config.epochs, minutes=config.minutes, data=config.data) != config:
        raise ConfigError(
            f"{run}: a run that is resumed keeps its recipe; only epochs and minutes can be set.", code="fixed-recipe", path=run
        )
    return changed


def load_checkpoint(path: Path, config: TrainConfig) -> dict[str, Any]:
    """The checkpoint of a run of this config. Raises ConfigError where it is damaged or of another architecture."""
    if not path.exists():
        raise ConfigError(f"{path}: no such file. Train the run first.", code="untrained-run", path=path.parent.parent)
    checkpoint = read_checkpoint(path)
    if (architecture := checkpoint["architecture"]) != config.model:
        raise ConfigError(
            f"{path} is of architecture {architecture!r}, the run's config.toml says {config.model!r}; they don't fit."
        )
    return checkpoint


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Any run's checkpoint; ``"network"`` holds the weights to use. Raises ConfigError where it is damaged."""
    try:
        checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        if {"architecture", "config", "network"} <= checkpoint.keys():
            return checkpoint
    except Exception as error:
        raise ConfigError(f"{path} is not a checkpoint of tinct, or is damaged.") from error
    raise ConfigError(f"{path} is not a checkpoint of tinct.")


def finished_rows(path: Path, epoch: int) -> list[str]:
    """The rows of ``metrics.jsonl`` up to this epoch: a crash may have left later ones than its checkpoint."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [line for line in lines if json.loads(line)["epoch"] <= epoch]
