"""From a network in torch to ONNX graphs whose weights lie in a safetensors file."""

from __future__ import annotations

import io
import json
import logging
import struct
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn

from ..errors import WeightsError
from ..models import Network, Tinct
from ..models.tinct import CELL, Features, Gaussian
from ..runtime.prepare import Preparation

__all__ = ["graph_parts", "graphs", "point_to", "simplified"]

MAX_INLINE_VALUES = 1000
"""Most values of constants that a graph may hold itself; more means that weights are missing from the safetensors file."""


@dataclass(frozen=True)
class _Step:
    """One graph to export."""

    module: nn.Module
    inputs: dict[str, Tensor]
    """Name -> example, in the order of the module's arguments."""
    outputs: list[str]
    """Names, in the order of the module's results."""
    shapes: tuple[Any, ...]
    """Of each input, dimension -> name of the size that may vary."""


def graph_parts(network: type[Network]) -> tuple[str, ...]:
    """Names of the further graphs of a model: one that runs in steps has more than the first."""
    return ("decode", "like") if network.has_bins else ()


def graphs(network: Network, preparation: Preparation) -> dict[str, onnx.ModelProto]:
    """The network's graphs in single precision, by name of the part; the first is ``""``.

    They take any batch size and, where the network allows it, any height and width.
    """
    plain = network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    steps = _bins_steps(cast("Tinct", plain), preparation) if plain.has_bins else {"": _rgb_step(plain, preparation)}
    return {name: simplified(_exported(step)) for name, step in steps.items()}


