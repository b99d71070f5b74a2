"""Everything that is measured of one picture. Runs in several processes, so it loads no PyTorch and no charts."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..color import lightness, rgb_to_lab
from ..coloring.canvas import Canvas
from ..coloring.colorizer import Colorizer
from ..photo.photo import Photo
from . import metrics
from .levin import Levin
from .protocol import Protocol, area_resize, gray_of, hint_patches, hint_places, hints_at, true_colors

__all__ = ["BASELINES", "DEFAULT_VIVIDNESS", "MODEL", "PARTS", "VIVID", "Measurer", "Task"]

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]
Row = dict[str, Any]

MODEL, VIVID = "model", "model, vivid"
"""The model at vividness 0, and at its default vividness."""
BASELINES = ("autoencoder", "vae")
PARTS = ("hints", "levin", "diversity", "stability")
"""Costly; measured on a part of the pictures."""
DEFAULT_VIVIDNESS: float = inspect.signature(Canvas.colorize).parameters["vividness"].default


@dataclass(frozen=True)
class Task:
    """One picture of one set."""

    set: int
    picture: int
    name: str
    parts: frozenset[str]
    strip: bool = False
    """Whether its pictures are wanted, for the page, in the place of its figures."""


class Measurer:
    """The models and all that is asked of them.

    Args:
        colorizer: the model that is measured.
        baselines: by name, those measured beside it.
        mean_ab: the one color of the baseline that gives every picture the same.
        keep: whether each row also holds the colored pictures, under ``"pictures"``.
    """

    def __init__(
        self,
        colorizer: Colorizer,
        baselines: dict[str, Colorizer],
        protocol: Protocol,
        mean_ab: Sequence[float],
        keep: bool = False,
    ) -> None:
        self.colorizer, self.baselines, self.protocol, self.keep = colorizer, baselines, protocol, keep
        self._mean = np.broadcast_to(np.asarray(mean_ab, np.float32), (protocol.side, protocol.side, 2))

    def measure(self, real: Bytes, name: str, parts: frozenset[str] = frozenset()) -> Row:
        """All figures of one picture (side, side, 3)."""
        gray, lab = gray_of(real), rgb_to_lab(real)
        canvas = self.colorizer.canvas(gray)
        results = {"gray": np.repeat(gray[..., None], 3, axis=-1), "mean color": _recolored(gray, self._mean)}
        results |= {key: _pixels(other.canvas(gray).colorize()) for key, other in self.baselines.items()}
        results[MODEL] = _pixels(canvas.colorize(vividness=0.0))
        if self.colorizer.draws_variants:
            results[VIVID] = _pixels(canvas.colorize())
        row: Row = {"name": name, "cf": metrics.colorfulness(real), "cf_ddcolor": metrics.colorfulness(real, ddcolor=True)}
        row["methods"] = {key: _figures(result, real, lab) for key, result in results.items()}
        row["lightness"] = max(metrics.lightness_change(gray, results[key]) for key in (MODEL, VIVID) if key in results)
        key = name.rpartition("/")[2]
        if self.colorizer.takes_hints and "hints" in parts:
            row["hints"] = self._hints(canvas, real, lab, key)
        if self.colorizer.takes_hints and "levin" in parts:
            row["levin"] = self._levin(gray, real, lab, key)
        if self.colorizer.draws_variants and "diversity" in parts:
            row["diversity"] = {str(v): self._diversity(canvas, real, v) for v in (0.0, DEFAULT_VIVIDNESS)}
        if self.colorizer.takes_hints and "stability" in parts:
            row["stability"] = {str(v): self._stability(gray, v) for v in (0.0, DEFAULT_VIVIDNESS)}
        if self.keep:
            row["pictures"] = results
        return row

    def strip(self, real: Bytes, name: str) -> tuple[list[str], list[Bytes]]:
        """Headings and pictures, from left to right: gray, automatic, two samples, with hints, real; what the model can't, isn't there."""
        gray, lab = gray_of(real), rgb_to_lab(real)
        canvas = self.colorizer.canvas(gray)
        columns = {"gray": np.repeat(gray[..., None], 3, axis=-1), "automatic": _pixels(canvas.colorize())}
        if self.colorizer.draws_variants:
            photos = canvas.colorize(variants=3)
            assert isinstance(photos, list)
            columns |= {f"sample {n}": photo.to_numpy() for n, photo in enumerate(photos) if n}
        if self.colorizer.takes_hints:
            places = hint_places(name.rpartition("/")[2], self.protocol.own_place, self.protocol)
            hints = hints_at(places, true_colors(lab[..., 1:], places, self.protocol), self.protocol)
            columns[f"{len(places)} hints"] = _pixels(canvas.colorize(hints=hints))
        columns["real"] = real
        return list(columns), list(columns.values())

    def _hints(self, canvas: Canvas, real: Bytes, lab: Floats, key: str) -> Row:
        """PSNR for each number of hints, and how far each result is from the hints at their own places; vividness 0."""
        curve: list[float] = []
        own: list[float | None] = []
        for count in self.protocol.hint_counts:
            places = hint_places(key, count, self.protocol)
            colors = true_colors(lab[..., 1:], places, self.protocol)
            result = _pixels(canvas.colorize(hints=hints_at(places, colors, self.protocol), vividness=0.0))
            curve.append(metrics.psnr(result, real))
            hinted, ab = self._painted(places, colors)
            away = np.hypot(*np.moveaxis(rgb_to_lab(result)[..., 1:] - ab, -1, 0))[hinted]
            own.append(float(away.mean()) if count else None)
        return {"psnr": curve, "own_place": own}

    def _levin(self, gray: Bytes, real: Bytes, lab: Floats, key: str) -> Row:
        levin = Levin(lightness(np.repeat(gray[..., None], 3, axis=-1)))
        curve = []
        for count in self.protocol.hint_counts:
            places = hint_places(key, count, self.protocol)
            hinted, ab = self._painted(places, true_colors(lab[..., 1:], places, self.protocol))
            curve.append(metrics.psnr(_recolored(gray, levin.colorize(hinted, ab)), real))
        return {"psnr": curve}

    def _painted(self, places: Places, colors: Floats) -> tuple[npt.NDArray[np.bool_], Floats]:
        """(H, W) where hints lie and (H, W, 2) their colors there; later ones lie over earlier ones, as `tinct.coloring.hints.draw` has it."""
        side = self.protocol.side
        hinted, ab = np.zeros((side, side), np.bool_), np.zeros((side, side, 2), np.float32)
        for patch, color in zip(hint_patches(places, self.protocol), colors, strict=True):
            hinted[patch], ab[patch] = True, color
        return hinted, ab

    def _diversity(self, canvas: Canvas, real: Bytes, vividness: float) -> Row:
        photos = canvas.colorize(variants=self.protocol.samples + 1, vividness=vividness)
        assert isinstance(photos, list)
        samples = [photo.to_numpy() for photo in photos[1:]]
        psnr = [metrics.psnr(sample, real) for sample in samples]
        different = metrics.pairwise_ciede2000([rgb_to_lab(sample) for sample in samples])
        return {"best": max(psnr), "mean": float(np.mean(psnr)), "de2000": different}

    def _stability(self, gray: Bytes, vividness: float) -> float:
        """Mean difference over all pairs of results: one for each working size, and one of the mirrored picture."""
        light = lightness(np.repeat(gray[..., None], 3, axis=-1))[..., None]

        def colors(picture: Bytes, detail: int | None) -> Floats:
            result = _pixels(self.colorizer.canvas(picture, detail=detail).colorize(vividness=vividness))
            return area_resize(rgb_to_lab(result)[..., 1:], self.protocol.side)

        found = [colors(_enlarged(gray, detail), detail) for detail in self.protocol.details]
        found.append(colors(np.ascontiguousarray(gray[:, ::-1]), None)[:, ::-1])
        return metrics.pairwise_ciede2000([np.concatenate([light, ab], axis=-1) for ab in found])


def _figures(result: Bytes, real: Bytes, lab: Floats) -> dict[str, float]:
    return {
        "psnr": metrics.psnr(result, real),
        "ssim": metrics.ssim(result, real),
        "de2000": metrics.ciede2000(rgb_to_lab(result), lab),
        "cf": metrics.colorfulness(result),
        "cf_ddcolor": metrics.colorfulness(result, ddcolor=True),
    }


def _pixels(photo: Photo | list[Photo]) -> Bytes:
    assert isinstance(photo, Photo)
    return photo.to_numpy()


def _recolored(gray: Bytes, ab: Floats) -> Bytes:
    """Colors that no model gave take the same way into the picture as a model's."""
    return Photo.open(gray).recolored(ab).to_numpy()


def _enlarged(gray: Bytes, side: int) -> Bytes:
    """For working sizes above the picture's own, which a model never enlarges by itself: bicubic."""
    if side <= len(gray):
        return gray
    from skimage.transform import resize

    large = resize(gray, (side, side), order=3, mode="edge", preserve_range=True)
    return np.asarray(np.clip(np.rint(large), 0, 255), np.uint8)
