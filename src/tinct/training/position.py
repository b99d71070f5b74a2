"""How far a run has come: the counters of a checkpoint, from which the next batch, its random numbers and its learning rate follow."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from ..errors import ConfigError
from .recipe import TrainConfig

__all__ = ["Position"]


@dataclass
class Position:
    """Counters of a run; the same on every device, and after every resume.

    A pass goes once over all training pictures. An epoch ends with a test: it is a pass, or, in a run with `minutes` or `seen`, one of
    `epochs` equal parts of the run.
    """

    epoch: int = 0
    """Epochs finished."""
    epoch_steps: int = 0
    """Optimizer steps taken in the current epoch."""
    epoch_pictures: int = 0
    """Pictures trained on in the current epoch."""
    epoch_seconds: float = 0.0
    """Seconds spent training in the current epoch."""
    passes: int = 0
    """Passes finished."""
    pass_pictures: int = 0
    """Pictures of the current pass that have been trained on."""
    steps: int = 0
    """Optimizer steps taken in the run."""
    pictures: int = 0
    """Pictures trained on in the run, repeated ones counted again."""
    seconds: float = 0.0
    """Wall-clock seconds of the run, tests included, interruptions not."""

    def progress(self, config: TrainConfig, pictures: int) -> float:
        """The share of the run that is over, 0..1, with this many pictures to train on."""
        if config.minutes:
            return min(1.0, self.seconds / (60 * config.minutes))
        if config.seen:
            return min(1.0, self.pictures / config.seen)
        return min(1.0, (self.passes + min(1.0, self.pass_pictures / pictures)) / config.epochs)

    def epoch_over(self, config: TrainConfig, progress: float) -> bool:
        """Whether it is time for a test. Every epoch has at least one step."""
        if config.minutes or config.seen:
            return self.epoch_steps > 0 and progress * config.epochs >= self.epoch + 1
        return self.passes > self.epoch

    def epochs_over(self, config: TrainConfig, progress: float) -> int:
        """The number of the epoch that has just ended; it grows by more than 1 where a step or a test took longer than an epoch."""
        return max(self.epoch + 1, int(progress * config.epochs) if config.minutes or config.seen else 0)

    def batches_left(self, pictures: int, batch: int, *, drop_last: bool) -> int:
        """Batches left in the current pass; `drop_last` leaves out an incomplete last one, unless it is the pass's only one."""
        left = max(0, pictures - self.pass_pictures)
        return left // batch if drop_last and self.pass_pictures else -(-left // batch)

    def next_pass(self) -> None:
        self.passes, self.pass_pictures = self.passes + 1, 0

    def advance(self, count: int) -> None:
        """Count a step with this many pictures."""
        self.epoch_steps, self.steps = self.epoch_steps + 1, self.steps + 1
        self.epoch_pictures, self.pass_pictures = self.epoch_pictures + count, self.pass_pictures + count
        self.pictures += count

    def next_epoch(self, epoch: int) -> None:
        """Begin the next epoch, with `epoch` of them finished."""
        self.epoch, self.epoch_steps, self.epoch_pictures, self.epoch_seconds = epoch, 0, 0, 0.0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_checkpoint(cls, checkpoint: dict[str, Any]) -> Position:
        """Raises ConfigError where a counter is missing."""
        try:
            return cls(**{field.name: checkpoint[field.name] for field in fields(cls)})
        except KeyError as error:
            raise ConfigError(
                f"The checkpoint is of an older tinct and lacks {error}: its run can't go on, but another can start from its weights.",
                code="old-checkpoint",
            ) from error
