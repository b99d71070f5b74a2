"""Stand-ins for other colorizers: their layers in the papers' sizes, with random weights. They cost what the originals cost and color
nothing. Inputs and outputs are (B, C, H, W).

Where they deviate: BatchNorm stands for spectral normalization, which is folded into the weights in use; everything that is done
to a picture before and after the network is left out, to the peers' advantage.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["PEERS", "Peer", "gflop", "parameters"]


def conv(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation), nn.ReLU())


def group(*channels: int, stride: int = 1, dilation: int = 1, norm: bool = True) -> nn.Sequential:
    """Convolutions through these numbers of channels, the last one with the stride, and a BatchNorm."""
    last = len(channels) - 2
    layers: list[nn.Module] = [
        conv(channels[i], channels[i + 1], stride if i == last else 1, dilation) for i in range(len(channels) - 1)
    ]
    return nn.Sequential(*layers, *([nn.BatchNorm2d(channels[-1])] if norm else []))


class ECCV16(nn.Module):
    """Zhang, Isola and Efros, "Colorful Image Colorization" (2016), as the authors' code has it: 313 bins at 1/4 of the size."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            group(1, 64, 64, stride=2),
            group(64, 128, 128, stride=2),
            group(128, 256, 256, 256, stride=2),
            group(256, 512, 512, 512),
            group(512, 512, 512, 512, dilation=2),
            group(512, 512, 512, 512, dilation=2),
            group(512, 512, 512, 512),
            *(nn.ConvTranspose2d(512, 256, 4, 2, 1), nn.ReLU(), group(256, 256, 256, norm=False), nn.Conv2d(256, 313, 1)),
        )
        self.ab = nn.Conv2d(313, 2, 1, bias=False)

    def forward(self, gray: Tensor) -> Tensor:
        """(B, 1, H, W) -> (B, 2, H, W)"""
        return F.interpolate(self.ab(self.layers(gray).softmax(dim=1)), scale_factor=4, mode="bilinear")


class SIGGRAPH17(nn.Module):
    """Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors" (2017): shortcuts, full-size output."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = group(4, 64, 64), group(64, 128, 128), group(128, 256, 256, 256)
        self.deep = nn.Sequential(
            group(256, 512, 512, 512),
            group(512, 512, 512, 512, dilation=2),
            group(512, 512, 512, 512, dilation=2),
            group(512, 512, 512, 512),
        )
        self.up = nn.ModuleList(nn.ConvTranspose2d(i, o, 4, 2, 1) for i, o in ((512, 256), (256, 128), (128, 128)))
        self.short = nn.ModuleList(nn.Conv2d(i, o, 3, 1, 1) for i, o in ((256, 256), (128, 128), (64, 128)))
        self.merged = nn.ModuleList([group(256, 256, 256), group(128, 128), nn.Conv2d(128, 128, 3, 1, 1)])
        self.bins = nn.Conv2d(256, 529, 1)  # trained beside, not asked for colors
        self.ab = nn.Conv2d(128, 2, 1)

    def forward(self, given: Tensor) -> Tensor:
        """(B, 4, H, W) lightness, hints and their mask -> (B, 2, H, W)"""
        one = self.one(given)
        two = self.two(one[:, :, ::2, ::2])
        three = self.three(two[:, :, ::2, ::2])
        x = self.deep(three[:, :, ::2, ::2])
        for up, short, merged, seen in zip(self.up, self.short, self.merged, (three, two, one), strict=True):
            x = merged(F.relu(up(x) + short(seen)))
        return torch.tanh(self.ab(F.leaky_relu(x, 0.2)))


class LayerNorm(nn.LayerNorm):
    """Over the channels of a map."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    """Liu et al., "A ConvNet for the 2020s" (2022)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise, self.norm = nn.Conv2d(width, width, 7, 1, 3, groups=width), nn.LayerNorm(width, eps=1e-6)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.scale = nn.Parameter(torch.full((width,), 1e-6))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        return x + (self.scale * self.narrow(F.gelu(self.widen(y)))).permute(0, 3, 1, 2)


class Shuffle(nn.Module):
    """1 × 1 convolution, pixel shuffle, ReLU and a small blur."""

    def __init__(self, inputs: int, outputs: int, scale: int) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(inputs, outputs * scale**2, 1, bias=False), nn.BatchNorm2d(outputs * scale**2)
        self.shuffle = nn.PixelShuffle(scale)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.shuffle(self.norm(self.conv(x))))
        return F.avg_pool2d(F.pad(x, (1, 0, 1, 0), mode="replicate"), 2, 1)


