"""The files that an evaluation leaves."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from .._util.files import write_whole
from ..errors import ConfigError

__all__ = ["as_json", "check_writable", "write"]


def check_writable(folder: Path) -> None:
    """Found out before an hour of measuring, not after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror or error}. Name another folder with -o.") from error


def write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}. Make room, or name another folder with -o.") from error


def as_json(result: dict[str, Any]) -> str:
    """Indented, but for the rows: one line a picture."""
    marks = {f"@rows of {name}@": s["rows"] for name, s in result["sets"].items()}
    sets = {name: s | {"rows": f"@rows of {name}@"} for name, s in result["sets"].items()}
    short = result | {"sets": sets}
    if result.get("bleeding"):
        marks["@rows of bleeding\n@"] = result["bleeding"]["rows"]  # no set has such a name
        short["bleeding"] = result["bleeding"] | {"rows": "@rows of bleeding\n@"}
    text = json.dumps(_rounded(short), indent=2, ensure_ascii=False)
    for mark, rows in marks.items():
        lines = ",\n    ".join(json.dumps(_rounded(row), ensure_ascii=False) for row in rows)
        text = text.replace(json.dumps(mark, ensure_ascii=False), f"[\n    {lines}\n   ]")
    return text + "\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    return round(value, 4) if isinstance(value, float) else value
