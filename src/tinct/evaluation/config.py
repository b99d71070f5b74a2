"""What an evaluation measures, and on how many pictures."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ..errors import ConfigError
from .protocol import find_protocol

__all__ = ["EvaluationConfig"]


@dataclass(frozen=True)
class EvaluationConfig:
    """Settings of `evaluate`; `tinct._util.settings.override` changes them by ``key=value`` texts, as it does a training recipe's.

    `realism`, `reach`, `hints`, `levin`, `diversity` and `stability` say on how many pictures of each set a costly measurement is made: a random subset,
    the same one every time; 0 skips the measurement.
    """

    protocol: str = "tinct-256"
    """A key of `protocol.PROTOCOLS`."""
    precision: str = "auto"
    """Of the measured model, as `Colorizer` takes it."""
    pictures: int = 0
    """At most this many files of each set, a random subset; 0 for all."""
    realism: int = 300
    """Pictures whose automatic results are compared with the real ones by the judge, and by their edges."""
    reach: int = 200
    """Pictures colored with one hint of a wrong color; those without an object of a suitable size are skipped."""
    hints: int = 200
    """Pictures colored with growing numbers of hints."""
    levin: int = 100
    """Pictures colored from the same hints by the method of Levin et al. (2004)."""
    diversity: int = 100
    """Pictures of which several variants are drawn."""
    stability: int = 50
    """Pictures colored at several working sizes, and mirrored."""
    shown: int = 8
    """Random pictures of each set that are kept for the page, beside the best, the median and the worst; 0 keeps none at all."""
    workers: int = 0
    """Processes; 0 for as many as there are cores."""

    def __post_init__(self) -> None:
        find_protocol(self.protocol)
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int) and value < 0:
                raise ConfigError(f"{field.name} can't be negative, as {value} is.")
