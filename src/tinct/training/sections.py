"""The tables of a recipe: the optimizer, and what only networks with ab bins are trained with."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ConfigError, nearest

__all__ = ["OPTIMIZERS", "SCHEDULES", "Hints", "Optimizer", "Stage", "Terms", "Wear"]

OPTIMIZERS = ("adam", "adamw")
SCHEDULES = ("constant", "cosine")


@dataclass(frozen=True)
class Optimizer:
    """``[optimizer]``, for every model. The defaults are PyTorch's for Adam, as in the classic exercise."""

    name: str = "adam"
    """adam or adamw."""
    betas: tuple[float, ...] = (0.9, 0.999)
    """Decay rates of the moving averages of gradients and of their squares."""
    weight_decay: float = 0.0
    """Applied to matrices and kernels, not to biases and normalization parameters."""
    warmup: int = 0
    """Steps over which the learning rate rises linearly to lr."""
    schedule: str = "constant"
    """constant, or cosine: decays to a hundredth of lr at the end of the run."""
    clip: float = 0.0
    """Largest norm of the gradient; steps whose gradient isn't finite are skipped. 0 neither clips nor skips."""
    ema: float = 0.0
    """Decay rate per step of an exponential moving average of the weights, which is tested and exported; 0 goes without one."""
    recognizer: float = 0.2
    """Learning rate of the network's recognizer, relative to lr: it starts from trained weights, the rest usually doesn't."""

    def __post_init__(self) -> None:
        for key, known in (("name", OPTIMIZERS), ("schedule", SCHEDULES)):
            if (value := getattr(self, key)) not in known:
                raise ConfigError(f"optimizer.{key} = {value!r} is not known{nearest(value, known)}. Known: {', '.join(known)}.")
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise ConfigError(f"optimizer.betas must be 2 numbers of at least 0 and below 1, not {list(self.betas)}.")
        if not 0 <= self.ema < 1:
            raise ConfigError(f"optimizer.ema must be at least 0 and below 1, not {self.ema}.")
        _not_negative("optimizer", self, "weight_decay", "warmup", "clip", "recognizer")


@dataclass(frozen=True)
class Stage:
    """One of ``[[stages]]``: the working size for a part of the run."""

    size: int
    """Side of the crops, in pixels."""
    crop: float = 0.5
    """Smallest side of a crop, relative to the picture's."""
    until: float = 1.0
    """When the stage ends: 0 is the run's beginning, 1 its end."""
    batch: int = 0
    """Pictures a step, over all devices together; 0 takes the recipe's batch."""

    def __post_init__(self) -> None:
        if not 0 < self.crop <= 1 or not 0 < self.until <= 1:
            raise ConfigError(f"stages: crop and until must lie above 0 and be at most 1, not {self.crop} and {self.until}.")
        _not_negative("stages", self, "size", "batch")


@dataclass(frozen=True)
class Terms:
    """``[terms]``: weights of the terms of the loss of networks with ab bins, the same in training and in testing."""

    rebalance: float = 0.4
    """Strength of class rebalancing in the cross-entropy: 0 weights all colors alike, 1 rare colors as in Zhang et al. (2016)."""
    huber: float = 10.0
    """Weight of the Huber loss of the mean color, divided by `huber_delta`."""
    huber_delta: float = 0.12
    """Transition from quadratic to linear errors, in units of ab / 110."""
    edges: float = 1.5
    """Weight of the mean absolute difference between the gradients of mean and true color."""
    kl: float = 0.004
    """Weight of KL(q || p) in nats a picture."""
    kl_warmup: int = 1500
    """Steps over which that weight rises linearly from 0."""
    free_nats: float = 0.2
    """KL divergence of each number of the code, in nats, below which it isn't penalized (Kingma et al., 2016)."""

    def __post_init__(self) -> None:
        _not_negative("terms", self, "rebalance", "huber", "edges", "kl", "kl_warmup", "free_nats")
        if self.huber_delta <= 0:
            raise ConfigError(f"terms.huber_delta must be above 0, not {self.huber_delta}.")


@dataclass(frozen=True)
class Hints:
    """``[hints]``: how many simulated color hints training pictures have."""

    none: float = 0.25
    """Share of pictures without any."""
    many: float = 0.2
    """Share of pictures with 10 to 400; the others get a geometric number, 8 on average."""
    recolored: float = 0.25
    """Share of pictures in which one object gets another color, told by hints, so that a hint is learned to mean its object."""

    def __post_init__(self) -> None:
        _not_negative("hints", self, "none", "many", "recolored")
        if self.recolored > 0.5:
            raise ConfigError(
                f"hints.recolored can't be more than 0.5, not {self.recolored}: only pictures that decode the prior are."
            )
        if self.none + self.many > 1:
            raise ConfigError(f"hints.none and hints.many are shares and add up to {self.none + self.many}, more than 1.")


@dataclass(frozen=True)
class Wear:
    """``[wear]``: augmentation that makes training pictures look like old photographs."""

    emulsion: float = 0.1
    """Share of pictures with the lightness of a film of other spectral sensitivity than the eye."""
    worn: float = 0.25
    """Share of pictures that are blurred, faded, grainy or scratched."""

    def __post_init__(self) -> None:
        _not_negative("wear", self, "emulsion", "worn")
        if max(self.emulsion, self.worn) > 1:
            raise ConfigError("wear.emulsion and wear.worn are shares and can't be more than 1.")


def _not_negative(section: str, instance: object, *keys: str) -> None:
    for key in keys:
        if getattr(instance, key) < 0:
            raise ConfigError(f"{section}.{key} can't be negative, as {getattr(instance, key)} is.")
