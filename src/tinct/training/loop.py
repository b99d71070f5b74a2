"""The training loop: one readable loop on Lightning Fabric, that can be killed at any moment and goes on as if it hadn't been.

Nothing in it depends on a random state: the order of an epoch and the noise of a step follow from the seed and their numbers. So a
checkpoint needs the weights, the optimizer, the place in the epoch and the sums so far.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from lightning_fabric import Fabric
from torch import Tensor

from .._files import write_whole
from ..errors import ConfigError
from . import task
from .config import TrainConfig, network_config
from .data import Pictures, Progress, batch_arrays, load_pictures
from .final import write_samples, write_scores
from .folder import CHECKPOINT, begin_run, finished_rows, load_checkpoint, new_folder
from .machine import Machine
from .stop import Stop

__all__ = ["train"]


@dataclass
class _State:
    """What a checkpoint holds beside weights and optimizer."""

    epoch: int = 0
    """Epochs that are finished."""
    step: int = 0
    """Steps taken in the epoch under way."""
    seconds: float = 0.0
    """Spent in the epoch under way."""
    sums: Tensor = field(default_factory=lambda: torch.zeros(len(task.MEASURES) + 1, dtype=torch.float64))
    """Sums of `task.MEASURES` over the pictures of the epoch under way, and their count."""


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

    With several devices every one of them has a process of its own; callbacks are called in the first only, which
    `is_first_process` tells.

    Raises:
        ConfigError: `run` holds a run already, or nothing to resume, or it began with other pictures.
        DataError: too few pictures.
        DeviceError: the accelerator isn't there.
        KeyboardInterrupt: after a checkpoint was written.
    """
    machine = machine or Machine()
    last = run / CHECKPOINT
    if resume != (run / "config.toml").exists():
        cure = "Leave out --resume." if resume else "Go on with --resume, or name another folder with --run."
        raise ConfigError(f"{run} holds {'no run to resume' if resume else 'a run already'}. {cure}")
    fabric = machine.fabric(run)
    fabric.launch()
    if config.batch % fabric.world_size:
        raise ConfigError(f"batch = {config.batch} can't be shared evenly by {fabric.world_size} devices; set a multiple of it.")

    first = fabric.global_rank == 0
    tell: Progress = progress if progress and first else lambda what, done, total: None
    with new_folder(run), fabric.rank_zero_first():  # one process decodes the pictures, the others find them decoded
        pictures = load_pictures(config, cache or run / "cache", tell)
    loop = _Loop(config, pictures, fabric, run, machine.checkpoint_seconds, tell)
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


