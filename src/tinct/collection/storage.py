"""Folders behind URLs (``s3://bucket/scans``), by fsspec: a mirror of their names for the plan, and copies of files for the work.

The plan, the ledger and the work know paths. So an URL gets a `Mirror`: a local folder with an empty file of the right name, size and time
for every object. Only sidecars and the ledger have content. A worker, on whatever machine, copies a photograph into a temporary folder,
colors it there and copies the results back. A store has neither appending nor locks: the ledger is written whole from time to time, and
two runs at once into one URL aren't noticed.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlsplit

from .._util.files import absolute
from ..errors import ConfigError, PhotoError
from .ledger import FILE_NAME, Entry
from .sidecars import EDIT_SUFFIX

if TYPE_CHECKING:
    from .work import Job, Settings

__all__ = ["Mirror", "Places", "color_remote", "is_url", "mirrored"]

SECONDS_BETWEEN_LEDGERS = 60.0
"""Between two uploads of the ledger, which is written whole."""
UPLOAD_SHARE = 20
"""Times the duration of the latest upload that pass before the next one, so that a large ledger takes at most a twentieth of the time."""
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")
T = TypeVar("T")


def is_url(text: str) -> bool:
    """Whether this names a place behind fsspec; a path doesn't, and neither does ``file://``, which `local_path` turns into one."""
    return _URL.match(text) is not None and not text.lower().startswith("file://")


def local_path(text: str) -> Path:
    """The path that a text or a ``file://`` URL names."""
    return Path(unquote(urlsplit(text).path)) if text.lower().startswith("file://") else Path(text)


class Store:
    """A folder of objects behind an URL.

    Args:
        url: ``scheme://bucket/folder``.

    Raises:
        ConfigError: fsspec or the package for this scheme isn't installed (code ``"storage-package"``), or there is no such scheme.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        scheme = url.partition("://")[0]
        try:
            import fsspec
            from fsspec.registry import known_implementations
        except ModuleNotFoundError as error:
            raise ConfigError(f"{url} needs the package fsspec.", code="storage-package", package="fsspec") from error
        try:
            self._fs, root = fsspec.core.url_to_fs(self.url, use_listings_cache=False)
        except ImportError as error:
            package = known_implementations.get(scheme, {}).get("class", scheme).partition(".")[0]
            raise ConfigError(
                f"{url} needs the package {package}, which isn't installed.", code="storage-package", package=package
            ) from error
        except ValueError as error:
            raise ConfigError(f"{url}: {_first_line(error)}.") from error
        self._root: str = root.rstrip("/")

    def list(self) -> Iterator[tuple[str, int, int]]:
        """Relative path, bytes and time of change in nanoseconds (0 if unknown) of every object. Raises PhotoError."""
        found: dict[str, Any] = self._call("", lambda where: self._fs.find(where, detail=True))
        for path, info in found.items():
            yield path[len(self._root) :].lstrip("/"), int(info.get("size") or 0), _time(info)

    def exists(self, name: str) -> bool:
        """Raises PhotoError."""
        return bool(self._call(name, self._fs.exists))

    def read(self, name: str) -> bytes:
        """An object's bytes. Raises PhotoError."""
        return bytes(self._call(name, self._fs.cat_file))

    def write(self, name: str, data: bytes) -> None:
        """Write an object whole, in place of an earlier one. Raises PhotoError."""

        def write(where: str) -> None:
            self._fs.makedirs(where.rpartition("/")[0], exist_ok=True)
            self._fs.pipe_file(where, data)

        self._call(name, write)

    def copy(self, name: str, target: Path) -> None:
        """Copy an object into a local file. Raises PhotoError."""
        self._call(name, lambda where: self._fs.get_file(where, str(target)))

    def _call(self, name: str, action: Callable[[str], T]) -> T:
        url = f"{self.url}/{name}" if name else self.url
        try:
            return action(f"{self._root}/{name}" if name else self._root)
        except FileNotFoundError as error:
            raise PhotoError(f"{url}: there is no such file or folder.", code="storage") from error
        except Exception as error:  # each implementation raises what its own client library does
            text = f"{type(error).__name__} {error}"
            if re.search(r"credential|forbidden|access.?denied|permission|unauthorized", text, re.IGNORECASE):
                raise PhotoError(f"{url}: no access: {_first_line(error)}.", code="storage-credentials") from error
            raise PhotoError(f"{url}: {_first_line(error)}.", code="storage") from error


