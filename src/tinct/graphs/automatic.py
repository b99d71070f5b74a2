"""The automatic coloring as a single graph, the network included: lightness in, a*, b* out."""

from __future__ import annotations

import numpy as np
import onnx

from ..runtime.spec import ModelSpec
from . import affinity, cells, pixels
from .tensors import Tensor, Wanted, concat, constant, filled, placeholder, trace

__all__ = ["INPUTS", "OUTPUTS", "TEXT", "automatic"]

INPUTS = {
    "lightness": Wanted(("height", "width"), "float", "L* of the picture at the working size, 0..100"),
    "vividness": Wanted((), "float", "0..1"),
}
OUTPUTS = {"ab": Wanted((2, "height", "width"), "float", "a*, b* at the working size")}
TEXT = "The automatic coloring as one graph, the network included: all that a program without hints and variants needs."


def automatic(spec: ModelSpec, networks: dict[str, onnx.ModelProto]) -> onnx.ModelProto:
    """The graph.

    Args:
        spec: of the model.
        networks: its graphs ``encode`` and ``decode``.
    """

    def colored(lightness: Tensor, vividness: Tensor) -> list[Tensor]:
        gray, small, size = affinity.prepare(lightness, spec.preparation)
        taken = len(networks["encode"].graph.input)
        *maps, mean, _ = placeholder("encode", [gray, small][:taken], len(networks["encode"].graph.output))
        kernel, between, _, grid, mount, mount_pixels = affinity.affinity(gray, maps[2], size)
        planes = concat([gray * 0.0] * 3, axis=1)
        (logits,) = placeholder("decode", [*maps, planes, mean], 1)
        nothing = mount.expand(0)
        one = constant(1.0)
        painted, _ = cells.color_cells(
            logits,
            kernel,
            between,
            grid,
            mount,
            gray,
            planes,
            vividness,
            concat([nothing * 0.0] * 2),
            one,
            constant(0.0),
            nothing[0:0],
            constant(np.zeros((0, 2))),
            constant(np.zeros(0)),
            palette=spec.palette,
        )
        onto = concat([(lightness * 0.0).expand(0)] * 2)
        return [pixels.finish(painted, gray, mount_pixels, planes, vividness, size, onto, lightness * 0.0 + 1.0)]

    return filled(trace(colored, INPUTS, OUTPUTS, "automatic"), networks)
