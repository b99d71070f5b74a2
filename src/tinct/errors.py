"""Everything that tinct raises on purpose.

::

    TinctError            one sentence that names the thing and the cure
    ├── PhotoError        a picture that is missing, unreadable, truncated, unsupported or can't be written
    ├── HintError        a color hint outside the picture, or one that can't be understood
    ├── WeightsError      a model file that is missing, foreign, damaged or of another architecture
    ├── ConfigError       a recipe, an option or a run folder that doesn't fit
    ├── DataError         training pictures that are missing or too few
    └── DeviceError       an accelerator that was asked for and isn't there

The library raises these and never prints or exits. The command line turns one into a single line and exit code 1. Any other
exception is a bug, and shows its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["ConfigError", "DataError", "DeviceError", "HintError", "PhotoError", "TinctError", "WeightsError", "nearest"]


class TinctError(Exception):
    """Base of all errors that tinct raises on purpose; its text is fit to be shown to a user as it is."""


class PhotoError(TinctError):
    """A picture can't be read, or a result can't be written."""


class HintError(TinctError):
    """A color hint lies outside the picture, or can't be understood."""


class WeightsError(TinctError):
    """A model file is missing, foreign, damaged, or of another architecture than asked for."""


class ConfigError(TinctError):
    """A recipe key, an option or a run folder doesn't fit."""


class DataError(TinctError):
    """There are no training pictures, or too few."""


class DeviceError(TinctError):
    """The accelerator that was asked for is not on this machine."""


def nearest(word: str, known: Iterable[str]) -> str:
    """``" (did you mean 'x'?)"`` for the known word that is most like `word`, or an empty string."""
    match = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {match[0]!r}?)" if match else ""
