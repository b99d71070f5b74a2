"""One run as reports compare it: its recipe, learning curve and scores, read from its folder and checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import ConfigError
from .run_files import read_config, read_epochs, read_table

__all__ = ["ERRORS", "Result", "Unfinished", "read_run"]

ERRORS = {"mse": "mean squared error of RGB", "ab_error": "mean distance of a*, b*"}
"""What learning curves show, the first of these that a run has -> in words."""
SCORES = {"mse", "psnr", "colored_psnr", "de2000", "cf", "real_cf"}


@dataclass(frozen=True)
class Result:
    """A finished run."""

    path: Path
    config: dict[str, Any]
    environment: dict[str, Any]
    error: str
    """What `curve` shows, a key of `ERRORS`."""
    curve: pd.DataFrame
    """A row for each epoch: ``epoch``, ``pictures_seen`` so far, the errors ``train`` (while the weights still changed) and ``test``, and
    ``pictures_per_second`` of training."""
    scores: dict[str, Any]
    """As `training.scores.write_scores` writes them."""
    evaluation: dict[str, Any] | None = None
    """As `tinct evaluate` writes it, if the run was evaluated."""

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def seed(self) -> int:
        return int(self.config["seed"])

    @property
    def seen(self) -> int:
        """Pictures that the run was trained on, repeated ones counted again."""
        return int(self.curve["pictures_seen"].iloc[-1])

    @property
    def train_pictures(self) -> int:
        """Different pictures that the run was trained on."""
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
        ConfigError: the folder is no run, one of its files is damaged, or it is of another version of tinct.
    """
    config = read_config(run)
    rows = read_epochs(run / "metrics.jsonl")
    scores = read_table(run / "scores.json")
    if scores is None:
        return Unfinished(run.name, rows[-1]["epoch"] if rows else 0, config["epochs"])
    environment, evaluation = read_table(run / "environment.json"), read_table(run / "evaluation" / "evaluation.json")
    if environment is None or not rows:
        lacking = "environment.json" if environment is None else "metrics.jsonl"
        raise ConfigError(f"{run} is half-written: it has scores.json but no {lacking}. Copy the whole folder, or train it again.")
    try:
        for place in (scores, scores["gray"], scores["mean_color"]):
            _ = [place["test"][key] for key in SCORES], place["train"]["mse"]
        _ = environment["parameters"], environment["pictures"]["train"], scores["milliseconds"], scores["kl"]
        error = next(key for key in ERRORS if key in rows[-1]["test"])
        curve = _curve(rows, error)
    except (KeyError, TypeError, AttributeError, StopIteration) as missing:
        what = f"{missing} is missing" if isinstance(missing, KeyError) else "a table is of another form"
        raise ConfigError(
            f"{run} is of another version of tinct, or damaged: {what}. Resume the run, which writes its scores again.",
            code="old-run",
            path=run,
        ) from missing
    return Result(run, config, environment, error, curve, scores, evaluation)


def _curve(rows: list[dict[str, Any]], error: str) -> pd.DataFrame:
    """The learning curve; where rows lack the count of pictures seen, it is computed from time and speed."""
    frame = pd.DataFrame(rows)
    seen = (frame["pictures_per_second"] * frame["seconds"]).cumsum().round().astype(int)
    curve: pd.DataFrame = frame[["epoch", "pictures_per_second"]].copy()
    curve["pictures_seen"] = frame.get("seen", seen)
    for side in ("train", "test"):
        curve[side] = [float(row[side][error]) for row in rows]
    return curve
