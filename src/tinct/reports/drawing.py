"""One style for all charts: colors, lines with error bands, labels at line ends, and SVG with accessible names."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any, Literal, TypeAlias

import matplotlib
import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["LOOKS", "PALE", "SHADE", "SLATE", "TEST", "TRAIN", "WARN", "Chart", "End", "Look", "bare", "draw_line", "label_ends", "new_figure", "save_png", "save_svg"]  # fmt: skip

Floats: TypeAlias = "Sequence[float] | pd.Series[float]"
SLATE, PALE = "#5f6368", "#9aa0a6"
SHADE, WARN = "#f6e7da", "#8a3a00"
"""Where over-fitting is marked: areas, and lines and text."""


@dataclass(frozen=True)
class Look:
    """Style of a line; color, marker and dashes each tell it apart."""

    color: str
    marker: str = ""
    dashes: Any = "-"


TEST, TRAIN = Look("#0072b2", "o"), Look("#b34700", "s", ":")
LOOKS = (TEST, Look("#8f3f71", "^", (0, (7, 2))), Look("#00705a", "D", (0, (4, 1.5, 1, 1.5))), Look("#7a5c00", "v", (0, (3, 2))), Look(SLATE, "P", (0, (9, 2, 2, 2))))  # fmt: skip
"""The colors of Okabe and Ito (2008), which all kinds of color vision tell apart, darkened until text in them is readable on white."""


@dataclass(frozen=True)
class Chart:
    """One chart of a report."""

    name: str
    """Its file's name without the suffix."""
    title: str
    caption: str
    alt: str
    """What it shows, with its numbers."""
    svg: Markup
    wide: bool = False


@dataclass(frozen=True)
class End:
    """A label at the end of a line."""

    value: float
    text: str
    color: str


@contextmanager
def new_figure(width: float, height: float) -> Iterator[Figure]:
    """A figure of this size in inches; text stays text, and equal charts are equal bytes."""
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tinct", "font.size": 9.5}):
        yield Figure(figsize=(width, height), layout="constrained")


def save_svg(figure: Figure, alt: str) -> Markup:
    """The figure as an ``<svg>`` element with `alt` as its accessible name; to be called inside `new_figure`."""
    file = io.BytesIO()
    figure.savefig(file, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    text = file.getvalue().decode()
    text = re.sub(r' id="[\w.]+_\d+"', "", text[text.index("<svg") :])  # ids would repeat on a page with several charts
    return Markup(text.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1))


def save_png(figure: Figure) -> bytes:
    """The figure as a PNG file, 160 pixels an inch."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=160)
    return file.getvalue()


def bare(axes: Axes, grid: Literal["x", "y"] = "y") -> None:
    """Faint grid lines along one axis, and no frame at the top and on the right."""
    axes.grid(axis=grid, color="#e3e5e8", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(PALE)
    axes.tick_params(color=PALE)


def draw_line(
    axes: Axes, places: Floats, means: Floats, look: Look, scatter: Floats | None = None, *, hollow: bool = False
) -> None:
    """Means as a line, with a band of ± `scatter`, a standard deviation or a standard error."""
    if scatter is not None and any(scatter):
        low, high = (np.add(means, sign * np.asarray(scatter)) for sign in (-1, 1))
        axes.fill_between(places, low, high, color=look.color, alpha=0.14, linewidth=0)
    style: dict[str, Any] = {"markersize": 5, "markerfacecolor": "white" if hollow else look.color}
    style |= {"markevery": max(1, len(means) // 20), "clip_on": not look.marker, "zorder": 3}
    axes.plot(places, means, linestyle=look.dashes, marker=look.marker, color=look.color, linewidth=1.8, **style)


def label_ends(axes: Axes, ends: Sequence[End], *, size: float = 9, lines: int = 1) -> None:
    """Labels right of the axes, each near its value but not over another, with a leader line where it had to move.

    Args:
        axes: final but for the labels; their limits stay.
        ends: what to label; values that aren't finite are left out.
        size: of the font, in points.
        lines: of text in each label.
    """
    low, high = axes.get_ylim()
    axes.set_ylim(low, high)
    ends = sorted((end for end in ends if math.isfinite(end.value)), key=lambda end: end.value)
    own = [(end.value - low) / (high - low) for end in ends]
    inches = axes.figure.bbox.height / axes.figure.dpi - 0.5  # of the axes, roughly
    step = lines * size * 1.6 / 72 / inches
    heights = own.copy()
    for _ in range(30):  # push neighbors apart until none overlap
        for i in range(len(heights) - 1):
            if (overlap := step - (heights[i + 1] - heights[i])) > 0:
                heights[i], heights[i + 1] = heights[i] - overlap / 2, heights[i + 1] + overlap / 2
        heights = [min(max(height, i * step), 1 - (len(heights) - 1 - i) * step) for i, height in enumerate(heights)]
    for end, at, height in zip(ends, own, heights, strict=True):
        leader = {"arrowstyle": "-", "color": end.color, "linewidth": 0.6, "shrinkA": 1, "shrinkB": 1}
        axes.annotate(
            end.text, (1, at), (1.04, height), xycoords="axes fraction", textcoords="axes fraction", color=end.color, fontsize=size,
            verticalalignment="center", linespacing=1.1, arrowprops=leader if abs(height - at) > step / 3 else None,
        )  # fmt: skip
