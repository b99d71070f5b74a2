"""From gradients to weights: learning rate, clipping, steps that are skipped, and the running mean of the weights."""

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

MOST_SKIPPED = 20
"""So many steps in a row without a finite gradient end a run."""


def build_optimizer(config: TrainConfig, network: nn.Module, fabric: Fabric) -> torch.optim.Optimizer:
    """Adam or AdamW as the recipe has it; with weight decay, biases and the numbers of normalization are left alone."""
    settings = config.optimizer
    kind: Any = torch.optim.Adam
    if settings.name == "adamw":  # fused is several times as fast, but can't be clipped where gradients are scaled (16-mixed)
        fused = fabric.device.type in {"cpu", "cuda"} and getattr(fabric._precision, "scaler", None) is None
        kind = partial(torch.optim.AdamW, fused=fused)
    groups: list[dict[str, Any]] = []
    for learned, scale in ((False, 1.0), (True, settings.recognizer)):
        named = [p for name, p in network.named_parameters() if name.startswith("recognizer.") == learned]
        for weights in (True, False):
            if params := [p for p in named if (p.ndim > 1) == weights]:
                groups.append({"params": params, "weight_decay": settings.weight_decay if weights else 0.0, "scale": scale})
    beta1, beta2 = settings.betas
    optimizer: torch.optim.Optimizer = kind(groups, lr=config.lr, betas=(beta1, beta2), weight_decay=0.0)
    return optimizer


def learning_rate(config: TrainConfig, steps: int, progress: float) -> float:
    """After `steps` steps, at this place in the run, 0..1."""
    rate = config.lr * min(1.0, (steps + 1) / max(1, config.optimizer.warmup))
    if config.optimizer.schedule == "cosine":
        rate *= 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return rate


class Average:
    """A running mean of a network's weights, and of what its normalization has seen (Polyak and Juditsky, 1992)."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network, self.decay = copy.deepcopy(network).requires_grad_(False).eval(), decay
        pairs = list(zip(self.network.state_dict().values(), network.state_dict().values(), strict=True))
        self.mean = [mean for mean, _ in pairs if mean.is_floating_point()]
        self.latest = [latest for mean, latest in pairs if mean.is_floating_point()]

    @torch.no_grad()
    def update(self, steps: int) -> None:
        """After `steps` steps; in the first ones the mean is a short one, so it doesn't remember weights of no use."""
        decay = min(self.decay, (1 + steps) / (10 + steps))
        torch._foreach_lerp_(self.mean, self.latest, 1 - decay)

    @torch.no_grad()
    def repair(self) -> None:
        """Give the network back from the mean what isn't finite in it: normalization has seen the step that was skipped."""
        for mean, latest in zip(self.mean, self.latest, strict=True):
            if not latest.isfinite().all():
                latest.copy_(mean)


class Updates:
    """The optimizer's side of each step."""

    def __init__(self, config: TrainConfig, fabric: Fabric, module: nn.Module, network: nn.Module, optimizer: Any) -> None:
        """`module` and `optimizer` as Fabric gives them, `network` the one inside, on its device."""
        self.config, self.fabric, self.module, self.optimizer = config, fabric, module, optimizer
        self.average = Average(network, config.optimizer.ema) if config.optimizer.ema else None
        self.skipped = 0
        """Steps left out in the epoch under way."""
        self.in_a_row = 0
        self.lr = config.lr

    def step(self, loss: Tensor, steps: int, progress: float) -> None:
        """Learn from this loss, if its gradient is finite. Raises ConfigError where it isn't for many steps in a row."""
        self.lr = learning_rate(self.config, steps, progress)
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr * group["scale"]
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        if clip := self.config.optimizer.clip:
            norm: Any = self.fabric.clip_gradients(self.module, self.optimizer, max_norm=clip, error_if_nonfinite=False)
            scaler = getattr(self.fabric._precision, "scaler", None)
            if not torch.isfinite(norm) and scaler is None:  # a scaler (16-mixed) leaves the step out by itself, and learns from it
                self._skip(steps)
                return
        self.in_a_row = 0
        self.optimizer.step()
        if self.average is not None:
            self.average.update(steps + 1)

    def _skip(self, steps: int) -> None:
        self.skipped += 1
        self.in_a_row += 1
        if self.in_a_row == MOST_SKIPPED:
            raise ConfigError(
                f"Training diverges: up to step {steps + 1}, {MOST_SKIPPED} in a row had no finite gradient. "
                "Start another run with a lower lr or in 32-true precision; --init takes this run's last checkpoint."
            )
        if self.average is not None:
            self.average.repair()
