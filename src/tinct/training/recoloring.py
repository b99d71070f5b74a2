"""Recolored objects: one region of a picture gets another color, which its hints tell, so that a hint is learned to mean its object.

Hints of true colors alone teach a network that a hint speaks for the light of the whole picture: a photograph's colors change together.
A person who makes one jacket blue means the jacket. So in some training pictures one connected region of similar color is given another
hue, in the targets as well as in the hints; everything else keeps its color.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from ..color import AB_SCALE, gamut_chroma
from ..models.tinct import CELL
from .augmentation import uniform

__all__ = ["recolor_objects"]

SAME_OBJECT = 12.0
"""Distance in the ab plane from the color of the starting place up to which a connected cell belongs to the object."""
SOFT_BORDER = (16.0, 24.0)
"""The same distance of a pixel, at which it starts and ends to keep its own color: antialiased borders stay mixed."""
SHARE_RANGE = (0.01, 0.4)
"""Smallest and largest share of the picture; other regions are left as they are."""
CANDIDATES = 8
"""Places of each picture from which a region is sought."""
FLOOD_STEPS = 60
"""Steps of the flood fill, one cell each; what is farther from the starting place along the object is cut off."""
TURN_RANGE = (math.radians(50), math.radians(310))
"""Change of hue."""
MAX_CHROMA = 60.0
"""Largest mean chroma of a recolored object; the smallest is 0, which is a gray one."""
MAX_CONTRAST = 1.5
"""Largest factor on the differences of color inside an object whose chroma grows."""


def recolor_objects(ab: Tensor, gray: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Give one object of each picture another hue and chroma, at its own lightness.

    Args:
        ab: (B, 2, H, W) a*, b* / AB_SCALE.
        gray: (B, 1, H, W) L* / 100 of the same pictures, which limits chroma to what sRGB can show.

    Returns:
        (B, 2, H, W) the changed a*, b*; (B, H / CELL, W / CELL) bool, the cells of the object, none where no object was found.
    """
    count, _, height, width = ab.shape
    if not count:
        return ab, torch.zeros(0, height // CELL, width // CELL, dtype=torch.bool, device=ab.device)
    cells = F.avg_pool2d(ab, CELL) * AB_SCALE
    region, start = _find_objects(cells, generator)

    # The pixels of the object and of its border, by their own color.
    area = F.interpolate(F.max_pool2d(region, 3, 1, 1), size=(height, width), mode="nearest")
    low, high = SOFT_BORDER
    belongs = ((high - (ab * AB_SCALE - start).norm(dim=1, keepdim=True)) / (high - low)).clamp(0, 1) * area  # (B, 1, H, W)

    size = region.sum(dim=(2, 3), keepdim=True).clamp(min=1)
    mean = (cells * region).sum(dim=(2, 3), keepdim=True) / size  # (B, 2, 1, 1)
    chroma = mean.norm(dim=1, keepdim=True)
    hue = torch.atan2(mean[:, 1:], mean[:, :1])
    turn = uniform(generator, *TURN_RANGE, count)[:, None, None, None]
    wanted = uniform(generator, 0, MAX_CHROMA, count)[:, None, None, None]
    target = torch.cat([wanted * (hue + turn).cos(), wanted * (hue + turn).sin()], dim=1)
    contrast = (wanted / chroma.clamp(min=1)).clamp(max=MAX_CONTRAST)
    a, b = (ab * AB_SCALE - mean).chunk(2, dim=1)
    turned = torch.cat([turn.cos() * a - turn.sin() * b, turn.sin() * a + turn.cos() * b], dim=1)
    changed = _into_gamut(target + contrast * turned, gray) / AB_SCALE
    return ab + belongs * (changed - ab), region[:, 0] > 0


def _find_objects(cells: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The first of `CANDIDATES` regions of similar color in each picture whose size is in `SHARE_RANGE`.

    Args:
        cells: (B, 2, h, w) a*, b*.

    Returns:
        (B, 1, h, w) 1 in the region, else 0; (B, 2, 1, 1) a*, b* of the place where it was started.
    """
    count, _, height, width = cells.shape
    normal = torch.randn(2, CANDIDATES, count, generator=generator, device=cells.device)
    rows = ((0.5 + 0.25 * normal[0]) * height).long().clamp(0, height - 1)  # (C, B)
    columns = ((0.5 + 0.25 * normal[1]) * width).long().clamp(0, width - 1)
    candidates = torch.arange(CANDIDATES, device=cells.device)[:, None]
    pictures = torch.arange(count, device=cells.device)
    starts = cells[pictures, :, rows, columns][..., None, None]  # (C, B, 2, 1, 1)

    similar = ((cells - starts).norm(dim=2) <= SAME_OBJECT).float()  # (C, B, h, w)
    regions = torch.zeros_like(similar)
    regions[candidates, pictures, rows, columns] = 1
    for _ in range(FLOOD_STEPS):
        regions = F.max_pool2d(regions, 3, 1, 1) * similar
    share = regions.mean(dim=(2, 3))
    usable = (share >= SHARE_RANGE[0]) & (share <= SHARE_RANGE[1])  # (C, B)
    first = usable.int().argmax(dim=0)
    chosen = regions[first, pictures] * usable.any(dim=0)[:, None, None]
    return chosen[:, None], starts[first, pictures]


def _into_gamut(ab: Tensor, gray: Tensor) -> Tensor:
    """(B, 2, H, W) a*, b* with chroma reduced to what sRGB can show at (B, 1, H, W) L* / 100."""
    table = torch.from_numpy(gamut_chroma().copy()).to(ab.device, ab.dtype)  # (L*, hue)
    row = (gray[:, 0] * (table.shape[0] - 1)).round().long().clamp(0, table.shape[0] - 1)
    turn = torch.atan2(ab[:, 1], ab[:, 0]) / (2 * math.pi) % 1
    column = (turn * (table.shape[1] - 1)).round().long().clamp(0, table.shape[1] - 1)
    chroma = ab.norm(dim=1)
    inside: Tensor = ab * (table[row, column] / chroma.clamp(min=1e-6)).clamp(max=1)[:, None]
    return inside
