"""What a study is: a question, and a grid of training runs on equal terms whose comparison answers it.

A study is written as TOML; `tinct study` knows those in the folder of this module by name. It consists of parts, each a grid over keys
of a recipe. A grid may have three keys that are none of a recipe's own: `recipe`, and `depth` and `width`, see `layers`. Runs with equal settings
are one run, in whatever parts they stand.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any

from .._util.fields import from_dict, to_dict
from ..errors import ConfigError, nearest
from ..training.recipe import TrainConfig, change, load_recipe, parse_setting, parse_toml

__all__ = ["LAYERS", "Cell", "Claim", "Part", "Study", "Trial", "layers", "load_study", "studies"]

LAYERS = {"depth", "width"}
STRIDES = {"autoencoder": (1, 2), "vae": (2, 2)}
"""Of the convolutions after the first, whose stride is 1, in turn."""
MOST = 500
"""Runs of one study."""
EXPECT = ("greater", "smaller")
_RESERVED = {"seed": "give seeds = 3 instead", "data": "name pictures with --data", "model": "vary recipe instead"}


@dataclass(frozen=True)
class Claim:
    """One of ``[[claims]]``: what the study is to find out of one quantity at two places of a part's grid."""

    says: str
    """The finding, as a sentence that is true or not: "Mean squared error gives better pictures than cross-entropy"."""
    part: str
    """Name of the part."""
    measure: str
    """A key of `reporting.measures.MEASURES`."""
    first: dict[str, Any]
    """Values of the part's grid; keys with a single value may be left out."""
    second: dict[str, Any]
    expect: str = "greater"
    """The claim holds if the measure at `first` is greater, or smaller, than at `second`."""

    def __post_init__(self) -> None:
        if self.expect not in EXPECT:
            raise ConfigError(f"claims: expect must be {' or '.join(EXPECT)}, not {self.expect!r}.")


@dataclass(frozen=True)
class Part:
    """One of ``[[parts]]``: a recipe, and the values to try for some of its keys."""

    name: str
    grid: dict[str, Any]
    """Key of the recipe -> list of values; all combinations are run. The first key is the horizontal axis of charts."""
    recipe: str = ""
    """A recipe's bundled name, or the path of one; left out where `recipe` is a key of the grid."""
    set: dict[str, Any] = field(default_factory=dict)
    """Settings of this part alone."""


@dataclass(frozen=True)
class Trial:
    """One run of a study."""

    name: str
    """Of its folder."""
    config: TrainConfig


@dataclass(frozen=True)
class Cell:
    """One combination of a part's values."""

    part: Part
    values: dict[str, Any]
    trials: tuple[Trial, ...]
    """One a seed."""


