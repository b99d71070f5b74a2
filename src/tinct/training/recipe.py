"""What a training run is: a frozen dataclass, read from a TOML recipe, changed key by key with ``--set``."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from .._util.fields import from_dict, to_dict
from ..errors import ConfigError, nearest
from ..models import MODELS
from ..models.tinct import MULTIPLE
from .losses import LOSSES
from .sections import Hints, Optimizer, Stage, Terms, Wear

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = [
    "BINS",
    "FLAGSHIP",
    "TrainConfig",
    "change",
    "load_recipe",
    "network_config",
    "override",
    "parse_setting",
    "parse_toml",
    "read_config",
    "recipes",
]

FLAGSHIP = "tinct"
BINS = "bins"
"""The flagship's loss: cross-entropy of ab bins and the terms that `Terms` weighs."""
FLAGSHIP_LOSSES = (BINS, "mse", "l1")
FLAGSHIP_KEYS = ("recognizer", "stages", "terms", "hints", "wear")


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides the numbers of a run; machine matters (devices, precision) stay outside."""

    model: str
    """A key of `tinct.models.MODELS`."""
    loss: str = "mse"
    """How far a predicted picture is from the real one: mse, cross_entropy or l1, over RGB in 0..1; for the flagship bins, or mse or
    l1 of its mean color."""
    size: int = 64
    """Side of the square training pictures as they are stored, in pixels."""
    batch: int = 16
    """Pictures a step, over all devices together."""
    lr: float = 1e-3
    """Learning rate, at its highest."""
    epochs: int = 20
    """How often every training picture is seen; with `minutes` or `seen`, into how many parts the run is divided, each ending with a
    test."""
    minutes: float = 0.0
    """Wall-clock time, tests included, after which the run ends by itself; 0 counts epochs instead."""
    seen: int = 0
    """Pictures trained on, repeated ones counted again, after which the run ends; 0 counts epochs instead. Runs with the same number are
    on equal terms, however many different pictures they have."""
    kl_weight: float = 1.0
    """Weight of the KL divergence of the classic variational model, in training and in testing alike; 1 is the evidence lower bound
    of a Gaussian with variance 1/2."""
    seed: int = 0
    """Decides first weights, order of pictures and noise."""
    pictures: int = 0
    """Use a random part of this many files; 0 uses all."""
    train_pictures: int = 0
    """Learn from at most this many training pictures, the first by hash; 0 takes all. The test pictures stay the same."""
    test_fraction: float = 0.2
    test_pictures: int = 0
    """Measure on at most this many pictures of a side, the first by hash; 0 takes all."""
    min_side: int = 64
    """Pictures with a shorter side, in pixels, are skipped."""
    min_chroma: float = 4.0
    """Pictures with a lower mean CIELAB chroma are skipped as gray."""
    data: tuple[str, ...] = ()
    """Folders, webdataset shards or ids of data sets."""
    network: dict[str, Any] = field(default_factory=dict)
    """Keys of the network's own config, such as `latent`."""
    init: str = ""
    """Trained weights to start from: the name of a bundled model, a model file, a run folder or a checkpoint."""
    recognizer: str = ""
    """Where the flagship's recognizer has its first weights from, unless `init` says: `efficientnet-lite0`, which learned on ImageNet, or
    what `init` could name; "" leaves them to chance."""
    optimizer: Optimizer = field(default_factory=Optimizer)
    stages: tuple[Stage, ...] = ()
    """Working sizes over the course of the run; one of the pictures' own size where there is none."""
    terms: Terms = field(default_factory=Terms)
    hints: Hints = field(default_factory=Hints)
    wear: Wear = field(default_factory=Wear)

    def __post_init__(self) -> None:
        for key, known in (("model", (*MODELS,)), ("loss", (*LOSSES, BINS))):
            value = getattr(self, key)
            if value not in known:
                raise ConfigError(f"{key} = {value!r} is not known{nearest(value, known)}. Known: {', '.join(known)}.")
        for key in ("size", "batch", "epochs", "min_side"):
            if getattr(self, key) < 1:
                raise ConfigError(f"{key} must be at least 1, not {getattr(self, key)}.")
        if not 0 < self.test_fraction < 1:
            raise ConfigError(f"test_fraction must lie between 0 and 1, not {self.test_fraction}.")
        if not 0 < self.lr < 10:
            raise ConfigError(f"lr must lie between 0 and 10, not {self.lr}.")
        for key in ("kl_weight", "pictures", "train_pictures", "test_pictures", "seed", "min_chroma", "minutes", "seen"):
            if getattr(self, key) < 0:
                raise ConfigError(f"{key} can't be negative, as {getattr(self, key)} is.")
        if self.minutes and self.seen:
            raise ConfigError(
                f"A run ends after minutes = {self.minutes:g} or after seen = {self.seen}, not both; set one of them to 0."
            )
        network_config(self)
        if self.model == FLAGSHIP:
            _check_flagship(self)
        elif self.loss == BINS:
            raise ConfigError(f"loss = {BINS!r} is for the model {FLAGSHIP!r}; {self.model} takes {', '.join(LOSSES)}.")
        else:
            for key in FLAGSHIP_KEYS:
                if (value := getattr(self, key)) != type(value)():
                    raise ConfigError(f"{key} is for the model {FLAGSHIP!r} and does nothing for {self.model}; leave it out.")

    def stage(self, progress: float) -> Stage:
        """The stage at this place in the run, 0..1, with its own batch."""
        stages = self.stages or (Stage(self.size),)
        stage = next((s for s in stages if progress < s.until), stages[-1])
        return dataclasses.replace(stage, batch=stage.batch or self.batch)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for TOML; `TrainConfig.from_dict(c.to_dict()) == c`."""
        return to_dict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any], where: str = "config") -> TrainConfig:
        """Raises ConfigError for unknown keys (with the nearest known one) and wrong types."""
        return from_dict(cls, values, where)


def network_config(config: TrainConfig) -> Any:
    """The network's own config dataclass, its `size` following the pictures' where it has one. Raises ConfigError."""
    cls: Any = MODELS[config.model].Config
    values = dict(config.network)
    if any(f.name == "size" for f in dataclasses.fields(cls)):
        values.setdefault("size", config.size)
        if values["size"] != config.size:
            raise ConfigError(f"network.size is {values['size']} and size {config.size}; set only size.")
    return from_dict(cls, values, "network")


def _check_flagship(config: TrainConfig) -> None:
    if config.loss not in FLAGSHIP_LOSSES:
        raise ConfigError(
            f"The model {FLAGSHIP!r} is trained with loss = {', '.join(map(repr, FLAGSHIP_LOSSES))}, not {config.loss!r}; "
            f"{BINS!r} is its cross-entropy."
        )
    if config.recognizer and not network_config(config).recognizer:
        raise ConfigError(
            f"recognizer = {config.recognizer!r} has nothing to do where network.recognizer is false; set recognizer to ''."
        )
    last = 0.0
    for stage in config.stages or (config.stage(0),):
        if stage.size % MULTIPLE or not MULTIPLE <= stage.size <= config.size:
            raise ConfigError(
                f"A stage of {stage.size} px must be a multiple of {MULTIPLE} and at most the pictures' size, {config.size} px."
            )
        if stage.until <= last:
            raise ConfigError(f"stages: each must last until later than the one before it, not until {stage.until}.")
        if (batch := stage.batch or config.batch) < 4:
            raise ConfigError(
                f"batch must be at least 4 for {FLAGSHIP!r}, not {batch}: each half of it is learned from in another way."
            )
        last = stage.until
    if config.size % MULTIPLE:
        raise ConfigError(f"size must be a multiple of {MULTIPLE} for {FLAGSHIP!r}, not {config.size}.")


def recipes() -> list[str]:
    """Names of the recipes inside the package."""
    folder = resources.files(__package__) / "recipes"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_recipe(name: str, settings: list[str] | None = None, data: tuple[str, ...] = ()) -> TrainConfig:
    """A recipe by bundled name or path, with ``key=value`` settings laid over it.

    Raises:
        ConfigError: no such recipe, unknown key, wrong type, unusable value.
    """
    path = resources.files(__package__) / "recipes" / f"{name}.toml"
    if name.endswith(".toml"):
        path = Path(name)
    if not path.is_file():
        raise ConfigError(
            f"There is no recipe {name!r}{nearest(name, recipes())}. Known: {', '.join(recipes())}; or name a .toml file."
        )
    values = parse_toml(path.read_text("utf-8"), name if name.endswith(".toml") else f"{name}.toml")
    return override(TrainConfig.from_dict(values, name), settings or [], data)


def override(config: TrainConfig, settings: list[str], data: tuple[str, ...] = ()) -> TrainConfig:
    """The config with ``key=value`` settings laid over it, and other pictures if any are named. Raises ConfigError."""
    changes = dict(parse_setting(setting) for setting in settings)
    return change(config, changes | ({"data": list(data)} if data else {}), "--set")


def change(config: TrainConfig, changes: Mapping[str, Any], where: str) -> TrainConfig:
    """The config with other values of some keys; those in tables by their full names, ``network.latent``. Raises ConfigError."""
    values = config.to_dict()
    for key, value in changes.items():
        _lay(values, key, value, where)
    return TrainConfig.from_dict(values, where)


def parse_setting(setting: str) -> tuple[str, Any]:
    """``"network.latent=50"`` as key and value; what isn't a TOML value is taken as text. Raises ConfigError."""
    key, equals, text = setting.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set takes key=value, not {setting!r}.")
    try:
        return key.strip(), tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        return key.strip(), text


def read_config(path: Path) -> TrainConfig:
    """The `config.toml` of a run folder. Raises ConfigError."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}. Name a folder that `tinct train` made.") from error
    return TrainConfig.from_dict(parse_toml(text, str(path)), str(path))


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """Raises ConfigError that names `where` the text is from."""
    try:
        return dict(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where} is not TOML: {error}.") from error


def _lay(values: dict[str, Any], key: str, value: Any, where: str) -> None:
    """Put a value under its full name into nested dictionaries."""
    *tables, last = key.split(".")
    for table in tables:
        values = values.setdefault(table, {})
        if not isinstance(values, dict):
            raise ConfigError(f"{where}: {key}: {table!r} is no table.")
    values[last] = value
