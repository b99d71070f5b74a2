"""Colored photographs as the bodies of responses."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import PurePath
from urllib.parse import quote

from fastapi import Response

from ..photo.photo import Photo

__all__ = ["MEDIA", "as_download", "as_zip", "data_url", "preview", "safe_name", "suffix_of"]

MEDIA = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
    ".avif": "image/avif",
}
_BEGINNINGS = (
    (b"\xff\xd8\xff", 0, ".jpg"),
    (b"\x89PNG", 0, ".png"),
    (b"II*\0", 0, ".tif"),
    (b"MM\0*", 0, ".tif"),
    (b"II+\0", 0, ".tif"),
    (b"MM\0+", 0, ".tif"),
    (b"WEBP", 8, ".webp"),
    (b"ftypavif", 4, ".avif"),
)


def suffix_of(content: bytes) -> str:
    """How a result in the original's format ends; what tinct reads and doesn't write (HEIC) becomes JPEG."""
    return next((suffix for begin, at, suffix in _BEGINNINGS if content[at : at + len(begin)] == begin), ".jpg")


def safe_name(name: str) -> str:
    """A file's name as the browser told it, without folders and control characters; for headers only."""
    plain = PurePath(name.replace("\\", "/")).name
    return "".join(c for c in plain if c.isprintable())[:120] or "photo"


def as_download(content: bytes, name: str, suffix: str) -> Response:
    """A file to keep."""
    ascii_name = name.encode("ascii", "replace").decode().replace('"', "_").replace("?", "_")
    disposition = f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name)}"
    return Response(content, media_type=MEDIA.get(suffix, "application/zip"), headers={"Content-Disposition": disposition})


def as_zip(files: dict[str, bytes]) -> bytes:
    """Several files in one; pictures are compressed already."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def preview(photo: Photo) -> bytes:
    """A small JPEG, quickly."""
    return photo.to_bytes(".jpg", quality=85, provenance=False)


def data_url(jpeg: bytes) -> str:
    """For the src of an image."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
