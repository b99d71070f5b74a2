"""One step of the classic networks: gray in, RGB out, and how far that is from the real picture."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from ..data.cache import Pictures, batch_arrays
from ..models import VAEOutput
from .losses import LOSSES, kl_divergence, mse
from .recipe import TrainConfig, network_config
from .task import Indices, Place, predict, preparation

__all__ = ["Classic"]


class Batch(NamedTuple):
    gray: Tensor
    """(B, 1, H, W) L* / 100."""
    rgb: Tensor
    """(B, 3, H, W) the real picture, 0..1."""
    noise: Tensor
    """(B, latent) standard normal numbers; (B, 0) for a network without a code."""


class Classic:
    """A `task.Task`: autoencoder and vae."""

    measures: tuple[str, ...] = ("loss", "mse", "kl")
    whole_batches = False

    def __init__(self, config: TrainConfig, pictures: Pictures, fabric: Fabric) -> None:
        self.config, self.pictures, self.fabric = config, pictures, fabric
        self.preparation = preparation(config)
        self.latent: int = getattr(network_config(config), "latent", 0)

    def module(self, network: nn.Module) -> nn.Module:
        return network

    def train_batch(self, indices: Indices, place: Place) -> Batch:
        return Batch(*self._tensors(indices), self._noise(len(indices), place, "train", place.epoch, place.step))

    def test_batch(self, indices: Indices, number: int, place: Place) -> Batch:
        return Batch(*self._tensors(indices), self._noise(len(indices), place, "test", number))

    def losses(self, module: Callable[..., Any], batch: Batch, steps: int) -> Tensor:
        """What is minimized; the mean squared error of RGB; the KL divergence in nats a picture, 0 for a network without a code.

        Reconstruction counts per value and KL per picture, so the KL is divided by the 3 * H * W values of a picture.
        """
        gray, rgb, noise = batch
        output = module(gray, noise) if self.latent else module(gray)
        if isinstance(output, VAEOutput):
            predicted, kl = output.rgb.float(), kl_divergence(output.mean.float(), output.log_variance.float())
        else:
            predicted, kl = output.float(), rgb.new_zeros(())
        total = LOSSES[self.config.loss](predicted, rgb) + self.config.kl_weight * kl / rgb[0].numel()
        return torch.stack([total, mse(predicted, rgb), kl])

    def predict(self, network: nn.Module, indices: Indices) -> Tensor:
        return predict(network, self._tensors(indices)[0], self.latent)

    def record(self) -> dict[str, Any]:
        return {}

    def describe(self, network: nn.Module) -> dict[str, Any]:
        return {}

    def _tensors(self, indices: Indices) -> tuple[Tensor, Tensor]:
        gray, rgb = (torch.from_numpy(array) for array in batch_arrays(self.pictures, indices, self.preparation))
        gray, rgb = gray.to(memory_format=torch.channels_last), rgb.to(memory_format=torch.channels_last)
        return self.fabric.to_device(gray), self.fabric.to_device(rgb)

    def _noise(self, count: int, place: Place, *where: int | str) -> Tensor:
        """(count, latent) this device's rows of the numbers that belong to the step that `where` names."""
        seed = zlib.crc32(repr((self.config.seed, *where)).encode())
        rows = torch.randn(count * place.world, self.latent, generator=torch.Generator().manual_seed(seed))
        return self.fabric.to_device(rows[place.rank * count : (place.rank + 1) * count])
