"""Quantization: a model's graphs in 8-bit integers, calibrated on photographs with and without hints.

Static quantization with one scale for each channel of a weight and one for each activation (Jacob et al., "Quantization and Training of
Neural Networks for Efficient Integer-Arithmetic-Only Inference", 2018), in ONNX's QDQ format, by ONNX Runtime's quantizer. Batch
normalization is merged into the convolutions first. The ranges of activations come from running the float graphs on pictures of several
sizes, automatically, with true hints in numbers from 1 to 400, with hints of other colors, and with the codes of variants: calibrated
without hints, a model doesn't follow them any more.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnxruntime.quantization import CalibrationMethod, QuantType
from onnxruntime.quantization.calibrate import TensorsData
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
from onnxscript import optimizer

from ..color import AB_SCALE, rgb_to_lab
from ..coloring.variants import code_offset
from ..data import find_source
from ..errors import ConfigError, PhotoError, WeightsError
from ..photo import Photo
from ..runtime.sessions import TinctNetwork, load_network
from ..runtime.spec import METADATA_KEY, PAIR_KEY, ModelSpec, check_pair, find, part, quantized
from .onnx_graphs import simplified
from .shared_weights import share_weights

__all__ = ["QUANTIZED_TYPES", "Quantization", "quantize"]

Floats = npt.NDArray[np.float32]
Feeds = dict[str, Floats]
PARTS = ("", "decode")
"""Graphs that are quantized; that for reference pictures runs too rarely."""
QUANTIZED_TYPES = ("Conv", "Relu", "Clip")
"""Convolutions, which take nearly all the time, and what follows them directly. One scale for each of the other tensors costs accuracy and saves
no time: with `Gemm`, `Mul` and `Add`, the FiLM scales and shifts and what they are applied to are rounded, and the colors with 100 hints
differ five times as much (0.10 dB instead of 0.02); `Concat` would give hints and feature maps one scale, so hints would be rounded to a few values."""
HEAD = 1
"""Convolutions at the end of the decoder that stay in single precision: the logits."""
SENSITIVE = (
    *("stem.", "recognizer"),
    *("hint_encoder.0.", "hint_encoder.1.", "merge.0.", "decoder_blocks.1.", "up.", "head.0."),
)
"""Layers whose rounding changes colors most, found by quantizing all but one group of layers. The squared difference in a*, b* to the float
result, on 12 pictures: with the recognizer in 8 bits 0.29 instead of 0.02 (its depthwise convolutions; 2 ms less of 14), with
`decoder_blocks.1.` 0.42 instead of 0.16 (1 ms less). Both mostly shift the color of the whole picture."""
HINT_COUNTS = (0, 1, 0, 2, 5, 10, 30, 100, 400)
"""Numbers of hints of a calibration picture, taken in turn."""
MAX_HINT_SIDE = 9 / 256
"""Side of the largest hint, as a share of the picture's short side: as in training."""
OTHER_COLORS_EVERY = 4
"""Each such picture has hints of random colors instead of its own."""
VARIANT_EVERY = 3
"""Each such picture has the code of a variant instead of the automatic one."""


@dataclass(frozen=True)
class Quantization:
    """Settings of a quantization."""

    pictures: int = 120
    """Calibration pictures."""
    sides: tuple[float, ...] = (1.0, 0.6, 1.0, 1.6, 2.0)
    """Working sizes, relative to the model's own, taken in turn."""
    percentile: float = 100.0
    """Of the pictures' maxima (and minima), that the range of a tensor covers."""
    types: tuple[str, ...] = QUANTIZED_TYPES
    """Types of nodes that are quantized."""
    exclude: tuple[str, ...] = SENSITIVE
    """Parts of the network that stay in single precision, by the beginning of their weights' names."""
    reduce_range: bool = False
    """Weights in 7 bits: without VNNI instructions, processors saturate sums of two 8-bit products."""
    seed: int = 0
    """Decides hints and codes."""


