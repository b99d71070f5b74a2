"""The files of a run folder, read. None of it needs PyTorch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import ConfigError

__all__ = ["read_epochs", "read_table"]


def read_table(path: Path) -> dict[str, Any] | None:
    """The table in a JSON file, or None if there is no such file yet. Raises ConfigError where it is damaged."""
    if not path.exists():
        return None
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} can't be read: {error}. Remove it, and finish the run again.") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} holds no table. Remove it, and finish the run again.")
    return values


def read_epochs(path: Path) -> list[dict[str, Any]]:
    """The rows of a ``metrics.jsonl``, in order; of an epoch that was repeated after a break, the later one; no half-written last line.

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
