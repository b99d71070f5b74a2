"""Time and memory for coloring a picture, measured in a process of its own: ``python -m tinct.evaluation.cost MODEL FILE.npy PRECISION``."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import TinctError

__all__ = ["measure_cost"]


def measure_cost(model: str, grays: npt.NDArray[np.uint8], precision: str = "auto") -> dict[str, Any]:
    """Median seconds for a picture on one processor thread, seconds to load the model, and peak memory of the whole process in MB.

    Args:
        model: as `Colorizer` takes it.
        grays: (N, H, W) uint8 pictures, colored one after the other; the first one isn't counted.
        precision: as `Colorizer` takes it.

    Raises:
        TinctError: the process failed; the message has the last line of its error output.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "grays.npy"
        np.save(file, grays)
        command = [sys.executable, "-m", "tinct.evaluation.cost", model, str(file), precision]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise TinctError(f"The cost of {model} can't be measured: {(ended.stderr.strip().splitlines() or ['no details'])[-1]}")
    costs: dict[str, Any] = json.loads(ended.stdout)
    return costs


def peak_memory() -> float | None:
    """Peak resident memory of this process in MB; None where the system doesn't report it."""
    try:  # on Linux getrusage() begins with the parent process's peak
        lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        pass
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _main(model: str, file: str, precision: str) -> None:
    start = time.perf_counter()
    from ..coloring.colorizer import Colorizer

    colorizer = Colorizer(model, threads=1, precision=precision)
    loaded = time.perf_counter() - start
    seconds = []
    for gray in np.load(file):
        start = time.perf_counter()
        colorizer.canvas(gray).colorize().to_numpy()
        seconds.append(time.perf_counter() - start)
    memory = peak_memory()
    costs = {
        "seconds": round(statistics.median(seconds[1:] or seconds), 4),
        "load_seconds": round(loaded, 3),
        "peak_mb": memory and round(memory, 1),
        "pictures": len(seconds),
        "threads": 1,
    }
    sys.stdout.write(json.dumps(costs))


if __name__ == "__main__":
    _main(*sys.argv[1:])
