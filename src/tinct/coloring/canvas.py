"""One photograph that the network has looked at, ready for any number of edits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..color import AB_SCALE, ab_bins, chroma
from ..errors import ConfigError, HintError
from ..runtime.prepare import resize
from ..runtime.sessions import ClassicNetwork, Seen, TinctNetwork
from ..runtime.spec import ModelSpec
from .hints import draw
from .palette import Suggestion, confidence, likelihood, mean, pull, suggestions, vivid
from .propagation import krige
from .provenance import Absent, Record, Reference, plain
from .upsampling import sharpen
from .variants import offset

if TYPE_CHECKING:
    from ..photo.photo import Photo, PhotoSource
    from .hints import Hints

__all__ = ["Canvas", "Sight", "View", "look"]

Floats = npt.NDArray[np.float32]
MOST_COLORFUL = 1.5
"""So many times as colorful as the usual result, on average, a variant may be made by vividness: some codes are colorful already."""
NEAR = 0.4
"""Variants in the colors of a reference lie nearer together, by this factor."""


@dataclass(frozen=True)
class View:
    """One way to look at a picture."""

    side: int
    """Working size in pixels of the short side."""
    mirrored: bool = False


@dataclass(frozen=True)
class Sight:
    """What a network saw of a photograph. Nothing in it refers to the `Photo`."""

    views: tuple[View, ...]
    sizes: list[tuple[int, int]]
    """(width, height) of each view."""
    lightness: Floats
    """(h, w) of the first view, 0..100."""
    seen: list[Seen]
    """Of each view; none where the network takes nothing but the photograph."""
    ab: Floats
    """(h, w, 2) of a network that takes nothing but the photograph; else empty."""


def look(photo: Photo, network: ClassicNetwork | TinctNetwork, spec: ModelSpec, views: tuple[View, ...]) -> Sight:
    """Show a photograph to the network. Raises PhotoError where it can't be read."""
    sizes = [replace(spec.preparation, side=view.side).size(*photo.size) for view in views]
    lightness = {size: photo.small_lightness(*size) for size in set(sizes)}
    first = lightness[sizes[0]]
    if not isinstance(network, TinctNetwork):
        return Sight(views, sizes, first, [], network.ab(first))
    seen = [network.encode(_mirror(lightness[size], view)) for view, size in zip(views, sizes, strict=True)]
    return Sight(views, sizes, first, seen, np.empty((0, 0, 2), np.float32))


