"""Ctrl-C, heard at once and heeded between two steps."""

from __future__ import annotations

import signal
import threading
from typing import Any

__all__ = ["Stop"]


class Stop:
    """While entered, Ctrl-C and SIGTERM only raise a flag, which the loop heeds between steps; a second one breaks in at once."""

    def __init__(self) -> None:
        self.asked = False
        self.previous: dict[int, Any] = {}

    def __enter__(self) -> Stop:
        if threading.current_thread() is threading.main_thread():  # elsewhere signals are someone else's business
            self.previous = {number: signal.signal(number, self.ask) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def ask(self, number: int, frame: object) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def __exit__(self, *error: object) -> None:
        for number, handler in self.previous.items():
            signal.signal(number, handler)
