"""Places in a film as people write them: seconds, minutes and seconds, or hours, minutes and seconds."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from ..errors import ConfigError

__all__ = ["format_time", "parse_time"]

_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?|\.\d+)", re.ASCII)
MAX_SECONDS = 10**6
"""Eleven days: longer than any film."""


def parse_time(value: object) -> float:
    """``12.4``, ``"12.4"``, ``"00:12.4"`` or ``"1:02:03.5"`` -> seconds from the film's beginning.

    Raises:
        ConfigError: another form, a negative or an infinite number (code ``"time"``).
    """
    seconds = math.nan
    if isinstance(value, str):
        if found := _TIME.fullmatch(value.strip()):
            hours, minutes, rest = found.groups()
            if (minutes is None or float(rest) < 60) and (hours is None or int(minutes) < 60):
                seconds = float(3600 * Decimal(hours or 0) + 60 * Decimal(minutes or 0) + Decimal(rest))
    elif not isinstance(value, bool) and hasattr(value, "__float__"):
        seconds = float(value.__float__())
    if not 0 <= seconds <= MAX_SECONDS:  # False for NaN, too
        raise ConfigError(f"{value!r:.60} is not a time of the form 12.4, 00:12.4 or 1:02:03.5.", code="time")
    return seconds


def format_time(seconds: float) -> str:
    """``"00:12.4"`` or ``"1:02:03.5"``: to the millisecond."""
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    text = f"{rest // 1000:02}.{rest % 1000:03}".rstrip("0").rstrip(".")
    return f"{minutes:02}:{text}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{text}"
