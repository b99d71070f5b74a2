"""Where a run happens: accelerator, devices and precision to choose, versions and hardware to record."""

from __future__ import annotations

import logging
import os
import platform
import shlex
import sys
import warnings
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import torch
from lightning_fabric import Fabric
from lightning_fabric.loggers.tensorboard import TensorBoardLogger
from lightning_fabric.utilities.rank_zero import rank_zero_only

from .._version import __version__
from ..errors import DeviceError

__all__ = ["Compilation", "Machine", "describe", "is_first_process"]


PROCESS_COUNTS = ("WORLD_SIZE", "SLURM_STEP_NUM_TASKS")
"""Variables in which torchrun and srun tell the number of processes that they have started."""


class Compilation(NamedTuple):
    """Whether torch.compile is used."""

    compiled: bool
    reason: str = ""
    """Why it isn't, where it would be by default."""


@dataclass(frozen=True)
class Machine:
    """Where a run happens; none of it belongs to the recipe."""

    accelerator: str = "auto"
    """cpu, cuda, mps or auto."""
    devices: int | str = 1
    """Number of devices on each machine, their indices ("0,2"), or auto for all. Each has a process of its own; unless torchrun or srun
    has started them, the program runs its own command line (`sys.argv`) again for each further one."""
    nodes: int = 1
    """Number of machines that train together."""
    precision: str = "auto"
    """By Lightning's names: 32-true, bf16-mixed, 16-mixed; auto is bf16-mixed where the processor is fast at it."""
    checkpoint_seconds: float = 60.0
    """Seconds between two checkpoints within an epoch."""
    compile: bool | None = None
    """Whether to use torch.compile, which starts more slowly and trains faster; None uses it on CUDA, if it works there."""

    def compilation(self, device: torch.device) -> Compilation:
        """Whether to compile on this device; warns where that would be the default and doesn't work.

        Raises:
            DeviceError: it was asked for and doesn't work.
        """
        if not (device.type == "cuda" if self.compile is None else self.compile):
            return Compilation(False)
        try:
            torch.compile(torch.sin)(torch.ones(2, device=device))
        except Exception as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            if self.compile:
                raise DeviceError(f"torch.compile doesn't work here: {reason}", code="no-compile") from error
            warnings.warn(f"Training without torch.compile, which doesn't work here: {reason}", RuntimeWarning, stacklevel=2)
            return Compilation(False, reason)
        return Compilation(True)

    def fabric(self, run: Path) -> Fabric:
        """Raises DeviceError where the accelerator isn't there."""
        logging.getLogger("lightning.fabric").setLevel(logging.WARNING)
        logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
        try:
            return Fabric(
                accelerator=self.accelerator,
                devices=self.devices,
                num_nodes=self.nodes,
                precision=_fast_precision(self.accelerator) if self.precision == "auto" else self.precision,  # type: ignore[arg-type]
                loggers=TensorBoardLogger(run, name="tensorboard", version=""),
            )
        except (RuntimeError, ValueError, TypeError) as error:
            raise DeviceError(str(error).splitlines()[0], code="accelerator") from error

    def launch(self, run: Path) -> Fabric:
        """`fabric`, connected with the run's other processes, which it starts unless a launcher (torchrun, srun) has.

        Raises:
            DeviceError: the accelerator isn't there, or the launcher has started more or fewer processes than devices.
        """
        fabric = self.fabric(run)
        devices = len(getattr(fabric.strategy, "parallel_devices", None) or [fabric.device])
        for name in PROCESS_COUNTS:
            if (started := int(os.environ.get(name) or devices * self.nodes)) != devices * self.nodes:
                raise DeviceError(
                    f"{started} processes were started for this run, which is to use {devices * self.nodes} "
                    f"({devices} on each of {self.nodes} machines).",
                    code="processes-started",
                )
        try:
            fabric.launch()
        except (RuntimeError, ValueError) as error:
            raise DeviceError(f"The processes of this run can't connect: {str(error).splitlines()[0]}", code="launch") from error
        return fabric


def _fast_precision(accelerator: str) -> str:
    if torch.cuda.is_available() and accelerator in {"auto", "gpu", "cuda"}:
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "32-true"
    return "bf16-mixed" if torch.cpu.get_capabilities().get("avx512_bf16") else "32-true"


def is_first_process() -> bool:
    """Whether this process is the only one of its run, or the one that reports."""
    return getattr(rank_zero_only, "rank", 0) in (0, None)


def describe(fabric: Fabric, compilation: Compilation) -> dict[str, Any]:
    """Versions, hardware, compilation, start and command line, fit for JSON."""
    device = fabric.device
    return {
        "tinct": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "lightning": version("lightning-fabric"),
        "platform": platform.platform(),
        "processor": torch.cuda.get_device_name(device) if device.type == "cuda" else _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "accelerator": device.type,
        "devices": fabric.world_size,
        "precision": fabric._precision.precision,
        "compiled": compilation.compiled,
        **({"not_compiled_because": compilation.reason} if compilation.reason else {}),
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
