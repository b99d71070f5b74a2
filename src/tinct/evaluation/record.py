"""The files that an evaluation writes: its figures as JSON, and the pictures for its page."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .._util.files import write_whole
from ..errors import ConfigError

__all__ = ["FIGURES", "PICTURES", "as_json", "as_npz", "check_writable", "write"]

FIGURES, PICTURES = "evaluation.json", "pictures.npz"


def check_writable(folder: Path) -> None:
    """Make the folder, and try to write into it, before an hour of measuring rather than after it. Raises ConfigError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigError(f"{folder} can't be written to: {error.strerror or error}.", code="output-folder", path=folder) from error


def write(path: Path, content: bytes) -> None:
    """Write the file whole or not at all. Raises ConfigError."""
    try:
        write_whole(path, content)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror or error}.", code="output-folder", path=path) from error


def as_json(result: dict[str, Any]) -> bytes:
    """Indented JSON, with one line for each picture."""
    marks = {f"@rows of {name}@": s["rows"] for name, s in result["sets"].items()}
    sets = {name: s | {"rows": f"@rows of {name}@"} for name, s in result["sets"].items()}
    short = result | {"sets": sets}
    if result.get("bleeding"):
        marks["@rows of bleeding\n@"] = result["bleeding"]["rows"]  # a set's name has no line break
        short["bleeding"] = result["bleeding"] | {"rows": "@rows of bleeding\n@"}
    text = json.dumps(_rounded(short), indent=2, ensure_ascii=False)
    for mark, rows in marks.items():
        lines = ",\n    ".join(json.dumps(_rounded(row), ensure_ascii=False) for row in rows)
        text = text.replace(json.dumps(mark, ensure_ascii=False), f"[\n    {lines}\n   ]")
    return (text + "\n").encode()


def as_npz(pictures: Mapping[str, npt.NDArray[np.uint8]]) -> bytes:
    """A compressed NumPy archive of (H, W, 3) sRGB pictures by name."""
    file = io.BytesIO()
    np.savez_compressed(file, **dict(pictures))  # type: ignore[arg-type]  # its stub takes the names for options
    return file.getvalue()


def _rounded(value: Any) -> Any:
    """Numbers with four decimals."""
    if isinstance(value, dict):
        return {key: _rounded(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    return round(value, 4) if isinstance(value, float) else value
