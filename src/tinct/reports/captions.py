"""What charts say in words, and the lines for gray and mean color that all of them may have."""

from __future__ import annotations

from matplotlib.axes import Axes

from ..studies.groups import NAMES, Group, Section, label
from ..studies.measures import BASELINES, MEASURES, Measure
from .drawing import LOOKS, End

__all__ = ["axis_name", "draw_baselines", "explained", "quantity", "title", "told"]

NEAR = 0.6
"""A baseline is drawn if it lies within so many times the range of the data from it."""
SLATE = LOOKS[-1].color


def draw_baselines(axes: Axes, section: Section, measure: Measure, along: str) -> tuple[list[End], str]:
    """Lines for gray and mean color where they don't squash the data, and a sentence on those that would."""
    values = [v for group in section.finished for result in group.results if (v := measure.of(result)) is not None]
    low, high = min(values), max(values)
    span = (high - low) or abs(high) * 0.05 or 1.0
    ends: list[End] = []
    outside: list[str] = []
    out = ""
    for number, (who, name) in enumerate(BASELINES.items()):
        value = section.finished[0].spread(measure, who)
        if value is None or measure is MEASURES["gap"] or (measure.better == "one" and who == "gray"):
            continue
        if not low - NEAR * span <= value.mean <= high + NEAR * span:
            outside.append(f"{name}, {measure.text(value.mean)}")
            continue
        dashes = ((0, (6, 4)), (0, (2, 2)))[number]
        if along == "y":
            axes.axhline(value.mean, color=SLATE, linewidth=1.1, linestyle=dashes, zorder=1)
            ends.append(End(value.mean, name, SLATE))
        else:
            axes.axvline(value.mean, color=SLATE, linewidth=1.1, linestyle=dashes, zorder=1)
            out += f" {('Dashed', 'Dotted')[number]}: {name}, {measure.text(value.mean)}."
    return ends, out + (f" Outside the chart: {'; '.join(outside)}." if outside else "")


def told(axis: str, groups: list[Group], measure: Measure) -> str:
    return ", ".join(f"{label({axis: g.values[axis]})}: {measure.text(v)}" for g in groups if (v := g.spread(measure)))


def axis_name(axis: str) -> str:
    return NAMES.get(axis, axis.rpartition(".")[2].replace("_", " "))


def quantity(measure: Measure) -> str:
    return f"{measure.label}{f', {measure.unit}' if measure.unit else ''}"


def title(measure: Measure) -> str:
    return measure.label[:1].upper() + measure.label[1:]


def explained(measure: Measure) -> str:
    better = {"lower": "lower is better", "higher": "higher is better", "one": "1 is best"}.get(measure.better, "")
    return f"{measure.explains[:1].upper()}{measure.explains[1:]}{f'; {better}' if better else ''}."
