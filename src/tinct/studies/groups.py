"""What a report compares: runs in groups that differ in nothing but the seed, and what groups are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .grid import Claim
from .measures import MODEL, Measure, Spread, spread
from .results import Result, Unfinished

__all__ = ["NAMES", "PART", "RUN", "Group", "Material", "Section", "differences", "flat", "label", "pairs", "place", "value_text"]

PART = "part"
"""Stands for a grid's key where the parts themselves are compared."""
RUN = "run"
"""And this where runs differ in nothing but their folders."""
ALONE = {"model", "loss", "recipe", PART}
"""Keys whose values need no name beside them."""
NAMES = {
    "network.latent": "latent size",
    "train_pictures": "training pictures",
    "width": "width, times the classic one",
    "depth": "convolutions of the encoder",
    "kl_weight": "weight of the KL divergence",
    "lr": "learning rate",
    "seen": "pictures seen in training",
}
"""Of keys, for readers."""
IDLE = {"stages", "terms", "hints", "wear"}
"""Of a recipe; the classic models have no use for them."""


@dataclass(frozen=True)
class Group:
    """Runs with equal settings, one a seed."""

    part: str
    values: dict[str, Any]
    """Key -> value of what the groups of a section differ in."""
    label: str
    results: tuple[Result, ...]
    """The finished runs, by seed."""
    unfinished: tuple[Unfinished, ...] = ()

    def spread(self, measure: Measure, who: str = MODEL) -> Spread | None:
        """Over the seeds; None where it wasn't measured."""
        return spread(measure.of(result, who) for result in self.results)


@dataclass(frozen=True)
class Section:
    """Groups that are compared with one another: a part of a study."""

    name: str
    keys: tuple[str, ...]
    groups: tuple[Group, ...]
    default: Group | None = None
    """The one with the recipe's own values, if it is among them."""

    @property
    def finished(self) -> tuple[Group, ...]:
        """Groups with a finished run at least."""
        return tuple(group for group in self.groups if group.results)

    @property
    def axis(self) -> str | None:
        """The key along which charts are drawn; None where its values aren't numbers, and groups are drawn one below the other."""
        if not self.keys or (self.keys[0] == PART) or len({place(group, self.keys[0]) for group in self.finished}) < 2:
            return None
        return self.keys[0] if all(place(group, self.keys[0]) is not None for group in self.finished) else None

    def lines(self) -> dict[str, list[Group]]:
        """The groups by all keys but the first, each list in order of the axis."""
        found: dict[str, list[Group]] = {}
        for group in self.finished:
            found.setdefault(label({key: group.values[key] for key in self.keys[1:]}, named=len(self.keys) > 2), []).append(group)
        key = self.keys[0]
        return {name: sorted(groups, key=lambda group: place(group, key) or 0.0) for name, groups in found.items()}


@dataclass(frozen=True)
class Material:
    """All that a report is made from."""

    name: str
    question: str
    sections: tuple[Section, ...]
    claims: tuple[Claim, ...] = ()
    beware: tuple[str, ...] = ()
    made: Mapping[str, Any] | None = None
    """What is known of how a study was run; None of runs that were only compared."""
    data: tuple[str, ...] = ()

    @property
    def results(self) -> tuple[Result, ...]:
        """Every finished run once."""
        found = {r.path: r for section in self.sections for group in section.groups for r in group.results}
        return tuple(found.values())

    @property
    def unfinished(self) -> tuple[Unfinished, ...]:
        found = {u.name: u for section in self.sections for group in section.groups for u in group.unfinished}
        return tuple(found.values())

    def group(self, part: str, values: Mapping[str, Any]) -> Group | None:
        """The group of a claim."""
        for section in self.sections:
            for group in section.groups:
                if group.part == part and all(group.values.get(key, value) == value for key, value in values.items()):
                    return group
        return None


def pairs(first: Group, second: Group) -> Iterator[tuple[Result, Result]]:
    """Runs of both groups with a seed in common; where there is none, in order: runs with different seeds are independent anyway."""
    ours, theirs = ({result.config.seed: result for result in group.results} for group in (first, second))
    if common := sorted(ours.keys() & theirs.keys()):
        yield from ((ours[seed], theirs[seed]) for seed in common)
    else:
        yield from zip(first.results, second.results, strict=False)


def differences(first: Group, second: Group, measure: Measure) -> list[float]:
    """The measure at `first` minus that at `second`, of every pair where both have it."""
    found = [(measure.of(one), measure.of(other)) for one, other in pairs(first, second)]
    return [one - other for one, other in found if one is not None and other is not None]


def place(group: Group, key: str) -> float | None:
    """Where on an axis a group stands; None where its value is no number."""
    value = group.values.get(key)
    if key == "train_pictures" and group.results:
        return float(group.results[0].train_pictures)  # 0 stands for all
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def label(values: Mapping[str, Any], *, named: bool | None = None) -> str:
    """What a group is called: its only value, or ``depth 4 · width 2``."""
    named = len(values) > 1 if named is None else named
    short = [(key.rpartition(".")[2], value_text(key, value)) for key, value in values.items()]
    return " · ".join(f"{key} {text}" if named and key not in ALONE else text for key, text in short)


def value_text(key: str, value: Any) -> str:
    """A setting as a reader meets it; of paths the last name only."""
    if key in ("train_pictures", "pictures") and value == 0:
        return "all"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:,}" if isinstance(value, int) else f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(value_text(key, entry) for entry in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {value_text(name, entry)}" for name, entry in value.items())
    return str(value).rstrip("/").rpartition("/")[2] if "/" in str(value) else str(value)


def flat(config: Mapping[str, Any], table: str = "") -> dict[str, Any]:
    """A recipe's settings by their full names, without tables that its model has no use for."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        if not table and key in IDLE and config.get("model", "tinct") != "tinct":
            continue
        if isinstance(value, Mapping):
            found |= flat(value, f"{table}{key}.")
        else:
            found[table + key] = value
    return found
