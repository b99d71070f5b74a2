"""What a worker of a study does: measure how fast a network trains, or train one and evaluate it.

The training loop is imported inside the functions: the process in charge of a study imports this module too, and does without the
seconds that Lightning takes to load.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .._util.files import write_whole
from ..data import load_pictures
from ..training.recipe import TrainConfig
from .grid import Trial

__all__ = ["Order", "finished", "seconds_per_picture", "work"]

Report = Callable[[str, float], None]
"""Called with (what a run is doing, finished part of its work 0..1)."""
NOTE_SECONDS = 0.5
"""Seconds between two notes of a run's progress."""


@dataclass(frozen=True)
class Order:
    """One run for a worker, on this machine or on another that sees the same folders."""

    trial: Trial
    run: Path
    """Folder of the run."""
    cache: Path
    """Folder of decoded pictures."""
    note: Path
    """JSON file into which the worker writes its progress, for `clock.Clock`."""
    protocol: str = ""
    """Evaluation protocol; no evaluation if empty."""
    pictures: Path | None = None
    """Folder of the pictures to evaluate on."""
    training: float = 1.0
    """Training's share of the expected time, 0..1; the rest is evaluation."""


def finished(run: Path, protocol: str) -> bool:
    """Whether a run is trained, and evaluated if there is a protocol."""
    return (run / "scores.json").exists() and (not protocol or (run / "evaluation" / "evaluation.json").exists())


def work(order: Order) -> None:
    """Train, or resume training, and evaluate; what is finished is not repeated. Raises TinctError."""
    from ..training.loop import train
    from ..training.machine import Machine

    report = _reporter(order.note)
    if not (order.run / "scores.json").exists():
        resume = (order.run / "config.toml").exists()
        fraction = [0.0]

        def step(progress: float) -> None:
            fraction[0] = order.training * progress
            report("training", fraction[0])

        def tell(what: str, done: int, total: int) -> None:
            if what == "testing" or what.startswith("final"):
                report(what, fraction[0])

        train(order.trial.config, order.run, resume=resume, machine=Machine(), cache=order.cache, progress=tell, on_step=step)
    if not finished(order.run, order.protocol):
        _evaluate(order, report)
    report("finished", 1.0)


def seconds_per_picture(config: TrainConfig, cache: Path, at_least: float = 1.0) -> float:
    """Seconds for training on one picture: the fastest of several steps, without the first.

    Args:
        at_least: seconds to measure for, unless 30 steps are done sooner.
    """
    from ..training.loop import set_up, train_step
    from ..training.machine import Machine
    from ..training.position import Position

    pictures = load_pictures(config.picture_settings(), cache)
    with tempfile.TemporaryDirectory() as folder:
        state = set_up(config, pictures, Machine().fabric(Path(folder)))
        state.module.train()
        batch = pictures.train[: config.stage(1).batch]
        times: list[float] = []
        started = time.perf_counter()
        while len(times) < 3 or (time.perf_counter() - started < at_least and len(times) < 30):
            begun = time.perf_counter()
            state.position = Position()
            train_step(state, batch)
            state.tally.first()  # waits for an accelerator
            times.append(time.perf_counter() - begun)
    return min(times[1:]) / len(batch)  # other programs can only make a step slower


def _evaluate(order: Order, report: Report) -> None:
    """Export the model, and evaluate it as `tinct evaluate` does, on all pictures of the study and without a page."""
    from ..evaluation.config import EvaluationConfig
    from ..evaluation.runner import evaluate
    from ..training.exporting import export

    assert order.pictures is not None
    count = sum(1 for _ in order.pictures.iterdir())
    model = export(order.run, order.run / "model", overwrite=True)
    # The judge of realism has no say in how models are trained, so neither in a study's choice.
    config = EvaluationConfig(
        order.protocol, realism=0, reach=count, hints=count, levin=0, diversity=count, stability=count, shown=0, workers=1
    )

    def tell(what: str, done: int, total: int) -> None:
        if what == "measuring" and total:
            report("evaluating", order.training + (1 - order.training) * done / total)

    report("evaluating", order.training)
    evaluate(model, [str(order.pictures)], order.run / "evaluation", config=config, progress=tell)


def _reporter(path: Path) -> Report:
    last, doing = 0.0, ""

    def report(what: str, fraction: float) -> None:
        nonlocal last, doing
        now = time.monotonic()
        if what == doing and now - last < NOTE_SECONDS:
            return
        last, doing = now, what
        write_whole(path, json.dumps({"what": what, "done": fraction}))

    return report
