"""From gradients to weights: learning-rate schedule, clipping, skipped steps, and the moving average of the weights."""

from __future__ import annotations

import copy
import math
from functools import partial
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from ..errors import ConfigError
from .recipe import TrainConfig

__all__ = ["Average", "Updates", "build_optimizer", "learning_rate"]

MAX_SKIPPED_IN_A_ROW = 20
"""Consecutive steps without a finite gradient after which a run ends as diverged."""


def build_optimizer(config: TrainConfig, network: nn.Module, fabric: Fabric) -> torch.optim.Optimizer:
    """The recipe's Adam or AdamW; weight decay applies to matrices and kernels, not to biases and normalization parameters."""
    settings = config.optimizer
    kind: Any = torch.optim.Adam
    if settings.name == "adamw":  # fused is several times as fast, but excludes clipping with scaled gradients (16-mixed)
        fused = fabric.device.type in {"cpu", "cuda"} and getattr(fabric._precision, "scaler", None) is None
        kind = partial(torch.optim.AdamW, fused=fused)
    groups: list[dict[str, Any]] = []
    for pretrained, scale in ((False, 1.0), (True, settings.recognizer)):
        named = [p for name, p in network.named_parameters() if name.startswith("recognizer.") == pretrained]
        for weights in (True, False):
            if params := [p for p in named if (p.ndim > 1) == weights]:
                groups.append({"params": params, "weight_decay": settings.weight_decay if weights else 0.0, "scale": scale})
    beta1, beta2 = settings.betas
    optimizer: torch.optim.Optimizer = kind(groups, lr=config.lr, betas=(beta1, beta2), weight_decay=0.0)
    return optimizer


def learning_rate(config: TrainConfig, steps: int, progress: float) -> float:
    """Linear warm-up over steps, then constant or cosine decay over `progress`, the share of the run that is over, 0..1."""
    rate = config.lr * min(1.0, (steps + 1) / max(1, config.optimizer.warmup))
    if config.optimizer.schedule == "cosine":
        rate *= 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return rate


class Average:
    """Exponential moving average of a network's weights and normalization statistics (averaging: Polyak and Juditsky, 1992)."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network, self.decay = copy.deepcopy(network).requires_grad_(False).eval(), decay
        pairs = list(zip(self.network.state_dict().values(), network.state_dict().values(), strict=True))
        self.mean = [mean for mean, _ in pairs if mean.is_floating_point()]
        self.latest = [latest for mean, latest in pairs if mean.is_floating_point()]

    @torch.no_grad()
    def update(self, steps: int) -> None:
        """Move towards the latest weights, after `steps` steps; the decay is smaller in the first steps, so initial weights fade soon."""
        decay = min(self.decay, (1 + steps) / (10 + steps))
        torch._foreach_lerp_(self.mean, self.latest, 1 - decay)

    @torch.no_grad()
    def repair(self) -> None:
        """Replace what isn't finite in the network by its average: the forward pass of a skipped step may leave such statistics."""
        for mean, latest in zip(self.mean, self.latest, strict=True):
            if not latest.isfinite().all():
                latest.copy_(mean)


class Updates:
    """One optimizer step: backpropagation, clipping, the update of the weights and of their moving average."""

    def __init__(self, config: TrainConfig, fabric: Fabric, module: nn.Module, network: nn.Module, optimizer: Any) -> None:
        """
        Args:
            module: as `fabric.setup` returns it, with `network` inside.
            network: on its device.
            optimizer: as `fabric.setup` returns it.
        """
        self.config, self.fabric, self.module, self.optimizer = config, fabric, module, optimizer
        self.average = Average(network, config.optimizer.ema) if config.optimizer.ema else None
        self.skipped = 0
        """Steps skipped in the current epoch."""
        self.in_a_row = 0
        self.lr = config.lr

    def step(self, loss: Tensor, steps: int, progress: float) -> None:
        """Backpropagate and update, unless clipping finds a gradient that isn't finite; then the step is skipped.

        Raises:
            ConfigError: `MAX_SKIPPED_IN_A_ROW` steps were skipped.
        """
        self.lr = learning_rate(self.config, steps, progress)
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr * group["scale"]
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        if clip := self.config.optimizer.clip:
            norm: Any = self.fabric.clip_gradients(self.module, self.optimizer, max_norm=clip, error_if_nonfinite=False)
            scaler = getattr(self.fabric._precision, "scaler", None)
            if not torch.isfinite(norm) and scaler is None:  # a scaler (16-mixed) skips the step itself, and adapts
                self._skip(steps)
                return
        self.in_a_row = 0
        self.optimizer.step()
        if self.average is not None:
            self.average.update(steps + 1)

    def _skip(self, steps: int) -> None:
        self.skipped += 1
        self.in_a_row += 1
        if self.in_a_row == MAX_SKIPPED_IN_A_ROW:
            raise ConfigError(
                f"Training diverges: the last {MAX_SKIPPED_IN_A_ROW} steps up to step {steps + 1} had no finite gradient. "
                "Another run with a lower lr, or in 32-true precision, can start from this run's last checkpoint.",
                code="diverged",
            )
        if self.average is not None:
            self.average.repair()
