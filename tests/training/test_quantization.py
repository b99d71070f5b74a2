"""8-bit graphs of a toy flagship that has learned its pictures."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import pyvips
from onnx import numpy_helper

from conftest import Shared, draw
from tinct import Colorizer, Edit, Hint, again
from tinct.coloring import read_record
from tinct.errors import ConfigError, WeightsError
from tinct.runtime import sessions
from tinct.runtime.spec import PAIR_KEY, bundled, check_pair, quantized
from tinct.training import quantization
from tinct.training.exporting import export
from tinct.training.quantization import Quantization, _merged, quantize
from tinct.training.shared_weights import QUANTIZED

SETTINGS = Quantization(pictures=24)


@pytest.fixture(scope="module")
def model(flagship_run: Path, folder: Path, shared_folder: Shared) -> Path:
    def make(root: Path) -> None:
        quantize(export(flagship_run, root / "mine"), [str(folder)], SETTINGS)

    return shared_folder("quantized", make) / "mine.onnx"


@pytest.fixture
def copied(model: Path, tmp_path: Path) -> Path:
    for path in model.parent.iterdir():
        shutil.copy(path, tmp_path / path.name)
    return tmp_path / model.name


def test_two_graphs_are_written_beside_the_model(model: Path) -> None:
    names = ["mine.decode.int8.onnx", "mine.decode.onnx", "mine.int8.onnx", "mine.like.onnx", "mine.onnx", "mine.safetensors"]
    assert sorted(path.name for path in model.parent.iterdir()) == names
    for path in (model, model.with_name("mine.decode.onnx")):
        float_graph, small = onnx.load(path, load_external_data=False), onnx.load(quantized(path))
        pair = [{p.key: p.value for p in graph.metadata_props}[PAIR_KEY] for graph in (float_graph, small)]
        assert pair[0] == pair[1]
        assert [v.name for v in small.graph.input] == [v.name for v in float_graph.graph.input]
        assert [v.name for v in small.graph.output] == [v.name for v in float_graph.graph.output]
        assert str(Path.home()).encode() not in quantized(path).read_bytes()


def test_weights_are_8_bit_per_channel_and_the_head_is_not(model: Path) -> None:
    graph = onnx.load(model.with_name("mine.decode.int8.onnx")).graph
    made = {name: node for node in graph.node for name in node.output}
    held = {tensor.name: tensor for tensor in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    behind = {node.output[0]: made[node.input[1]].op_type for node in convolutions if node.input[1] in made}
    assert behind.get(convolutions[-1].output[0]) != "DequantizeLinear", "the logits' weights are in floating point"
    small = [made[node.input[1]] for node in convolutions if behind.get(node.output[0]) == "DequantizeLinear"]
    assert len(small) > 5
    for node in small:
        weight = made[node.input[0]]
        assert (node.op_type, weight.op_type) == ("DequantizeLinear", "QuantizeLinear")
        assert node.input[1:] == weight.input[1:]
        assert held[node.input[2]].data_type == onnx.TensorProto.INT8
        assert len(held[node.input[1]].dims) == 1, "a scale for each channel"
    assert not any(node.op_type == "BatchNormalization" for node in graph.node)


def test_what_modulates_feature_maps_stays_in_floating_point(model: Path) -> None:
    """With one scale for all channels of FiLM's scales and shifts, hints lost accuracy."""
    graph = onnx.load(model.with_name("mine.decode.int8.onnx")).graph
    made = {name: node.op_type for node in graph.node for name in node.output}
    assert not any(made.get(node.input[0]) == "DequantizeLinear" for node in graph.node if node.op_type == "Gemm")
    behind = [made.get(name) for node in graph.node if node.op_type in ("Mul", "Concat") for name in node.input]
    assert behind
    assert "Gemm" not in [made.get(node.input[0]) for node in graph.node if node.op_type == "QuantizeLinear"]


