"""Simulated color hints: patches of the true colors at random places, from which the network learns to follow hints."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from .augmentation import uniform

__all__ = ["count_hints", "draw_hints", "draw_object_hints"]

MAX_HINTS = 400
"""Most hints of one picture."""
MAX_OBJECT_HINTS = 3
"""Most hints that one recolored object gets."""


def count_hints(count: int, none: float, many: float, generator: torch.Generator) -> Tensor:
    """(count,) number of hints of each picture.

    A share `none` of the pictures gets none, a share `many` gets 10 to `MAX_HINTS` (log-uniform), the others a geometrically distributed
    number with p = 1/8, as in Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors" (2017).
    """
    geometric = (uniform(generator, 0, 1, count).clamp(min=1e-9).log() / math.log(1 - 1 / 8)).ceil().clamp(1, MAX_HINTS)
    lots = uniform(generator, math.log(10), math.log(MAX_HINTS), count).exp().floor()
    which = uniform(generator, 0, 1, count)
    return torch.where(which < none, torch.zeros_like(lots), torch.where(which < none + many, lots, geometric)).long()


def draw_hints(ab: Tensor, counts: Tensor, generator: torch.Generator) -> Tensor:
    """Planes of hints: square patches of 1 to 9 pixels a side (for a picture of 256 pixels), filled with their mean true color.

    Centers are normally distributed around the middle of the picture; the standard deviation is a quarter of its side.

    Args:
        ab: (B, 2, H, W) true a*, b* / AB_SCALE.
        counts: (B,) hints of each picture; on the CPU, so that an accelerator is not waited for.

    Returns:
        (B, 3, H, W) a*, b* / AB_SCALE and the mask; zeros where there is no hint.
    """
    _, _, height, width = ab.shape
    picture = torch.repeat_interleave(torch.arange(len(ab), device=counts.device), counts)  # (N,) the picture of each hint
    picture = picture.to(ab.device, non_blocking=True)
    planes = torch.zeros(len(ab), 3, height, width, device=ab.device)
    if not len(picture):
        return planes
    n = len(picture)
    side = torch.randint(1, _largest_side(ab) + 1, (n,), generator=generator, device=ab.device)
    normal = torch.randn(2, n, generator=generator, device=ab.device)
    middle = torch.stack([(0.5 + 0.25 * normal[0]) * height, (0.5 + 0.25 * normal[1]) * width])
    return _draw_patches(planes, ab, picture, middle, side)


def draw_object_hints(planes: Tensor, ab: Tensor, objects: Tensor, generator: torch.Generator) -> Tensor:
    """Add hints inside objects: 1 to `MAX_OBJECT_HINTS` square patches of the colors there, in each picture that has an object.

    Args:
        planes: (B, 3, H, W) as `draw_hints` gives them.
        ab: (B, 2, H, W) a*, b* / AB_SCALE, with the objects' colors.
        objects: (B, h, w) bool, the cells of each picture's object; H and W are multiples of h and w.

    Returns:
        (B, 3, H, W) planes with the new hints over the others.
    """
    count, rows, columns = objects.shape
    cell = ab.shape[2] // rows
    weight = objects.flatten(1).float()
    found = weight.any(dim=1, keepdim=True)  # (B, 1)
    cells = torch.multinomial(torch.where(found, weight, 1.0), MAX_OBJECT_HINTS, replacement=True, generator=generator)
    number = torch.randint(1, MAX_OBJECT_HINTS + 1, (count, 1), generator=generator, device=ab.device)
    numbers = torch.arange(MAX_OBJECT_HINTS, device=ab.device)
    cells = torch.where(numbers < number, cells, cells[:, :1]).flatten()  # one beyond the number repeats the first
    side = torch.randint(1, _largest_side(ab) + 1, (count,), generator=generator, device=ab.device)
    middle = torch.stack([cells // columns, cells % columns]) * cell + cell / 2
    picture = torch.arange(count, device=ab.device).repeat_interleave(MAX_OBJECT_HINTS)
    drawn = _draw_patches(planes.clone(), ab, picture, middle, side.repeat_interleave(MAX_OBJECT_HINTS))
    return torch.where(found[..., None, None], drawn, planes)


def _largest_side(ab: Tensor) -> int:
    """Pixels of the largest hint's side: 9 for a picture of 256."""
    return max(1, math.ceil(9 * min(ab.shape[2:]) / 256))


def _draw_patches(planes: Tensor, ab: Tensor, picture: Tensor, middle: Tensor, side: Tensor) -> Tensor:
    """Draw squares, filled with the mean of `ab` in them, into `planes`, and return it.

    Args:
        planes: (B, 3, H, W), changed in place.
        ab: (B, 2, H, W)
        picture: (N,) the picture of each square.
        middle: (2, N) row and column of each center; squares are moved into the picture.
        side: (N,) pixels.
    """
    _, _, height, width = ab.shape
    top = (middle[0] - side / 2).round().clamp(min=0).minimum(height - side).long()
    left = (middle[1] - side / 2).round().clamp(min=0).minimum(width - side).long()
    sums = F.pad(ab.double().cumsum(2).cumsum(3), (1, 0, 1, 0))  # (B, 2, H+1, W+1)

    def corner(y: Tensor, x: Tensor) -> Tensor:
        return sums[picture, :, y, x]

    total = corner(top + side, left + side) - corner(top, left + side) - corner(top + side, left) + corner(top, left)
    mean = (total / (side * side)[:, None]).to(ab.dtype)  # (N, 2)

    # Every patch is written with the largest number of rows and columns; a smaller one repeats its last ones.
    step = torch.arange(_largest_side(ab), device=ab.device)[None, :].minimum(side[:, None] - 1)  # (N, S)
    y, x = (top[:, None] + step)[:, :, None], (left[:, None] + step)[:, None, :]
    color = torch.cat([mean, torch.ones_like(mean[:, :1])], dim=1)  # (N, 3)
    planes.permute(0, 2, 3, 1)[picture[:, None, None], y, x] = color[:, None, None, :]
    return planes