class _Rgb(nn.Module):
    """A network that gives a color picture: gray (and noise) in, RGB out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, gray: Tensor, noise: Tensor | None = None) -> Tensor:
        rgb: Tensor = self.network(gray) if noise is None else self.network(gray, noise).rgb
        return rgb


def _rgb_step(network: Network, preparation: Preparation) -> _Step:
    side, batch = preparation.side, torch.export.Dim("batch", min=1)
    inputs, sizes = {"gray": torch.rand(2, 1, side, side)}, {0: batch}
    if not network.fixed_size:
        dims = (torch.export.Dim(name, min=1) for name in ("rows", "columns"))
        sizes[2], sizes[3] = (preparation.multiple * dim if preparation.multiple > 1 else dim for dim in dims)
    if not network.has_code:
        return _Step(_Rgb(network), inputs, ["rgb"], (sizes,))
    return _Step(_Rgb(network), inputs | {"noise": torch.zeros(2, network.latent)}, ["rgb"], (sizes, {0: batch}))


class _Encode(nn.Module):
    def __init__(self, network: Tinct) -> None:
        super().__init__()
        self.network = network

    def forward(self, gray: Tensor, recognizer_gray: Tensor | None = None) -> tuple[Tensor, ...]:
        features = self.network.encode(gray, recognizer_gray)
        return (*features.maps, features.prior.mean, (0.5 * features.prior.log_variance).exp())


class _Decode(nn.Module):
    def __init__(self, network: Tinct) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, feature0: Tensor, feature1: Tensor, feature2: Tensor, feature3: Tensor, hints: Tensor, code: Tensor
    ) -> Tensor:
        unused = Gaussian(code, code)  # decode() takes the code that it is given
        return self.network.decode(Features((feature0, feature1, feature2, feature3), unused), hints, code)


class _Like(nn.Module):
    def __init__(self, network: Tinct) -> None:
        super().__init__()
        self.network = network

    def forward(self, ab: Tensor, feature0: Tensor, feature3: Tensor) -> Tensor:
        features = Features((feature0, feature0, feature0, feature3), Gaussian(feature3, feature3))  # posterior() uses no other
        return self.network.posterior(features, ab).mean


def _bins_steps(network: Tinct, preparation: Preparation) -> dict[str, _Step]:
    """Three graphs: encode once a picture, decode for every edit, and find the code of a reference picture."""
    batch = torch.export.Dim("batch", min=1)
    rows, columns = torch.export.Dim("rows", min=1), torch.export.Dim("columns", min=1)  # of the coarsest feature map
    gray = torch.rand(2, 1, 2 * preparation.multiple, 3 * preparation.multiple)
    with torch.no_grad():
        features = network.encode(gray)
    hints, ab = torch.zeros(2, 3, *gray.shape[2:]), torch.zeros(2, 2, *(n // CELL for n in gray.shape[2:]))
    maps = {f"feature{i}": m for i, m in enumerate(features.maps)}
    sizes = [{0: batch, 2: n * rows if n > 1 else rows, 3: n * columns if n > 1 else columns} for n in (8, 4, 2, 1)]
    whole = {0: batch, 2: preparation.multiple * rows, 3: preparation.multiple * columns}
    encoded, shapes = {"gray": gray}, [whole]
    if network.recognizer is not None:
        fewer, narrower = torch.export.Dim("fewer", min=1), torch.export.Dim("narrower", min=1)
        encoded["recognizer_gray"] = torch.rand(2, 1, 3 * preparation.multiple, 4 * preparation.multiple)
        shapes.append({0: batch, 2: preparation.multiple * fewer, 3: preparation.multiple * narrower})
    return {
        "": _Step(_Encode(network), encoded, [*maps, "prior_mean", "prior_scale"], tuple(shapes)),
        "decode": _Step(
            _Decode(network), maps | {"hints": hints, "code": features.prior.mean}, ["logits"], (*sizes, whole, {0: batch})
        ),
        "like": _Step(
            _Like(network),
            {"ab": ab, "feature0": maps["feature0"], "feature3": maps["feature3"]},
            ["code"],
            (sizes[0], sizes[0], sizes[3]),
        ),
    }


def _exported(step: _Step) -> onnx.ModelProto:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        program = torch.onnx.export(
            step.module.eval(),
            tuple(step.inputs.values()),
            input_names=list(step.inputs),
            output_names=step.outputs,
            dynamic_shapes=step.shapes,
            dynamo=True,
            optimize=False,  # it would fold BatchNorm into weights, which must stay those of the file
            external_data=False,
            verbose=False,
        )
    model = program.model_proto  # type: ignore[union-attr]
    for part in (model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")  # stack traces, with paths of the machine
    return model


def simplified(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model, changed in place, without what keeps ONNX Runtime from merging other layers into convolutions.

    The exporter gives a convolution without a bias one that is computed from the weights' shape, all zeros; pads asymmetrically with a
    node of its own; casts the bounds of ReLU6; and takes sizes from a convolution's output, which batch normalization then can't merge
    into. Without all that, the networks run about 1.5 times as fast. The weights stay as they are.
    """
    nodes, constant = model.graph.node, _constants(model)
    for node in nodes:
        if node.op_type == "CastLike" and (value := constant(node.input[0])) is not None:  # all is in single precision
            node.CopyFrom(
                helper.make_node("Constant", [], node.output, value=onnx.numpy_helper.from_array(value.astype(np.float32)))
            )
    for node in nodes:
        if node.op_type == "Conv" and len(node.input) > 2 and (bias := constant(node.input[2])) is not None and not bias.any():
            del node.input[2]
    _remove_unused(model)
    pads = {node.output[0]: node for node in nodes if node.op_type == "Pad" and _zero_borders(node, constant) is not None}
    for name, pad in pads.items():
        users = [node for node in nodes if name in node.input]
        if all(node.op_type == "Conv" for node in users):
            for node in users:
                _pad_more(node, _zero_borders(pad, constant) or [])
                node.input[0] = pad.input[0]
    _measure_normalized(model)
    _remove_unused(model)
    return model


def _constants(model: onnx.ModelProto) -> Callable[[str], Any]:
    """What gives the value of a constant of the graph, also where it is expanded to a shape; None for anything else."""
    made = {name: node for node in model.graph.node for name in node.output}

    def constant(name: str) -> Any:
        node = made.get(name)
        if node is not None and node.op_type == "Constant":
            value = helper.get_attribute_value(node.attribute[0])
            return onnx.numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.array(value)
        return constant(node.input[0]) if node is not None and node.op_type in ("CastLike", "Expand") else None

    return constant


