"""Atomic writing: a file appears complete, or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

__all__ = ["absolute", "new_file", "scratch", "sha256", "write_whole"]

_UNSUPPORTED = {
    errno.EOPNOTSUPP,
    errno.EISDIR,
    errno.EINVAL,
    errno.ENOENT,
}  # of open() on a file system or kernel without O_TMPFILE


def write_whole(path: Path, content: str | bytes | memoryview) -> None:
    """Replace the content of a file atomically: readers, even after a power cut, find the old or the new content. Raises OSError.

    Args:
        path: the file, whose folder exists.
        content: text is written as UTF-8.
    """
    temporary = path.with_name(f".{path.name}.partial")
    try:
        with temporary.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())  # Windows syncs only files that are open for writing
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def absolute(path: str | os.PathLike[str]) -> str:
    """The absolute path of a file that needn't exist; links are kept, which `Path.resolve` would replace."""
    return os.path.abspath(path)  # noqa: PTH100


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def scratch() -> BinaryIO:
    """An open temporary file without a name, deleted when it is closed; in memory on Linux."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("tinct"), "w+b")
    return cast("BinaryIO", tempfile.TemporaryFile())


@contextmanager
def new_file(target: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """An open file that appears under its name, and is synced to the disk, when the block ends without an error.

    After an error no file is left; on Linux not even after the process was killed, as the file has no name before the end (O_TMPFILE).

    Args:
        target: the file's path.
        overwrite: replace an existing file.

    Yields:
        A binary file for writing and reading.

    Raises:
        FileExistsError: the file exists, or another process made it meanwhile, and `overwrite` is false.
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
    with suppress(OSError):  # Windows can't open folders, and some network file systems can't sync them
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _unnamed(folder: Path) -> int | None:
    """Descriptor of a new file without a name in this folder; None if the system doesn't support that."""
    if not hasattr(os, "O_TMPFILE") or not os.path.exists("/proc/self/fd"):  # noqa: PTH110
        return None
    try:
        return os.open(folder, os.O_RDWR | os.O_TMPFILE, 0o666)
    except OSError as error:
        if error.errno in _UNSUPPORTED and folder.is_dir():
            return None
        raise


def _name(descriptor: int, path: Path) -> None:
    """Link an open file without a name to a path. Raises FileExistsError rather than replace a file."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:  # with a folder's descriptor Python calls linkat(), which follows the symbolic link in /proc
        os.link(f"/proc/self/fd/{descriptor}", path.name, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _link(temporary: Path, target: Path) -> bool:
    """Name a file by a hard link, which, unlike a rename, never replaces a file. False if the file system has no hard links."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True
