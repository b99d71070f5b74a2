"""What is trained: a network, what it sees of a picture, and what a step of its training means.

`classic.py` and `flagship.py` hold the two kinds of steps; the loop knows neither.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from kornia.color import lab_to_rgb
from torch import Tensor, nn
from torch.nn import functional as F

from ..color import AB_SCALE, L_SCALE
from ..models import MODELS, Tinct, VAEOutput
from ..models.tinct import CELL, MULTIPLE
from ..runtime.prepare import Preparation
from .recipe import TrainConfig, network_config

__all__ = ["Indices", "Place", "Task", "build", "predict", "preparation"]

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Place:
    """Where in a run a step is; the same on every device and after every resume but for `rank`."""

    epoch: int
    step: int
    """In the epoch."""
    steps: int
    """In the run."""
    progress: float
    """0 at the run's beginning, 1 at its end."""
    rank: int
    world: int


class Task(Protocol):
    """What the loop must know of a kind of network."""

    measures: tuple[str, ...]
    """What `losses` returns, in this order; the first is minimized."""
    whole_batches: bool
    """Whether a batch that a pass leaves incomplete is left out."""

    def module(self, network: nn.Module) -> nn.Module:
        """What a step calls: takes all of a batch but the targets; shares the network's weights."""

    def train_batch(self, indices: Indices, place: Place) -> Any:
        """These pictures on the device as training shows them: this device's share of a step."""

    def test_batch(self, indices: Indices, number: int, place: Place) -> Any:
        """These pictures on the device as they are."""

    def losses(self, module: Callable[..., Any], batch: Any, steps: int) -> Tensor:
        """(len(measures),) of a batch, averaged over its pictures, after `steps` steps of the run."""

    def predict(self, network: nn.Module, indices: Indices) -> Tensor:
        """(B, 3, H, W) RGB in 0..1 of these pictures, without chance: the final answer."""

    def record(self) -> dict[str, Any]:
        """What else a checkpoint holds, for the model that is made from it."""

    def describe(self, network: nn.Module) -> dict[str, Any]:
        """What of the finished network stands beside its scores, for the model that is made from it."""


def build(config: TrainConfig) -> nn.Module:
    """The network with its first weights, which the seed alone decides."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network: nn.Module = MODELS[config.model](network_config(config))
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def preparation(config: TrainConfig) -> Preparation:
    """At what size and shape the network of this recipe sees pictures in use; the classic ones in training, too."""
    network = network_config(config)
    if MODELS[config.model] is Tinct:
        return Preparation(config.stage(1).size, multiple=MULTIPLE)  # the size of its last pictures
    return Preparation(config.size, multiple=prod(network.strides), square=hasattr(network, "size"))


@torch.no_grad()
def predict(network: nn.Module, gray: Tensor, latent: int) -> Tensor:
    """(B, 1, H, W) L* / 100 -> (B, 3, H, W) RGB in 0..1.

    A classic variational network decodes its mean code. The flagship decodes the prior's mean without hints, and the picture keeps
    the lightness that is given.
    """
    noise = gray.new_zeros(len(gray), latent)
    if isinstance(network, Tinct):
        logits = network(gray, gray.new_zeros(len(gray), 3, *gray.shape[2:]), noise)
        with torch.autocast(gray.device.type, enabled=False):
            ab = F.interpolate(network.mean_ab(logits), scale_factor=CELL, mode="bilinear")
            return lab_to_rgb(torch.cat([gray.float() * L_SCALE, ab * AB_SCALE], dim=1)).clamp(0, 1)
    output = network(gray, noise) if latent else network(gray)
    rgb: Tensor = output.rgb if isinstance(output, VAEOutput) else output
    return rgb.float()
