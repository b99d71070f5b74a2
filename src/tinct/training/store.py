"""Decoded pictures as uint8, on the device where the batches are made."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

__all__ = ["Store"]

MAX_MEMORY_SHARE = 0.5
"""Largest share of an accelerator's free memory that pictures may take."""
COPIED_AT_ONCE = 4096
"""Pictures per copy to the accelerator, which bounds the host memory it needs."""


class Store:
    """(N, S, S, 3) uint8 pictures: in an accelerator's memory if they fit, else in their memory-mapped file."""

    def __init__(self, pixels: npt.NDArray[np.uint8], device: torch.device) -> None:
        self.pixels, self.device = pixels, device
        self.on_device: Tensor | None = None
        if device.type == "cuda" and pixels.nbytes < MAX_MEMORY_SHARE * torch.cuda.mem_get_info(device)[0]:
            self.on_device = torch.empty(pixels.shape, dtype=torch.uint8, device=device)
            for start in range(0, len(pixels), COPIED_AT_ONCE):
                self.on_device[start : start + COPIED_AT_ONCE] = torch.from_numpy(np.array(pixels[start : start + COPIED_AT_ONCE]))

    def __call__(self, indices: npt.NDArray[np.int64]) -> Tensor:
        """(B, S, S, 3) uint8 of these pictures, on the device."""
        if self.on_device is not None:
            return self.on_device[torch.from_numpy(indices).to(self.device)]
        batch = torch.from_numpy(self.pixels[indices])
        return batch.pin_memory().to(self.device, non_blocking=True) if self.device.type == "cuda" else batch.to(self.device)
