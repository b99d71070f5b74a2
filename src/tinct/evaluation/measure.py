"""Everything that is measured of one picture. Runs in several processes, so it loads neither PyTorch nor plotting libraries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..color import chroma, lightness, rgb_to_lab
from ..coloring.canvas import Canvas
from ..coloring.colorizer import Colorizer
from ..coloring.edit import Edit
from ..coloring.upsampling import recolor
from ..photo.photo import Photo
from ..resampling import area_resize
from . import metrics
from .levin import Levin
from .protocol import Protocol, gray_of, hint_patches, hint_places, hints_at, true_colors
from .reach import place_probe
from .realism import edge_figures

__all__ = ["BASELINES", "COLORED", "DEFAULT_VIVIDNESS", "MODEL", "PARTS", "VIVID", "Measurer", "Task"]

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]
Row = dict[str, Any]

MODEL, VIVID = "model", "model, vivid"
"""Names, among the methods, of the model at vividness 0 and at the default vividness."""
BASELINES = ("autoencoder", "vae")
"""Bundled models that every model is compared with."""
PARTS = ("realism", "reach", "hints", "levin", "diversity", "stability")
"""Costly measurements, made on a subset of the pictures; see `EvaluationConfig`."""
COLORED = "colored"
"""Key of a row, only of pictures with the part "realism": the (side, side, 3) uint8 result for the judge."""
DEFAULT_VIVIDNESS = Edit().vividness


@dataclass(frozen=True)
class Task:
    """One picture to measure."""

    set: int
    """Number of its set."""
    picture: int
    """Number of the picture in the set."""
    name: str
    parts: frozenset[str]
    """Which of `PARTS` to measure."""
    strip: bool = False
    """Return pictures for the page, see `Measurer.strip`, instead of figures."""


class Measurer:
    """Measures a model on pictures, one at a time.

    Args:
        colorizer: the model.
        baselines: models measured beside it, by name.
        protocol: sizes, hints and numbers of variants.
        mean_ab: a*, b* of the baseline that gives every pixel one color.
    """

    def __init__(self, colorizer: Colorizer, baselines: dict[str, Colorizer], protocol: Protocol, mean_ab: Sequence[float]) -> None:
        self.colorizer, self.baselines, self.protocol = colorizer, baselines, protocol
        self._mean = np.broadcast_to(np.asarray(mean_ab, np.float32), (protocol.side, protocol.side, 2))

    def measure(self, real: Bytes, name: str, parts: frozenset[str] = frozenset()) -> Row:
        """All figures of one picture.

        Args:
            real: (side, side, 3) uint8 sRGB.
            name: decides the places of its hints.
            parts: which of `PARTS` to measure; those that the model can't do are left out.
        """
        gray, lab = gray_of(real), rgb_to_lab(real)
        canvas = self.colorizer.canvas(gray)
        results = {"gray": np.repeat(gray[..., None], 3, axis=-1), "mean color": _recolored(gray, self._mean)}
        results |= {key: other.canvas(gray).colorize().to_numpy() for key, other in self.baselines.items()}
        results[MODEL] = canvas.colorize(vividness=0.0).to_numpy()
        if self.colorizer.has_code:
            results[VIVID] = canvas.colorize().to_numpy()
        row: Row = {"name": name, "cf": metrics.colorfulness(real), "cf_ddcolor": metrics.colorfulness(real, ddcolor=True)}
        row["methods"] = {key: _figures(result, real, lab) for key, result in results.items()}
        row["lightness"] = max(metrics.lightness_change(gray, results[key]) for key in (MODEL, VIVID) if key in results)
        key, automatic = name.rpartition("/")[2], results.get(VIVID, results[MODEL])
        if "realism" in parts:
            row["realism"] = edge_figures(automatic, real)
            row[COLORED] = automatic
        if self.colorizer.takes_hints and "reach" in parts and (probe := place_probe(real, key)):
            row["reach"] = probe.measure(automatic, canvas.colorize(hints=[probe.hint]).to_numpy())
        if self.colorizer.takes_hints and "hints" in parts:
            row["hints"] = self._hints(canvas, real, lab, key)
        if self.colorizer.takes_hints and "levin" in parts:
            row["levin"] = self._levin(gray, real, lab, key)
        if self.colorizer.has_code and "diversity" in parts:
            row["diversity"] = {str(v): self._diversity(canvas, real, v) for v in (0.0, DEFAULT_VIVIDNESS)}
        if self.colorizer.takes_hints and "stability" in parts:
            row["stability"] = {str(v): self._stability(gray, v) for v in (0.0, DEFAULT_VIVIDNESS)}
        return row

    def strip(self, real: Bytes, name: str) -> tuple[list[str], list[Bytes]]:
        """Headings and (side, side, 3) pictures: gray, automatic, two samples, with hints, real; what the model can't do is left out."""
        gray, lab = gray_of(real), rgb_to_lab(real)
        canvas = self.colorizer.canvas(gray)
        columns = {"gray": np.repeat(gray[..., None], 3, axis=-1), "automatic": canvas.colorize().to_numpy()}
        if self.colorizer.has_code:
            samples = canvas.variants(2, variant=2)
            columns |= {f"sample {n}": photo.to_numpy() for n, photo in enumerate(samples, start=1)}
        if self.colorizer.takes_hints:
            places = hint_places(name.rpartition("/")[2], self.protocol.own_place, self.protocol)
            hints = hints_at(places, true_colors(lab[..., 1:], places, self.protocol), self.protocol)
            columns[f"{len(places)} hints"] = canvas.colorize(hints=hints).to_numpy()
        columns["real"] = real
        return list(columns), list(columns.values())

    def _hints(self, canvas: Canvas, real: Bytes, lab: Floats, key: str) -> Row:
        """At vividness 0, for each number of hints: PSNR, and the mean a*, b* distance between result and hints in the hints' patches."""
        curve: list[float] = []
        own: list[float | None] = []
        for count in self.protocol.hint_counts:
            places = hint_places(key, count, self.protocol)
            colors = true_colors(lab[..., 1:], places, self.protocol)
            result = canvas.colorize(hints=hints_at(places, colors, self.protocol), vividness=0.0).to_numpy()
            curve.append(metrics.psnr(result, real))
            hinted, ab = self._painted(places, colors)
            distance = chroma(rgb_to_lab(result)[..., 1:] - ab)[hinted]
            own.append(float(distance.mean()) if count else None)
        return {"psnr": curve, "own_place": own}

    def _levin(self, gray: Bytes, real: Bytes, lab: Floats, key: str) -> Row:
        """PSNR of `Levin` for each number of the same hints."""
        levin = Levin(lightness(np.repeat(gray[..., None], 3, axis=-1)))
        curve = []
        for count in self.protocol.hint_counts:
            places = hint_places(key, count, self.protocol)
            hinted, ab = self._painted(places, true_colors(lab[..., 1:], places, self.protocol))
            curve.append(metrics.psnr(_recolored(gray, levin.colorize(hinted, ab)), real))
        return {"psnr": curve}

    def _painted(self, places: Places, colors: Floats) -> tuple[npt.NDArray[np.bool_], Floats]:
        """(H, W) mask and (H, W, 2) a*, b* of the hints; a later hint covers an earlier one, as in `coloring.hints.draw`."""
        side = self.protocol.side
        hinted, ab = np.zeros((side, side), np.bool_), np.zeros((side, side, 2), np.float32)
        for patch, color in zip(hint_patches(places, self.protocol), colors, strict=True):
            hinted[patch], ab[patch] = True, color
        return hinted, ab

    def _diversity(self, canvas: Canvas, real: Bytes, vividness: float) -> Row:
        """The best and the mean PSNR of the samples, which are the variants from 2 on, and the mean CIEDE2000 between them.

        ``de2000_centered`` is the latter after each sample's mean a*, b* was shifted to that of all samples: what is left differs by
        object, where a mere tint of the whole picture gives 0.
        """
        samples = [photo.to_numpy() for photo in canvas.variants(self.protocol.samples, variant=2, vividness=vividness)]
        psnr = [metrics.psnr(sample, real) for sample in samples]
        labs = [rgb_to_lab(sample) for sample in samples]
        return {
            "best": max(psnr),
            "mean": float(np.mean(psnr)),
            "de2000": metrics.pairwise_ciede2000(labs),
            "de2000_centered": metrics.pairwise_ciede2000(metrics.without_mean_shift(labs)),
        }

    def _stability(self, gray: Bytes, vividness: float) -> float:
        """Mean CIEDE2000 over all pairs of results: one for each working size, and one of the mirrored picture."""
        light = lightness(np.repeat(gray[..., None], 3, axis=-1))[..., None]

        def colors(picture: Bytes, detail: int | None) -> Floats:
            result = self.colorizer.canvas(picture, detail=detail).colorize(vividness=vividness).to_numpy()
            return area_resize(rgb_to_lab(result)[..., 1:], self.protocol.side, self.protocol.side)

        found = [colors(_enlarged(gray, detail), detail) for detail in self.protocol.details]
        found.append(colors(np.ascontiguousarray(gray[:, ::-1]), None)[:, ::-1])
        return metrics.pairwise_ciede2000([np.concatenate([light, ab], axis=-1) for ab in found])


def _figures(result: Bytes, real: Bytes, lab: Floats) -> dict[str, float]:
    """The measures of one method; `lab` is the real picture's CIELAB."""
    return {
        "psnr": metrics.psnr(result, real),
        "ssim": metrics.ssim(result, real),
        "de2000": metrics.ciede2000(rgb_to_lab(result), lab),
        "cf": metrics.colorfulness(result),
        "cf_ddcolor": metrics.colorfulness(result, ddcolor=True),
    }


def _recolored(gray: Bytes, ab: Floats) -> Bytes:
    """A gray picture with given (side, side, 2) a*, b*, combined in the same way as a model's."""
    return recolor(Photo.open(gray), ab).to_numpy()


def _enlarged(gray: Bytes, side: int) -> Bytes:
    """Bicubic enlargement to at least `side`, for working sizes above the picture's own, to which a model doesn't enlarge by itself."""
    if side <= len(gray):
        return gray
    from skimage.transform import resize

    large = resize(gray, (side, side), order=3, mode="edge", preserve_range=True)
    return np.asarray(np.clip(np.rint(large), 0, 255), np.uint8)
