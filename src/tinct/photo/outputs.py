"""Where results are written: the name of a colored copy, and the checks that no original is overwritten."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from ..errors import PhotoError
from .formats import READABLE_SUFFIXES, WRITABLE_SUFFIXES
from .metadata.xmp import has_record
from .opening import read_xmp

__all__ = ["check_target", "color_path", "exists_error", "is_result", "reason"]

_REASONS = {
    errno.ENOENT: "there is no such folder",
    errno.ENOTDIR: "there is no such folder",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your share of the disk is full",
    errno.EFBIG: "the disk can't hold a file of that size",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "there is no permission to write there",
}


def reason(error: OSError) -> str:
    """Why writing failed, as part of a sentence."""
    return _REASONS.get(error.errno or 0, error.strerror or "unknown reason")


def color_path(path: Path, output: str | os.PathLike[str] | None = None) -> Path:
    """Where the colored copy of `path` is written.

    ``a/b.jpg`` becomes ``a/b.color.jpg``; so do HEIC and other suffixes of JPEG. A file without a known suffix becomes PNG.

    Args:
        path: the original.
        output: a folder (an existing one, or a text that ends with a path separator) for a file of that name; or the path itself.
    """
    other = ".jpg" if path.suffix.lower() in READABLE_SUFFIXES else ".png"  # HEIC is a phone's format, of many megapixels
    suffix = path.suffix if path.suffix.lower() in WRITABLE_SUFFIXES else other
    named = path.with_name(f"{path.stem}.color{suffix}")
    if output is None:
        return named
    folder = Path(output).is_dir() or os.fspath(output).endswith(("/", os.sep))
    return Path(output) / named.name if folder else Path(output)


def is_result(path: Path) -> bool:
    """Whether a file's metadata says that tinct made it; False for a file that can't be read."""
    with suppress(PhotoError, OSError):
        return has_record(read_xmp(path))
    return False


def check_target(target: Path, original: Path | None, *, overwrite: bool) -> None:
    """Raises PhotoError if a result must not be written there.

    Args:
        target: where the result is to be written.
        original: the file that it was made from, if there is one.
        overwrite: whether an earlier output may be replaced: a file whose metadata says that tinct made it.
    """
    if original is not None and _same_file(target, original):
        raise PhotoError(f"{target} is the original, which tinct never overwrites", code="is-original", path=str(target))
    if target.is_dir():
        raise PhotoError(f"{target} is a folder, not a file", code="is-folder", path=str(target))
    if os.path.lexists(target):
        if not overwrite:
            raise exists_error(target)
        _check_ours(target)


def exists_error(target: Path) -> PhotoError:
    """The error of a target that exists, and isn't to be replaced."""
    return PhotoError(f"{target} exists already", code="exists", path=str(target))


def _check_ours(target: Path) -> None:
    """Raises PhotoError unless a file's metadata says that tinct made it: otherwise it may be somebody's original."""
    with suppress(OSError):
        if target.stat().st_size == 0:
            return
    if is_result(target):
        return
    raise PhotoError(
        f"{target} doesn't say that tinct made it, so it may be an original, which tinct never overwrites",
        code="not-ours",
        path=str(target),
    )


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them doesn't exist
        return False
