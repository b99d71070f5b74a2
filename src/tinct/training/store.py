"""Stored pictures, as bytes, where the batches are made."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

__all__ = ["Store"]

PART = 0.5
"""Of the free memory of an accelerator, at most this much is taken for pictures."""
CHUNK = 4096


class Store:
    """(N, S, S, 3) uint8 pictures: on an accelerator that has room for them, else in their memory-mapped file."""

    def __init__(self, pixels: npt.NDArray[np.uint8], device: torch.device) -> None:
        self.pixels, self.device = pixels, device
        self.here: Tensor | None = None
        if device.type == "cuda" and pixels.nbytes < PART * torch.cuda.mem_get_info(device)[0]:
            self.here = torch.empty(pixels.shape, dtype=torch.uint8, device=device)
            for start in range(0, len(pixels), CHUNK):
                self.here[start : start + CHUNK] = torch.from_numpy(np.array(pixels[start : start + CHUNK]))

    def __call__(self, indices: npt.NDArray[np.int64]) -> Tensor:
        """(B, S, S, 3) uint8 of these pictures, on the device."""
        if self.here is not None:
            return self.here[torch.from_numpy(indices).to(self.device)]
        part = torch.from_numpy(self.pixels[indices])
        return part.pin_memory().to(self.device, non_blocking=True) if self.device.type == "cuda" else part.to(self.device)
