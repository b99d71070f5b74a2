"""The ledger of a collection: ``tinct.jsonl`` in the output folder, one line for each photograph that was finished or failed.

Lines are appended and synced one by one, so after a kill or a power cut at most the last one is incomplete, and is ignored. The first
line names the model. A later line about a photograph replaces an earlier one. The file is for other programs, too: each line is a JSON
object with the photograph's path and SHA-256, its outputs with theirs, the edit, seconds and, if it failed, the reason.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple

from .._util.files import absolute
from .._version import __version__
from ..errors import ConfigError

__all__ = ["FILE_NAME", "Entry", "Known", "Ledger", "Output"]

FILE_NAME = "tinct.jsonl"
FORMAT = 1


class Output(NamedTuple):
    """A file that was written."""

    path: str
    """As in the `Job`; in an entry from a ledger, relative to the ledger's folder if it lies below that, else absolute."""
    sha256: str
    """Empty if the file was found, and may have been changed since tinct wrote it: it isn't replaced."""
    bytes: int


@dataclass(frozen=True)
class Entry:
    """What came of one photograph."""

    input: str
    """Absolute path, or URL."""
    status: str
    """``done``, ``failed``, or ``skipped`` (tinct made it), which isn't written into the ledger."""
    outputs: tuple[Output, ...] = ()
    """Of a photograph that is done."""
    sha256: str = ""
    """Of the photograph's file."""
    bytes: int = 0
    mtime_ns: int = 0
    settings: str = ""
    """Digest of everything that decides the outputs' bytes but for the photograph; see `Settings.digest`."""
    edit: dict[str, Any] = field(default_factory=dict)
    """As `Edit.to_dict` gives it."""
    seconds: float = 0.0
    """Spent on it; 0 if the outputs were there already."""
    reason: str = ""
    """Why it failed."""
    notes: tuple[str, ...] = ()
    """What the user should know about a photograph that is done."""
    code: str = ""
    """Of the error; see `errors.TinctError`."""
    details: dict[str, Any] = field(default_factory=dict)
    """Of the error."""

    @property
    def made(self) -> bool:
        """Whether it was colored now, and not found done."""
        return self.status == "done" and self.seconds > 0


class Known(NamedTuple):
    """What the ledger knows of a photograph; less than an `Entry`, as there may be a million of them."""

    status: str
    sha256: str
    size: int
    mtime_ns: int
    settings: str
    outputs: tuple[Output, ...]


