"""The training loop: one readable loop on Lightning Fabric, that can be killed at any moment and goes on as if it hadn't been.

Nothing in it depends on a random state: the order of a pass over the pictures and all that is random in a step follow from the seed
and their numbers. So a checkpoint needs the weights, the optimizer, the place in the run and the sums so far.

An epoch ends with a test and a row of ``metrics.jsonl``. It is one pass over the training pictures; in a run that has `minutes` or
`seen`, it is one of `epochs` equal parts of that, and passes go on across them.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from .._util.files import write_whole
from ..data.cache import Pictures, Progress, load_pictures
from ..errors import ConfigError
from .classic import Classic
from .flagship import Flagship
from .initial_weights import initial_weights
from .interrupts import Stop
from .machine import Machine
from .optimization import Updates, build_optimizer
from .position import Position
from .recipe import FLAGSHIP, TrainConfig
from .run_folder import CHECKPOINT, begin_run, finished_rows, load_checkpoint, new_folder
from .scores import write_samples, write_scores
from .tally import Tally, summed
from .task import Indices, Place, Task, build

__all__ = ["make_task", "train"]


def train(
    config: TrainConfig,
    run: Path,
    *,
    resume: bool = False,
    machine: Machine | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
    on_pictures: Callable[[Pictures], None] | None = None,
    on_epoch: Callable[[dict[str, Any]], None] | None = None,
    on_step: Callable[[float], None] | None = None,
) -> Path:
    """Train into the folder `run`, and return it.

    Args:
        config: what to train; with `resume`, as `resume_config` gives it.
        resume: go on from the run's last checkpoint.
        machine: where; the defaults take what there is.
        cache: folder for decoded pictures; ``run/cache`` unless given.
        progress: called often with (what is going on, how far, of how much).
        on_pictures: called once, with the pictures that were found, and how many were left out and why.
        on_epoch: called with every row of ``metrics.jsonl``.
        on_step: called after every step with how much of the run is over, 0..1.

    With several devices every one of them has a process of its own; callbacks are called in the first only, which
    `is_first_process` tells.

    Raises:
        ConfigError: `run` holds a run already, or nothing to resume, or it began with other pictures; the weights to start from
            don't fit; training diverges.
        DataError: too few pictures.
        DeviceError: the accelerator isn't there.
        WeightsError: the weights to start from are damaged.
        KeyboardInterrupt: after a checkpoint was written.
    """
    machine = machine or Machine()
    last = run / CHECKPOINT
    if resume != (run / "config.toml").exists():
        cure = "Leave out --resume." if resume else "Go on with --resume, or name another folder with --run."
        raise ConfigError(f"{run} holds {'no run to resume' if resume else 'a run already'}. {cure}")
    fabric = machine.fabric(run)
    fabric.launch()
    for batch in {config.batch, *(stage.batch for stage in config.stages)}:
        if batch % fabric.world_size:
            raise ConfigError(f"batch = {batch} can't be shared evenly by {fabric.world_size} devices; set a multiple of it.")

    first = fabric.global_rank == 0
    tell: Progress = progress if progress and first else lambda what, done, total: None
    with new_folder(run), fabric.rank_zero_first():  # one process decodes the pictures, the others find them decoded
        weights = {} if resume and last.exists() else initial_weights(config)
        pictures = load_pictures(config, cache or run / "cache", tell)
    loop = _Loop(config, pictures, fabric, run, machine, tell, weights)
    loop.on_step = on_step or loop.on_step
    if first:
        begin_run(run, config, pictures, fabric, loop.network)
        (on_pictures or (lambda pictures: None))(pictures)
    if resume and last.exists():
        loop.restore(load_checkpoint(last, config))
    try:
        with loop.stop:
            loop.run_epochs(on_epoch if on_epoch and first else lambda row: None)
    except OSError as error:
        raise ConfigError(f"{run}: {error.strerror or error}. Make room, and go on with --resume.") from error
    return run


def make_task(config: TrainConfig, pictures: Pictures, fabric: Fabric) -> Task:
    """The steps of this recipe's kind of network."""
    return (Flagship if config.model == FLAGSHIP else Classic)(config, pictures, fabric)


