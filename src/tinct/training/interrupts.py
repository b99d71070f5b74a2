"""SIGINT (Ctrl-C) and SIGTERM, noted at once and acted upon between two steps."""

from __future__ import annotations

import signal
import threading
from typing import Any

__all__ = ["Stop"]


class Stop:
    """While entered, SIGINT and SIGTERM only set the flag `asked`, which the loop checks between steps; a SIGINT after that raises
    KeyboardInterrupt at once.

    A second SIGTERM doesn't: process managers may send it twice, and every process has a checkpoint to write. A signal that this
    process ignores stays ignored.
    """

    def __init__(self) -> None:
        self.asked = False
        self.previous: dict[int, Any] = {}

    def __enter__(self) -> Stop:
        if threading.current_thread() is threading.main_thread():  # Python allows signal handlers in the main thread alone
            handled = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) is not signal.SIG_IGN]
            self.previous = {number: signal.signal(number, self.ask) for number in handled}
        return self

    def ask(self, number: int, frame: object) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = True

    def __exit__(self, *error: object) -> None:
        for number, handler in self.previous.items():
            signal.signal(number, handler)
