"""The networks in use: ONNX Runtime sessions behind two small interfaces, arrays in and arrays out. No torch."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..color import AB_SCALE
from ..errors import ConfigError, TinctError, WeightsError
from ..resampling import area_resize
from .devices import check_started, device_name, providers
from .spec import ModelSpec, check_quantized, part, quantized

if TYPE_CHECKING:
    import onnxruntime

__all__ = ["PRECISIONS", "ClassicNetwork", "Encoded", "TinctNetwork", "load_network", "load_runtime"]

Floats = npt.NDArray[np.float32]


PRECISIONS = ("auto", "float", "int8")


def load_network(
    graph: Path, spec: ModelSpec, device: str = "auto", threads: int = 0, precision: str = "auto"
) -> ClassicNetwork | TinctNetwork:
    """Load the network of files that `check_pair` has checked.

    Args:
        graph: the model's first graph.
        spec: its description.
        device: one of `devices.DEVICES`.
        threads: processor threads; 0 takes all cores.
        precision: ``"float"`` or ``"int8"``; ``"auto"`` takes 8-bit integers on the CPU where the model has such graphs.

    Raises:
        WeightsError: a graph can't be loaded, or the model has no 8-bit graphs.
        DeviceError: the device isn't available.
        ConfigError: there is no such precision.
    """
    if precision not in PRECISIONS:
        raise ConfigError(f"There is no precision {precision!r}. Known: {', '.join(PRECISIONS)}.", code="no-precision")
    if not spec.parts:
        if precision == "int8":
            raise WeightsError(f"The model {spec.name!r} has no 8-bit graphs, and can't be quantized.", code="no-int8")
        return ClassicNetwork(graph, spec, device, threads)
    graphs = [graph, part(graph, "decode")]
    small = [quantized(path) for path in graphs]
    if precision == "auto":
        precision = "int8" if all(path.is_file() for path in small) and _preferred(device) == "cpu" else "float"
    if precision == "int8":
        check_quantized(graph, small)
    return TinctNetwork(graph, spec, device, threads, precision)


def _preferred(device: str) -> str:
    """The device that a session begins with. Raises ConfigError, DeviceError."""
    load_runtime()
    import onnxruntime

    return device_name(providers(device, onnxruntime.get_available_providers())[0][0])


def _device_of(session: onnxruntime.InferenceSession) -> str:
    return device_name(session.get_providers()[0])


def load_runtime() -> None:
    """Load ONNX Runtime's library, so that the first session needn't."""
    # Otherwise it writes a device id into the home folder, and reports to its maker.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime  # noqa: F401


def _session(graph: Path, device: str, threads: int) -> onnxruntime.InferenceSession:
    load_runtime()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # its errors arrive as exceptions
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads that spin would slow libvips down
    chosen = providers(device, onnxruntime.get_available_providers())
    if chosen[0][0] == "DmlExecutionProvider":  # it supports neither
        options.enable_mem_pattern = False
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    try:
        session = onnxruntime.InferenceSession(str(graph), options, providers=chosen)
        check_started(device, session.get_providers())
        return session
    except TinctError:
        raise
    except Exception as error:  # onnxruntime's own exceptions have no common base
        reason = (str(error) or type(error).__name__).splitlines()[0][:200]
        raise WeightsError(f"{graph} can't be loaded ({reason}).", code="model-damaged") from error


def _run(session: onnxruntime.InferenceSession, outputs: list[str] | None, feeds: dict[str, Any]) -> list[Any]:
    return list(session.run(outputs, feeds))


class ClassicNetwork:
    """Lightness in, one picture out: the classic autoencoder and variational autoencoder."""

    def __init__(self, graph: Path, spec: ModelSpec, device: str, threads: int) -> None:
        self.preparation, self.precision = spec.preparation, "float"
        self._run = _session(graph, device, threads)
        self.device = _device_of(self._run)
        """The device on which it runs, one of `devices.DEVICES` except ``auto``."""
        self._noise = [(i.name, i.shape[1]) for i in self._run.get_inputs() if i.name != "gray"]

    def ab(self, lightness: Floats) -> Floats:
        """(h, w) L* 0..100 -> (h, w, 2) a*, b*, within ±110."""
        ab: Floats = np.clip(self.preparation.restore(self.rgb(lightness), *lightness.shape)[0], -AB_SCALE, AB_SCALE)
        return ab

    def rgb(self, lightness: Floats) -> Floats:
        """(h, w) L* 0..100 -> (1, 3, H, W) RGB 0..1 of the padded picture; a variational autoencoder decodes its mean code."""
        feeds = {"gray": self.preparation.prepare(lightness[None])}
        feeds |= {name: np.zeros((1, count), np.float32) for name, count in self._noise}  # zero noise: the mean code
        (rgb,) = self._run.run(["rgb"], feeds)
        return np.asarray(rgb, np.float32)


@dataclass(frozen=True)
class Encoded:
    """The encoder's output for one picture: computed once, used for every edit and variant."""

    lightness: Floats
    """(h, w) L* 0..100 at the working size."""
    features: dict[str, Any]
    """Feature maps, by the names of the decoder's inputs."""
    prior_mean: Floats
    """(1, latent) mean of the prior over latent codes."""
    prior_scale: Floats
    """(1, latent) standard deviation of the prior."""
    cell: int
    """Side of one cell of the decoder's output, in pixels of the working size."""


