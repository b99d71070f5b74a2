"""The judge: EfficientNet-Lite2, an ImageNet classifier that no model of tinct has learned from. It needs PyTorch.

It is for measuring only. No loss, no gradient and no choice of weights during training may use it, or its figures would no longer be
independent; import-linter keeps `tinct.training` from importing this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

import numpy as np
import numpy.typing as npt
import torch
from efficientnet_lite_pytorch import EfficientNet
from torch.nn import functional as F

from .realism import JUDGE_WEIGHTS, Classified

__all__ = ["Judge"]

NAME = "efficientnet-lite2"
SIDE = 260
"""Input size of EfficientNet-Lite2 in pixels; pictures are resized to it (bicubic)."""
BATCH = 16


class Judge:
    """Loads the classifier, 24 MB; about 20 pictures a second on two cores.

    Raises:
        ModuleNotFoundError: the package of its weights isn't installed.
    """

    def __init__(self) -> None:
        self._network = EfficientNet.from_name(NAME)
        (file,) = (entry for entry in (resources.files(JUDGE_WEIGHTS) / "models").iterdir() if entry.name.endswith(".pth"))
        with resources.as_file(file) as path:
            self._network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        self._network.eval()

    def __call__(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> Classified:
        """Classify (H, W, 3) uint8 sRGB pictures of one size."""
        found = [self._judge(np.stack(pictures[i : i + BATCH])) for i in range(0, len(pictures), BATCH)]
        return Classified(np.concatenate([one.classes for one in found]), np.concatenate([one.features for one in found]))

    @torch.inference_mode()
    def _judge(self, pictures: npt.NDArray[np.uint8]) -> Classified:
        x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
        x = F.interpolate(x, size=(SIDE, SIDE), mode="bicubic", align_corners=False).clamp(0, 255)
        features = self._network.extract_features((x - 127) / 128).mean(dim=(2, 3))
        return Classified(self._network._fc(features).argmax(dim=1).numpy(), features.double().numpy())
