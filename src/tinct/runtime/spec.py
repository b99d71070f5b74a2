"""Model files: what is in them, which are bundled, and whether the files of one model belong together.

``NAME.safetensors`` holds the weights in half precision; ``NAME.onnx`` beside it holds the graph, which points into the other file for its
weights. A model that runs in steps has a graph for each: ``NAME.onnx`` is the first, ``NAME.PART.onnx`` the others. The same graphs in 8-bit
integers, ``NAME.int8.onnx`` and ``NAME.PART.int8.onnx``, point into it, too, and round when they are loaded. All carry the same `ModelSpec` as JSON under the metadata key
``tinct``.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._util.fields import from_dict, to_dict
from .._util.files import sha256
from ..errors import ConfigError, WeightsError, nearest
from .prepare import Preparation

__all__ = [
    "DEFAULT_MODEL",
    "METADATA_KEY",
    "PAIR_KEY",
    "CodeDistribution",
    "ModelSpec",
    "Palette",
    "bundled",
    "check_pair",
    "check_quantized",
    "find",
    "part",
    "quantized",
    "read_spec",
]

DEFAULT_MODEL = "tinct"
METADATA_KEY = "tinct"
"""Metadata key of the spec in both files."""
PAIR_KEY = "tinct.safetensors.sha256"
"""Metadata key, in graphs, of the checksum of the weights that belong to them."""
FORMAT = 1
_FOLDER = Path(__file__).parent / "bundled"
_MAX_HEADER = 100_000_000  # bytes of a safetensors header


@dataclass(frozen=True)
class Palette:
    """How a model's distribution over ab bins becomes color (`coloring.coherence.coherent_colors`).

    The defaults were chosen on validation pictures: at vividness 0.5 results are 0.8 times as colorful as real pictures, at the least
    loss of PSNR.
    """

    frequency: tuple[float, ...] = ()
    """(bins,) relative frequency of each ab bin in the training pictures, summing to 1."""
    temperature: float = 0.38
    """Softmax temperature at vividness 1; it is 1 at vividness 0. Zhang et al., "Colorful Image Colorization" (2016), chose 0.38."""
    rebalance: float = 1.0
    """Strength of class rebalancing at vividness 1: 0 none, 1 divides probabilities by (smoothed) frequency."""
    boost: float = 0.25
    """Relative chroma gain at vividness 1."""


@dataclass(frozen=True)
class CodeDistribution:
    """Normal distribution fitted to the posterior codes of training pictures, in standard deviations of the prior from its mean."""

    mean: tuple[float, ...] = ()
    """(latent,) mean of the codes; empty if it wasn't measured."""
    directions: tuple[tuple[float, ...], ...] = ()
    """Orthogonal (latent,) principal axes, each as long as the standard deviation along it, the longest first."""
    temperature: float = 0.8
    """Factor on the standard deviation of variants, which excludes rarer colorings. Chosen on validation pictures."""


@dataclass(frozen=True)
class ModelSpec:
    """Everything about a model except its weights."""

    name: str
    architecture: str
    """A key of `tinct.models.MODELS`."""
    preparation: Preparation
    config: dict[str, Any] = field(default_factory=dict)
    """All fields of the network's `Config` dataclass."""
    parts: tuple[str, ...] = ()
    """Further graphs of the model: ``NAME.PART.onnx``."""
    takes_hints: bool = False
    """Whether the model takes color hints."""
    has_code: bool = False
    """Whether a latent code chooses among colorings: variants and reference pictures."""
    has_bins: bool = False
    """Whether the model gives a distribution over ab bins: vividness, suggestions and confidence."""
    palette: Palette = field(default_factory=Palette)
    codes: CodeDistribution = field(default_factory=CodeDistribution)
    parameters: int = 0
    """Number of trained parameters."""
    training: dict[str, Any] = field(default_factory=dict)
    """The recipe, the pictures (sources, number, terms of use) and the machine."""
    scores: dict[str, Any] = field(default_factory=dict)
    """Final errors on training and test pictures, beside those of the gray picture."""
    checkpoint_sha256: str = ""
    """Checksum of the training checkpoint from which the files were made."""
    tinct_version: str = ""
    format: int = FORMAT

    def to_json(self) -> str:
        """The spec as JSON, keys sorted."""
        return json.dumps(to_dict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str, where: str) -> ModelSpec:
        """Parse a spec. Raises WeightsError, naming `where`, if the text isn't a spec of a format that this version reads."""
        try:
            values = json.loads(text)
            if values.get("format") != FORMAT:
                raise WeightsError(
                    f"{where} has model format {values.get('format')}; this version of tinct reads format {FORMAT}.",
                    code="model-format",
                )
            if "takes_hints" not in values:  # exported before capabilities were part of the spec: only the flagship has parts
                values |= dict.fromkeys(("takes_hints", "has_code", "has_bins"), bool(values.get("parts")))
            return from_dict(cls, values, where)
        except (json.JSONDecodeError, AttributeError, ConfigError) as error:
            raise WeightsError(f"{where} holds a damaged model description ({error}).", code="model-damaged") from error


