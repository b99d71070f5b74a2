"""Training of networks that give a color picture: reconstruction of RGB, and KL divergence where there is a latent code."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from ..data import Pictures, batch_arrays
from ..models import Network
from .losses import LOSSES, kl_divergence, mse
from .position import Position
from .recipe import TrainConfig, network_class, network_config
from .task import Indices, predict, preparation

__all__ = ["Classic"]


class Batch(NamedTuple):
    gray: Tensor
    """(B, 1, H, W) L* / 100."""
    rgb: Tensor
    """(B, 3, H, W) the real picture, 0..1."""
    noise: Tensor
    """(B, latent) standard normal numbers; (B, 0) for a network without a code."""


class Classic:
    """A `task.Task` for networks without ab bins: autoencoder and vae."""

    measures: tuple[str, ...] = ("loss", "mse", "kl")
    drop_last = False

    def __init__(self, config: TrainConfig, pictures: Pictures, fabric: Fabric) -> None:
        self.config, self.pictures, self.fabric = config, pictures, fabric
        self.preparation = preparation(config)
        self.latent: int = network_config(config).latent if network_class(config).has_code else 0

    def module(self, network: Network) -> nn.Module:
        return network

    def train_batch(self, indices: Indices, position: Position) -> Batch:
        rank, count = self.fabric.global_rank, len(indices)
        noise = self._noise(count * self.fabric.world_size, "train", position.epoch, position.epoch_steps)
        return Batch(*self._tensors(indices), noise[rank * count : (rank + 1) * count])

    def test_batch(self, indices: Indices, number: int) -> Batch:
        return Batch(*self._tensors(indices), self._noise(len(indices), "test", number))

    def losses(self, module: Callable[..., Any], batch: Batch, steps: int) -> Tensor:
        """The loss; the mean squared error of RGB; the KL divergence in nats a picture, 0 for a network without a code.

        The reconstruction loss is a mean over values and the KL divergence one over pictures, so the KL divergence is divided by the
        3 * H * W values of a picture.
        """
        gray, rgb, noise = batch
        if self.latent:
            output = module(gray, noise)
            predicted, kl = output.rgb.float(), kl_divergence(output.mean.float(), output.log_variance.float())
        else:
            predicted, kl = module(gray).float(), rgb.new_zeros(())
        total = LOSSES[self.config.loss](predicted, rgb) + self.config.kl_weight * kl / rgb[0].numel()
        return torch.stack([total, mse(predicted, rgb), kl])

    def predict(self, network: Network, indices: Indices) -> Tensor:
        return predict(network, self._tensors(indices)[0])

    def record(self) -> dict[str, Any]:
        return {}

    def describe(self, network: Network) -> dict[str, Any]:
        return {}

    def _tensors(self, indices: Indices) -> tuple[Tensor, Tensor]:
        gray, rgb = (torch.from_numpy(array) for array in batch_arrays(self.pictures, indices, self.preparation))
        gray, rgb = gray.to(memory_format=torch.channels_last), rgb.to(memory_format=torch.channels_last)
        return self.fabric.to_device(gray), self.fabric.to_device(rgb)

    def _noise(self, count: int, *step: int | str) -> Tensor:
        """(count, latent) standard normal numbers that seed and step determine."""
        seed = zlib.crc32(repr((self.config.seed, *step)).encode())
        return self.fabric.to_device(torch.randn(count, self.latent, generator=torch.Generator().manual_seed(seed)))
