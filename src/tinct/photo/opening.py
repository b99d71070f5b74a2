"""Opening picture files - paths, and the bytes of files - so that their pixels can be decoded again for each pass."""

from __future__ import annotations

import errno
import io
import os
from dataclasses import replace
from pathlib import Path

import pyvips

from ..errors import PhotoError
from .content import Content
from .decoding import decode
from .harm import check_harmless
from .loaders import FRESH_COPY, find_loader, unreadable
from .picture import Picture, printable
from .running import without_warnings
from .sniffing import SNIFF_BYTES
from .working_memory import Admit, free

__all__ = ["from_bytes", "from_file", "read_xmp"]

# Each pass opens a source of its own, so libvips' operation cache is never hit: it would only keep files open and memory used.
pyvips.cache_set_max(0)

_ADVICE = {errno.EACCES: "; check its permissions", errno.EPERM: "; check its permissions", errno.EIO: "; check its disk"}


def from_file(name: str, path: Path, max_pixels: int, admit: Admit = free) -> Picture:
    """Open a file. Raises PhotoError, or what `admit` raises."""
    try:
        if os.path.exists(path) and not path.is_file():  # noqa: PTH110 (takes names that are too long); a pipe would wait for its other end
            raise PhotoError(f"{name} is {'a folder' if path.is_dir() else 'no regular file'}; name a picture file")
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not status.st_size:
                raise PhotoError(f"{name} is empty (0 bytes); {FRESH_COPY}")
            content, opened = Content.of(file, path), _identity(status)
        if not str(path).isprintable():  # libvips takes only names that are valid UTF-8
            return from_bytes(name, path.read_bytes(), max_pixels, admit, path)
    except (OSError, ValueError) as error:  # ValueError: a null character
        raise _not_opened(name, error) from None

    def unchanged() -> None:  # otherwise the colors of one picture could be put on another
        try:
            now = _identity(path.stat())
        except OSError as error:
            raise PhotoError(f"{name} can't be read any more ({error.strerror}); check its disk") from None
        if now != opened:
            raise PhotoError(f"{name} has changed since it was opened; color it anew")

    def source() -> pyvips.Source:
        unchanged()
        return pyvips.Source.new_from_file(str(path))

    try:
        return replace(decode(name, content, source, max_pixels, admit), unchanged=unchanged)
    except OSError as error:
        raise _not_opened(name, error) from None


def _not_opened(name: str, error: OSError | ValueError) -> PhotoError:
    if isinstance(error, FileNotFoundError):
        return PhotoError(f"{name}: there is no such file; check the path", code="not-found")
    if isinstance(error, OSError):
        return PhotoError(f"{name} can't be opened ({error.strerror}){_ADVICE.get(error.errno or 0, '')}")
    return PhotoError(f"{name} can't be opened ({error})")


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def from_bytes(name: str, data: bytes, max_pixels: int, admit: Admit = free, path: Path | None = None) -> Picture:
    """Open the content of a file. Raises PhotoError, or what `admit` raises."""
    if not data:
        raise PhotoError(f"{name} is empty (0 bytes); {FRESH_COPY}")
    content = Content.of(io.BytesIO(data), path, data)
    return decode(name, content, lambda: pyvips.Source.new_from_memory(data), max_pixels, admit)


def read_xmp(path: Path) -> bytes:
    """The XMP packet of a picture file; empty if it has none.

    Raises:
        PhotoError: there is no such file, or it isn't a picture.
    """
    name = printable(path)
    if not os.path.isfile(path):  # noqa: PTH113 (takes names that are too long)
        raise PhotoError(f"{name}: there is no such file; check the path", code="not-found")

    def source() -> pyvips.Source:
        if str(path).isprintable():
            return pyvips.Source.new_from_file(str(path))
        return pyvips.Source.new_from_memory(path.read_bytes())  # libvips takes only names that are valid UTF-8

    def packet() -> bytes:
        with path.open("rb") as file:
            head = file.read(SNIFF_BYTES)
            check_harmless(name, file)
        loader = find_loader(name, source(), head, path.suffix.lower())
        image = pyvips.Operation.call(loader, source(), access="sequential")
        return bytes(image.get("xmp-data")) if image.get_typeof("xmp-data") else b""

    try:
        with without_warnings():
            return packet()
    except pyvips.Error as error:
        raise unreadable(name, error) from None
    except OSError as error:
        raise _not_opened(name, error) from None
