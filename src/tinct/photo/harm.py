"""Files that are made to keep a decoder busy, or to fill the memory: small, and of a form that no photograph has."""

from __future__ import annotations

from typing import BinaryIO

from ..errors import PhotoError
from .metadata.jpeg_scans import MAX_SCANS, has_too_many_scans
from .metadata.png_bombs import MAX_UNPACKED_BYTES, unpacks_too_much

__all__ = ["check_harmless"]


def check_harmless(name: str, file: BinaryIO) -> None:
    """Raises PhotoError for a file that libvips must not open.

    Args:
        name: for messages.
        file: any file.
    """
    if unpacks_too_much(file):
        size = MAX_UNPACKED_BYTES / 1e6
        raise PhotoError(
            f"{name} holds compressed texts or a profile that unpack to more than {size:.0f} MB; save its picture without metadata first",
            code="unpacks-too-much",
        )
    if has_too_many_scans(file):
        raise PhotoError(
            f"{name} is a JPEG of more than {MAX_SCANS} scans; save it as an ordinary JPEG first", code="too-many-scans"
        )
