"""What there is to do: the photographs that were found, the names of their outputs, and what the ledger says of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from .._util.files import absolute, sha256
from ..coloring.colorizer import Colorizer
from ..coloring.edit import Edit
from ..coloring.packing import Reference
from ..errors import ConfigError, HintError, PhotoError
from ..runtime.spec import check_pair, find
from .finding import Finder, Found
from .ledger import Entry, Known, Ledger
from .naming import Outputs, Renamed, distinct, output_paths
from .sidecars import edit_of, xmp_sidecars
from .storage import Places
from .work import Job, Settings, colorizer_of, failed

__all__ = ["Collection", "Counts", "Planned"]


@dataclass
class Counts:
    """What a pass over a collection found."""

    found: int = 0
    """Photographs."""
    done: int = 0
    """Of these, finished before, and unchanged."""
    bytes: int = 0
    """Size of the files of those that are left to do."""
    with_edit: int = 0
    """Photographs with an edit of their own."""
    passed_over: Counter[str] = field(default_factory=Counter)
    """Reason -> number of other files."""

    @property
    def to_do(self) -> int:
        return self.found - self.done


class Planned(NamedTuple):
    """A photograph that is left to do."""

    job: Job
    error: Entry | None = None
    """Why it can't be done; None if it can."""


class Collection:
    """Photographs, where their results go, and which of them are done. Iterating yields what is left to do, and never keeps a list.

    Args:
        roots: photographs, and folders of them.
        output: the output folder, in which the folders' structure is repeated; None for results beside the originals.
        settings: how all are colored.
        ledger: of the output folder; None for none.
        include: patterns of the files to take from folders, see `Finder`.
        exclude: patterns of files and folders to leave out.
        keep: results that the ledger knows stay, whatever model or edit made them; only other photographs are colored.
        reserved: files that no result may replace, such as the reference picture.
        edits: edits of photographs, by absolute path, instead of those of sidecars.
        retry: also photographs that failed before.

    Raises:
        WeightsError: there is no such model.
        PhotoError: the reference picture can't be read, or is gray.
        ConfigError: the ledger is of another model (code ``"other-model"``).
    """

    counts: Counts
    """Of the latest pass; complete when it is over."""
    places: Places
    """Which roots, and whether the output folder, stand for URLs; set by who has mirrored them."""
    renamed: list[Renamed]
    """Photographs of the latest pass whose outputs don't have the usual name, as another photograph's has it."""

    def __init__(
        self,
        roots: Sequence[Path],
        output: Path | None,
        settings: Settings,
        ledger: Ledger | None = None,
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        keep: bool = False,
        reserved: Sequence[Path] = (),
        edits: Mapping[str, Edit] | None = None,
        retry: bool = True,
    ) -> None:
        spec, self.weights = check_pair(find(settings.model))
        self.model, self.output, self.keeps = spec.name, output, keep
        self._ledger, self._edits, self._retry = ledger, edits or {}, retry
        if ledger is not None and ledger.weights not in ("", self.weights) and not keep:
            raise ConfigError(
                f"{ledger.folder} holds results of another model, {ledger.model} (weights {ledger.weights[:12]}…), not of "
                f"{spec.name} (weights {self.weights[:12]}…).",
                code="other-model",
                model=ledger.model,
            )
        self._reserved = {os.path.realpath(path) for path in reserved}
        self._colorizer: Colorizer | None = None
        self.settings = replace(settings, edit=self._resolved(settings, settings.edit))
        self.counts = Counts()
        self.finder = Finder(
            roots, output, include, exclude, is_output=lambda path: self._owner(path) is not None, recolor=settings.recolor
        )
        self.renamed = []
        self.places = Places()
        self._digests: dict[int, tuple[Edit, str]] = {}

    @property
    def errors(self) -> list[PhotoError]:
        """Folders that couldn't be read in the latest pass."""
        return self.finder.errors

    def __iter__(self) -> Iterator[Planned]:
        self.counts, self.renamed = Counts(), []
        for photos in self.finder:
            self.counts.passed_over = self.finder.passed_over
            known = [self._known(photo) for photo in photos]
            paths, renamed = distinct(
                photos, self._folder, self._former_output, self._is_taken, self._all_outputs, self.settings.suffix
            )
            self.renamed += renamed
            for photo, path, before in zip(photos, paths, known, strict=True):
                self.counts.found += 1
                planned = self._planned(photo, path, before)
                if planned is None:
                    self.counts.done += 1
                    continue
                self.counts.bytes += _size(photo.path)
                yield planned
        self.counts.passed_over = self.finder.passed_over

    def survey(self) -> Counts:
        """Count what there is to do."""
        for _ in self:
            pass
        return self.counts

    def own_edits(self) -> dict[Path, Edit]:
        """All photographs that were found, with their edits; without those whose sidecar can't be used."""
        found = {}
        for photos in self.finder:
            for photo in photos:
                with suppress(ConfigError, HintError, PhotoError):
                    found[photo.path] = self._edit(photo)
        return found

    # ---- details ----------------------------------------------------------------------------------------------------------------

    def _folder(self, photo: Found) -> Path:
        return photo.path.parent if self.output is None else self.output / photo.folder

    def _known(self, photo: Found) -> Known | None:
        return None if self._ledger is None else self._ledger[absolute(photo.path)]

    def _owner(self, path: Path) -> str | None:
        return None if self._ledger is None else self._ledger.owner(path)

    def _is_taken(self, path: Path) -> bool:
        return self._owner(path) is not None or (bool(self._reserved) and os.path.realpath(path) in self._reserved)

    def _former_output(self, photo: Found) -> Path | None:
        known = self._known(photo)
        if known is None or not known.outputs or self._ledger is None:
            return None
        return self._ledger.outputs(known)[0][0]

    def _planned(self, photo: Found, path: Path, known: Known | None) -> Planned | None:
        """What is left to do for a photograph; None if it is done."""
        job = Job(
            photo.path,
            self._outputs(path, self.settings.edit),
            self.settings.edit,
            sidecars=xmp_sidecars(photo.path, path, photo.beside),
        )
        try:
            edit = self._edit(photo)
            job = replace(job, edit=edit, settings=self._digest(edit), outputs=self._outputs(path, edit))
        except (ConfigError, HintError, PhotoError) as error:  # of a sidecar
            return Planned(job, failed(job, f"{photo.path}: {error}", error.code, error.details))
        return None if self._is_done(job, known) else Planned(replace(job, ours=self._ours(known)))

    def _outputs(self, color: Path, edit: Edit) -> Outputs:
        numbers = range(edit.variant, edit.variant + self.settings.variants)
        return output_paths(color, numbers, layer=self.settings.layer, compare=self.settings.compare)

    def _all_outputs(self, color: Path) -> list[Path]:
        return [path for paths in self._outputs(color, self.settings.edit) for path in paths.values()]

    def _edit(self, photo: Found) -> Edit:
        edit = self._edits.get(absolute(photo.path)) or edit_of(photo.path, photo.beside)
        if edit is None:
            return self.settings.edit
        self.counts.with_edit += 1
        return self._resolved(self.settings, edit)

    def _resolved(self, settings: Settings, edit: Edit) -> Edit:
        if edit.like is None or isinstance(edit.like, Reference):
            return edit
        if self._colorizer is None:
            self._colorizer = colorizer_of(settings.model, settings.device, settings.threads, settings.precision)
        return self._colorizer.resolved(edit)

    def _digest(self, edit: Edit) -> str:
        """`Settings.digest`, computed once for the edit that most photographs share."""
        kept = self._digests.get(id(edit))
        if kept is None:
            kept = edit, self.settings.digest(edit, self.weights)
            if edit is self.settings.edit:
                self._digests[id(edit)] = kept
        return kept[1]

    def _ours(self, known: Known | None) -> tuple[tuple[Path, str], ...]:
        if known is None or self._ledger is None:
            return ()
        return tuple((path, digest) for path, digest, _ in self._ledger.outputs(known) if os.path.lexists(path))

    def _is_done(self, job: Job, known: Known | None) -> bool:
        """Whether the ledger says that the photograph, as it is now, was colored in this way, and the outputs are there."""
        if known is None or self._ledger is None or self.settings.overwrite:
            return False
        if known.status == "failed":
            return not self._retry and known.settings == job.settings
        if known.status != "done" or not self._same_photo(job.input, known):
            return False
        there = self._ledger.outputs(known)
        if not all(_size(path) == size for path, _, size in there if path.suffix != ".xmp"):
            return False
        wanted = {absolute(path) for paths in job.outputs for path in paths.values()}
        wanted |= {absolute(sidecar.target) for sidecar in job.sidecars if not os.path.lexists(sidecar.target)}
        return self.keeps or (known.settings == job.settings and wanted <= {str(path) for path, _, _ in there})

    @staticmethod
    def _same_photo(path: Path, known: Known) -> bool:
        """Whether a file has the bytes that it had: by size and time, as rsync does, and by checksum if the time alone differs."""
        try:
            status = path.stat()
            if status.st_size != known.size:
                return False
            if status.st_mtime_ns == known.mtime_ns:
                return True
            return sha256(path) == known.sha256
        except OSError:
            return False


def _size(path: Path) -> int:
    """Bytes of a file; -1 if there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return -1
