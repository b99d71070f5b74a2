"""Sums over all pictures and all devices."""

from __future__ import annotations

from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor

__all__ = ["Tally", "summed"]


def summed(fabric: Fabric, values: Tensor) -> Tensor:
    """The values added up over all devices."""
    if fabric.world_size == 1:
        return values
    return cast("Tensor", fabric.all_reduce(fabric.to_device(values.clone()), reduce_op="sum"))


class Tally:
    """Measures of many batches, each counting as many times as it has pictures."""

    def __init__(self, names: tuple[str, ...], fabric: Fabric) -> None:
        self.names, self.fabric = names, fabric
        self.sums = fabric.to_device(torch.zeros(len(names) + 1, dtype=torch.float64))
        """Of the measures on this device, and the count."""

    def add(self, measures: Tensor, count: int) -> None:
        """(M,) means of so many pictures; doesn't wait for an accelerator."""
        measures = measures.detach()
        self.sums += torch.cat([measures.double() * count, measures.new_full((1,), count).double()])

    def first(self) -> float:
        """The mean of the first measure on this device so far."""
        return float(self.sums[0] / self.sums[-1])

    def mean(self) -> dict[str, float]:
        """Measure -> its mean over the pictures of all devices; every device must ask."""
        total = summed(self.fabric, self.sums).tolist()
        return {name: value / total[-1] for name, value in zip(self.names, total[:-1], strict=True)}

    def state(self) -> Tensor:
        """All devices' sums; every device must ask."""
        return summed(self.fabric, self.sums).cpu()

    def restore(self, state: Tensor) -> None:
        """Put all devices' sums on the first."""
        self.sums.copy_(state if self.fabric.global_rank == 0 else torch.zeros_like(state))
