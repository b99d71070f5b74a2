"""Color a photograph: automatically, in variants, by hints, in the colors of another picture. No torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
import numpy.typing as npt

from .._util.caches import Recent
from .._version import __version__
from ..color import chroma, rgb_to_lab
from ..errors import ConfigError, PhotoError
from ..photo.photo import Photo
from ..runtime.sessions import TinctNetwork, load_network
from ..runtime.spec import DEFAULT_MODEL, check_pair, find
from .canvas import Canvas, Sight, View, look
from .palette import Suggestion, histogram
from .provenance import Record, Reference

if TYPE_CHECKING:
    from ..photo.photo import PhotoSource
    from .hints import Hints

__all__ = ["MIN_SIDE", "QUALITIES", "Colorizer"]

MIN_SIDE = 8
"""Pixels: what has a shorter side is no photograph."""
QUALITIES = ("normal", "best")
"""One look at a picture, or the mean of several, at three sizes and mirrored."""
MOST_DETAIL = 2048
LEAST_CHROMA = 4.0
"""Mean chroma under which a reference picture counts as gray."""
_KEPT = 2
"""Photographs whose features are kept for the next edit."""


class Colorizer:
    """A model, ready to color any number of photographs, from any number of threads at once.

    Args:
        model: the name of a bundled model (`tinct models` lists them), or a path to a file of an exported one.
        threads: processor threads for one picture; 0 takes all cores.

    Raises:
        WeightsError: no such model, or its files are damaged or don't belong together.
    """

    def __init__(self, model: str | Path = DEFAULT_MODEL, *, threads: int = 0) -> None:
        graph = find(model)
        self.spec, self.weights = check_pair(graph)
        """Everything about the model that isn't its weights: a `ModelSpec`; and the SHA-256 of their file."""
        self._made = Record(self.spec.name, self.weights, __version__, threads=threads)
        self._network = load_network(graph, self.spec, threads)
        self._sights: Recent[Photo, Sight] = Recent(_KEPT)
        self._references: Recent[Photo, Reference] = Recent(_KEPT)

    @property
    def takes_hints(self) -> bool:
        """Whether the model takes hints and reference pictures, and suggests colors."""
        return isinstance(self._network, TinctNetwork)

    @property
    def draws_variants(self) -> bool:
        """Whether the model gives different colorings of one photograph."""
        return isinstance(self._network, TinctNetwork)

    @overload
    def colorize(
        self,
        source: PhotoSource,
        *,
        hints: Hints = ...,
        like: PhotoSource | None = ...,
        variants: Literal[1] = ...,
        seed: int = ...,
        vividness: float = ...,
        strength: float = ...,
        detail: int | None = ...,
        quality: str = ...,
    ) -> Photo: ...

    @overload
    def colorize(
        self,
        source: PhotoSource,
        *,
        variants: int,
        hints: Hints = ...,
        like: PhotoSource | None = ...,
        seed: int = ...,
        vividness: float = ...,
        strength: float = ...,
        detail: int | None = ...,
        quality: str = ...,
    ) -> Photo | list[Photo]: ...

    def colorize(
        self,
        source: PhotoSource,
        *,
        hints: Hints = (),
        like: PhotoSource | None = None,
        variants: int = 1,
        seed: int = 0,
        vividness: float = 0.5,
        strength: float = 1.0,
        detail: int | None = None,
        quality: str = "normal",
    ) -> Photo | list[Photo]:
        """The same photograph in color: same size, its own full-size lightness, colors from the model.

        The network looks at a `Photo` once: to color the same object again, with other hints, costs much less.

        Args:
            source: a path, the bytes of a picture file, a PIL image, an (H, W) or (H, W, 3) uint8 array, or a `Photo`.
            hints: `Hint`s and `Strokes`: colors of certain places, in pixels of the full-size photograph.
            like: a color picture whose palette the result takes after.
            variants: how many different colorings; the first is the automatic one.
            seed: decides the variants after the first.
            vividness: 0 gives the safest colors, those with the least error on average; 1 the most colorful.
            strength: 0 leaves the picture gray, 1 takes the colors as they are.
            detail: working size in pixels of the short side; unless given, the model's own, at which it is best.
            quality: ``best`` takes the mean of several looks, at three sizes and mirrored; about three times as slow.

        Returns:
            A `Photo`, or a list of them where `variants` is above 1; full-size pixels are computed when one is saved or turned
            into an array.

        Raises:
            PhotoError: the picture or the reference is missing, broken, not one, or smaller than `MIN_SIDE`; the reference is gray.
            HintError: a hint outside the picture.
            ConfigError: a number out of its range, or something that this model can't do.
        """
        if quality not in QUALITIES:
            raise ConfigError(f"quality must be {' or '.join(QUALITIES)}, not {quality!r}.")
        canvas = self.canvas(source, detail=detail, best=quality == "best")
        return canvas.colorize(hints=hints, like=like, variants=variants, seed=seed, vividness=vividness, strength=strength)

    def canvas(self, source: PhotoSource, *, detail: int | None = None, best: bool = False) -> Canvas:
        """A photograph that the network has looked at, to be colored and colored again. `source` and `detail` as in `colorize`.

        Raises:
            PhotoError: as `colorize` does.
            ConfigError: an impossible `detail`.
        """
        photo = Photo.open(source)
        if min(photo.size) < MIN_SIDE:
            raise PhotoError(f"{photo.name} is only {photo.width} × {photo.height} pixels; a side needs at least {MIN_SIDE}")
        views = self._views(detail, best)
        if (sight := self._sights.get(photo, views)) is None:
            sight = look(photo, self._network, self.spec, views)
            self._sights.put(photo, sight, views)
        return Canvas(photo, self._network, self.spec, sight, self._reference, self._made)

    def suggest(self, source: PhotoSource, x: float, y: float, *, hints: Hints = (), count: int = 8) -> list[Suggestion]:
        """The colors that a place of the photograph most probably has.

        Args:
            source: as in `colorize`.
            x: in pixels of the full-size photograph.
            y: in pixels of the full-size photograph.
            hints: what is known of other places.
            count: at most so many.

        Returns:
            The most probable first; probabilities sum to 1. Each color has the lightness of the place and lies within sRGB.

        Raises:
            PhotoError, HintError, ConfigError: as `colorize` does.
        """
        return self.canvas(source).suggest(x, y, hints=hints, count=count)

    def confidence(self, source: PhotoSource, *, hints: Hints = (), vividness: float = 0.5) -> npt.NDArray[np.float32]:
        """How sure the model is of each place: (h, w) at its working size, the probability (0..1) that the real color is near.

        Near is within 15 units of the a*, b* plane. Raises as `colorize` does.
        """
        return self.canvas(source).confidence(hints=hints, vividness=vividness)

    def _views(self, detail: int | None, best: bool) -> tuple[View, ...]:
        multiple, own = self.spec.preparation.multiple, self.spec.preparation.side
        if (detail is not None or best) and not self.takes_hints:
            raise ConfigError(f"The model {self.spec.name!r} has one working size; detail and quality='best' need 'tinct'.")
        if detail is not None and not (multiple <= detail <= MOST_DETAIL and detail % multiple == 0):
            raise ConfigError(f"detail must be a multiple of {multiple} from {multiple} to {MOST_DETAIL}, not {detail}.")
        side = detail or own
        sides = [side]
        if best:
            sides += [side - multiple, side + multiple]
        return tuple(View(s, mirrored) for s in sides if s >= multiple for mirrored in ((False, True) if best else (False,)))

    def _reference(self, source: PhotoSource) -> Reference:
        """What the network takes from a color picture. Raises PhotoError where it has no color."""
        photo = Photo.open(source)
        if (found := self._references.get(photo)) is None:
            found = self._look_for_colors(photo)
            self._references.put(photo, found)
        return found

    def _look_for_colors(self, photo: Photo) -> Reference:
        assert isinstance(self._network, TinctNetwork)
        lab = rgb_to_lab(photo.small_rgb(*self.spec.preparation.size(*photo.size)))
        if chroma(lab[..., 1:]).mean() < LEAST_CHROMA:
            raise PhotoError(f"{photo.name} has no colors to take: it is gray. Name a color picture as reference")
        seen = self._network.encode(lab[..., 0])
        name = photo.path.name if photo.path else ""
        return Reference(name, self._network.code(seen, lab[..., 1:]), histogram(lab[..., 1:]))
