"""Color photographs: automatically, in variants, by hints, in the colors of another picture. No torch."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .._util.caches import RecentlyUsed
from .._version import __version__
from ..color import chroma, rgb_to_lab
from ..errors import ConfigError, PhotoError
from ..photo import Photo
from ..runtime.sessions import TinctNetwork, load_network, load_runtime
from ..runtime.spec import DEFAULT_MODEL, check_pair, find
from .canvas import Canvas
from .edit import MAX_DETAIL, Edit
from .encoding import EncodedPhoto, View, encode_photo
from .packing import Reference, fitting, hints_to_json
from .palette import histogram
from .provenance import Record
from .suggestions import DEFAULT_SUGGESTIONS, ColorFamily, Suggestion

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..photo import PhotoSource
    from .edit import EditChanges
    from .hints import Hint, Strokes

__all__ = ["MIN_SIDE", "Colorizer"]

MIN_SIDE = 8
"""Pixels of the short side below which a picture is refused."""
MIN_REFERENCE_CHROMA = 4.0
"""Mean chroma below which a reference picture counts as gray."""
_CACHED_PHOTOS = 2


class Colorizer:
    """A model, ready to color any number of photographs, from any number of threads at once.

    Args:
        model: the name of a bundled model (`tinct.runtime.bundled` lists them), or the path of an exported model's file.
        device: ``"auto"`` takes an accelerator whose ONNX Runtime package is installed, else the CPU; or ``"cpu"``, ``"cuda"``,
            ``"coreml"``, ``"directml"``, ``"openvino"``.
        threads: processor threads for one picture; 0 takes all cores.
        precision: ``"float"``, or ``"int8"`` for 8-bit integers, which is faster on the processor; ``"auto"`` takes these on the CPU where the
            model has them.

    Raises:
        WeightsError: there is no such model, its files are damaged or don't belong together, or it has no 8-bit graphs.
        DeviceError: the device isn't available; names the package that it needs.
        ConfigError: there is no such device or precision.
    """

    def __init__(
        self, model: str | os.PathLike[str] = DEFAULT_MODEL, *, device: str = "auto", threads: int = 0, precision: str = "auto"
    ) -> None:
        graph = find(model)
        # Ctrl-C while its library is loaded would become an ImportError; only the main thread gets it.
        with ThreadPoolExecutor(1) as pool:
            loaded = pool.submit(load_runtime)
            self.spec, self.weights = check_pair(graph)  # the weights' checksum takes as long
            """The model's description, a `ModelSpec`, and the SHA-256 of its weights."""
            loaded.result()
        self._network = load_network(graph, self.spec, device, threads, precision)
        self._record = Record(
            self.spec.name,
            self.weights,
            __version__,
            device=self._network.device,
            threads=threads,
            precision=self._network.precision,
        )
        self._encoded: RecentlyUsed[Photo, EncodedPhoto] = RecentlyUsed(_CACHED_PHOTOS)
        self._references: RecentlyUsed[Photo, Reference] = RecentlyUsed(_CACHED_PHOTOS)

    @property
    def precision(self) -> str:
        """What the network computes with: ``"float"``, or ``"int8"`` for 8-bit integers."""
        return self._network.precision

    @property
    def takes_hints(self) -> bool:
        """Whether the model takes color hints."""
        return self.spec.takes_hints

    @property
    def has_code(self) -> bool:
        """Whether the model has a latent code: variants and reference pictures."""
        return self.spec.has_code

    def colorize(self, photo: PhotoSource, edit: Edit | None = None, **changes: Unpack[EditChanges]) -> Photo:
        """The same photograph in color: same size, its own full-size lightness, colors from the model.

        The encoder runs once for a `Photo` object: coloring the same object again, with another edit, takes much less time.

        Args:
            photo: a path, bytes, a file object, a PIL image, an array or a `Photo`; see `Photo.open`.
            edit: how it is colored; the default is automatic.
            changes: fields of `Edit` as keywords, which replace those of `edit`: ``hints=``, ``like=``, ``vividness=``...

        Returns:
            A lazy `Photo`: full-size pixels are computed when it is saved or turned into an array.

        Raises:
            PhotoError: the photograph or the reference is missing, damaged, or smaller than `MIN_SIDE`; the reference is gray.
            HintError: a hint outside the picture.
            ConfigError: a value out of its range, or something that this model can't do.
        """
        edit = (edit or Edit()).changed(**changes)
        return self.canvas(photo, detail=edit.detail, ensemble=edit.ensemble).colorize(edit)

    def variants(self, photo: PhotoSource, count: int, edit: Edit | None = None, **changes: Unpack[EditChanges]) -> list[Photo]:
        """Several colorings of one photograph; the first is number `Edit.variant`, by default the automatic one.

        Args:
            photo: as in `colorize`.
            count: number of colorings, 1 to 1,000.
            edit: as in `colorize`; `Edit.seed` decides all but the automatic one.
            changes: as in `colorize`.
        """
        edit = (edit or Edit()).changed(**changes)
        return self.canvas(photo, detail=edit.detail, ensemble=edit.ensemble).variants(count, edit)

    def canvas(self, photo: PhotoSource, *, detail: int | None = None, ensemble: bool = False) -> Canvas:
        """A photograph that the encoder has run on, to be colored again and again.

        Args:
            photo: as in `colorize`.
            detail: as `Edit.detail`.
            ensemble: as `Edit.ensemble`.

        Raises:
            PhotoError: as `colorize`.
            ConfigError: a `detail` that the model can't have.
        """
        opened = Photo.open(photo)
        if min(opened.size) < MIN_SIDE:
            size = f"{opened.width} × {opened.height}"
            raise PhotoError(f"{opened.name} has only {size} pixels; both sides need at least {MIN_SIDE}", code="too-small")
        views = self._views(detail, ensemble)
        if (encoded := self._encoded.get(opened, views)) is None:
            encoded = encode_photo(opened, self._network, self.spec, views)
            self._encoded.put(opened, encoded, views)
        record = replace(self._record, had_color=opened.has_color)
        return Canvas(opened, self._network, self.spec, encoded, self._reference, record)

    def suggest(
        self, photo: PhotoSource, x: float, y: float, *, hints: Iterable[Hint | Strokes] = (), count: int = DEFAULT_SUGGESTIONS
    ) -> list[Suggestion]:
        """The colors that a place of the photograph most probably has; see `Canvas.suggest`."""
        return self.canvas(photo).suggest(x, y, hints=hints, count=count)

    def families(self, photo: PhotoSource, x: float, y: float, *, hints: Iterable[Hint | Strokes] = ()) -> list[ColorFamily]:
        """Ready colors of skin, hair, cloth and other things, at the lightness of a place of the photograph; see `Canvas.families`."""
        return self.canvas(photo).families(x, y, hints=hints)

    def confidence(self, photo: PhotoSource, edit: Edit | None = None, **changes: Unpack[EditChanges]) -> npt.NDArray[np.float32]:
        """Probability of the chosen color at each place: (h, w) at the working size, 0..1; see `Canvas.confidence`."""
        edit = (edit or Edit()).changed(**changes)
        return self.canvas(photo, detail=edit.detail, ensemble=edit.ensemble).confidence(edit)

    def resolved(self, edit: Edit) -> Edit:
        """The edit with its reference picture extracted, so that it can be written as JSON and is the same in every process.

        Raises:
            PhotoError: the reference can't be read, or is gray.
            ConfigError: the model takes no reference pictures.
        """
        if edit.like is None or isinstance(edit.like, Reference):
            return edit
        if not self.has_code:
            raise ConfigError(
                f"The model {self.spec.name!r} has no reference pictures; the model 'tinct' has.",
                code="no-capability",
                what="reference pictures",
            )
        return edit.changed(like=self._reference(edit.like))

    def record(self, edit: Edit) -> Record:
        """The record of a coloring with this model and a `resolved` edit, as it stands in the file but for what the file itself adds."""
        detail = self.spec.preparation.side if edit.detail is None and isinstance(self._network, TinctNetwork) else edit.detail
        return replace(self._record, edit=edit.changed(detail=detail))

    def repeats(self, record: Record, edit: Edit) -> bool:
        """Whether a `resolved` edit with this model gives the colors of a record, from the same photograph and but for rounding."""
        mine = self.record(edit)
        plain, theirs = (one.edit.changed(hints=()).to_dict() for one in (mine, record))
        forms = [list(form) for form in fitting(edit.hints)] or [[]]
        hints = [hints_to_json(form) for form in forms]
        return record.weights == self.weights and plain == theirs and hints_to_json(record.edit.hints) in hints

    def _views(self, detail: int | None, ensemble: bool) -> tuple[View, ...]:
        multiple, own = self.spec.preparation.multiple, self.spec.preparation.side
        if (detail is not None or ensemble) and not isinstance(self._network, TinctNetwork):
            raise ConfigError(
                f"The model {self.spec.name!r} has one working size; only 'tinct' has detail and ensemble.",
                code="no-capability",
                what="detail",
            )
        if detail is not None and not (multiple <= detail <= MAX_DETAIL and detail % multiple == 0):
            raise ConfigError(
                f"detail must be a multiple of {multiple} from {multiple} to {MAX_DETAIL}, not {detail}.",
                code="edit-value",
                field="detail",
            )
        side = detail or own
        if not ensemble:
            return (View(side),)
        return tuple(
            View(s, mirrored) for s in (side, side - multiple, side + multiple) if s >= multiple for mirrored in (False, True)
        )

    def _reference(self, source: PhotoSource) -> Reference:
        """The latent code and the histogram of a color picture. Raises PhotoError if it is gray."""
        photo = Photo.open(source)
        if (found := self._references.get(photo)) is None:
            found = self._extract(photo)
            self._references.put(photo, found)
        return found

    def _extract(self, photo: Photo) -> Reference:
        assert isinstance(self._network, TinctNetwork)
        lab = rgb_to_lab(photo.small_rgb(*self.spec.preparation.size(*photo.size)))
        if chroma(lab[..., 1:]).mean() < MIN_REFERENCE_CHROMA:
            raise PhotoError(f"{photo.name} is gray, so it has no colors to take as a reference", code="gray-reference")
        encoded = self._network.encode(lab[..., 0])
        name = photo.path.name if photo.path else ""
        return Reference(name, self._network.code(encoded, lab[..., 1:]), histogram(lab[..., 1:]))