def test_the_graphs_take_their_weights_from_the_models_file(model: Path) -> None:
    file = {"mine.safetensors"}
    for path in (model, model.with_name("mine.decode.onnx")):
        held = onnx.load(quantized(path), load_external_data=False).graph.initializer
        outside = [tensor for tensor in held if tensor.data_location == onnx.TensorProto.EXTERNAL]
        assert {entry.value for tensor in outside for entry in tensor.external_data if entry.key == "location"} == file
        assert all(tensor.data_type == onnx.TensorProto.FLOAT16 for tensor in outside)
        inside = sum(int(np.prod(tensor.dims)) for tensor in held if tensor.data_location != onnx.TensorProto.EXTERNAL)
        assert inside < 0.1 * sum(int(np.prod(tensor.dims)) for tensor in outside)


def test_shared_weights_are_those_that_were_quantized(model: Path) -> None:
    """ONNX Runtime computes them when it loads the graph; nothing of that is left to run."""
    for path in (model, model.with_name("mine.decode.onnx")):
        options = onnxruntime.SessionOptions()
        options.optimized_model_filepath = str(path.parent / "loaded.onnx")
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        onnxruntime.InferenceSession(str(quantized(path)), options, providers=["CPUExecutionProvider"])
        loaded = onnx.load(options.optimized_model_filepath)
        Path(options.optimized_model_filepath).unlink()
        weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in loaded.graph.initializer}
        small = [name for name, weight in weights.items() if weight.dtype == np.int8 and weight.ndim == 4]
        assert len(small) > 5
        merged = {tensor.name: numpy_helper.to_array(tensor) for tensor in _merged(path).graph.initializer}
        for name in small:
            whole = merged[name.removesuffix(QUANTIZED)]
            scale = np.abs(whole).max(axis=(1, 2, 3), keepdims=True) / 127
            assert np.abs(whole - weights[name] * scale).max() <= 0.51 * scale.max()
        assert not any(node.op_type == "QuantizeLinear" and node.input[0] in weights for node in loaded.graph.node)


@pytest.mark.parametrize("hints", [(), (Hint(30, 60, "#c03030"),)], ids=["automatic", "hinted"])
def test_colors_are_nearly_those_in_single_precision(model: Path, hints: tuple[Hint, ...]) -> None:
    exact, small = (Colorizer(model, precision=precision, threads=1) for precision in ("float", "int8"))
    gray = draw(2)[..., 1]
    wanted, found = (colorizer.canvas(gray).colors(Edit(hints=hints)) for colorizer in (exact, small))
    apart = np.hypot(*np.moveaxis(wanted - found, -1, 0)).mean()
    assert 0 < apart < 0.25 * np.hypot(*np.moveaxis(wanted, -1, 0)).mean()


def test_sizes_that_no_calibration_picture_had(model: Path) -> None:
    small = Colorizer(model, precision="int8", threads=1)
    for shape in ((8, 90), (300, 20), (33, 65)):
        assert small.canvas(np.full(shape, 90, np.uint8)).colors().shape[2] == 2


def test_8_bit_graphs_are_used_where_the_model_has_them(copied: Path) -> None:
    assert Colorizer(copied).precision == "int8"
    assert Colorizer(copied, precision="float").precision == "float"
    quantized(copied).unlink()
    assert Colorizer(copied).precision == "float"
    with pytest.raises(WeightsError, match=r"mine\.int8\.onnx: no such file") as caught:
        Colorizer(copied, precision="int8")
    assert caught.value.code == "not-quantized"
    with pytest.raises(WeightsError, match="'autoencoder' has no 8-bit graphs, and can't be quantized") as caught:
        Colorizer("autoencoder", precision="int8")
    assert caught.value.code == "no-int8"
    with pytest.raises(ConfigError, match="no precision 'half'"):
        Colorizer(copied, precision="half")


def test_with_an_accelerator_auto_takes_floats(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "TinctNetwork", lambda *given: given[-1])
    spec, _ = check_pair(copied)
    for available, auto in ((["CPUExecutionProvider"], "int8"), (["CUDAExecutionProvider", "CPUExecutionProvider"], "float")):
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda available=available: available)
        found = [sessions.load_network(copied, spec, *given) for given in (("auto",), ("cpu",), ("auto", 0, "int8"))]
        assert found == [auto, "int8", "int8"]


