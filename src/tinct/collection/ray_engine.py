"""Coloring a collection on many machines, with Ray Data: one worker process for each core or GPU, which loads the model once.

Only this module knows Ray. The worker runs `work.color_file`, as every engine does, so the files are the same to the byte. The ledger stays
with the process that asked for the work.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from .._util.processes import THREAD_VARIABLES
from ..errors import ConfigError, DeviceError, TinctError
from .ledger import Entry

if TYPE_CHECKING:
    from .work import Job, Settings

__all__ = ["RayEngine"]

JOBS_A_WORKER = 500
"""Photographs of one dataset for each worker. Every dataset starts its workers anew, which takes about 5 seconds, and is a list in memory."""
MIN_JOBS = 5_000
"""Photographs of one dataset, at least."""
JOBS_A_BLOCK = 4
"""Photographs that a worker takes at a time. Ray spends about 10 ms on each block; a killed worker repeats its block."""
MAX_ATTEMPTS = 3
"""How many workers may be killed while they color a photograph before it is set aside."""
CONNECT_SECONDS = 5.0
"""Time in which a cluster must answer."""


class RayEngine:
    """Several processes on one or many machines, by Ray Data. All machines need tinct and see the files under the same paths or URLs.

    A block of photographs whose worker is killed, or whose machine is lost, is colored again by another worker: outputs that are there
    already stay. A photograph that kills `MAX_ATTEMPTS` workers is set aside.

    Args:
        jobs: number of workers; 0 for one on every core, or on every GPU if the device is one.
        address: ``host:port`` of a Ray cluster, or ``auto`` for the one of this machine; None starts Ray on this machine alone.

    Raises:
        ConfigError: Ray is not installed; code ``"ray-missing"``.
    """

    def __init__(self, jobs: int = 0, address: str | None = None) -> None:
        try:
            import ray.data
        except ModuleNotFoundError as error:
            raise ConfigError(
                f"The engine ray needs the package ray[data], and {error.name} is not installed.", code="ray-missing"
            ) from error
        self._ray: Any = ray
        self.jobs, self.address = jobs, address

    def run(self, jobs: Iterable[Job], settings: Settings) -> Iterator[Entry]:
        """As `Engine.run`. Raises DeviceError where there is no cluster (code ``"no-cluster"``), or all its machines are lost."""
        waiting = iter(jobs)
        gpu = settings.device == "cuda"
        with self._connected():
            resources = self._ray.cluster_resources()
            workers = self.jobs or max(1, int(resources.get("GPU" if gpu else "CPU", 1)))
            while some := list(islice(waiting, max(MIN_JOBS, JOBS_A_WORKER * workers))):
                yield from self._color(some, settings, workers, gpu)

    def _color(self, jobs: list[Job], settings: Settings, workers: int, gpu: bool) -> Iterator[Entry]:
        """One dataset."""
        attempts = self._ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(_Attempts).remote()
        rows = [{"number": number, "job": pickle.dumps(job)} for number, job in enumerate(jobs)]
        dataset = self._ray.data.from_items(rows, override_num_blocks=-(-len(rows) // JOBS_A_BLOCK)).map(
            _Worker,
            fn_constructor_args=(pickle.dumps(settings), attempts),
            concurrency=workers,
            num_cpus=0 if gpu else 1,
            num_gpus=1 if gpu else 0,
        )
        try:
            for row in dataset.iter_rows():
                result = pickle.loads(row["result"])
                if isinstance(result, TinctError):
                    raise result
                yield result
        except self._ray.exceptions.RayTaskError:
            raise  # a bug in the worker, with its traceback
        except self._ray.exceptions.RayError as error:
            raise DeviceError(f"Ray can't go on: {_first_line(error)}.", code="ray-lost") from error

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """Ray, started on this machine or connected with a cluster, and quiet."""
        ray = self._ray
        if self.address is not None:
            _check_address(self.address)
        mine = not ray.is_initialized()
        if mine:
            for name, value in _ENVIRONMENT.items():
                os.environ.setdefault(name, value)
            local: dict[str, Any] = {"num_cpus": self.jobs or None, "include_dashboard": False} if self.address is None else {}
            try:
                with _silent_stderr():
                    ray.init(address=self.address or "local", log_to_driver=False, logging_level=logging.ERROR, **local)
            except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
                where = f"at {self.address}" if self.address else "on this machine"
                if "AuthToken" in f"{error} {error.__cause__}":
                    raise DeviceError(
                        f"The Ray cluster {where} refuses this process, whose authentication token is missing or wrong.",
                        code="cluster-token",
                    ) from error
                raise DeviceError(f"Ray can't be reached {where}: {_first_line(error)}.", code="no-cluster") from error
        context = ray.data.DataContext.get_current()
        before = {name: getattr(context, name) for name in _CONTEXT}
        loggers = [logging.getLogger(name) for name in ("ray", "ray.data")]
        levels = [logger.level for logger in loggers]
        try:
            for name, setting in _CONTEXT.items():
                setattr(context, name, setting)
            for logger in loggers:
                logger.setLevel(logging.CRITICAL)
            yield
        finally:
            for name, former in before.items():
                setattr(context, name, former)
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
            if mine:
                ray.shutdown()


_HTTP2_START = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""With which a gRPC client begins (RFC 9113, section 3.4): the preface and an empty SETTINGS frame. A cluster's head is a gRPC server."""
_SETTINGS_FRAME = b"\x04"
"""Type of the frame with which such a server answers, the fourth byte."""
_ENVIRONMENT = {
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
}
"""Keep Ray from writing warnings to standard error that are no business of this program's user."""
_CONTEXT = {
    "enable_progress_bars": False,
}
"""Settings of Ray Data while an engine runs."""


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """What Ray's C++ code writes to standard error about its log level is dropped; errors of its start are Python exceptions."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class _Attempts:
    """In a process of its own: which photographs were begun and not finished, as their workers were killed."""

    def __init__(self) -> None:
        self._begun: dict[int, int] = {}

    def begin(self, number: int, finished: int | None) -> int:
        """How often photograph `number` was begun and not finished; the one that this worker has finished before is forgotten."""
        if finished is not None:
            self._begun.pop(finished, None)
        self._begun[number] = self._begun.get(number, 0) + 1
        return self._begun[number] - 1


class _Worker:
    """In a worker process: colors one photograph after the other with a model that stays loaded."""

    def __init__(self, settings: bytes, attempts: Any) -> None:
        # One thread for each numerical library. They read this when they are imported, which unpickling does first.
        os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
        self._settings: Settings = pickle.loads(settings)
        self._attempts, self._finished = attempts, None

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """The pickled entry, or the error that ends the run."""
        import ray

        from .work import color_file, failed

        number, job = row["number"], pickle.loads(row["job"])
        if ray.get(self._attempts.begin.remote(number, self._finished)) >= MAX_ATTEMPTS:
            reason = f"{job.input}: {MAX_ATTEMPTS} processes that colored it were killed, most often for lack of memory."
            result: Entry | TinctError = failed(job, reason, "process-killed")
        else:
            try:
                result = color_file(job, self._settings)
            except TinctError as error:
                result = error
        self._finished = number
        return {"result": pickle.dumps(result)}


def _check_address(address: str) -> None:
    """Raise DeviceError where nothing answers; Ray itself would go on trying for minutes."""
    host, _, port = address.rpartition(":")
    if address in ("auto", "local"):
        return
    if "://" in address or not host or not port.isdigit():
        raise DeviceError(f"{address} is no address of a Ray cluster; one is HOST:PORT, such as 10.0.0.1:6379.", code="no-cluster")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS) as connection:
            connection.settimeout(CONNECT_SECONDS)
            connection.sendall(_HTTP2_START)
            answer = connection.recv(9)
    except OSError as error:
        raise DeviceError(f"There is no Ray cluster at {address}: {error.strerror or error}.", code="no-cluster") from error
    if answer[3:4] != _SETTINGS_FRAME:
        raise DeviceError(f"What answers at {address} is no Ray cluster.", code="no-cluster")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
