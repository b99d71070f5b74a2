"""Files to square pictures of one size, decoded on all cores."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..color import chroma, rgb_to_lab
from ..errors import PhotoError
from ..photo.photo import Photo

__all__ = ["BROKEN", "DUPLICATE", "GRAY", "SKIP_REASONS", "TOO_SMALL", "DecodedFile", "decode_files", "file_hash", "middle_square"]

BROKEN, TOO_SMALL, GRAY, DUPLICATE = SKIP_REASONS = ("broken", "too small", "gray", "duplicate")
"""Why a file is left out of a data set; the counts are shown on the screen and in the report."""
QUEUED_PER_WORKER = 8
"""Files read ahead for each decoding thread: enough to keep it busy, few enough to bound the memory."""

Bytes = npt.NDArray[np.uint8]


class DecodedFile(NamedTuple):
    name: str
    sha256: str
    """Hexadecimal, of the file's bytes."""
    square: Bytes | str
    """(size, size, 3) sRGB, or one of `SKIP_REASONS`."""


def decode_files(
    files: Iterable[tuple[str, bytes | Path]], *, size: int, min_side: int, min_chroma: float, chosen: set[str] | None = None
) -> Iterator[DecodedFile]:
    """The `middle_square` of every file, in order.

    Args:
        files: (name, content or path).
        chosen: SHA-256 of the files to decode, others are passed over; None decodes all.
    """

    def decoded(name: str, data: bytes | Path) -> DecodedFile | None:
        content = _content(data)
        digest = hashlib.sha256(content).hexdigest()
        if chosen is not None and digest not in chosen:
            return None
        square = middle_square(content, size=size, min_side=min_side, min_chroma=min_chroma) if content else BROKEN
        return DecodedFile(name, digest, square)

    workers = os.cpu_count() or 1
    queue: deque[Future[DecodedFile | None]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for name, data in files:
            queue.append(pool.submit(decoded, name, data))
            if len(queue) > QUEUED_PER_WORKER * workers and (result := queue.popleft().result()) is not None:
                yield result
        while queue:
            if (result := queue.popleft().result()) is not None:
                yield result


def middle_square(content: bytes, *, size: int, min_side: int, min_chroma: float) -> Bytes | str:
    """The largest centered square of a picture, reduced to (size, size, 3) sRGB, or the reason for skipping it.

    Args:
        content: the bytes of an image file.
        size: side of the result, in pixels.
        min_side: a picture with a shorter side, in pixels, is `TOO_SMALL`.
        min_chroma: a square with a lower mean CIELAB chroma is `GRAY`.
    """
    try:
        photo = Photo.open(content)
        width, height = photo.size
        if min(width, height) < min_side:
            return TOO_SMALL
        scale = size / min(width, height)
        width, height = max(size, round(width * scale)), max(size, round(height * scale))
        rgb = photo.small_rgb(width, height)
    except PhotoError:
        return BROKEN
    top, left = (height - size) // 2, (width - size) // 2
    square = np.ascontiguousarray(rgb[top : top + size, left : left + size])
    if chroma(rgb_to_lab(square)[..., 1:]).mean() < min_chroma:
        return GRAY
    return square


def file_hash(data: bytes | Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes; a file that can't be read counts as empty."""
    return hashlib.sha256(_content(data)).hexdigest()


def _content(data: bytes | Path) -> bytes:
    try:
        return data.read_bytes() if isinstance(data, Path) else data
    except OSError:
        return b""
