"""Numbers in sentences for people."""

from __future__ import annotations

__all__ = ["byte_size", "counted", "duration"]


def duration(seconds: float) -> str:
    """``4.2 s``, ``4 min 02 s``, ``2 h 05 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds:02} s" if minutes < 60 else f"{minutes // 60:,} h {minutes % 60:02} min"


def byte_size(number: float) -> str:
    """``850 kB``, ``1.2 GB``: powers of 1,000."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 999.5:
            return f"{number:.0f} {unit}" if unit == "bytes" or number >= 99.5 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:,.1f} TB"


def counted(number: int, noun: str) -> str:
    """``1 frame``, ``2 frames``, ``1,200 frames``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
