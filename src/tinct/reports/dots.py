"""Charts of a section whose values are no numbers: a row a group, every run a dot."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..studies.groups import Group, Section
from ..studies.measures import MEASURES, Measure, Spread
from .captions import draw_baselines, explained, quantity, title
from .drawing import PALE, TEST, TRAIN, Chart, Look, bare, new_figure, save

__all__ = ["by_group", "errors_by_group"]


def by_group(section: Section, key: str, stem: str) -> Chart:
    measure = MEASURES[key]
    groups = [(group, value) for group in section.finished if (value := group.spread(measure))]
    with new_figure(5.4, 0.95 + 0.36 * len(groups)) as figure:
        axes = figure.subplots()
        for row, (group, value) in enumerate(groups):
            _draw_dots(axes, row, group, measure, value, TEST)
            _note(axes, row, measure.text(value, unit=False))
        _, out = draw_baselines(axes, section, measure, "x")
        _finish_rows(axes, [group.label for group, _ in groups], quantity(measure))
        alt = f"{measure.label}: " + "; ".join(f"{group.label} {measure.text(value)}" for group, value in groups) + "."
        svg = save(figure, alt)
    return Chart(f"{stem}-{key.replace('_', '-')}", title(measure), f"{explained(measure)}{out}", alt, svg)


def errors_by_group(section: Section, stem: str) -> Chart:
    train, test = MEASURES["mse_train"], MEASURES["mse_test"]
    groups = [(g, one, other) for g in section.finished if (one := g.spread(train)) and (other := g.spread(test))]
    with new_figure(5.4, 1.1 + 0.36 * len(groups)) as figure:
        axes = figure.subplots()
        for row, (group, one, other) in enumerate(groups):
            axes.plot([one.mean, other.mean], [row, row], color=PALE, linewidth=1.2, zorder=1)
            _draw_dots(axes, row + 0.13, group, train, one, TRAIN)
            _draw_dots(axes, row - 0.13, group, test, other, TEST)
            _note(axes, row, f"gap {MEASURES['gap'].text(Spread(other.mean - one.mean, None, 1))}")
        _, out = draw_baselines(axes, section, test, "x")
        _finish_rows(axes, [group.label for group, _, _ in groups], "mean squared error")
        told = [f"{g.label} train {train.text(one)}, test {test.text(other)}" for g, one, other in groups]
        alt = f"Train and test error: {'; '.join(told)}."
        svg = save(figure, alt)
    caption = f"Squares: train. Circles: test. Hollow ones are single runs, full ones their means.{out}"
    return Chart(f"{stem}-errors", "Train error, test error and the gap between them", caption, alt, svg)


def _draw_dots(axes: Axes, row: float, group: Group, measure: Measure, value: Spread, look: Look) -> None:
    single = [found for result in group.results if (found := measure.of(result)) is not None]
    if value.sd:
        axes.plot(
            [value.mean - value.sd, value.mean + value.sd],
            [row, row],
            color=look.color,
            linewidth=5,
            alpha=0.22,
            solid_capstyle="butt",
        )
    axes.plot(
        single,
        [row] * len(single),
        look.marker,
        markersize=4.5,
        markerfacecolor="white",
        color=look.color,
        markeredgewidth=1,
        zorder=3,
    )
    axes.plot(value.mean, row, look.marker, markersize=6.5, color=look.color, zorder=4)


def _note(axes: Axes, row: float, text: str) -> None:
    axes.annotate(text, (1.03, row), xycoords=axes.get_yaxis_transform(), fontsize=9, verticalalignment="center", color="#1f2328")


def _finish_rows(axes: Axes, names: list[str], quantity: str) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel(quantity)
    axes.margins(x=0.08)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.ticklabel_format(axis="x", style="plain", useOffset=False)
    bare(axes, "x")
