"""ONNX graphs written as if with NumPy: `Tensor` has NumPy's operators, and `trace` turns a function of tensors into a model.

The graphs use only operators of ONNX opset 20 that ONNX Runtime runs everywhere, in the browser (WebAssembly) too, and no custom ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir
from onnxscript import GraphBuilder

__all__ = ["OPSET", "Tensor", "Wanted", "concat", "constant", "filled", "loop", "placeholder", "trace", "when", "where"]

OPSET = 20
IR_VERSION = 10
Operand: TypeAlias = "Tensor | float | int | bool"
_builder: ContextVar[GraphBuilder] = ContextVar("builder")
"""What builds the graph, or the subgraph of a loop or a branch, that is being traced."""
_PLACE = "tinct.place"
"""Domain of placeholders."""
_names = count()
_TYPES = {"float": ir.DataType.FLOAT, "int": ir.DataType.INT64, "bool": ir.DataType.BOOL}


@dataclass(frozen=True)
class Wanted:
    """One input or output of a graph."""

    shape: tuple[int | str, ...] = ()
    """Names stand for sizes that may vary."""
    kind: str = "float"
    """``float``, ``int`` (64 bits) or ``bool``."""
    text: str = ""
    """What it is, for its users."""


class Tensor:
    """A value of a graph that is being built."""

    __array_ufunc__ = None  # NumPy leaves operators to this class

    def __init__(self, value: ir.Value) -> None:
        self.value = value

    def op(self, kind: str, *others: Tensor | None, outputs: int = 1, **attributes: Any) -> Any:
        """A node of the type `kind`, whose first input is this value, in the graph that is being built; the same node is made once."""
        values = [self.value, *(None if other is None else other.value for other in others)]
        key = (kind, outputs, tuple(map(id, values)), repr(sorted(attributes.items())))
        return _once(key, lambda builder: getattr(builder.op, kind)(*values, _outputs=outputs, **attributes))

    def _binary(self, kind: str, other: Operand, swapped: bool = False) -> Tensor:
        if not isinstance(other, Tensor):
            dtype = {ir.DataType.INT64: np.int64, ir.DataType.BOOL: np.bool_}.get(self.value.dtype or ir.DataType.FLOAT, np.float32)
            other = constant(other, dtype)
        first, second = (other, self) if swapped else (self, other)
        result: Tensor = first.op(kind, second)
        return result

    def __add__(self, other: Operand) -> Tensor:
        return self._binary("Add", other)

    def __radd__(self, other: Operand) -> Tensor:
        return self._binary("Add", other, True)

    def __sub__(self, other: Operand) -> Tensor:
        return self._binary("Sub", other)

    def __rsub__(self, other: Operand) -> Tensor:
        return self._binary("Sub", other, True)

    def __mul__(self, other: Operand) -> Tensor:
        return self._binary("Mul", other)

    def __rmul__(self, other: Operand) -> Tensor:
        return self._binary("Mul", other, True)

    def __truediv__(self, other: Operand) -> Tensor:
        return self._binary("Div", other)

    def __rtruediv__(self, other: Operand) -> Tensor:
        return self._binary("Div", other, True)

    def __floordiv__(self, other: Operand) -> Tensor:
        """Of integers that aren't negative."""
        return self._binary("Div", other)

    def __mod__(self, other: Operand) -> Tensor:
        return self._binary("Mod", other)

    def __pow__(self, other: float) -> Tensor:
        return self._binary("Pow", other)

    def __matmul__(self, other: Tensor) -> Tensor:
        return self._binary("MatMul", other)

    def __neg__(self) -> Tensor:
        result: Tensor = self.op("Neg")
        return result

    def __lt__(self, other: Operand) -> Tensor:
        return self._binary("Less", other)

    def __le__(self, other: Operand) -> Tensor:
        return self._binary("LessOrEqual", other)

    def __gt__(self, other: Operand) -> Tensor:
        return self._binary("Greater", other)

    def __ge__(self, other: Operand) -> Tensor:
        return self._binary("GreaterOrEqual", other)

    def equals(self, other: Operand) -> Tensor:
        """Element by element; ``==`` compares the objects."""
        return self._binary("Equal", other)

    def __and__(self, other: Operand) -> Tensor:
        return self._binary("And", other)

    def __or__(self, other: Operand) -> Tensor:
        return self._binary("Or", other)

    def __invert__(self) -> Tensor:
        result: Tensor = self.op("Not")
        return result

    def __getitem__(self, key: Any) -> Tensor:
        """Integers, ``:`` and slices with a step of 1, as in NumPy; bounds may be numbers or tensors of 1 element."""
        keys = key if isinstance(key, tuple) else (key,)
        result, axis = self, 0
        for one in keys:
            if isinstance(one, slice):
                if one.start is not None or one.stop is not None:
                    start, stop = one.start if one.start is not None else 0, one.stop if one.stop is not None else 2**31
                    result = result.op("Slice", *(_vector(result, bound) for bound in (start, stop)), result.ints([axis]))
                axis += 1
            else:
                index = constant(one, np.int64) if isinstance(one, int) else one
                result = result.op("Gather", index, axis=axis)
        return result

    def ints(self, values: Sequence[int]) -> Tensor:
        """A constant of 64-bit integers."""
        return constant(list(values), np.int64)

    def sum(self, *axes: int, keep: bool = False) -> Tensor:
        """Over these axes, or all."""
        return self._reduce("ReduceSum", axes, keep)

    def mean(self, *axes: int, keep: bool = False) -> Tensor:
        """Over these axes, or all."""
        return self._reduce("ReduceMean", axes, keep)

    def max(self, *axes: int, keep: bool = False) -> Tensor:
        """Over these axes, or all."""
        return self._reduce("ReduceMax", axes, keep)

    def _reduce(self, kind: str, axes: tuple[int, ...], keep: bool) -> Tensor:
        given = (self.ints(axes),) if axes else ()
        result: Tensor = self.op(kind, *given, keepdims=int(keep))
        return result

    def any(self) -> Tensor:
        """Whether any element of a boolean tensor is true: a boolean scalar."""
        return self.as_floats().max() > 0

    def exp(self) -> Tensor:
        """e to the power of each element."""
        result: Tensor = self.op("Exp")
        return result

    def log(self) -> Tensor:
        """Natural logarithm."""
        result: Tensor = self.op("Log")
        return result

    def sqrt(self) -> Tensor:
        """Square root."""
        result: Tensor = self.op("Sqrt")
        return result

    def abs(self) -> Tensor:
        """Absolute value."""
        result: Tensor = self.op("Abs")
        return result

    def least(self, other: Operand) -> Tensor:
        """Element-wise minimum."""
        return self._binary("Min", other)

    def most(self, other: Operand) -> Tensor:
        """Element-wise maximum."""
        return self._binary("Max", other)

    def clip(self, low: float, high: float) -> Tensor:
        """Between two bounds."""
        result: Tensor = self.op("Clip", constant(low), constant(high))
        return result

    def as_floats(self) -> Tensor:
        """In single precision."""
        result: Tensor = self.op("Cast", to=int(ir.DataType.FLOAT))
        return result

    def as_integers(self) -> Tensor:
        """As 64-bit integers, truncated."""
        result: Tensor = self.op("Cast", to=int(ir.DataType.INT64))
        return result

    def dims(self, *axes: int) -> Tensor:
        """(n,) sizes of these axes, or of all."""
        shape: Tensor = self.op("Shape")
        return shape[self.ints(axes)] if axes else shape

    def reshape(self, *sizes: int | Tensor) -> Tensor:
        """To sizes that are numbers or tensors of 1-D; -1 is what is left."""
        shape = (
            self.ints([s for s in sizes if isinstance(s, int)])
            if all(isinstance(s, int) for s in sizes)
            else concat([s if isinstance(s, Tensor) else self.ints([s]) for s in sizes])
        )
        result: Tensor = self.op("Reshape", shape)
        return result

    def transpose(self, *order: int) -> Tensor:
        """Axes in another order; by default reversed."""
        result: Tensor = self.op("Transpose", perm=list(order)) if order else self.op("Transpose")
        return result

    def expand(self, *axes: int) -> Tensor:
        """New axes of size 1 at these places of the result."""
        result: Tensor = self.op("Unsqueeze", self.ints(axes))
        return result

    def squeeze(self, *axes: int) -> Tensor:
        """Without these axes of size 1."""
        result: Tensor = self.op("Squeeze", self.ints(axes))
        return result

    def softmax(self, axis: int) -> Tensor:
        """Softmax along one axis."""
        result: Tensor = self.op("Softmax", axis=axis)
        return result