class Queries(nn.Module):
    """One layer of the color decoder: queries look at a map, at each other, and think."""

    def __init__(self, width: int = 256) -> None:
        super().__init__()
        self.across, self.among = (nn.MultiheadAttention(width, 8, batch_first=True) for _ in range(2))
        self.think = nn.Sequential(nn.Linear(width, 2048), nn.ReLU(), nn.Linear(2048, width))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))

    def forward(self, x: Tensor, place: Tensor, seen: Tensor, where: Tensor) -> Tensor:
        x = self.norms[0](x + self.across(x + place, seen + where, seen, need_weights=False)[0])
        x = self.norms[1](x + self.among(x + place, x + place, x, need_weights=False)[0])
        return self.norms[2](x + self.think(x))


class DDColorTiny(nn.Module):
    """Kang et al., "DDColor" (2023), the small one: ConvNeXt-T, a U-Net of pixel shuffles, and 100 color queries in nine layers.

    The places of what the queries look at are random numbers in 32 × 32, enlarged, where the original computes sines.
    """

    def __init__(self, queries: int = 100) -> None:
        super().__init__()
        widths, depths = (96, 192, 384, 768), (3, 3, 9, 3)
        self.down = nn.ModuleList([nn.Sequential(nn.Conv2d(3, 96, 4, 4), LayerNorm(96, eps=1e-6))])
        self.down.extend(nn.Sequential(LayerNorm(i), nn.Conv2d(i, o, 2, 2)) for i, o in pairwise(widths))
        self.blocks = nn.ModuleList(
            nn.Sequential(*(ConvNeXtBlock(w) for _ in range(d))) for w, d in zip(widths, depths, strict=True)
        )
        self.norms = nn.ModuleList(LayerNorm(width) for width in widths)
        sizes = ((768, 384, 512), (512, 192, 512), (512, 96, 256))  # from below, from the side, out
        self.up = nn.ModuleList(Shuffle(below, out, 2) for below, _, out in sizes)
        self.side = nn.ModuleList(nn.BatchNorm2d(side) for _, side, _ in sizes)
        self.merge = nn.ModuleList(group(out + side, out) for _, side, out in sizes)
        self.last = Shuffle(256, 256, 4)
        self.project = nn.ModuleList(nn.Conv2d(i, 256, 1) for i in (512, 512, 256))
        self.level = nn.Embedding(3, 256)
        self.register_buffer("where", torch.randn(1, 256, 32, 32))
        self.query, self.place = nn.Embedding(queries, 256), nn.Embedding(queries, 256)
        self.layers = nn.ModuleList(Queries() for _ in range(9))
        self.color = nn.Sequential(
            *(nn.LayerNorm(256), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 256))
        )
        self.refine = nn.Conv2d(queries + 3, 2, 1)

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 2, H, W)"""
        x, seen = rgb, []
        for down, blocks, norm in zip(self.down, self.blocks, self.norms, strict=True):
            x = blocks(down(x))
            seen.append(norm(x))
        x, maps = seen[3], []
        for i, (up, side, merge) in enumerate(zip(self.up, self.side, self.merge, strict=True)):
            x = merge(F.relu(torch.cat([up(x), side(seen[2 - i])], dim=1)))
            maps.append(x)
        pixels = self.last(x)
        keys, places = [], []
        for i, (project, values) in enumerate(zip(self.project, maps, strict=True)):
            keys.append((project(values) + self.level.weight[i, :, None, None]).flatten(2).transpose(1, 2))
            places.append(F.interpolate(self.where, values.shape[2:], mode="bilinear").flatten(2).transpose(1, 2))
        queries = self.query.weight.expand(len(rgb), -1, -1)
        for i, layer in enumerate(self.layers):
            queries = layer(queries, self.place.weight, keys[i % 3], places[i % 3])
        colors = torch.einsum("bqc,bchw->bqhw", self.color(queries), pixels)
        return self.refine(torch.cat([colors, rgb], dim=1))


class Peer(NamedTuple):
    """A stand-in and what its original takes."""

    build: Callable[[], nn.Module]
    channels: int
    side: int


PEERS = {"ECCV16": Peer(ECCV16, 1, 256), "SIGGRAPH17": Peer(SIGGRAPH17, 4, 256), "DDColor-tiny": Peer(DDColorTiny, 3, 512)}


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def gflop(network: nn.Module, *inputs: Tensor) -> float:
    """Billions of multiplications and additions of matrix products and convolutions, by PyTorch's own counter."""
    from torch.utils.flop_counter import FlopCounterMode

    network.requires_grad_(False)  # its counter stumbles over mixtures
    with FlopCounterMode(display=False) as counter:
        network(*inputs)
    return counter.get_total_flops() / 1e9


if __name__ == "__main__":
    for name, (build, channels, side) in PEERS.items():
        network = build().eval()
        print(
            f"{name}: {parameters(network) / 1e6:.1f} M, {gflop(network, torch.rand(1, channels, side, side)):.1f} GFLOP at {side} px"
        )
