"""The files of a run folder, read without the training code, so that reports need no PyTorch and outlive changes of recipes."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Samples", "flat", "read_arrays", "read_config", "read_epochs", "read_samples", "read_table"]

T = TypeVar("T")
Bytes = npt.NDArray[np.uint8]
REPAIR = "Remove it, and make it again."


@dataclass(frozen=True)
class Samples:
    """Some test pictures of a run: their names, and (N, S, S, 3) sRGB of each kind."""

    names: list[str]
    gray: Bytes
    predicted: Bytes
    real: Bytes


def read_config(run: Path) -> dict[str, Any]:
    """The recipe in a run's ``config.toml``. Raises ConfigError where the folder is no run, or the file is damaged."""
    path = run / "config.toml"
    config: dict[str, Any] | None = _read(path, lambda: tomllib.loads(path.read_text("utf-8")))
    if config is None:
        raise ConfigError(f"{run} is no run: it has no config.toml.", code="no-run", path=run)
    if missing := {"model", "loss", "epochs", "data", "test_fraction", "seed"} - config.keys():
        raise ConfigError(f"{path} lacks {', '.join(sorted(missing))}, so it is no run's.", code="no-run", path=run)
    return config


def read_table(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file, None if there is no such file. Raises ConfigError where it is damaged."""
    values = _read(path, lambda: json.loads(path.read_text("utf-8")))
    if values is not None and not isinstance(values, dict):
        raise ConfigError(f"{path} holds no table. {REPAIR}")
    return values


def read_epochs(path: Path) -> list[dict[str, Any]]:
    """The rows of a ``metrics.jsonl`` by epoch: the last one of each epoch, and no half-written last line.

    Raises ConfigError where another line is damaged.
    """
    lines = path.read_bytes().splitlines() if path.exists() else []
    epochs: dict[int, dict[str, Any]] = {}
    for place, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            epochs[int(row["epoch"])] = row
        except (ValueError, TypeError, KeyError) as error:
            if place < len(lines):
                raise ConfigError(f"{path}, line {place} can't be read: {error}. Remove the line.") from error
    return [epochs[epoch] for epoch in sorted(epochs)]


def read_samples(path: Path) -> Samples | None:
    """The pictures in a ``samples.npz``, None if there is no such file. Raises ConfigError where it is damaged."""
    kinds = ("gray", "predicted", "real")
    return read_arrays(path, lambda arrays: Samples(arrays["names"].tolist(), *(arrays[kind] for kind in kinds)))


def read_arrays(path: Path, take: Callable[[Mapping[str, Any]], T]) -> T | None:
    """What `take` makes of the arrays in an ``.npz`` file, None if there is no such file. Raises ConfigError where it is damaged."""

    def read() -> T:
        with np.load(path, allow_pickle=False) as arrays:
            return take(arrays)

    return _read(path, read)


def flat(config: Mapping[str, Any], table: str = "") -> dict[str, Any]:
    """A recipe's settings by their full names (``network.latent``, ``stages.1.size``)."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
            value = {str(place): entry for place, entry in enumerate(value, start=1)}
        found |= flat(value, f"{table}{key}.") if isinstance(value, Mapping) else {table + key: value}
    return found


def _read(path: Path, read: Callable[[], T]) -> T | None:
    """What `read` makes of the file, None if there is no such file. Raises ConfigError where it is damaged."""
    if not path.exists():
        return None
    try:
        return read()
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{path} can't be read: {error}. {REPAIR}") from error
