"""tinct: color for black-and-white photographs, and the workbench to train such colorizers.

>>> from tinct import Colorizer
>>> Colorizer().colorize("grandmother.jpg").save("grandmother.color.jpg")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._util.lazy import lazy_attributes
from ._version import __version__

if TYPE_CHECKING:
    from .coloring.canvas import Canvas
    from .coloring.colorizer import Colorizer
    from .coloring.edit import Edit
    from .coloring.hint_files import read_hints
    from .coloring.hints import Hint, Strokes
    from .coloring.provenance import Record
    from .coloring.regions import Brush, Mask, Region
    from .coloring.repeating import again
    from .coloring.suggestions import ColorFamily, Suggestion
    from .errors import ConfigError, DataError, DeviceError, FilmError, HintError, PhotoError, TinctError, WeightsError
    from .photo import Photo
    from .runtime import ModelSpec

_HOMES = {
    "Brush": ".coloring.regions",
    "Canvas": ".coloring.canvas",
    "ColorFamily": ".coloring.suggestions",
    "Colorizer": ".coloring.colorizer",
    "ConfigError": ".errors",
    "DataError": ".errors",
    "DeviceError": ".errors",
    "Edit": ".coloring.edit",
    "FilmError": ".errors",
    "Hint": ".coloring.hints",
    "HintError": ".errors",
    "Mask": ".coloring.regions",
    "ModelSpec": ".runtime.spec",
    "Photo": ".photo.photo",
    "PhotoError": ".errors",
    "Record": ".coloring.provenance",
    "Region": ".coloring.regions",
    "Strokes": ".coloring.hints",
    "Suggestion": ".coloring.suggestions",
    "TinctError": ".errors",
    "WeightsError": ".errors",
    "__version__": "._version",
    "again": ".coloring.repeating",
    "read_hints": ".coloring.hint_files",
}

__all__ = [
    "Brush",
    "Canvas",
    "ColorFamily",
    "Colorizer",
    "ConfigError",
    "DataError",
    "DeviceError",
    "Edit",
    "FilmError",
    "Hint",
    "HintError",
    "Mask",
    "ModelSpec",
    "Photo",
    "PhotoError",
    "Record",
    "Region",
    "Strokes",
    "Suggestion",
    "TinctError",
    "WeightsError",
    "__version__",
    "again",
    "read_hints",
]

__getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
