"""Progress bars on standard error, and Ctrl-C as one line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, TypeAlias

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["INTERRUPTED", "PARTLY_FAILED", "Tell", "late_progress_bar", "progress_bar", "stopping"]

Tell: TypeAlias = "Callable[[str, float, float], None]"
"""Moves a progress bar: description, done, total."""

PARTLY_FAILED = 3
"""Exit code of a batch in which some parts failed."""
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 + SIGINT."""


@contextmanager
def stopping(state: str) -> Iterator[None]:
    """Turn Ctrl-C into one line and exit code 130.

    Args:
        state: what is left behind, or how to continue; completes the sentence "stopped; …".
    """
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"\ntinct: stopped; {state}.", err=True)
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def progress_bar(*, shown: bool = True, time_left: bool = True) -> Iterator[tuple[Progress, Tell]]:
    """A progress bar on standard error, hidden where that is no terminal, or not `shown`.

    Args:
        shown: whether it is there at all.
        time_left: whether it estimates the time left, by the speed so far.

    Yields:
        The bar, and a callback (description, done, total) that moves it; a total of 0 is unknown.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), *([TimeRemainingColumn()] if time_left else [])]
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not (shown and console.is_terminal), redirect_stdout=sys.stdout.isatty()
    ) as bar:
        task = bar.add_task("starting", total=None)

        def tell(what: str, done: float, total: float) -> None:
            if bar.tasks[0].completed > done:  # another stage begins
                bar.reset(task)
            bar.update(task, description=what, completed=done, total=total or None)

        yield bar, tell


@contextmanager
def late_progress_bar() -> Iterator[Tell]:
    """A progress bar that appears with the first progress: a small photograph is colored before rich would be imported.

    Yields:
        The callback of `progress_bar`.
    """
    with ExitStack() as shown:
        move: Tell | None = None

        def tell(what: str, done: float, total: float) -> None:
            nonlocal move
            if move is None and done:
                _, move = shown.enter_context(progress_bar())
            if move is not None:
                move(what, done, total)

        yield tell