def quantize(
    model: str | Path, data: Iterable[str], settings: Quantization | None = None, *, overwrite: bool = False
) -> list[Path]:
    """Write 8-bit graphs beside those of a model: ``NAME.int8.onnx`` and ``NAME.decode.int8.onnx``.

    Args:
        model: the name of a bundled model, or one of a model's files.
        data: sources of color photographs, as `tinct train` takes them. Gray ones in them are passed over.
        settings: of the quantization.
        overwrite: replace earlier ones.

    Returns:
        The new files. Like the float graphs, they refer to the ``.safetensors`` file, from whose weights theirs are computed when they are loaded.

    Raises:
        ConfigError: the files exist, or there are too few pictures.
        DataError: a source can't be read.
        WeightsError: the model gives no distribution over colors, or the files can't be written.
    """
    settings, graph = settings or Quantization(), find(model)
    spec, checksum = check_pair(graph)
    if not spec.has_bins:
        raise WeightsError(f"The model {spec.name!r} can't be quantized; only 'tinct' can.")
    graphs = {name: part(graph, name) if name else graph for name in PARTS}
    targets = {name: quantized(path) for name, path in graphs.items()}
    for path in targets.values():
        if path.exists() and not overwrite:
            raise ConfigError(f"{path} exists.", code="quantized-exists", path=path)
    _check_writable(graph.parent)  # before a minute of calibration rather than after it
    models = {name: _merged(path) for name, path in graphs.items()}
    network = load_network(graph, spec, "cpu", precision="float")
    assert isinstance(network, TinctNetwork)
    ranges = _ranges(models, _samples(network, spec, data, settings), settings)
    try:
        with tempfile.TemporaryDirectory(prefix=".tinct-", dir=graph.parent) as folder:
            for name, float_model in models.items():
                made = _quantized(float_model, ranges[name], settings, HEAD if name == "decode" else 0)
                share_weights(made, graphs[name], float_model)
                for key, value in {METADATA_KEY: spec.to_json(), PAIR_KEY: checksum}.items():
                    made.metadata_props.add(key=key, value=value)
                onnx.save(made, Path(folder) / targets[name].name)
            for path in targets.values():
                (Path(folder) / path.name).replace(path)
    except OSError as error:
        raise _unwritable(graph.parent, error) from error
    return list(targets.values())


