"""The networks in use: ONNX Runtime sessions behind two small interfaces, arrays in and arrays out. No torch."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..color import AB_SCALE
from ..errors import WeightsError
from .spec import ModelSpec, part

if TYPE_CHECKING:
    import onnxruntime

__all__ = ["ClassicNetwork", "Seen", "TinctNetwork", "load_network"]

Floats = npt.NDArray[np.float32]


def load_network(graph: Path, spec: ModelSpec, threads: int) -> ClassicNetwork | TinctNetwork:
    """The network of checked files. Raises WeightsError."""
    return TinctNetwork(graph, spec, threads) if spec.parts else ClassicNetwork(graph, spec, threads)


def _session(graph: Path, threads: int) -> onnxruntime.InferenceSession:
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # else it keeps a device id in the home folder, and reports to its maker
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # its errors arrive as exceptions
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # its idle threads would slow libvips down
    try:
        return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own exceptions have no common base
        raise WeightsError(f"{graph} can't be loaded ({str(error).splitlines()[0][:200]}). Export the model again.") from error


class ClassicNetwork:
    """Lightness in, one picture out: the autoencoder and the variational autoencoder."""

    def __init__(self, graph: Path, spec: ModelSpec, threads: int) -> None:
        self.preparation = spec.preparation
        self._run = _session(graph, threads)
        self._noise = [(i.name, i.shape[1]) for i in self._run.get_inputs() if i.name != "gray"]

    def ab(self, lightness: Floats) -> Floats:
        """(h, w) L* 0..100 -> (h, w, 2) a*, b*, within ±110."""
        ab: Floats = np.clip(self.preparation.restore(self.rgb(lightness), *lightness.shape)[0], -AB_SCALE, AB_SCALE)
        return ab

    def rgb(self, lightness: Floats) -> Floats:
        """(h, w) L* 0..100 -> (1, 3, H, W) RGB 0..1 of the padded picture, from the mean code where there is one."""
        feeds = {"gray": self.preparation.prepare(lightness[None])}
        feeds |= {name: np.zeros((1, count), np.float32) for name, count in self._noise}  # the mean code
        (rgb,) = self._run.run(["rgb"], feeds)
        return np.asarray(rgb, np.float32)


@dataclass(frozen=True)
class Seen:
    """What the encoder saw in one picture: made once, used for every edit and variant."""

    lightness: Floats
    """(h, w) L* 0..100 at the working size."""
    features: dict[str, Any]
    """Inputs of the decoder."""
    prior_mean: Floats
    """(1, latent)"""
    prior_scale: Floats
    """(1, latent) standard deviation."""
    cell: int
    """Pixels of the working size along one cell of the decoder's output."""


class TinctNetwork:
    """The flagship, run in steps: `encode` once a picture, `decode` for every edit, `code` for a reference picture."""

    def __init__(self, graph: Path, spec: ModelSpec, threads: int) -> None:
        self.preparation, self._threads = spec.preparation, threads
        self._encode = _session(graph, threads)
        self._decode = _session(part(graph, "decode"), threads)
        self._like: onnxruntime.InferenceSession | None = None  # few ever need it
        self._like_graph, self._lock = part(graph, "like"), Lock()
        self._recognizes = len(self._encode.get_inputs()) > 1
        self._maps = [output.name for output in self._encode.get_outputs()]
        self.latent = int(spec.config["latent"])

    def encode(self, lightness: Floats) -> Seen:
        """Look at (h, w) L* 0..100."""
        gray = self.preparation.prepare(lightness[None])
        feeds = {"gray": gray} | ({"familiar": self.preparation.familiar(gray)} if self._recognizes else {})
        features = dict(zip(self._maps, self._encode.run(None, feeds), strict=True))
        cell = gray.shape[2] // features["map0"].shape[2]
        return Seen(lightness, features, features.pop("prior_mean"), features.pop("prior_scale"), cell)

    def decode(self, seen: Seen, planes: Floats, code: Floats) -> Floats:
        """Logits of the ab bins.

        Args:
            seen: as `encode` gives it.
            planes: (3, h, w) hints, as `hints.draw` gives them.
            code: (1, latent).

        Returns:
            (bins, H/cell, W/cell) of the padded picture.
        """
        height, width = (n * seen.cell for n in seen.features["map0"].shape[2:])
        hints = np.zeros((1, 3, height, width), np.float32)
        hints[0, :, : planes.shape[1], : planes.shape[2]] = planes
        (logits,) = self._decode.run(["logits"], seen.features | {"hints": hints, "code": code})
        return np.asarray(logits[0], np.float32)

    def code(self, seen: Seen, ab: Floats) -> Floats:
        """(1, latent) the mean code of a picture whose colors are known: (h, w, 2) a*, b* at the size of `seen`."""
        with self._lock:
            if self._like is None:
                self._like = _session(self._like_graph, self._threads)
        rows, columns = seen.features["map0"].shape[2:]
        height, width = ab.shape[:2]
        cell = seen.cell
        padded = np.pad(ab, ((0, rows * cell - height), (0, columns * cell - width), (0, 0)), mode="symmetric")
        cells = padded.reshape(rows, cell, columns, cell, 2).mean(axis=(1, 3)).transpose(2, 0, 1)[None] / np.float32(AB_SCALE)
        feeds = {"ab": cells, "map0": seen.features["map0"], "map3": seen.features["map3"]}
        (code,) = self._like.run(["code"], feeds)
        return np.asarray(code, np.float32)
