"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

__all__ = ["new_file", "scratch", "write_whole"]

_NO_UNNAMED = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT}  # a file system, or a kernel, without O_TMPFILE


def write_whole(path: Path, content: str | bytes | memoryview) -> None:
    """Replace the file's content; whoever reads it, even after a power cut, finds the old or the new one. Raises OSError."""
    temporary = path.with_name(f".{path.name}.partial")
    try:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def scratch() -> BinaryIO:
    """A file without a name, which goes when it is closed; in memory where the system has such files (Linux)."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("tinct"), "w+b")
    return cast("BinaryIO", tempfile.TemporaryFile())


@contextmanager
def new_file(target: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """A file, to be written and read, that appears under its name, and on the disk, when all went well; else nothing is left.

    Where the system has files without a name (Linux), nothing is left of one whose process was killed, either.

    Raises:
        FileExistsError: there is one already, or another process made one meanwhile, and it isn't to be replaced.
        OSError: it can't be written.
    """
    temporary = target.with_name(f".tinct-{secrets.token_hex(6)}{target.suffix}")
    descriptor = _unnamed(target.parent)
    named = descriptor is None
    if descriptor is None:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        descriptor = os.open(temporary, flags, 0o666)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
            if not named:
                _name(descriptor, temporary if overwrite else target)
        if named and not overwrite:
            overwrite = not _link(temporary, target)
        if overwrite:
            os.replace(temporary, target)  # noqa: PTH105
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    with suppress(OSError):  # Windows can't open folders, some network disks can't sync them
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _unnamed(folder: Path) -> int | None:
    """A descriptor of a new file without a name in this folder; None where there is no such thing."""
    if not hasattr(os, "O_TMPFILE") or not os.path.exists("/proc/self/fd"):  # noqa: PTH110
        return None
    try:
        return os.open(folder, os.O_RDWR | os.O_TMPFILE, 0o666)
    except OSError as error:
        if error.errno in _NO_UNNAMED and folder.is_dir():
            return None
        raise


def _name(descriptor: int, path: Path) -> None:
    """Give a file without a name this one, never replacing another's."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:  # with a folder's descriptor Python calls linkat(), which follows the link that /proc shows
        os.link(f"/proc/self/fd/{descriptor}", path.name, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _link(temporary: Path, target: Path) -> bool:
    """A link, unlike a rename, never replaces what another process wrote meanwhile. False on a file system without links."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True
