"""How long the runs of a study take, and how many pictures each may see so that all of them fit into a time budget."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import ConfigError
from ..training.recipe import TrainConfig, network_class
from .grid import Study, Trial

__all__ = ["evaluation_seconds", "fit", "kind", "run_seconds"]

# Rough costs, beside the training speed of each network, which is measured. They only decide how well a budget is used.
START_SECONDS = 4.0
"""Seconds of a run before and after all pictures: loading, building, writing."""
TEST_COST = 0.35
"""Time for testing on a picture, relative to training on it: a forward pass without a backward one."""
EVALUATION_SECONDS = {False: 0.25, True: 3.7}
"""Seconds for evaluating a picture under the protocol; True for networks with ab bins, which also get hints, variants and several sizes."""
FINAL_TESTS = 4
"""The final errors need as much time as this many tests: training and test pictures, and both in color."""


def kind(config: TrainConfig) -> str:
    """Key of the settings that decide how long a run takes for one picture."""
    return repr((config.model, config.loss, config.size, config.batch, config.network, config.stages, bool(config.optimizer.ema)))


def evaluation_seconds(config: TrainConfig, pictures: int) -> float:
    """Seconds for evaluating a run on this many pictures under the protocol, on one thread."""
    return pictures * EVALUATION_SECONDS[network_class(config).has_bins]


def run_seconds(config: TrainConfig, per_picture: float, train: int, test: int, seen: int = 0) -> float:
    """Seconds for a whole training run.

    Args:
        per_picture: seconds for training on one picture.
        train: number of training pictures.
        test: number of test pictures.
        seen: pictures trained on, repetitions included; as the recipe says if 0.
    """
    if config.minutes:
        return START_SECONDS + 60 * config.minutes
    seen = seen or config.seen or config.epochs * train
    tested = min(test, config.test_pictures or test)
    return START_SECONDS + per_picture * (seen + TEST_COST * tested * (config.epochs + FINAL_TESTS))


def fit(
    study: Study, trials: list[Trial], speeds: Mapping[str, float], counts: Mapping[str, tuple[int, int]], budget: float, jobs: int
) -> int:
    """Number of pictures that every run may see, so that the study takes about `budget` minutes.

    Args:
        speeds: `kind` -> seconds for training on one picture.
        counts: name of a trial -> (training pictures, test pictures).
        budget: minutes of wall-clock time.
        jobs: number of runs at once.

    Raises:
        ConfigError: that is less than one epoch of the largest training set; code ``"budget-too-small"``, with what would fit:
            ``minutes``, ``train_pictures`` (0 where no number does), and ``seeds``, how many there are now.
    """
    if any(trial.config.minutes for trial in trials):
        raise ConfigError(
            f"The study {study.name!r} sets minutes for its runs, so a budget, which gives all the same number of pictures, can't be kept."
        )
    evaluated = study.evaluated if study.protocol else 0
    after = {trial.name: evaluation_seconds(trial.config, evaluated) for trial in trials}

    def minutes(seen: int) -> float:
        seconds = [run_seconds(t.config, speeds[kind(t.config)], *counts[t.name], seen=seen) + after[t.name] for t in trials]
        return max(sum(seconds) / min(jobs, len(seconds)), max(seconds)) / 60

    least, step = max(train for train, _ in counts.values()), max(trial.config.batch for trial in trials)
    if minutes(least) > budget:
        low, high = 1, least  # bisection for the largest training set of which one epoch fits
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if minutes(middle) <= budget else (low, middle - 1)
        needed = int(minutes(least)) + 1
        raise ConfigError(
            f"{budget:g} minutes are too few for the {len(trials)} runs of the study {study.name!r}: that is {low:,} pictures "
            f"each{' at most' if low > 1 else ''}, and one epoch of {least:,} pictures needs {needed} minutes.",
            code="budget-too-small",
            minutes=needed,
            train_pictures=low - low % 100 if low > 200 else low if low >= 100 else 0,
            seeds=study.seeds,
        )
    low, high = least, 2 * least
    while minutes(high) <= budget:
        low, high = high, 2 * high
    while high - low > step:
        middle = (low + high) // 2
        low, high = (middle, high) if minutes(middle) <= budget else (low, middle)
    return max(least, low - low % step)
