"""`Content`: what is read of a picture file without libvips, before it is decoded."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .loaders import is_lossless_webp
from .metadata.exif import Tags, as_exif, read_tags
from .metadata.fields import IPTC, TEXTS
from .metadata.iptc import from_text
from .metadata.mpo import picture_count
from .metadata.orientation import heif_orientation
from .metadata.png import find_profile, find_text, read_texts, worth_keeping
from .sniffing import SNIFF_BYTES
from .tiff import TiffFile, read_tiff

__all__ = ["Content"]


@dataclass(frozen=True)
class Content:
    """The parts of a file that are read without libvips."""

    path: Path | None
    head: bytes
    tags: Tags
    texts: list[tuple[bytes, bytes]]
    lossless: bool
    tiff: TiffFile | None
    pictures: int
    """Pictures of an MPO."""
    heif_orientation: int
    """EXIF orientation that the transformations of AVIF and HEIC amount to."""
    png_profile: bytes
    """ICC profile of a PNG."""
    data: bytes | None = None
    """All of the file, if it isn't read from `path`."""

    @classmethod
    def of(cls, file: BinaryIO, path: Path | None, data: bytes | None = None) -> Content:
        """Read the parts. Raises OSError."""
        head, tiff, tags = file.read(SNIFF_BYTES), read_tiff(file), read_tags(file)
        if tiff is not None and not tiff.is_first:
            tags |= read_tags(file, tiff.photograph.offset)
        texts, lossless = read_texts(file), is_lossless_webp(file, head)
        pictures, orientation, profile = picture_count(file), heif_orientation(file), find_profile(file)
        return cls(path, head, tags, texts, lossless, tiff, pictures, orientation, profile, data)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The file, open for reading."""
        if self.data is not None or self.path is None:
            yield io.BytesIO(self.data or b"")
        else:
            with self.path.open("rb") as file:
                yield file

    def fields(self) -> dict[str, bytes]:
        """Metadata that libvips doesn't read, or reads incorrectly, by libvips' names of the fields."""
        record = from_text(find_text(self.texts, b"Raw profile type iptc"))
        return {"exif-data": as_exif(self.tags), TEXTS: worth_keeping(self.texts), IPTC: record}
