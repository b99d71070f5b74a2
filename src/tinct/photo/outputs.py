"""Where results are written: the name of a colored copy, and the checks that no original is overwritten."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from ..errors import PhotoError
from .formats import READABLE_SUFFIXES, WRITABLE_SUFFIXES
from .loaders import RAW_SUFFIXES
from .metadata.xmp import has_record
from .opening import read_xmp
from .sniffing import SNIFF_BYTES, FileKind, sniff

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
_CLOSEST = dict.fromkeys((".jpe", ".jfif", ".mpo", ".heic", ".heif"), ".jpg")
"""Readable suffix -> suffix of the closest format that tinct writes, where that isn't ``.png``."""
_OTHER_SUFFIXES = {
    *(
        ".gif",
        ".jp2",
        ".j2k",
        ".jpx",
        ".jpf",
        ".jxl",
        ".jxr",
        ".wdp",
        ".hdp",
        ".psd",
        ".psb",
        ".xcf",
        ".pdf",
        ".djvu",
        ".djv",
        ".svg",
    ),
    *(".eps", ".exr", ".hdr", ".ico", ".pbm", ".pgm", ".ppm", ".pnm", ".pcx", ".tga", ".fits", ".fit", ".dcm", ".heics", ".hif"),
}
"""Suffixes of pictures that tinct doesn't read."""
_PICTURE_SUFFIXES = {*READABLE_SUFFIXES, *RAW_SUFFIXES, *_OTHER_SUFFIXES}
_SEPARATORS = tuple({"/", os.sep})


def reason(error: OSError) -> str:
    """Why writing failed, as part of a sentence."""
    return _REASONS.get(error.errno or 0, error.strerror or "unknown reason")


def color_path(path: Path, output: str | os.PathLike[str] | None = None) -> Path:
    """Where the colored copy of `path` is written.

    ``a/b.jpg`` becomes ``a/b.color.jpg``. Formats that tinct doesn't write become the closest one that it does: HEIC, a phone's format
    of many megapixels, and MPO become ``.jpg``, BMP becomes ``.png``. What isn't a picture's suffix stays part of the name, and the
    content of the file decides: the JPEG ``Feb. 1932`` becomes ``Feb. 1932.color.jpg``. A file that doesn't exist, or whose format is
    unknown, becomes PNG.

    Args:
        path: the original.
        output: a folder (an existing one, or a text that ends with a path separator) for a file of that name; or the path itself.
    """
    named = path.with_name(f"{_stem(path)}.color{_output_suffix(path)}")
    if output is None:
        return named
    folder = os.path.isdir(output) or os.fspath(output).endswith(_SEPARATORS)  # noqa: PTH112 (takes names that are too long)
    return Path(output) / named.name if folder else Path(output)


def _stem(path: Path) -> str:
    return path.stem if path.suffix.lower() in _PICTURE_SUFFIXES else path.name


def _output_suffix(path: Path) -> str:
    """Suffix of the colored copy, as a rule that of the original."""
    suffix = path.suffix
    if suffix.lower() not in READABLE_SUFFIXES:
        suffix = _sniffed(path).suffix
    return suffix if suffix.lower() in WRITABLE_SUFFIXES else _CLOSEST.get(suffix.lower(), ".png")


def _sniffed(path: Path) -> FileKind:
    with suppress(OSError, ValueError):  # ValueError: a name with a null character
        if path.is_file():  # opening a pipe would wait for its other end
            with path.open("rb") as file:
                return sniff(file.read(SNIFF_BYTES))
    return sniff(b"")


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
