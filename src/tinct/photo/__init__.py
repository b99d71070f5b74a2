"""A photograph's file: opened, decoded as a stream, and written again with its metadata.

`photo` holds the public class `Photo`. `opening` (files) and `memory` (arrays, PIL images) make a `Picture` of any source. `sniffing` names a
file's format, `content` reads what libvips doesn't, `decoding` chooses the photograph in the file and how it is decoded, with `tiff`, `odd_samples`,
`truncation` and `profiles` for what differs from the usual, and `other_decoders` for HEIC and BMP. `pixels` gives it color, `formats` writes it,
`metadata` keeps what libvips would lose, and `running` reports progress.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import lazy_attributes

if TYPE_CHECKING:
    from .metadata.turning import turned_xmp
    from .note import Note
    from .photo import MAX_PIXELS, READABLE_SUFFIXES, WRITABLE_SUFFIXES, Photo, PhotoSource, color_path, is_result
    from .picture import printable
    from .sniffing import SNIFF_BYTES, FileKind, sniff

_MODULES = {
    "SNIFF_BYTES": ".sniffing",
    "FileKind": ".sniffing",
    "Note": ".note",
    "sniff": ".sniffing",
    "turned_xmp": ".metadata.turning",
    "printable": ".picture",
}

__all__ = [
    "MAX_PIXELS",
    "READABLE_SUFFIXES",
    "SNIFF_BYTES",
    "WRITABLE_SUFFIXES",
    "FileKind",
    "Note",
    "Photo",
    "PhotoSource",
    "color_path",
    "is_result",
    "printable",
    "sniff",
    "turned_xmp",
]

__getattr__, __dir__ = lazy_attributes(__name__, {name: _MODULES.get(name, ".photo") for name in __all__})