class Canvas:
    """Made by `Colorizer.canvas`. Any number of threads may use it at once."""

    photo: Photo
    """The photograph as it was given."""

    def __init__(
        self,
        photo: Photo,
        network: ClassicNetwork | TinctNetwork,
        spec: ModelSpec,
        sight: Sight,
        reference: Callable[[PhotoSource], Reference],
        made: Record,
    ) -> None:
        self.photo, self._network, self._spec, self._reference = photo, network, spec, reference
        self._views, self._sizes, self._lightness = sight.views, sight.sizes, sight.lightness
        self._seen, self._ab = sight.seen, sight.ab
        self._record = replace(
            made,
            detail=sight.views[0].side if sight.seen else None,
            quality="best" if len(sight.views) > 1 else "normal",
            original_name=photo.path.name if photo.path else "",
        )

    def colorize(
        self,
        *,
        hints: Hints = (),
        like: PhotoSource | None = None,
        variants: int = 1,
        seed: int = 0,
        vividness: float = 0.5,
        strength: float = 1.0,
        first: int = 1,
        onto: Photo | None = None,
    ) -> Photo | list[Photo]:
        """As `Colorizer.colorize`.

        Args:
            first: number of the first variant; 1 is the automatic one.
            onto: lay the colors on this photograph, a smaller copy of the canvas's own, say. Hints stay in pixels of the canvas's own.
        """
        for name, number in (("variants", variants), ("first", first)):
            if not 1 <= number <= 1000:
                raise ConfigError(f"{name} must be from 1 to 1000, not {number}.")
        hints = plain(hints)
        if not self._seen and (hints or like is not None or variants > 1 or first > 1):
            raise self._unable("hints, variants or reference pictures")
        record = replace(self._record, hints=hints, seed=int(seed), vividness=float(vividness), strength=float(strength))
        _check(record)
        if like is not None:
            record = replace(record, like=self._reference(like))
        planes = self._planes(hints)
        results = [self._colored(replace(record, variant=n), planes, onto) for n in range(first, first + variants)]
        return results if variants > 1 else results[0]

    def repeat(self, record: Record) -> Photo:
        """One coloring again, as it was recorded.

        Args:
            record: of the same weights, working size and quality as this canvas; its hints all present.

        Raises:
            ConfigError: it isn't, or holds what no coloring can have.
            HintError: a hint outside the picture.
        """
        mine, latent = self._record, getattr(self._network, "latent", 0)
        like = record.like
        if like is not None and (like.code.shape, like.histogram.shape) != ((1, latent), (len(ab_bins()),)):
            raise ConfigError("The record holds a reference picture of another model.")
        if (record.weights, record.detail, record.quality) != (mine.weights, mine.detail, mine.quality):
            raise ConfigError("The record is of another model, detail or quality than this canvas.")
        if not self._seen and (record.hints or record.variant > 1):
            raise self._unable("hints, variants or reference pictures")
        hints = plain(hint for hint in record.hints if not isinstance(hint, Absent))
        if len(hints) < len(record.hints):
            raise ConfigError("The record has checksums in the place of hints that were too long for it; put them in first.")
        _check(record)
        return self._colored(replace(record, tinct=mine.tinct, threads=mine.threads, hints=hints), self._planes(hints))

    def suggest(self, x: float, y: float, *, hints: Hints = (), count: int = 8) -> list[Suggestion]:
        """As `Colorizer.suggest`."""
        if not (0 <= x <= self.photo.width and 0 <= y <= self.photo.height):
            raise HintError(f"{x:g},{y:g} lies outside the picture, which is {self.photo.width} × {self.photo.height} pixels.")
        if count < 1:
            raise ConfigError(f"count must be at least 1, not {count}.")
        logits, seen = self._first_logits(list(hints))
        height, width = seen.lightness.shape
        row, column = y / self.photo.height * height, x / self.photo.width * width  # in pixels of the working size
        lightness = seen.lightness[min(int(row), height - 1), min(int(column), width - 1)]
        return suggestions(likelihood(_at(logits, row / seen.cell, column / seen.cell)), float(lightness), count)

    def confidence(self, *, hints: Hints = (), vividness: float = 0.5) -> Floats:
        """As `Colorizer.confidence`."""
        logits, seen = self._first_logits(list(hints))
        sure = confidence(logits, vivid(logits, self._spec.palette, vividness))
        return self._spec.preparation.restore_cells(sure[..., None], *seen.lightness.shape)[..., 0]

    def _first_logits(self, hints: Hints) -> tuple[Floats, Seen]:
        """(bins, h, w) of the automatic result, from the first view."""
        if not isinstance(self._network, TinctNetwork):
            raise self._unable("suggestions or confidence")
        seen = self._seen[0]
        return self._network.decode(seen, draw(hints, self.photo.size, self._sizes[0]), seen.prior_mean), seen

    def _planes(self, hints: Hints) -> list[Floats]:
        """The hints as each view takes them, (3, h, w); none where the model takes none."""
        sizes = zip(self._views, self._sizes, strict=True) if self._seen else ()
        return [np.ascontiguousarray(_mirror(draw(hints, self.photo.size, size), view)) for view, size in sizes]

    def _colored(self, record: Record, planes: list[Floats], onto: Photo | None = None) -> Photo:
        ab = self._ab_of(record, planes) if self._seen else self._ab
        return (onto or self.photo).recolored(ab * np.float32(record.strength), self._lightness, record=record)

    def _ab_of(self, record: Record, planes: list[Floats]) -> Floats:
        """(h, w, 2) a*, b*, the mean over all views, at the size of the first."""
        assert isinstance(self._network, TinctNetwork)
        height, width = self._seen[0].lightness.shape
        total = np.zeros((height, width, 2), np.float32)
        noise, like, palette = self._noise(record), record.like, self._spec.palette
        for view, seen, hints in zip(self._views, self._seen, planes, strict=True):
            middle = seen.prior_mean if like is None else like.code
            logits = self._logits(seen, hints, middle + noise * seen.prior_scale, like)
            cells = vivid(logits, palette, record.vividness)
            if record.variant > 1 and record.vividness:
                usual = vivid(self._logits(seen, hints, middle, like), palette, record.vividness)
                most = max(MOST_COLORFUL * chroma(usual).mean(), chroma(mean(likelihood(logits))).mean())
                cells = cells * min(np.float32(1), most / max(chroma(cells).mean(), np.float32(1e-6)))
            light = self._spec.preparation.pad(seen.lightness[None])[0]
            sharp = sharpen(krige(cells, light, hints), light)
            pixels = _honor(sharp[: seen.lightness.shape[0], : seen.lightness.shape[1]], hints)
            total += resize(_mirror(pixels, view, axis=1), height, width)
        return np.clip(total / len(self._views), -AB_SCALE, AB_SCALE)

    def _logits(self, seen: Seen, hints: Floats, code: Floats, like: Reference | None) -> Floats:
        """(bins, h, w) of the decoder's cells."""
        assert isinstance(self._network, TinctNetwork)
        logits = self._network.decode(seen, hints, code)
        return logits if like is None else pull(logits, like.histogram)

    def _noise(self, record: Record) -> Floats:
        """(1, latent) where this variant's code lies, in standard deviations of the prior; zeros for the first."""
        assert isinstance(self._network, TinctNetwork)
        if record.variant == 1:
            return np.zeros((1, self._network.latent), np.float32)
        codes = self._spec.codes
        if record.like is not None:  # near the reference
            codes = replace(codes, mean=(0.0,) * len(codes.mean), temperature=NEAR * codes.temperature)
        return offset(codes, self._network.latent, record.seed, record.variant - 1)

    def _unable(self, what: str) -> ConfigError:
        return ConfigError(f"The model {self._spec.name!r} has no {what}; choose the model 'tinct'.")


