"""Losses between predicted and true colors or distributions. Each is a mean over a batch; smaller is better."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..color import AB_SCALE, BIN_STEP, ab_bins
from ..models.tinct import Gaussian

__all__ = [
    "LOSSES",
    "SoftBins",
    "cross_entropy",
    "edges",
    "free_kl",
    "kl_divergence",
    "kl_gaussians",
    "l1",
    "mse",
    "soft_cross_entropy",
]


def mse(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of (B, 3, H, W) RGB in 0..1."""
    return F.mse_loss(predicted, target)


def l1(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean absolute error of (B, 3, H, W) RGB in 0..1."""
    return F.l1_loss(predicted, target)


def cross_entropy(predicted: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of each RGB value in 0..1 as a Bernoulli probability, in nats; smallest, but not zero, where the two agree."""
    with torch.autocast(predicted.device.type, enabled=False):  # logarithms need full precision
        return F.binary_cross_entropy(predicted.float(), target.float())


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) || N(0, 1)) of (B, latent) codes, summed over the code, averaged over the batch, in nats.

    Kingma and Welling (2013), appendix B.
    """
    return -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(dim=1).mean()


def kl_gaussians(q: Gaussian, p: Gaussian) -> Tensor:
    """KL(q || p) of diagonal normal distributions over (B, latent) codes: (B, latent) nats."""
    gap = (q.mean - p.mean).square()
    return 0.5 * (p.log_variance - q.log_variance + (q.log_variance.exp() + gap) / p.log_variance.exp() - 1)


def free_kl(kl: Tensor, free: float) -> Tensor:
    """(B, latent) nats -> a scalar: the sum over the code of each number's batch mean, clamped from below to `free` nats.

    Kingma et al., "Improving Variational Inference with Inverse Autoregressive Flow" (2016), section 8: without free nats a strong
    decoder ignores the code (posterior collapse).
    """
    return kl.mean(dim=0).clamp(min=free).sum()


class SoftBins:
    """Soft one-hot encoding of colors: shares of the four surrounding ab bins, whose weighted mean is the color."""

    def __init__(self, frequency: Tensor, rebalance: float, device: torch.device | str = "cpu") -> None:
        """
        Args:
            frequency: (bins,) how often each bin occurs, summing to 1.
            rebalance: strength of class rebalancing: 0 weights all colors alike, 1 rare ones as Zhang et al. (2016) do.
        """
        bins = torch.from_numpy(np.array(ab_bins() / BIN_STEP)).round().long()
        self.low = bins.min(dim=0).values
        span = bins.max(dim=0).values - self.low + 1
        table = torch.zeros(int(span[0]), int(span[1]), dtype=torch.long)
        table[bins[:, 0] - self.low[0], bins[:, 1] - self.low[1]] = torch.arange(len(bins))
        weight = 1 / (0.5 * frequency + 0.5 / len(frequency))
        weight = (weight / (weight * frequency).sum()) ** rebalance
        self.table, self.low = table.to(device), self.low.to(device)
        self.weight = (weight / (weight * frequency).sum()).float().to(device)

    def __call__(self, ab: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 2, h, w) a*, b* / AB_SCALE -> (B, 4, h, w) bins, and their shares, which sum to 1."""
        place = ab.float() * (AB_SCALE / BIN_STEP) - self.low[None, :, None, None]
        size = torch.tensor(self.table.shape, device=ab.device)[None, :, None, None]
        base = place.floor().clamp(min=0).minimum(size - 2).long()
        a, b = (place - base).clamp(0, 1).unbind(dim=1)
        i, j = base.unbind(dim=1)
        bins = torch.stack([self.table[i, j], self.table[i, j + 1], self.table[i + 1, j], self.table[i + 1, j + 1]], dim=1)
        return bins, torch.stack([(1 - a) * (1 - b), (1 - a) * b, a * (1 - b), a * b], dim=1)


def soft_cross_entropy(logits: Tensor, bins: Tensor, shares: Tensor, weight: Tensor) -> Tensor:
    """Class-weighted cross-entropy in nats between predicted and true distributions over the ab bins.

    The logarithms of the weights are added to the logits, so that the probabilities of the plain logits stay unbiased (Menon et al.,
    "Long-tail learning via logit adjustment", 2021).

    Args:
        logits: (B, Q, h, w).
        bins: (B, 4, h, w) as `SoftBins` gives them.
        shares: (B, 4, h, w)
        weight: (Q,) weight of each bin.
    """
    adjusted = logits.permute(0, 2, 3, 1).float() + weight.log()  # bins last: contiguous in channels_last memory
    likely = adjusted.gather(3, bins.permute(0, 2, 3, 1)) - adjusted.logsumexp(dim=3, keepdim=True)
    return -((shares * weight[bins]).permute(0, 2, 3, 1) * likely).sum(dim=3).mean()


def edges(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference between the horizontal and vertical gradients of (B, C, h, w) pictures; reduces color bleeding."""
    down = (predicted.diff(dim=2) - target.diff(dim=2)).abs().mean()
    return down + (predicted.diff(dim=3) - target.diff(dim=3)).abs().mean()


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"mse": mse, "cross_entropy": cross_entropy, "l1": l1}
