"""tinct: color for black-and-white photographs, and the workbench to train such colorizers.

>>> from tinct import Colorizer
>>> Colorizer().colorize("grandmother.jpg").save("grandmother.color.jpg")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._util.lazy import lazy_attributes
from ._version import __version__

if TYPE_CHECKING:
    from .coloring.colorizer import Colorizer
    from .coloring.hints import Hint, Strokes
    from .coloring.palette import Suggestion
    from .errors import ConfigError, DataError, DeviceError, HintError, PhotoError, TinctError, WeightsError
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

_HOMES = {
    "Colorizer": ".coloring.colorizer",
    "Hint": ".coloring.hints",
    "Photo": ".photo",
    "Strokes": ".coloring.hints",
    "Suggestion": ".coloring.palette",
    "__version__": "._version",
} | dict.fromkeys([name for name in __all__ if name.endswith("Error")], ".errors")

__getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
