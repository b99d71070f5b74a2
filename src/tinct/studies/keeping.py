"""The folder of a study: which study it holds, and what was decided when it began."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import tomli_w

from .._util.files import write_whole
from .._util.settings import parse_toml
from .._version import __version__
from ..errors import ConfigError, TinctError
from .grid import Study

__all__ = ["FILE", "alone", "begin", "read_study", "with_seen", "write"]

FILE = "study.toml"


def read_study(folder: Path) -> tuple[Study, dict[str, Any]]:
    """The study that a folder holds, and the table ``made``: what was asked for, with which command, and what was decided.

    Raises:
        ConfigError: it holds none; code ``"not-a-study"``.
    """
    path = folder / FILE
    try:
        values = parse_toml(path.read_bytes(), str(path))
    except OSError as error:
        raise ConfigError(f"{folder} is not a study: it has no readable {FILE}.", code="not-a-study", path=folder) from error
    made = values.pop("made", {})
    return Study.from_dict(values, str(path)), made


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Make the folder and lock it, so that one process at a time runs the study.

    A folder made here is removed again if an error comes before there are pictures or runs in it.

    Raises:
        ConfigError: it can't be made (code ``"output-folder"``), or another process has locked it (code ``"study-running"``).
    """
    new = not folder.exists()
    try:
        for part in (folder / "runs", folder / ".progress"):
            part.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise _unwritable(folder, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(f"{folder}: another process is running this study.", code="study-running", path=folder) from error
        try:
            yield
        except TinctError:
            if new and not (folder / "cache").exists() and not any((folder / "runs").iterdir()):
                shutil.rmtree(folder, ignore_errors=True)
            raise


def begin(study: Study, folder: Path, budget: float, command: str) -> Study:
    """Write the study into its folder; return it as an earlier call resolved it (numbers of pictures), with the seeds of this call.

    Raises:
        ConfigError: the folder holds another study; code ``"another-study"``.
    """
    wanted = {"study": study.to_dict() | {"seeds": 0}, "budget": budget}
    if not (folder / FILE).exists() or not any((folder / "runs").iterdir()):
        write(folder, study, {"asked": _digest(wanted), "budget": budget, "command": command, "tinct": __version__})
        return study
    before, made = read_study(folder)
    if made.get("asked") != _digest(wanted):
        then = made.get("command") or f"see {folder / FILE}"
        raise ConfigError(
            f"{folder} holds another study, or the same one with other pictures, settings or budget ({then}).",
            code="another-study",
            path=folder,
        )
    study = replace(before, seeds=study.seeds)
    write(folder, study, made)
    return study


def write(folder: Path, study: Study, made: dict[str, Any]) -> None:
    """Write ``study.toml``, see `read_study`. Raises ConfigError."""
    try:
        write_whole(folder / FILE, tomli_w.dumps(study.to_dict() | {"made": made}))
    except OSError as error:
        raise _unwritable(folder, error) from error


def with_seen(study: Study, seen: int) -> Study:
    """The study with the same number of pictures trained on, repetitions included, for every run."""
    drop = {"seen", "minutes"}
    parts = tuple(replace(part, set={k: v for k, v in part.set.items() if k not in drop}) for part in study.parts)
    return replace(study, parts=parts, set=study.set | {"seen": seen, "minutes": 0})


def _unwritable(folder: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{folder} can't be written to: {error.strerror or error}.", code="output-folder", path=folder)


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
