"""The folder of a study, and what it remembers: which study it is, and what was decided when it was begun."""

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
from .._version import __version__
from ..errors import ConfigError, TinctError
from ..training.recipe import parse_toml
from .grid import Study

__all__ = ["FILE", "alone", "begin", "read_study", "with_seen", "write"]

FILE = "study.toml"


def read_study(folder: Path) -> tuple[Study, dict[str, Any]]:
    """The study that a folder holds, and what was noted of its making. Raises ConfigError."""
    path = folder / FILE
    try:
        values = parse_toml(path.read_text("utf-8"), str(path))
    except OSError as error:
        raise ConfigError(f"{folder} is no study: it has no readable {FILE}. Name a folder that `tinct study` made.") from error
    made = values.pop("made", {})
    return Study.from_dict(values, str(path)), made


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Only one process at a time may be at a study. A new folder in which nothing came to be is taken back."""
    made = not folder.exists()
    try:
        for part in (folder / "runs", folder / ".progress"):
            part.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror or error}. Choose another folder with -o.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(
                f"{folder}: another process is running this study. Wait for it, or choose another folder with -o."
            ) from error
        try:
            yield
        except TinctError:
            if made and not (folder / "cache").exists() and not any((folder / "runs").iterdir()):
                shutil.rmtree(folder, ignore_errors=True)
            raise


def begin(study: Study, folder: Path, budget: float, command: str) -> Study:
    """The study as earlier calls resolved it, if any did. Raises ConfigError where the folder holds another one."""
    wanted = {"study": study.to_dict() | {"seeds": 0}, "budget": budget}
    if not (folder / FILE).exists() or not any((folder / "runs").iterdir()):
        write(folder, study, {"asked": _digest(wanted), "budget": budget, "command": command, "tinct": __version__})
        return study
    before, made = read_study(folder)
    if made.get("asked") != _digest(wanted):
        then = made.get("command") or f"see {folder / FILE}"
        raise ConfigError(
            f"{folder} holds another study, or the same with other pictures, settings or budget ({then}). "
            "Ask for the same as then, with more seeds if you like, or choose another folder with -o."
        )
    study = replace(before, seeds=study.seeds)
    write(folder, study, made)
    return study


def write(folder: Path, study: Study, made: dict[str, Any]) -> None:
    try:
        write_whole(folder / FILE, tomli_w.dumps(study.to_dict() | {"made": made}))
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror or error}. Make room, or choose another folder with -o.") from error


def with_seen(study: Study, seen: int) -> Study:
    """Every run on equal terms: so many pictures, repeated ones counted again."""
    drop = {"seen", "minutes"}
    parts = tuple(replace(part, set={k: v for k, v in part.set.items() if k not in drop}) for part in study.parts)
    return replace(study, parts=parts, set=study.set | {"seen": seen, "minutes": 0})


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
