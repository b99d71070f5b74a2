"""Measure a model under a protocol, beside its baselines, and write the results."""

from __future__ import annotations

import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .._util.files import sha256
from .._version import __version__
from ..coloring.colorizer import Colorizer
from ..data import Progress
from ..errors import ConfigError
from ..runtime.spec import bundled, find
from .bleeding import measure_folder
from .config import EvaluationConfig
from .cost import measure_cost
from .measure import BASELINES, COLORED, DEFAULT_VIVIDNESS, MODEL, PARTS, Task
from .picture_sets import PictureSet, load_sets, open_pixels
from .protocol import find_protocol, gray_of
from .realism import Realism, load_judge, missing_judge
from .record import FIGURES, PICTURES, as_json, as_npz, check_writable, write
from .summary import summarize
from .workers import Job, run

__all__ = ["default_folder", "evaluate"]

Rows = dict[tuple[int, int], dict[str, Any]]
"""(set, picture) -> its measures."""
RANKED = 3
"""Pictures shown of the best, of the median and of the worst."""
TIMED = 12
"""Pictures colored one after the other to measure the cost of one."""
NO_LARGE = "no folder of large pictures was named"
RECOGNITION = "recognition and KID"
"""What can't be measured without the judge."""


def evaluate(
    model: str | Path,
    data: list[str],
    output: Path | None = None,
    *,
    config: EvaluationConfig | None = None,
    large: Path | None = None,
    command: str = "",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Measure a model, and write ``evaluation.json`` and ``pictures.npz``.

    `tinct.reports.write_evaluation_report` makes a page of the two files. With more than one worker, call this under
    ``if __name__ == "__main__":``, as every program must that starts processes.

    Args:
        model: a bundled name, or a path to a model's file.
        data: folders of color photographs, ``.tar`` shards or ``hf:NAME``; each is a set that is measured by itself.
        output: the folder for results; ``evaluation/NAME`` unless given.
        config: what to measure; the defaults unless given.
        large: a folder of color photographs of 256 pixels a side or more, best about a megapixel, on which bleeding is measured.
        command: the command line that asked for this, kept in the record.
        progress: called with (the step, number of items done, their total number or 0 if unknown).

    Returns:
        What ``evaluation.json`` holds, see docs/evaluate.md. ``pictures.npz`` has (side, side, 3) uint8 sRGB under
        ``"set/group/number/heading"``; each set's ``"shown"`` lists the groups, their pictures and headings in order.

    Raises:
        TinctError: no such model or protocol, no pictures, or the results can't be written.
    """
    config, tell = config or EvaluationConfig(), progress or (lambda what, done, total: None)
    protocol = find_protocol(config.protocol)
    if not data:
        raise ConfigError("No pictures to measure with were named.", code="no-data")
    graph, colorizer = find(model), Colorizer(model, precision=config.precision)
    folder = output or default_folder(model)
    check_writable(folder)
    baselines = tuple(name for name in BASELINES if bundled().get(name) not in (None, graph))
    workers = config.workers or os.cpu_count() or 1
    started = time.time()
    bleeding = measure_folder(large, tell) if large else None
    with tempfile.TemporaryDirectory(prefix="tinct-") as scratch:
        sets = load_sets(data, protocol, config.pictures, Path(scratch), tell)
        tell("timing", 0, 0)
        first = open_pixels(sets[0].pixels, protocol.side)[sets[0].ranking[:TIMED]]
        cost = measure_cost(str(model), np.stack([gray_of(rgb) for rgb in first]), colorizer.precision)
        mean_ab, mean_from = _mean_color(colorizer, sets)
        job = Job(str(model), baselines, protocol, mean_ab, tuple(s.pixels for s in sets), colorizer.precision)
        rows = _measure(job, _tasks(sets, config), workers, tell)
        distances = _judge(sets, rows, protocol.side, tell)
        shown, pictures = _shown(job, sets, rows, config, min(workers, 2), tell)
    summaries: dict[str, Any] = {}
    for number, s in enumerate(sets):
        own = [rows[number, picture] for picture in range(len(s.names))]
        head = {"source": s.source, "pictures": len(own), "dropped": s.dropped}
        summaries[s.name] = head | summarize(own, protocol) | {"shown": shown[s.name], "rows": own}
        if s.name in distances:
            summaries[s.name]["realism"] |= distances[s.name]
    result = {
        "protocol": protocol.name,
        "model": _describe(colorizer, graph),
        "sets": summaries,
        "baselines": {"mean color": {"ab": list(mean_ab), "from": mean_from}, **dict.fromkeys(baselines, "bundled")},
        "default_vividness": DEFAULT_VIVIDNESS,
        "hint_counts": list(protocol.hint_counts),
        "own_place_hints": protocol.own_place,
        "cost": cost,
        "bleeding": bleeding,
        "not_measured": _not_measured(large, config),
        "subsets": {part: getattr(config, part) for part in PARTS},
        "seconds": round(time.time() - started, 1),
        "workers": workers,
        "command": command,
        "tinct": __version__,
    }
    if pictures:
        write(folder / PICTURES, as_npz(pictures))
    write(folder / FIGURES, as_json(result))
    return result


def default_folder(model: str | Path) -> Path:
    """Where results go unless a folder is named."""
    return Path("evaluation") / Path(model).stem


# ---- the steps ------------------------------------------------------------------------------------------------------------------


def _tasks(sets: list[PictureSet], config: EvaluationConfig) -> list[Task]:
    tasks = []
    for number, s in enumerate(sets):
        for rank, picture in enumerate(s.ranking):
            parts = frozenset(part for part in PARTS if rank < getattr(config, part))
            tasks.append(Task(number, picture, s.names[picture], parts))
    random.Random(0).shuffle(tasks)  # costly pictures are spread evenly, so that the remaining time can be estimated
    return tasks


def _measure(job: Job, tasks: list[Task], workers: int, tell: Progress) -> Rows:
    rows = {}
    tell("measuring", 0, len(tasks))
    for done, (task, row) in enumerate(run(job, tasks, workers), start=1):
        rows[task.set, task.picture] = row
        tell("measuring", done, len(tasks))
    return rows


def _not_measured(large: Path | None, config: EvaluationConfig) -> dict[str, str]:
    """What can't be measured -> why; what the settings leave out isn't listed."""
    found = {} if large else {"bleeding": NO_LARGE}
    missing = missing_judge() if config.realism else ""
    return found | ({RECOGNITION: missing} if missing else {})


def _judge(sets: list[PictureSet], rows: Rows, side: int, tell: Progress) -> dict[str, dict[str, float | None]]:
    """Take the colored pictures out of the rows, and add whether the judge recognizes them; returns KID by set."""
    colored = {place: row.pop(COLORED) for place, row in rows.items() if COLORED in row}
    if not colored or missing_judge():
        return {}
    judge, distances = load_judge(), {}
    for number, s in enumerate(sets):
        members = [picture for picture in s.ranking if (number, picture) in colored]  # in random order, which KID needs
        tell(f"judging {s.name}", 0, 0)
        pixels = open_pixels(s.pixels, side)
        realism = Realism([pixels[picture] for picture in members], judge)
        recognized, distances[s.name] = realism.judge([colored[number, picture] for picture in members])
        for picture, found in zip(members, recognized, strict=True):
            rows[number, picture]["realism"] |= found
    return distances


def _shown(
    job: Job, sets: list[PictureSet], rows: Rows, config: EvaluationConfig, workers: int, tell: Progress
) -> tuple[dict[str, dict[str, list[dict[str, Any]]]], dict[str, npt.NDArray[np.uint8]]]:
    """Set -> group -> name, CIEDE2000 and headings of its pictures; and the pictures by ``"set/group/number/heading"``."""
    shown: dict[str, dict[str, list[dict[str, Any]]]] = {s.name: {} for s in sets}
    pictures: dict[str, npt.NDArray[np.uint8]] = {}
    places: dict[Task, list[tuple[str, str, int]]] = {}
    for number, s in enumerate(sets):
        error = {picture: rows[number, picture]["methods"][MODEL]["de2000"] for picture in range(len(s.names))}
        for group, members in _groups(s, error, config.shown).items():
            shown[s.name][group] = [{"name": s.names[picture], "de2000": error[picture]} for picture in members]
            for place, picture in enumerate(members):
                task = Task(number, picture, s.names[picture], frozenset(), strip=True)
                places.setdefault(task, []).append((s.name, group, place))
    tell("drawing pictures", 0, len(places))
    for done, (task, (headings, strip)) in enumerate(run(job, list(places), workers) if places else (), start=1):
        for name, group, place in places[task]:
            shown[name][group][place]["headings"] = headings
            pictures |= {f"{name}/{group}/{place}/{heading}": picture for heading, picture in zip(headings, strip, strict=True)}
        tell("drawing pictures", done, len(places))
    return shown, pictures


def _groups(s: PictureSet, error: dict[int, float], count: int) -> dict[str, list[int]]:
    """Numbers of the pictures that are shown: `count` at random, and by their error the best, the median and the worst."""
    if not count:
        return {}
    groups = {"random": s.ranking[:count]}
    ranked = sorted(error, key=lambda picture: error[picture])
    if len(ranked) > 3 * RANKED:
        middle = len(ranked) // 2 - RANKED // 2
        groups |= {"best": ranked[:RANKED], "median": ranked[middle : middle + RANKED], "worst": ranked[: -RANKED - 1 : -1]}
    return groups


def _mean_color(colorizer: Colorizer, sets: list[PictureSet]) -> tuple[tuple[float, float], str]:
    """a*, b* of the baseline that gives every pixel one color, and where they are from."""
    stored = colorizer.spec.training.get("mean_ab")
    if stored:
        return (float(stored[0]), float(stored[1])), "the model's training pictures"
    counts = [len(s.names) for s in sets]
    a, b = np.average([s.mean_ab for s in sets], axis=0, weights=counts).tolist()
    return (a, b), "the measured pictures themselves, as the model doesn't record that of its training pictures"


def _describe(colorizer: Colorizer, graph: Path) -> dict[str, Any]:
    spec = colorizer.spec
    own = {"name": spec.name, "architecture": spec.architecture, "parameters": spec.parameters}
    own |= {"side": spec.preparation.side, "precision": colorizer.precision}
    weights = graph.with_suffix(".safetensors")
    files = {"sha256": sha256(weights), "bytes": sum(file.stat().st_size for file in graph.parent.glob(f"{graph.stem}.*"))}
    return own | files | {"takes_hints": colorizer.takes_hints, "draws_variants": colorizer.has_code}