def read_spec(path: Path) -> ModelSpec:
    """Read the spec of a ``.safetensors`` file without its weights. Raises WeightsError."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > _MAX_HEADER:
                raise ValueError("its header is too long")
            header = json.loads(file.read(length))
            text = header["__metadata__"][METADATA_KEY]
    except FileNotFoundError as error:
        raise WeightsError(
            f"{path}: no such file. A model is NAME.onnx with NAME.safetensors beside it.", code="no-model"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        raise WeightsError(f"{path} is not a model file of tinct.", code="not-a-model") from error
    return ModelSpec.from_json(text, str(path))


def part(graph: Path, name: str) -> Path:
    """``NAME.onnx`` -> ``NAME.PART.onnx``."""
    return graph.with_suffix(f".{name}.onnx")


def quantized(graph: Path) -> Path:
    """``NAME.onnx`` -> ``NAME.int8.onnx``: the same graph in 8-bit integers, if the model has it."""
    return graph.with_suffix(".int8.onnx")


def check_pair(graph: Path) -> tuple[ModelSpec, str]:
    """Check that the files of a model belong together, without loading any weights.

    Returns:
        The spec, and the `sha256` of the weights.

    Raises:
        WeightsError: a file is missing, damaged, or of another model.
    """
    metadata = _metadata(graph)
    if METADATA_KEY not in metadata:
        raise WeightsError(f"{graph} is not a model file of tinct, or is damaged.", code="not-a-model")
    spec = ModelSpec.from_json(metadata[METADATA_KEY], str(graph))
    weights = graph.with_suffix(".safetensors")
    for other_graph in (part(graph, name) for name in spec.parts):
        if _metadata(other_graph).get(PAIR_KEY) != metadata.get(PAIR_KEY):
            raise WeightsError(
                f"{other_graph} is missing, damaged or of another model than {graph}; copy all files of a model together.",
                code="model-pair",
            )
    other = read_spec(weights)
    if other.architecture != spec.architecture:
        raise WeightsError(
            f"{graph} is of architecture {spec.architecture!r}, {weights} of {other.architecture!r}: they are different models.",
            code="model-pair",
        )
    if (checksum := sha256(weights)) != metadata.get(PAIR_KEY):
        raise WeightsError(
            f"{weights} isn't the file that {graph} was made with; copy all files of a model together.", code="model-pair"
        )
    return spec, checksum


def check_quantized(graph: Path, others: Iterable[Path]) -> None:
    """Check that 8-bit graphs are there and were made from the same weights as a float graph. Raises WeightsError."""
    wanted = _metadata(graph).get(PAIR_KEY)
    for other in others:
        if not other.is_file():
            raise WeightsError(f"{other}: no such file; the model has no 8-bit graphs.", code="not-quantized")
        if _metadata(other).get(PAIR_KEY) != wanted:
            raise WeightsError(f"{other} is damaged or of another model than {graph}.", code="model-pair")


def _metadata(graph: Path) -> dict[str, str]:
    """The metadata of an ONNX file: field 14 of its ModelProto, pairs of key and value. Empty if it isn't one."""
    try:
        entries = [dict(_protobuf(value)) for number, value in _protobuf(graph.read_bytes()) if number == 14]
        return {entry[1].decode(): entry[2].decode() for entry in entries}
    except (OSError, LookupError, ValueError):
        return {}


def _protobuf(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and content of each length-delimited field. Raises IndexError or ValueError if the data isn't a protobuf message."""
    place = 0

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = data[place]
            place, value, shift = place + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value

    while place < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            varint()
        elif kind in (1, 5):
            place += 8 if kind == 1 else 4
        elif kind == 2:
            end = varint() + place
            if end > len(data):
                raise ValueError("the message is cut off")
            yield key >> 3, data[place:end]
            place = end
        else:
            raise ValueError(f"there is no wire type {kind}")


def bundled() -> dict[str, Path]:
    """Name -> first ``.onnx`` file of every model inside the package, the default first."""
    names = sorted((p.stem for p in _FOLDER.glob("*.safetensors")), key=lambda name: (name != DEFAULT_MODEL, name))
    return {name: _FOLDER / f"{name}.onnx" for name in names}


def find(model: str | os.PathLike[str]) -> Path:
    """The first ``.onnx`` file of a model, by bundled name or by the path of one of its files. Raises WeightsError."""
    known = bundled()
    if str(model) in known:
        return known[str(model)]
    path = Path(model)
    if path.suffix not in {".onnx", ".safetensors"}:
        raise WeightsError(
            f"There is no model {str(model)!r}{nearest(str(model), known)}. Bundled: {', '.join(known)}; others are named by their .onnx file.",
            code="no-model",
        )
    graph = path.with_suffix(".onnx")
    for needed in (graph, path.with_suffix(".safetensors")):
        if not needed.is_file():
            raise WeightsError(f"{needed}: no such file. A model is NAME.onnx with NAME.safetensors beside it.", code="no-model")
    return graph
