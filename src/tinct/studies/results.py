"""What one finished run says of itself: its recipe, curves and scores, read from its folder and checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..training.recipe import TrainConfig, read_config
from .run_files import read_epochs, read_table

__all__ = ["Epoch", "Result", "Unfinished", "read_run"]

ERRORS = {"mse": "mean squared error of RGB", "ab_error": "mean distance of a*, b*"}
"""What a curve shows, the first of these that a run has -> in words."""


@dataclass(frozen=True)
class Epoch:
    """A row of ``metrics.jsonl``."""

    epoch: int
    seen: int
    """Pictures trained on so far, repeated ones counted again."""
    train: float
    """Error on training pictures while the weights still changed; see `Result.error`."""
    test: float
    pictures_per_second: float
    """In training, tests left out."""


@dataclass(frozen=True)
class Result:
    """A finished run."""

    path: Path
    config: TrainConfig
    environment: dict[str, Any]
    error: str
    """What `curve` shows, a key of `ERRORS`."""
    curve: tuple[Epoch, ...]
    scores: dict[str, Any]
    """As `training.final.write_scores` writes them."""
    evaluation: dict[str, Any] | None = None
    """As `tinct evaluate` writes it, if the run was evaluated."""

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def seen(self) -> int:
        """Pictures that the run was trained on."""
        return self.curve[-1].seen

    @property
    def train_pictures(self) -> int:
        """Different pictures that it was trained on."""
        return int(self.environment["pictures"]["train"])


@dataclass(frozen=True)
class Unfinished:
    """A run that has no scores yet."""

    name: str
    done: int
    """Epochs."""
    epochs: int

    def __str__(self) -> str:
        return f"{self.name} ({f'epoch {self.done} of {self.epochs}' if self.done else 'not begun'})"


def read_run(run: Path) -> Result | Unfinished:
    """The run in this folder.

    Raises:
        ConfigError: the folder is no run, one of its files is damaged, or it is of another version of tinct; the text names the run
            and the cure.
    """
    if not (run / "config.toml").is_file():
        raise ConfigError(f"{run} is no run: it has no config.toml. Name a folder that `tinct train` made.")
    config = read_config(run / "config.toml")
    rows = read_epochs(run / "metrics.jsonl")
    scores = read_table(run / "scores.json")
    if scores is None:
        return Unfinished(run.name, rows[-1]["epoch"] if rows else 0, config.epochs)
    environment, evaluation = read_table(run / "environment.json"), read_table(run / "evaluation" / "evaluation.json")
    if environment is None or not rows:
        lacking = "environment.json" if environment is None else "metrics.jsonl"
        raise ConfigError(f"{run} is half-written: it has scores.json but no {lacking}. Copy the whole folder, or train it again.")
    again = f"Write its scores again: tinct train --run {run} --resume"
    try:
        known = {"mse", "psnr", "colored_psnr", "de2000", "cf", "real_cf"}
        for place in (scores, scores["gray"], scores["mean_color"]):
            if not known <= place["test"].keys():
                raise ConfigError(f"{run} is of an older tinct: its scores.json lacks colored_psnr and what goes with it. {again}")
            _ = place["train"]["mse"]
        _ = environment["parameters"], environment["pictures"]["train"], scores["milliseconds"], scores["kl"]
        error = next(key for key in ERRORS if key in rows[-1]["test"])
        curve = _curve(rows, error)
    except (KeyError, TypeError, AttributeError, StopIteration) as missing:
        what = f"{missing} is missing" if isinstance(missing, KeyError) else "a table is of another form"
        raise ConfigError(f"{run} is of another version of tinct, or damaged: {what}. {again}") from missing
    return Result(run, config, environment, error, curve, scores, evaluation)


# ---- details --------------------------------------------------------------------------------------------------------------------


def _curve(rows: list[dict[str, Any]], error: str) -> tuple[Epoch, ...]:
    """Rows without a count of pictures seen have it from time and speed."""
    epochs, seen = [], 0.0
    for row in rows:
        speed = float(row["pictures_per_second"])
        seen = float(row.get("seen", seen + speed * row["seconds"]))
        epochs.append(Epoch(int(row["epoch"]), round(seen), float(row["train"][error]), float(row["test"][error]), speed))
    return tuple(epochs)
