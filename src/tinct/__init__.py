"""tinct: color for black-and-white photographs, and the workbench to train such colorizers.

>>> from tinct import Colorizer
>>> Colorizer().colorize("grandmother.jpg").save("grandmother.color.jpg")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .colorizer import Colorizer
    from .errors import ConfigError, DataError, DeviceError, HintError, PhotoError, TinctError, WeightsError
    from .hints import Hint, Strokes
    from .palette import Suggestion
    from .photo import Photo

__all__ = [
    "Colorizer",
    "ConfigError",
    "DataError",
    "DeviceError",
    "Hint",
    "HintError",
    "Photo",
    "PhotoError",
    "Strokes",
    "Suggestion",
    "TinctError",
    "WeightsError",
    "__version__",
]

_HOMES = {"Colorizer": "colorizer", "Hint": "hints", "Photo": "photo", "Strokes": "hints", "Suggestion": "palette"} | dict.fromkeys(
    [n for n in __all__ if n.endswith("Error")], "errors"
)


def __getattr__(name: str) -> Any:
    """Public names, imported when they are first asked for: `import tinct` itself costs next to nothing."""
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
