"""Export: from a training run to a model's files, whose output is compared with that of the network in PyTorch."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import safetensors.torch
import torch
from torch import Tensor

from .._util.fields import from_dict, to_dict
from .._util.files import sha256
from .._version import __version__
from ..color import AB_SCALE, ab_bins
from ..coloring.palette import expected_color, probabilities
from ..errors import ConfigError, WeightsError
from ..models import MODELS, Network, Tinct
from ..runtime.sessions import ClassicNetwork, TinctNetwork
from ..runtime.sessions import load_network as load_session
from ..runtime.spec import METADATA_KEY, PAIR_KEY, CodeDistribution, ModelSpec, Palette, part, quantized, read_spec
from . import task
from .onnx_graphs import graph_parts, graphs, point_to
from .recipe import TrainConfig, network_class, network_config, read_config
from .run_folder import CHECKPOINT, load_checkpoint

__all__ = ["PARITY", "capabilities", "export", "load_network", "parity"]

PARITY = 1e-3
"""Largest difference allowed between torch and ONNX Runtime, in RGB 0..1 or a*, b* / AB_SCALE."""


def export(run: Path, output: Path, *, note: str = "", evaluation: Path | None = None, overwrite: bool = False) -> Path:
    """Write ``output.safetensors`` and its graphs from the run's last checkpoint, check them, and return the first graph.

    Args:
        run: a folder that `train` made; it need not be finished.
        output: the model's name, with or without one of the two suffixes.
        note: origin and terms of use of the training pictures, kept in the model.
        evaluation: an ``evaluation.json`` of this model, whose figures are kept in it.
        overwrite: replace an earlier export. Its 8-bit graphs, which belong to its weights, are deleted.

    Raises:
        ConfigError: `run` is no run, has no checkpoint, `evaluation` is no evaluation, or the output exists and `overwrite` is false.
        WeightsError: the files can't be written, or don't give what the network gives.
    """
    config = read_config(run / "config.toml")
    checkpoint = load_checkpoint(run / CHECKPOINT, config)
    network = task.build(config).eval()
    state = {key: _stored(key, value) for key, value in checkpoint["network"].items()}
    network.load_state_dict(_single(state))  # the check is of the weights as they are stored
    output = output.with_suffix("") if output.suffix in {".onnx", ".safetensors"} else output
    weights, graph = output.with_name(f"{output.name}.safetensors"), output.with_name(f"{output.name}.onnx")
    float_graphs = [graph, *(part(graph, name) for name in graph_parts(type(network)))]
    eight_bit_graphs = [quantized(path) for path in float_graphs]
    for path in (weights, *float_graphs, *eight_bit_graphs):
        if path.exists() and not overwrite:
            raise ConfigError(f"{path} exists.", code="model-exists", path=path)
    spec = _spec(output.name, run, config, checkpoint, network, note)
    if evaluation is not None:
        spec.scores["evaluation"] = _figures(evaluation)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".tinct-", dir=output.parent) as folder:
            new_weights, new_graph = Path(folder) / weights.name, Path(folder) / graph.name
            ordered = {key: value.contiguous() for key, value in state.items()}
            new_weights.write_bytes(safetensors.torch.save(ordered, metadata={METADATA_KEY: spec.to_json()}))
            made = graphs(network, spec.preparation)
            for name, model in made.items():
                point_to(model, new_weights)
                for key, value in {METADATA_KEY: spec.to_json(), PAIR_KEY: sha256(new_weights)}.items():
                    model.metadata_props.add(key=key, value=value)
                onnx.save(model, part(new_graph, name) if name else new_graph)
            difference = parity(network, new_graph, spec)
            if not difference <= PARITY:
                raise WeightsError(
                    f"{output} would differ from the network by {difference:.2g}, more than {PARITY}; please report this."
                )
            for path in eight_bit_graphs:
                path.unlink(missing_ok=True)
            new_weights.replace(weights)
            for name in made:
                (part(new_graph, name) if name else new_graph).replace(part(graph, name) if name else graph)
    except OSError as error:
        raise WeightsError(f"{output.parent}: {error.strerror or error}", code="output-folder", path=output.parent) from error
    return graph


def load_network(path: Path) -> tuple[Network, ModelSpec]:
    """The torch network of an exported model's ``.safetensors`` file, in single precision. Raises WeightsError."""
    spec = read_spec(path)
    if spec.architecture not in MODELS:
        raise WeightsError(f"{path} is of architecture {spec.architecture!r}; this tinct knows {', '.join(MODELS)}. Update tinct.")
    kind = MODELS[spec.architecture]
    network = kind(from_dict(kind.Config, spec.config, str(path))).eval()
    network.load_state_dict(_single(safetensors.torch.load_file(path)), strict=True)
    return network, spec


def capabilities(kind: type[Network]) -> dict[str, bool]:
    """What can be done with the exported files of a network class, by the names that `ModelSpec` has for it.

    `has_code` is false for a network that gives a color picture, even if it has a latent code: its only graph is always run with the
    mean code. Other codes need a decoder with a graph of its own.
    """
    return {"takes_hints": kind.takes_hints, "has_code": kind.has_code and kind.has_bins, "has_bins": kind.has_bins}


