"""Measure a model under a protocol, beside its baselines, and write down what came out."""

from __future__ import annotations

import os
import random
import shlex
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .._version import __version__
from ..coloring.colorizer import Colorizer
from ..errors import ConfigError, nearest
from ..runtime.spec import bundled, find, sha256
from . import perceptual
from .bleeding import measure_folder
from .cost import measure_cost
from .measure import BASELINES, DEFAULT_VIVIDNESS, MODEL, PARTS, VIVID, Task
from .picture_sets import PictureSet, Progress, load_sets, open_pixels
from .protocol import Protocol, find_protocol, gray_of
from .record import as_json, check_writable, write
from .summary import summarize
from .workers import Job, results_path, run

__all__ = ["PAGE", "SUBSETS", "default_folder", "evaluate", "read_subsets"]

SUBSETS = {"hints": 200, "levin": 100, "diversity": 100, "stability": 50}
"""On so many pictures of each set the costly parts are measured: a random part, the same every time."""
SHOWN = 8
"""Pictures of each set that the page shows, picked by nobody; and of the best, the middle and the worst, `RANKED` each."""
RANKED = 3
TIMED = 12
FILE, PAGE = "evaluation.json", "evaluation.html"
NO_LARGE = "no folder of large pictures was named"


def evaluate(
    model: str | Path,
    data: list[str],
    output: Path | None = None,
    *,
    protocol: str = "tinct-256",
    pictures: int = 0,
    subsets: Mapping[str, int] = SUBSETS,
    workers: int = 0,
    progress: Progress | None = None,
    large: Path | None = None,
) -> dict[str, Any]:
    """Measure a model, and write ``evaluation.json`` and ``evaluation.html``.

    With more than one worker, call it from under ``if __name__ == "__main__":``, as every program must that starts processes.

    Args:
        model: a bundled name, or a path to a model's file.
        data: folders of color photographs, ``.tar`` shards or ``hf:NAME``; each is a set with figures of its own.
        output: the folder for results; ``evaluation/NAME`` unless given.
        protocol: a key of `protocol.PROTOCOLS`.
        pictures: look at no more files of each set than this; 0 for all.
        subsets: on how many pictures of each set each costly part is measured; see `SUBSETS`.
        workers: processes; 0 takes as many as there are cores.
        progress: called with what is going on, how many are done, how many there are.
        large: a folder of color photographs of 256 pixels a side or more, best about a megapixel, on which bleeding is measured.

    Returns:
        What ``evaluation.json`` holds, see docs/evaluate.md.

    Raises:
        TinctError: no such model or protocol, no pictures, or the results can't be written.
    """
    rules, tell = find_protocol(protocol), progress or (lambda what, done, total: None)
    if not data:
        raise ConfigError("Name the pictures to measure with: --data FOLDER or --data SHARD.tar.")
    if pictures < 0 or workers < 0:
        raise ConfigError("The numbers of pictures and of workers can't be negative.")
    graph, colorizer = find(model), Colorizer(model)
    folder = output or default_folder(model)
    check_writable(folder)
    baselines = tuple(name for name in BASELINES if bundled().get(name) not in (None, graph))
    kinds = {kind: perceptual.missing(kind) for kind in ("lpips", "fid")}
    started = time.time()
    bleeding = measure_folder(large, tell) if large else None
    with tempfile.TemporaryDirectory(prefix="tinct-") as scratch:
        sets = load_sets(data, rules, pictures, Path(scratch), tell)
        tell("timing", 0, 0)
        first = open_pixels(sets[0].pixels, rules.side)[sets[0].ranking[:TIMED]]
        cost = measure_cost(str(model), np.stack([gray_of(rgb) for rgb in first]))
        mean_ab, mean_from = _mean_color(colorizer, sets)
        keep = not all(kinds.values())
        job = Job(str(model), baselines, rules, mean_ab, tuple(s.pixels for s in sets), keep)
        methods = ["gray", "mean color", *baselines, MODEL, *([VIVID] if colorizer.draws_variants else [])]
        if keep:
            for s in sets:
                for method in methods:
                    with results_path(s.pixels, method).open("wb") as file:
                        file.truncate(s.pixels.stat().st_size)
        count = workers or os.cpu_count() or 1
        rows = _measure(job, _tasks(sets, subsets), count, tell)
        summaries: dict[str, Any] = {}
        for number, s in enumerate(sets):
            mine = [rows[number, picture] for picture in range(len(s.names))]
            head = {"source": s.source, "pictures": len(mine), "dropped": s.dropped}
            summaries[s.name] = head | summarize(mine, rules)
            summaries[s.name]["perceptual"] = _perceptual(s, methods, kinds, rules, tell)
            summaries[s.name]["rows"] = mine
        strips = _strips(job, sets, rows, count, tell)
    result = {
        "protocol": rules.name,
        "model": _describe(colorizer, graph),
        "sets": summaries,
        "baselines": {"mean color": {"ab": list(mean_ab), "from": mean_from}, **dict.fromkeys(baselines, "bundled")},
        "default_vividness": DEFAULT_VIVIDNESS,
        "hint_counts": list(rules.hint_counts),
        "own_place_hints": rules.own_place,
        "cost": cost,
        "bleeding": bleeding,
        "not_measured": ({} if bleeding else {"bleeding": NO_LARGE}) | {k: why for k, why in kinds.items() if why},
        "subsets": dict(subsets),
        "seconds": round(time.time() - started, 1),
        "workers": count,
        "command": shlex.join(["tinct", *sys.argv[1:]]) if Path(sys.argv[0]).stem == "tinct" else "",
        "tinct": __version__,
    }
    from ..reports.evaluation_page import render  # draws with libraries that the measuring processes do without

    write(folder / FILE, as_json(result).encode())
    write(folder / PAGE, render(result, strips).encode())
    return result