@dataclass(frozen=True)
class Study:
    """A whole study, ready to be run once it has `data`."""

    name: str
    question: str
    parts: tuple[Part, ...]
    claims: tuple[Claim, ...] = ()
    beware: tuple[str, ...] = ()
    """What a reader should know before believing the answer; a sentence each."""
    seeds: int = 3
    """Every combination is run with seeds 0, 1, … so many."""
    set: dict[str, Any] = field(default_factory=dict)
    """Settings of all runs."""
    data: tuple[str, ...] = ()
    protocol: str = ""
    """A protocol, such as tinct-256, under which every run is evaluated on the test pictures as well."""
    evaluated: int = 100
    """On at most so many test pictures, the first by hash."""

    def __post_init__(self) -> None:
        names = [part.name for part in self.parts]
        if not names:
            raise ConfigError(f"The study {self.name!r} has no parts; give it one [[parts]] at least.")
        if len(set(names)) < len(names):
            raise ConfigError(f"The study {self.name!r} has two parts of one name: {', '.join(names)}.")
        if self.seeds < 1 or self.evaluated < 1:
            raise ConfigError(f"seeds and evaluated must be at least 1, not {self.seeds} and {self.evaluated}.")
        if self.protocol:
            from ..evaluation.protocol import find_protocol

            find_protocol(self.protocol)

    def cells(self, part: Part) -> list[dict[str, Any]]:
        """Every combination of the part's values: key -> value."""
        return [dict(zip(part.grid, values, strict=True)) for values in itertools.product(*part.grid.values())]

    def config(self, part: Part, cell: Mapping[str, Any], seed: int) -> TrainConfig:
        """The recipe of one run. Raises ConfigError that names the part and the values."""
        where = f"{self.name}, {part.name}, " + ", ".join(f"{key} = {value}" for key, value in cell.items())
        try:
            values = self.set | part.set | dict(cell)
            config = load_recipe(values.pop("recipe", part.recipe), [], self.data)
            if LAYERS & values.keys():
                found = layers(config.model, values.pop("depth", 4), values.pop("width", 1.0))
                if found != layers(config.model, 4, 1.0):  # which the recipe has already
                    values |= dict(zip(("network.channels", "network.strides"), map(list, found), strict=True))
            return change(config, values | {"seed": seed}, "grid")
        except ConfigError as error:
            raise ConfigError(f"{where}: {error}") from error

    def layout(self) -> list[Cell]:
        """All parts' combinations, each with its runs. Raises ConfigError for the first that can't be."""
        count = self.seeds * sum(math.prod(len(values) for values in part.grid.values()) for part in self.parts)
        if count > MOST:
            raise ConfigError(f"The study {self.name!r} has {count} runs, more than {MOST}; leave out values or seeds.")
        found: dict[str, Trial] = {}
        cells = []
        for part in self.parts:
            for values in self.cells(part):
                trials = []
                for seed in range(self.seeds):
                    config = self.config(part, values, seed)
                    trials.append(found.setdefault(_key(config), _trial(part, values, config)))
                cells.append(Cell(part, values, tuple(trials)))
        return cells

    def trials(self) -> list[Trial]:
        """Every run once; first all combinations with the first seed, so that a study that is looked at early has all of them."""
        cells = self.layout()
        by_seed = [cell.trials[seed] for seed in range(self.seeds) for cell in cells]
        return list({trial.name: trial for trial in by_seed}.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for TOML; `Study.from_dict(s.to_dict()) == s`."""
        return to_dict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], where: str) -> Study:
        """Raises ConfigError for what isn't known, doesn't fit, or makes a recipe that can't be run."""
        study = from_dict(cls, values, where)
        for part in study.parts:
            _check_part(part, where)
        for claim in study.claims:
            _check_claim(claim, study, where)
        return study


def layers(model: str, depth: int, width: float) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Channels and strides of a classic network with so many convolutions, each so many times as wide.

    Convolution i, counted from 0, has 32 · 2ⁱ · width channels. The first has stride 1; of the others the autoencoder's have 2 and 1 in
    turn, the variational one's all 2. A depth of 4 and a width of 1 are the classic networks.

    Raises:
        ConfigError: a network without layers of that kind, or a depth or width that can't be.
    """
    if model not in STRIDES:
        raise ConfigError(f"depth and width are for {' and '.join(STRIDES)}, not {model}; set its own keys, network.…, instead.")
    if isinstance(depth, bool) or not isinstance(depth, int) or not 1 <= depth <= 8:
        raise ConfigError(f"depth must be a whole number from 1 to 8, not {depth!r}.")
    if isinstance(width, bool) or not isinstance(width, int | float) or not 1 / 32 <= width <= 16:
        raise ConfigError(f"width must be a number from 1/32 to 16, not {width!r}.")
    every = STRIDES[model]
    channels = tuple(max(1, round(32 * 2**i * width)) for i in range(depth))
    return channels, tuple(1 if i == 0 else 2 if i % 2 else every[0] for i in range(depth))


def studies() -> list[str]:
    """Names of the studies inside the package."""
    return sorted(
        entry.name.removesuffix(".toml") for entry in resources.files(__package__).iterdir() if entry.name.endswith(".toml")
    )


def load_study(name: str, data: tuple[str, ...] = (), settings: list[str] | None = None, seeds: int | None = None) -> Study:
    """A study by bundled name or path, for these pictures, with ``key=value`` settings laid over those of all its runs.

    Raises:
        ConfigError: no such study, or an unknown key or an unusable value anywhere in it.
    """
    path = Path(name) if name.endswith(".toml") else resources.files(__package__) / f"{name}.toml"
    if not path.is_file():
        raise ConfigError(
            f"There is no study {name!r}{nearest(name, studies())}. Known: {', '.join(studies())}; or name a .toml file."
        )
    values = {"name": Path(name).stem, **parse_toml(path.read_text("utf-8"), str(name))}
    study = Study.from_dict(values, Path(name).name)
    laid = dict(parse_setting(setting) for setting in settings or [])
    if varied := laid.keys() & {key for part in study.parts for key in part.grid}:
        raise ConfigError(f"--set {', '.join(varied)}: that is what the study {study.name!r} varies; leave it out.")
    parts = tuple(replace(part, set={k: v for k, v in part.set.items() if k not in laid}) for part in study.parts)
    study = replace(study, parts=parts, set=study.set | laid, data=data or study.data, seeds=seeds or study.seeds)
    study.layout()
    return study


# ---- details --------------------------------------------------------------------------------------------------------------------


def _check_part(part: Part, where: str) -> None:
    if bool(part.recipe) == ("recipe" in part.grid):
        raise ConfigError(f"{where}: {part.name}: name one recipe, or several in the grid.")
    if not part.grid:
        raise ConfigError(f"{where}: the part {part.name!r} has an empty grid; give it a key and its values.")
    for key, values in part.grid.items():
        if not isinstance(values, list | tuple) or not values:
            raise ConfigError(f"{where}: {part.name}: {key} must be a list of values, such as {key} = [{json.dumps(values)}].")
        if len({json.dumps(value) for value in values}) < len(values):
            raise ConfigError(f"{where}: {part.name}: {key} has one value twice.")
    for key in (*part.grid, *part.set):
        if key in _RESERVED:
            raise ConfigError(f"{where}: {part.name}: {key} can't be varied; {_RESERVED[key]}.")


def _check_claim(claim: Claim, study: Study, where: str) -> None:
    from .measures import MEASURES

    if claim.measure not in MEASURES:
        raise ConfigError(f"{where}: claims: measure {claim.measure!r} is not known{nearest(claim.measure, MEASURES)}.")
    part = next((part for part in study.parts if part.name == claim.part), None)
    if part is None:
        raise ConfigError(f"{where}: claims: there is no part {claim.part!r}.")
    for cell in (claim.first, claim.second):
        for key, values in part.grid.items():
            if (key in cell or len(values) > 1) and cell.get(key) not in values:
                raise ConfigError(
                    f"{where}: claims: {key} = {cell.get(key)!r} is none of the values of {part.name}: {list(values)}."
                )
        if unknown := set(cell) - set(part.grid):
            raise ConfigError(f"{where}: claims: {', '.join(unknown)} is not in the grid of {part.name}.")


def _key(config: TrainConfig) -> str:
    return hashlib.sha256(json.dumps(config.to_dict(), sort_keys=True).encode()).hexdigest()


def _trial(part: Part, cell: Mapping[str, Any], config: TrainConfig) -> Trial:
    """Named so that a reader knows what it is, and by a hash so that equal names are equal runs."""
    text = "-".join([part.name, *(f"{key.rpartition('.')[2]}-{value}" for key, value in cell.items()), f"seed-{config.seed}"])
    return Trial(f"{re.sub(r'[^a-z0-9.]+', '-', text.lower()).strip('-')}-{_key(config)[:6]}", config)