def _zero_borders(pad: onnx.NodeProto, constant: Callable[[str], Any]) -> list[int] | None:
    """Zeros that a node pads rows and columns with: top, left, bottom, right; None if it does anything else."""
    added = constant(pad.input[1])
    value = constant(pad.input[2]) if len(pad.input) > 2 and pad.input[2] else np.zeros(())
    plain = all(a.s == b"constant" for a in pad.attribute if a.name == "mode") and not (len(pad.input) > 3 and pad.input[3])
    if not plain or added is None or value is None or value.any() or added.size != 8 or added[[0, 1, 4, 5]].any():
        return None
    return [int(n) for n in added[[2, 3, 6, 7]]]


def _pad_more(conv: onnx.NodeProto, more: list[int]) -> None:
    """Add to a convolution's own padding."""
    pads = next((a for a in conv.attribute if a.name == "pads"), None)
    if pads is None:
        conv.attribute.append(helper.make_attribute("pads", more))
    else:
        pads.ints[:] = [old + new for old, new in zip(pads.ints, more, strict=True)]


def _measure_normalized(model: onnx.ModelProto) -> None:
    """Take sizes from the output of batch normalization and its activation where the graph takes them from the input: both are equal."""
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in model.graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    for node in list(model.graph.node):
        if node.op_type != "BatchNormalization":
            continue
        last = node
        while len(after := users.get(last.output[0], [])) == 1 and after[0].op_type in ("Clip", "Relu"):
            last = after[0]
        for user in users[node.input[0]]:
            if user.op_type == "Shape":
                user.input[0] = last.output[0]
    _sort(model)


def _sort(model: onnx.ModelProto) -> None:
    """Put each node behind those whose outputs it takes, and otherwise leave the order as it is."""
    made = {name: node for node in model.graph.node for name in node.output}
    ordered: dict[str, onnx.NodeProto] = {}

    def place(node: onnx.NodeProto) -> None:
        if node.output[0] not in ordered:
            for name in node.input:
                if name in made:
                    place(made[name])
            ordered[node.output[0]] = node

    for node in list(model.graph.node):
        place(node)
    nodes = list(ordered.values())
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _remove_unused(model: onnx.ModelProto) -> None:
    """Remove nodes and constants that no output depends on."""
    needed, kept = {value.name for value in model.graph.output}, []
    for node in reversed(model.graph.node):  # in topological order
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    tensors = [tensor for tensor in model.graph.initializer if tensor.name in needed]
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(reversed(kept))
    model.graph.initializer.extend(tensors)


def point_to(model: onnx.ModelProto, weights: Path) -> None:
    """Replace the graph's weights by references into a safetensors file, with a cast where they are in half precision there.

    Raises:
        WeightsError: some of its weights are not there.
    """
    with weights.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        entries = json.loads(file.read(length))
    kept, casts = [], []
    for tensor in model.graph.initializer:
        entry = entries.get(tensor.name.removeprefix("network."))
        if entry is None or list(tensor.dims) != entry["shape"]:
            kept.append(tensor)
            continue
        begin, end = entry["data_offsets"]
        half = entry["dtype"] == "F16"
        stored = TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
        if half:
            stored = TensorProto(name=f"{tensor.name}.half", data_type=TensorProto.FLOAT16, dims=tensor.dims)
            casts.append(helper.make_node("Cast", [stored.name], [tensor.name], to=TensorProto.FLOAT))
        stored.data_location = TensorProto.EXTERNAL
        for key, value in {"location": weights.name, "offset": 8 + length + begin, "length": end - begin}.items():
            stored.external_data.add(key=key, value=str(value))
        kept.append(stored)
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
    left = sum(np.prod(t.dims) for t in kept if t.data_location != TensorProto.EXTERNAL)
    if left > MAX_INLINE_VALUES:
        raise WeightsError(f"{left:.0f} weights of the graph are not in {weights}; please report this.")