def default_folder(model: str | Path) -> Path:
    """Where results go unless another place is named."""
    return Path("evaluation") / Path(model).stem


def read_subsets(settings: list[str]) -> dict[str, int]:
    """``KEY=VALUE`` texts over the defaults, `SUBSETS`. Raises ConfigError."""
    subsets = dict(SUBSETS)
    for text in settings:
        key, _, value = (part.strip() for part in text.partition("="))
        if key not in subsets:
            raise ConfigError(f"{key!r} can't be set{nearest(key, subsets)}; choose {', '.join(subsets)}.")
        if not value.isdecimal():
            raise ConfigError(f"{text!r}: write a number of pictures, such as {key}={SUBSETS[key]}; {key}=0 leaves it out.")
        subsets[key] = int(value)
    return subsets


# ---- the steps ------------------------------------------------------------------------------------------------------------------


def _tasks(sets: list[PictureSet], subsets: Mapping[str, int]) -> list[Task]:
    tasks = []
    for number, s in enumerate(sets):
        for rank, picture in enumerate(s.ranking):
            parts = frozenset(part for part in PARTS if rank < subsets.get(part, 0))
            tasks.append(Task(number, picture, s.names[picture], parts))
    random.Random(0).shuffle(tasks)  # costly ones lie everywhere, so the time that remains can be told
    return tasks


def _measure(job: Job, tasks: list[Task], workers: int, tell: Progress) -> dict[tuple[int, int], dict[str, Any]]:
    rows = {}
    tell("measuring", 0, len(tasks))
    for done, (task, row) in enumerate(run(job, tasks, workers), start=1):
        rows[task.set, task.picture] = row
        tell("measuring", done, len(tasks))
    return rows


def _strips(
    job: Job, sets: list[PictureSet], rows: dict[tuple[int, int], dict[str, Any]], workers: int, tell: Progress
) -> dict[str, dict[str, list[Any]]]:
    """Set -> group -> [(name, ΔE2000, headings, pictures)]."""
    chosen = []
    for number, s in enumerate(sets):
        error = {picture: rows[number, picture]["methods"][MODEL]["de2000"] for picture in range(len(s.names))}
        ranked = sorted(error, key=lambda picture: error[picture])
        middle = max(0, len(ranked) // 2 - RANKED // 2)
        groups = {"random": s.ranking[:SHOWN]}
        if len(ranked) > 3 * RANKED:
            groups |= {"best": ranked[:RANKED], "median": ranked[middle : middle + RANKED], "worst": ranked[: -RANKED - 1 : -1]}
        chosen += [(s.name, group, Task(number, p, s.names[p], frozenset(), True)) for group, ps in groups.items() for p in ps]
    tell("drawing pictures", 0, len(chosen))
    tasks = list({task: None for _, _, task in chosen})
    found = {}
    for done, (task, strip) in enumerate(run(job, tasks, min(workers, 2)), start=1):
        found[task] = strip
        tell("drawing pictures", done, len(tasks))
    strips: dict[str, dict[str, list[Any]]] = {}
    for name, group, task in chosen:
        error_of = rows[task.set, task.picture]["methods"][MODEL]["de2000"]
        strips.setdefault(name, {}).setdefault(group, []).append((task.name, error_of, *found[task]))
    return strips


def _perceptual(s: PictureSet, methods: list[str], kinds: dict[str, str | None], rules: Protocol, tell: Progress) -> dict[str, Any]:
    """LPIPS and FID of every method, or why not."""
    figures: dict[str, Any] = {}
    for kind, why in kinds.items():
        if why:
            figures[kind] = f"not measured: {why}"
            continue
        figures[kind] = {}
        for done, method in enumerate(methods):
            tell(f"{kind} of {s.name}", done, len(methods))
            pictures = (open_pixels(path, rules.side) for path in (results_path(s.pixels, method), s.pixels))
            figures[kind][method] = getattr(perceptual, kind)(*pictures)
    return figures


def _mean_color(colorizer: Colorizer, sets: list[PictureSet]) -> tuple[tuple[float, float], str]:
    """The one color for all pictures, and where it is from."""
    stored = colorizer.spec.training.get("mean_ab")
    if stored:
        return (float(stored[0]), float(stored[1])), "the model's training pictures"
    counts = [len(s.names) for s in sets]
    a, b = np.average([s.mean_ab for s in sets], axis=0, weights=counts).tolist()
    return (a, b), "the measured pictures themselves, as the model doesn't say that of its training pictures"


def _describe(colorizer: Colorizer, graph: Path) -> dict[str, Any]:
    spec = colorizer.spec
    own = {"name": spec.name, "architecture": spec.architecture, "parameters": spec.parameters, "side": spec.preparation.side}
    weights = graph.with_suffix(".safetensors")
    files = {"sha256": sha256(weights), "bytes": sum(file.stat().st_size for file in graph.parent.glob(f"{graph.stem}.*"))}
    return own | files | {"takes_hints": colorizer.takes_hints, "draws_variants": colorizer.draws_variants}
