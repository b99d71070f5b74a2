"""Progress of a study, and its remaining time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .work import Order

__all__ = ["Clock", "Status", "Tell"]


@dataclass
class Status:
    """Progress of a study, as `run_study` reports it about twice a second."""

    doing: str
    """A step before the runs begin, such as "decoding pictures", or "training"."""
    done: int = 0
    """Number of finished runs; before they begin, of pictures or networks that the step has dealt with."""
    total: int = 0
    """The number that `done` will reach; 0 where it is unknown."""
    fraction: float = 0.0
    """Finished part of all runs, by estimated time, 0..1."""
    seconds_left: float | None = None
    """Estimate for the whole study; None as long as there is none."""
    running: dict[str, tuple[str, float, float | None]] = field(default_factory=dict)
    """Run -> (what it is doing, its finished part 0..1, its seconds left)."""


Tell = Callable[[Status], None]


class Clock:
    """Estimates the remaining time from the time that runs took so far, relative to their expected time.

    Args:
        orders: the runs that are not finished.
        expected: seconds that each run takes alone, by name.
        jobs: number of runs at once.
        ready: expected seconds of the runs that were finished before.
    """

    def __init__(self, orders: list[Order], expected: dict[str, float], jobs: int, ready: float) -> None:
        self.notes = {order.trial.name: order.note for order in orders}
        self.expected, self.jobs, self.ready = expected, max(1, min(jobs, len(orders) or 1)), ready
        self.ended: set[str] = set()
        self.begun = time.monotonic()
        self.first: dict[str, tuple[float, float]] = {}
        """Run -> (time when it was first seen at work, its finished part then, which an earlier call has done)."""

    def over(self, name: str) -> None:
        """Count a run as finished."""
        self.ended.add(name)

    def look(self, status: Status) -> None:
        """Read the notes of the workers, and update the status."""
        now, work_done, work_begun = time.monotonic(), 0.0, 0.0
        shares: dict[str, tuple[str, float]] = {}
        for name, note in self.notes.items():
            if name in self.ended:
                share = 1.0
            else:
                try:
                    told = json.loads(note.read_text("utf-8"))
                except (OSError, ValueError):
                    continue
                share = min(1.0, float(told["done"]))
                shares[name] = (told["what"], share)
            first = self.first.setdefault(name, (now, share if share < 1 else 0.0))
            work_done += share * self.expected[name]
            work_begun += first[1] * self.expected[name]
        total = self.ready + sum(self.expected[name] for name in self.notes)
        fresh = work_done - work_begun
        pace = fresh / (now - self.begun) if fresh > 10 and now > self.begun else None  # expected seconds done in a second
        left = total - self.ready - work_done
        status.fraction = (self.ready + work_done) / total if total else 1.0
        status.seconds_left = left / pace if pace else left / self.jobs
        each = (pace or float(self.jobs)) / self.jobs
        status.running = {
            name: (what, share, (1 - share) * self.expected[name] / each) for name, (what, share) in sorted(shares.items())
        }