class TinctNetwork:
    """The flagship, run in steps: `encode` once for a picture, `decode` for every edit, `code` for a reference picture."""

    def __init__(self, graph: Path, spec: ModelSpec, device: str, threads: int, precision: str = "float") -> None:
        self.preparation, self._where, self.precision = spec.preparation, (device, threads), precision
        encode, decode = (quantized(path) if precision == "int8" else path for path in (graph, part(graph, "decode")))
        with ThreadPoolExecutor(1) as pool:  # both are read and optimized for 50 to 100 ms, without Python's lock
            decoder = pool.submit(_session, decode, device, threads)
            self._encode = _session(encode, device, threads)
            self._decode = decoder.result()
        self.device = _device_of(self._encode)
        """The device on which it runs, one of `devices.DEVICES` except ``auto``."""
        self._like: onnxruntime.InferenceSession | None = None  # loaded at its first, rare use
        self._like_graph, self._lock = part(graph, "like"), Lock()
        self._recognizes = len(self._encode.get_inputs()) > 1
        self._maps = [output.name for output in self._encode.get_outputs()]
        self.latent = int(spec.config["latent"])

    def encode(self, lightness: Floats) -> Encoded:
        """Encode (h, w) L* 0..100."""
        gray = self.preparation.prepare(lightness[None])
        feeds = {"gray": gray} | ({"recognizer_gray": self.preparation.for_recognizer(gray)} if self._recognizes else {})
        features = dict(zip(self._maps, _run(self._encode, None, feeds), strict=True))
        cell = gray.shape[2] // features["feature0"].shape[2]
        return Encoded(lightness, features, features.pop("prior_mean"), features.pop("prior_scale"), cell)

    def decode(self, encoded: Encoded, planes: Floats, code: Floats) -> Floats:
        """Logits of the ab bins.

        Args:
            encoded: as `encode` gives it.
            planes: (3, h, w) hints, as `hints.draw` gives them.
            code: (1, latent).

        Returns:
            (bins, H/cell, W/cell) of the padded picture.
        """
        height, width = (n * encoded.cell for n in encoded.features["feature0"].shape[2:])
        hints = np.zeros((1, 3, height, width), np.float32)
        hints[0, :, : planes.shape[1], : planes.shape[2]] = planes
        (logits,) = _run(self._decode, ["logits"], encoded.features | {"hints": hints, "code": code})
        return np.asarray(logits[0], np.float32)

    def code(self, encoded: Encoded, ab: Floats) -> Floats:
        """(1, latent) posterior mean of a picture whose colors are known: (h, w, 2) a*, b* at the size of `encoded`."""
        with self._lock:
            if self._like is None:
                self._like = _session(self._like_graph, *self._where)
        rows, columns = encoded.features["feature0"].shape[2:]
        height, width = ab.shape[:2]
        cell = encoded.cell
        padded = np.pad(ab, ((0, rows * cell - height), (0, columns * cell - width), (0, 0)), mode="symmetric")
        cells = area_resize(padded, rows, columns).transpose(2, 0, 1)[None] / np.float32(AB_SCALE)
        feeds = {"ab": cells, "feature0": encoded.features["feature0"], "feature3": encoded.features["feature3"]}
        (code,) = _run(self._like, ["code"], feeds)
        return np.asarray(code, np.float32)
