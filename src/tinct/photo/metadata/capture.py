"""When a photograph was taken, by its EXIF data."""

from __future__ import annotations

import re
from datetime import datetime

import pyvips

__all__ = ["capture_time"]

_FIELD = "exif-ifd2-DateTimeOriginal"
"""Not ``DateTimeDigitized`` or ``DateTime``: of an old print they say when it was scanned."""


def capture_time(image: pyvips.Image) -> datetime | None:
    """The EXIF tag ``DateTimeOriginal``, without a time zone; None where it is missing or isn't a time.

    Args:
        image: with the metadata that libvips read.
    """
    text = str(image.get(_FIELD)) if image.get_typeof(_FIELD) else ""
    found = re.match(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)", text)
    try:
        return datetime(*map(int, found.groups())) if found else None  # type: ignore[arg-type]  # six numbers
    except ValueError:
        return None
