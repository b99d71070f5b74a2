"""How far a prediction is from the truth. Each loss is the mean over all values of a batch; smaller is better."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["LOSSES", "cross_entropy", "kl_divergence", "l1", "mse"]


def mse(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of (B, 3, H, W) RGB in 0..1."""
    return F.mse_loss(predicted, target)


def l1(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean absolute error of (B, 3, H, W) RGB in 0..1."""
    return F.l1_loss(predicted, target)


def cross_entropy(predicted: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of each RGB value in 0..1 as a Bernoulli probability, in nats; least, but not zero, where the two agree."""
    with torch.autocast(predicted.device.type, enabled=False):  # logarithms need full precision
        return F.binary_cross_entropy(predicted.float(), target.float())


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) || N(0, 1)) of (B, latent) codes, summed over the code, averaged over the batch, in nats.

    Kingma and Welling (2013), appendix B.
    """
    return -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(dim=1).mean()


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"mse": mse, "cross_entropy": cross_entropy, "l1": l1}
