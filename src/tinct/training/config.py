"""What a training run is: a frozen dataclass, read from a TOML recipe, changed key by key with ``--set``."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from .._fields import from_dict, to_dict
from ..errors import ConfigError, nearest
from ..models import MODELS
from .losses import LOSSES

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["TrainConfig", "load_recipe", "network_config", "override", "read_config", "recipes"]


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides the numbers of a run; machine matters (devices, precision) stay outside."""

    model: str
    """A key of `tinct.models.MODELS`."""
    loss: str = "mse"
    """How far a predicted picture is from the real one: mse, cross_entropy or l1, over RGB in 0..1."""
    size: int = 64
    """Side of the square training pictures, in pixels."""
    batch: int = 16
    """Pictures a step, over all devices together."""
    lr: float = 1e-3
    """Learning rate of Adam."""
    epochs: int = 20
    kl_weight: float = 1.0
    """Weight of the KL divergence of a variational model, in training and in testing alike; 1 is the evidence lower bound of a
    Gaussian with variance 1/2."""
    seed: int = 0
    """Decides first weights, order of pictures and noise."""
    pictures: int = 0
    """Use a random part of this many files; 0 uses all."""
    test_fraction: float = 0.2
    min_side: int = 64
    """Pictures with a shorter side, in pixels, are skipped."""
    min_chroma: float = 4.0
    """Pictures with a lower mean CIELAB chroma are skipped as gray."""
    data: tuple[str, ...] = ()
    """Folders, webdataset shards or ids of data sets."""
    network: dict[str, Any] = field(default_factory=dict)
    """Keys of the network's own config, such as `latent`."""

    def __post_init__(self) -> None:
        for key, known in (("model", MODELS), ("loss", LOSSES)):
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
        if min(self.kl_weight, self.pictures, self.seed, self.min_chroma) < 0:
            raise ConfigError("kl_weight, pictures, seed and min_chroma can't be negative.")
        network_config(self)

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
    values = _parse(path.read_text("utf-8"), name if name.endswith(".toml") else f"{name}.toml")
    return override(TrainConfig.from_dict(values, name), settings or [], data)


def override(config: TrainConfig, settings: list[str], data: tuple[str, ...] = ()) -> TrainConfig:
    """The config with ``key=value`` settings laid over it, and other pictures if any are named. Raises ConfigError."""
    values = config.to_dict()
    for setting in settings:
        _lay(values, setting)
    return TrainConfig.from_dict(values | ({"data": list(data)} if data else {}), "--set")


def read_config(path: Path) -> TrainConfig:
    """The `config.toml` of a run folder. Raises ConfigError."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}. Name a folder that `tinct train` made.") from error
    return TrainConfig.from_dict(_parse(text, str(path)), str(path))


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        return dict(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where} is not TOML: {error}.") from error


def _lay(values: dict[str, Any], setting: str) -> None:
    """Put ``"network.latent=50"`` into nested dictionaries; what isn't a TOML value is taken as text."""
    key, equals, text = setting.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set takes key=value, not {setting!r}.")
    try:
        value = tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        value = text
    *tables, last = key.strip().split(".")
    for table in tables:
        values = values.setdefault(table, {})
        if not isinstance(values, dict):
            raise ConfigError(f"--set {setting}: {table!r} is no table.")
    values[last] = value
