"""The style of a study's charts: colors, markers, labels that hang on lines, and SVG that reads itself out."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .run_charts import BLUE, RUST, SLATE

__all__ = ["LOOKS", "PALE", "SHADE", "TEST", "TRAIN", "Chart", "End", "Look", "bare", "label_ends", "new_figure", "save", "slug"]

PALE, SHADE = "#9aa0a6", "#f6e7da"


@dataclass(frozen=True)
class Look:
    """Of a line: told apart by color, by marker and by dashes."""

    color: str
    marker: str
    dashes: Any = "-"


TEST, TRAIN = Look(BLUE, "o"), Look(RUST, "s", ":")
LOOKS = (TEST, Look("#8f3f71", "^", (0, (7, 2))), Look("#00705a", "D", (0, (4, 1.5, 1, 1.5))), Look("#7a5c00", "v", (0, (3, 2))), Look(SLATE, "P", (0, (9, 2, 2, 2))))  # fmt: skip
"""Okabe and Ito's colors, as dark as text must be on white."""


@dataclass(frozen=True)
class Chart:
    """One chart of a report."""

    name: str
    """Of its file, without ``.svg``."""
    title: str
    caption: str
    alt: str
    """What it shows, with its numbers."""
    svg: str
    """An element that says `alt` itself."""
    wide: bool = False


@dataclass(frozen=True)
class End:
    """A label to stand at the end of a line."""

    value: float
    text: str
    color: str


@contextmanager
def new_figure(width: float, height: float) -> Iterator[Figure]:
    """Inches; text stays text, and equal charts are equal bytes."""
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tinct", "font.size": 9.5}):
        yield Figure(figsize=(width, height), layout="constrained")


def save(figure: Figure, alt: str) -> str:
    """The figure as an ``<svg>`` element; call it inside `new_figure`."""
    file = io.BytesIO()
    figure.savefig(file, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    text = file.getvalue().decode()
    text = re.sub(r' id="[\w.]+_\d+"', "", text[text.index("<svg") :])  # a page has no two equal ids
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1)


def bare(axes: Axes, grid: Literal["x", "y"] = "y") -> None:
    """Only the lines that are needed."""
    axes.grid(axis=grid, color="#e3e5e8", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(PALE)
    axes.tick_params(color=PALE)


def label_ends(axes: Axes, ends: list[End], *, step: float, x: float = 1.03, size: float = 9) -> None:
    """Labels at the right, each as near to its value as others leave room; `step` is a line of text as a part of the height."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high)  # stays, now that labels hang on it
    ends = sorted(ends, key=lambda end: end.value)
    heights = [(end.value - low) / (high - low) for end in ends]
    for _ in range(60):  # push neighbors apart until none overlap
        moved = False
        for i in range(len(heights) - 1):
            if (short := step - (heights[i + 1] - heights[i])) > 1e-6:
                heights[i] -= short / 2
                heights[i + 1] += short / 2
                moved = True
        if heights and heights[0] < 0:
            heights[0], moved = 0.0, True
        if heights and heights[-1] > 1:
            heights[-1], moved = 1.0, True
        if not moved:
            break
    for end, height in zip(ends, heights, strict=True):
        axes.annotate(end.text, (x, height), xycoords="axes fraction", color=end.color, fontsize=size, verticalalignment="center")


def slug(text: str) -> str:
    """Fit for a file's name."""
    return "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in text.lower()).split()) or "part"
