"""What a report compares: groups of runs that differ only in their seed, sections of such groups, and their labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .measures import MODEL, Measure, Spread, spread
from .results import Result, Unfinished

if TYPE_CHECKING:
    from .grid import Claim

__all__ = ["NAMES", "PART", "RUN", "Group", "Material", "Section", "differences", "label", "place", "setting", "value_text"]

PART = "part"
"""Stands for a key of the grid where the parts of a study are compared with each other."""
RUN = "run"
"""Stands for a key where runs differ in nothing but their folders."""
SELF_EXPLAINING = {"model", "recipe", PART, RUN}
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
"""Key of a recipe -> its name in charts."""


@dataclass(frozen=True)
class Group:
    """Runs with equal settings, one for each seed."""

    part: str
    values: dict[str, Any]
    """Key -> value of what the groups of a section differ in."""
    label: str
    results: tuple[Result, ...]
    """The finished runs, by seed."""
    unfinished: tuple[Unfinished, ...] = ()

    def spread(self, measure: Measure, who: str = MODEL) -> Spread | None:
        """Mean and standard deviation over the seeds; None where it wasn't measured."""
        return spread(measure.of(result, who) for result in self.results)


@dataclass(frozen=True)
class Section:
    """Groups that are compared with one another: a part of a study."""

    name: str
    keys: tuple[str, ...]
    groups: tuple[Group, ...]

    @property
    def finished(self) -> tuple[Group, ...]:
        """Groups with at least one finished run."""
        return tuple(group for group in self.groups if group.results)

    @property
    def axis(self) -> str | None:
        """The key along which charts are drawn; None where its values aren't numbers, so that each group gets a row."""
        if not self.keys or self.keys[0] == PART:
            return None
        places = {place(group, self.keys[0]) for group in self.finished}
        return self.keys[0] if len(places) > 1 and None not in places else None

    def lines(self) -> dict[str, list[Group]]:
        """The groups by all keys but the first, each list in order of the axis."""
        found: dict[str, list[Group]] = {}
        for group in self.finished:
            found.setdefault(label({key: group.values[key] for key in self.keys[1:]}, named=len(self.keys) > 2), []).append(group)
        return {name: sorted(groups, key=lambda group: place(group, self.keys[0]) or 0.0) for name, groups in found.items()}


@dataclass(frozen=True)
class Material:
    """All that a report is made from."""

    name: str
    question: str
    sections: tuple[Section, ...]
    claims: tuple[Claim, ...] = ()
    beware: tuple[str, ...] = ()
    made: Mapping[str, Any] | None = None
    """The table ``made`` of ``study.toml``, see `keeping.read_study`; None where any runs are compared."""
    data: tuple[str, ...] = ()

    @property
    def results(self) -> tuple[Result, ...]:
        """Every finished run once."""
        return tuple({r.path: r for section in self.sections for group in section.groups for r in group.results}.values())

    @property
    def unfinished(self) -> tuple[Unfinished, ...]:
        return tuple({u.name: u for section in self.sections for group in section.groups for u in group.unfinished}.values())

    def group(self, part: str, values: Mapping[str, Any]) -> Group | None:
        """The group that a claim names."""
        for group in (group for section in self.sections for group in section.groups):
            if group.part == part and all(group.values.get(key, value) == value for key, value in values.items()):
                return group
        return None


def differences(first: Group, second: Group, measure: Measure) -> list[float]:
    """The measure at `first` minus that at `second`, for runs with equal seeds.

    Groups without a seed in common are paired in order: runs with different seeds are independent anyway.
    """
    ours, theirs = ({result.seed: result for result in group.results} for group in (first, second))
    seeds = sorted(ours.keys() & theirs.keys())
    pairs = [(ours[seed], theirs[seed]) for seed in seeds] or zip(first.results, second.results, strict=False)
    found = [(measure.of(one), measure.of(other)) for one, other in pairs]
    return [one - other for one, other in found if one is not None and other is not None]


def place(group: Group, key: str) -> float | None:
    """The position of a group on an axis; None where its value is no number."""
    value = group.values.get(key)
    if key == "train_pictures" and group.results:
        return float(group.results[0].train_pictures)  # 0 stands for all
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def label(values: Mapping[str, Any], *, named: bool | None = None) -> str:
    """The name of a group: its only value, or ``depth 4 · width 2``."""
    named = len(values) > 1 if named is None else named
    short = [(key.rpartition(".")[2], value_text(key, value)) for key, value in values.items()]
    return " · ".join(f"{key} {text}" if named and key not in SELF_EXPLAINING | {"loss"} else text for key, text in short)


def setting(section: Section, *groups: Group) -> str:
    """Groups in a sentence: ``width = 2``, ``width = 2, 4, 8``, or their labels."""
    key = section.keys[0] if len(section.keys) == 1 else RUN
    if key in SELF_EXPLAINING or any(key not in group.values for group in groups):
        return ", ".join(group.label for group in groups)
    values = ", ".join(value_text(key, group.values[key]) for group in groups)
    return f"{values} training pictures" if key == "train_pictures" else f"{key.rpartition('.')[2]} = {values}"


def value_text(key: str, value: Any) -> str:
    """The value of a setting as text; of a path the last name only."""
    if key in ("train_pictures", "pictures") and value == 0:
        return "all"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:,}" if isinstance(value, int) else f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(value_text(key, entry) for entry in value)
    return str(value).rstrip("/").rpartition("/")[2]
