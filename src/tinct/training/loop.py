"""The training loop: set up, then step, test and checkpoint until the run is over, on Lightning Fabric.

A run can be killed at any moment and goes on as if it hadn't been. Nothing in it depends on the state of a random generator: the order of
a pass over the pictures and all random numbers of a step follow from the seed and the position. So a checkpoint needs weights,
optimizer, position and the sums of the current epoch's measures, and nothing else.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from .._util.files import write_whole
from ..data import Pictures, Progress, load_pictures
from ..errors import ConfigError
from ..models import Network
from .classic import Classic
from .flagship import Flagship
from .initial_weights import initial_weights
from .interrupts import Stop
from .machine import Machine
from .optimization import Updates, build_optimizer
from .position import Position
from .processes import copy_buffers, ending_together, in_turn
from .recipe import TrainConfig, network_class
from .run_folder import CHECKPOINT, begin_run, finished_rows, load_checkpoint, new_folder
from .scores import write_samples, write_scores
from .tally import Tally, summed
from .task import Indices, Task, build

__all__ = ["TrainState", "epoch_batches", "make_task", "set_up", "train", "train_step"]

STEPS_BETWEEN_LOSSES = 10
"""Steps between two updates of the loss that is shown: reading it waits for the accelerator."""


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
        machine: where; the defaults choose by what the machine has.
        cache: folder for decoded pictures; ``run/cache`` by default.
        progress: called often with (the step, number of items done, their total number or 0 if unknown).
        on_pictures: called once, with the pictures that were found, and how many were left out and why.
        on_epoch: called with every row of ``metrics.jsonl``.
        on_step: called after every step with the share of the run that is over, 0..1.

    With several devices every one of them has a process of its own; callbacks are called in the first only, which
    `is_first_process` tells.

    Raises:
        ConfigError: `run` holds a run already, or nothing to resume, or it began with other pictures; the initial weights don't fit;
            training diverges; the run folder can't be written.
        DataError: too few pictures.
        DeviceError: the accelerator isn't there, or not as many processes as devices; another process of the run has ended.
        WeightsError: the initial weights are damaged.
        KeyboardInterrupt: interrupted; a checkpoint was written.
    """
    machine, last = machine or Machine(), run / CHECKPOINT
    if resume and not (run / "config.toml").exists():
        raise ConfigError(f"{run} holds no run to resume.", code="no-run-to-resume", path=run)
    if not resume and (run / "config.toml").exists():
        raise ConfigError(f"{run} holds a run already.", code="run-exists", path=run)
    if progress and machine.nodes > 1:
        progress("waiting for the other machines", 0, 0)
    fabric = machine.launch(run)
    first = fabric.global_rank == 0
    tell: Progress = progress if progress and first else lambda what, done, total: None

    def load() -> tuple[Pictures, dict[str, Tensor]]:
        _check_batches(config, fabric.world_size)
        weights = {} if resume and last.exists() else initial_weights(config)
        return load_pictures(config.picture_settings(), cache or run / "cache", tell), weights

    try:
        with new_folder(run):
            pictures, weights = in_turn(fabric, load)
        with ending_together(fabric), Stop() as stop:
            compilation = machine.compilation(fabric.device)
            state = set_up(config, pictures, fabric, weights, compiled=compilation.compiled)
            if first:
                begin_run(run, config, pictures, fabric, state.network, compilation)
                (on_pictures or (lambda pictures: None))(pictures)
            if resume and last.exists():
                restore(state, load_checkpoint(last, config))
            _run_epochs(
                state,
                run,
                stop,
                checkpoint_seconds=machine.checkpoint_seconds,
                tell=tell,
                on_epoch=on_epoch if on_epoch and first else lambda row: None,
                on_step=on_step if on_step and first else lambda progress: None,
            )
            if first:
                _write_results(state, run, tell)
    except OSError as error:
        raise ConfigError(f"{run}: {error.strerror or error}", code="run-write", path=run) from error
    finally:
        for logger in fabric.loggers:  # each TensorBoard writer has a thread
            logger.finalize("finished")
    return run


# ---- set-up ----


def _check_batches(config: TrainConfig, devices: int) -> None:
    """Raises ConfigError where a batch has no equal shares."""
    for batch in sorted({stage.batch for stage in config.all_stages()}):
        if batch % devices:
            raise ConfigError(f"batch = {batch} can't be shared evenly by {devices} devices; set a multiple of it.")


