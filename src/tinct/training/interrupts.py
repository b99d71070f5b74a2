"""Ctrl-C, heard at once and heeded between two steps."""

from __future__ import annotations

import signal
import threading
from typing import Any

__all__ = ["Stop"]


class Stop:
    """While entered, Ctrl-C and SIGTERM only raise a flag, which the loop heeds between steps; one more Ctrl-C breaks in at once.

    One more SIGTERM doesn't: whoever ends several processes may send it twice, and each has a checkpoint to write. A signal that this
    process was told to ignore stays ignored.
    """

    def __init__(self) -> None:
        self.asked = False
        self.previous: dict[int, Any] = {}

    def __enter__(self) -> Stop:
        if threading.current_thread() is threading.main_thread():  # elsewhere signals are someone else's business
            heard = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) is not signal.SIG_IGN]
            self.previous = {number: signal.signal(number, self.ask) for number in heard}
        return self

    def ask(self, number: int, frame: object) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = True

    def __exit__(self, *error: object) -> None:
        for number, handler in self.previous.items():
            signal.signal(number, handler)
