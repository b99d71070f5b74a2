"""The answers of a study in fixed templates: which value is best, by how much, and whether claims hold."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from .groups import Group, Material, Section, differences, setting
from .measures import BASELINES, MEASURES, Measure, Spread, clear_sign
from .overfitting import along_axis, in_training

if TYPE_CHECKING:
    from .grid import Claim

__all__ = ["Answer", "Verdict", "answer", "judge", "main_measure", "ranking"]

CHOSEN_BY = ("colored_psnr", "psnr", "mse_test", "de2000", "e256_gain", "e256_psnr")
"""Measures by which the best value may be chosen: the first, unless claims name another of them."""
COLOR = ("colored_psnr", "psnr", "de2000", "cf_ratio")
"""Measures of color whose best values are named, too."""


class Answer(NamedTuple):
    """The answer of one section."""

    sentence: str
    facts: list[str]
    """Further results, a sentence each: baselines, other measures, over-fitting."""


class Verdict(NamedTuple):
    """The result of testing a claim."""

    title: str
    """``Holds``, ``The opposite holds``, ``Can’t be told`` or ``Not measured yet``; of a single seed ``Holds in one run``."""
    words: str
    """The numbers behind it."""


def answer(section: Section, material: Material) -> Answer:
    """The best value, the next one and the difference; baselines, other measures, over-fitting."""
    key = main_measure(section, material)
    if key is None:
        return Answer("No run is finished yet.", [])
    measure, order = MEASURES[key], ranking(section, MEASURES[key])
    (best, value), *others = order
    name, text = setting(section, best), f"{measure.label} {measure.text(value)} (n = {value.n})"
    facts = _baselines(section, measure, order)
    named = []
    for other in (MEASURES[color] for color in COLOR if color != key):
        ranked = ranking(section, other)
        if len({mean.mean for _, mean in ranked}) > 1:
            named.append(f"{other.label} {setting(section, ranked[0][0])}, {other.text(ranked[0][1])}")
    facts += [f"Best by other measures: {'; '.join(named)}."] if named else []
    facts += along_axis(section) + in_training(section)
    tied = [group for group, _ in others if len(found := differences(best, group, measure)) > 1 and not clear_sign(found)]
    if not others:
        return Answer(f"{name}: {text}.", facts)
    if tied:
        return Answer(
            f"None is clearly best: {name} leads with {text}; not distinguishable (p ≥ 0.05): {setting(section, *tied)}.", facts
        )
    second = others[0][0]
    return Answer(f"Best: {name}, {text}; next: {setting(section, second)}, {_against(best, second, measure)}", facts)


def main_measure(section: Section, material: Material) -> str | None:
    """The measure by which the best value is chosen, None where nothing is measured.

    Between losses it is always PSNR of the colors, as some of them minimize the other errors themselves.
    """
    parts = {group.part for group in section.groups}
    asked = Counter(claim.measure for claim in material.claims if claim.part in parts and claim.measure in CHOSEN_BY)
    first = [asked.most_common(1)[0][0]] if asked and "loss" not in section.keys else []
    return next((key for key in (*first, *CHOSEN_BY) if any(group.spread(MEASURES[key]) for group in section.groups)), None)


def ranking(section: Section, measure: Measure) -> list[tuple[Group, Spread]]:
    """Groups and their values, the best first."""
    found = [(group, value) for group in section.finished if (value := group.spread(measure)) is not None]
    return sorted(found, key=lambda entry: measure.badness(entry[1].mean))


def judge(claim: Claim, material: Material) -> Verdict:
    """Whether a claim holds, by a paired t-test of the differences between runs with equal seeds (p < 0.05)."""
    measure = MEASURES[claim.measure]
    one, other = (material.group(claim.part, values) for values in (claim.first, claim.second))
    if one is None or other is None:
        return Verdict("Not measured yet", "The study has no such runs.")
    found, first, second = differences(one, other, measure), one.spread(measure), other.spread(measure)
    if first is None or second is None or not found:
        return Verdict("Not measured yet", f"{measure.label} of {one.label} and {other.label} isn’t known.")
    expected = 1 if claim.expect == "greater" else -1
    title = {expected: "Holds", -expected: "The opposite holds", 0: "Can’t be told"}[clear_sign(found)]
    title += " in one run" if len(found) == 1 and clear_sign(found) else ""
    label = measure.label[:1].upper() + measure.label[1:]
    return Verdict(title, f"{label} {measure.text(first)} against {measure.text(second)}, {measure.difference(found)}.")


def _against(best: Group, other: Group, measure: Measure) -> str:
    return f"{measure.text(other.spread(measure) or 0.0)}, {measure.difference(differences(best, other, measure))}."


def _baselines(section: Section, measure: Measure, order: list[tuple[Group, Spread]]) -> list[str]:
    found = [(words, value.mean) for who, words in BASELINES.items() if (value := section.finished[0].spread(measure, who))]
    if not found or not measure.better:
        return []
    limit = min(measure.badness(mean) for _, mean in found)
    behind = [group for group, value in order if measure.badness(value.mean) >= limit]
    told = ", ".join(f"{words} {measure.text(mean)}" for words, mean in found)
    worse = "all" if len(behind) == len(order) else setting(section, *behind) if behind else "none"
    return [f"Baselines: {told}; not better than both: {worse}."]
