"""The graphs of a coloring: name, inputs and outputs of each. `docs/graphs.md` says in which order they run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import onnx

from ..runtime.spec import CodeDistribution, ModelSpec
from . import affinity, cells, objects, pixels, variants
from .tensors import Tensor, Wanted, trace

__all__ = ["Graph", "graphs_of"]

SUGGESTIONS = 8
"""Peaks that the graph ``peaks`` finds at most: as many as `Canvas.suggest` gives by default."""


@dataclass(frozen=True)
class Graph:
    """One graph: a function of tensors with names."""

    function: Callable[..., Sequence[Tensor]]
    inputs: dict[str, Wanted]
    outputs: dict[str, Wanted]
    text: str
    """What it computes."""

    def model(self, name: str) -> onnx.ModelProto:
        """The graph as ONNX."""
        return trace(self.function, self.inputs, self.outputs, name)


def _coded(codes: CodeDistribution, mean: Tensor, scale: Tensor, places: Tensor, like_strength: Tensor) -> list[Tensor]:
    return [variants.code_of(mean, scale, places, like_strength, codes)]


def _f(*shape: int | str, text: str = "") -> Wanted:
    return Wanted(shape, "float", text)


def _i(*shape: int | str, text: str = "") -> Wanted:
    return Wanted(shape, "int", text)


def graphs_of(spec: ModelSpec) -> dict[str, Graph]:
    """The graphs for a model with bins, by name."""
    latent, bins = int(spec.config["latent"]), "bins"
    lightness = _f("height", "width", text="L* of the picture at the working size, 0..100")
    gray = _f(1, 1, "padded_height", "padded_width", text="lightness / 100, padded to multiples of 32")
    size = _i(2, text="height and width of the working size")
    logits = _f(1, bins, "rows", "columns", text="of the network's decoder")
    planes = _f(
        1, 3, "padded_height", "padded_width", text="hints: a*, b* / 110 times coverage, and coverage, 0..1; zero elsewhere"
    )
    kernel, between = _f("cells", "landmarks"), _f("landmarks", "landmarks")
    grid = _i(2, text="rows and columns of landmarks")
    mount = _f("rows", "columns", text="1 at cells of a mount around the photograph, 0 elsewhere")
    mount_pixels = _f("padded_height", "padded_width", text="1 at pixels of a mount, 0 elsewhere")
    vividness, regions = _f(text="0..1"), _f("regions", "rows", "columns", text="share of each cell in each region, 0..1")
    colored = _f(2, "rows", "columns", text="a*, b* of cells")
    pixels_ab = _f(2, "height", "width", text="a*, b* at the working size")
    steps = _f(4, "grid_rows", "grid_columns", text="lengths of the steps between cells")
    features = _f("grid_cells", "channels", text="unit vectors")
    roots = _f("grid_cells", bins, text="square roots of probabilities")
    masks, seeds = (
        _f("groups", "rows", "columns", text="0..1"),
        _f("groups", "rows", "columns", text="share of each cell under the group"),
    )
    kind, number = (
        _i("groups", text="1 informing, 2 recoloring, 3 confined, 0 keeping"),
        _i("groups", text="index of its last hint"),
    )
    colors, fills = _f("groups", 2, text="a*, b*"), _f("groups", text="0..1")
    prior = {"prior_mean": _f(1, latent), "prior_scale": _f(1, latent)}
    like_strength = _f(text="how far the colors are those of a reference picture, 0..1; 0 without one")
    directions = len(spec.codes.directions) or latent
    feature = _f(1, "channels", "feature_rows", "feature_columns", text="of the network's encoder, 1/16 of the working size")
    graphs: dict[str, Graph] = {}

    def add(name: str, text: str, function: Any, inputs: dict[str, Wanted], outputs: dict[str, Wanted]) -> None:
        graphs[name] = Graph(function, inputs, outputs, text)

    add(
        "prepare",
        "The encoder's inputs.",
        lambda light: affinity.prepare(light, spec.preparation),
        {"lightness": lightness},
        {"gray": gray, "recognizer_gray": _f(1, 1, "small_height", "small_width"), "size": size},
    )
    add(
        "affinity",
        "How alike the cells are, regions for variants, and the mount: once for a picture.",
        affinity.affinity,
        {"gray": gray, "feature2": feature, "size": size},
        {"kernel": kernel, "between": between, "regions": regions, "grid": grid, "mount": mount, "mount_pixels": mount_pixels},
    )
    add(
        "cells",
        "Colors of cells: coherent decoding, the error at hints, and objects in the colors of their hints.",
        partial(cells.color_cells, palette=spec.palette),
        {
            "logits": logits,
            "kernel": kernel,
            "between": between,
            "grid": grid,
            "mount": mount,
            "gray": gray,
            "planes": planes,
            "vividness": vividness,
            "before": colored,
            "amount": _f(text="how far all cells take on the new colors, 0..1"),
            "max_chroma": _f(text="limit of the mean chroma of a variant; 0 for none"),
            "masks": masks,
            "colors": colors,
            "fills": fills,
        },
        {"cells": colored, "chroma": _f(text="mean chroma without a limit; 1.5 times that of variant 1 limits the other variants")},
    )
    add(
        "pixels",
        "From cells to pixels of the working size, with the edges of lightness and the exact colors of hints.",
        lambda *values: [pixels.finish(*values)],
        {
            "cells": colored,
            "gray": gray,
            "mount_pixels": mount_pixels,
            "planes": planes,
            "vividness": vividness,
            "size": size,
            "onto": pixels_ab,
            "amount": _f("height", "width", text="how far each pixel takes on the new colors, 0..1"),
        },
        {"ab": pixels_ab},
    )
    add(
        "lines",
        "What is enlarged to full size: at each place a*, b* = slope · L* + offset, with the full-size L*.",
        pixels.merge_lines,
        {"ab": pixels_ab, "lightness": lightness, "strength": _f(text="factor on the chroma, 0..1")},
        {"slope": pixels_ab, "offset": pixels_ab},
    )
    add(
        "scene",
        "What the masks of hints are computed from: once for a picture and a reference.",
        objects.scene_of,
        {"gray": gray, "feature2": feature, "logits": logits},
        {"steps": steps, "features": features, "roots": roots},
    )
    touches = {
        "roots": roots,
        "steps": steps,
        "covered": _f("touches", "rows", "columns", text="share of each cell under each color of each hint"),
        "touch_colors": _f("touches", 2, text="a*, b*"),
        "hint": _i("touches", text="index of its hint"),
        "reach": _i(
            "hints", text="of all hints: 0 keeps the color there, 1 object, 2 picture, 3 area, 4 object and keeps the rest"
        ),
        "shape": _i(2, text="rows and columns of cells"),
    }
    add(
        "groups",
        "Which hints act together, and how.",
        objects.group_touches,
        touches,
        {
            "kinds": _i("hints", text="1 informing, 2 recoloring, 3 confined, 0 keeping"),
            "informed": _f(text="how far the rest of the picture follows informing hints, 0..1"),
            "kind": kind,
            "colors": colors,
            "fills": fills,
            "seeds": seeds,
            "number": number,
        },
    )
    add(
        "masks",
        "The objects that groups of hints lie on, and what the third step changes.",
        objects.masks_of,
        {
            "steps": steps,
            "features": features,
            "roots": roots,
            "seeds": seeds,
            "kind": kind,
            "number": number,
            "colors": colors,
            "before": colored,
            "after": colored,
            "size": size,
            "areas": _f("areas", "height", "width", text="share of each pixel in each area, 0..1"),
        },
        {
            "masks": masks,
            "inside": _f("groups", "height", "width", text="how far each pixel takes on the object's color, 0..1"),
            "change": _f("height", "width", text="how far each pixel takes on the colors of the third step"),
            "area_cells": _f("areas", "rows", "columns", text="1 at cells that an area touches"),
        },
    )
    add(
        "code",
        "The latent code of a variant.",
        partial(_coded, spec.codes),
        {
            "mean": _f(1, latent, text="prior_mean; with a reference like_strength · its code + (1 - like_strength) · prior_mean"),
            "scale": prior["prior_scale"],
            "places": _f(directions, text="a point of the sequence, 0..1" if spec.codes.directions else "standard normal numbers"),
            "like_strength": like_strength,
        },
        {"code": _f(1, latent)},
    )
    add(
        "tilt",
        "Logits of a variant, each region drawn toward one of its plausible colors.",
        lambda *values: [variants.tilted(*values)],
        {"logits": logits, "regions": regions, "first_logits": logits, "planes": planes, "draws": _f("regions", text="0..1")},
        {"tilted": logits},
    )
    add(
        "match",
        "Logits in the palette of a reference picture.",
        lambda *values: [variants.matched(*values)],
        {
            "logits": logits,
            "histogram": _f(bins, text="relative frequency of each bin in the reference, summing to 1"),
            "like_strength": like_strength,
        },
        {"matched": logits},
    )
    add(
        "peaks",
        "The most probable colors of places.",
        lambda likely: variants.peaks_of(likely, SUGGESTIONS),
        {"likely": _f(bins, "places", text="probabilities")},
        {
            "masses": _f(SUGGESTIONS, "places", text="probability of each peak, 0 for none"),
            "peaks": _f(SUGGESTIONS, "places", 2, text="mean a*, b* of each"),
        },
    )
    add(
        "confidence",
        "Probability that the real color lies within 15 units of the chosen one.",
        lambda *values: [variants.confidence_of(*values)],
        {"logits": logits, "cells": colored},
        {"confidence": _f("rows", "columns", text="0..1")},
    )
    return graphs
