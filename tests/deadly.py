"""Jobs that kill the process that works on them, also on another machine: the field that `color_file` looks at first does it."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Deadly"]


@dataclass(frozen=True)
class Deadly:
    """Stands for `storage.Places`; kills its process `times` times, which it counts in a file."""

    counter: Path
    times: int

    @property
    def pairs(self) -> tuple[()]:
        before = self.counter.stat().st_size if self.counter.exists() else 0
        if before < self.times:
            with self.counter.open("ab") as file:
                file.write(b"x")
            os.kill(os.getpid(), signal.SIGKILL)
        return ()