@dataclass
class TrainState:
    """A run in memory, on one device: networks, optimizer and position."""

    config: TrainConfig
    pictures: Pictures
    fabric: Fabric
    task: Task
    network: Network
    """The network that the optimizer trains."""
    final: Network
    """The network that is tested and exported: the exponential moving average of the trained one, or that one itself."""
    module: nn.Module
    """What a training step calls: the task's module around `network`, compiled and set up for the devices."""
    optimizer: Any
    updates: Updates
    tally: Tally
    """Of the current epoch's measures."""
    position: Position

    @property
    def progress(self) -> float:
        """The share of the run that is over, 0..1."""
        return self.position.progress(self.config, len(self.pictures.train))

    def share(self, batch: Indices) -> Indices:
        """This device's part of a batch."""
        rank, world = self.fabric.global_rank, self.fabric.world_size
        return batch[rank * len(batch) // world : (rank + 1) * len(batch) // world]


def make_task(config: TrainConfig, pictures: Pictures, fabric: Fabric) -> Task:
    """How this recipe's kind of network is trained."""
    return (Flagship if network_class(config).has_bins else Classic)(config, pictures, fabric)


def set_up(
    config: TrainConfig, pictures: Pictures, fabric: Fabric, weights: dict[str, Tensor] | None = None, *, compiled: bool = False
) -> TrainState:
    """The state at the beginning of a run, with `weights` laid over the initial ones."""
    task, network = make_task(config, pictures, fabric), build(config)
    network.load_state_dict(network.state_dict() | (weights or {}))
    module = task.module(network)
    optimizer = build_optimizer(config, network, fabric)
    if compiled:
        module = cast("nn.Module", torch.compile(module))
    fabric_module, fabric_optimizer = fabric.setup(module, optimizer)
    updates = Updates(config, fabric, fabric_module, network, fabric_optimizer)
    return TrainState(
        config=config,
        pictures=pictures,
        fabric=fabric,
        task=task,
        network=network,
        final=cast("Network", updates.average.network) if updates.average else network,
        module=fabric_module,
        optimizer=fabric_optimizer,
        updates=updates,
        tally=Tally(task.measures, fabric),
        position=Position(),
    )


# ---- the loop ----


def _run_epochs(
    state: TrainState,
    run: Path,
    stop: Stop,
    *,
    checkpoint_seconds: float,
    tell: Progress,
    on_epoch: Callable[[dict[str, Any]], None],
    on_step: Callable[[float], None],
) -> None:
    """Train and test epoch by epoch until the run is over, with a checkpoint after each and every `checkpoint_seconds`."""
    config, position, clock = state.config, state.position, _Clock(state)
    saved = time.monotonic()
    while position.epoch < config.epochs:
        # Train: the rest of the epoch.
        state.module.train()
        started, text = time.monotonic() - position.epoch_seconds, ""
        for batch in epoch_batches(state):
            train_step(state, batch)
            position.epoch_seconds = time.monotonic() - started
            if position.epoch_steps % STEPS_BETWEEN_LOSSES == 1:
                text = f"{state.task.measures[0]} {state.tally.first():.5f}"
            _tell_step(state, text, tell)
            on_step(state.progress)
            stopping, saving = clock.tick(stop.asked, time.monotonic() - saved > checkpoint_seconds)
            if stopping or saving:
                save_checkpoint(state, run)
                saved = time.monotonic()
            if stopping:
                raise KeyboardInterrupt

        # Test, and write a row of metrics.jsonl and a checkpoint at the start of the next epoch.
        epoch, row = position.epoch, _epoch_row(state, evaluate(state, tell), clock)
        state.fabric.log_dict({f"{s}/{name}": row[s][name] for s in ("train", "test") for name in row[s]}, step=row["step"])
        if state.fabric.global_rank == 0:
            path = run / "metrics.jsonl"
            write_whole(path, "".join(f"{line}\n" for line in [*finished_rows(path, epoch), json.dumps(row)]))
        position.next_epoch(row["epoch"])
        state.tally, state.updates.skipped = Tally(state.task.measures, state.fabric), 0
        save_checkpoint(state, run)
        saved = time.monotonic()
        on_epoch(row)


def epoch_batches(state: TrainState) -> Iterator[Indices]:
    """The batches of the rest of the current epoch, over all devices together; `train_step` advances the position between two."""
    config, position, train = state.config, state.position, state.pictures.train
    order, order_pass = train, -1
    while not position.epoch_over(config, state.progress):
        size = config.stage(state.progress).batch
        if not position.batches_left(len(train), size, drop_last=state.task.drop_last):
            position.next_pass()
            continue
        if position.passes != order_pass:
            order_pass, order = position.passes, np.random.default_rng((config.seed, position.passes)).permutation(train)
        if config.seen and not state.task.drop_last:
            size = min(size, config.seen - position.pictures)  # the last step of the run takes what is left
        yield order[position.pass_pictures : position.pass_pictures + size]


def train_step(state: TrainState, batch: Indices) -> None:
    """One step of the optimizer on this device's share of a batch.

    The gradient is the mean over the devices, so a loss is weighted by its share: the last batch of a pass may have unequal ones. A
    device that is left without a picture takes part with one whose weight is 0.
    """
    position, indices = state.position, state.share(batch)
    pictures = indices if len(indices) else batch[:1]
    measures = state.task.losses(state.module, state.task.train_batch(pictures, position), position.steps)
    state.updates.step(measures[0] * (len(indices) * state.fabric.world_size / len(batch)), position.steps, state.progress)
    state.tally.add(measures, len(indices))
    position.advance(len(batch))


@torch.no_grad()
def evaluate(state: TrainState, tell: Progress) -> dict[str, float]:
    """Measure -> its mean over the test pictures, with the same loss as in training.

    Devices take whole batches in turn, so that each picture is measured once, and in the same batch whatever the number of devices.
    """
    copy_buffers(state.fabric, state.final)
    module, precision = state.task.module(state.final).eval(), state.fabric._precision

    def forward(*inputs: Tensor) -> Any:  # in the run's precision, as Fabric calls the module in training
        with precision.forward_context():
            return precision.convert_output(module(*precision.convert_input(inputs)))

    tally = Tally(state.task.measures, state.fabric)
    indices, size = state.pictures.measured("test", state.config.test_pictures), state.config.stage(1).batch
    for number, start in enumerate(range(0, len(indices), size)):
        tell("testing", start, len(indices))
        if number % state.fabric.world_size == state.fabric.global_rank:
            batch = indices[start : start + size]
            measures = state.task.losses(forward, state.task.test_batch(batch, number), state.position.steps)
            tally.add(measures, len(batch))
    return tally.mean()


def _epoch_row(state: TrainState, test: dict[str, float], clock: _Clock) -> dict[str, Any]:
    """The row of ``metrics.jsonl`` for the epoch that is over."""
    config, position = state.config, state.position
    row: dict[str, Any] = {
        "epoch": position.epochs_over(config, state.progress),
        "step": position.steps,
        "train": state.tally.mean(),
        "test": test,
        "lr": state.updates.lr,
        "seconds": round(position.epoch_seconds, 3),
        "pictures_per_second": round(position.epoch_pictures / max(position.epoch_seconds, 1e-9), 2),
    }
    if config.seen:
        row["seen"] = position.pictures
    clock.tick()
    if config.minutes:
        row["minutes"] = round(position.seconds / 60, 3)
    if config.optimizer.clip:
        row["skipped_steps"] = state.updates.skipped
    return row


def _tell_step(state: TrainState, text: str, tell: Progress) -> None:
    config, position = state.config, state.position
    if minutes := config.minutes:
        seconds = min(position.seconds, 60 * minutes)
        tell(f"{seconds / 60:.0f} of {minutes:g} min, {text}", int(seconds), int(60 * minutes))
    elif config.seen:
        tell(f"part {position.epoch + 1} of {config.epochs}, {text}", min(position.pictures, config.seen), config.seen)
    else:
        size = config.stage(state.progress).batch
        left = position.batches_left(len(state.pictures.train), size, drop_last=state.task.drop_last)
        tell(f"epoch {position.epoch + 1} of {config.epochs}, {text}", position.epoch_steps, position.epoch_steps + left)


class _Clock:
    """Counts `Position.seconds` by the first device's clock, and lets all devices decide alike."""

    def __init__(self, state: TrainState) -> None:
        self.state, self.last = state, time.monotonic()

    def tick(self, *flags: bool) -> list[bool]:
        """Add the time since the last tick; returns which flags are set on any device. Every device must call it."""
        now, fabric, position = time.monotonic(), self.state.fabric, self.state.position
        seconds = position.seconds + now - self.last if fabric.global_rank == 0 else 0.0
        agreed = summed(fabric, torch.tensor([seconds, *flags], dtype=torch.float64)).tolist()
        position.seconds, self.last = agreed[0], now
        return [count > 0 for count in agreed[1:]]


# ---- results and checkpoints ----


def _write_results(state: TrainState, run: Path, tell: Progress) -> None:
    """Write ``scores.json`` and ``samples.npz`` of the final network."""

    def predict(indices: Indices) -> npt.NDArray[np.float32]:
        with torch.no_grad(), state.fabric.autocast():
            rgb = state.task.predict(state.final.eval(), indices)
        pictures: npt.NDArray[np.float32] = rgb.cpu().numpy()
        return np.moveaxis(pictures, 1, -1)

    with state.fabric.autocast():
        described = state.task.describe(state.final.eval())
    write_scores(run, state.config, state.pictures, predict, described, tell)
    write_samples(run, state.pictures, predict)


def save_checkpoint(state: TrainState, run: Path) -> None:
    """Write the checkpoint, whole, in place of the one before. Every device must call it."""
    checkpoint = {
        "architecture": state.config.model,
        "config": state.config.to_dict(),
        "network": state.final.state_dict(),
        "raw_network": state.network.state_dict() if state.final is not state.network else None,
        "optimizer": state.optimizer.state_dict(),
        "measure_sums": state.tally.state(),
        **state.position.to_dict(),
        **state.task.record(),
    }
    if state.fabric.global_rank == 0:
        file = io.BytesIO()
        torch.save(checkpoint, file)
        write_whole(run / CHECKPOINT, file.getbuffer())
    state.fabric.barrier()  # no process ends, and takes the others with it, before the checkpoint is written


def restore(state: TrainState, checkpoint: dict[str, Any]) -> None:
    """Put the run of a checkpoint into a state that was just set up. Raises ConfigError where the checkpoint is of an older version."""
    state.position = Position.from_checkpoint(checkpoint)
    state.final.load_state_dict(checkpoint["network"])
    if state.final is not state.network:
        state.network.load_state_dict(checkpoint["raw_network"])
    state.optimizer.load_state_dict(checkpoint["optimizer"])
    state.tally.restore(checkpoint["measure_sums"])