def _figures(path: Path) -> dict[str, Any]:
    """The figures of an ``evaluation.json``, without the rows of single pictures and without paths of the machine."""
    left_out = ("rows", "source")
    try:
        record = json.loads(path.read_text("utf-8"))
        sets = {name: {k: v for k, v in found.items() if k not in left_out} for name, found in record["sets"].items()}
        kept = {k: v for k, v in record.items() if k != "command"}
        if record.get("bleeding"):
            kept["bleeding"] = {k: v for k, v in record["bleeding"].items() if k not in left_out}
        return dict(kept | {"sets": sets})
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ConfigError(f"{path} is no evaluation.", code="no-evaluation", path=path) from error


def _stored(key: str, value: Tensor) -> Tensor:
    """In half precision, except for counts and for batch normalization's statistics, which are few and may be large."""
    if not value.is_floating_point() or key.endswith((".running_mean", ".running_var")):
        return value
    half = value.half()
    if not half.isfinite().all():
        raise WeightsError(
            f"{key} holds numbers up to {value.abs().max():.3g}: more than half precision can hold. Train again with a lower lr."
        )
    return half


def _single(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """In single precision, except for counts."""
    return {key: value.float() if value.is_floating_point() else value for key, value in state.items()}


def parity(network: Network, graph: Path, spec: ModelSpec) -> float:
    """The largest difference between the network in torch and the exported files, over several sizes.

    In RGB 0..1; for a network with bins in a*, b* / AB_SCALE, with hints and a code, and in the code of a reference picture.
    """
    in_use = load_session(graph, spec, "cpu", threads=1)
    generator = np.random.default_rng(0)
    side, worst = spec.preparation.side, 0.0
    sizes = [(side, side), (side // 2, side), (side - 1, side - 3)]
    if not spec.preparation.square:
        sizes.append((2 * side, 3 * side))
    for height, width in sizes:
        lightness = generator.uniform(0, 100, (height, width)).astype(np.float32)
        gray = spec.preparation.prepare(lightness[None])
        if isinstance(in_use, ClassicNetwork):
            pairs = [(in_use.rgb(lightness), task.predict(network, torch.from_numpy(gray)).numpy())]
        else:
            pairs = _bins_pairs(cast("Tinct", network), in_use, lightness, gray, generator)
        worst = max(worst, *(float(np.abs(ours - theirs).max()) for ours, theirs in pairs))
    return worst


@torch.no_grad()
def _bins_pairs(network: Tinct, in_use: TinctNetwork, lightness: Any, gray: Any, generator: np.random.Generator) -> list[Any]:
    """(files, torch): colors of a picture of noise with a hint and a code, and the code of a reference picture."""
    height, width = lightness.shape
    planes = np.zeros((3, height, width), np.float32)
    planes[:, 3:9, 5:12] = np.array([0.3, -0.2, 1.0])[:, None, None]
    noise = generator.standard_normal((1, in_use.latent)).astype(np.float32)
    ab = np.broadcast_to(np.array([20, -30], np.float32), (height, width, 2))
    encoded = in_use.encode(lightness)
    colors = (
        expected_color(probabilities(in_use.decode(encoded, planes, encoded.prior_mean + noise * encoded.prior_scale))) / AB_SCALE
    )
    code = in_use.code(encoded, ab)

    small = torch.from_numpy(in_use.preparation.for_recognizer(gray)) if network.recognizer is not None else None
    features = network.encode(torch.from_numpy(gray), small)
    padded = torch.zeros(1, 3, *gray.shape[2:])
    padded[0, :, :height, :width] = torch.from_numpy(planes)
    logits = network.decode(features, padded, features.prior.sample(torch.from_numpy(noise)))
    cells = torch.tensor([20.0, -30.0])[None, :, None, None].expand(1, 2, *features.maps[0].shape[2:]) / AB_SCALE
    return [
        (colors, network.mean_ab(logits)[0].permute(1, 2, 0).numpy()),
        (code, network.posterior(features, cells).mean.numpy()),
    ]


def _spec(name: str, run: Path, config: TrainConfig, checkpoint: dict[str, Any], network: Network, note: str) -> ModelSpec:
    def read(file: str) -> dict[str, Any]:
        path = run / file
        return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}

    environment = read("environment.json")
    # Names of pictures and initial weights without their folders, which are paths of the machine.
    names: dict[str, Any] = {"data": tuple(Path(source).name for source in config.data)}
    names |= {key: Path(getattr(config, key)).name for key in ("init", "recognizer")}
    training = {
        "recipe": replace(config, **names).to_dict(),
        "epochs": checkpoint["epoch"],
        "pictures": environment.get("pictures", {}),
        "note": note,
        "machine": {key: environment.get(key) for key in ("processor", "cores", "accelerator", "precision", "torch")},
    }
    frequency = tuple(checkpoint.get("frequency", ()))
    scores = read("scores.json")
    codes = from_dict(CodeDistribution, scores.pop("codes", {}), str(run / "scores.json"))
    mean_ab = (np.array(frequency) @ ab_bins()).tolist() if frequency else scores.get("mean_color", {}).get("ab")
    if mean_ab:
        training["mean_ab"] = mean_ab
    return ModelSpec(
        name=name,
        architecture=config.model,
        preparation=task.preparation(config),
        parts=graph_parts(network_class(config)),
        **capabilities(network_class(config)),
        palette=Palette(frequency),
        codes=codes,
        config=to_dict(network_config(config)),
        parameters=sum(p.numel() for p in network.parameters()),
        training=training,
        scores=scores,
        checkpoint_sha256=sha256(run / CHECKPOINT),
        tinct_version=__version__,
    )
