"""Progress of a study on the terminal: one bar for all of it, and one for each run at work."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from .clock import Status, Tell

__all__ = ["duration", "watching"]


@contextmanager
def watching() -> Iterator[Tell]:
    """Yield the callback for `run_study`: progress bars on standard error if that is a terminal, else a line for every finished run."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  {task.fields[left]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
        redirect_stdout=sys.stdout.isatty(),
    )
    whole = bar.add_task("starting", total=None, left="")
    rows: dict[str, TaskID] = {}
    printed = -1

    def tell(status: Status) -> None:
        nonlocal printed
        if status.doing != "training":
            total = status.total or None
            bar.update(whole, description=status.doing, completed=status.done, total=total, left=f"{status.done:,} done")
            return
        text = f"{status.done} of {status.total} runs"
        bar.update(whole, description=text, completed=status.fraction, total=1.0, left=_left(status.seconds_left))
        for name in set(rows) - set(status.running):
            bar.remove_task(rows.pop(name))
        for name, (what, share, seconds) in status.running.items():
            if name not in rows:
                rows[name] = bar.add_task(name, total=1.0, left="")
            bar.update(rows[name], description=f"  {name}, {what}", completed=share, left=_left(seconds))
        if not console.is_terminal and status.done != printed:
            printed = status.done
            console.print(f"{text}, {_left(status.seconds_left)}", soft_wrap=True, highlight=False)

    with bar:
        yield tell


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f"{duration(seconds)} left"


def duration(seconds: float) -> str:
    """``"2 h 05 min"``, ``"12 min"``, ``"40 s"``: rounded as an estimate is."""
    if seconds < 90:
        return f"{max(1, round(seconds / 5) * 5)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
