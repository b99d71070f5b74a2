"""The exceptions that tinct raises on purpose.

::

    TinctError            what is wrong with what, as a sentence
    ├── PhotoError        a picture that is missing, unreadable, truncated, unsupported, or can't be written
    ├── HintError         a color hint outside the picture, or one that can't be parsed
    ├── WeightsError      a model file that is missing, foreign, damaged or of another architecture
    ├── ConfigError       a recipe, an edit, an option or a run folder that can't be used
    ├── FilmError         a film that can't be read, or can't be written as asked
    ├── DataError         training pictures that are missing or too few
    └── DeviceError       a device that isn't available, or a worker process that was killed

The library states facts: it never prints, exits, or names an option of the command line. Where an interface can offer a remedy of its
own, the error has a `code` (``"too-many-pixels"``) by which the interface finds it: the command line adds its option, the HTTP API its
field, the page its button. Any other exception is a bug, and shows its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

__all__ = [
    "ConfigError",
    "DataError",
    "DeviceError",
    "FilmError",
    "HintError",
    "PhotoError",
    "TinctError",
    "WeightsError",
    "nearest",
]


class TinctError(Exception):
    """Base of all errors that tinct raises on purpose; its text is one or two sentences, fit to be shown to a user as it is.

    Args:
        message: what is wrong with what: the file, the key, the number.
        code: stable name of the kind of error, in kebab case, where an interface can offer a remedy; else empty.
        details: values that the remedy may quote: ``path=...``, ``pixels=...``.
    """

    def __init__(self, message: str, *, code: str = "", **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors cross process boundaries with their code and details."""
        return _restore, (type(self), str(self), self.code, self.details)


def _restore(kind: type[TinctError], message: str, code: str, details: dict[str, Any]) -> TinctError:
    return kind(message, code=code, **details)


class PhotoError(TinctError):
    """A picture can't be read, or a result can't be written."""


class HintError(TinctError):
    """A color hint lies outside the picture, or can't be parsed."""


class WeightsError(TinctError):
    """A model file is missing, foreign, damaged, or of another architecture than expected."""


class ConfigError(TinctError):
    """A recipe, an edit, an option or a run folder can't be used."""


class FilmError(TinctError):
    """A film can't be read, or can't be written in the container or codec that was asked for."""


class DataError(TinctError):
    """There are no training pictures, or too few."""


class DeviceError(TinctError):
    """A device isn't available, or a worker process was killed."""


def nearest(word: str, known: Iterable[str]) -> str:
    """``" (did you mean 'x'?)"`` for the known word that is most similar to `word`, or an empty string."""
    match = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {match[0]!r}?)" if match else ""
