"""One photograph of a collection, from file to file. Every engine runs this, so all give the same bytes."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from .._util.files import absolute, sha256
from ..coloring.colorizer import Colorizer
from ..coloring.edit import Edit
from ..coloring.provenance import Record
from ..errors import ConfigError, HintError, PhotoError
from ..photo import MAX_PIXELS, Photo
from ..photo.formats import DEFAULT_JPEG_QUALITY
from ..photo.opening import read_xmp
from ..runtime.spec import DEFAULT_MODEL
from .ledger import Entry, Output
from .naming import Outputs
from .sidecars import XmpSidecar, write_xmp
from .storage import Places, color_remote

__all__ = ["DISK_FULL", "Job", "Settings", "color_file", "color_photo", "colorizer_of"]

DISK_FULL = "disk-full"
"""Code of the error after which nothing more can be written."""
_KINDS: dict[str, Callable[[Photo], Photo]] = {"color": lambda photo: photo, "layer": Photo.layer, "compare": Photo.compare}


@dataclass(frozen=True)
class Settings:
    """How all photographs of a collection are colored and written."""

    model: str = DEFAULT_MODEL
    """Name of a bundled model, or path of a model file."""
    device: str = "auto"
    precision: str = "auto"
    """``"float"`` or ``"int8"``; see `Colorizer`."""
    threads: int = 1
    """Processor threads of the network for one photograph. The engines color several photographs at once; with another number of threads
    the files would say so in their records, and the colors might be rounded differently."""
    max_pixels: int = MAX_PIXELS
    """Limit of a photograph's width × height."""
    edit: Edit = field(default_factory=Edit)
    """Of photographs without an edit of their own."""
    variants: int = 1
    """Number of colorings of each photograph."""
    layer: bool = False
    """Also write the color alone."""
    compare: bool = False
    """Also write gray and color side by side."""
    suffix: str = ""
    """Of the outputs' format; empty for the original's."""
    jpeg_quality: int = DEFAULT_JPEG_QUALITY
    """Of JPEG, WebP and AVIF, 1..100."""
    provenance: bool = True
    """Record in the files that they were colored, and how."""
    recolor: bool = False
    """Color files that tinct made once more; otherwise they are skipped."""
    overwrite: bool = False
    """Color again what is done, and replace earlier results of other edits, too."""

    def digest(self, edit: Edit, weights: str) -> str:
        """16 hexadecimal digits that differ for everything that decides an output's bytes, given the photograph and the machine.

        Args:
            edit: of the photograph; its reference must have been extracted.
            weights: SHA-256 of the model's weights.
        """
        values: dict[str, object] = {} if self.precision == "auto" else {"precision": self.precision}
        values |= {name: getattr(self, name) for name in ("variants", "layer", "compare", "suffix", "jpeg_quality", "provenance")}
        text = json.dumps(values | {"edit": edit.to_dict(), "weights": weights}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Job:
    """One photograph to color."""

    input: Path
    outputs: Outputs
    edit: Edit
    settings: str = ""
    """Digest, for the ledger."""
    ours: tuple[tuple[Path, str], ...] = ()
    """Existing outputs that may be replaced, each with the SHA-256 that it had when tinct wrote it."""
    sidecars: tuple[XmpSidecar, ...] = ()
    """XMP files of the photograph that are copied beside the result."""
    make_folder: bool = True
    """Make the folder of the outputs if there is none."""
    places: Places = field(default_factory=Places)
    """Which of the paths stand for URLs."""
    mtime_ns: int = 0
    """Time of change of a photograph behind an URL."""


def color_file(job: Job, settings: Settings) -> Entry:
    """Color a photograph, with a model that this process keeps loaded. An error of the photograph becomes an entry.

    Raises:
        PhotoError: the disk is full; code `DISK_FULL`.
        WeightsError: there is no such model.
        DeviceError: the device isn't available.
    """
    if job.places.pairs:
        return color_remote(job, settings)
    try:
        colorizer = colorizer_of(settings.model, settings.device, settings.threads, settings.precision)
        return color_photo(job, settings, colorizer)
    except (PhotoError, HintError, ConfigError) as error:
        if error.code == DISK_FULL:
            raise
        return failed(job, str(error), error.code, error.details)
    except OSError as error:
        return failed(job, f"{job.input}: {error.strerror or error}.")
    except MemoryError:
        return failed(job, f"{job.input}: there is not enough memory for it.", "memory")


def failed(job: Job, reason: str, code: str = "", details: dict[str, Any] | None = None) -> Entry:
    """The entry of a photograph that couldn't be colored."""
    return Entry(input=absolute(job.input), status="failed", settings=job.settings, reason=reason, code=code, details=details or {})


@lru_cache(maxsize=1)
def colorizer_of(model: str, device: str, threads: int, precision: str = "auto") -> Colorizer:
    """A `Colorizer`, kept from photograph to photograph."""
    return Colorizer(model, device=device, threads=threads, precision=precision)


def color_photo(job: Job, settings: Settings, colorizer: Colorizer, *, photo: Photo | None = None) -> Entry:
    """Color a photograph and write its outputs, each whole or not at all. Outputs that are there already stay.

    Args:
        job: the photograph; its edit must be a `Colorizer.resolved` one.
        settings: of all photographs; `Settings.edit` isn't used.
        colorizer: the model.
        photo: the photograph, if it is open.

    Returns:
        An entry with the outputs' paths as in the job; its status is ``done`` or ``skipped``.

    Raises:
        PhotoError: the photograph can't be read, or an output can't be written; code `DISK_FULL` if the disk is full.
        HintError: a hint outside the picture.
        ConfigError: something that the model can't do.
    """
    started = time.perf_counter()
    photo = photo or Photo.open(job.input, max_pixels=settings.max_pixels)
    entry = Entry(absolute(job.input), "done", settings=job.settings, edit=job.edit.to_dict())
    if photo.is_result and not settings.recolor:
        return replace(entry, status="skipped", reason="made by tinct")
    entry = replace(entry, sha256=photo.sha256() or "")
    if photo.path is not None:
        status = photo.path.stat()
        entry = replace(entry, bytes=status.st_size, mtime_ns=status.st_mtime_ns)
    writing = _Writing(job, settings, colorizer, entry.sha256)
    missing = [
        paths for i, paths in enumerate(job.outputs) if not all(writing.is_there(i, kind, path) for kind, path in paths.items())
    ]
    if missing:
        results = (
            colorizer.variants(photo, len(job.outputs), job.edit) if len(job.outputs) > 1 else [colorizer.colorize(photo, job.edit)]
        )
        for paths, result in zip(job.outputs, results, strict=True):
            for kind, path in paths.items():
                writing.write(_KINDS[kind](result), path)
    written = [path for paths in job.outputs for path in paths.values()]
    notes: tuple[str, ...] = photo.notes
    for sidecar in job.sidecars:
        if (target := write_xmp(sidecar, photo, writing.record(job.edit))) is not None:
            written.append(target)
        else:
            notes += (f"{sidecar.source} wasn't copied: {sidecar.target} is another file, or it is no XMP",)
    seconds = time.perf_counter() - started if writing.wrote else 0.0
    outputs = tuple(writing.output(path, entry.mtime_ns) for path in written)
    return replace(entry, outputs=outputs, seconds=seconds, notes=notes)


class _Writing:
    """The outputs of one photograph: which are there already, which may be replaced."""

    def __init__(self, job: Job, settings: Settings, colorizer: Colorizer, original: str) -> None:
        self._job, self._settings, self._colorizer, self._original = job, settings, colorizer, original
        self._ours = {absolute(path): digest for path, digest in job.ours}  # outputs may be named by relative paths
        self._found: set[Path] = set()
        self._replaced: dict[Path, bool] = {}  # whether the file says that tinct made it
        self.wrote = False

    def record(self, edit: Edit) -> Record | None:
        """The record for a sidecar; None without provenance."""
        if not self._settings.provenance:
            return None
        return replace(
            self._colorizer.record(edit),
            original=self._original,
            original_name=self._job.input.name,
            jpeg_quality=self._settings.jpeg_quality,
        )

    def is_there(self, variant: int, kind: str, path: Path) -> bool:
        """Whether an output exists, and is what would be written. Raises PhotoError if it exists and must not be replaced."""
        if not os.path.lexists(path):
            return False
        record, overwrite, provenance = _record(path), self._settings.overwrite, self._settings.provenance
        if record is not None and not overwrite and self._repeats(record, variant, kind):
            self._found.add(path)
            return True
        written = self._ours.get(absolute(path))
        if written is not None and sha256(path) == written:
            self._replaced[path] = record is not None
        elif overwrite:
            self._replaced[path] = True  # `Photo.save` checks that it has a record
        elif written is not None and (record is not None or provenance):
            raise PhotoError(
                f"{path} has been changed since tinct wrote it, so it isn't replaced", code="changed-result", path=str(path)
            )
        elif record is not None or provenance:
            fact = "exists already" if record is None else "exists already, with other colors"
            raise PhotoError(f"{path} {fact}", code="exists", path=str(path))
        return False

    def _repeats(self, record: Record, variant: int, kind: str) -> bool:
        """Whether a file with this record is what would be written."""
        edit = self._job.edit.changed(variant=self._job.edit.variant + variant)
        same_file = (record.original, record.output, record.jpeg_quality) == (self._original, kind, self._settings.jpeg_quality)
        return self._settings.provenance and same_file and self._colorizer.repeats(record, edit)

    def write(self, result: Photo, path: Path) -> None:
        """Write an output, unless it is there. Raises PhotoError."""
        if path in self._found:
            return
        settings, replaced = self._settings, path in self._replaced
        if replaced and not self._replaced[path]:
            path.unlink(missing_ok=True)  # without a record in it, `save` would take it for somebody else's
        elif not replaced and os.path.lexists(path):
            self._compare(result, path)
            return
        try:
            if self._job.make_folder:
                path.parent.mkdir(parents=True, exist_ok=True)
            result.save(
                path,
                overwrite=replaced,
                jpeg_quality=settings.jpeg_quality,
                provenance=settings.provenance,
            )
        except (PhotoError, OSError) as error:
            number = error.errno if isinstance(error, OSError) else error.details.get("errno")
            if number in (errno.ENOSPC, errno.EDQUOT):
                raise PhotoError(f"{path} can't be written: the disk is full", code="disk-full", path=str(path)) from error
            raise
        self.wrote = True

    def output(self, path: Path, mtime_ns: int) -> Output:
        """The ledger's description of an output.

        One that was found, and whose time isn't the photograph's, as `Photo.save` sets it, may have been retouched since. Its checksum is
        left empty, so that no later run replaces it.
        """
        status = path.stat()
        checksum = "" if path in self._found and status.st_mtime_ns != mtime_ns else sha256(path)
        return Output(str(path), checksum, status.st_size)

    def _compare(self, result: Photo, path: Path) -> None:
        """An output without a record may be left of an interrupted run: then its bytes are the same. Raises PhotoError otherwise."""
        settings = self._settings
        data = result.to_bytes(path.suffix, jpeg_quality=settings.jpeg_quality, provenance=settings.provenance)
        if path.stat().st_size != len(data) or path.read_bytes() != data:
            raise PhotoError(f"{path} exists already", code="exists", path=str(path))


def _record(path: Path) -> Record | None:
    """How a file was colored; None if it doesn't say so, or can't be read."""
    try:
        return Record.from_xmp(read_xmp(path), str(path))
    except (PhotoError, OSError):
        return None
