"""Model files: what is in them, which are bundled, and whether a pair of them is sound.

``NAME.safetensors`` holds the weights in half precision; ``NAME.onnx`` beside it holds the graph only and points into the other for
its numbers. A model that runs in steps has a graph for each: ``NAME.onnx`` is the first, ``NAME.PART.onnx`` the others. All carry
the same spec, as JSON under the metadata key ``tinct``.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._util.fields import from_dict, to_dict
from ..coloring.palette import Palette
from ..coloring.variants import Codes
from ..errors import ConfigError, WeightsError, nearest
from .prepare import Preparation

__all__ = ["DEFAULT_MODEL", "METADATA_KEY", "PAIR_KEY", "ModelSpec", "bundled", "check_pair", "find", "part", "read_spec", "sha256"]

DEFAULT_MODEL = "tinct"
METADATA_KEY = "tinct"
"""Where the spec stands in the metadata of both files."""
PAIR_KEY = "tinct.safetensors.sha256"
"""Where the graph says which weights it was made with."""
FORMAT = 1
_FOLDER = Path(__file__).parent / "bundled"


@dataclass(frozen=True)
class ModelSpec:
    """Everything about a model that isn't its weights."""

    name: str
    architecture: str
    """A key of `tinct.models.MODELS`."""
    preparation: Preparation
    config: dict[str, Any] = field(default_factory=dict)
    """The network's own configuration, whole: what its `Config` dataclass takes."""
    parts: tuple[str, ...] = ()
    """Further graphs of the model: ``NAME.PART.onnx``."""
    palette: Palette = field(default_factory=Palette)
    """How a distribution over ab bins becomes color, for a model that gives one."""
    codes: Codes = field(default_factory=Codes)
    """Where the codes of real colorings lie, for a model that has codes."""
    parameters: int = 0
    """Trained numbers in it."""
    training: dict[str, Any] = field(default_factory=dict)
    """The recipe, the pictures (sources, how many, terms of use) and the machine."""
    scores: dict[str, Any] = field(default_factory=dict)
    """Final errors by side of the split, beside those of the gray picture."""
    checkpoint_sha256: str = ""
    """Of the training checkpoint from which the files were made."""
    tinct_version: str = ""
    format: int = FORMAT

    def to_json(self) -> str:
        return json.dumps(to_dict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str, where: str) -> ModelSpec:
        """Raises WeightsError where the text is no spec of a format that this version knows."""
        try:
            values = json.loads(text)
            if values.get("format") != FORMAT:
                raise WeightsError(f"{where} is of model format {values.get('format')}, this tinct reads {FORMAT}: update tinct.")
            return from_dict(cls, values, where)
        except (json.JSONDecodeError, AttributeError, ConfigError) as error:
            raise WeightsError(f"{where} holds a damaged model description ({error}). Export the model again.") from error


def read_spec(path: Path) -> ModelSpec:
    """The spec in a ``.safetensors`` file, without reading its weights. Raises WeightsError."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > 100_000_000:
                raise ValueError("its header is too long")
            header = json.loads(file.read(length))
            text = header["__metadata__"][METADATA_KEY]
    except FileNotFoundError as error:
        raise WeightsError(f"{path}: no such file. A model is NAME.onnx with NAME.safetensors beside it.") from error
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        raise WeightsError(f"{path} is not a tinct model. Make one with: tinct export RUN -o NAME") from error
    return ModelSpec.from_json(text, str(path))


def part(graph: Path, name: str) -> Path:
    """``NAME.onnx`` -> ``NAME.PART.onnx``."""
    return graph.with_suffix(f".{name}.onnx")


def check_pair(graph: Path) -> tuple[ModelSpec, str]:
    """The spec of a model whose files lie side by side and were made together, and the `sha256` of its weights; loads none of them.

    Raises WeightsError.
    """
    metadata = _metadata(graph)
    if METADATA_KEY not in metadata:
        raise WeightsError(f"{graph} is not a tinct model, or is damaged. Make one with: tinct export RUN -o NAME")
    spec = ModelSpec.from_json(metadata[METADATA_KEY], str(graph))
    weights = graph.with_suffix(".safetensors")
    for other_graph in (part(graph, name) for name in spec.parts):
        if _metadata(other_graph).get(PAIR_KEY) != metadata.get(PAIR_KEY):
            raise WeightsError(f"{other_graph} is missing, damaged or of another model than {graph}; copy all its files together.")
    other = read_spec(weights)
    if other.architecture != spec.architecture:
        raise WeightsError(
            f"{graph} is of architecture {spec.architecture!r}, {weights} of {other.architecture!r}; they aren't a pair."
        )
    if (checksum := sha256(weights)) != metadata.get(PAIR_KEY):
        raise WeightsError(
            f"{weights} isn't the file that {graph} was made with. Export the model again, or copy both files together."
        )
    return spec, checksum


def _metadata(graph: Path) -> dict[str, str]:
    """The metadata of an ONNX file (field 14 of its ModelProto, pairs of key and value); as far as it is one."""
    try:
        entries = [dict(_protobuf(value)) for number, value in _protobuf(graph.read_bytes()) if number == 14]
        return {entry[1].decode(): entry[2].decode() for entry in entries}
    except (OSError, LookupError, ValueError):
        return {}


def _protobuf(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and content of each length-delimited field. Raises IndexError or ValueError where the data is no message."""
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
    """Name -> (first) ``.onnx`` file of every model inside the package, the default first."""
    names = sorted((p.stem for p in _FOLDER.glob("*.safetensors")), key=lambda name: (name != DEFAULT_MODEL, name))
    return {name: _FOLDER / f"{name}.onnx" for name in names}


def find(model: str | Path) -> Path:
    """The ``.onnx`` file of a bundled name or of a path to either file of a model. Raises WeightsError."""
    known = bundled()
    if str(model) in known:
        return known[str(model)]
    path = Path(model)
    if path.suffix not in {".onnx", ".safetensors"}:
        raise WeightsError(
            f"There is no model {str(model)!r}{nearest(str(model), known)}. Bundled: {', '.join(known)}; or name a .onnx file."
        )
    graph = path.with_suffix(".onnx")
    for needed in (graph, path.with_suffix(".safetensors")):
        if not needed.is_file():
            raise WeightsError(f"{needed}: no such file. A model is NAME.onnx with NAME.safetensors beside it.")
    return graph


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
