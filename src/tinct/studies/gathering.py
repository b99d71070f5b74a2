"""From folders to groups of runs: a study's, or any runs that are to be compared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..training.recipe import load_recipe
from .grid import Part, Study
from .groups import PART, RUN, Group, Material, Section, flat, label
from .keeping import read_study
from .results import Result, Unfinished, read_run

__all__ = ["collect", "compare"]


def collect(folder: Path) -> Material:
    """The runs of a study, as far as they are done.

    Raises:
        ConfigError: the folder is no study, or one of its runs is damaged or of another version.
    """
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
        sections = tuple(_section(study, part, groups[part.name]) for part in study.parts)
    return Material(study.name, study.question, sections, study.claims, study.beware, made, study.data)


def compare(runs: Sequence[Path]) -> Material:
    """Any finished runs. Those whose recipes differ in nothing but the seed are one group.

    Raises:
        ConfigError: a run is unfinished, damaged or of another version, or there is none.
    """
    results = []
    for run in dict.fromkeys(path.resolve() for path in runs):
        result = read_run(run)
        if isinstance(result, Unfinished):
            where = f"epoch {result.done} of {result.epochs}"
            raise ConfigError(f"{run} is unfinished: {where}. Finish it with tinct train --run {run} --resume, or leave it out.")
        results.append(result)
    if not results:
        raise ConfigError("Name the runs to compare: folders that `tinct train` made.")
    by_recipe: dict[str, list[Result]] = {}
    for result in results:
        by_recipe.setdefault(json.dumps(result.config.to_dict() | {"seed": 0}, sort_keys=True), []).append(result)
    if len(by_recipe) == 1 and len({result.config.seed for result in results}) < len(results):
        by_recipe = {str(result.path): [result] for result in results}
    recipes = [flat(found[0].config.to_dict() | {"seed": 0}) for found in by_recipe.values()]
    keys = [
        key for key in dict.fromkeys(key for recipe in recipes for key in recipe) if len({str(r.get(key)) for r in recipes}) > 1
    ]
    if len(keys) > 1 and "data" in keys:  # where pictures lie says least, unless nothing else differs
        keys = [key for key in keys if key != "data"] or keys
    telling = _enough(keys, recipes)
    groups = []
    for recipe, found in zip(recipes, by_recipe.values(), strict=True):
        values = {key: recipe.get(key, "–") for key in keys}
        text = label({key: values[key] for key in telling}) or ("all runs" if len(recipes) == 1 else found[0].name)
        groups.append(Group("runs", values, text, tuple(sorted(found, key=lambda result: result.config.seed))))
    if len({group.label for group in groups}) < len(groups) or not (telling or len(groups) == 1):
        telling = [RUN]  # they differ in nothing, or in what can't be told in short
        groups = [replace(g, values=g.values | {RUN: g.results[0].name}, label=g.results[0].name) for g in groups]
    names = ", ".join(group.label for group in groups[:4]) + (" …" if len(groups) > 4 else "")
    section = Section("runs", tuple(telling), tuple(groups))
    return Material("Comparison", f"How do these {len(results)} runs compare: {names}?", (section,))


# ---- details --------------------------------------------------------------------------------------------------------------------


def _section(study: Study, part: Part, groups: list[Group]) -> Section:
    own: dict[str, Any] = {}
    if part.recipe:
        own = {"depth": 4, "width": 1.0} | flat(load_recipe(part.recipe).to_dict()) | flat(study.set) | flat(part.set)
    default = next((group for group in groups if all(own.get(key) == value for key, value in group.values.items())), None)
    return Section(part.name, tuple(part.grid), tuple(groups), default)


def _enough(keys: list[str], recipes: list[dict[str, Any]]) -> list[str]:
    """The first of these keys that tell all recipes apart; a single one if one does."""
    keys = sorted(keys, key=lambda key: key not in ("model", "loss"))

    def apart(chosen: list[str]) -> bool:
        return len({str([recipe.get(key) for key in chosen]) for recipe in recipes}) == len(recipes)

    for key in keys:
        if apart([key]):
            return [key]
    return next((keys[: count + 1] for count in range(len(keys)) if apart(keys[: count + 1])), keys)
