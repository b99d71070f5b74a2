"""What readers must know beside the numbers of a study: settings, pictures and machine, limits, how to repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import Any

from ..studies.groups import Material, value_text
from ..studies.measures import MEASURES
from ..studies.results import Result
from ..studies.run_files import flat

__all__ = ["beware", "command", "pictures_and_machine", "plain_command", "settings"]

FEW_SEEDS = 5
"""With fewer, the standard deviation itself is uncertain."""
Rows = list[tuple[str, str]]


def settings(material: Material) -> tuple[Rows, list[tuple[str, Rows]]]:
    """The settings that all runs have in common; and of each section, if there are several, those that only its own runs have."""
    common = _common(material.results)
    by_section = []
    for section in material.sections if len(material.sections) > 1 else ():
        own = _common([r for group in section.groups for r in group.results])
        if rest := [(key, value_text(key, value)) for key, value in own.items() if key not in common]:
            by_section.append((section.name, rest))
    return [(key, value_text(key, value)) for key, value in common.items()], by_section


def pictures_and_machine(material: Material) -> Rows:
    """How many pictures, which data, how many seeds; and on what it all ran."""
    results = material.results
    if not results:
        return []
    data = list(dict.fromkeys(value_text("data", source) for r in results for source in r.config["data"]))
    rows = [
        ("Pictures from", ", ".join(data[:12]) + (f" and {len(data) - 12} more" if len(data) > 12 else "")),
        ("Training pictures", _range(r.train_pictures for r in results)),
        ("Test pictures", _range(r.environment["pictures"].get("test") for r in results)),
        ("Errors measured on", _range(r.scores["test"].get("pictures") for r in results) + " test pictures at most"),
        ("Pictures seen in training", _range(r.seen for r in results)),
        ("Runs", f"{len(results)} finished" + (f", {len(material.unfinished)} unfinished" if material.unfinished else "")),
        ("Seeds", ", ".join(map(str, sorted({r.seed for r in results})))),
    ]
    for key in ("processor", "cores", "threads", "accelerator", "precision", "torch", "tinct"):
        if values := dict.fromkeys(str(r.environment[key]) for r in results if key in r.environment):
            name = {"threads": "Threads a run", "torch": "torch", "tinct": "tinct"}.get(key, key.capitalize())
            rows.append((name, ", ".join(values)))
    if material.made and material.made.get("budget"):
        rows.append(("Time allowed", f"{material.made['budget']:g} minutes for all runs"))
    return rows


def beware(material: Material) -> list[str]:
    """Caveats of the study: those that its author wrote, and those that follow from its runs."""
    results, unfinished = material.results, material.unfinished
    told = list(material.beware)
    if unfinished:
        names = ", ".join(map(str, unfinished[:6])) + (f" and {len(unfinished) - 6} more" if len(unfinished) > 6 else "")
        told.insert(
            0, f"{len(unfinished)} of {len(unfinished) + len(results)} runs are unfinished and not in the numbers: {names}."
        )
    if not results:
        return told
    seeds = max(len(group.results) for section in material.sections for group in section.finished)
    if seeds < FEW_SEEDS:
        found = (
            "only large differences are significant (p < 0.05)" if seeds > 1 else "how much of a difference is chance isn’t known"
        )
        told.append(f"Number of seeds: {seeds}; {found}.")
    if any(len(section.finished) > 1 for section in material.sections):
        told.append(
            "The best value was chosen by the test pictures on which its error is given, so it looks a little better than it is."
        )
    for section in material.sections:
        grays = [value.mean for group in section.finished if (value := group.spread(MEASURES["mse_test"], "gray"))]
        seen = [r.seen for group in section.finished for r in group.results]
        if grays and max(grays) > 1.0001 * min(grays):
            told.append(
                f"{section.name}: different test pictures; the gray picture’s error is {min(grays):.5f} to {max(grays):.5f}."
            )
        if seen and max(seen) > 1.02 * min(seen) and "seen" not in section.keys:
            told.append(f"{section.name}: runs of different length, {min(seen):,} to {max(seen):,} pictures seen.")
        if material.made is None and (others := section.groups[0].values.keys() - section.keys):
            told.append(f"No difference is due to one setting alone: the runs differ also in {', '.join(sorted(others))}.")
    machines = {(r.environment.get("processor"), r.environment.get("accelerator")) for r in results}
    told.append(f"Times {'are of different machines' if len(machines) > 1 else 'compare within this report only'}.")
    if any(r.error == "ab_error" for r in results):
        told.append("The flagship’s learning curves are of worn pictures, some with hints; its final errors of clean ones without.")
    if any(r.evaluation and len(r.evaluation["sets"]) > 1 for r in results):
        told.append("The protocol’s figures are those of the first set of pictures.")
    return told


def command(material: Material, runs: Sequence[str] = ()) -> str:
    """The command that repeats it all, without the paths of one machine."""
    if material.made is None:
        return shlex.join(["tinct", "report", *runs])
    words = ["tinct", "study", material.name, *(word for source in material.data for word in ("--data", source))]
    return plain_command(str(material.made.get("command") or shlex.join(words)))


def plain_command(text: str) -> str:
    """The command with only the last name of absolute paths."""
    try:
        split = [word.rpartition("=") for word in shlex.split(text)]
    except ValueError:
        return text
    return shlex.join(head + equals + (value_text("", end) if end.startswith(("/", "~")) else end) for head, equals, end in split)


def _common(results: Sequence[Result]) -> dict[str, Any]:
    """Settings that all these runs have in common, without data and seed."""
    recipes = [flat(r.config) for r in results]
    return {
        key: value
        for key, value in (recipes[0] if recipes else {}).items()
        if key not in ("data", "seed") and value != "" and all(key in r and r[key] == value for r in recipes)
    }


def _range(values: Iterable[Any]) -> str:
    known = sorted({int(value) for value in values if value is not None})
    return "not recorded" if not known else f"{known[0]:,}" if len(known) == 1 else f"{known[0]:,} to {known[-1]:,}"
