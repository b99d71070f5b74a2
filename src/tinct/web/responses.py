"""Colored photographs as the bodies of responses."""

from __future__ import annotations

import asyncio
import base64
import io
import logging
import re
import shutil
import time
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO
from urllib.parse import quote

from fastapi import Response
from starlette.types import Receive, Scope, Send

from .._util.files import scratch
from ..photo import Photo
from .working_memory import Share

__all__ = ["MEDIA", "Download", "Result", "as_download", "as_zip", "data_url", "preview_jpeg", "safe_name"]

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
BLOCK_BYTES = 1 << 18
"""Of a result, sent at once."""
BLOCK_SECONDS = 60.0
"""In which a client must take a block, at 4 kB a second: until then the whole result is in memory."""
_log = logging.getLogger("tinct.web")
_ESCAPED = re.compile("%(22|0[AD])", re.IGNORECASE)
_FOR_ZIP = str.maketrans('"*/:<>?\\|', "_________")  # not in names of Windows


def safe_name(name: str) -> str:
    """A client's file name without folders and control characters; for headers and messages only.

    Browsers write a quote and a line break as ``%22``, ``%0D`` and ``%0A`` into a form's header, and a percent sign as it is (WHATWG HTML,
    multipart form data).
    """
    plain = PurePath(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), name).replace("\\", "/")).name
    return "".join(c for c in plain if c.isprintable())[:120] or "photo"


@dataclass(frozen=True)
class Result:
    """A file that is to be sent, and the memory that it takes until then."""

    file: BinaryIO
    """To be read from its beginning."""
    size: int
    """Bytes."""
    share: Share

    @classmethod
    def of(cls, file: BinaryIO, share: Share) -> Result:
        """A result whose memory is taken out of the share of the work that made it."""
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        return cls(file, size, share.part(size))

    def close(self) -> None:
        """Free the memory. May be called again."""
        self.file.close()
        self.share.release()

    def __del__(self) -> None:
        """Nobody takes it, such as after a timeout."""
        self.close()


class Download(Response):
    """A response that sends a `Result` as fast as its client takes it, and then frees its memory."""

    def __init__(self, result: Result, media_type: str, disposition: str) -> None:
        super().__init__(None, media_type=media_type)
        self.headers["Content-Disposition"] = disposition
        self.headers["Content-Length"] = str(result.size)
        self.result = result

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it. It stays incomplete, so the connection is closed, where the client takes too little of it."""
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            while block := self.result.file.read(BLOCK_BYTES):
                body = {"type": "http.response.body", "body": block, "more_body": True}
                await asyncio.wait_for(send(body), BLOCK_SECONDS)  # returns when the client has taken the block before
            await send({"type": "http.response.body", "body": b""})
        except asyncio.TimeoutError:
            _log.warning("a client that took less than %d bytes in %g s was given up", BLOCK_BYTES, BLOCK_SECONDS)
        finally:
            self.result.close()


def as_download(result: Result, name: str, suffix: str) -> Download:
    """A response that browsers save as a file."""
    ascii_name = re.sub(r'[^ -~]|["%\\]', "_", name)  # a percent sign: some browsers decode it, and some don't
    disposition = f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name)}"
    return Download(result, MEDIA.get(suffix, "application/zip"), disposition)


def as_zip(files: Iterable[tuple[str, BinaryIO]]) -> BinaryIO:
    """An uncompressed zip, for pictures are compressed already, of files, each of which is closed before the next one is asked for.

    Args:
        files: (name, file) each.
    """
    zipped = scratch()
    try:
        with zipfile.ZipFile(zipped, "w", zipfile.ZIP_STORED) as archive:
            for name, file in files:
                with file:
                    info = zipfile.ZipInfo(name.translate(_FOR_ZIP), time.localtime()[:6])
                    info.file_size = file.seek(0, io.SEEK_END)
                    file.seek(0)
                    with archive.open(info, "w") as entry:
                        shutil.copyfileobj(file, entry, BLOCK_BYTES)
    except BaseException:
        zipped.close()
        raise
    return zipped


def preview_jpeg(photo: Photo) -> bytes:
    """JPEG without provenance, for the screen."""
    return photo.to_bytes(".jpg", jpeg_quality=PREVIEW_JPEG_QUALITY, provenance=False)


def data_url(jpeg: bytes) -> str:
    """``data:`` URL, for the `src` of an image."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
