"""What readers must know beside the numbers: settings, pictures and machine, what to beware of, how to repeat it all."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import Any

from ..studies.groups import Group, Material, flat, value_text
from ..studies.measures import MEASURES
from ..studies.results import Result
from ..studies.wording import join

__all__ = ["beware", "command", "pictures_and_machine", "plain_command", "settings"]

FEW = 5
"""With fewer seeds than this, the scatter itself is uncertain."""


def settings(material: Material) -> tuple[list[tuple[str, str]], list[tuple[str, list[tuple[str, str]]]]]:
    """What all runs have in common; and of each section, if there are several recipes, what only its own runs have in common."""
    results = material.results
    common = _common(results)
    told = [(key, value_text(key, value)) for key, value in common.items()]
    by_section = []
    for section in material.sections:
        own = _common([r for group in section.groups for r in group.results])
        rest = [(key, value_text(key, value)) for key, value in own.items() if key not in common]
        if rest and len(material.sections) > 1:
            by_section.append((section.name, rest))
    return told, by_section


def pictures_and_machine(material: Material) -> list[tuple[str, str]]:
    """How many pictures, which data, how many seeds; and on what it all ran."""
    results = material.results
    if not results:
        return []
    seeds = sorted({r.config.seed for r in results})
    data = list(dict.fromkeys(value_text("data", source) for r in results for source in r.config.data))
    rows = [
        ("Pictures from", join(data[:12]) + (f" and {len(data) - 12} more" if len(data) > 12 else "")),
        ("Training pictures", _range(r.train_pictures for r in results)),
        ("Test pictures", _range(r.environment["pictures"].get("test") for r in results)),
        ("Errors measured on", _range(r.scores["test"].get("pictures") for r in results) + " test pictures at most"),
        ("Pictures seen in training", _range(r.seen for r in results)),
        ("Runs", f"{len(results)} finished" + (f", {len(material.unfinished)} unfinished" if material.unfinished else "")),
        ("Seeds", join([str(seed) for seed in seeds])),
    ]
    for key in ("processor", "cores", "threads", "accelerator", "precision", "torch", "tinct"):
        values = list(dict.fromkeys(str(r.environment[key]) for r in results if key in r.environment))
        if values:
            name = {"threads": "Threads a run", "torch": "torch", "tinct": "tinct"}.get(key, key.capitalize())
            rows.append((name, join(values)))
    if material.made and material.made.get("budget"):
        rows.append(("Time allowed", f"{material.made['budget']:g} minutes for all runs"))
    return rows


def beware(material: Material) -> list[str]:
    """What the study's author says, and what the runs show by themselves."""
    results, unfinished = material.results, material.unfinished
    found = list(material.beware)
    if unfinished:
        names = [str(run) for run in unfinished[:6]] + ([f"{len(unfinished) - 6} more"] if len(unfinished) > 6 else [])
        total = len(unfinished) + len(results)
        found.insert(
            0, f"{len(unfinished)} of {total} runs are unfinished, and all numbers are those of the others: {join(names)}."
        )
    if not results:
        return found
    groups = [group for section in material.sections for group in section.finished]
    fewest = min(len(group.results) for group in groups)
    most = max(len(group.results) for group in groups)
    if most == 1:
        found.append(
            "Every setting was run with one seed only. How much of a difference is chance isn’t known; repeat it with --seeds 3."
        )
    elif fewest < FEW:
        number = str(fewest) if fewest == most else f"{fewest} to {most}"
        found.append(
            f"With {number} seeds only large differences can be told from chance. “More than the scatter of seeds” is the verdict of a "
            "paired t-test with 95 % confidence: of twenty differences that are nothing but chance, one gets it."
        )
    if any(len(section.finished) > 1 for section in material.sections):
        found.append(
            "Which value is best was chosen by the same test pictures on which its error is given, so the best one looks a little better than it is."
        )
    found += _unequal(material)
    if any(
        r.environment.get("threads", 1) < (r.environment.get("cores") or 1)
        for r in results
        if r.environment.get("accelerator") == "cpu"
    ):
        found.append(
            "Each run had only some of the machine’s cores, and others may have run beside it: times compare within this report, not with other machines."
        )
    elif _timed(groups):
        found.append("Times are those of one machine that may have had other things to do; small differences in time mean nothing.")
    if any(r.error == "ab_error" for r in results):
        found.append(
            "The flagship’s curves show color error while it trains on worn pictures, some of them with hints; so its train curve is no measure of over-fitting by itself. "
            "The final errors are without hints, on clean pictures."
        )
    if any(r.evaluation and len(r.evaluation["sets"]) > 1 for r in results):
        found.append("Under the protocol several sets of pictures were evaluated; the figures here are those of the first.")
    return found


def command(material: Material, runs: Sequence[str] = ()) -> str:
    """What does it all again, without the paths of one machine."""
    if material.made is None:
        return shlex.join(["tinct", "report", *runs])
    if text := material.made.get("command"):
        return plain_command(str(text))
    return plain_command(
        shlex.join(["tinct", "study", material.name, *(word for source in material.data for word in ("--data", source))])
    )


def plain_command(text: str) -> str:
    """The command with only the last name of absolute paths."""
    try:
        words = shlex.split(text)
    except ValueError:
        return text
    return shlex.join(_plain_word(word) for word in words)


# ---- details --------------------------------------------------------------------------------------------------------------------


def _plain_word(word: str) -> str:
    head, equals, path = word.rpartition("=")
    return head + equals + (value_text("", path) if path.startswith(("/", "~")) else path)


def _common(results: Sequence[Result]) -> dict[str, Any]:
    """Settings that all these runs have in common, but for data and seed."""
    recipes = [flat(r.config.to_dict()) for r in results]
    return {
        key: value
        for key, value in (recipes[0] if recipes else {}).items()
        if key not in ("data", "seed") and value != "" and all(key in r and r[key] == value for r in recipes)
    }


def _unequal(material: Material) -> list[str]:
    """Differences between groups that nobody asked for."""
    found = []
    for section in material.sections:
        groups = section.finished
        where = f"{section.name}: " if len(material.sections) > 1 else ""
        grays = [value.mean for group in groups if (value := group.spread(MEASURES["mse_test"], "gray"))]
        if grays and max(grays) > 1.0001 * min(grays):
            found.append(
                f"{where}the runs were tested on different pictures, or at different sizes: the gray picture’s error ranges from {min(grays):.5f} to {max(grays):.5f}. Their errors compare only roughly."
            )
        seen = [r.seen for group in groups for r in group.results]
        if seen and max(seen) > 1.02 * min(seen) and "seen" not in section.keys:
            found.append(f"{where}the runs aren’t equally long: they saw {min(seen):,} to {max(seen):,} pictures.")
        if material.made is None and groups and (others := _other_keys(groups[0], section.keys)):
            found.append(
                f"The runs differ in more than their names say, so no difference is due to one setting alone: also in {join(others)}."
            )
    processors = {(r.environment.get("processor"), r.environment.get("accelerator")) for r in material.results}
    if len(processors) > 1:
        found.append("The runs were made on different machines; their times don’t compare.")
    return found


def _other_keys(group: Group, keys: tuple[str, ...]) -> list[str]:
    return [key for key in group.values if key not in keys]


def _timed(groups: list[Group]) -> bool:
    return any(group.spread(MEASURES["train_seconds"]) for group in groups)


def _range(values: Iterable[Any]) -> str:
    known = sorted({int(value) for value in values if value is not None})
    return "not recorded" if not known else f"{known[0]:,}" if len(known) == 1 else f"{known[0]:,} to {known[-1]:,}"
