"""Films that are colored: each in a folder of its own under an unguessable id, one colored at a time, forgotten after a time without use."""

from __future__ import annotations

import logging
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import BinaryIO

from ..coloring import Colorizer
from ..errors import TinctError
from ..film import Film
from ..film.finding import FILM_SUFFIXES
from ..photo import Photo, sniff
from .film_arrivals import Arrival
from .picture_store import minutes
from .problems import RefusedError
from .stored_film import Order, StoppedError, StoredFilm

__all__ = ["MAX_PICTURES", "Films"]

MAX_PICTURES = 1000
"""Pictures of keyframes of one film."""
_HEAD_BYTES = 512
_BLOCK_BYTES = 1 << 20
_log = logging.getLogger("tinct.web")


class Films:
    """All films that are kept, bounded in number. Any number of threads may use it at once.

    Args:
        model: name or path of the server's model, which is loaded for films when there is one: with one thread, as several frames are
            colored at once.
        device: as of `Colorizer`.
        precision: as of `Colorizer`.
        max_films: how many films may be kept at once, including those that are being sent.
        expiry_seconds: time that a film is kept after its last use.
    """

    def __init__(self, model: str, device: str, precision: str, max_films: int, expiry_seconds: float) -> None:
        self.max_films, self.expiry_seconds = max_films, expiry_seconds
        self._colorizer = cache(lambda: Colorizer(model, device=device, threads=1, precision=precision))
        self._kept: dict[str, StoredFilm] = {}
        self._arriving: dict[Arrival, None] = {}  # in the order in which they began
        self._lock = Lock()
        self._worker = ThreadPoolExecutor(1, "tinct-film")
        self._looker = ThreadPoolExecutor(1, "tinct-look")
        self._folder: Path | None = None

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def busy(self) -> int:
        """Films that are colored, or wait for it."""
        with self._lock:
            return sum(film.busy for film in self._kept.values())

    @contextmanager
    def arriving(self) -> Iterator[Arrival]:
        """Reserve the place of a film while it is sent, if need be that of one that comes too slowly. Used on the event loop.

        Raises RefusedError, 429, where there is none.
        """
        arrival = Arrival()
        with self._lock:
            self._forget_expired()
            if len(self._kept) + len(self._arriving) >= self.max_films:
                slow = next((one for one in self._arriving if one.is_slow), None)
                if slow is None:
                    fact = f"{self.max_films} films are kept, as many as this server allows."
                    raise RefusedError(429, "too-many-films", fact, retry_after=60)
                del self._arriving[slow]
                slow.give_up()
            self._arriving[arrival] = None
        try:
            yield arrival
        finally:
            with self._lock:
                self._arriving.pop(arrival, None)

    def add(self, content: BinaryIO, name: str) -> StoredFilm:
        """Keep a film; the caller has reserved its place by `arriving`.

        Args:
            content: the film's file, from its beginning.
            name: the client's name of it.

        Raises:
            FilmError: it can't be read.
            RefusedError: 422 where it is no film by its first bytes, 503 where the disk can't hold it.
        """
        if sniff(content.read(_HEAD_BYTES)).name != "video":  # a playlist would make ffmpeg read other files, or ask other servers
            raise RefusedError(422, "no-film", f"{name} is no film of a kind that this server reads.")
        content.seek(0)
        suffix = Path(name).suffix.lower()
        id = secrets.token_urlsafe(18)
        try:
            folder = self._root() / id
            folder.mkdir()
            path = folder / f"film{suffix if suffix in FILM_SUFFIXES else ''}"
            with path.open("wb") as file:
                shutil.copyfileobj(content, file, _BLOCK_BYTES)
        except OSError as error:
            shutil.rmtree(self._root() / id, ignore_errors=True)
            raise RefusedError(503, "disk", f"The film can't be kept: {error.strerror or error}.") from None
        try:
            film = StoredFilm(id, name, folder, Film(path), monotonic())
        except TinctError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise type(error)(str(error).replace(str(path), name), code=error.code, **error.details) from None
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        with self._lock:
            self._kept[id] = film
        return film

    def keep_picture(self, film: StoredFilm, content: BinaryIO, name: str, max_pixels: int, admit: Callable[[int], None]) -> None:
        """Keep a keyframe's picture under the client's name of it, in the place of an earlier one of that name.

        Args:
            film: that it belongs to.
            content: the picture's file, from its beginning.
            name: the client's name of it.
            max_pixels: limit of its pixels.
            admit: called with the memory that decoding it takes; see `Photo.open`.

        Raises:
            PhotoError: it can't be read.
            RefusedError: 422 where there are too many, 503 where the disk can't hold it.
        """
        if len(film.pictures) >= MAX_PICTURES and name not in film.pictures:
            raise RefusedError(422, "too-many-keyframes", f"A film may have {MAX_PICTURES} pictures of keyframes.")
        path = film.folder / f"picture-{secrets.token_hex(8)}"
        try:
            with path.open("wb") as file:
                shutil.copyfileobj(content, file, _BLOCK_BYTES)
            Photo.open(path, name=name, max_pixels=max_pixels, admit=admit)
        except BaseException as error:
            path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise RefusedError(503, "disk", f"{name} can't be kept: {error.strerror or error}.") from None
            raise
        if (former := film.pictures.get(name)) is not None:
            former.unlink(missing_ok=True)
        film.pictures[name] = path

    def get(self, id: str) -> StoredFilm:
        """The film of this id; it counts as used. Raises RefusedError, 404."""
        with self._lock:
            self._forget_expired()
            film = self._kept.get(id)
            if film is None:
                raise self.unknown()
            film.used = monotonic()
            return film

    def unknown(self) -> RefusedError:
        """The refusal of an id that no film has."""
        fact = f"There is no film of this id, or no longer: one that isn't used for {minutes(self.expiry_seconds)} is forgotten."
        return RefusedError(404, "no-such-film", fact)

    def expires_in(self, film: StoredFilm) -> float:
        """Seconds until it is forgotten unless it is used before; it isn't while it is colored."""
        return max(0.0, film.used + self.expiry_seconds - monotonic())

    def color(self, film: StoredFilm, order: Order) -> None:
        """Color a film as soon as those before it are done. Raises RefusedError, 409, where it is busy already."""
        with self._lock:
            film.check_free()
            film.state, film.progress, film.error = "queued", None, None
            former, film.result = film.result, None
            if former is not None:
                former.path.unlink(missing_ok=True)
        self._worker.submit(self._color, film, order)

    def _color(self, film: StoredFilm, order: Order) -> None:
        if film.stop.is_set():
            return
        film.state = "running"
        output = order.output(film.info.path)
        try:
            film.result = Film(film.info.path).colorize(
                output,
                order.edit,
                colorizer=self._colorizer(),
                encoding=order.encoding(output),
                start=order.start,
                end=order.end,
                every=order.every,
                overwrite=True,
                fresh=True,
                progress=film.follow,
            )
            film.state = "done"
        except StoppedError:
            shutil.rmtree(film.folder, ignore_errors=True)
        except TinctError as error:
            film.error, film.state = error, "failed"
        except Exception as error:
            _log.error("a film failed", exc_info=error)
            film.state = "failed"
        finally:
            film.used = monotonic()
            if film.stop.is_set():  # removed after the last frame
                shutil.rmtree(film.folder, ignore_errors=True)

    def look(self, film: StoredFilm, count: int) -> Future[list[float]]:
        """Times of the most telling frames, in seconds; computed once for each count."""

        def work() -> list[float]:
            look = Film(film.info.path).telling_frames
            return [time for time, _ in look(count, lambda _: self._go_on(film), colorizer=self._colorizer())]

        with self._lock:
            if count not in film.looks:
                film.looks[count] = self._looker.submit(work)
            return film.looks[count]

    @staticmethod
    def _go_on(film: StoredFilm) -> None:
        if film.stop.is_set():
            raise StoppedError

    def remove(self, id: str) -> None:
        """Forget the film and its result, also while it is colored. Raises RefusedError, 404."""
        film = self.get(id)
        with self._lock:
            self._kept.pop(id, None)
            self._discard(film)

    def sweep(self) -> None:
        """Forget expired films."""
        with self._lock:
            self._forget_expired()

    def close(self) -> None:
        """Stop the work, and remove all files."""
        with self._lock:
            for film in self._kept.values():
                film.stop.set()
            self._kept.clear()
        for pool in (self._worker, self._looker):
            pool.shutdown(wait=True, cancel_futures=True)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _forget_expired(self) -> None:
        border = monotonic() - self.expiry_seconds
        for film in [film for film in self._kept.values() if film.used < border and not film.busy]:
            del self._kept[film.id]
            self._discard(film)

    @staticmethod
    def _discard(film: StoredFilm) -> None:
        """Remove its files, now or as soon as the worker lets go of them."""
        film.stop.set()
        if film.state != "running":
            shutil.rmtree(film.folder, ignore_errors=True)

    def _root(self) -> Path:
        """The folder of all films. Raises OSError."""
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="tinct-films-"))
            return self._folder