class _Loop:
    """Weights, optimizer and place of one run."""

    def __init__(
        self,
        config: TrainConfig,
        pictures: Pictures,
        fabric: Fabric,
        run: Path,
        machine: Machine,
        tell: Progress,
        weights: dict[str, Tensor] | None = None,
    ) -> None:
        self.config, self.pictures, self.fabric, self.run, self.tell = config, pictures, fabric, run, tell
        self.every = machine.checkpoint_seconds
        self.task = make_task(config, pictures, fabric)
        self.network = build(config)
        self.network.load_state_dict(self.network.state_dict() | (weights or {}))
        module = self.task.module(self.network)
        optimizer = build_optimizer(config, self.network, fabric)
        if machine.compiles(fabric.device):
            module = cast("nn.Module", torch.compile(module))
        self.module, self.optimizer = fabric.setup(module, optimizer)
        self.updates = Updates(config, fabric, self.module, self.network, self.optimizer)
        self.final = self.updates.average.network if self.updates.average else self.network
        """The weights that are tested and exported."""
        self.tally = Tally(self.task.measures, fabric)
        """Of the epoch under way."""
        self.position = Position()
        self.stop = Stop()
        self.on_step: Callable[[float], None] = lambda progress: None
        self.saved = self.clock = time.monotonic()

    @property
    def progress(self) -> float:
        """How much of the run is over, 0..1."""
        return self.position.progress(self.config, len(self.pictures.train))

    def here(self) -> Place:
        at, fabric = self.position, self.fabric
        return Place(at.epoch, at.step, at.steps, self.progress, fabric.global_rank, fabric.world_size)

    # ---- steps ----

    def share(self, batch: Indices) -> Indices:
        """This device's part of a batch."""
        rank, world = self.fabric.global_rank, self.fabric.world_size
        return batch[rank * len(batch) // world : (rank + 1) * len(batch) // world]

    def train_epoch(self) -> None:
        """The rest of the epoch under way."""
        self.module.train()
        at, train, order, of_pass, text = self.position, self.pictures.train, self.pictures.train, -1, ""
        whole = self.task.whole_batches or self.fabric.world_size > 1
        started = time.monotonic() - at.seconds
        while not at.epoch_over(self.config, self.progress):
            here = self.here()
            size = self.config.stage(here.progress).batch
            if not at.batches_left(len(train), size, whole=whole):
                at.next_pass()
                continue
            if at.passes != of_pass:
                of_pass, order = at.passes, np.random.default_rng((self.config.seed, at.passes)).permutation(train)
            if self.config.seen and not whole:
                size = min(size, self.config.seen - at.total)  # the last step takes what is left
            batch = order[at.place : at.place + size]
            self.step(self.share(batch), here)
            at.advance(len(batch))
            at.seconds = time.monotonic() - started
            if at.step % 10 == 1:
                text = f"{self.task.measures[0]} {self.tally.first():.5f}"
            self.tell_step(text, at.batches_left(len(train), size, whole=whole))
            self.on_step(self.progress)
            self.heed()

    def step(self, indices: Indices, here: Place) -> None:
        """One step of the optimizer."""
        measures = self.task.losses(self.module, self.task.train_batch(indices, here), here.steps)
        self.updates.step(measures[0], here.steps, here.progress)
        self.tally.add(measures, len(indices))

    def tell_step(self, text: str, left: int) -> None:
        at = self.position
        if minutes := self.config.minutes:
            spent = min(at.spent, 60 * minutes)
            self.tell(f"{spent / 60:.0f} of {minutes:g} min, {text}", int(spent), int(60 * minutes))
        elif seen := self.config.seen:
            self.tell(f"part {at.epoch + 1} of {self.config.epochs}, {text}", min(at.total, seen), seen)
        else:
            self.tell(f"epoch {at.epoch + 1} of {self.config.epochs}, {text}", at.step, at.step + left)

    def tick(self, *wishes: bool) -> list[bool]:
        """Add the time since the last tick to what is spent, by the first device's clock; and say which wishes any device has."""
        now = time.monotonic()
        spent = self.position.spent + now - self.clock if self.fabric.global_rank == 0 else 0.0
        agreed = summed(self.fabric, torch.tensor([spent, *wishes], dtype=torch.float64)).tolist()
        self.position.spent, self.clock = agreed[0], now
        return [wish > 0 for wish in agreed[1:]]

    def heed(self) -> None:
        """Between two steps: save when it is time, and end when the user asks; all devices decide together."""
        stop, save = self.tick(self.stop.asked, time.monotonic() - self.saved > self.every)
        if stop or save:
            self.save()
        if stop:
            raise KeyboardInterrupt

    def run_epochs(self, on_epoch: Callable[[dict[str, Any]], None]) -> None:
        self.clock = time.monotonic()
        while self.position.epoch < self.config.epochs:
            self.train_epoch()
            on_epoch(self.end_epoch())
        if self.fabric.global_rank == 0:
            with self.fabric.autocast():
                described = self.task.describe(self.final.eval())
            write_scores(self.run, self.config, self.pictures, self.predict, described, self.tell)
            write_samples(self.run, self.pictures, self.predict)

    def predict(self, indices: Indices) -> npt.NDArray[np.float32]:
        """(B, H, W, 3) RGB in 0..1 of these pictures, without chance."""
        with torch.no_grad(), self.fabric.autocast():
            rgb = self.task.predict(self.final.eval(), indices)
        picture: npt.NDArray[np.float32] = rgb.cpu().numpy()
        return np.moveaxis(picture, 1, -1)

    @torch.no_grad()
    def test(self) -> dict[str, float]:
        """The measures on the test pictures, with the same loss as in training."""
        module, precision = self.task.module(self.final).eval(), self.fabric._precision

        def forward(*inputs: Tensor) -> Any:  # as Fabric calls the module in training
            with precision.forward_context():
                return precision.convert_output(module(*precision.convert_input(inputs)))

        tally = Tally(self.task.measures, self.fabric)
        indices, size = self.pictures.measured("test", self.config), self.config.stage(1).batch
        for number, start in enumerate(range(0, len(indices), size)):
            self.tell("testing", start, len(indices))
            if len(part := self.share(indices[start : start + size])):
                measures = self.task.losses(forward, self.task.test_batch(part, number, self.here()), self.position.steps)
                tally.add(measures, len(part))
        return tally.mean()

    def end_epoch(self) -> dict[str, Any]:
        """Write the row of the epoch that is over, and a checkpoint at the start of the next."""
        at, before = self.position, self.position.epoch
        row: dict[str, Any] = {
            "epoch": at.epochs_over(self.config, self.progress),
            "step": at.steps,
            "train": self.tally.mean(),
            "test": self.test(),
            "lr": self.updates.lr,
            "seconds": round(at.seconds, 3),
            "pictures_per_second": round(at.seen / max(at.seconds, 1e-9), 2),
        }
        if self.config.seen:
            row["seen"] = at.total
        self.tick()
        if self.config.minutes:
            row["minutes"] = round(at.spent / 60, 3)
        if self.config.optimizer.clip:
            row["skipped_steps"] = self.updates.skipped
        flat = {f"{side}/{name}": row[side][name] for side in ("train", "test") for name in self.task.measures}
        self.fabric.log_dict(flat, step=row["step"])
        if self.fabric.global_rank == 0:
            path = self.run / "metrics.jsonl"
            write_whole(path, "".join(f"{line}\n" for line in [*finished_rows(path, before), json.dumps(row)]))
        at.next_epoch(row["epoch"])
        self.tally, self.updates.skipped = Tally(self.task.measures, self.fabric), 0
        self.save()
        return row

    # ---- checkpoints ----

    def save(self) -> None:
        """Write the checkpoint, whole, in place of the one before."""
        state = {
            "architecture": self.config.model,
            "config": self.config.to_dict(),
            "network": self.final.state_dict(),
            "learning": self.network.state_dict() if self.final is not self.network else None,
            "optimizer": self.optimizer.state_dict(),
            "sums": self.tally.state(),
            **self.position.to_dict(),
            **self.task.record(),
        }
        if self.fabric.global_rank == 0:
            file = io.BytesIO()
            torch.save(state, file)
            write_whole(self.run / CHECKPOINT, file.getbuffer())
        self.saved = time.monotonic()

    def restore(self, checkpoint: dict[str, Any]) -> None:
        self.position = Position.from_checkpoint(checkpoint)
        self.final.load_state_dict(checkpoint["network"])
        if self.final is not self.network:
            self.network.load_state_dict(checkpoint["learning"])
        self.optimizer.load_state_dict(checkpoint["optimizer"])
        self.tally.restore(checkpoint["sums"])
