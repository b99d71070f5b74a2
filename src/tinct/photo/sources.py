"""Opening whatever a caller has: a path, bytes, a file object, an array or a PIL image."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import PhotoError
from .memory import from_array, from_pil
from .opening import from_bytes, from_file
from .picture import Picture, printable
from .working_memory import Admit

__all__ = ["open_picture"]


def open_picture(source: Any, name: str | None, max_pixels: int, admit: Admit) -> Picture:
    """Open a source by its type.

    Args:
        source: see `tinct.photo.PhotoSource`, without `Photo`.
        name: for messages; None for the path, or the kind of source in angle brackets.
        max_pixels: limit of width × height.
        admit: called with the memory that decoding takes, before it is decoded.

    Raises:
        PhotoError: the picture can't be used, or the source is of another type.
    """
    if isinstance(source, (str, os.PathLike)):
        path = os.fsdecode(source)
        return from_file(name or printable(path), Path(path), max_pixels, admit)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return from_bytes(name or "<bytes>", bytes(source), max_pixels, admit)
    if isinstance(source, np.ndarray):
        return from_array(name or "<array>", source, max_pixels)
    if hasattr(source, "mode") and hasattr(source, "getexif"):
        return from_pil(name or "<PIL image>", source, max_pixels)
    if hasattr(source, "read"):
        return from_bytes(name or "<file>", _content(source, name or "<file>"), max_pixels, admit)
    kinds = "a path, bytes, a file object, a NumPy array or a PIL image"
    raise PhotoError(f"a {type(source).__name__} isn't a picture; a picture is {kinds}", code="source")


def _content(file: Any, name: str) -> bytes:
    """The rest of a file object. Raises PhotoError."""
    try:
        content = file.read()
    except UnicodeDecodeError:  # a text file
        content = ""
    except OSError as error:
        raise PhotoError(f"{name} can't be read ({error.strerror or error})") from None
    if not isinstance(content, bytes):
        raise PhotoError(f"{name} gives {type(content).__name__}, not bytes; open it in binary mode", code="source")
    return content
