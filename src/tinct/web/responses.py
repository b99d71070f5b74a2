"""Colored photographs as the bodies of responses."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from pathlib import PurePath
from urllib.parse import quote

from fastapi import Response

from ..photo import Photo

__all__ = ["MEDIA", "as_download", "as_zip", "data_url", "preview_jpeg", "safe_name"]

MEDIA = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
    ".avif": "image/avif",
}
PREVIEW_JPEG_QUALITY = 85
_ESCAPED = re.compile("%(22|0[AD])", re.IGNORECASE)
_FOR_ZIP = str.maketrans('"*/:<>?\\|', "_________")  # not in names of Windows


def safe_name(name: str) -> str:
    """A client's file name without folders and control characters; for headers and messages only.

    Browsers write a quote and a line break as ``%22``, ``%0D`` and ``%0A`` into a form's header, and a percent sign as it is (WHATWG HTML,
    multipart form data).
    """
    plain = PurePath(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), name).replace("\\", "/")).name
    return "".join(c for c in plain if c.isprintable())[:120] or "photo"


def as_download(content: bytes, name: str, suffix: str) -> Response:
    """A response that browsers save as a file."""
    ascii_name = re.sub(r'[^ -~]|["%\\]', "_", name)  # a percent sign: some browsers decode it, and some don't
    disposition = f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name)}"
    return Response(content, media_type=MEDIA.get(suffix, "application/zip"), headers={"Content-Disposition": disposition})


def as_zip(files: dict[str, bytes]) -> bytes:
    """Name -> content, as an uncompressed zip: pictures are compressed already."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(name.translate(_FOR_ZIP), content)
    return file.getvalue()


def preview_jpeg(photo: Photo) -> bytes:
    """JPEG without provenance, for the screen."""
    return photo.to_bytes(".jpg", jpeg_quality=PREVIEW_JPEG_QUALITY, provenance=False)


def data_url(jpeg: bytes) -> str:
    """``data:`` URL, for the `src` of an image."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
