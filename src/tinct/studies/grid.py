"""What a study is: a question, and grids of training runs on equal terms whose comparison answers it.

A study is a TOML file; those beside this module are known by name. It consists of parts, each a grid over keys of a training recipe.
Three keys of a grid are not a recipe's own: `recipe`, and `depth` and `width`, see `layers`. Cells with equal settings, also of
different parts, share one run.
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
from .._util.settings import change, parse_setting, parse_toml
from ..errors import ConfigError, nearest
from ..training.recipe import TrainConfig, load_recipe

__all__ = ["LAYERS", "Cell", "Claim", "Part", "Study", "Trial", "layers", "load_study", "study_names"]

LAYERS = {"depth", "width"}
"""Keys of a grid that `layers` turns into a network's channels and strides."""
STRIDES = {"autoencoder": (1, 2), "vae": (2, 2)}
"""Strides of the convolutions after the first, repeated in turn; the first has stride 1."""
MAX_RUNS = 500
"""A larger study is more likely a mistake in its grid than meant; the largest bundled one has 78 runs."""
EXPECT = ("greater", "smaller")
_RESERVED = {
    "seed": "give seeds = 3 instead",
    "data": "all runs of a study have the same pictures",
    "model": "vary recipe instead",
}


@dataclass(frozen=True)
class Claim:
    """One of ``[[claims]]``: a statement that the study tests, about one measure in two cells of a part's grid."""

    says: str
    """The statement, as a sentence: "Mean squared error gives better pictures than cross-entropy"."""
    part: str
    """Name of the part."""
    measure: str
    """A key of `measures.MEASURES`."""
    first: dict[str, Any]
    """The first cell: values of the part's grid; keys with a single value may be left out."""
    second: dict[str, Any]
    expect: str = "greater"
    """The claim holds if the measure at `first` is ``greater``, or ``smaller``, than at `second`."""

    def __post_init__(self) -> None:
        if self.expect not in EXPECT:
            raise ConfigError(f"claims: expect must be {' or '.join(EXPECT)}, not {self.expect!r}.")


@dataclass(frozen=True)
class Part:
    """One of ``[[parts]]``: a recipe, and the values to try for some of its keys."""

    name: str
    grid: dict[str, Any]
    """Key of the recipe -> list of values; every combination is run. The first key is the horizontal axis of charts."""
    recipe: str = ""
    """Bundled name or path of a recipe; left out where `recipe` is a key of the grid."""
    set: dict[str, Any] = field(default_factory=dict)
    """Other values for keys of the recipe, in this part only."""


@dataclass(frozen=True)
class Trial:
    """One run of a study."""

    name: str
    """Name of its folder."""
    config: TrainConfig


@dataclass(frozen=True)
class Cell:
    """One combination of the values in a part's grid."""

    part: Part
    values: dict[str, Any]
    trials: tuple[Trial, ...]
    """One run for each seed."""


