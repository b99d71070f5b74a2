"""Files beside a photograph that belong to it: its edit as JSON, and its XMP."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from .._util.files import write_whole
from ..coloring.edit import Edit
from ..coloring.provenance import Record
from ..errors import PhotoError
from ..photo import Photo
from ..photo.metadata.xmp import has_record, without_record

__all__ = ["EDIT_SUFFIX", "XmpSidecar", "edit_of", "write_xmp", "xmp_sidecars"]

EDIT_SUFFIX = ".tinct.json"
MAX_XMP_BYTES = 2**26


class XmpSidecar(NamedTuple):
    """An XMP file of a photograph, and where its copy goes."""

    source: Path
    target: Path


def edit_of(photo: Path) -> Edit | None:
    """The edit in ``name.jpg.tinct.json`` or ``name.tinct.json`` beside a photograph; None if there is neither.

    Raises:
        ConfigError: the file isn't an edit.
        HintError: a hint in it can't be parsed.
    """
    for name in (photo.name, photo.stem):
        path = photo.with_name(name + EDIT_SUFFIX)
        if os.path.lexists(path):
            return Edit.read(path)
    return None


def xmp_sidecars(photo: Path, result: Path) -> tuple[XmpSidecar, ...]:
    """The XMP files of a photograph: ``name.xmp`` (Lightroom, Capture One) and ``name.jpg.xmp`` (darktable, digiKam); each is copied under
    the same form of the result's name."""
    forms = {f"{photo.stem}.xmp": f"{result.stem}.xmp", f"{photo.name}.xmp": f"{result.name}.xmp"}
    found = (XmpSidecar(photo.with_name(own), result.with_name(other)) for own, other in forms.items())
    return tuple(sidecar for sidecar in found if os.path.isfile(sidecar.source))  # noqa: PTH113 (unlike Path.is_file, it takes long names)


def write_xmp(sidecar: XmpSidecar, photo: Photo, record: Record | None) -> Path | None:
    """Copy an XMP sidecar beside the result, with the record added. An earlier copy is replaced, another file never.

    Places in the picture (regions of faces) are turned with it.

    Returns:
        The copy's path; None if another file is there, or the sidecar isn't XMP.
    """
    source, target = sidecar
    if target.exists() and not _is_ours(target):
        return None
    try:
        packet = source.read_bytes()
    except OSError as error:
        raise PhotoError(f"{source} can't be read ({error.strerror or error})") from error
    if len(packet) > MAX_XMP_BYTES:
        return None
    packet = without_record(packet) if record is None else record.to_xmp(packet, None)
    with suppress(FileNotFoundError):
        if target.read_bytes() == packet:
            return target
    write_whole(target, packet)
    return target


def _is_ours(path: Path) -> bool:
    try:
        return has_record(path.read_bytes())
    except OSError:
        return False
