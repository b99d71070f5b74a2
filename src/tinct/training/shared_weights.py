"""Quantized graphs without weights of their own: they compute them from those that the float graph refers to.

ONNX Runtime computes what depends on constants once, when it loads a graph. So a graph may say "the stored weight, in single precision,
times a factor for each channel (the merged batch normalization), in 8 bits", and runs exactly as if it held the result.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..errors import WeightsError

__all__ = ["share_weights"]

Floats = npt.NDArray[np.float32]
QUANTIZED = "_quantized"
"""What ONNX Runtime's quantizer puts after the name of a weight; its scale and zero point have ``_scale`` and ``_zero_point`` there."""
MAX_ERROR = 1e-6
"""Of a weight's largest value: how much a stored weight times its factors may differ from the merged one."""
MAX_OWN = 100_000
"""Values that a graph may hold itself: biases, factors, scales, and small tables."""
SHARED_FROM = 256
"""Values from which a weight is shared."""


def share_weights(made: onnx.ModelProto, graph: Path, merged: onnx.ModelProto) -> None:
    """Replace the weights of a quantized graph by references to the ``.safetensors`` file of the float graph, and what makes them from these.

    Args:
        made: the quantized graph, which is changed.
        graph: the float graph, which refers to the file.
        merged: the same with the weights inside and batch normalization merged, from which `made` was made.

    Raises:
        WeightsError: weights are left that don't come from the file.
    """
    references, values = _stored(graph)
    wholes = {tensor.name: numpy_helper.to_array(tensor) for tensor in merged.graph.initializer}
    kept: dict[str, TensorProto] = {}
    nodes: dict[str, onnx.NodeProto] = {}  # by their output

    def add(kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.setdefault(output, helper.make_node(kind, inputs, [output], **attributes))
        return output

    for tensor in made.graph.initializer:
        name = tensor.name.removesuffix(QUANTIZED) if tensor.data_type == TensorProto.INT8 else tensor.name
        origin = next((key for key in references if name == key or name.endswith(f"_{key}")), None)
        factors = (
            _factors(values[origin], wholes[name]) if origin and name in wholes and np.prod(tensor.dims) >= SHARED_FROM else None
        )
        if origin is None or factors is None:
            kept[tensor.name] = tensor
            continue
        reference = references[origin]
        kept[reference.name] = reference
        weight = add("Cast", [reference.name], f"{origin}.single", to=TensorProto.FLOAT)
        if (factors != 1).any():
            kept[f"{name}.factors"] = numpy_helper.from_array(factors, f"{name}.factors")
            weight = add("Mul", [weight, f"{name}.factors"], f"{name}.merged")
        if tensor.data_type == TensorProto.INT8:
            add("QuantizeLinear", [weight, f"{name}_scale", f"{name}_zero_point"], tensor.name, axis=0)
        else:
            add("Identity", [weight], tensor.name)
    own = sum(int(np.prod(tensor.dims)) for tensor in kept.values() if tensor.data_location != TensorProto.EXTERNAL)
    if own > MAX_OWN:
        raise WeightsError(f"{own} values of the 8-bit graph are not in the weights of {graph}; please report this.")
    following = list(made.graph.node)
    del made.graph.initializer[:], made.graph.node[:]
    made.graph.initializer.extend(kept.values())
    made.graph.node.extend([*nodes.values(), *following])


def _stored(graph: Path) -> tuple[dict[str, TensorProto], dict[str, Floats]]:
    """Of each weight in half precision, by its name in single precision: the reference into the file, and the values."""
    model = onnx.load(graph, load_external_data=False)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer if tensor.data_location == TensorProto.EXTERNAL}
    references = {
        node.output[0]: tensors[node.input[0]] for node in model.graph.node if node.op_type == "Cast" and node.input[0] in tensors
    }
    values = {name: numpy_helper.to_array(tensor, str(graph.parent)).astype(np.float32) for name, tensor in references.items()}
    return references, values


def _factors(stored: Floats, whole: Floats) -> Floats | None:
    """(C, 1, ...) factors that make a merged weight of a stored one, channel by channel (exactly 1 if it is the same); None if there are none."""
    if stored.shape != whole.shape:
        return None
    if np.array_equal(stored, whole):
        return np.ones((len(stored), *[1] * (stored.ndim - 1)), np.float32)
    axes = tuple(range(1, stored.ndim))
    squares = np.square(stored, dtype=np.float64).sum(axes, keepdims=True)
    factors = (
        (whole * stored.astype(np.float64)).sum(axes, keepdims=True) / np.maximum(squares, np.finfo(np.float64).tiny)
    ).astype(np.float32)
    return factors if np.abs(stored * factors - whole).max() <= MAX_ERROR * np.abs(whole).max() else None
