"""A photograph's file: opened, decoded as a stream, and written again with its metadata.

`photo` holds the public class `Photo`. `opening` (files) and `memory` (arrays, PIL images) make a `Picture` of any source, whose format
`loaders` finds. `pixels` gives it color, `formats` writes it, `metadata` keeps what libvips would lose, and `running` reports progress.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import lazy_attributes

if TYPE_CHECKING:
    from .photo import MAX_PIXELS, READABLE_SUFFIXES, WRITABLE_SUFFIXES, Photo, PhotoSource, color_path, is_result

__all__ = ["MAX_PIXELS", "READABLE_SUFFIXES", "WRITABLE_SUFFIXES", "Photo", "PhotoSource", "color_path", "is_result"]

__getattr__, __dir__ = lazy_attributes(__name__, dict.fromkeys(__all__, ".photo"))