@dataclass(frozen=True)
class Study:
    """A whole study; it can be run once it has `data`."""

    name: str
    question: str
    parts: tuple[Part, ...]
    claims: tuple[Claim, ...] = ()
    beware: tuple[str, ...] = ()
    """Caveats that the report states, a sentence each."""
    seeds: int = 3
    """Number of runs of every cell, with seeds 0, 1, …"""
    set: dict[str, Any] = field(default_factory=dict)
    """Other values for keys of all recipes."""
    data: tuple[str, ...] = ()
    """Where the pictures come from, as in a training recipe."""
    protocol: str = ""
    """Evaluation protocol, such as tinct-256, under which every run is also evaluated on test pictures; none if empty."""
    evaluated: int = 100
    """Number of test pictures evaluated under `protocol`, at most; the first ones by hash."""

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
        """All combinations of the part's values, each as key -> value."""
        return [dict(zip(part.grid, values, strict=True)) for values in itertools.product(*part.grid.values())]

    def config(self, part: Part, cell: Mapping[str, Any], seed: int) -> TrainConfig:
        """The recipe of one run. Raises ConfigError with the part and the values."""
        where = f"{self.name}, {part.name}, " + ", ".join(f"{key} = {value}" for key, value in cell.items())
        try:
            values = self.set | part.set | dict(cell)
            config = load_recipe(values.pop("recipe", part.recipe), [], self.data)
            if LAYERS & values.keys():
                found = layers(config.model, values.pop("depth", 4), values.pop("width", 1.0))
                if found != layers(config.model, 4, 1.0):  # the recipe's own network
                    values |= dict(zip(("network.channels", "network.strides"), map(list, found), strict=True))
            return change(config, values | {"seed": seed}, "grid")
        except ConfigError as error:
            raise ConfigError(f"{where}: {error}") from error

    def layout(self) -> list[Cell]:
        """The cells of all parts, each with its runs. Raises ConfigError for the first one that can't be run."""
        count = self.seeds * sum(math.prod(len(values) for values in part.grid.values()) for part in self.parts)
        if count > MAX_RUNS:
            raise ConfigError(f"The study {self.name!r} has {count} runs, more than {MAX_RUNS}; leave out values or seeds.")
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
        """Every run once, all cells with the first seed before any with the second, so that an unfinished study covers all cells."""
        cells = self.layout()
        by_seed = [cell.trials[seed] for seed in range(self.seeds) for cell in cells]
        return list({trial.name: trial for trial in by_seed}.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for TOML; `Study.from_dict(s.to_dict(), ...) == s`."""
        return to_dict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], where: str) -> Study:
        """The study in parsed TOML. Raises ConfigError for unknown keys, values of the wrong type, and claims that no run can test."""
        study = from_dict(cls, values, where)
        for part in study.parts:
            _check_part(part, where)
        for claim in study.claims:
            _check_claim(claim, study, where)
        return study


def layers(model: str, depth: int, width: float) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Channels and strides of a classic network of another depth and width.

    Convolution i, counted from 0, has 32 · 2ⁱ · width channels. The first has stride 1; the others have 2 and 1 in turn in the
    autoencoder, always 2 in the variational one. Depth 4 and width 1 give the classic networks.

    Args:
        model: autoencoder or vae.
        depth: number of convolutions, 1 to 8.
        width: factor of the channels, 1/32 to 16.

    Raises:
        ConfigError: another model, or a depth or width out of range.
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


def study_names() -> list[str]:
    """Names of the bundled studies."""
    return sorted(
        entry.name.removesuffix(".toml") for entry in resources.files(__package__).iterdir() if entry.name.endswith(".toml")
    )


def load_study(name: str, data: tuple[str, ...] = (), settings: list[str] | None = None, seeds: int | None = None) -> Study:
    """Load a study.

    Args:
        name: a bundled name, or the path of a ``.toml`` file.
        data: folders, ``.tar`` shards or ``hf:NAME``; the study's own unless given.
        settings: ``key=value`` for keys of all recipes; they override the study's and its parts' own.
        seeds: number of seeds; the study's own unless given.

    Raises:
        ConfigError: no such study, or an unknown key or an unusable value anywhere in it.
    """
    path = Path(name) if name.endswith(".toml") else resources.files(__package__) / f"{name}.toml"
    if not path.is_file():
        raise ConfigError(
            f"There is no study {name!r}{nearest(name, study_names())}. Known: {', '.join(study_names())}; or name a .toml file."
        )
    values = {"name": Path(name).stem, **parse_toml(path.read_bytes(), str(name))}
    study = Study.from_dict(values, Path(name).name)
    laid = dict(parse_setting(setting) for setting in settings or [])
    if varied := laid.keys() & {key for part in study.parts for key in part.grid}:
        raise ConfigError(f"{', '.join(sorted(varied))} can't be set: that is what the study {study.name!r} varies.")
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
    """A run, named by its part and values for readers, and by a hash of its recipe, so that runs of one name are equal."""
    text = "-".join([part.name, *(f"{key.rpartition('.')[2]}-{value}" for key, value in cell.items()), f"seed-{config.seed}"])
    return Trial(f"{re.sub(r'[^a-z0-9.]+', '-', text.lower()).strip('-')}-{_key(config)[:6]}", config)
