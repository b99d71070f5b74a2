"""What one worker does: try how fast a network trains, or train it to the end and measure it."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .._util.files import write_whole
from ..data.cache import load_pictures
from ..training.loop import train
from ..training.machine import Machine
from ..training.recipe import TrainConfig
from ..training.task import Place
from .grid import Trial

__all__ = ["Order", "finished", "seconds_per_picture", "work"]

Heard = Callable[[str, float], None]
"""Called with what a run is doing, and how much of its work is over, 0..1."""
EVERY = 0.5
"""Seconds between two notes of how far a run is."""


@dataclass(frozen=True)
class Order:
    """One run for a worker, on this machine or on another that sees the same folders."""

    trial: Trial
    run: Path
    cache: Path
    note: Path
    """The worker writes here how far it is, for whoever waits."""
    protocol: str = ""
    pictures: Path | None = None
    """Folder of the pictures to evaluate on under `protocol`."""
    training: float = 1.0
    """Which part of the work training is, the rest being the evaluation."""


def finished(run: Path, protocol: str) -> bool:
    """Whether a run needs nothing more."""
    return (run / "scores.json").exists() and (not protocol or (run / "evaluation" / "evaluation.json").exists())


def work(order: Order) -> None:
    """Do what of the run is left to do. Raises TinctError."""
    heard = _notes(order.note)
    if not (order.run / "scores.json").exists():
        resume = (order.run / "config.toml").exists()
        fraction = [0.0]

        def step(progress: float) -> None:
            fraction[0] = order.training * progress
            heard("training", fraction[0])

        def tell(what: str, done: int, total: int) -> None:
            if what == "testing" or what.startswith("final"):
                heard(what, fraction[0])

        train(order.trial.config, order.run, resume=resume, machine=Machine(), cache=order.cache, progress=tell, on_step=step)
    if not finished(order.run, order.protocol):
        _evaluate(order, heard)
    heard("finished", 1.0)


def seconds_per_picture(config: TrainConfig, cache: Path, at_least: float = 1.0) -> float:
    """How long a picture takes to train on: of some steps, the fastest, after a first one that isn't counted."""

    from ..training.loop import make_task
    from ..training.optimization import Updates, build_optimizer
    from ..training.task import build

    pictures = load_pictures(config, cache)
    with tempfile.TemporaryDirectory() as folder:
        fabric = Machine().fabric(Path(folder))
        task, network = make_task(config, pictures, fabric), build(config)
        module, optimizer = fabric.setup(task.module(network), build_optimizer(config, network, fabric))
        updates = Updates(config, fabric, module, network, optimizer)
        module.train()
        batch = pictures.train[: config.stage(1).batch]
        times: list[float] = []
        started = time.perf_counter()
        while len(times) < 3 or (time.perf_counter() - started < at_least and len(times) < 30):
            begun = time.perf_counter()
            steps = len(times)
            measures = task.losses(module, task.train_batch(batch, Place(0, steps, steps, 0.0, 0, 1)), steps)
            updates.step(measures[0], steps, 0.0)
            float(measures[0].detach())  # an accelerator has to be waited for
            times.append(time.perf_counter() - begun)
    return min(times[1:]) / len(batch)  # what else the machine does can only make it longer


def _evaluate(order: Order, heard: Heard) -> None:
    """Under the protocol, as `tinct evaluate` does with the exported model."""
    from ..evaluation.runner import evaluate
    from ..training.exporting import export

    assert order.pictures is not None
    count = sum(1 for _ in order.pictures.iterdir())
    model = export(order.run, order.run / "model", overwrite=True)
    subsets = {"hints": count, "levin": 0, "diversity": count, "stability": count}

    def tell(what: str, done: int, total: int) -> None:
        if what == "measuring" and total:
            heard("evaluating", order.training + (1 - order.training) * done / total)

    heard("evaluating", order.training)
    evaluate(
        model, [str(order.pictures)], order.run / "evaluation", protocol=order.protocol, subsets=subsets, workers=1, progress=tell
    )


def _notes(path: Path) -> Heard:
    last, doing = 0.0, ""

    def heard(what: str, fraction: float) -> None:
        nonlocal last, doing
        now = time.monotonic()
        if what == doing and now - last < EVERY:
            return
        last, doing = now, what
        write_whole(path, json.dumps({"what": what, "done": fraction}))

    return heard
