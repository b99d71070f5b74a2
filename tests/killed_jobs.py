"""Jobs of a collection that kill the process that runs them; a module of its own, so that workers can import it."""

from __future__ import annotations

import os
import signal

from tinct.collection.ledger import Entry
from tinct.collection.work import Job, Settings, color_file

__all__ = ["sometimes_killed"]


def sometimes_killed(job: Job, settings: Settings) -> Entry:
    """`color_file`, but 7.jpg always kills its process, as if it took too much memory, and 3.jpg once."""
    once = job.outputs[0]["color"].with_name("killed-once")
    if job.input.name == "3.jpg" and not once.exists():
        once.parent.mkdir(exist_ok=True)
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if job.input.name == "7.jpg":
        os.kill(os.getpid(), signal.SIGKILL)
    return color_file(job, settings)
