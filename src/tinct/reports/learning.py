"""Learning curves: error by pictures seen, one small chart a group, all on the same scales."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..studies.groups import Group, Section
from ..studies.measures import Spread
from ..studies.overfitting import Turn, mean_curve, turn
from ..studies.results import ERRORS
from .drawing import TEST, TRAIN, Chart, bare, new_figure, save

__all__ = ["learning_curves"]


def learning_curves(section: Section, stem: str) -> list[Chart]:
    """Train dotted, test solid, means over the seeds with ± s.d.; where test error was lowest, if the end is clearly above it.

    One chart for each kind of error that runs record.
    """
    found: list[Chart] = []
    for error in ERRORS:
        groups = [g for g in section.finished if all(r.error == error and len(r.curve) > 1 for r in g.results)]
        if groups:
            found.append(_curves(groups, error, f"{stem}-curves" if not found else f"{stem}-curves-{len(found) + 1}"))
    return found


def _curves(groups: list[Group], error: str, name: str) -> Chart:
    columns = min(len(groups), 4 if len(groups) > 6 else 3)
    rows = math.ceil(len(groups) / columns)
    told, turned = [], False
    with new_figure(11 if columns > 2 else 5.4, 0.5 + 2.1 * rows) as figure:
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, group in zip(panels, groups, strict=False):
            places, test = mean_curve(group, lambda e: e.test)
            _, train = mean_curve(group, lambda e: e.train)
            found = turn(group)
            turned = turned or found is not None
            _draw(axes, places, train, test, found)
            axes.set_title(group.label, fontsize=10, loc="left")
            told.append(
                f"{group.label}: train {train[0].mean:.4g} to {train[-1].mean:.4g}, test {test[0].mean:.4g} to {test[-1].mean:.4g}"
                + (f", lowest {found.lowest:.4g} after {found.seen:,.0f} pictures" if found else "")
            )
        cut = _limit(
            panels[0], [e.mean for g in groups for read in (lambda e: e.test, lambda e: e.train) for e in mean_curve(g, read)[1]]
        )
        for axes in panels[len(groups) :]:
            axes.set_visible(False)
        figure.supxlabel("thousand pictures seen", fontsize=9.5)
        figure.supylabel(ERRORS[error], fontsize=9.5)
        alt = f"Learning curves, {ERRORS[error]} by pictures seen. {'; '.join(told)}."
        svg = save(figure, alt)
    caption = "Dotted: training pictures, while the weights still change. Solid: test pictures. Bands are ± s.d. over the seeds."
    caption += (
        " A vertical line marks the lowest test error where the end is clearly above it: over-fitting begins there."
        if turned
        else " Nowhere is test error clearly higher at the end than before, so no over-fitting is marked."
    )
    caption += " The beginning is cut off." if cut else ""
    return Chart(name, "How they learned", caption, alt, svg, wide=columns > 2)


def _draw(axes: Axes, places: list[float], train: list[Spread], test: list[Spread], found: Turn | None) -> None:
    thousands = [place / 1000 for place in places]
    for name, values, look in (("train", train, TRAIN), ("test", test, TEST)):
        means = [value.mean for value in values]
        if any(value.sd for value in values):
            low, high = ([v.mean + sign * (v.sd or 0.0) for v in values] for sign in (-1, 1))
            axes.fill_between(thousands, low, high, color=look.color, alpha=0.15, linewidth=0)
        axes.plot(thousands, means, linestyle=look.dashes, color=look.color, linewidth=1.7)
        above = (train[-1].mean > test[-1].mean) == (name == "train")
        axes.annotate(
            name, (thousands[-1], means[-1]), (0, 7 if above else -7), textcoords="offset points", color=look.color, fontsize=8.5,
            horizontalalignment="right", verticalalignment="bottom" if above else "top",
        )  # fmt: skip
    if found:
        at = found.seen / 1000
        axes.axvline(at, color="#8a3a00", linewidth=1.1, linestyle=(0, (4, 3)))
        axes.plot(at, found.lowest, "o", markersize=5, color=TEST.color)
        axes.annotate(
            f"lowest: {found.seen:,.0f}", (at, 0.97), (3, 0), xycoords=axes.get_xaxis_transform(), textcoords="offset points",
            color="#8a3a00", fontsize=8.5, verticalalignment="top",
        )  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    bare(axes)


def _limit(axes: Axes, values: list[float]) -> bool:
    """The first epochs of a run may be so bad that nothing else could be told apart; they are cut off then."""
    ordered = sorted(values)
    low, middle, high = ordered[0], ordered[int(0.8 * len(ordered))], ordered[-1]
    if high - low > 4 * (middle - low) > 0:
        axes.set_ylim(low - 0.3 * (middle - low), low + 2 * (middle - low))
        return True
    axes.set_ylim(low - 0.15 * (high - low or low), high + 0.1 * (high - low or low))
    return False
