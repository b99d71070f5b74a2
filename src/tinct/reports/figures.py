"""Charts of a section: measures along the axis of its grid, or group by group where that has no numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from ..studies.groups import Group, Material, Section, label, place
from ..studies.measures import MEASURES, Measure, Spread
from ..studies.overfitting import onsets
from .captions import axis_name, draw_baselines, explained, quantity, title, told
from .dots import by_group, errors_by_group
from .drawing import LOOKS, SHADE, TEST, TRAIN, Chart, End, Look, bare, label_ends, new_figure, save, slug
from .learning import learning_curves

__all__ = ["charts"]

DOTS = ("colored_psnr", "de2000", "cf_ratio", "psnr", "e256_gain", "e256_cf_ratio", "e256_hints10", "e256_seconds")
"""Drawn group by group."""
VARIES = 0.1
"""Costs are drawn where the largest is so much more than the smallest."""


def charts(section: Section, material: Material) -> list[Chart]:
    """All charts of a section, the learning curves last."""
    if not section.finished:
        return []
    stem = slug(section.name)
    asked = [claim.measure for claim in material.claims if claim.part in {group.part for group in section.groups}]
    axis = section.axis
    if axis is None:
        keys = [*DOTS, *(key for key in asked if key not in ("mse_train", "mse_test"))]
        found = [errors_by_group(section, stem)]
        found += [by_group(section, key, stem) for key in dict.fromkeys(keys) if _measured(section, key)]
        found = [*found[1:2], found[0], *found[2:]]
    else:
        keys = ["colored_psnr", *(key for key in asked if key not in ("mse_train", "mse_test"))]
        if len(material.sections) <= 2:
            keys += [key for key in ("kl", "train_seconds", "milliseconds", "megabytes") if _varies(section, key)]
        several = len(section.lines()) > 2
        found = [] if several else [_errors_by_axis(section, axis, stem)]
        keys = ["mse_train", "mse_test", "gap", *keys] if several else keys
        found += [_by_axis(section, axis, key, stem) for key in dict.fromkeys(keys) if _measured(section, key)]
    return [*found, *learning_curves(section, stem)]


# ---- along an axis --------------------------------------------------------------------------------------------------------------


def _errors_by_axis(section: Section, axis: str, stem: str) -> Chart:
    """Train and test error in one chart, with the gap between them, and where over-fitting begins."""
    sides = [("train", MEASURES["mse_train"], TRAIN), ("test", MEASURES["mse_test"], TEST)]
    lines = section.lines()
    found = onsets(section)
    texts: list[str] = []
    with new_figure(5.4, 3.5) as figure:
        axes = figure.subplots()
        ends: list[End] = []
        for number, (name, groups) in enumerate(lines.items()):
            for side, measure, look in sides:
                look = (
                    look
                    if number == 0
                    else Look(LOOKS[2 * number - 1 + (side == "test")].color, "^" if side == "test" else "D", look.dashes)
                )
                values = _draw_line(axes, axis, groups, measure, look, hollow=side == "train")
                text = f"{side}{f', {name}' if name else ''}"
                ends.append(End(values[-1].mean, text, look.color))
                texts.append(f"{text} error " + told(axis, groups, measure))
        baselines, out = draw_baselines(axes, section, MEASURES["mse_test"], "y")
        for onset in found:
            _shade(axes, axis, onset.begins, onset.direction, lines[onset.line])
        _finish_axis(axes, axis, section)
        axes.set_ylabel("mean squared error")
        label_ends(axes, ends + baselines, step=0.07)
        note = _overfitting_note(section, axis)
        alt = f"Train and test error by {axis_name(axis)}: {'; '.join(texts)}.{note}"
        svg = save(figure, alt)
    caption = f"Dots are single runs, lines their means, bands ± s.d.; the distance between the lines is the gap.{note}{out}"
    return Chart(f"{stem}-errors", "Train error, test error and the gap between them", caption, alt, svg)


def _by_axis(section: Section, axis: str, key: str, stem: str) -> Chart:
    measure, texts = MEASURES[key], []
    with new_figure(5.4, 3.1) as figure:
        axes = figure.subplots()
        ends, lines = [], section.lines()
        for number, (name, groups) in enumerate(lines.items()):
            look = LOOKS[number % len(LOOKS)]
            values = _draw_line(axes, axis, groups, measure, look)
            if name and values:
                ends.append(End(values[-1].mean, name, look.color))
            texts.append((f"{name}: " if name else "") + told(axis, groups, measure))
        baselines, out = draw_baselines(axes, section, measure, "y")
        _finish_axis(axes, axis, section)
        axes.set_ylabel(quantity(measure))
        label_ends(axes, ends + baselines, step=0.08)
        alt = f"{measure.label} by {axis_name(axis)}: {'; '.join(texts)}."
        svg = save(figure, alt)
    return Chart(f"{stem}-{key.replace('_', '-')}", title(measure), f"{explained(measure)}{out}", alt, svg)


def _draw_line(axes: Axes, axis: str, groups: list[Group], measure: Measure, look: Look, *, hollow: bool = False) -> list[Spread]:
    found = [(place(group, axis) or 0.0, value, group) for group in groups if (value := group.spread(measure))]
    places, values = [x for x, _, _ in found], [value for _, value, _ in found]
    if any(value.sd for value in values):
        low, high = ([v.mean + sign * (v.sd or 0.0) for v in values] for sign in (-1, 1))
        axes.fill_between(places, low, high, color=look.color, alpha=0.13, linewidth=0)
    face = "white" if hollow else look.color
    means = [value.mean for value in values]
    axes.plot(
        places,
        means,
        linestyle=look.dashes,
        marker=look.marker,
        markersize=5,
        markerfacecolor=face,
        color=look.color,
        linewidth=1.8,
        zorder=3,
    )
    single = [(x, one) for x, _, group in found for result in group.results if (one := measure.of(result)) is not None]
    axes.plot(*zip(*single, strict=True), ".", markersize=4, color=look.color, alpha=0.75, zorder=4)
    return values


def _shade(axes: Axes, axis: str, begins: Group, direction: int, groups: list[Group]) -> None:
    """From half-way before the group at which over-fitting begins to the end of the axis."""
    places = [place(group, axis) or 0.0 for group in groups]
    at = place(begins, axis) or 0.0
    before = places[places.index(at) - direction]
    start = math.sqrt(at * before) if _logarithmic(places) else (at + before) / 2
    if _logarithmic(places):
        axes.set_xscale("log", base=2)
    low, high = axes.get_xlim()
    axes.axvspan(start, high if direction > 0 else low, color=SHADE, zorder=0, linewidth=0)
    axes.set_xlim(low, high)
    axes.annotate(
        "over-fitting", (start, 1), (4 * direction, -4), xycoords=axes.get_xaxis_transform(), textcoords="offset points",
        horizontalalignment="left" if direction > 0 else "right", verticalalignment="top", color="#8a3a00", fontsize=9, bbox={"facecolor": SHADE, "edgecolor": "none", "pad": 1.5}, zorder=5,
    )  # fmt: skip


def _finish_axis(axes: Axes, axis: str, section: Section) -> None:
    ticks = {place(group, axis) or 0.0: label({axis: group.values[axis]}) for group in section.finished}
    if axis == "train_pictures":
        ticks = {x: f"{x:,.0f}" for x in ticks}
    if _logarithmic(list(ticks)):
        axes.set_xscale("log", base=2)
    if len(ticks) <= 10:
        axes.xaxis.set_major_locator(FixedLocator(sorted(ticks)))
        axes.xaxis.set_major_formatter(lambda x, _: ticks[min(ticks, key=lambda known: abs(known - x))])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(axis_name(axis))
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.ticklabel_format(axis="y", style="plain", useOffset=False)
    bare(axes)


def _logarithmic(places: Sequence[float]) -> bool:
    return min(places) > 0 and max(places) >= 8 * min(places)


def _overfitting_note(section: Section, axis: str) -> str:
    if any(len(groups) > 2 for groups in section.lines().values()):
        found = onsets(section)
        if not found:
            return " Nowhere does test error rise clearly while train error falls, so no over-fitting is marked."
        where = [f"{label({axis: o.begins.values[axis]})}{f' ({o.line})' if o.line else ''}" for o in found]
        way = "on" if found[0].direction > 0 else "down"
        return f" Shaded: over-fitting from {' and '.join(where)} {way}, where test error is clearly above its lowest while train error falls."
    return ""


def _measured(section: Section, key: str) -> bool:
    return any(group.spread(MEASURES[key]) for group in section.finished)


def _varies(section: Section, key: str) -> bool:
    means = [abs(value.mean) for group in section.finished if (value := group.spread(MEASURES[key]))]
    return bool(means) and max(means) > (1 + VARIES) * min(means)
