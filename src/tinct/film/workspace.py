"""What an interrupted run leaves beside its output, so that the next one goes on and ends with the same file.

The folder ``NAME.EXT.tinct-film`` holds the plan, samples of each shot, places, and for each finished window its encoded segment and the
state with which the next one begins. A state is written after its segment: where it is, all before it is complete.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .._util.files import write_whole
from ..errors import FilmError
from .fresh import Prior
from .planning import FilmPlan, ShotSamples
from .tracking import Layer, Look
from .window import ShotState

__all__ = ["Progressed", "Workspace"]

_SUFFIX = ".tinct-film"


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
    """The folder of one output.

    Args:
        output: path of the finished film.
        identity: digest of everything that decides the result; the work of another one is thrown away.
        fresh: throw away what is there in any case.

    Raises:
        FilmError: the folder can't be made (code ``"film-unwritable"``).
    """

    def __init__(self, output: Path, identity: str, *, fresh: bool = False) -> None:
        self.folder = output.with_name(output.name + _SUFFIX)
        self.places = self.folder / "places"
        mark = self.folder / "identity.json"
        try:
            known = json.loads(mark.read_text("utf-8")) if mark.is_file() else None
            if self.folder.exists() and (fresh or known != identity):
                if known is None and any(self.folder.iterdir()):
                    raise FilmError(
                        f"{self.folder} is in the way: it isn't a folder of tinct.", code="film-unwritable", path=self.folder
                    )
                shutil.rmtree(self.folder)
            self.places.mkdir(parents=True, exist_ok=True)
            write_whole(mark, json.dumps(identity))
        except (OSError, ValueError) as error:
            raise FilmError(f"{self.folder} can't be used ({error}).", code="film-unwritable", path=self.folder) from error

    # ---- the plan ---------------------------------------------------------------------------------------------------------------

    def keep_samples(self, shot: int, samples: ShotSamples) -> None:
        self._write(f"shot-{shot:06}.npz", indices=samples.indices, frames=samples.frames)

    def samples(self, shot: int) -> ShotSamples:
        values = self._read(f"shot-{shot:06}.npz")
        return ShotSamples(values["indices"], values["frames"])

    def keep_plan(self, plan: FilmPlan, notes: list[str]) -> None:
        self._write("plan.npz", pts=plan.pts, starts=plan.starts, notes=np.array(json.dumps(notes)))

    def plan(self) -> tuple[FilmPlan, list[str]] | None:
        """The plan of an earlier run, and what was said while it was made; None if there is none."""
        try:
            values = self._read("plan.npz")
            plan = FilmPlan(values["pts"], values["starts"])
            for shot in range(len(plan.starts)):
                if not (self.folder / f"shot-{shot:06}.npz").is_file():
                    return None
            return plan, json.loads(str(values["notes"]))
        except (OSError, ValueError, LookupError, zipfile.BadZipFile):
            return None

    # ---- windows ----------------------------------------------------------------------------------------------------------------

    def segment(self, window: int) -> Path:
        return self.folder / f"segment-{window:06}.bin"

    def keep_state(self, window: int, state: ShotState, places: int) -> None:
        """Mark a window as complete. Args: places: remembered until its end."""
        values: dict[str, Any] = {"places": np.array(places), "seen": state.seen}
        values |= {"look_level": state.look.level, "look_weight": state.look.weight}
        if state.prior is not None:
            values |= {"prior_mean": state.prior.mean, "prior_scale": state.prior.scale}
        for name in ("mean", "told", "guides"):
            layer: Layer | None = getattr(state, name)
            if layer is not None:
                values |= {f"{name}_ab": layer.ab, f"{name}_weight": layer.weight}
        self._write(f"state-{window:06}.npz", **values)
        if window:
            (self.folder / f"state-{window - 1:06}.npz").unlink(missing_ok=True)

    def progressed(self) -> Progressed | None:
        """How far an earlier run came; None if it completed no window."""
        for path in sorted(self.folder.glob("state-*.npz"), reverse=True):
            window = int(path.stem.partition("-")[2])
            try:
                values = self._read(path.name)
                if not all(self.segment(number).is_file() for number in range(window + 1)):
                    continue
                layers = {name: _layer(values, name) for name in ("mean", "told", "guides")}
                prior = Prior(values["prior_mean"], values["prior_scale"]) if "prior_mean" in values else None
                assert layers["mean"] is not None
                look = Look(values["look_level"], values["look_weight"])
                state = ShotState(prior, layers["mean"], look, layers["told"], layers["guides"], values["seen"])
                return Progressed(window + 1, int(values["places"]), state)
            except (OSError, ValueError, LookupError, zipfile.BadZipFile):
                continue
        return None

    def remove(self) -> None:
        """The film is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, name: str, **values: npt.NDArray[Any]) -> None:
        buffer = io.BytesIO()
        np.savez(buffer, **values)  # type: ignore[arg-type]
        try:
            write_whole(self.folder / name, buffer.getvalue())
        except OSError as error:
            raise FilmError(
                f"{self.folder / name} can't be written ({error.strerror or error}).", code="film-unwritable", path=self.folder
            ) from error

    def _read(self, name: str) -> dict[str, npt.NDArray[Any]]:
        with np.load(self.folder / name, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}


def _layer(values: dict[str, npt.NDArray[Any]], name: str) -> Layer | None:
    return Layer(values[f"{name}_ab"], values[f"{name}_weight"]) if f"{name}_ab" in values else None
