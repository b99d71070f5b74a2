"""From folders to groups of runs: those of a study, or any runs that are to be compared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from .groups import PART, RUN, Group, Material, Section, label
from .results import Result, Unfinished, read_run
from .run_files import flat

__all__ = ["collect", "compare"]


def collect(folder: Path) -> Material:
    """The runs of a study, as far as they are done.

    Raises:
        ConfigError: the folder is no study, or one of its runs is damaged or of another version.
    """
    from .keeping import read_study  # lays out the grid, with the networks' own settings: this alone needs PyTorch

    study, made = read_study(folder)
    known: dict[str, Result | Unfinished] = {}
    groups: dict[str, list[Group]] = {part.name: [] for part in study.parts}
    for cell in study.layout():
        for trial in cell.trials:
            if trial.name not in known:
                run = folder / "runs" / trial.name
                begun = (run / "config.toml").is_file()
                known[trial.name] = read_run(run) if begun else Unfinished(trial.name, 0, trial.config.epochs)
        runs = [known[trial.name] for trial in cell.trials]
        results = tuple(run for run in runs if isinstance(run, Result))
        unfinished = tuple(run for run in runs if isinstance(run, Unfinished))
        groups[cell.part.name].append(Group(cell.part.name, cell.values, label(cell.values), results, unfinished))
    if len(study.parts) > 1 and all(len(found) == 1 for found in groups.values()):
        ours = tuple(replace(found[0], values={PART: name}, label=name) for name, found in groups.items())
        sections: tuple[Section, ...] = (Section(study.name, (PART,), ours),)
    else:
        sections = tuple(Section(part.name, tuple(part.grid), tuple(groups[part.name])) for part in study.parts)
    return Material(study.name, study.question, sections, study.claims, study.beware, made, study.data)


def compare(runs: Sequence[Path]) -> Material:
    """Any finished runs; those whose recipes differ in nothing but the seed are one group.

    Raises:
        ConfigError: a run is unfinished, damaged or of another version, or there is none.
    """
    results = []
    for run in dict.fromkeys(path.resolve() for path in runs):
        result = read_run(run)
        if isinstance(result, Unfinished):
            where = f"epoch {result.done} of {result.epochs}"
            raise ConfigError(f"{run} is unfinished: {where}. Resume it, or leave it out.", code="run-unfinished", path=run)
        results.append(result)
    if not results:
        raise ConfigError("No runs to compare were named.", code="no-run")
    by_recipe: dict[str, list[Result]] = {}
    for result in results:
        by_recipe.setdefault(json.dumps(result.config | {"seed": 0}, sort_keys=True), []).append(result)
    if len(by_recipe) == 1 and len({result.seed for result in results}) < len(results):
        by_recipe = {str(result.path): [result] for result in results}
    recipes = [flat(found[0].config | {"seed": 0}) for found in by_recipe.values()]
    keys = [key for key in dict.fromkeys(key for r in recipes for key in r) if len({str(r.get(key)) for r in recipes}) > 1]
    if len(keys) > 1:
        keys = [key for key in keys if key != "data"]  # where pictures lie says least
    telling = _telling(keys, recipes)
    groups = []
    for recipe, found in zip(recipes, by_recipe.values(), strict=True):
        values = {key: recipe.get(key, "–") for key in keys}
        text = label({key: values[key] for key in telling}) or ("all runs" if len(recipes) == 1 else found[0].name)
        groups.append(Group("runs", values, text, tuple(sorted(found, key=lambda result: result.seed))))
    if len({group.label for group in groups}) < len(groups) or not (telling or len(groups) == 1):
        telling = [RUN]  # no key, or no short label, tells them apart
        groups = [replace(g, values=g.values | {RUN: g.results[0].name}, label=g.results[0].name) for g in groups]
    names = ", ".join(group.label for group in groups[:4]) + (" …" if len(groups) > 4 else "")
    section = Section("runs", tuple(telling), tuple(groups))
    return Material("Comparison", f"How do these {len(results)} runs compare: {names}?", (section,))


def _telling(keys: list[str], recipes: list[dict[str, Any]]) -> list[str]:
    """One key by which all recipes differ, or else the fewest first keys that together do; all keys if they don't."""
    keys = sorted(keys, key=lambda key: key not in ("model", "loss"))
    choices = [[key] for key in keys] + [keys[:count] for count in range(2, len(keys))]
    return next((c for c in choices if len({str([r.get(key) for key in c]) for r in recipes}) == len(recipes)), keys)
