"""Color a photograph: one ONNX Runtime session, and the few steps around it. No torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .color import AB_SCALE
from .errors import ConfigError, PhotoError, WeightsError
from .photo import Photo
from .weights import DEFAULT_MODEL, check_pair, find

if TYPE_CHECKING:
    from .photo import PhotoSource

__all__ = ["MIN_SIDE", "Colorizer"]

MIN_SIDE = 8
"""Pixels: what has a shorter side is no photograph."""


class Colorizer:
    """A model, ready to color any number of photographs, from any number of threads at once.

    Args:
        model: the name of a bundled model (`tinct models` lists them), or a path to either file of an exported one.
        threads: processor threads for one picture; 0 takes all cores.

    Raises:
        WeightsError: no such model, or its files are damaged or don't belong together.
    """

    def __init__(self, model: str | Path = DEFAULT_MODEL, *, threads: int = 0) -> None:
        import onnxruntime

        graph = find(model)
        self.spec = check_pair(graph)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4  # its errors arrive as exceptions
        try:
            self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own exceptions have no common base
            raise WeightsError(f"{graph} can't be loaded ({str(error).splitlines()[0][:200]}). Export the model again.") from error
        self._noise = [(i.name, i.shape[1]) for i in self._session.get_inputs() if i.name != "gray"]

    def predict_ab(self, lightness: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Colors for a small picture at the model's working size.

        Args:
            lightness: (h, w) L*, 0..100.

        Returns:
            (h, w, 2) a*, b*, within ±110.
        """
        height, width = lightness.shape
        feeds = {"gray": self.spec.preparation.prepare(lightness[None])}
        feeds |= {name: np.zeros((1, count), np.float32) for name, count in self._noise}  # the mean code
        (rgb,) = self._session.run(["rgb"], feeds)
        ab: npt.NDArray[np.float32] = np.clip(self.spec.preparation.restore(rgb, height, width)[0], -AB_SCALE, AB_SCALE)
        return ab

    def colorize(self, source: PhotoSource, *, strength: float = 1.0) -> Photo:
        """The same photograph in color: same size, its own full-size lightness, colors from the model.

        Args:
            source: a path, the bytes of a picture file, a PIL image, an (H, W) or (H, W, 3) uint8 array, or a `Photo`.
            strength: 0 leaves the picture gray, 1 takes the model's colors as they are.

        Returns:
            A `Photo`; its full-size pixels are computed when it is saved or turned into an array.

        Raises:
            PhotoError: the picture is missing, broken, not one, or smaller than `MIN_SIDE`.
            ConfigError: a strength outside 0..1.
        """
        if not 0 <= strength <= 1:
            raise ConfigError(f"strength must lie between 0 and 1, not {strength}.")
        photo = Photo.open(source)
        if min(photo.size) < MIN_SIDE:
            raise PhotoError(f"{photo.name} is only {photo.width} × {photo.height} pixels; a side needs at least {MIN_SIDE}")
        width, height = self.spec.preparation.size(photo.width, photo.height)
        ab = self.predict_ab(photo.small_lightness(width, height))
        return photo.recolored(ab * np.float32(strength))
