"""Work files of arrays, with a checksum: a damaged one is told from a whole one."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .._util.files import write_whole

__all__ = ["read_arrays", "write_arrays"]

_DIGEST_BYTES = 32


def write_arrays(path: Path, **arrays: npt.NDArray[Any]) -> None:
    """Write arrays by their names; the file appears complete or not at all. Raises OSError."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    content = buffer.getvalue()
    write_whole(path, hashlib.sha256(content).digest() + content)


def read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a file. Raises OSError, or ValueError if it isn't as it was written."""
    content = path.read_bytes()
    if hashlib.sha256(content[_DIGEST_BYTES:]).digest() != content[:_DIGEST_BYTES]:
        raise ValueError(f"{path} is damaged")
    with np.load(io.BytesIO(content[_DIGEST_BYTES:]), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
