"""What an interrupted run leaves beside its output, so that the next one goes on and ends with the same file.

The folder ``NAME.EXT.tinct-film`` holds the plan, samples of each shot, places, and for each finished window its encoded segment and the
state with which the next one begins. A state is written after its segment: where it is, all before it is complete.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ..errors import FilmError
from .arrays import read_arrays, write_arrays
from .container.segments import is_whole
from .finding import WORK_SUFFIX
from .fresh import Prior
from .planning import FilmPlan, ShotSamples
from .tracking import Layer, Look
from .window import ShotState

__all__ = ["Progressed", "Workspace"]

_IDENTITY = "identity"
"""File with the identity of a run: the mark of a folder of tinct, and locked while a run uses it."""


@dataclass(frozen=True)
class Progressed:
    """How far an interrupted run came."""

    windows: int
    """Complete ones."""
    places: int
    """Places that were remembered until then."""
    state: ShotState
    """After the last complete window."""


class Workspace:
    """The folder of one output, locked against other runs. Use it as a context manager.

    Args:
        output: path of the finished film.
        identity: hexadecimal digest of everything that decides the result; the work of another one is thrown away.
        fresh: throw away what is there in any case.

    Raises:
        FilmError: the folder can't be made (code ``"film-unwritable"``), or one of somebody else is in the way (``"not-ours"``); another
            run has it (``"film-running"``).
    """

    def __init__(self, output: Path, identity: str, *, fresh: bool = False) -> None:
        self.folder = output.with_name(output.name + WORK_SUFFIX)
        self.places = self.folder / "places"
        self._mark = self.folder / _IDENTITY
        if not output.parent.is_dir():
            raise FilmError(f"{output}: its folder doesn't exist.", code="film-unwritable", path=output)
        with self.writing():
            self._lock = self._locked(output)
            try:
                known = self._lock.read()
                if not re.fullmatch(rb"[0-9a-f\0]*", known):  # a power cut can leave zeros
                    raise self._in_the_way()
                if fresh or known.decode() != identity:
                    self._clear()
                    self._lock.truncate(0)
                    self._lock.write(identity.encode())
                    self._lock.flush()
                    os.fsync(self._lock.fileno())
                self.places.mkdir(exist_ok=True)
            except BaseException:
                self._lock.close()
                raise

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._lock.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Errors of the file system become FilmError (code ``"film-unwritable"``)."""
        try:
            yield
        except OSError as error:
            raise FilmError(
                f"{self.folder} can't be written ({error.strerror or error}).", code="film-unwritable", path=self.folder
            ) from error

    # ---- the plan ---------------------------------------------------------------------------------------------------------------

    def keep_samples(self, shot: int, samples: ShotSamples) -> None:
        with self.writing():
            write_arrays(self._shot(shot), indices=samples.indices, frames=samples.frames)

    def samples(self, shot: int) -> ShotSamples:
        """Raises OSError or ValueError if they can't be read."""
        values = read_arrays(self._shot(shot))
        return ShotSamples(values["indices"], values["frames"])

    def keep_plan(self, plan: FilmPlan, notes: list[str]) -> None:
        with self.writing():
            write_arrays(self.folder / "plan.npz", pts=plan.pts, starts=plan.starts, notes=np.array(json.dumps(notes)))

    def plan(self) -> tuple[FilmPlan, list[str]] | None:
        """The plan of an earlier run, and what was said while it was made; None if there is none, or a part of it is damaged."""
        try:
            values = read_arrays(self.folder / "plan.npz")
            plan = FilmPlan(values["pts"], values["starts"])
            for shot in range(len(plan.starts)):
                self.samples(shot)
        except (OSError, ValueError):
            return None
        return plan, json.loads(str(values["notes"]))

    # ---- windows ----------------------------------------------------------------------------------------------------------------

    def segment(self, window: int) -> Path:
        return self.folder / f"segment-{window:06}.bin"

    def keep_state(self, window: int, state: ShotState, places: int) -> None:
        """Mark a window as complete. Args: places: remembered until its end."""
        values: dict[str, npt.NDArray[Any]] = {"places": np.array(places), "seen": state.seen}
        values |= {"look_level": state.look.level, "look_weight": state.look.weight}
        if state.prior is not None:
            values |= {"prior_mean": state.prior.mean, "prior_scale": state.prior.scale}
        for name in ("mean", "told", "guides"):
            layer: Layer | None = getattr(state, name)
            if layer is not None:
                values |= {f"{name}_ab": layer.ab, f"{name}_weight": layer.weight}
                values |= {} if layer.seen is None else {f"{name}_seen": layer.seen}
        with self.writing():
            write_arrays(self._state(window), **values)
            if window:
                self._state(window - 1).unlink(missing_ok=True)

    def progressed(self, times: Sequence[npt.NDArray[np.int64]]) -> Progressed | None:
        """How far an earlier run came; None if it completed no window, or its work is damaged.

        Args:
            times: presentation times of the frames of each window.
        """
        for path in sorted(self.folder.glob("state-*.npz"), reverse=True):
            window = int(path.stem.partition("-")[2])
            with suppress(OSError, ValueError):
                values = read_arrays(path)
                if not all(is_whole(self.segment(number), times[number]) for number in range(window + 1)):
                    continue
                prior = Prior(values["prior_mean"], values["prior_scale"]) if "prior_mean" in values else None
                told, guides = (_layer(values, name) if f"{name}_ab" in values else None for name in ("told", "guides"))
                look = Look(values["look_level"], values["look_weight"])
                state = ShotState(prior, _layer(values, "mean"), look, told, guides, values["seen"])
                return Progressed(window + 1, int(values["places"]), state)
        return None

    def forget_windows(self) -> None:
        """Begin coloring again; the plan stays."""
        with self.writing():
            for path in self.folder.glob("state-*.npz"):
                path.unlink()

    def remove(self) -> None:
        """The film is finished. The mark goes last: a folder without one isn't tinct's."""
        with suppress(OSError):
            self._clear()
            self._mark.unlink()
            self.folder.rmdir()

    def _shot(self, shot: int) -> Path:
        return self.folder / f"shot-{shot:06}.npz"

    def _state(self, window: int) -> Path:
        return self.folder / f"state-{window:06}.npz"

    def _in_the_way(self) -> FilmError:
        return FilmError(f"{self.folder} is in the way: it isn't a folder of tinct.", code="not-ours", path=self.folder)

    def _locked(self, output: Path) -> BinaryIO:
        """The mark, opened and locked. Raises FilmError or OSError."""
        while True:
            self.folder.mkdir(exist_ok=True)
            if not self._mark.is_file() and any(self.folder.iterdir()):
                raise self._in_the_way()
            file = self._mark.open("a+b")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                raise FilmError(
                    f"{output}: another run is coloring a film into this file.", code="film-running", path=output
                ) from None
            except OSError:  # a file system without locks
                pass
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), self._mark.stat()):
                    file.seek(0)
                    return file
            file.close()  # of a run that has ended meanwhile

    def _clear(self) -> None:
        """Remove everything but the mark. Raises OSError."""
        for path in self.folder.iterdir():
            if path.name == _IDENTITY:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def _layer(values: dict[str, npt.NDArray[Any]], name: str) -> Layer:
    return Layer(values[f"{name}_ab"], values[f"{name}_weight"], values.get(f"{name}_seen"))
