"""From a network in torch to ONNX graphs that hold no weights of their own."""

from __future__ import annotations

import io
import json
import logging
import struct
import warnings
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn

from ..errors import WeightsError
from ..models.tinct import CELL, Features, Gaussian, Tinct
from ..runtime.prepare import Preparation

__all__ = ["graphs", "point_to"]


@dataclass(frozen=True)
class _Step:
    """One graph: a module, what it is tried with, and what its inputs and outputs are called."""

    module: nn.Module
    inputs: dict[str, Tensor]
    outputs: list[str]
    shapes: tuple[Any, ...]
    """What of each input's shape may change."""


def graphs(network: nn.Module, preparation: Preparation, latent: int) -> dict[str, onnx.ModelProto]:
    """The network's graphs in single precision, by name of the part; the first is ``""``.

    Any batch size and, where the network allows it, any height and width.
    """
    plain: nn.Module = network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    steps = _tinct(plain, preparation) if isinstance(plain, Tinct) else {"": _classic(plain, preparation, latent)}
    return {name: _exported(step) for name, step in steps.items()}


class _Classic(nn.Module):
    """The network as the colorizer calls it: gray (and noise) in, RGB out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, gray: Tensor, noise: Tensor | None = None) -> Tensor:
        rgb: Tensor = self.network(gray) if noise is None else self.network(gray, noise).rgb
        return rgb


def _classic(network: nn.Module, preparation: Preparation, latent: int) -> _Step:
    side, batch = preparation.side, torch.export.Dim("batch", min=1)
    inputs = {"gray": torch.rand(2, 1, side, side)}
    if latent:
        inputs["noise"] = torch.zeros(2, latent)
        return _Step(_Classic(network), inputs, ["rgb"], ({0: batch}, {0: batch}))
    rows, columns = (preparation.multiple * torch.export.Dim(name, min=1) for name in ("rows", "columns"))
    return _Step(_Classic(network), inputs, ["rgb"], ({0: batch, 2: rows, 3: columns},))


class _Encode(nn.Module):
    def __init__(self, network: Tinct) -> None:
        super().__init__()
        self.network = network

    def forward(self, gray: Tensor, familiar: Tensor | None = None) -> tuple[Tensor, ...]:
        features = self.network.encode(gray, familiar)
        return (*features.maps, features.prior.mean, (0.5 * features.prior.log_variance).exp())


class _Decode(nn.Module):
    def __init__(self, network: Tinct) -> None:
        super().__init__()
        self.network = network

    def forward(self, map0: Tensor, map1: Tensor, map2: Tensor, map3: Tensor, hints: Tensor, code: Tensor) -> Tensor:
        prior = Gaussian(code, code)  # decode() takes the code as it is given
        return self.network.decode(Features((map0, map1, map2, map3), prior), hints, code)


class _Like(nn.Module):
    def __init__(self, network: Tinct) -> None:
        super().__init__()
        self.network = network

    def forward(self, ab: Tensor, map0: Tensor, map3: Tensor) -> Tensor:
        features = Features((map0, map0, map0, map3), Gaussian(map3, map3))  # the posterior looks at no other
        return self.network.posterior(features, ab).mean


def _tinct(network: Tinct, preparation: Preparation) -> dict[str, _Step]:
    """Encode once, decode for every edit, and take the code of a reference picture."""
    batch = torch.export.Dim("batch", min=1)
    rows, columns = torch.export.Dim("rows", min=1), torch.export.Dim("columns", min=1)  # of the smallest map
    gray = torch.rand(2, 1, 2 * preparation.multiple, 3 * preparation.multiple)
    with torch.no_grad():
        features = network.encode(gray)
    hints, ab = torch.zeros(2, 3, *gray.shape[2:]), torch.zeros(2, 2, *(n // CELL for n in gray.shape[2:]))
    maps = {f"map{i}": m for i, m in enumerate(features.maps)}
    sizes = [{0: batch, 2: n * rows if n > 1 else rows, 3: n * columns if n > 1 else columns} for n in (8, 4, 2, 1)]
    whole = {0: batch, 2: preparation.multiple * rows, 3: preparation.multiple * columns}
    looked_at, shapes = {"gray": gray}, [whole]
    if network.recognizer is not None:
        fewer, narrower = torch.export.Dim("fewer", min=1), torch.export.Dim("narrower", min=1)
        looked_at["familiar"] = torch.rand(2, 1, 3 * preparation.multiple, 4 * preparation.multiple)
        shapes.append({0: batch, 2: preparation.multiple * fewer, 3: preparation.multiple * narrower})
    return {
        "": _Step(_Encode(network), looked_at, [*maps, "prior_mean", "prior_scale"], tuple(shapes)),
        "decode": _Step(
            _Decode(network), maps | {"hints": hints, "code": features.prior.mean}, ["logits"], (*sizes, whole, {0: batch})
        ),
        "like": _Step(
            _Like(network), {"ab": ab, "map0": maps["map0"], "map3": maps["map3"]}, ["code"], (sizes[0], sizes[0], sizes[3])
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
        part.ClearField("metadata_props")  # stack traces: no use to anyone, and they tell where the source lay
    return model


def point_to(model: onnx.ModelProto, weights: Path) -> None:
    """Replace the graph's weights by those that lie in the safetensors file, cast to single precision where they are half.

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
    if left > 1000:
        raise WeightsError(f"{left:.0f} weights of the graph are not in {weights}; please report this.")
