"""One film on the server: its file, how it is to be colored, and what became of it."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock

from ..errors import TinctError
from ..film import Encoding, Film, FilmEdit, FilmInfo, FilmProgress, FilmResult
from ..film.container.encoding import default_codec
from ..film.finding import film_output
from .problems import RefusedError

__all__ = ["Order", "StoppedError", "StoredFilm"]


class StoppedError(Exception):
    """Nobody wants the film any more."""


@dataclass(frozen=True)
class Order:
    """How a film is colored: the arguments of `Film.colorize`."""

    edit: FilmEdit
    codec: str | None = None
    """None is that of the container."""
    quality: int | None = None
    start: float | None = None
    end: float | None = None
    every: int = 1

    def output(self, film: Path) -> Path:
        """The file of the result, beside the film."""
        preview = self.start is not None or self.end is not None or self.every > 1
        return film_output(film, codec=self.codec, preview=preview)

    def encoding(self, output: Path) -> Encoding:
        """Of the result. Raises ConfigError."""
        return Encoding(self.codec or default_codec(output), self.quality)


@dataclass(eq=False)
class StoredFilm:
    """One film, and what became of it."""

    id: str
    name: str
    """File name as the client sent it; for downloads and messages, never for the file system."""
    folder: Path
    film: Film
    """For single frames; `lock` is held meanwhile."""
    used: float
    """Time of its last use, in seconds of the monotonic clock."""
    state: str = "open"
    """``open`` (nothing was asked), ``queued``, ``running``, ``done`` or ``failed``."""
    progress: FilmProgress | None = None
    result: FilmResult | None = None
    error: TinctError | None = None
    """Why it failed; None for a bug, which is in the log."""
    pictures: dict[str, Path] = field(default_factory=dict)
    """Pictures of keyframes: the client's name -> file."""
    stop: Event = field(default_factory=Event)
    """Set when the film is removed."""
    lock: Lock = field(default_factory=Lock)
    looks: dict[int, Future[list[float]]] = field(default_factory=dict)
    """Count -> times of the most telling frames."""

    @property
    def info(self) -> FilmInfo:
        """What the film is."""
        return self.film.info

    @property
    def busy(self) -> bool:
        """Whether it is being colored, or waits for it."""
        return self.state in ("queued", "running")

    def check_free(self) -> None:
        """Raises RefusedError, 409, where it is busy."""
        if self.busy:
            raise RefusedError(409, "film-busy", f"{self.name} is being colored.")

    def in_words(self, text: str) -> str:
        """A message with the client's names in the place of the server's paths."""
        for name, path in self.pictures.items():
            text = text.replace(str(path), name)
        return text.replace(str(self.film.info.path), self.name).replace(f"{self.folder}/", "")

    def frame(self, time: float) -> bytes:
        """PNG of the gray frame nearest to a time in seconds. Raises FilmError."""
        with self.lock:
            return self.film.frame(time).to_bytes(".png", provenance=False)

    def follow(self, progress: FilmProgress) -> None:
        """Note how far the work is; ends it where the film was removed."""
        if self.stop.is_set():
            raise StoppedError
        self.progress = progress
