"""Means of measures over all pictures and all devices."""

from __future__ import annotations

from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor

__all__ = ["Tally", "summed"]


def summed(fabric: Fabric, values: Tensor) -> Tensor:
    """The sum of the values over all devices."""
    if fabric.world_size == 1:
        return values
    return cast("Tensor", fabric.all_reduce(fabric.to_device(values.clone()), reduce_op="sum"))


class Tally:
    """Running means of measures over many batches, each weighted by its number of pictures."""

    def __init__(self, names: tuple[str, ...], fabric: Fabric) -> None:
        self.names, self.fabric = names, fabric
        self.sums = fabric.to_device(torch.zeros(len(names) + 1, dtype=torch.float64))
        """(M + 1,) on this device: the measures, weighted by pictures, and the number of pictures."""

    def add(self, measures: Tensor, count: int) -> None:
        """Add (M,) means over `count` pictures, without waiting for an accelerator."""
        measures = measures.detach()
        self.sums += torch.cat([measures.double() * count, measures.new_full((1,), count).double()])

    def first(self) -> float:
        """Mean of the first measure on this device so far."""
        return float(self.sums[0] / self.sums[-1])

    def mean(self) -> dict[str, float]:
        """Measure -> its mean over the pictures of all devices. Every device must call it."""
        total = summed(self.fabric, self.sums).tolist()
        return {name: value / total[-1] for name, value in zip(self.names, total[:-1], strict=True)}

    def state(self) -> Tensor:
        """The sums over all devices. Every device must call it."""
        return summed(self.fabric, self.sums).cpu()

    def restore(self, state: Tensor) -> None:
        """Give the sums over all devices to the first, zeros to the others."""
        self.sums.copy_(state if self.fabric.global_rank == 0 else torch.zeros_like(state))
