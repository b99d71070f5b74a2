"""Learning curves of a part of a study: error by pictures seen, one small chart for each group, all on the same scales."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..studies.groups import Group, Section
from ..studies.overfitting import Turn, mean_curve, turn
from ..studies.results import ERRORS
from .drawing import TEST, TRAIN, WARN, Chart, Look, bare, draw_line, new_figure, save_svg
from .pages import slug

__all__ = ["learning_curves"]

MAX_SPAN = 4
"""The first epochs are cut off where they make the axis more than this many times as long as the lowest 80 % of the values need."""


def learning_curves(section: Section) -> list[Chart]:
    """One chart for each kind of error that runs record; means over the seeds, and the lowest test error where runs over-fit."""
    found: list[Chart] = []
    for error in ERRORS:
        groups = [g for g in section.finished if all(r.error == error and len(r.curve) > 1 for r in g.results)]
        if groups:
            found.append(_curves(groups, error, f"{slug(section.name)}-curves{f'-{len(found) + 1}' if found else ''}"))
    return found


def _curves(groups: list[Group], error: str, name: str) -> Chart:
    columns = min(len(groups), 4 if len(groups) > 6 else 3)
    rows = math.ceil(len(groups) / columns)
    curves, turns = [mean_curve(group) for group in groups], [turn(group) for group in groups]
    told = []
    with new_figure(11 if columns > 2 else 5.4, 0.5 + 2.1 * rows) as figure:
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, group, (mean, scatter), found in zip(panels, groups, curves, turns, strict=False):
            _draw(axes, mean, scatter, found)
            axes.set_title(group.label, fontsize=10, loc="left")
            sides = (f"{side} {mean[side].iloc[0]:.4g} to {mean[side].iloc[-1]:.4g}" for side in ("train", "test"))
            lowest = f", lowest {found.lowest:.4g} after {found.seen:,.0f} pictures" if found else ""
            told.append(f"{group.label}: {', '.join(sides)}{lowest}")
        values = [value for mean, _ in curves for side in ("train", "test") for value in mean[side]]
        low, most, high = np.quantile(values, (0, 0.8, 1))
        cut = high - low > MAX_SPAN * (most - low) > 0
        height = 2 * (most - low) if cut else 1.1 * (high - low or low)
        panels[0].set_ylim(low - 0.15 * height, low + height)
        for axes in panels[len(groups) :]:
            axes.set_visible(False)
        figure.supxlabel("thousand pictures seen", fontsize=9.5)
        figure.supylabel(ERRORS[error], fontsize=9.5)
        svg = save_svg(figure, alt := f"Learning curves, {ERRORS[error]} by pictures seen. {'; '.join(told)}.")
    caption = "Dotted: training pictures, while the weights still change. Solid: test pictures. Bands: ± s.d. over the seeds."
    caption += " Vertical line: lowest test error, where over-fitting begins." if any(turns) else " No over-fitting is marked."
    return Chart(name, "How they learned", caption + (" The beginning is cut off." if cut else ""), alt, svg, wide=columns > 2)


def _draw(axes: Axes, mean: pd.DataFrame, scatter: pd.DataFrame, found: Turn | None) -> None:
    places = mean["pictures_seen"] / 1000
    last = mean.iloc[-1]
    for name, look in (("train", TRAIN), ("test", TEST)):
        draw_line(axes, places, mean[name], Look(look.color, dashes=look.dashes), scatter[name])
        above = (last["train"] > last["test"]) == (name == "train")
        axes.annotate(
            name, (places.iloc[-1], last[name]), (0, 7 if above else -7), textcoords="offset points", color=look.color, fontsize=8.5,
            horizontalalignment="right", verticalalignment="bottom" if above else "top",
        )  # fmt: skip
    if found:
        at = found.seen / 1000
        axes.axvline(at, color=WARN, linewidth=1.1, linestyle=(0, (4, 3)))
        axes.plot(at, found.lowest, "o", markersize=5, color=TEST.color)
        axes.annotate(
            f"lowest: {found.seen:,.0f}", (at, 0.97), (3, 0), xycoords=axes.get_xaxis_transform(), textcoords="offset points",
            color=WARN, fontsize=8.5, verticalalignment="top",
        )  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    bare(axes)
