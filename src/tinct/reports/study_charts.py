"""Charts of one part of a study: measures along the axis of its grid, or a row for each group where that has no numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from ..studies.groups import NAMES, Group, Material, Section, label, place
from ..studies.measures import BASELINES, MEASURES, Measure
from ..studies.overfitting import Onset, onsets

from .drawing import LOOKS, PALE, SHADE, SLATE, TEST, TRAIN, WARN, Chart, End, Look, bare, draw_line, label_ends, new_figure, save_svg  # isort: skip # fmt: skip
from .pages import slug, upper
from .study_curves import learning_curves
from .study_tables import section_has

__all__ = ["charts"]

BY_GROUP = ("colored_psnr", "de2000", "cf_ratio", "psnr", "e256_gain", "e256_cf_ratio", "e256_hints10", "e256_seconds")
"""Measures drawn with a row for each group."""
ERRORS = ("mse_train", "mse_test")
"""Drawn in one chart, with the gap between them."""
COSTS = ("kl", "train_seconds", "milliseconds", "megabytes")
MIN_COST_RATIO = 1.1
"""Costs are drawn if the largest is more than this times the smallest."""
BASELINE_REACH = 0.6
"""A baseline is drawn if it is no farther from the data than this times their range; otherwise it would squash them."""


def charts(section: Section, material: Material) -> list[Chart]:
    """All charts of a section, the learning curves last."""
    if not section.finished:
        return []
    parts = {group.part for group in section.groups}
    asked = [c.measure for c in material.claims if c.part in parts and c.measure not in ERRORS]
    if section.axis is None:
        keys = [*BY_GROUP, *asked]
    else:
        keys = ["colored_psnr", *asked, *([key for key in COSTS if _varies(section, key)] if len(material.sections) <= 2 else [])]
    several = len(section.lines()) > 2
    keys = [*ERRORS, "gap", *keys] if several and section.axis else keys
    found = [_chart(section, key) for key in dict.fromkeys(keys) if section_has(section, key)]
    if section.axis is None or not several:
        found.insert(0 if section.axis else 1, _chart(section, *ERRORS))
    return [*found, *learning_curves(section)]


def _chart(section: Section, *keys: str) -> Chart:
    """One measure, or train and test error with the gap between them and where over-fitting begins."""
    measures, axis = [MEASURES[key] for key in keys], section.axis
    with new_figure(5.4, 3.3 if axis else 1.0 + 0.36 * len(section.finished)) as figure:
        axes = figure.subplots()
        told, note = _draw_lines(axes, section, axis, measures) if axis else _draw_rows(axes, section, measures)
        what = f"{' and '.join(m.label for m in measures)}{f' by {_axis_name(axis)}' if axis else ''}"
        svg = save_svg(figure, alt := f"{what}: {'; '.join(told)}.")
    if len(keys) == 1:
        (measure,) = measures
        better = {"lower": "; lower is better", "higher": "; higher is better", "one": "; 1 is best"}.get(measure.better, "")
        name, title, caption = keys[0].replace("_", "-"), upper(measure.label), f"{upper(measure.explains)}{better}."
    else:
        name, title = "errors", "Train error, test error and the gap between them"
        shapes = "Dots: single runs. Lines" if axis else "Squares: train. Circles: test. Hollow: single runs. Full"
        caption = f"{shapes}: means. Bands: ± s.d."
    return Chart(f"{slug(section.name)}-{name}", title, caption + note, alt, svg)


# ---- along an axis --------------------------------------------------------------------------------------------------------------


def _draw_lines(axes: Axes, section: Section, axis: str, measures: list[Measure]) -> tuple[list[str], str]:
    """A line for each measure and each list of groups; returns what it shows, with its numbers, and a note for the caption."""
    lines, ends, told, note, found = section.lines(), list[End](), [], "", list[Onset]()
    pairs = ((TRAIN, TEST), (Look(LOOKS[1].color, "D", TRAIN.dashes), Look(LOOKS[2].color, "^")))
    for number, (line, groups) in enumerate(lines.items()):
        looks = pairs[number % 2] if len(measures) > 1 else (LOOKS[number % len(LOOKS)],)
        for measure, look in zip(measures, looks, strict=True):
            values = [(place(group, axis) or 0.0, value, group) for group in groups if (value := group.spread(measure))]
            places, spreads = [x for x, _, _ in values], [value for _, value, _ in values]
            means, scatter = [value.mean for value in spreads], [value.sd or 0.0 for value in spreads]
            draw_line(axes, places, means, look, scatter, hollow=measure is MEASURES["mse_train"] and len(measures) > 1)
            single = [(x, one) for x, _, group in values for result in group.results if (one := measure.of(result)) is not None]
            axes.plot(*zip(*single, strict=True), ".", markersize=4, color=look.color, alpha=0.75, zorder=4)
            name = ", ".join(text for text in (measure.label if len(measures) > 1 else "", line) if text)
            ends += [End(means[-1], name, look.color)] if name and means else []
            shown = ", ".join(f"{label({axis: group.values[axis]})}: {measure.text(value)}" for _, value, group in values)
            told.append(f"{name}: {shown}" if name else shown)
    baselines, outside = _baselines(axes, section, measures[-1], "y")
    if len(measures) > 1 and any(len(groups) > 2 for groups in lines.values()):
        found = onsets(section)
        where = ", ".join(f"{label({axis: o.begins.values[axis]})}{f' ({o.line})' if o.line else ''}" for o in found)
        note = f" Shaded: over-fitting, from {where}." if found else " No over-fitting is marked."
    _finish_axis(axes, axis, section, "mean squared error" if len(measures) > 1 else measures[0].quantity)
    for onset in found:
        _shade(axes, axis, onset, lines[onset.line])
    label_ends(axes, ends + baselines)
    return told, note + outside


def _shade(axes: Axes, axis: str, onset: Onset, groups: list[Group]) -> None:
    """From half-way before the group at which over-fitting begins to the end of the axis."""
    places = [place(group, axis) or 0.0 for group in groups]
    at = place(onset.begins, axis) or 0.0
    before = places[places.index(at) - onset.direction]
    start = math.sqrt(at * before) if _logarithmic(places) else (at + before) / 2
    low, high = axes.get_xlim()
    axes.axvspan(start, high if onset.direction > 0 else low, color=SHADE, zorder=0, linewidth=0)
    axes.set_xlim(low, high)
    axes.annotate(
        "over-fitting", (start, 1), (4 * onset.direction, -4), xycoords=axes.get_xaxis_transform(), textcoords="offset points",
        horizontalalignment="left" if onset.direction > 0 else "right", verticalalignment="top", color=WARN, fontsize=9, bbox={"facecolor": SHADE, "edgecolor": "none", "pad": 1.5}, zorder=5,
    )  # fmt: skip


def _finish_axis(axes: Axes, axis: str, section: Section, quantity: str) -> None:
    ticks = {place(group, axis) or 0.0: label({axis: group.values[axis]}) for group in section.finished}
    if axis == "train_pictures":
        ticks = {x: f"{x:,.0f}" for x in ticks}
    if _logarithmic(list(ticks)):
        axes.set_xscale("log", base=2)
    if len(ticks) <= 10:
        axes.xaxis.set_major_locator(FixedLocator(sorted(ticks)))
        axes.xaxis.set_major_formatter(lambda x, _: ticks[min(ticks, key=lambda known: abs(known - x))])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(_axis_name(axis))
    axes.set_ylabel(quantity)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.ticklabel_format(axis="y", style="plain", useOffset=False)
    bare(axes)


# ---- a row for each group -------------------------------------------------------------------------------------------------------


def _draw_rows(axes: Axes, section: Section, measures: list[Measure]) -> tuple[list[str], str]:
    """As `_draw_lines`, with every run as a dot in its group's row, and the mean, or the gap, at the right."""
    told, names = list[str](), list[str]()
    for group in section.finished:
        values = [value for measure in measures if (value := group.spread(measure))]
        if len(values) < len(measures):
            continue
        row, means = len(names), [value.mean for value in values]
        axes.plot(means, [row] * len(means), color=PALE, linewidth=1.2, zorder=1)
        looks = (TRAIN, TEST) if len(measures) > 1 else (TEST,)
        for measure, value, look, shift in zip(measures, values, looks, (0.13, -0.13) if len(measures) > 1 else (0,), strict=True):
            single = [found for result in group.results if (found := measure.of(result)) is not None]
            if value.sd:
                ends = [value.mean - value.sd, value.mean + value.sd]
                axes.plot(ends, [row + shift] * 2, color=look.color, linewidth=5, alpha=0.22, solid_capstyle="butt")
            axes.plot(single, [row + shift] * len(single), look.marker, color=look.color, markersize=4.5, markerfacecolor="white")
            axes.plot(value.mean, row + shift, look.marker, markersize=6.5, color=look.color, zorder=4)
        texts = [measure.text(value) for measure, value in zip(measures, values, strict=True)]
        note = f"gap {measures[0].text(means[-1] - means[0])}" if len(means) > 1 else measures[0].text(values[0], unit=False)
        axes.annotate(note, (1.03, row), xycoords=axes.get_yaxis_transform(), fontsize=9, verticalalignment="center")
        names.append(group.label)
        told.append(f"{group.label} {' and '.join(texts)}")
    _, note = _baselines(axes, section, measures[-1], "x")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel("mean squared error" if len(measures) > 1 else measures[0].quantity)
    axes.margins(x=0.08)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.ticklabel_format(axis="x", style="plain", useOffset=False)
    bare(axes, "x")
    return told, note


