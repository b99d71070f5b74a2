"""Fixtures of all tests of the command line."""

from __future__ import annotations

from command_line import photo, tinct

__all__ = ["photo", "tinct"]
