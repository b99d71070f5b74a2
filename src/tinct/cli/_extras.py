"""Commands that need more than the base install."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import ConfigError

__all__ = ["requires"]


@contextmanager
def requires(what: str, extra: str) -> Iterator[None]:
    """Turn a missing library into an error that says how to install it.

    Args:
        what: begins the sentence "… needs more than coloring does".
        extra: the extra of tinct's package that has the libraries.

    Raises:
        ConfigError: an import inside the block failed for a library that isn't tinct's own.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "tinct").startswith("tinct"):
            raise
        raise ConfigError(
            f"{what} needs more than coloring does, and {error.name} is missing. "
            f"To install it, in a clone of tinct: pip install -c constraints.txt '.[{extra}]'"
        ) from error
