"""How far a run has come, and what is next."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from ..errors import ConfigError
from .recipe import TrainConfig

__all__ = ["Position"]


@dataclass
class Position:
    """What a checkpoint holds beside weights, optimizer and sums."""

    epoch: int = 0
    """Epochs that are finished."""
    step: int = 0
    """Steps taken in the epoch under way."""
    seen: int = 0
    """Pictures trained on in the epoch under way."""
    seconds: float = 0.0
    """Spent in training in the epoch under way."""
    steps: int = 0
    """Steps taken in the run."""
    passes: int = 0
    """Passes over the training pictures that are finished."""
    place: int = 0
    """Pictures taken in the pass under way."""
    total: int = 0
    """Pictures trained on in the run."""
    spent: float = 0.0
    """Seconds of the whole run; tests count, breaks don't."""

    def progress(self, config: TrainConfig, pictures: int) -> float:
        """How much of the run is over, 0..1, with so many pictures to train on."""
        if config.minutes:
            return min(1.0, self.spent / (60 * config.minutes))
        if config.seen:
            return min(1.0, self.total / config.seen)
        return min(1.0, (self.passes + min(1.0, self.place / pictures)) / config.epochs)

    def epoch_over(self, config: TrainConfig, progress: float) -> bool:
        """Whether it is time for a test. Every epoch has at least one step."""
        if config.minutes or config.seen:
            return self.step > 0 and progress * config.epochs >= self.epoch + 1
        return self.passes > self.epoch

    def epochs_over(self, config: TrainConfig, progress: float) -> int:
        """The epoch that is over now; where a step or a test took longer than a part of the run, it is more than one."""
        return max(self.epoch + 1, int(progress * config.epochs) if config.minutes or config.seen else 0)

    def batches_left(self, pictures: int, size: int, *, whole: bool) -> int:
        """How many batches of this size the pass under way still has; `whole` leaves out an incomplete last one, if it isn't the only."""
        left = max(0, pictures - self.place)
        return left // size if whole and self.place else -(-left // size)

    def next_pass(self) -> None:
        self.passes, self.place = self.passes + 1, 0

    def advance(self, count: int) -> None:
        """One step with so many pictures is taken."""
        self.step, self.steps, self.place = self.step + 1, self.steps + 1, self.place + count
        self.seen, self.total = self.seen + count, self.total + count

    def next_epoch(self, epoch: int) -> None:
        """So many epochs are finished."""
        self.epoch, self.step, self.seen, self.seconds = epoch, 0, 0, 0.0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_checkpoint(cls, checkpoint: dict[str, Any]) -> Position:
        """Raises ConfigError where the checkpoint doesn't say."""
        try:
            return cls(**{field.name: checkpoint[field.name] for field in fields(cls)})
        except KeyError as error:
            raise ConfigError(
                f"The checkpoint is of an older tinct and doesn't say its {error}. Start another run from its weights with --init."
            ) from error
