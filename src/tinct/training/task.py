"""What one step of training means: a batch of color pictures in, a loss and its parts out."""

from __future__ import annotations

import zlib
from math import prod

import torch
from torch import Tensor, nn

from ..models import MODELS, VAEOutput
from ..prepare import Preparation
from .config import TrainConfig, network_config
from .losses import LOSSES, kl_divergence, mse

__all__ = ["MEASURES", "build", "losses", "noise", "predict", "preparation"]

MEASURES = ("loss", "mse", "kl")
"""What `losses` returns, in this order."""


def build(config: TrainConfig) -> nn.Module:
    """The network with its first weights, which the seed alone decides."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network: nn.Module = MODELS[config.model](network_config(config))
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def preparation(config: TrainConfig) -> Preparation:
    """At what size and shape the network of this recipe sees pictures, in training and in use."""
    network = network_config(config)
    return Preparation(config.size, multiple=prod(network.strides), square=hasattr(network, "size"))


def noise(config: TrainConfig, count: int, *where: int | str) -> Tensor:
    """(count, latent) standard normal numbers for the step that `where` names: the same on every device and after every resume.

    A network without a latent code gets (count, 0).
    """
    seed = zlib.crc32(repr((config.seed, *where)).encode())
    latent = getattr(network_config(config), "latent", 0)
    return torch.randn(count, latent, generator=torch.Generator().manual_seed(seed))


def losses(config: TrainConfig, network: nn.Module, gray: Tensor, rgb: Tensor, noise: Tensor) -> Tensor:
    """The loss and its parts, the same in training and in testing.

    Args:
        gray: (B, 1, H, W) L* / 100.
        rgb: (B, 3, H, W) the real picture, 0..1.
        noise: (B, latent) as `noise` gives it.

    Returns:
        (3,) the values that `MEASURES` names: what is minimized; the mean squared error of RGB; the KL divergence in nats a
        picture, 0 for a network without a code. Reconstruction counts per value and KL per picture, so the KL is divided by the
        3 * H * W values of a picture.
    """
    output = network(gray, noise) if noise.shape[1] else network(gray)
    if isinstance(output, VAEOutput):
        predicted, kl = output.rgb.float(), kl_divergence(output.mean.float(), output.log_variance.float())
    else:
        predicted, kl = output.float(), rgb.new_zeros(())
    total = LOSSES[config.loss](predicted, rgb) + config.kl_weight * kl / rgb[0].numel()
    return torch.stack([total, mse(predicted, rgb), kl])


def predict(network: nn.Module, gray: Tensor, latent: int) -> Tensor:
    """(B, 1, H, W) L* / 100 -> (B, 3, H, W) RGB in 0..1; a variational network decodes its mean code."""
    output = network(gray, gray.new_zeros(len(gray), latent)) if latent else network(gray)
    rgb: Tensor = output.rgb if isinstance(output, VAEOutput) else output
    return rgb.float()
