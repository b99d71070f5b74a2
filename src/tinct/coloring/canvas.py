"""One photograph that the network has encoded, ready for any number of edits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .._util.caches import Latest
from ..color import AB_SCALE, ab_bins, chroma
from ..errors import ConfigError, HintError
from ..resampling import bilinear_resize, bilinear_sample
from ..runtime.sessions import ClassicNetwork, Encoded, TinctNetwork
from ..runtime.spec import CodeDistribution, ModelSpec
from .coherence import coherent_colors, cover, product
from .edit import MAX_VARIANT, Edit
from .encoding import EncodedPhoto, mirror
from .grouping import HintedView
from .hints import Hint, Strokes, draw
from .mounts import mount_pixels
from .objects import FEATURE_MAP, Scene, describe
from .packing import Omitted, Reference, normalized
from .palette import confidence, expected_color, match_histogram, probabilities
from .provenance import Record
from .reaching import color_view, with_colors
from .suggestions import DEFAULT_SUGGESTIONS, ColorFamily, Suggestion, color_families, suggestions
from .upsampling import fidelity, recolor
from .variants import code_offset, region_tilts

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..photo import Photo, PhotoSource
    from .edit import EditChanges

__all__ = ["Canvas"]

Floats = npt.NDArray[np.float32]
MAX_RELATIVE_CHROMA = 1.5
"""Limit of a variant's mean chroma relative to that of the automatic result: some latent codes are colorful even without vividness."""
MAX_LOGITS = 4
"""Decoder outputs that a canvas keeps: without hints, with some and with all of them, and one of a variant."""
MAX_CELLS = 4
"""Colors of cells that a canvas keeps, a view: as many as decoder outputs."""
REFERENCE_TEMPERATURE = 0.4
"""Factor on the spread of variants in the colors of a reference picture of strength 1."""
REFERENCE_HISTOGRAM_WEIGHT = 0.7
"""Share of the reference's histogram in the one that the colors approach, at strength 1; the rest is the photograph's own."""


