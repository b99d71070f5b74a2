"""The map of names that older model files have."""

from __future__ import annotations

import onnx
from safetensors import safe_open

from tinct.models import MODELS
from tinct.runtime.renamed import STATE_PREFIXES, TENSORS, current_state, current_tensor
from tinct.runtime.spec import bundled, part, read_spec


def bundled_names() -> tuple[set[str], set[str]]:
    """First parts of the state-dict keys, and names of the graphs' inputs and outputs, in the bundled model files."""
    prefixes: set[str] = set()
    tensors: set[str] = set()
    for graph in bundled().values():
        with safe_open(graph.with_suffix(".safetensors"), "numpy") as weights:
            prefixes |= {key.partition(".")[0] for key in weights.keys()}  # noqa: SIM118 (it is no dict)
        for path in (graph, *(part(graph, name) for name in read_spec(graph.with_suffix(".safetensors")).parts)):
            model = onnx.load(path, load_external_data=False)
            tensors |= {value.name for value in (*model.graph.input, *model.graph.output)}
    return prefixes, tensors


def test_every_old_name_is_one_of_a_bundled_file() -> None:
    """So the map is emptied as soon as the bundled files carry the current names."""
    prefixes, tensors = bundled_names()
    assert {*STATE_PREFIXES} <= prefixes
    assert {*TENSORS} <= tensors


def test_old_names_become_those_of_the_networks() -> None:
    current = {key.partition(".")[0] for network in MODELS.values() for key in network().state_dict()}
    assert {*STATE_PREFIXES.values()} <= current
    assert not {*STATE_PREFIXES} & current, "an old name that is in use again can't be told from a current one"
    assert not {*TENSORS} & {*TENSORS.values()}


def test_only_whole_first_parts_are_renamed() -> None:
    old = next(iter(STATE_PREFIXES), "x")
    state = {f"{old}.0.weight": 1, f"{old}er.weight": 2, f"head.{old}.weight": 3, "bias": 4}
    found = current_state(state)
    assert [*found.values()] == [1, 2, 3, 4]
    assert [*found] == [f"{STATE_PREFIXES.get(old, old)}.0.weight", f"{old}er.weight", f"head.{old}.weight", "bias"]
    assert current_tensor("gray") == "gray"
