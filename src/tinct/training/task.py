"""The interface between the training loop and a kind of network: its batches, losses and predictions.

`classic.py` trains networks that give a color picture, `flagship.py` those that give a distribution over ab bins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ..models import Network
from ..runtime.prepare import Preparation
from .position import Position
from .recipe import TrainConfig, network_class, network_config

__all__ = ["Indices", "Task", "build", "predict", "preparation"]

Indices = npt.NDArray[np.int64]


class Task(Protocol):
    """How a kind of network is trained."""

    measures: tuple[str, ...]
    """Names of what `losses` returns, in this order; the first is minimized."""
    drop_last: bool
    """Whether an incomplete last batch of a pass is left out."""

    def module(self, network: Network) -> nn.Module:
        """What a training step calls, with the batch as arguments; shares the network's weights."""

    def train_batch(self, indices: Indices, position: Position) -> Any:
        """This device's share of a training batch, augmented, on the device; its random numbers follow from the position."""

    def test_batch(self, indices: Indices, number: int) -> Any:
        """Test batch `number`, without augmentation, on the device; its random numbers follow from the number."""

    def losses(self, module: Callable[..., Any], batch: Any, steps: int) -> Tensor:
        """(len(measures),) means over the batch, after `steps` steps of the run."""

    def predict(self, network: Network, indices: Indices) -> Tensor:
        """(B, 3, H, W) RGB in 0..1, the automatic result for these pictures."""

    def record(self) -> dict[str, Any]:
        """Further entries of a checkpoint, for the model that is exported from it."""

    def describe(self, network: Network) -> dict[str, Any]:
        """Further entries of ``scores.json`` for the finished network, for the model that is exported from it."""


def build(config: TrainConfig) -> Network:
    """The network with its initial weights, which depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network = network_class(config)(network_config(config))
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def preparation(config: TrainConfig) -> Preparation:
    """Size and shape at which the network takes pictures in use: those of the last pictures it is trained on."""
    kind = network_class(config)
    return Preparation(config.stage(1).size, multiple=network_config(config).multiple, square=kind.fixed_size)


@torch.no_grad()
def predict(network: Network, gray: Tensor) -> Tensor:
    """(B, 1, H, W) L* / 100 -> (B, 3, H, W) RGB in 0..1, the automatic result."""
    return network.automatic(gray)
