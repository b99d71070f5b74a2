"""LPIPS and FID, where their libraries and weights lie on this machine; nothing is ever fetched. The only part that loads PyTorch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["fid", "lpips", "missing"]

Bytes = npt.NDArray[np.uint8]

_NEEDS = {  # what torchmetrics itself needs, and the weights that it would otherwise fetch
    "lpips": ("torchvision", "alexnet-owt-7be5be79.pth"),
    "fid": ("torch_fidelity", "weights-inception-2015-12-05-6726825d.pth"),
}
_BATCH = 16


def missing(kind: str) -> str | None:
    """Why ``"lpips"`` or ``"fid"`` can't be measured here, or None."""
    library, weights = _NEEDS[kind]
    for name in ("torchmetrics", library):
        if find_spec(name) is None:
            return f"{name} is not installed"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    hub = Path(os.environ.get("TORCH_HOME") or cache / "torch") / "hub"
    return None if (hub / "checkpoints" / weights).is_file() else f"its weights, {weights}, are not in PyTorch's hub folder"


def lpips(results: Bytes, reals: Bytes) -> float:
    """LPIPS with AlexNet (Zhang et al. 2018), the mean over (N, H, W, 3) pictures; 0 is equal."""
    from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

    metric = LearnedPerceptualImagePatchSimilarity(net_type="alex", normalize=True)
    for one, other in zip(_batches(results), _batches(reals), strict=True):
        metric.update(one / 255, other / 255)
    return float(metric.compute())


def fid(results: Bytes, reals: Bytes) -> float:
    """Fréchet Inception distance (Heusel et al. 2017) of two sets of (N, H, W, 3) pictures; biased upwards where they are few."""
    from torchmetrics.image.fid import FrechetInceptionDistance

    metric = FrechetInceptionDistance(feature=2048)
    for pictures, real in ((results, False), (reals, True)):
        for batch in _batches(pictures):
            metric.update(batch, real=real)
    return float(metric.compute())


def _batches(pictures: Bytes) -> Iterator[Any]:
    """(B, 3, H, W) uint8 tensors."""
    import torch

    for start in range(0, len(pictures), _BATCH):
        yield torch.from_numpy(np.ascontiguousarray(np.moveaxis(pictures[start : start + _BATCH], -1, 1)))
