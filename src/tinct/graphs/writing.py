"""Writing the graphs of a coloring and their description into a folder."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from .._util.fields import to_dict
from .._version import __version__
from ..color import AB_SCALE, L_SCALE, ab_bins
from ..coloring.canvas import MAX_RELATIVE_CHROMA
from ..coloring.coherence import REGIONS
from ..coloring.hints import DEFAULT_SIZE, MIN_COVERAGE, NEUTRAL_CHROMA
from ..errors import ConfigError, WeightsError
from ..runtime.spec import ModelSpec, check_pair, part
from .automatic import INPUTS, OUTPUTS, TEXT, automatic
from .catalog import graphs_of

__all__ = ["DESCRIPTION", "write_graphs"]

DESCRIPTION = "graphs.json"
"""File that describes the graphs: their inputs and outputs, and the constants that a program needs between them."""
NETWORK = {"encode": "", "decode": "decode", "like": "like"}
"""Name of a graph in the folder -> part of the model."""


def write_graphs(graph: Path, folder: Path) -> list[Path]:
    """Write everything that a program in any language needs to color photographs with a model.

    Args:
        graph: a model's first ``.onnx`` file.
        folder: a new or empty folder. It gets one ``.onnx`` file for each graph, the network's weights, and `DESCRIPTION`.

    Returns:
        The files.

    Raises:
        ConfigError: the folder has files in it.
        WeightsError: the model has no distribution over ab bins, is damaged, or the files can't be written.
    """
    spec, _ = check_pair(graph)
    if not spec.has_bins:
        raise WeightsError(
            f"The model {spec.name!r} gives no distribution over colors; only 'tinct' has graphs of the whole coloring."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} exists.", code="folder-exists", path=folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".tinct-", dir=folder) as unfinished:
            files = _write(graph, spec, Path(unfinished))
            for name in files:
                (Path(unfinished) / name).replace(folder / name)
    except OSError as error:
        raise WeightsError(f"{folder}: {error.strerror or error}", code="output-folder", path=folder) from error
    return [folder / name for name in files]


def _write(graph: Path, spec: ModelSpec, folder: Path) -> list[str]:
    weights = graph.with_suffix(".safetensors")
    shutil.copyfile(weights, folder / weights.name)
    described: dict[str, Any] = {}
    networks: dict[str, onnx.ModelProto] = {}
    for name, which in NETWORK.items():
        model = networks[name] = onnx.load(part(graph, which) if which else graph, load_external_data=False)
        onnx.save(model, folder / f"{name}.onnx")
        described[name] = {"file": f"{name}.onnx", "text": _NETWORK_TEXTS[name]} | _values(model)
    whole = automatic(spec, networks)
    onnx.save(whole, folder / "automatic.onnx")
    described["automatic"] = {"file": "automatic.onnx", "text": TEXT}
    described["automatic"] |= _values(whole, {key: one.text for key, one in (INPUTS | OUTPUTS).items()})
    for name, one in graphs_of(spec).items():
        model = one.model(name)
        onnx.save(model, folder / f"{name}.onnx")
        texts = {key: value.text for key, value in (one.inputs | one.outputs).items()}
        described[name] = {"file": f"{name}.onnx", "text": one.text} | _values(model, texts)
    record = {"tinct": __version__, "weights": weights.name, "graphs": described, "constants": _constants(spec)}
    (folder / DESCRIPTION).write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    return sorted(path.name for path in folder.iterdir())


_NETWORK_TEXTS = {
    "encode": "The network's encoder: once for a picture.",
    "decode": "The network's decoder: logits of the ab bins for hints and a latent code.",
    "like": "The latent code of a reference picture, whose a*, b* / 110 of cells are known.",
}


def _values(model: onnx.ModelProto, texts: dict[str, str] | None = None) -> dict[str, Any]:
    """Inputs and outputs as JSON: name, type and shape, in which names stand for sizes that may vary."""

    def described(value: onnx.ValueInfoProto) -> dict[str, Any]:
        tensor = value.type.tensor_type
        kind = "int64" if tensor.elem_type == onnx.TensorProto.INT64 else "float32"
        found = {"name": value.name, "type": kind, "shape": [d.dim_param or d.dim_value for d in tensor.shape.dim]}
        text = (texts or {}).get(value.name)
        return found | ({"text": text} if text else {})

    return {"inputs": [described(v) for v in model.graph.input], "outputs": [described(v) for v in model.graph.output]}


def _constants(spec: ModelSpec) -> dict[str, Any]:
    """Numbers that a program needs between the graphs."""
    return {
        "model": spec.name,
        "side": spec.preparation.side,
        "multiple": spec.preparation.multiple,
        "cell": 4,
        "l_scale": L_SCALE,
        "ab_scale": AB_SCALE,
        "bins": ab_bins().astype(int).tolist(),
        "latent": spec.config["latent"],
        "codes": to_dict(spec.codes),
        "hint_size": DEFAULT_SIZE,
        "neutral_chroma": NEUTRAL_CHROMA,
        "min_coverage": MIN_COVERAGE,
        "max_relative_chroma": MAX_RELATIVE_CHROMA,
        "shifts": {
            "places": np.random.default_rng(0).random(len(spec.codes.directions)).tolist(),
            "draws": {str(n): np.random.default_rng((0, n)).random(n).tolist() for n in range(1, REGIONS + 1)},
        },
    }
