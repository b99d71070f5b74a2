"""Standard input and output: pictures, and tables."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["read_stdin", "refuse_terminal", "table_console", "write_stdout"]

FILE_WIDTH = 200
"""Columns of tables where standard output is no terminal."""


def read_stdin() -> bytes:
    """All bytes of standard input. Raises BadParameter if that is a terminal."""
    if sys.stdin.isatty():
        raise typer.BadParameter("standard input is a terminal; pipe a picture into tinct", param_hint="'-'")
    return sys.stdin.buffer.read()


def refuse_terminal() -> None:
    """Raises BadParameter if standard output is a terminal, which can't show the bytes of a picture."""
    if sys.stdout.isatty():
        raise typer.BadParameter("standard output is a terminal; pipe it into a file or a program", param_hint="'-o'")


def write_stdout(data: bytes) -> None:
    """Write bytes to standard output. If nobody reads them any more, exit with code 1 and without a message, as filters do."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # otherwise Python's own flush at exit would fail with a message
        raise typer.Exit(1) from None


def table_console() -> Console:
    """A console for tables, as wide as the terminal, or `FILE_WIDTH` columns."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else FILE_WIDTH)