def _check_writable(folder: Path) -> None:
    """Raises WeightsError."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> WeightsError:
    return WeightsError(f"{folder} can't be written to: {error.strerror or error}.", code="model-folder", path=folder)


def _merged(graph: Path) -> onnx.ModelProto:
    """A graph with its weights inside, and batch normalization merged into convolutions."""
    model = simplified(onnx.load(graph))
    model = optimizer.optimize(model)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    with tempfile.TemporaryDirectory() as folder:
        options.optimized_model_filepath = str(Path(folder) / "merged.onnx")
        onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        merged = onnx.load(options.optimized_model_filepath)
    del merged.metadata_props[:]
    return onnx.shape_inference.infer_shapes(merged)


def _samples(network: TinctNetwork, spec: ModelSpec, data: Iterable[str], settings: Quantization) -> Iterator[dict[str, Feeds]]:
    """Inputs of both graphs for each calibration picture. Raises ConfigError if there are too few."""
    generator = np.random.default_rng(settings.seed)
    number = -1
    for number, photo in enumerate(_photos(data, settings.pictures)):
        side = max(1, round(settings.sides[number % len(settings.sides)] * spec.preparation.side / spec.preparation.multiple))
        size = replace(spec.preparation, side=side * spec.preparation.multiple).size(*photo.size)
        lab = rgb_to_lab(photo.small_rgb(*size))
        encoded = network.encode(np.ascontiguousarray(lab[..., 0]))
        planes = _hints(lab[..., 1:], HINT_COUNTS[number % len(HINT_COUNTS)], generator, number % OTHER_COLORS_EVERY == 0)
        code = encoded.prior_mean
        if number % VARIANT_EVERY == 0:
            code = code + code_offset(spec.codes, network.latent, number, 1) * encoded.prior_scale
        gray = spec.preparation.prepare(lab[None, ..., 0])
        hints = np.zeros((1, 3, *gray.shape[2:]), np.float32)
        hints[0, :, : planes.shape[1], : planes.shape[2]] = planes
        yield {
            "": {"gray": gray, "recognizer_gray": spec.preparation.for_recognizer(gray)},
            "decode": encoded.features | {"hints": hints, "code": np.asarray(code, np.float32)},
        }
    if number + 1 < settings.pictures:
        raise ConfigError(
            f"Calibration needs {settings.pictures} color photographs; there are {number + 1}.", code="no-color-pictures"
        )


def _photos(data: Iterable[str], count: int) -> Iterator[Photo]:
    """The first color photographs of all sources, in turn, that can be read."""
    reading = [find_source(text).read() for text in data]
    while reading and count:
        for source in list(reading):
            content = next(source, None)
            if content is None:
                reading.remove(source)
                continue
            try:
                photo = Photo.open(content[1])
                if not photo.has_color:
                    continue
            except PhotoError:
                continue
            yield photo
            count -= 1
            if not count:
                return


def _hints(ab: Floats, count: int, generator: np.random.Generator, other_colors: bool) -> Floats:
    """(3, h, w) planes of `count` hints: squares normally distributed around the middle, of the colors there or of random ones."""
    height, width = ab.shape[:2]
    planes = np.zeros((3, height, width), np.float32)
    largest = max(1, round(MAX_HINT_SIDE * min(height, width)))
    for _ in range(count):
        side = int(generator.integers(1, largest + 1))
        top, left = (int(np.clip(generator.normal(n / 2, n / 4) - side / 2, 0, n - side)) for n in (height, width))
        square = np.s_[top : top + side, left : left + side]
        color = ab[square].mean(axis=(0, 1)) / AB_SCALE
        if other_colors:
            hue, chroma = generator.uniform(0, 2 * np.pi), generator.uniform(0.1, 0.6)
            color = chroma * np.array([np.cos(hue), np.sin(hue)])
        planes[:2, square[0], square[1]] = color[:, None, None]
        planes[2, square[0], square[1]] = 1
    return planes


def _ranges(
    models: dict[str, onnx.ModelProto], samples: Iterable[dict[str, Feeds]], settings: Quantization
) -> dict[str, dict[str, tuple[Any, Any]]]:
    """Of each graph, name of a tensor -> its lowest and highest value."""
    sessions = {name: _measuring(model, settings.types) for name, model in models.items()}
    found: dict[str, list[list[Any]]] = {name: [] for name in models}
    for feeds in samples:
        for name, (session, names) in sessions.items():
            taken = {entry.name for entry in session.get_inputs()}
            given = {key: value for key, value in feeds[name].items() if key in taken}
            found[name].append(session.run(names, given))
    ranges: dict[str, dict[str, tuple[Any, Any]]] = {}
    for name, (_, names) in sessions.items():
        values = np.array(found[name], np.float32)  # (pictures, 2 · tensors)
        low = np.percentile(values[:, 0::2], 100 - settings.percentile, axis=0)
        high = np.percentile(values[:, 1::2], settings.percentile, axis=0)
        tensors = [key.removesuffix(_LOWEST) for key in names[0::2]]
        ranges[name] = {
            key: (np.array(least, np.float32), np.array(most, np.float32))
            for key, least, most in zip(tensors, low, high, strict=True)
        }
    return ranges


def _is_of(name: str, parts: tuple[str, ...]) -> bool:
    """Whether a weight, or what it became when batch normalization was merged, is of one of these parts of the network."""
    _, of_network, key = name.rpartition("network.")
    return bool(of_network) and key.startswith(parts)


_LOWEST, _HIGHEST = ".lowest", ".highest"


def _measuring(model: onnx.ModelProto, types: tuple[str, ...]) -> tuple[onnxruntime.InferenceSession, list[str]]:
    """A session of the graph that also gives the extremes of all tensors around its quantized nodes, and their names."""
    measuring = onnx.ModelProto()
    measuring.CopyFrom(model)
    known = (*model.graph.value_info, *model.graph.input, *model.graph.output)
    floats = {value.name for value in known if value.type.tensor_type.elem_type == TensorProto.FLOAT}
    around = [name for node in model.graph.node if node.op_type in types for name in (*node.input, *node.output)]
    names = []
    for tensor in dict.fromkeys(name for name in around if name in floats):
        for suffix, kind in ((_LOWEST, "ReduceMin"), (_HIGHEST, "ReduceMax")):
            measuring.graph.node.append(helper.make_node(kind, [tensor], [tensor + suffix], keepdims=0))
            measuring.graph.output.append(helper.make_tensor_value_info(tensor + suffix, TensorProto.FLOAT, []))
            names.append(tensor + suffix)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(measuring.SerializeToString(), options, providers=["CPUExecutionProvider"]), names


def _quantized(model: onnx.ModelProto, ranges: dict[str, tuple[Any, Any]], settings: Quantization, head: int) -> onnx.ModelProto:
    """The graph in QDQ format."""
    convolutions = [node.name for node in model.graph.node if node.op_type == "Conv"]
    excluded = convolutions[len(convolutions) - head :]
    excluded += [node.name for node in model.graph.node if any(_is_of(name, settings.exclude) for name in node.input)]
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    made = QDQQuantizer(
        copy,
        True,  # one scale a channel
        settings.reduce_range,
        QuantType.QInt8,
        QuantType.QUInt8,
        TensorsData(CalibrationMethod.MinMax, dict(ranges)),
        [],
        excluded,
        list(settings.types),
        {},
    )
    made.quantize_model()
    result: onnx.ModelProto = made.model.model
    del result.graph.value_info[:]
    return result
