"""Where over-fitting begins: along a grid's axis, and in the course of training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .groups import Group, Section, differences
from .measures import MEASURES, Spread, clear_sign, spread
from .results import Epoch
from .wording import join, setting, upper

__all__ = ["Onset", "Turn", "in_short", "mean_curve", "onsets", "overfitting", "turn"]

SMALL = 0.01
"""A rise by a smaller part of the lowest test error isn't called over-fitting, however sure it is."""


@dataclass(frozen=True)
class Onset:
    """Along the axis of a grid: from `begins` on, towards `direction`, test error is higher than at `lowest` while train error falls."""

    line: str
    """Of `Section.lines`."""
    lowest: Group
    begins: Group
    direction: int
    """1 towards larger values, -1 towards smaller ones."""
    rise: Spread
    """Of test error at the last value over the lowest."""
    last: Group


@dataclass(frozen=True)
class Turn:
    """In training: after `seen` pictures test error was lowest, and at the end it is clearly higher while train error fell on."""

    seen: float
    lowest: float
    end: float
    rise: Spread


def onsets(section: Section) -> list[Onset]:
    """At most one for each line of the section, in whichever direction over-fitting lies; lines without any have none."""
    axis, found = section.axis, []
    for name, groups in section.lines().items() if axis else ():
        for direction in (1, -1):
            if (onset := _onset(name, groups[::direction], direction)) is not None:
                found.append(onset)
    return found


def turn(group: Group) -> Turn | None:
    """Where in training over-fitting began, if the runs are at their end."""
    curves = _aligned(group)
    if not curves or len(curves[0]) < 3:
        return None
    columns = list(zip(*curves, strict=True))
    test, train = ([sum(read(e) for e in column) / len(column) for column in columns] for read in (_test, _train))
    best = test.index(min(test))
    rises = [curve[-1].test - curve[best].test for curve in curves]
    rise = spread(rises)
    if rise is None or not _rises(rises, test[best]) or train[-1] >= train[best]:
        return None
    return Turn(sum(e.seen for e in columns[best]) / len(curves), test[best], test[-1], rise)


def mean_curve(group: Group, read: Callable[[Epoch], float]) -> tuple[list[float], list[Spread]]:
    """Pictures seen, and mean and scatter over the seeds, at the end of each epoch that all runs have."""
    columns = list(zip(*_aligned(group), strict=True))
    places = [sum(e.seen for e in column) / len(column) for column in columns]
    return places, [value for column in columns if (value := spread(read(e) for e in column)) is not None]


def in_short(section: Section) -> str:
    """Where along the axis over-fitting begins, in a sentence; empty where a section has no axis that could tell."""
    if not _has_axis(section):
        return ""
    found = onsets(section)
    if not found:
        return "Nowhere does it over-fit: test error never rises clearly while train error falls."
    where = [_from(section, onset) + (f" ({onset.line})" if onset.line else "") for onset in found]
    return f"It over-fits {join(where)}."


def overfitting(section: Section) -> list[str]:
    """Sentences on both; that there is none is said, too."""
    sentences, measure = [], MEASURES["mse_test"]
    for onset in onsets(section):
        lowest, begins, last = (setting(section, group) for group in (onset.lowest, onset.begins, onset.last))
        at = upper(_from(section, onset))
        beyond = f"with {last} " if begins != last else ""
        sentences.append(
            f"{f'{onset.line}: test' if onset.line else 'Test'} error is lowest with {lowest}. {at} it is higher, {beyond}by "
            f"{measure.difference(onset.rise).lstrip('+')}{_over(onset.rise)}, while train error falls on: there the network over-fits."
        )
    if not sentences and _has_axis(section):
        sentences.append(in_short(section))
    turned = [(group, found) for group in section.finished if (found := turn(group)) is not None]
    curved = [group for group in section.finished if len(_aligned(group)[0]) >= 3]
    if turned:
        told = [
            f"{setting(section, g)}, after {t.seen:,.0f} pictures (at the end {t.rise.mean / t.lowest:.0%} higher{_over(t.rise)})"
            for g, t in turned
        ]
        sentences.append(
            f"In training, test error was lowest before the end, and rose again while train error fell on, with {join(told)}."
        )
    if curved and not turned:
        what = "any of these runs" if len(curved) > 1 else "this run"
        sentences.append(
            f"In the course of training, test error doesn’t rise clearly again in {what}: none was trained for too long."
        )
    elif turned and len(curved) > len(turned):
        with_turn = [group for group, _ in turned]
        sentences.append(f"It didn’t rise clearly again with {setting(section, *(g for g in curved if g not in with_turn))}.")
    return sentences


# ---- details --------------------------------------------------------------------------------------------------------------------


def _from(section: Section, onset: Onset) -> str:
    """``from width = 2 on``, or ``with 500 training pictures and fewer``."""
    begins = setting(section, onset.begins)
    if onset.begins is onset.last:
        return f"with {begins}"
    return (
        f"from {begins} on"
        if onset.direction > 0
        else f"with {begins} and {'fewer' if section.axis == 'train_pictures' else 'less'}"
    )


def _has_axis(section: Section) -> bool:
    return section.axis is not None and any(len(groups) > 2 for groups in section.lines().values())


def _onset(name: str, groups: list[Group], direction: int) -> Onset | None:
    train, test = MEASURES["mse_train"], MEASURES["mse_test"]
    groups = [group for group in groups if group.spread(test)]
    if len(groups) < 3:
        return None
    means = [[value.mean if (value := group.spread(measure)) else 0.0 for group in groups] for measure in (train, test)]
    best = means[1].index(min(means[1]))
    begins = None
    for i in range(len(groups) - 1, best, -1):  # from the end, so that all beyond it are higher, too
        rises = differences(groups[i], groups[best], test)
        if not _rises(rises, means[1][best]) or means[0][i] >= means[0][best]:
            break
        begins = i
    if begins is None:
        return None
    rise = spread(differences(groups[-1], groups[best], test))
    assert rise is not None
    return Onset(name, groups[best], groups[begins], direction, rise, groups[-1])


def _rises(rises: list[float], lowest: float) -> bool:
    return clear_sign(rises) > 0 and sum(rises) / len(rises) > SMALL * lowest


def _over(rise: Spread) -> str:
    return "" if rise.n > 1 else ", in one run, so it may be chance"


def _aligned(group: Group) -> list[tuple[Epoch, ...]]:
    shortest = min((len(result.curve) for result in group.results), default=0)
    return [result.curve[:shortest] for result in group.results]


def _train(epoch: Epoch) -> float:
    return epoch.train


def _test(epoch: Epoch) -> float:
    return epoch.test
