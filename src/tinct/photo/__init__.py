"""A photograph's file: opened, decoded as a stream, and written again with its metadata.

`opening` turns what people call a picture into pixels with metadata; `pixels` gives them color; `formats` writes them; `metadata` keeps
what libvips would lose; `running` shows how far a long computation is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import lazy_attributes

if TYPE_CHECKING:
    from .photo import MAX_PIXELS, READABLE_SUFFIXES, WRITABLE_SUFFIXES, Photo, PhotoSource, color_path

__all__ = ["MAX_PIXELS", "READABLE_SUFFIXES", "WRITABLE_SUFFIXES", "Photo", "PhotoSource", "color_path"]

__getattr__, __dir__ = lazy_attributes(__name__, dict.fromkeys(__all__, ".photo"))
