"""The answer, in sentences made from numbers: which value is best, by how much, and what follows from more of something."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

from .groups import Group, Material, Section, differences, value_text
from .measures import BASELINES, MEASURES, Measure, Spread, clear_sign, spread
from .wording import against, join, phrase, seeds, setting, upper

__all__ = ["Answer", "answers", "main_measure", "ranking"]

CHOSEN_BY = ("colored_psnr", "psnr", "mse_test", "de2000", "e256_gain", "e256_psnr")
"""What the best value may be chosen by, the first unless the claims ask for another."""


@dataclass(frozen=True)
class Answer:
    """The answer of one section."""

    section: str
    sentence: str
    more: tuple[str, ...]
    """What goes with it; a sentence or two each."""


def answers(material: Material) -> list[Answer]:
    """The best value of each section, by how much, and what goes with it."""
    found = [_answer(section, material) for section in material.sections]
    told = re.compile(r" \(mean ± s\.d\. of \d+ seeds\)")  # once is enough
    return [found[0], *(replace(answer, sentence=told.sub("", answer.sentence)) for answer in found[1:])]


def main_measure(section: Section, material: Material) -> str | None:
    """By what the best value is chosen: PSNR of the colors, unless the claims ask for another; None where nothing is measured.

    Where losses are compared it is always that, as the other errors are what some of them minimize.
    """
    parts = {group.part for group in section.groups}
    asked = Counter(claim.measure for claim in material.claims if claim.part in parts and claim.measure in CHOSEN_BY)
    order = list(CHOSEN_BY)
    if asked and "loss" not in section.keys:
        order.insert(0, asked.most_common(1)[0][0])
    return next((key for key in order if any(group.spread(MEASURES[key]) for group in section.groups)), None)


def ranking(section: Section, measure: Measure) -> list[tuple[Group, Spread]]:
    """Groups and their values, the best first."""
    found = [(group, value) for group in section.finished if (value := group.spread(measure)) is not None]
    return sorted(found, key=lambda entry: measure.badness(entry[1].mean))


# ---- the best value -------------------------------------------------------------------------------------------------------------


def _answer(section: Section, material: Material) -> Answer:
    key = main_measure(section, material)
    if key is None:
        return Answer(section.name, "No run is finished yet, so there is no answer.", ())
    measure = MEASURES[key]
    order = ranking(section, measure)
    best, value = order[0]
    name = setting(section, best)
    if len(order) == 1:
        return Answer(
            section.name,
            f"{upper(phrase(measure))} is {measure.text(value)}{seeds(value)}.",
            tuple(_baselines(section, measure, order)),
        )
    close = [group for group, _ in order[1:] if not _clear(best, group, measure)]
    second, runner_up = order[1]
    ahead = _ahead(best, second, measure)
    if all(len(differences(best, group, measure)) < 2 for group, _ in order[1:]):
        sentence = f"In one run each, best is {name}: {phrase(measure)} {measure.text(value)}, {ahead} of the second, {setting(section, second)}. With one seed nothing can be said about chance."
    elif close:
        sentence = f"None is clearly best: {name} leads with {phrase(measure)} {measure.text(value)}{seeds(value)}, but {setting(section, *close)} can’t be told apart from it, as the difference is within the scatter of seeds."
    else:
        sentence = f"Best is {name}: {phrase(measure)} {measure.text(value)}{seeds(value)}, {ahead} of the second, {setting(section, second)} ({measure.text(runner_up)}); that is more than the scatter of seeds."
    more = [
        *_baselines(section, measure, order),
        *_default(section, best, measure),
        *_others(section, key, best),
        *_trends(section),
    ]
    return Answer(section.name, sentence, tuple(more))


def _clear(one: Group, other: Group, measure: Measure) -> bool:
    """Whether the difference is more than the scatter of seeds, of which there must be two."""
    found = differences(one, other, measure)
    return len(found) > 1 and clear_sign(found) != 0


def _ahead(best: Group, other: Group, measure: Measure) -> str:
    """``0.12 ± 0.03 dB ahead``."""
    found = spread(differences(best, other, measure))
    return measure.difference(Spread(abs(found.mean), found.sd, found.n)).lstrip("+") + " ahead" if found else "ahead"


def _baselines(section: Section, measure: Measure, order: list[tuple[Group, Spread]]) -> list[str]:
    """How far doing nothing comes."""
    found = [(words, value) for who, words in BASELINES.items() if (value := section.finished[0].spread(measure, who)) is not None]
    if not found or measure is MEASURES["gap"]:
        return []
    told = join([f"the {words} has {measure.text(value.mean)}" for words, value in found])
    beaten = [words for words, value in found if measure.badness(order[0][1].mean) < measure.badness(value.mean)]
    if len(beaten) == len(found):
        behind = [g for g, v in order if any(measure.badness(v.mean) >= measure.badness(b.mean) for _, b in found)]
        rest = f", but {setting(section, *behind)} {'is' if len(behind) == 1 else 'are'} not" if behind else ""
        return [f"For comparison, {told}: the best is better than {'both' if len(found) > 1 else 'that'}{rest}."]
    missed = [words for words, _ in found if words not in beaten]
    return [f"For comparison, {told}. Even the best is no better than the {join(missed, 'or the')}."]


def _default(section: Section, best: Group, measure: Measure) -> list[str]:
    own = section.default
    if own is None or own is best or not own.results:
        return []
    found = differences(best, own, measure)
    difference = spread(found)
    if difference is None:
        return []
    sure = "" if difference.n == 1 else "more than the scatter of seeds" if clear_sign(found) else "within the scatter of seeds"
    return [
        f"Against the recipe’s own {setting(section, own)} it is a difference of {measure.difference(difference)}{', ' + sure if sure else ''}."
    ]


def _others(section: Section, main: str, best: Group) -> list[str]:
    """Whether what is best by one measure is so by the others of color, and better than no color at all."""
    agree, close, sentences, worse = [], [], [], []
    for key in ("colored_psnr", "psnr", "de2000", "cf_ratio"):
        measure = MEASURES[key]
        order = ranking(section, measure)
        if key == main or len(order) < 2:
            continue
        top, value = order[0]
        ours, gray = best.spread(measure), top.spread(measure, "gray")
        if gray and measure.badness(value.mean) >= measure.badness(gray.mean):
            worse.append(f"{phrase(measure)} ({measure.text(value)} against {measure.text(gray.mean)})")
        if top is best:
            agree.append(phrase(measure))
        elif not clear_sign(differences(top, best, measure)):
            close.append(phrase(measure))
        else:
            what = "nearest to that of the real pictures" if key == "cf_ratio" else "best"
            sentences.append(f"{upper(phrase(measure))} is {what} with {setting(section, top)}: {against(measure, value, ours)}.")
    if worse:
        sentences.append(f"None is better than the gray picture by {join(worse)}.")
    if close:
        sentences.insert(0, f"By {join(close)} it can’t be told apart from the best.")
    if agree:
        sentences.insert(0, f"It is the best by {join(agree)}, too.")
    return sentences


def _trends(section: Section) -> list[str]:
    """What becomes of the errors from the first value of the axis to the last."""
    axis = section.axis
    if axis is None:
        return []
    sentences = []
    for name, groups in section.lines().items():
        if len(groups) < 3:
            continue
        parts = [_change(MEASURES[key], groups[0], groups[-1]) for key in ("mse_train", "mse_test", "gap")]
        if all(parts):
            where = f"{name}: from" if name else "From"
            last = value_text(axis, groups[-1].values[axis])
            sentences.append(f"{where} {setting(section, groups[0])} to {last}, {parts[0]}, {parts[1]}, and {parts[2]}.")
    return sentences


def _change(measure: Measure, first: Group, last: Group) -> str:
    one, other = first.spread(measure), last.spread(measure)
    if one is None or other is None:
        return ""
    sign = clear_sign(differences(last, first, measure))
    what = "the gap between them" if measure is MEASURES["gap"] else measure.label
    if sign == 0:
        return f"{what} stays within the scatter of seeds ({measure.text(one)} and {measure.text(other)})"
    verb = ("grows", "shrinks") if measure is MEASURES["gap"] else ("rises", "falls")
    return f"{what} {verb[sign < 0]} from {measure.text(one)} to {measure.text(other)}"
