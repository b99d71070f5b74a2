"""How far a study is, and how long it still takes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .work import Order

__all__ = ["Clock", "Status", "Tell"]


@dataclass
class Status:
    """How far a study is; `run_study` tells it about twice a second."""

    doing: str
    """What goes on before the runs begin, or "training"."""
    done: int = 0
    """Runs that are finished, or of what goes on before them, the part that is done."""
    total: int = 0
    fraction: float = 0.0
    """How much of all the work is over, 0..1."""
    seconds_left: float | None = None
    """Of the whole study, by what its runs took so far; None as long as nobody knows."""
    running: dict[str, tuple[str, float, float | None]] = field(default_factory=dict)
    """Run -> what it is doing, how much of it is over, 0..1, and its seconds left."""


Tell = Callable[[Status], None]


class Clock:
    """What is left, from what the runs have taken so far beside what they were expected to take."""

    def __init__(self, orders: list[Order], expected: dict[str, float], jobs: int, ready: float) -> None:
        self.notes = {order.trial.name: order.note for order in orders}
        self.expected, self.jobs, self.ready = expected, max(1, min(jobs, len(orders) or 1)), ready
        self.ended: set[str] = set()
        self.begun = time.monotonic()
        self.first: dict[str, tuple[float, float]] = {}
        """Run -> when it was first seen at work in this call, and how much of it was over then."""

    def over(self, name: str) -> None:
        self.ended.add(name)

    def look(self, status: Status) -> None:
        """Bring the status up to date."""
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
        pace = fresh / (now - self.begun) if fresh > 10 and now > self.begun else None  # seconds expected in a real one
        left = total - self.ready - work_done
        status.fraction = (self.ready + work_done) / total if total else 1.0
        status.seconds_left = left / pace if pace else left / self.jobs
        each = (pace or float(self.jobs)) / self.jobs
        status.running = {
            name: (what, share, (1 - share) * self.expected[name] / each) for name, (what, share) in sorted(shares.items())
        }
