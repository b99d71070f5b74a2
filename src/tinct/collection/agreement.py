"""The edits of a collection whose photographs agree, kept in a file, so that a run that continues has the same ones without work."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from .._util.files import absolute, write_whole
from ..coloring.edit import Edit
from ..errors import ConfigError, HintError, PhotoError
from .plan import Collection
from .series import series_edits
from .work import colorizer_of

__all__ = ["FILE_NAME", "agreed_edits"]

FILE_NAME = "tinct.series.json"
Progress = Callable[[int, int], None]


def agreed_edits(collection: Collection, folder: Path | None = None, progress: Progress | None = None) -> dict[str, Edit]:
    """Edits with which the photographs of a collection agree, folder by folder; see `series`.

    Args:
        collection: the photographs, with their own edits.
        folder: keep the edits in a file of this folder; while the photographs and their own edits stay the same, they are read from it.
        progress: called with the number of photographs that were looked at, and of all.

    Returns:
        By absolute path, the edit of each photograph that can be read.

    Raises:
        ConfigError: the model takes no hints.
        PhotoError: the file can't be written.
    """
    own = collection.own_edits()
    wanted = _digest(collection, own)
    path = None if folder is None else folder / FILE_NAME
    if path is not None and (kept := _read(path, wanted)) is not None:
        return kept
    settings = collection.settings
    colorizer = colorizer_of(settings.model, settings.device, settings.threads, settings.precision)
    folders: dict[Path, list[Path]] = {}
    for photo in own:
        folders.setdefault(photo.parent, []).append(photo)
    found: dict[str, Edit] = {}
    for photos in folders.values():
        done = len(found)
        tell = None if progress is None else lambda part, _, done=done: progress(done + part, len(own))
        edits = series_edits(colorizer, photos, [own[photo] for photo in photos], progress=tell)
        found |= {absolute(photo): edit for photo, edit in zip(photos, edits, strict=True)}
    if path is not None:
        _write(path, wanted, found)
    return found


def _digest(collection: Collection, own: Mapping[Path, Edit]) -> str:
    """Of everything that the edits depend on."""
    total = hashlib.sha256(f"{collection.weights} {collection.settings.precision}".encode())
    for photo, edit in own.items():
        try:
            status = photo.stat()
        except OSError:
            continue
        total.update(json.dumps([absolute(photo), status.st_size, status.st_mtime_ns, edit.to_dict()]).encode())
    return total.hexdigest()


def _read(path: Path, wanted: str) -> dict[str, Edit] | None:
    """The edits in the file; None if it isn't there, or is of other photographs or edits."""
    try:
        values = json.loads(path.read_text("utf-8"))
        if values["series"] == wanted:
            return {photo: Edit.from_dict(edit) for photo, edit in values["edits"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ConfigError, HintError):
        pass
    return None


def _write(path: Path, wanted: str, found: Mapping[str, Edit]) -> None:
    text = json.dumps({"series": wanted, "edits": {photo: edit.to_dict() for photo, edit in found.items()}})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    except OSError as error:
        raise PhotoError(f"{path} can't be written ({error.strerror or error})", code="cannot-write", path=str(path)) from error
