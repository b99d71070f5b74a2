"""Curves of a training run, as pictures."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

__all__ = ["Panel", "number", "panels_of", "render"]

LOSSES = {
    "cross_entropy": "cross-entropy (nats per value)",
    "l1": "mean absolute error of RGB",
    "bins": "cross-entropy of color (nats)\n+ weighted errors",
}
BLUE, RUST, SLATE = "#0072b2", "#b34700", "#5f6368"  # told apart by every kind of color vision, and dark enough for text on white


@dataclass(frozen=True)
class Panel:
    """One chart: a quantity by epoch."""

    label: str
    train: list[float]
    test: list[float]
    gray: float | None = None
    """The gray picture's value on the test side, a horizontal line."""


def panels_of(config: dict[str, Any], epochs: list[dict[str, Any]], scores: dict[str, Any] | None) -> list[Panel]:
    """The error of the color; the loss where it is another one; the KL divergence where there is one."""
    if not epochs:
        return []

    def panel(label: str, key: str, gray: float | None = None) -> Panel:
        return Panel(label, [epoch["train"][key] for epoch in epochs], [epoch["test"][key] for epoch in epochs], gray)

    if "mse" in epochs[0]["test"]:
        panels = [panel("mean squared error of RGB", "mse", scores["gray"]["test"]["mse"] if scores else None)]
    else:
        panels = [panel("mean distance of a*, b*", "ab_error")]
    kl = any(epoch["train"]["kl"] != 0 for epoch in epochs)
    if config["loss"] != "mse":
        weighted = "\n+ weighted KL" if kl and config.get("kl_weight") else ""
        panels.append(panel(f"loss: {LOSSES.get(config['loss'], config['loss'])}{weighted}", "loss"))
    if kl:
        panels.append(panel("KL divergence (nats per picture)", "kl"))
    return panels


def render(panels: list[Panel], epochs: Sequence[float], kind: str, unit: str = "epoch") -> bytes:
    """The panels side by side over `epochs`, as a ``"png"`` file or as an ``"svg"`` element fit for a page."""
    file = io.BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tinct"}):
        figure = Figure(figsize=(5 * len(panels), 3.2), layout="constrained")
        for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            _draw(axes, panel, epochs, unit)
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type")) if kind == "svg" else None
        figure.savefig(file, format=kind, dpi=160, metadata=nothing)
    if kind == "png":
        return file.getvalue()
    return re.sub(rb' id="[\w.]+_\d+"', b"", file.getvalue()[file.getvalue().index(b"<svg") :])  # a page has no two equal ids


def _draw(axes: Axes, panel: Panel, epochs: Sequence[float], unit: str) -> None:
    style: dict[str, Any] = {"markersize": 4.5, "markevery": max(1, len(epochs) // 20), "clip_on": False, "zorder": 3}
    axes.plot(epochs, panel.train, ":", marker="s", markerfacecolor="white", color=RUST, linewidth=1.6, **style)
    axes.plot(epochs, panel.test, "-", marker="o", color=BLUE, linewidth=1.8, **style)
    ends = [(panel.train[-1], "train", RUST), (panel.test[-1], "test", BLUE)]
    if panel.gray is not None:
        axes.axhline(panel.gray, color=SLATE, linewidth=1.1, linestyle=(0, (6, 4)))
        ends.append((panel.gray, "gray picture", SLATE))
    axes.set_xlim(epochs[0], epochs[-1]) if len(epochs) > 1 else axes.set_xlim(epochs[0] - 1, epochs[0] + 1)
    axes.set_ylim(axes.get_ylim())  # stays, now that labels hang on it
    axes.set_xlabel(unit)
    axes.set_ylabel(panel.label)
    axes.xaxis.set_major_locator(MaxNLocator(7, integer=unit == "epoch"))
    axes.grid(axis="y", color="#e3e5e8", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#9aa0a6")
    axes.tick_params(color="#9aa0a6")

    low, high = axes.get_ylim()
    ends = sorted(end for end in ends if math.isfinite(end[0]))
    heights = [(value - low) / (high - low) for value, _, _ in ends]
    middle = len(ends) // 2  # labels closer than a line of text move away from the middle one
    for i in range(middle + 1, len(ends)):
        heights[i] = max(heights[i], heights[i - 1] + 0.075)
    for i in range(middle - 1, -1, -1):
        heights[i] = min(heights[i], heights[i + 1] - 0.075)
    for (value, name, color), height in zip(ends, heights, strict=True):
        end = axes.get_xlim()[1] if color == SLATE else epochs[-1]
        line = {"arrowstyle": "-", "color": color, "linewidth": 0.6, "shrinkA": 1, "shrinkB": 4}
        text = axes.annotate(f"{name} {number(value)}", (end, value), (1.04, height), textcoords="axes fraction", arrowprops=line)
        text.set(color=color, verticalalignment="center", fontsize=9)


def number(value: float) -> str:
    """Five decimals for errors, which are below 1, two for decibels and nats: the same in charts, tables and sentences."""
    return f"{value:.5f}" if abs(value) < 1 else f"{value:.2f}"
