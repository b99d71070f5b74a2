"""From a training run to the two files of a model, and proof that they give what the network gives."""

from __future__ import annotations

import io
import json
import logging
import struct
import tempfile
import warnings
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import safetensors.torch
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn

from .._fields import from_dict, to_dict
from .._version import __version__
from ..colorizer import Colorizer
from ..errors import ConfigError, WeightsError
from ..models import MODELS
from ..weights import METADATA_KEY, PAIR_KEY, ModelSpec, read_spec, sha256
from . import task
from .config import TrainConfig, network_config, read_config
from .folder import CHECKPOINT, load_checkpoint

__all__ = ["PARITY", "export", "load_network", "parity"]

PARITY = 1e-3
"""The largest difference allowed between torch and ONNX Runtime, in RGB 0..1."""


class _InUse(nn.Module):
    """The network as the colorizer calls it: gray (and noise) in, RGB out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, gray: Tensor, noise: Tensor | None = None) -> Tensor:
        rgb: Tensor = self.network(gray) if noise is None else self.network(gray, noise).rgb
        return rgb


def export(run: Path, output: Path, *, note: str = "", overwrite: bool = False) -> Path:
    """Write ``output.safetensors`` and ``output.onnx`` from the run's last checkpoint, check them, and return the latter.

    Args:
        run: a folder that `train` made; it need not be finished.
        output: the model's name, with or without one of the two suffixes.
        note: what whoever gets the model should know of its training pictures: where they are from, on what terms.

    Raises:
        ConfigError: `run` is no run, has no checkpoint, or the output exists and `overwrite` is false.
        WeightsError: the files can't be written, or don't give what the network gives.
    """
    config = read_config(run / "config.toml")
    checkpoint = load_checkpoint(run / CHECKPOINT, config)
    network = task.build(config).eval()
    state = {key: value.half() for key, value in checkpoint["network"].items()}
    network.load_state_dict({key: value.float() for key, value in state.items()})  # what is shipped is what is checked
    output = output.with_suffix("") if output.suffix in {".onnx", ".safetensors"} else output
    weights, graph = output.with_name(f"{output.name}.safetensors"), output.with_name(f"{output.name}.onnx")
    for path in (weights, graph):
        if path.exists() and not overwrite:
            raise ConfigError(f"{path} exists. Name another model with -o, or replace it with --overwrite.")
    spec = _spec(output.name, run, config, checkpoint, network, note)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".tinct-", dir=output.parent) as folder:
            new_weights, new_graph = Path(folder) / weights.name, Path(folder) / graph.name
            ordered = {key: value.contiguous() for key, value in state.items()}
            new_weights.write_bytes(safetensors.torch.save(ordered, metadata={METADATA_KEY: spec.to_json()}))
            model = _graph(network, config)
            _point_to(model, new_weights)
            for key, value in {METADATA_KEY: spec.to_json(), PAIR_KEY: sha256(new_weights)}.items():
                model.metadata_props.add(key=key, value=value)
            onnx.save(model, new_graph)
            difference = parity(network, new_graph, config)
            if not difference <= PARITY:
                raise WeightsError(
                    f"{output} would differ from the network by {difference:.2g} in RGB, more than {PARITY}; please report this."
                )
            new_weights.replace(weights)
            new_graph.replace(graph)
    except OSError as error:
        raise WeightsError(f"{output.parent}: {error.strerror or error}. Choose another place with -o.") from error
    return graph


def load_network(path: Path) -> tuple[nn.Module, ModelSpec]:
    """The torch network of an exported model, in single precision. Raises WeightsError."""
    spec = read_spec(path)
    if spec.architecture not in MODELS:
        raise WeightsError(f"{path} is of architecture {spec.architecture!r}; this tinct knows {', '.join(MODELS)}. Update tinct.")
    kind: Any = MODELS[spec.architecture]
    network: nn.Module = kind(from_dict(kind.Config, spec.config, str(path))).eval()
    network.load_state_dict({key: value.float() for key, value in safetensors.torch.load_file(path).items()}, strict=True)
    return network, spec


def parity(network: nn.Module, graph: Path, config: TrainConfig) -> float:
    """The largest difference in RGB 0..1 between the network in torch and the exported files, over several sizes."""
    colorizer = Colorizer(graph, threads=1)
    generator = np.random.default_rng(0)
    latent = getattr(network_config(config), "latent", 0)
    worst = 0.0
    for height, width in [(config.size, config.size), (config.size // 2, config.size), (config.size - 1, config.size - 3)]:
        lightness = generator.uniform(0, 100, (1, height, width)).astype(np.float32)
        gray = colorizer.spec.preparation.prepare(lightness)
        with torch.no_grad():
            expected = task.predict(network, torch.from_numpy(gray), latent).numpy()
        feeds = {"gray": gray} | ({"noise": np.zeros((1, latent), np.float32)} if latent else {})
        worst = max(worst, float(np.abs(colorizer._session.run(["rgb"], feeds)[0] - expected).max()))
    return worst


def _spec(name: str, run: Path, config: TrainConfig, checkpoint: dict[str, Any], network: nn.Module, note: str) -> ModelSpec:
    def read(file: str) -> dict[str, Any]:
        path = run / file
        return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}

    environment = read("environment.json")
    training = {
        # Where pictures lay on somebody's disk is no one else's business; what they were called is.
        "recipe": replace(config, data=tuple(Path(source).name for source in config.data)).to_dict(),
        "epochs": checkpoint["epoch"],
        "pictures": environment.get("pictures", {}),
        "note": note,
        "machine": {key: environment.get(key) for key in ("processor", "cores", "accelerator", "precision", "torch")},
    }
    return ModelSpec(
        name=name,
        architecture=config.model,
        preparation=task.preparation(config),
        config=to_dict(network_config(config)),
        parameters=sum(p.numel() for p in network.parameters()),
        training=training,
        scores=read("scores.json"),
        checkpoint_sha256=sha256(run / CHECKPOINT),
        tinct_version=__version__,
    )


def _graph(network: nn.Module, config: TrainConfig) -> onnx.ModelProto:
    """The network's graph in single precision, any batch size and, where the network allows it, any height and width."""
    latent = getattr(network_config(config), "latent", 0)
    side = config.size
    inputs: tuple[Tensor, ...] = (torch.rand(2, 1, side, side),)
    batch = torch.export.Dim("batch", min=1)
    shapes: list[Any] = [{0: batch}]
    if latent:
        inputs += (torch.zeros(2, latent),)
        shapes.append({0: batch})
    else:
        multiple = task.preparation(config).multiple
        shapes[0] |= {2: multiple * torch.export.Dim("rows", min=1), 3: multiple * torch.export.Dim("columns", min=1)}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        program = torch.onnx.export(
            _InUse(network.to(memory_format=torch.contiguous_format)),  # type: ignore[call-overload]
            inputs,
            input_names=["gray", "noise"][: len(inputs)],
            output_names=["rgb"],
            dynamic_shapes=tuple(shapes) if latent else (shapes[0],),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    model = program.model_proto  # type: ignore[union-attr]
    for part in (model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")  # stack traces: no use to anyone, and they tell where the source lay
    return model


def _point_to(model: onnx.ModelProto, weights: Path) -> None:
    """Replace the graph's weights by half-precision ones that lie in the safetensors file, cast to single where they are used."""
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
        stored = TensorProto(name=f"{tensor.name}.half", data_type=TensorProto.FLOAT16, dims=tensor.dims)
        stored.data_location = TensorProto.EXTERNAL
        for key, value in {"location": weights.name, "offset": 8 + length + begin, "length": end - begin}.items():
            stored.external_data.add(key=key, value=str(value))
        kept.append(stored)
        casts.append(helper.make_node("Cast", [stored.name], [tensor.name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
    left = sum(np.prod(t.dims) for t in kept if t.data_location != TensorProto.EXTERNAL)
    if left > 1000:
        raise WeightsError(f"{left:.0f} weights of the graph are not in {weights}; please report this.")