# ---- both -----------------------------------------------------------------------------------------------------------------------


def _baselines(axes: Axes, section: Section, measure: Measure, along: str) -> tuple[list[End], str]:
    """Lines for gray and mean color where they don't squash the data: their labels, and a note for the caption."""
    values = [v for group in section.finished for result in group.results if (v := measure.of(result)) is not None]
    low, high = min(values), max(values)
    reach = BASELINE_REACH * ((high - low) or abs(high) * 0.05 or 1.0)
    ends: list[End] = []
    note = outside = ""
    for (who, name), word, dashes in zip(BASELINES.items(), ("Dashed", "Dotted"), ((6, 4), (2, 2)), strict=True):
        value = section.finished[0].spread(measure, who)
        if value is None or not measure.better or (measure.better == "one" and who == "gray"):
            continue
        text = f"{name}, {measure.text(value.mean)}."
        if low - reach <= value.mean <= high + reach:
            line = axes.axhline if along == "y" else axes.axvline
            line(value.mean, color=SLATE, linewidth=1.1, linestyle=(0, dashes), zorder=1)
            ends.append(End(value.mean, name, SLATE))
            note += f" {word}: {text}" if along == "x" else ""
        else:
            outside += f" Outside the chart: {text}"
    return ends, note + outside


def _axis_name(axis: str) -> str:
    return NAMES.get(axis, axis.rpartition(".")[2].replace("_", " "))


def _logarithmic(places: Sequence[float]) -> bool:
    return min(places) > 0 and max(places) >= 8 * min(places)


def _varies(section: Section, key: str) -> bool:
    means = [abs(value.mean) for group in section.finished if (value := group.spread(MEASURES[key]))]
    return bool(means) and max(means) > MIN_COST_RATIO * min(means)