def _vector(like: Tensor, bound: int | Tensor) -> Tensor:
    return like.ints([bound]) if isinstance(bound, int) else bound.reshape(1)


def _once(key: tuple[Any, ...], make: Callable[[GraphBuilder], Any], *, at_root: bool = False) -> Any:
    """A node's output (or list of outputs) that is made where there is none with this key in this graph or in one around it.

    A graph with fewer nodes takes less time to load, which counts where it is loaded for every visit.
    """
    own = _builder.get()
    builder: GraphBuilder | None = own.root if at_root else own
    own = own.root if at_root else own
    while builder is not None:
        if key in (known := vars(builder).setdefault("known_nodes", {})):
            return known[key]
        builder = builder.parent
    made = make(own)
    found = Tensor(made) if isinstance(made, ir.Value) else [Tensor(one) for one in made]
    vars(own)["known_nodes"][key] = found
    return found


def constant(values: npt.ArrayLike, dtype: Any = np.float32) -> Tensor:
    """A constant."""
    array = np.asarray(values, dtype)
    key = ("Constant", array.dtype.str, array.shape, array.tobytes())
    result: Tensor = _once(key, lambda builder: builder.op.Constant(value=ir.tensor(array)), at_root=True)
    return result


def concat(parts: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Along one axis."""
    result: Tensor = parts[0].op("Concat", *parts[1:], axis=axis)
    return result


def where(condition: Tensor, yes: Operand, no: Operand) -> Tensor:
    """Element-wise choice; of two numbers an integer tensor if both are integers."""
    whole = all(one.value.dtype == ir.DataType.INT64 if isinstance(one, Tensor) else isinstance(one, int) for one in (yes, no))
    both = [one if isinstance(one, Tensor) else constant(one, np.int64 if whole else np.float32) for one in (yes, no)]
    result: Tensor = condition.op("Where", *both)
    return result


def _inside(function: Callable[..., Sequence[Tensor]], inputs: Sequence[ir.Value], outputs: int) -> ir.Graph:
    """A subgraph. Names are unique in the whole model: those of a subgraph must not hide those around it."""
    builder = _builder.get()
    builder.push_module(f"part{next(_names)}")

    def traced(op: Any, *values: ir.Value) -> list[ir.Value]:
        token = _builder.set(op.builder)
        try:
            return [op.Identity(one.value) for one in function(*map(Tensor, values))]
        finally:
            _builder.reset(token)

    try:
        return builder.subgraph(traced, inputs, [ir.Value() for _ in range(outputs)], name=f"part{next(_names)}")
    finally:
        builder.pop_module()


def when(condition: Tensor, yes: Callable[[], Sequence[Tensor]], no: Callable[[], Sequence[Tensor]]) -> list[Tensor]:
    """The tensors that one of two functions makes; only that one is computed."""
    counts: list[int] = []

    def branch(function: Callable[[], Sequence[Tensor]]) -> ir.Graph:
        builder = _builder.get()
        builder.push_module(f"part{next(_names)}")
        graph = ir.Graph([], [], nodes=[], opset_imports={"": OPSET}, name=f"part{next(_names)}")
        inner = GraphBuilder(graph, parent=builder)
        inner._scope_stack = list(builder._scope_stack)
        token = _builder.set(inner)
        try:
            found = [inner.op.Identity(one.value) for one in function()]
        finally:
            _builder.reset(token)
            builder.pop_module()
        graph.outputs.extend(found)
        counts.append(len(found))
        return graph

    made = _builder.get().op.If(condition.value, then_branch=branch(yes), else_branch=branch(no), _outputs=counts[0])
    return [Tensor(one) for one in ([made] if isinstance(made, ir.Value) else made)]


def loop(
    times: int | Tensor, states: Sequence[Tensor], body: Callable[..., tuple[Sequence[Tensor], Tensor | None]], collected: int = 0
) -> list[Tensor]:
    """Repeat `body`.

    Args:
        times: at most.
        states: carried from one repetition to the next.
        body: from the number of the repetition and the states to the new states (and, after them, `collected` results that are stacked),
            and whether to go on (None: always).
        collected: number of stacked results.

    Returns:
        The last states, and the stacked results.
    """
    inputs = [_named("i", ir.DataType.INT64), _named("go", ir.DataType.BOOL)]
    inputs += [ir.Value(name=f"state{next(_names)}", type=s.value.type) for s in states]

    def traced(number: Tensor, go: Tensor, *values: Tensor) -> list[Tensor]:
        found, more = body(number, *values)
        return [go if more is None else more, *found]

    graph = _inside(traced, inputs, 1 + len(states) + collected)
    most = constant(times, np.int64) if isinstance(times, int) else times
    made = _builder.get().op.Loop(
        most.value, constant(True, np.bool_).value, *(s.value for s in states), body=graph, _outputs=len(states) + collected
    )
    return [Tensor(one) for one in ([made] if isinstance(made, ir.Value) else made)]


def _named(name: str, dtype: ir.DataType) -> ir.Value:
    return ir.Value(name=f"{name}{next(_names)}", type=ir.TensorType(dtype), shape=ir.Shape(()))


def placeholder(name: str, inputs: Sequence[Tensor], outputs: int) -> list[Tensor]:
    """The outputs of another model of that name, which `filled` puts in."""
    made = getattr(_builder.get().opset(_PLACE, 1), name)(*(one.value for one in inputs), _outputs=outputs)
    values = [made] if isinstance(made, ir.Value) else list(made)
    for value in values:
        value.dtype = ir.DataType.FLOAT
    return [Tensor(value) for value in values]


def filled(model: onnx.ModelProto, models: dict[str, onnx.ModelProto]) -> onnx.ModelProto:
    """The model, changed in place, with other models in the place of their placeholders."""
    nodes = list(model.graph.node)
    del model.graph.node[:]
    for node in nodes:
        if node.domain != _PLACE:
            model.graph.node.append(node)
            continue
        other = models[node.op_type]
        names = dict(zip([value.name for value in other.graph.input], node.input, strict=True))
        names |= dict(zip([value.name for value in other.graph.output], node.output, strict=True))

        def renamed(name: str, names: dict[str, str] = names, prefix: str = f"{node.op_type}.") -> str:
            return names.get(name, prefix + name) if name else name

        for tensor in other.graph.initializer:
            model.graph.initializer.add().CopyFrom(tensor)
            model.graph.initializer[-1].name = renamed(tensor.name)
        for inner in other.graph.node:
            copy = model.graph.node.add()
            copy.CopyFrom(inner)
            copy.name = f"{node.op_type}.{inner.name}" if inner.name else ""
            copy.input[:], copy.output[:] = map(renamed, inner.input), map(renamed, inner.output)
    kept = [entry for entry in model.opset_import if entry.domain != _PLACE]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    return model


def trace(
    function: Callable[..., Sequence[Tensor]], inputs: dict[str, Wanted], outputs: dict[str, Wanted], name: str
) -> onnx.ModelProto:
    """The model of a function that takes one tensor for each of `inputs` and gives one for each of `outputs`."""
    graph = ir.Graph([], [], nodes=[], opset_imports={"": OPSET}, name=name)
    builder = GraphBuilder(graph)
    token = _builder.set(builder)
    try:
        given = [builder.input(key, dtype=_TYPES[one.kind], shape=list(one.shape)) for key, one in inputs.items()]
        made = function(*map(Tensor, given))
        for (key, one), result in zip(outputs.items(), made, strict=True):
            value = builder.op.Identity(result.value)
            value.dtype, value.shape = _TYPES[one.kind], ir.Shape(one.shape)
            builder.add_output(value, key)
    finally:
        _builder.reset(token)
    model = ir.serde.serialize_model(ir.Model(graph, ir_version=IR_VERSION, producer_name="tinct"))
    kept = [value.name for value in (*model.graph.input, *model.graph.output)]
    _shortened(model.graph, dict(zip(kept, kept, strict=True)), count())
    return model


def _shortened(graph: onnx.GraphProto, names: dict[str, str], numbers: Iterator[int]) -> None:
    """Without comments, with short names that don't depend on the version of onnxscript."""

    def renamed(name: str) -> str:
        if name and name not in names:
            names[name] = f"v{next(numbers)}"
        return names.get(name, name)

    for value in (*graph.input, *graph.initializer):
        value.name = renamed(value.name)
    for node in graph.node:
        for field in ("name", "metadata_props", "doc_string"):
            node.ClearField(field)
        node.input[:] = map(renamed, node.input)
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                _shortened(attribute.g, names, numbers)
        node.output[:] = map(renamed, node.output)
    for value in graph.output:
        value.name = renamed(value.name)
    graph.name = graph.name if not graph.name.startswith("part") else "part"
    graph.ClearField("value_info")  # shapes are inferred again when the graph is loaded