class Ledger:
    """An open ledger, locked against other processes. Made by `Ledger.opened`.

    Args:
        folder: the output folder.
        file: open for appending; None if nothing is to be written.
    """

    def __init__(self, folder: Path, file: IO[bytes] | None = None) -> None:
        self.folder, self._file = Path(absolute(folder)), file
        self.model, self.weights = "", ""
        """Name of the model whose results the ledger has, and the SHA-256 of its weights; empty in a new one."""
        self._known: dict[str, Known] = {}
        self._owners: dict[str, str] = {}  # output -> photograph

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, *, fresh: bool = False) -> Iterator[Ledger]:
        """Open the ledger of an output folder, which is made if need be.

        Args:
            folder: the output folder.
            fresh: forget what it says of earlier runs, but not which files are outputs. The earlier ledger is kept as ``tinct.jsonl.old``.

        Raises:
            ConfigError: the folder can't be written to (code ``"output-folder"``), or another process works on it (``"collection-running"``).
        """
        path = folder / FILE_NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = path.open("a+b", buffering=0)
        except OSError as error:
            raise ConfigError(
                f"{folder} can't be written to: {error.strerror or error}.", code="output-folder", path=folder
            ) from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConfigError(
                    f"{folder}: another process is coloring a collection into it.", code="collection-running", path=folder
                ) from None
            except OSError:  # a file system without locks
                pass
            ledger = cls(folder, file)
            with path.open("rb") as lines:
                ledger._read(lines)
            if fresh:
                ledger._forget()
            yield ledger

    @classmethod
    def read(cls, folder: Path) -> Ledger:
        """The ledger of a folder as it is, to be looked at; empty if there is none. Raises ConfigError."""
        ledger = cls(folder)
        try:
            with (folder / FILE_NAME).open("rb") as file:
                ledger._read(file)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise ConfigError(f"{folder / FILE_NAME} can't be read: {error.strerror or error}.", path=folder) from error
        return ledger

    def __len__(self) -> int:
        return len(self._known)

    def __getitem__(self, photo: str) -> Known | None:
        """What is known of a photograph, by its absolute path."""
        return self._known.get(photo)

    def owner(self, output: Path) -> str | None:
        """The photograph whose output a path is."""
        return self._owners.get(self._relative(absolute(output)))

    def outputs(self, known: Known) -> list[tuple[Path, str, int]]:
        """Absolute path, SHA-256 and bytes of each output."""
        return [(self.folder / path, digest, size) for path, digest, size in known.outputs]

    def begin(self, model: str, weights: str) -> None:
        """Write the first line of a new ledger; in an older one, the line of another model. Raises OSError."""
        if (model, weights) != (self.model, self.weights):
            self._append({"tinct": __version__, "format": FORMAT, "model": model, "weights": weights})
            self.model, self.weights = model, weights

    def append(self, entry: Entry) -> None:
        """Write an entry, and sync it to the disk. Raises OSError."""
        line = {
            "input": entry.input,
            "sha256": entry.sha256,
            "bytes": entry.bytes,
            "mtime_ns": entry.mtime_ns,
            "status": entry.status,
            "outputs": [output._replace(path=self._relative(absolute(output.path)))._asdict() for output in entry.outputs],
            "settings": entry.settings,
            "edit": entry.edit,
            "seconds": round(entry.seconds, 3),
            "reason": entry.reason,
            "notes": list(entry.notes),
        }
        self._append(line)
        self._learn(line)

    def entries(self) -> Iterator[Entry]:
        """The latest entry of each photograph, in the order of their first mention; read from the file again."""
        places: dict[str, int] = {}
        path = self.folder / FILE_NAME
        with path.open("rb") as file:
            while line := file.readline():
                values = _parsed(line)
                if "input" in values:
                    places[values["input"]] = file.tell() - len(line)
            for place in places.values():
                file.seek(place)
                yield _entry(_parsed(file.readline()))

    # ---- details ----------------------------------------------------------------------------------------------------------------

    def _relative(self, path: str) -> str:
        """As `Output.path`."""
        start = os.path.join(self.folder, "")  # noqa: PTH118
        return path[len(start) :] if path.startswith(start) else path

    def _read(self, file: IO[bytes]) -> None:
        for line in file:
            self._learn(_parsed(line))

    def _learn(self, values: dict[str, Any]) -> None:
        """Raises ConfigError for a ledger of a later version."""
        if "format" in values:
            if values["format"] != FORMAT:
                raise ConfigError(
                    f"{self.folder / FILE_NAME} was written by tinct {values.get('tinct')}, whose ledger this version doesn't read."
                )
            self.model, self.weights = values["model"], values["weights"]
        elif "input" in values:
            outputs = tuple(Output(**one) for one in values["outputs"])
            photo = values["input"]
            self._known[photo] = Known(
                sys.intern(values["status"]),
                values["sha256"],
                values["bytes"],
                values["mtime_ns"],
                sys.intern(values["settings"]),
                outputs,
            )
            for path, _, _ in outputs:
                self._owners[path] = photo

    def _append(self, values: dict[str, Any]) -> None:
        assert self._file is not None
        start = self._file.seek(0, os.SEEK_END)
        line = json.dumps(values).encode() + b"\n"
        if start:
            self._file.seek(start - 1)
            if self._file.read(1) != b"\n":  # a line that a kill or a full disk cut off
                line = b"\n" + line
        try:
            while line:
                line = line[self._file.write(line) :]
            os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(start)
            raise

    def _forget(self) -> None:
        """Keep the earlier ledger beside, and begin a new one. Which files are outputs stays known."""
        assert self._file is not None
        path = self.folder / FILE_NAME
        try:
            if path.stat().st_size:
                path.with_name(f"{FILE_NAME}.old").write_bytes(path.read_bytes())
                self._file.truncate(0)
        except OSError as error:
            raise ConfigError(
                f"{path} can't be written: {error.strerror or error}.", code="output-folder", path=self.folder
            ) from error
        self._known = {photo: known._replace(status="forgotten") for photo, known in self._known.items()}
        self.model = self.weights = ""


def _parsed(line: bytes) -> dict[str, Any]:
    """The values of a line; empty if it was cut off."""
    try:
        values = json.loads(line)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def _entry(values: dict[str, Any]) -> Entry:
    return Entry(
        input=values["input"],
        status=values["status"],
        outputs=tuple(Output(**one) for one in values["outputs"]),
        **{name: values[name] for name in ("sha256", "bytes", "mtime_ns", "settings", "edit", "seconds", "reason")},
        notes=tuple(values["notes"]),
    )
