"""The recognizer: the trunk of EfficientNet-Lite0, an ImageNet classifier, as a source of semantic feature maps.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019), in its variant for small devices: no
squeeze-and-excitation, ReLU6 instead of swish. Here its input is lightness, and its last block and the classifier are left out.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["Recognizer", "from_efficientnet"]

_STAGES = ((16, 1, 3, 1, 1), (24, 2, 3, 2, 6), (40, 2, 5, 2, 6), (80, 3, 3, 2, 6), (112, 3, 5, 1, 6), (192, 4, 5, 2, 6))
"""For each stage: output channels, number of blocks, kernel size, stride of the first block, expansion ratio of the blocks."""
_OUTPUT_STAGES = (2, 4, 5)
"""The last stages at 1/8, 1/16 and 1/32 of the input's resolution."""


class Recognizer(nn.Module):
    """L* in; feature maps at 1/8, 1/16 and 1/32 of its resolution out."""

    widths = tuple(_STAGES[i][0] for i in _OUTPUT_STAGES)
    """Channels of each feature map."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _Conv(1, 32, 3, stride=2)
        self.stages = nn.ModuleList()
        inputs = 32
        for outputs, blocks, kernel, stride, expansion in _STAGES:
            self.stages.append(
                nn.Sequential(
                    *(
                        _Inverted(inputs if i == 0 else outputs, outputs, kernel, stride if i == 0 else 1, expansion)
                        for i in range(blocks)
                    )
                )
            )
            inputs = outputs

    def forward(self, gray: Tensor) -> list[Tensor]:
        """(B, 1, H, W) L* / 100; H and W multiples of 32 -> (B, widths[i], H / 8 / 2**i, W / 8 / 2**i)."""
        x = self.stem((gray - 0.5) * 2)  # close to sRGB in -1..1, its input in training
        maps = []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if i in _OUTPUT_STAGES:
                maps.append(x)
        return maps


class _Conv(nn.Module):
    """Convolution, batch normalization, and ReLU6 unless `linear`; with TensorFlow's "same" padding, asymmetric where the stride is 2."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 1, *, stride: int = 1, groups: int = 1, linear: bool = False
    ) -> None:
        super().__init__()
        before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
        self.extra_padding = after - before
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, before, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01)
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        if self.extra_padding:  # at the bottom and at the right
            x = F.pad(x, (0, self.extra_padding) * 2)
        x = self.norm(self.conv(x))
        return x if self.linear else F.relu6(x)


class _Inverted(nn.Module):
    """An inverted residual block (Sandler et al., "MobileNetV2", 2018): expansion, depthwise convolution, linear projection."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.expand = _Conv(inputs, inner) if expansion > 1 else nn.Identity()
        self.filter = _Conv(inner, inner, kernel, stride=stride, groups=inner)
        self.project = _Conv(inner, outputs, linear=True)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.project(self.filter(self.expand(x)))
        return x + y if self.residual else y


def from_efficientnet(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of a `Recognizer` from that of EfficientNet-Lite0 in the naming of its PyTorch ports.

    A gray picture has three equal color channels, so the first convolution's weights are summed over its input channels.
    """
    parts = {"_expand_conv": "expand.conv", "_bn0": "expand.norm", "_depthwise_conv": "filter.conv", "_bn1": "filter.norm"}
    parts |= {"_project_conv": "project.conv", "_bn2": "project.norm"}
    firsts = [sum(stage[1] for stage in _STAGES[:i]) for i in range(len(_STAGES) + 1)]
    weights = {
        f"stem.{'conv' if key.startswith('_conv') else 'norm'}.{key.split('.')[1]}": value
        for key, value in state.items()
        if key.startswith(("_conv_stem.", "_bn0."))
    }
    weights["stem.conv.weight"] = weights["stem.conv.weight"].sum(dim=1, keepdim=True)
    for key, value in state.items():
        if key.startswith("_blocks."):
            _, number, part, name = key.split(".")
            stage = max(i for i, first in enumerate(firsts) if first <= int(number))
            if stage < len(_STAGES):
                weights[f"stages.{stage}.{int(number) - firsts[stage]}.{parts[part]}.{name}"] = value
    return {key: torch.as_tensor(value) for key, value in weights.items()}
