"""Augmentation on the device: random crops, and simulated aging of photographs.

All random numbers come from the generator that is given, so a step can be repeated. Aging changes the lightness that the network sees,
never the colors that it learns.
"""

from __future__ import annotations

import math

import torch
from kornia.color import rgb_to_lab
from kornia.filters import gaussian_blur2d
from torch import Tensor
from torch.nn import functional as F

from ..color import AB_SCALE, L_SCALE

__all__ = ["crop", "emulsion", "lab", "uniform", "wear"]


def uniform(generator: torch.Generator, low: float, high: float, *shape: int) -> Tensor:
    """Uniform numbers of this shape, on the generator's device."""
    return low + (high - low) * torch.rand(*shape, generator=generator, device=generator.device)


def crop(pixels: Tensor, size: int, min_share: float, generator: torch.Generator) -> Tensor:
    """Random square crops, mirrored with probability 1/2, slightly stretched and rotated.

    Args:
        pixels: (B, S, S, 3) uint8 sRGB.
        size: side of the result, in pixels.
        min_share: smallest side of a crop, relative to the picture's, 0..1.

    Returns:
        (B, 3, size, size) float32 sRGB, 0..1.
    """
    count = len(pixels)
    rgb = pixels.permute(0, 3, 1, 2).float() / 255
    part = uniform(generator, min_share, 1, count)
    stretch = uniform(generator, -0.12, 0.12, count).exp()
    width, height = (part * stretch).clamp(max=1), (part / stretch).clamp(max=1)
    turn = uniform(generator, -0.12, 0.12, count) * (uniform(generator, 0, 1, count) < 0.3)
    across, down = ((1 - side) * uniform(generator, -1, 1, count) for side in (width, height))
    mirror = 1 - 2 * (uniform(generator, 0, 1, count) < 0.5).float()
    rows = torch.stack([width * turn.cos() * mirror, -height * turn.sin(), across], dim=1)
    columns = torch.stack([width * turn.sin() * mirror, height * turn.cos(), down], dim=1)
    grid = F.affine_grid(torch.stack([rows, columns], dim=1), [count, 3, size, size], align_corners=False)
    return F.grid_sample(rgb, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def lab(rgb: Tensor) -> tuple[Tensor, Tensor]:
    """(B, 3, H, W) sRGB 0..1 -> (B, 1, H, W) L* / 100 and (B, 2, H, W) a*, b* / AB_SCALE."""
    values = rgb_to_lab(rgb)
    return values[:, :1] / L_SCALE, values[:, 1:] / AB_SCALE


def emulsion(rgb: Tensor, gray: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Lightness as recorded by a film whose spectral sensitivity differs from the eye's; early plates were blind to red.

    Args:
        rgb: (B, 3, H, W) sRGB, 0..1.
        gray: (B, 1, H, W) L* / 100 of the same pictures.
        share: fraction of the pictures that get a film, each a random one; the others keep `gray`.

    Returns:
        (B, 1, H, W) L* / 100.
    """
    count = len(rgb)
    linear = torch.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    red, blue = uniform(generator, 0.02, 0.5, count), uniform(generator, 0.05, 0.5, count)
    mix = torch.stack([red, 1 - red - blue, blue], dim=1)[:, :, None, None]
    y = (linear * mix).sum(dim=1, keepdim=True)
    recorded = (1.16 * torch.where(y > 0.008856, y.clamp(min=1e-6) ** (1 / 3), 7.787 * y + 16 / 116) - 0.16).clamp(0, 1)
    return torch.where(_chosen(count, share, generator), recorded, gray)


def wear(gray: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """(B, 1, H, W) L* / 100 of aged photographs: blurred, faded, grainy, scratched; `share` of the pictures, each at random."""
    count, _, height, width = gray.shape
    worn = gray
    sigma = uniform(generator, 0.3, 1.6, count, 1).expand(-1, 2).contiguous()
    worn = torch.where(_chosen(count, 0.4, generator), gaussian_blur2d(worn, (7, 7), sigma), worn)

    gamma = uniform(generator, -0.5, 0.5, count, 1, 1, 1).exp()
    black, white = uniform(generator, 0, 0.3, count, 1, 1, 1), uniform(generator, 0.75, 1, count, 1, 1, 1)
    faded = black + (white - black) * worn.clamp(min=1e-4) ** gamma
    worn = torch.where(_chosen(count, 0.5, generator), faded, worn)

    y = torch.linspace(-1, 1, height, device=gray.device)[:, None]
    x = torch.linspace(-1, 1, width, device=gray.device)[None, :]
    angle, depth = uniform(generator, 0, 2 * math.pi, count, 1, 1, 1), uniform(generator, 0, 0.3, count, 1, 1, 1)
    uneven = worn * (1 - depth * (0.5 + 0.35 * (x * angle.cos() + y * angle.sin())))
    worn = torch.where(_chosen(count, 0.2, generator), uneven, worn)

    normal = torch.randn(2, count, 1, height, width, generator=generator, device=gray.device)
    clumps = F.interpolate(normal[1, :, :, : height // 2, : width // 2], size=(height, width), mode="bilinear")
    grain = uniform(generator, 0, 0.06, count, 1, 1, 1) * (normal[0] + clumps)
    worn = torch.where(_chosen(count, 0.5, generator), worn + grain, worn)

    place, slant = uniform(generator, -1, 1, count, 1, 1, 1), uniform(generator, -0.3, 0.3, count, 1, 1, 1)
    scratch = ((x - place - slant * y).abs() < 1.5 / width) * uniform(generator, -0.5, 0.5, count, 1, 1, 1)
    worn = torch.where(_chosen(count, 0.1, generator), worn + scratch, worn)
    return torch.where(_chosen(count, share, generator), worn, gray).clamp(0, 1)


def _chosen(count: int, share: float, generator: torch.Generator) -> Tensor:
    return (uniform(generator, 0, 1, count) < share)[:, None, None, None]
