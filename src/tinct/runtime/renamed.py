"""Names in model files that were exported before their names were changed; the one place that knows them.

It is empty as soon as the bundled model files carry the current names: a test demands that every old name here occurs in one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import onnx

__all__ = ["STATE_PREFIXES", "TENSORS", "current_state", "current_tensor", "rename_tensors"]

STATE_PREFIXES = {
    "colors": "posterior_encoder",
    "drawn": "decoder_blocks",
    "hinted": "hint_encoder",
    "joined": "recognizer_projections",
    "seen": "encoder_blocks",
    "told": "film_context",
    "whole": "prior_head",
}
"""Old -> current first part of a state-dict key, in weights and in checkpoints."""
TENSORS = {
    "familiar": "recognizer_gray",
    "map0": "feature0",
    "map1": "feature1",
    "map2": "feature2",
    "map3": "feature3",
}
"""Old -> current name of an input or output of an ONNX graph."""

T = TypeVar("T")


def current_state(state: Mapping[str, T]) -> dict[str, T]:
    """A state dict with current keys."""

    def current(key: str) -> str:
        first, dot, rest = key.partition(".")
        return f"{STATE_PREFIXES.get(first, first)}{dot}{rest}"

    return {current(key): value for key, value in state.items()}


def current_tensor(name: str) -> str:
    """The current name of a graph's input or output."""
    return TENSORS.get(name, name)


def rename_tensors(graph: onnx.GraphProto) -> None:
    """Give the inputs and outputs of a graph their current names, in place."""
    values = (*graph.input, *graph.output)
    names = {value.name: current_tensor(value.name) for value in values}
    for value in values:
        value.name = names[value.name]
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
