"""How long the runs of a study take, and how many pictures each may see so that all of them fit into the time there is."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import ConfigError
from ..training.recipe import FLAGSHIP, TrainConfig
from .grid import Study, Trial

__all__ = ["evaluation_seconds", "fit", "kind", "run_seconds"]

START = 4.0
"""Seconds that every run spends on other things than pictures."""
TEST = 0.35
"""A picture that is tested on costs so much of one that is trained on."""
EVALUATED = {False: 0.25, True: 3.7}
"""Seconds that evaluating takes on a picture: hints, variants and several sizes are for the flagship alone."""
TESTS_AFTER = 4
"""The final errors are measured on both sides, and in color."""


def kind(config: TrainConfig) -> str:
    """Runs of one kind take equally long for a picture."""
    return repr((config.model, config.loss, config.size, config.batch, config.network, config.stages, bool(config.optimizer.ema)))


def evaluation_seconds(config: TrainConfig, pictures: int) -> float:
    """Seconds that it takes to evaluate a run on so many pictures under the protocol, alone on a thread."""
    return pictures * EVALUATED[config.model == FLAGSHIP]


def run_seconds(config: TrainConfig, per_picture: float, train: int, test: int, seen: int = 0) -> float:
    """Seconds that a run takes, alone on its threads.

    Args:
        per_picture: seconds for training on one picture.
        train: pictures to train on.
        test: pictures to test on.
        seen: pictures to be trained on, repeated ones counted again, if not as many as the recipe says.
    """
    if config.minutes:
        return START + 60 * config.minutes
    seen = seen or config.seen or config.epochs * train
    tested = min(test, config.test_pictures or test)
    return START + per_picture * (seen + TEST * tested * (config.epochs + TESTS_AFTER))


def fit(
    study: Study, trials: list[Trial], speeds: Mapping[str, float], counts: Mapping[str, tuple[int, int]], budget: float, jobs: int
) -> int:
    """How many pictures every run may see, so that the study takes about `budget` minutes.

    Args:
        speeds: of each `kind`, seconds for training on one picture.
        counts: of each trial, by name, pictures to train and to test on.
        budget: minutes of wall-clock time.
        jobs: runs at once.

    Raises:
        ConfigError: it is less than the largest training set once; says what would fit.
    """
    if any(trial.config.minutes for trial in trials):
        raise ConfigError(
            f"The study {study.name!r} gives its runs minutes; --budget gives all the same number of pictures. Leave one out."
        )

    evaluated = study.evaluated if study.protocol else 0
    after = {trial.name: evaluation_seconds(trial.config, evaluated) for trial in trials}

    def minutes(seen: int) -> float:
        seconds = [run_seconds(t.config, speeds[kind(t.config)], *counts[t.name], seen=seen) + after[t.name] for t in trials]
        return max(sum(seconds) / min(jobs, len(seconds)), max(seconds)) / 60

    least, step = max(train for train, _ in counts.values()), max(trial.config.batch for trial in trials)
    if minutes(least) > budget:
        low, high = 1, least  # the most pictures with which one pass each would fit
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if minutes(middle) <= budget else (low, middle - 1)
        cures = [f"--budget {_up(minutes(least))}"]
        if low >= 100:
            cures.append(f"--set train_pictures={low - low % 100 if low > 200 else low}")
        if study.seeds > 1:
            cures.append("fewer --seeds")
        raise ConfigError(
            f"{budget:g} minutes are too few for the {len(trials)} runs of the study {study.name!r}: that is {low:,} pictures "
            f"each{' at most' if low > 1 else ''}, and one epoch of {least:,} pictures needs {_up(minutes(least))} minutes. "
            f"What would fit: {', or '.join(cures)}."
        )
    low, high = least, 2 * least
    while minutes(high) <= budget:
        low, high = high, 2 * high
    while high - low > step:
        middle = (low + high) // 2
        low, high = (middle, high) if minutes(middle) <= budget else (low, middle)
    return max(least, low - low % step)


def _up(minutes: float) -> int:
    return int(minutes) + 1