def _check(record: Record) -> None:
    """Raises ConfigError for a number out of its range."""
    for name, value in (("strength", record.strength), ("vividness", record.vividness)):
        if not 0 <= value <= 1:
            raise ConfigError(f"{name} must lie between 0 and 1, not {value}.")
    if record.seed < 0:
        raise ConfigError(f"seed can't be negative, and is {record.seed}.")
    if record.variant < 1:
        raise ConfigError(f"variants are counted from 1, and there is none of number {record.variant}.")


def _mirror(values: Floats, view: View, axis: int = -1) -> Floats:
    return np.flip(values, axis) if view.mirrored else values


def _at(values: Floats, row: float, column: float) -> Floats:
    """(C, h, w) -> (C,) interpolated at this place, in cells from the edges."""
    low, part = [], []
    for place, count in ((row, values.shape[1]), (column, values.shape[2])):
        inside = min(max(place - 0.5, 0.0), count - 1.0)
        low.append(min(int(inside), max(count - 2, 0)))
        part.append(inside - low[-1])
    (i, j), (v, u) = low, part
    block = values[:, i : i + 2, j : j + 2]
    rows = block[:, 0] * (1 - v) + block[:, -1] * v
    return np.asarray(rows[:, 0] * (1 - u) + rows[:, -1] * u, np.float32)


def _honor(ab: Floats, planes: Floats) -> Floats:
    """Put right what the network, whose cells are coarser than hints, left of them undone.

    Args:
        ab: (h, w, 2) a*, b* of the working size.
        planes: (3, h, w) hints, as `hints.draw` gives them.

    Returns:
        (h, w, 2): under a hint its own color; the difference fades within a few pixels.
    """
    covered = planes[2]
    if not covered.any():
        return ab
    error = np.moveaxis(planes[:2], 0, -1) * np.float32(AB_SCALE) - ab * covered[..., None]
    spread = _blur(np.concatenate([error, covered[..., None]], axis=-1))
    near = spread[..., 2:]
    around = spread[..., :2] / np.maximum(near, 1e-6) * np.clip(3 * near, 0, 1)
    return ab + np.where(covered[..., None] > 0, error + (1 - covered[..., None]) * around, around)


def _blur(values: Floats) -> Floats:
    """(h, w, C), each the binomial mean of the 5 × 5 around it."""
    for axis in (0, 1):
        padded = np.pad(values, [(2, 2) if a == axis else (0, 0) for a in range(3)], mode="edge")
        count = values.shape[axis]
        parts = [w * np.take(padded, range(i, i + count), axis) for i, w in enumerate((1, 4, 6, 4, 1))]
        values = np.asarray(sum(parts) / 16, np.float32)
    return values
