"""Where over-fitting begins: along the axis of a grid, and in the course of training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import pandas as pd

from .groups import Group, Section, differences, setting
from .measures import MEASURES, clear_sign, significance

__all__ = ["Onset", "Turn", "along_axis", "in_training", "mean_curve", "onsets", "turn"]

MIN_RISE = 0.01
"""A rise by a smaller part of the lowest test error isn't called over-fitting, however significant."""
MIN_EPOCHS = 3
"""Fewest epochs of a learning curve in which over-fitting is looked for."""


@dataclass(frozen=True)
class Onset:
    """From `begins` on, towards `direction`, test error is higher than at `lowest` while train error is lower."""

    line: str
    """A key of `Section.lines`."""
    lowest: Group
    begins: Group
    last: Group
    direction: int
    """1 towards larger values of the axis, -1 towards smaller ones."""
    rises: list[float]
    """Test error at `last` minus that at `lowest`, by seed."""


@dataclass(frozen=True)
class Turn:
    """After `seen` pictures test error was lowest; at the end it is clearly higher, and train error lower."""

    seen: float
    lowest: float
    rises: list[float]
    """Test error at the end minus the lowest, by seed."""


def onsets(section: Section) -> list[Onset]:
    """At most one for each line and direction of the section."""
    lines = section.lines() if section.axis else {}
    found = (_onset(name, groups[::way], way) for name, groups in lines.items() for way in (1, -1))
    return [onset for onset in found if onset is not None]


def mean_curve(group: Group) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Mean and standard deviation over the seeds of ``pictures_seen``, ``train`` and ``test``, for each epoch that all runs have."""
    shortest, columns = min(len(result.curve) for result in group.results), ["pictures_seen", "train", "test"]
    curves = np.stack([result.curve[columns][:shortest].to_numpy(float) for result in group.results])  # (runs, epochs, columns)
    scatter = curves.std(axis=0, ddof=1) if len(curves) > 1 else np.zeros(curves.shape[1:])
    return pd.DataFrame(curves.mean(axis=0), columns=columns), pd.DataFrame(scatter, columns=columns)


def turn(group: Group) -> Turn | None:
    """Where in training over-fitting began, if these runs over-fit."""
    mean, _ = mean_curve(group)
    if len(mean) < MIN_EPOCHS or mean["test"].isna().any():
        return None
    last, best = len(mean) - 1, int(mean["test"].argmin())
    rises = [float(r.curve["test"][last] - r.curve["test"][best]) for r in group.results]
    if not _rises(rises, mean["test"][best]) or mean["train"][last] >= mean["train"][best]:
        return None
    return Turn(float(mean["pictures_seen"][best]), float(mean["test"][best]), rises)


def along_axis(section: Section) -> list[str]:
    """A sentence for each onset, or that there is none; nothing where a section has no axis that could tell."""
    if section.axis is None or all(len(groups) < 3 for groups in section.lines().values()):
        return []
    told, measure = [], MEASURES["mse_test"]
    for onset in onsets(section):
        lowest, begins, last = (setting(section, group) for group in (onset.lowest, onset.begins, onset.last))
        way = "up" if onset.direction > 0 else "down"
        told.append(
            f"Over-fitting from {begins} {way}{f' ({onset.line})' if onset.line else ''}: test error is lowest at {lowest}; "
            f"at {last}, where train error is lower: {measure.difference(onset.rises)}."
        )
    return told or ["No over-fitting along the grid: test error nowhere rises clearly while train error falls."]


def in_training(section: Section) -> list[str]:
    """Which groups over-fit in the course of training, or that none does."""
    curved = [group for group in section.finished if len(mean_curve(group)[0]) >= MIN_EPOCHS]
    told = [
        f"{setting(section, group)}, lowest after {t.seen:,.0f} pictures, {fmean(t.rises) / t.lowest:.0%} higher at the end ({significance(t.rises)})"
        for group in curved
        if (t := turn(group)) is not None
    ]
    if told:
        return [f"Over-fitting in training, test error rising while train error falls: {'; '.join(told)}."]
    return ["No over-fitting in training: test error nowhere is clearly higher at the end than before."] if curved else []


def _onset(line: str, groups: list[Group], direction: int) -> Onset | None:
    train, test = ([group.spread(MEASURES[key]) for group in groups] for key in ("mse_train", "mse_test"))
    found = [(g, one.mean, other.mean) for g, one, other in zip(groups, train, test, strict=True) if one and other]
    if len(found) < 3:
        return None
    lowest, least_train, least_test = best = min(found, key=lambda entry: entry[2])
    beyond: list[Group] = []
    for group, own_train, _ in reversed(found[found.index(best) + 1 :]):  # from the end: all beyond it must be higher
        if own_train >= least_train or not _rises(differences(group, lowest, MEASURES["mse_test"]), least_test):
            break
        beyond.append(group)
    if not beyond:
        return None
    return Onset(line, lowest, beyond[-1], beyond[0], direction, differences(beyond[0], lowest, MEASURES["mse_test"]))


def _rises(rises: Sequence[float], lowest: float) -> bool:
    return clear_sign(rises) > 0 and fmean(rises) > MIN_RISE * lowest