@dataclass(frozen=True)
class Places:
    """Which local folders stand for URLs."""

    pairs: tuple[tuple[str, str], ...] = ()
    """Absolute path of a mirror, and its URL."""

    def split(self, path: str | os.PathLike[str]) -> tuple[str, str] | None:
        """URL of the store, and relative path in it, that a path stands for; None if it is a path of this machine."""
        text = absolute(path)
        for folder, url in self.pairs:
            if text.startswith(folder + os.sep):
                return url, text[len(folder) + 1 :]
        return None

    def shown(self, text: str) -> str:
        """A text for people, or for the ledger: URLs in place of the mirrors."""
        for folder, url in self.pairs:
            text = text.replace(folder, url)
        return text

    def entry(self, entry: Entry) -> Entry:
        """An entry with URLs."""
        outputs = tuple(output._replace(path=self.shown(output.path)) for output in entry.outputs)
        return replace(entry, input=self.shown(entry.input), outputs=outputs, reason=self.shown(entry.reason))


class Mirror:
    """A local folder that stands for an URL.

    Args:
        url: of the folder of objects.
        folder: an empty folder.
        places: all mirrors of this run.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.store, self.folder = Store(url), folder
        self._uploaded, self._took, self._size = time.monotonic(), 0.0, 0

    def fill(self, places: Places) -> None:
        """List the store. Raises PhotoError."""
        for name, size, mtime in self.store.list():
            relative = PurePosixPath(name)
            if not name or ".." in relative.parts:
                continue
            path = self.folder / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            if name == FILE_NAME:
                text = self.store.read(name).decode()
                for folder, url in places.pairs:
                    text = text.replace(_quoted(url + "/"), _quoted(folder + "/"))
                path.write_text(text)
                self._size = path.stat().st_size
            elif name.endswith((EDIT_SUFFIX, ".xmp")):
                self.store.copy(name, path)
            else:
                with path.open("wb") as file:
                    file.truncate(size)
            os.utime(path, ns=(mtime, mtime))

    def note(self, entry: Entry) -> None:
        """Mirror the outputs of an entry, so that a later pass finds them."""
        for output in entry.outputs:
            path = Path(output.path)
            if path.is_relative_to(self.folder) and not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as file:
                    file.truncate(output.bytes)

    def save_ledger(self, places: Places, *, now: bool = False) -> None:
        """Write the ledger into the store, if it has grown and, unless `now`, enough time has passed. Raises PhotoError."""
        path = self.folder / FILE_NAME
        waited = time.monotonic() - self._uploaded
        if not path.exists() or not (now or waited > max(SECONDS_BETWEEN_LEDGERS, UPLOAD_SHARE * self._took)):
            return
        if (size := path.stat().st_size) == self._size:
            return
        started = time.monotonic()
        self.store.write(FILE_NAME, places.shown(path.read_text()).encode())
        self._uploaded, self._size = time.monotonic(), size
        self._took = self._uploaded - started


@contextmanager
def mirrored(roots: list[str], output: str | None) -> Iterator[tuple[list[Path], Path | None, Places, list[Mirror]]]:
    """Mirrors of the URLs among inputs and output, removed at the end, when the ledger is written a last time.

    Yields:
        The roots and the output folder as paths; which of them stand for URLs; and the mirrors that results go into.

    Raises:
        ConfigError: a package is missing; code ``"storage-package"``.
        PhotoError: a store can't be read, or the ledger not be written; code ``"storage"`` or ``"storage-credentials"``.
    """
    with ExitStack() as stack:
        mirrors: dict[str, Mirror] = {}
        for number, text in enumerate([*roots, *([] if output is None else [output])]):
            if is_url(text) and text.rstrip("/") not in mirrors:
                base = Path(absolute(stack.enter_context(tempfile.TemporaryDirectory(prefix="tinct-"))))
                folder = base / (PurePosixPath(urlsplit(text).path).name or urlsplit(text).netloc or str(number))
                folder.mkdir()
                mirrors[text.rstrip("/")] = Mirror(text, folder)
        places = Places(tuple((str(mirror.folder), url) for url, mirror in mirrors.items()))

        def path(text: str) -> Path:
            return mirrors[text.rstrip("/")].folder if is_url(text) else local_path(text)

        for mirror in mirrors.values():
            mirror.fill(places)
        into = roots if output is None else [output]
        targets = [mirrors[text.rstrip("/")] for text in into if is_url(text)]
        try:
            yield [path(text) for text in roots], None if output is None else path(output), places, targets
        finally:
            for target in targets:
                target.save_ledger(places, now=True)


def color_remote(job: Job, settings: Settings) -> Entry:
    """`work.color_file` of a photograph whose file or outputs are behind URLs; paths in the entry are those of the job.

    Outputs that are there already are compared with what would be written, as on a disk.
    """
    from .work import DISK_FULL, color_file, failed

    places = job.places

    stores: dict[str, Store] = {}

    def store(url: str) -> Store:
        return stores.setdefault(url, Store(url))

    with tempfile.TemporaryDirectory(prefix="tinct-") as temporary:
        back: dict[str, Path] = {}

        def here(path: Path, folder: str, *, needed: bool) -> Path:
            """The local copy of a path."""
            place = places.split(path)
            if place is None:
                return path
            copy = Path(temporary) / folder / path.name
            copy.parent.mkdir(exist_ok=True)
            back[str(copy)] = path
            if needed or store(place[0]).exists(place[1]):
                store(place[0]).copy(place[1], copy)
            return copy

        try:
            original = here(job.input, "original", needed=True)
            if original != job.input:
                os.utime(original, ns=(job.mtime_ns, job.mtime_ns))
            outputs = tuple({kind: here(path, "results", needed=False) for kind, path in paths.items()} for paths in job.outputs)
            ours = tuple((here(path, "results", needed=False), digest) for path, digest in job.ours)
            sidecars = tuple(
                sidecar._replace(
                    source=here(sidecar.source, "original", needed=True), target=here(sidecar.target, "results", needed=False)
                )
                for sidecar in job.sidecars
            )
            before = {copy: Path(copy).stat().st_mtime_ns for copy in back if Path(copy).exists()}
            local = replace(job, input=original, outputs=outputs, ours=ours, sidecars=sidecars, places=Places())
            entry = color_file(local, settings)
            written = []
            for output in entry.outputs:
                target = back.get(output.path)
                if target is None:
                    written.append(output)
                    continue
                copy = Path(output.path)
                if copy.stat().st_mtime_ns != before.get(output.path):
                    url, name = places.split(target) or ("", "")
                    store(url).write(name, copy.read_bytes())
                written.append(output._replace(path=str(target)))
        except PhotoError as error:
            if error.code == DISK_FULL:
                raise
            return failed(job, str(error), error.code)
        reason = entry.reason
        for local_name, path in back.items():
            reason = reason.replace(local_name, str(path))
        return replace(entry, input=absolute(job.input), outputs=tuple(written), reason=reason)


def _quoted(text: str) -> str:
    """As in JSON, after the opening quotation mark."""
    return json.dumps(text)[:-1]


def _time(info: dict[str, Any]) -> int:
    for key in ("mtime", "LastModified", "last_modified", "updated", "modified", "created"):
        value = info.get(key)
        if isinstance(value, datetime):
            return int(value.timestamp() * 1e9)
        if isinstance(value, (int, float)):
            return int(value * 1e9)
        if isinstance(value, str):
            try:
                return int(datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp() * 1e9)
            except ValueError:
                continue
    return 0


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