class _Loop:
    """Weights, optimizer and place of one run."""

    def __init__(self, config: TrainConfig, pictures: Pictures, fabric: Fabric, run: Path, every: float, tell: Progress) -> None:
        self.config, self.pictures, self.fabric, self.run, self.every, self.tell = config, pictures, fabric, run, every, tell
        self.preparation = task.preparation(config)
        network = task.build(config)
        optimizer = torch.optim.Adam(network.parameters(), lr=config.lr)
        self.network, self.optimizer = fabric.setup(network, optimizer)
        self.state = _State()
        self.stop = Stop()
        self.saved = time.monotonic()

    # ---- steps ----

    def batches(self, indices: npt.NDArray[np.int64], *, whole: bool) -> list[npt.NDArray[np.int64]]:
        """This device's share of each batch; `whole` leaves out a last one that can't be shared evenly."""
        size, world, rank = self.config.batch, self.fabric.world_size, self.fabric.global_rank
        starts = range(0, len(indices), size)
        batches = [indices[start : start + size] for start in starts]
        if whole and world > 1 and len(batches) > 1 and len(batches[-1]) < size:
            batches.pop()
        return [batch[rank * len(batch) // world : (rank + 1) * len(batch) // world] for batch in batches]

    def tensors(self, indices: npt.NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """(B, 1, H, W) gray and (B, 3, H, W) color of these pictures, on the device."""
        gray, rgb = (torch.from_numpy(array) for array in batch_arrays(self.pictures, indices, self.preparation))
        gray, rgb = gray.to(memory_format=torch.channels_last), rgb.to(memory_format=torch.channels_last)
        return self.fabric.to_device(gray), self.fabric.to_device(rgb)

    def noise(self, count: int, *where: int | str) -> Tensor:
        """This device's rows of the step's noise."""
        rank, world = self.fabric.global_rank, self.fabric.world_size
        rows = task.noise(self.config, count * world, *where)
        return self.fabric.to_device(rows[rank * count : (rank + 1) * count])

    def step(self, indices: npt.NDArray[np.int64]) -> Tensor:
        """One step of the optimizer; returns the (3,) measures of this device's share."""
        gray, rgb = self.tensors(indices)
        measures = task.losses(
            self.config, self.network, gray, rgb, self.noise(len(gray), "train", self.state.epoch, self.state.step)
        )
        self.optimizer.zero_grad()
        self.fabric.backward(measures[0])
        self.optimizer.step()
        return measures.detach()

    def run_epochs(self, on_epoch: Callable[[dict[str, Any]], None]) -> None:
        while self.state.epoch < self.config.epochs:
            self.train_epoch()
            on_epoch(self.end_epoch())
        if self.fabric.global_rank == 0:
            write_scores(self.run, self.config, self.pictures, self.predict, self.tell)
            write_samples(self.run, self.pictures, self.predict)

    def predict(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """(B, H, W, 3) RGB in 0..1 of these pictures, from the mean code where there is one."""
        latent = getattr(network_config(self.config), "latent", 0)
        with torch.no_grad(), self.fabric.autocast():
            rgb = task.predict(self.network.module.eval(), self.tensors(indices)[0], latent)
        picture: npt.NDArray[np.float32] = rgb.cpu().numpy()
        return np.moveaxis(picture, 1, -1)

    def heed(self) -> None:
        """Between two steps: save when it is time, and end when the user asks; all devices decide together."""
        wishes = torch.tensor([self.stop.asked, time.monotonic() - self.saved > self.every], dtype=torch.float32)
        stop, save = self.summed(wishes).tolist()
        if stop or save:
            self.save()
        if stop:
            raise KeyboardInterrupt

    def train_epoch(self) -> None:
        """The rest of the epoch under way."""
        order = np.random.default_rng((self.config.seed, self.state.epoch)).permutation(self.pictures.train)
        batches = self.batches(order, whole=True)
        what = text = f"epoch {self.state.epoch + 1} of {self.config.epochs}"
        self.network.train()
        sums = self.fabric.to_device(self.state.sums)
        started = time.monotonic() - self.state.seconds
        while self.state.step < len(batches):
            indices = batches[self.state.step]
            measures = self.step(indices)
            sums += torch.cat([measures.double() * len(indices), measures.new_full((1,), len(indices)).double()])
            self.state.step += 1
            self.state.sums, self.state.seconds = sums, time.monotonic() - started
            if self.state.step % 10 == 0:
                text = f"{what}, {self.config.loss} {sums[0] / sums[-1]:.5f}"
            self.tell(text, self.state.step, len(batches))
            self.heed()

    @torch.no_grad()
    def test(self) -> dict[str, float]:
        """The measures on the test pictures, with the same loss and weights as in training."""
        self.network.eval()
        sums = self.fabric.to_device(torch.zeros(len(task.MEASURES) + 1, dtype=torch.float64))
        batches = self.batches(self.pictures.test, whole=False)
        for number, indices in enumerate(batches):
            self.tell("testing", number, len(batches))
            if len(indices):
                gray, rgb = self.tensors(indices)
                measures = task.losses(self.config, self.network, gray, rgb, self.noise(len(gray), "test", number))
                sums += torch.cat([measures.double() * len(indices), measures.new_full((1,), len(indices)).double()])
        return self.mean(sums)

    def summed(self, values: Tensor) -> Tensor:
        """The values added up over all devices."""
        if self.fabric.world_size == 1:
            return values
        return cast("Tensor", self.fabric.all_reduce(self.fabric.to_device(values.clone()), reduce_op="sum"))

    def mean(self, sums: Tensor) -> dict[str, float]:
        """Measure -> its mean over the pictures of all devices."""
        total = self.summed(sums).tolist()
        return {name: value / total[-1] for name, value in zip(task.MEASURES, total[:-1], strict=True)}

    def end_epoch(self) -> dict[str, Any]:
        """Write the row of the epoch that is over, and a checkpoint at the start of the next."""
        row: dict[str, Any] = {
            "epoch": self.state.epoch + 1,
            "step": (self.state.epoch + 1) * self.state.step,
            "train": self.mean(self.state.sums),
            "test": self.test(),
            "lr": self.config.lr,
            "seconds": round(self.state.seconds, 3),
            "pictures_per_second": round(len(self.pictures.train) / max(self.state.seconds, 1e-9), 2),
        }
        flat = {f"{side}/{name}": row[side][name] for side in ("train", "test") for name in task.MEASURES}
        self.fabric.log_dict(flat, step=row["step"])
        if self.fabric.global_rank == 0:
            path = self.run / "metrics.jsonl"
            write_whole(path, "".join(f"{line}\n" for line in [*finished_rows(path, self.state.epoch), json.dumps(row)]))
        self.state = _State(epoch=self.state.epoch + 1)
        self.save()
        return row

    # ---- checkpoints ----

    def save(self) -> None:
        """Write the checkpoint, whole, in place of the one before."""
        state = {
            "architecture": self.config.model,
            "config": self.config.to_dict(),
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": self.state.epoch,
            "step": self.state.step,
            "seconds": self.state.seconds,
            "sums": self.summed(self.state.sums).cpu(),
        }
        if self.fabric.global_rank == 0:
            file = io.BytesIO()
            torch.save(state, file)
            write_whole(self.run / CHECKPOINT, file.getbuffer())
        self.saved = time.monotonic()

    def restore(self, checkpoint: dict[str, Any]) -> None:
        self.network.load_state_dict(checkpoint["network"])
        self.optimizer.load_state_dict(checkpoint["optimizer"])
        sums = checkpoint["sums"] if self.fabric.global_rank == 0 else torch.zeros_like(checkpoint["sums"])
        self.state = _State(checkpoint["epoch"], checkpoint["step"], checkpoint["seconds"], sums)
