"""Run a study: all cells of its grids, in a folder in which an interrupted study continues."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from .._util.files import write_whole
from ..data import Pictures, find_source, load_pictures
from ..errors import ConfigError, DataError, TinctError
from ..training.recipe import TrainConfig
from .clock import Clock, Status, Tell
from .engines import Engine, make_engine
from .grid import Study, Trial
from .keeping import alone, begin, read_study, with_seen, write
from .plan import evaluation_seconds, fit, kind, run_seconds
from .work import Order, finished, seconds_per_picture, work

__all__ = ["run_study"]

TRAIN_PICTURES = "train_pictures"
"""Key of a grid whose value 0 stands for all training pictures there are."""


def run_study(
    study: Study,
    folder: Path,
    *,
    budget: float = 0.0,
    jobs: int = 1,
    engine: str = "local",
    cache: Path | None = None,
    command: str = "",
    tell: Tell | None = None,
) -> dict[str, str]:
    """Run all runs of the study that are not finished. It can be interrupted at any moment; the same call continues.

    With more than one job, call this under ``if __name__ == "__main__":``, as every program must that starts processes.

    Args:
        study: with `data`.
        folder: folder of the study: ``study.toml``, ``runs/``, decoded pictures.
        budget: minutes of wall-clock time for all runs, which decides how many pictures each sees; 0 leaves that to the recipes.
        jobs: number of runs at once, each with its share of the cores.
        engine: local or ray.
        cache: folder for decoded pictures; one inside `folder` unless given.
        command: the command line that asked for the study, quoted in its report.
        tell: called with the progress about twice a second.

    Returns:
        Name of each failed run -> reason; all others are finished.

    Raises:
        ConfigError: the folder holds another study, another process runs it, or the budget is too small.
        DataError: too few pictures.
        KeyboardInterrupt: after the interrupted runs have written checkpoints.
    """
    tell = tell or (lambda status: None)
    if not study.data:
        raise DataError(f"The study {study.name!r} has no pictures: no folder, shards or data set were named.", code="no-data")
    if jobs < 1 or budget < 0:
        raise ConfigError(f"jobs must be at least 1 and the budget can't be negative, not {jobs} and {budget:g}.")
    machine = make_engine(engine, jobs)
    with alone(folder):
        cache = cache or folder / "cache"
        study = begin(study, folder, budget, command)
        pictures = _decode(study, cache, tell)
        asked = read_study(folder)[1]
        if (resolved := _with_sizes(study, {config: len(part.pictures.train) for config, part in pictures.items()})) != study:
            study = resolved
            write(folder, study, asked)
        trials = study.trials()
        speeds = _speeds(folder, trials, cache, machine, tell)
        if budget and not asked.get("seen"):
            counts = {trial.name: pictures[_data_key(trial.config)].counts(trial.config) for trial in trials}
            seen = fit(study, trials, speeds, counts, budget, jobs)
            study = with_seen(study, seen)
            write(folder, study, asked | {"seen": seen})
            trials = study.trials()
        counts = {trial.name: pictures[_data_key(trial.config)].counts(trial.config) for trial in trials}
        training = {t.name: run_seconds(t.config, speeds[kind(t.config)], *counts[t.name]) for t in trials}
        evaluated = study.evaluated if study.protocol else 0
        seconds = {t.name: training[t.name] + evaluation_seconds(t.config, evaluated) for t in trials}
        shown = _test_pictures(study, folder, pictures[_data_key(trials[0].config)], tell) if study.protocol else None
        orders = [
            Order(
                t,
                run=folder / "runs" / t.name,
                cache=cache,
                note=folder / ".progress" / f"{t.name}.json",
                protocol=study.protocol,
                pictures=shown,
                training=training[t.name] / seconds[t.name],
            )
            for t in trials
        ]
        return _run(orders, seconds, machine, jobs, tell)


# ---- before the runs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Set:
    """The pictures of all runs that choose and decode them in the same way."""

    pictures: Pictures

    def counts(self, config: TrainConfig) -> tuple[int, int]:
        """Numbers of training and test pictures of a run."""
        train = len(self.pictures.train)
        return min(train, config.train_pictures or train), len(self.pictures.test)


def _data_key(config: TrainConfig) -> str:
    return repr((config.data, config.size, config.min_side, config.min_chroma, config.pictures, config.test_fraction))


def _decode(study: Study, cache: Path, tell: Tell) -> dict[str, _Set]:
    """Decode all pictures once, before the first run: runs at work at the same time would each decode them."""
    found: dict[str, _Set] = {}
    for trial in study.trials():
        key = _data_key(trial.config)
        if key not in found:
            every = replace(trial.config.picture_settings(), train_limit=0)
            found[key] = _Set(load_pictures(every, cache, lambda what, done, total: tell(Status(what, done, total))))
    return found


def _with_sizes(study: Study, counts: dict[str, int]) -> Study:
    """The study with values of `TRAIN_PICTURES` that exist: 0 and larger numbers become the number there is; claims are adapted."""
    parts, claims = list(study.parts), list(study.claims)
    for number, part in enumerate(study.parts):
        if TRAIN_PICTURES not in part.grid:
            continue
        values = list(part.grid[TRAIN_PICTURES])
        whole = counts[_data_key(study.config(part, study.cells(part)[0], 0))]
        there = sorted({whole if value == 0 or value > whole else value for value in values})
        parts[number] = replace(part, grid=part.grid | {TRAIN_PICTURES: there})
        for k, claim in enumerate(claims):
            if claim.part == part.name:
                first, second = (
                    cell | ({TRAIN_PICTURES: whole} if cell.get(TRAIN_PICTURES) == 0 else {})
                    for cell in (claim.first, claim.second)
                )
                claims[k] = replace(claim, first=first, second=second)
        claims = [
            c
            for c in claims
            if c.part != part.name or {c.first.get(TRAIN_PICTURES), c.second.get(TRAIN_PICTURES)} <= {None, *there}
        ]
    return replace(study, parts=tuple(parts), claims=tuple(claims))


def _speeds(folder: Path, trials: list[Trial], cache: Path, engine: Engine, tell: Tell) -> dict[str, float]:
    """`kind` -> seconds for training on one picture: measured, and kept in the folder for the next call."""
    path = folder / "speeds.json"
    try:
        known: dict[str, float] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        known = {}
    missing = list({kind(t.config): t.config for t in trials if kind(t.config) not in known}.items())
    status = Status("measuring how fast each network trains", 0, len(missing))
    if missing:
        tell(status)
    calls = [(seconds_per_picture, (config, cache)) for _, config in missing]
    for number, outcome in engine.run(calls, lambda: tell(status)):
        if isinstance(outcome, TinctError):
            raise outcome
        known[missing[number][0]] = outcome
        status.done += 1
        tell(status)
    if missing:
        write_whole(path, json.dumps(known, indent=1))
    return known


def _test_pictures(study: Study, folder: Path, part: _Set, tell: Tell) -> Path:
    """Folder with the files of the first test pictures by hash, to evaluate on under the protocol."""
    pictures = part.pictures
    chosen = sorted(pictures.sha256[i] for i in pictures.test)[: study.evaluated]
    into = folder / "test-pictures"
    into.mkdir(exist_ok=True)
    missing = {digest for digest in chosen if not list(into.glob(f"{digest[:16]}.*"))}
    if missing:
        done = 0
        for source in (find_source(text) for text in study.data):
            for name, data in source.read():
                content = data.read_bytes() if isinstance(data, Path) else data
                done += 1
                tell(Status("finding test pictures", done, 0))
                if (digest := hashlib.sha256(content).hexdigest()) in missing:
                    write_whole(into / f"{digest[:16]}{Path(name).suffix.lower()}", content)
    return into


# ---- the runs -------------------------------------------------------------------------------------------------------------------


def _run(orders: list[Order], seconds: dict[str, float], engine: Engine, jobs: int, tell: Tell) -> dict[str, str]:
    """Run what isn't finished: seed by seed, and of each seed the longest run first, so that no core is idle for long at the end."""
    ready = [order for order in orders if finished(order.run, order.protocol)]
    left = sorted(
        (order for order in orders if order not in ready),
        key=lambda order: (order.trial.config.seed, -seconds[order.trial.name]),
    )
    for order in left:
        order.note.unlink(missing_ok=True)
    clock = Clock(left, seconds, jobs, sum(seconds[order.trial.name] for order in ready))
    status = Status("training", len(ready), len(orders))

    def look() -> None:
        clock.look(status)
        tell(status)

    look()
    failures: dict[str, str] = {}
    for number, outcome in engine.run([(work, (order,)) for order in left], look):
        name = left[number].trial.name
        clock.over(name)
        if isinstance(outcome, TinctError):
            failures[name] = str(outcome)
        status.done += 1
        look()
        left[number].note.unlink(missing_ok=True)
    return failures
