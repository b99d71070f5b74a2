"""What color a photograph gets: a model's distribution over colors, hints, references, variants, and the way back to full size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import lazy_attributes

if TYPE_CHECKING:
    from .alternatives import object_variants
    from .canvas import Canvas
    from .colorizer import Colorizer
    from .edit import Edit
    from .hint_files import read_hints
    from .hints import Hint, Strokes, parse_color, parse_hint
    from .provenance import Record, read_record
    from .regions import Brush, Mask, Region
    from .repeating import again
    from .suggestions import ColorFamily, Suggestion
    from .upsampling import recolor

__all__ = [
    "Brush",
    "Canvas",
    "ColorFamily",
    "Colorizer",
    "Edit",
    "Hint",
    "Mask",
    "Record",
    "Region",
    "Strokes",
    "Suggestion",
    "again",
    "object_variants",
    "parse_color",
    "parse_hint",
    "read_hints",
    "read_record",
    "recolor",
]

_HOMES = {
    "Brush": ".regions",
    "Canvas": ".canvas",
    "ColorFamily": ".suggestions",
    "Colorizer": ".colorizer",
    "Edit": ".edit",
    "Hint": ".hints",
    "Mask": ".regions",
    "Record": ".provenance",
    "Region": ".regions",
    "Strokes": ".hints",
    "Suggestion": ".suggestions",
    "again": ".repeating",
    "object_variants": ".alternatives",
    "parse_color": ".hints",
    "parse_hint": ".hints",
    "read_hints": ".hint_files",
    "read_record": ".provenance",
    "recolor": ".upsampling",
}

__getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