class Canvas:
    """A photograph that the network has encoded, to be colored again and again. Made by `Colorizer.canvas`; any thread may use it."""

    photo: Photo
    """The photograph as it was given."""

    def __init__(
        self,
        photo: Photo,
        network: ClassicNetwork | TinctNetwork,
        spec: ModelSpec,
        encoded: EncodedPhoto,
        reference: Callable[[PhotoSource], Reference],
        record: Record,
    ) -> None:
        self.photo, self._network, self._spec, self._encoded, self._reference = photo, network, spec, encoded, reference
        self._detail = encoded.views[0].side if encoded.encodings else None
        self._ensemble = len(encoded.views) > 1
        self._record = replace(record, original_name=photo.path.name if photo.path else "")
        self._logits_of: Latest[list[Floats]] = Latest(MAX_LOGITS)
        self._cells_of: Latest[Floats] = Latest(MAX_CELLS * len(encoded.views))
        self._scenes: Latest[Scene] = Latest(len(encoded.views))

    def colorize(self, edit: Edit | None = None, *, onto: Photo | None = None, **changes: Unpack[EditChanges]) -> Photo:
        """Color the photograph.

        Args:
            edit: how it is colored; its `detail` and `ensemble` must be None and False or the canvas's own.
            onto: put the colors on this photograph, for example a smaller copy for a preview. Hints stay in pixels of the canvas's own.
            changes: fields of `Edit`, which replace those of `edit`.

        Returns:
            A lazy `Photo`: its pixels are computed when it is saved or turned into an array.

        Raises:
            HintError: a hint outside the picture.
            PhotoError: the reference can't be read, or is gray.
            ConfigError: a value out of its range, or something that this model can't do.
        """
        return self._colored(self._resolved(edit, changes), onto)

    def variants(
        self, count: int, edit: Edit | None = None, *, onto: Photo | None = None, **changes: Unpack[EditChanges]
    ) -> list[Photo]:
        """Color the photograph in several ways, as `colorize` with the variants from `Edit.variant` on; the automatic one is number 1."""
        first = self._resolved(edit, changes)
        if not 1 <= count <= MAX_VARIANT - first.variant + 1:
            raise ConfigError(
                f"The number of variants must be from 1 to {MAX_VARIANT - first.variant + 1}, not {count}.", code="edit-value"
            )
        if count > 1:
            self._require(self._spec.has_code, "variants")
        return [self._colored(first.changed(variant=first.variant + i), onto) for i in range(count)]

    def repeat(self, record: Record) -> Photo:
        """Make a recorded coloring again.

        Args:
            record: of the same weights, detail and ensemble as this canvas, with all its hints.

        Raises:
            ConfigError: its weights, detail or ensemble are others, or it lacks hints.
            HintError: a hint outside the picture.
        """
        edit, mine, like = record.edit, self._record, record.edit.like
        if (record.weights, edit.detail, edit.ensemble) != (mine.weights, self._detail, self._ensemble):
            raise ConfigError("The record is of another model, detail or ensemble than this canvas.")
        if isinstance(like, Reference):
            shapes = (1, getattr(self._network, "latent", 0)), (len(ab_bins()),)
            if (like.code.shape, like.histogram.shape) != shapes:
                raise ConfigError("The record holds a reference picture of another model.")
        elif like is not None:
            raise ConfigError("The record names a reference picture instead of holding what was extracted from it.")
        made = replace(record, tinct=mine.tinct, device=mine.device, threads=mine.threads, precision=mine.precision, output="color")
        return self._colored(self._resolved(edit, {}), None, made)

    def suggest(
        self, x: float, y: float, *, hints: Iterable[Hint | Strokes] = (), count: int = DEFAULT_SUGGESTIONS
    ) -> list[Suggestion]:
        """The colors that a place most probably has.

        Args:
            x: from the left edge, in pixels of the full-size photograph.
            y: from the top edge.
            hints: known colors of other places.
            count: maximum number of suggestions.

        Returns:
            The most probable first; probabilities sum to 1. Each color has a name, the lightness of the place, and lies within sRGB.

        Raises:
            HintError: the place or a hint lies outside the picture.
            ConfigError: the model gives no distribution, or `count` is below 1.
        """
        if count < 1:
            raise ConfigError(f"count must be at least 1, not {count}.", code="edit-value")
        return suggestions(*self._likely(x, y, hints), count)

    def families(self, x: float, y: float, *, hints: Iterable[Hint | Strokes] = ()) -> list[ColorFamily]:
        """Ready colors of skin, hair, foliage, sky, wood, brick, uniforms and cloth, at the lightness of a place.

        Args:
            x: from the left edge, in pixels of the full-size photograph.
            y: from the top edge.
            hints: known colors of other places.

        Returns:
            The most probable family first; skin before all others where a face is likely. Colors that are impossible at that lightness are left
            out, such as navy where the photograph is white, and families without any other.

        Raises:
            HintError: the place or a hint lies outside the picture.
            ConfigError: the model gives no distribution.
        """
        return color_families(*self._likely(x, y, hints))

    def _likely(self, x: float, y: float, hints: Iterable[Hint | Strokes]) -> tuple[Floats, float]:
        """(bins,) probabilities and L* of a place. Raises HintError, ConfigError."""
        if not (0 <= x <= self.photo.width and 0 <= y <= self.photo.height):
            size = f"{self.photo.width} × {self.photo.height}"
            raise HintError(f"{x:g},{y:g} lies outside the picture, which has {size} pixels.", code="hint-outside")
        self._require(self._spec.has_bins, "suggestions or confidence")
        encoded = self._encoded.encodings[0]
        logits = self._logits(self._automatic(Edit(hints=tuple(hints))))[0]
        height, width = encoded.lightness.shape
        row, column = y / self.photo.height * height, x / self.photo.width * width  # in pixels of the working size
        lightness = encoded.lightness[min(int(row), height - 1), min(int(column), width - 1)]
        place = bilinear_sample(logits, row / encoded.cell, column / encoded.cell)
        return probabilities(place), float(lightness)

    def confidence(self, edit: Edit | None = None, **changes: Unpack[EditChanges]) -> Floats:
        """Probability of the chosen color at each place: (h, w) at the working size, 0..1.

        It is the probability that the real color lies within 15 units of the chosen one in the a*, b* plane. Raises as `colorize` does.
        """
        resolved = self._resolved(edit, changes)
        self._require(self._spec.has_bins, "suggestions or confidence")
        automatic = self._automatic(resolved)
        sure = confidence(self._logits(automatic)[0], self._agreed(automatic, 0))
        return self._spec.preparation.restore_cells(sure[..., None], *self._encoded.lightness.shape)[..., 0]

    def colors(self, edit: Edit | None = None, **changes: Unpack[EditChanges]) -> Floats:
        """The chosen colors at the working size: (h, w, 2) a*, b*, before `Edit.strength`. Raises as `colorize` does."""
        resolved = self._resolved(edit, changes)
        return self._ab(resolved) if self._encoded.encodings else self._encoded.ab

    def with_prior(self, mean: Floats, scale: Floats) -> Canvas:
        """This canvas with another prior over latent codes: the frames of one shot of a film have one in common.

        Args:
            mean: (1, latent) mean.
            scale: (1, latent) standard deviation.
        """
        encodings = [replace(one, prior_mean=mean, prior_scale=scale) for one in self._encoded.encodings]
        encoded = replace(self._encoded, encodings=encodings)
        return Canvas(self.photo, self._network, self._spec, encoded, self._reference, self._record)

    @property
    def encoded(self) -> EncodedPhoto:
        """What the network's encoder made of the photograph."""
        return self._encoded

    # ---- details ----------------------------------------------------------------------------------------------------------------

    def _resolved(self, edit: Edit | None, changes: EditChanges | dict[str, object]) -> Edit:
        """The edit with its reference extracted, and the canvas's detail and ensemble. Raises ConfigError for what the model or the canvas can't do."""
        edit = (edit or Edit()).changed(**changes)
        if any(isinstance(hint, Omitted) for hint in edit.hints):
            raise HintError("The edit has checksums in the place of hints that were too long for a record.", code="hints-needed")
        for name, mine, default in (("detail", self._detail, None), ("ensemble", self._ensemble, False)):
            if getattr(edit, name) not in (mine, default):
                raise ConfigError(f"The canvas was made with {name} = {mine!r}, the edit asks for {getattr(edit, name)!r}.")
        self._require(self._spec.takes_hints or not edit.hints, "hints")
        self._require(self._spec.has_code or edit.variant == 1, "variants")
        self._require(self._spec.has_code or edit.like is None, "reference pictures")
        like = edit.like
        if like is not None and not isinstance(like, Reference):
            like = self._reference(like)
        return edit.changed(like=like, detail=self._detail, ensemble=self._ensemble)

    def _require(self, able: bool, what: str) -> None:
        if not able:
            raise ConfigError(
                f"The model {self._spec.name!r} has no {what}; the model 'tinct' has.", code="no-capability", what=what
            )

    def _automatic(self, edit: Edit) -> Edit:
        """The edit's variant 1, with a color for every hint."""
        edit = edit.changed(variant=1)
        hints, _ = with_colors(self._hinted_view(edit, 0), _only_known(edit))
        return edit.changed(hints=normalized(hints))

    def _colored(self, edit: Edit, onto: Photo | None, record: Record | None = None) -> Photo:
        ab = self._ab(edit) if self._encoded.encodings else self._encoded.ab
        record = replace(record or self._record, edit=edit)
        return recolor(onto or self.photo, ab * np.float32(edit.strength), self._encoded.lightness, record=record)

    def _ab(self, edit: Edit) -> Floats:
        """(h, w, 2) a*, b*, the mean over all views, at the size of the first."""
        height, width = self._encoded.encodings[0].lightness.shape
        total = np.zeros((height, width, 2), np.float32)
        for i, view in enumerate(self._encoded.views):
            pixels = color_view(self._hinted_view(edit, i), _only_known(edit))
            total += bilinear_resize(mirror(pixels, view, axis=1), height, width)
        return np.clip(total / len(self._encoded.views), -AB_SCALE, AB_SCALE)

    def _hinted_view(self, edit: Edit, number: int) -> HintedView:
        encoded = self._encoded.encodings[number]
        light = self._spec.preparation.pad(encoded.lightness[None])[0]
        return HintedView(
            photo=self.photo.size,
            size=self._encoded.sizes[number],
            lightness=light,
            mirrored=self._encoded.views[number].mirrored,
            mount=mount_pixels(self._encoded.affinities[number].mount, light),
            fidelity=fidelity(edit.vividness),
            scene=lambda: self._scene(edit, number),
            cells=lambda hints: self._cells(edit.changed(hints=normalized(hints)), number),
        )

    def _cells(self, edit: Edit, view: int) -> Floats:
        """(h, w, 2) a*, b* of the decoder's cells in one view, as if the edit's hints reached the whole picture."""
        cells = self._agreed(edit, view)
        if edit.variant == 1 or not edit.vividness:
            return cells
        return _limit_chroma(cells, self._agreed(edit.changed(variant=1), view), self._logits(edit)[view])

    def _agreed(self, edit: Edit, view: int) -> Floats:
        """(h, w, 2) a*, b* on which the decoder's cells agree; those that hints cover keep what the network made of the hints."""

        def decided() -> Floats:
            affinity, covered = self._encoded.affinities[view], None
            if edit.hints:
                covered = cover(self._planes(edit, view)[2], self._encoded.encodings[view].cell, affinity.shape)
            return coherent_colors(self._logits(edit)[view], affinity, self._spec.palette, edit.vividness, covered)

        return self._cells_of.get((_key(edit), edit.vividness, view), decided)

    def _planes(self, edit: Edit, view: int) -> Floats:
        """(3, h, w) the edit's hints as input planes of one view."""
        drawn = draw(_only_known(edit), self.photo.size, self._encoded.sizes[view])
        return np.ascontiguousarray(mirror(drawn, self._encoded.views[view]))

    def _scene(self, edit: Edit, view: int) -> Scene:
        """What the hints' masks in one view are computed from: the automatic result without hints."""

        def described() -> Scene:
            encoded = self._encoded.encodings[view]
            light = self._spec.preparation.pad(encoded.lightness[None])[0]
            logits = self._logits(edit.changed(variant=1, hints=()))[view]
            return describe(light, encoded.features[FEATURE_MAP][0], logits)

        return self._scenes.get((*_reference_of(edit), view), described)

    def _logits(self, edit: Edit) -> list[Floats]:
        """(bins, h, w) of the decoder's cells in each view; those of the latest edits are kept for other vividness."""

        def decoded() -> list[Floats]:
            planes = [self._planes(edit, view) for view in range(len(self._encoded.views))]
            offset = self._offset(edit) if edit.variant > 1 else np.float32(0)
            logits = [self._decode(*pair, edit, offset) for pair in zip(self._encoded.encodings, planes, strict=True)]
            return self._tilted(logits, planes, edit) if edit.variant > 1 else logits

        return self._logits_of.get(_key(edit), decoded)

    def _tilted(self, logits: list[Floats], planes: list[Floats], edit: Edit) -> list[Floats]:
        """(bins, h, w) logits of a variant's code in each view, with each region drawn toward one of its plausible colors.

        The regions of all views are those of the first; where hints are, nothing changes.
        """
        first = self._encoded.affinities[0].regions
        shares = first.reshape(-1, first.shape[-1])
        likely = product(probabilities(logits[0]).reshape(len(logits[0]), -1), shares) / np.maximum(shares.sum(axis=0), 1e-6)
        tilts = np.ascontiguousarray(region_tilts(likely, edit.seed, edit.variant - 1).T)
        found = []
        for view, (values, hints) in enumerate(zip(logits, planes, strict=True)):
            shape = self._encoded.affinities[view].shape
            regions = mirror(first, self._encoded.views[view], axis=1) if view else first
            if regions.shape[:2] != shape:
                regions = bilinear_resize(regions, *shape)
            if hints[2].any():
                regions = regions * (1 - cover(hints[2], self._encoded.encodings[view].cell, shape))[..., None]
            flat = np.ascontiguousarray(regions.reshape(-1, regions.shape[-1]).T)
            found.append(values + product(tilts, flat).reshape(-1, *shape))
        return found

    def _decode(self, encoded: Encoded, hints: Floats, edit: Edit, offset: Floats | np.float32) -> Floats:
        """(bins, h, w) of the decoder's cells; `offset` of the latent code in standard deviations of the prior."""
        assert isinstance(self._network, TinctNetwork)
        like, share = _reference_of(edit)
        mean = encoded.prior_mean if like is None else np.float32(share) * like.code + np.float32(1 - share) * encoded.prior_mean
        logits = self._network.decode(encoded, hints, mean + offset * encoded.prior_scale)
        return logits if like is None else match_histogram(logits, like.histogram, strength=share * REFERENCE_HISTOGRAM_WEIGHT)

    def _offset(self, edit: Edit) -> Floats:
        """(1, latent) of this variant's code, in standard deviations of the prior."""
        assert isinstance(self._network, TinctNetwork)
        codes = self._spec.codes
        like, share = _reference_of(edit)
        if like is not None:  # around the code between the prior's mean and the reference's
            mean = tuple((1 - share) * value for value in codes.mean)
            factor = 1 - share + share * REFERENCE_TEMPERATURE
            codes = CodeDistribution(mean, codes.directions, factor * codes.temperature)
        return code_offset(codes, self._network.latent, edit.seed, edit.variant - 1)


def _only_known(edit: Edit) -> list[Hint | Strokes]:
    """The hints of an edit that `Canvas._resolved` has checked, so that none is `Omitted`."""
    return [hint for hint in edit.hints if not isinstance(hint, Omitted)]


def _key(edit: Edit) -> tuple[object, ...]:
    """What the logits of an edit depend on."""
    return *_reference_of(edit), edit.variant, edit.seed if edit.variant > 1 else 0, *_only_known(edit)


def _reference_of(edit: Edit) -> tuple[Reference | None, float]:
    """The reference of a resolved edit, and its strength; (None, 0) where it has no effect."""
    if not isinstance(edit.like, Reference) or not edit.like_strength:
        return None, 0.0
    return edit.like, edit.like_strength


def _limit_chroma(cells: Floats, usual: Floats, logits: Floats) -> Floats:
    """(h, w, 2) colors of a variant, scaled so that vividness makes them at most `MAX_RELATIVE_CHROMA` times as colorful as `usual`."""
    limit = max(MAX_RELATIVE_CHROMA * chroma(usual).mean(), chroma(expected_color(probabilities(logits))).mean())
    return np.asarray(cells * min(np.float32(1), limit / max(chroma(cells).mean(), np.float32(1e-6))), np.float32)
