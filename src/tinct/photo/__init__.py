"""A photograph's file: opened, decoded as a stream, and written again with its metadata.

`photo` holds the public class `Photo`. `opening` (files) and `memory` (arrays, PIL images) make a `Picture` of any source, whose format
`loaders` finds by its content; `sniffing` names a format by a file's first bytes. `pixels` gives it color, `formats` writes it, `metadata` keeps what libvips would lose, and `running` reports progress.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import lazy_attributes

if TYPE_CHECKING:
    from .photo import MAX_PIXELS, READABLE_SUFFIXES, WRITABLE_SUFFIXES, Photo, PhotoSource, color_path, is_result
    from .sniffing import SNIFF_BYTES, FileKind, sniff

_MODULES = {"SNIFF_BYTES": ".sniffing", "FileKind": ".sniffing", "sniff": ".sniffing"}

__all__ = [
    "MAX_PIXELS",
    "READABLE_SUFFIXES",
    "SNIFF_BYTES",
    "WRITABLE_SUFFIXES",
    "FileKind",
    "Photo",
    "PhotoSource",
    "color_path",
    "is_result",
    "sniff",
]

__getattr__, __dir__ = lazy_attributes(__name__, {name: _MODULES.get(name, ".photo") for name in __all__})
