"""The recipe of a training run: a frozen dataclass, read from a TOML file, changed key by key."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from .._util.fields import from_dict, to_dict
from .._util.settings import change, parse_setting, parse_toml
from ..data import PictureSettings
from ..errors import ConfigError, nearest
from ..models import MODELS, Network
from .losses import LOSSES
from .sections import Hints, Optimizer, Stage, Terms, Wear

__all__ = [
    "BINS",
    "TrainConfig",
    "load_recipe",
    "network_class",
    "network_config",
    "override",
    "read_config",
    "recipes",
    "unused_keys",
]

BINS = "bins"
"""The loss of networks with bins: cross-entropy of ab bins and the terms that `Terms` weighs."""
BINS_LOSSES = (BINS, "mse", "l1")
"""Losses that a network with bins can be trained with; the others are those of its mean color."""
BINS_KEYS = ("recognizer", "stages", "terms", "hints", "wear")
"""Recipe keys that only networks with bins use."""
LEAST_BINS_BATCH = 4
"""Smallest batch on one device: two pictures decode the prior and two the posterior, so that batch normalization has a variance in each."""


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides the results of a run; where it happens (devices, precision) is `Machine`."""

    model: str
    """A key of `tinct.models.MODELS`."""
    loss: str = "mse"
    """mse, cross_entropy or l1 between predicted and real RGB in 0..1; for a network with ab bins bins, or mse or l1 of its mean color."""
    size: int = 64
    """Side of the square training pictures as they are stored, in pixels."""
    batch: int = 16
    """Pictures a step, over all devices together."""
    lr: float = 1e-3
    """Learning rate: the largest of its schedule."""
    epochs: int = 20
    """Passes over the training pictures; with `minutes` or `seen`, the number of equal parts of the run. Each ends with a test."""
    minutes: float = 0.0
    """Wall-clock time, tests included, after which the run ends by itself; 0 counts epochs instead."""
    seen: int = 0
    """Pictures trained on, repeated ones counted again, after which the run ends; 0 counts epochs instead. Makes runs with different
    numbers of training pictures comparable."""
    kl_weight: float = 1.0
    """Weight of the KL divergence of the classic variational model, in training and in testing alike; 1 is the evidence lower bound
    of a Gaussian with variance 1/2."""
    seed: int = 0
    """Decides initial weights, order of pictures and noise."""
    pictures: int = 0
    """Use a random subset of this many files; 0 uses all."""
    train_pictures: int = 0
    """Train on at most this many pictures, the first by hash; 0 uses all. The test pictures stay the same."""
    test_fraction: float = 0.2
    """Share of the pictures to test on, 0..1, exclusive."""
    test_pictures: int = 0
    """Measure on at most this many pictures of each side, the first by hash; 0 uses all."""
    min_side: int = 64
    """Pictures with a shorter side, in pixels, are skipped."""
    min_chroma: float = 4.0
    """Pictures with a lower mean CIELAB chroma are skipped as gray."""
    data: tuple[str, ...] = ()
    """Folders, .tar shards or ids of data sets."""
    network: dict[str, Any] = field(default_factory=dict)
    """Keys of the network's own configuration, such as `latent`."""
    init: str = ""
    """Trained weights to start from: the name of a bundled model, a model file, a run folder or a checkpoint."""
    recognizer: str = ""
    """Initial weights of the network's recognizer where `init` is empty: `efficientnet-lite0`, trained on ImageNet, or what `init` can
    name; "" initializes them at random."""
    optimizer: Optimizer = field(default_factory=Optimizer)
    stages: tuple[Stage, ...] = ()
    """Working sizes over the course of the run; without any, the pictures' own size throughout."""
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
        for key in unused_keys(self.model):
            if (value := getattr(self, key)) != type(value)():
                raise ConfigError(f"{key} does nothing for the model {self.model!r}, which has no ab bins; leave it out.")
        if network_class(self).has_bins:
            _check_bins(self)
        elif self.loss == BINS:
            raise ConfigError(f"loss = {BINS!r} is for models with ab bins; {self.model} takes {', '.join(LOSSES)}.")

    def all_stages(self) -> tuple[Stage, ...]:
        """The stages of the run, at least one, each with its batch size."""
        stages = self.stages or (Stage(self.size),)
        return tuple(dataclasses.replace(stage, batch=stage.batch or self.batch) for stage in stages)

    def stage(self, progress: float) -> Stage:
        """The stage at `progress`, 0 at the run's beginning, 1 at its end, with its batch size."""
        stages = self.all_stages()
        return next((stage for stage in stages if progress < stage.until), stages[-1])

    def picture_settings(self) -> PictureSettings:
        """Which pictures the run learns from, for `tinct.data.load_pictures`."""
        return PictureSettings(
            sources=self.data,
            size=self.size,
            min_side=self.min_side,
            min_chroma=self.min_chroma,
            limit=self.pictures,
            test_fraction=self.test_fraction,
            train_limit=self.train_pictures,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for TOML, without keys that the model doesn't use; `TrainConfig.from_dict(c.to_dict()) == c`."""
        unused = unused_keys(self.model)
        return {key: value for key, value in to_dict(self).items() if key not in unused}

    @classmethod
    def from_dict(cls, values: dict[str, Any], where: str = "config") -> TrainConfig:
        """Raises ConfigError for unknown keys (with the nearest known one) and wrong types."""
        return from_dict(cls, values, where)


def network_class(config: TrainConfig) -> type[Network]:
    """The class of the network, whose capabilities say how it is trained."""
    return MODELS[config.model]


def network_config(config: TrainConfig) -> Any:
    """The network's own configuration; its `size` follows the pictures' where theirs is fixed. Raises ConfigError."""
    kind = network_class(config)
    values = dict(config.network)
    if kind.fixed_size and values.setdefault("size", config.size) != config.size:
        raise ConfigError(f"network.size is {values['size']} and size {config.size}; set only size.")
    return from_dict(kind.Config, values, "network")


def unused_keys(model: str) -> tuple[str, ...]:
    """Recipe keys that do nothing for this model, a key of `tinct.models.MODELS`; none for a model that isn't known."""
    return BINS_KEYS if model in MODELS and not MODELS[model].has_bins else ()


def _check_bins(config: TrainConfig) -> None:
    """ConfigError for values with which a network with ab bins can't be trained."""
    network = network_config(config)
    if config.loss not in BINS_LOSSES:
        raise ConfigError(
            f"The model {config.model!r} is trained with loss = {', '.join(map(repr, BINS_LOSSES))}, not {config.loss!r}; "
            f"{BINS!r} is its cross-entropy."
        )
    if config.recognizer and not (network_class(config).has_recognizer and network.recognizer):
        raise ConfigError(f"recognizer = {config.recognizer!r} does nothing where the network has no recognizer; set it to ''.")
    last = 0.0
    for stage in config.all_stages():
        if stage.size % network.multiple or not network.multiple <= stage.size <= config.size:
            raise ConfigError(
                f"A stage of {stage.size} px must be a multiple of {network.multiple} and at most the pictures' size, "
                f"{config.size} px."
            )
        if stage.until <= last:
            raise ConfigError(f"stages: each must end later than the one before it, not at {stage.until}.")
        if stage.batch < LEAST_BINS_BATCH:
            raise ConfigError(
                f"batch must be at least {LEAST_BINS_BATCH} for {config.model!r}, not {stage.batch}: "
                "its halves are trained in different ways."
            )
        last = stage.until
    if config.size % network.multiple:
        raise ConfigError(f"size must be a multiple of {network.multiple} for {config.model!r}, not {config.size}.")


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
    values = parse_toml(path.read_bytes(), name if name.endswith(".toml") else f"{name}.toml")
    return override(TrainConfig.from_dict(values, name), settings or [], data)


def override(config: TrainConfig, settings: list[str], data: tuple[str, ...] = ()) -> TrainConfig:
    """The config with ``key=value`` settings laid over it, and other pictures if any are named. Raises ConfigError."""
    changes = dict(parse_setting(setting) for setting in settings)
    return change(config, changes | ({"data": list(data)} if data else {}), "settings")


def read_config(path: Path) -> TrainConfig:
    """The `config.toml` of a run folder. Raises ConfigError."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; its folder is no run.", code="no-run", path=path.parent) from error
    return TrainConfig.from_dict(parse_toml(text, str(path)), str(path))