def test_another_export_takes_the_8_bit_graphs_of_the_former_weights_away(copied: Path, flagship_run: Path) -> None:
    for path in copied.parent.glob("mine.*"):
        if ".int8." not in path.name:
            path.unlink()
    with pytest.raises(ConfigError, match=r"mine\.int8\.onnx exists"):
        export(flagship_run, copied)
    export(flagship_run, copied, note="other", overwrite=True)
    assert not list(copied.parent.glob("*.int8.onnx"))
    assert Colorizer(copied).precision == "float"


def test_8_bit_graphs_of_other_weights_are_refused(copied: Path) -> None:
    other = onnx.load(quantized(copied))
    next(p for p in other.metadata_props if p.key == PAIR_KEY).value = "0" * 64
    onnx.save(other, quantized(copied))
    with pytest.raises(WeightsError, match=r"mine\.int8\.onnx is damaged or of another model"):
        Colorizer(copied)


def test_a_coloring_in_8_bits_is_repeated_in_8_bits(copied: Path, original: Path) -> None:
    colored = Colorizer(copied, precision="int8", threads=1).colorize(original).save(original.with_name("small.jpg"))
    assert read_record(colored).precision == "int8"
    assert again(colored, original, model=copied).read_bytes() == colored.read_bytes()
    exact = Colorizer(copied, precision="float", threads=1).colorize(original).save(original.with_name("exact.jpg"))
    assert read_record(exact).precision == "float"
    assert again(exact, original, model=copied).read_bytes() == exact.read_bytes()
    other = again(exact, original, original.with_name("other.jpg"), model=copied, precision="int8")
    assert read_record(other).precision == "int8", "what it was repeated in, so that it can be repeated itself"
    assert again(other, original, model=copied).read_bytes() == other.read_bytes()


def test_what_can_t_be_quantized(copied: Path, folder: Path, refused: Callable[..., None]) -> None:
    refused(ConfigError, r"mine\.int8\.onnx exists", copied, [str(folder)], SETTINGS)
    refused(
        ConfigError, "needs 100 color photographs; there are 40", copied, [str(folder)], Quantization(pictures=100), overwrite=True
    )
    refused(WeightsError, "'autoencoder' can't be quantized", bundled()["autoencoder"], [str(folder)])


def test_gray_pictures_are_no_calibration(copied: Path, tmp_path: Path, refused: Callable[..., None]) -> None:
    (tmp_path / "gray").mkdir()
    for number in range(3):
        pyvips.Image.new_from_array(draw(number)[..., 1]).write_to_file(str(tmp_path / "gray" / f"{number}.png"))
    text = "needs 2 color photographs; there are 0"
    refused(ConfigError, text, copied, [str(tmp_path / "gray")], Quantization(pictures=2), overwrite=True)


def test_a_folder_that_can_t_be_written_to_is_told_before_calibration(
    copied: Path, folder: Path, refused: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(**_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(quantization.tempfile, "TemporaryFile", denied)
    monkeypatch.setattr(quantization, "_ranges", lambda *_: pytest.fail("calibrated"))
    refused(WeightsError, "can't be written to: Permission denied", copied, [str(folder)], SETTINGS, overwrite=True)


@pytest.fixture
def refused() -> Callable[..., None]:
    def check(kind: type[Exception], text: str, *arguments: object, **options: object) -> None:
        with pytest.raises(kind, match=text):
            quantize(*arguments, **options)  # type: ignore[arg-type]

    return check


def test_the_same_calibration_gives_the_same_graphs(copied: Path, folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in copied.parent.glob("*.int8.onnx")}
    quantize(copied, [str(folder)], SETTINGS, overwrite=True)
    assert {path.name: path.read_bytes() for path in copied.parent.glob("*.int8.onnx")} == before
