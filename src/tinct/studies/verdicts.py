"""Whether what a study claims is so."""

from __future__ import annotations

from dataclasses import dataclass

from .grid import Claim
from .groups import Material, differences
from .measures import MEASURES, Measure, Spread, clear_sign, spread
from .wording import against, phrase, upper

__all__ = ["Verdict", "judge"]

VERDICTS = {
    "holds": "Holds",
    "opposite": "The opposite holds",
    "open": "Can’t be told",
    "missing": "Not measured yet",
}


@dataclass(frozen=True)
class Verdict:
    """What became of a claim."""

    claim: Claim
    kind: str
    """A key of `VERDICTS`."""
    first: Spread | None = None
    second: Spread | None = None
    difference: Spread | None = None
    """`first` minus `second`, pair by pair of seeds."""
    words: str = ""

    @property
    def measure(self) -> Measure:
        return MEASURES[self.claim.measure]

    @property
    def title(self) -> str:
        """``Holds``; of a single seed ``Holds in one run``."""
        single = self.difference is not None and self.difference.n == 1 and self.kind in ("holds", "opposite")
        return VERDICTS[self.kind] + (" in one run" if single else "")


def judge(claim: Claim, material: Material) -> Verdict:
    """Whether a claim holds, from differences between runs with equal seeds.

    It holds, or its opposite, if a paired t-test tells the mean difference from zero with 95 % confidence.
    """
    measure = MEASURES[claim.measure]
    groups = [material.group(claim.part, values) for values in (claim.first, claim.second)]
    if groups[0] is None or groups[1] is None:
        return Verdict(claim, "missing", words="The study has no such runs.")
    one, other = groups[0], groups[1]
    found = differences(one, other, measure)
    difference, first, second = spread(found), one.spread(measure), other.spread(measure)
    if difference is None:
        words = "Its runs aren’t finished." if not (one.results and other.results) else "Its runs don’t have this measure."
        return Verdict(claim, "missing", first, second, words=words)
    sign = clear_sign(found) * (1 if claim.expect == "greater" else -1)
    kind = {1: "holds", -1: "opposite", 0: "open"}[sign]
    n = difference.n
    text = f"{upper(phrase(measure))} is {against(measure, first, second)}, a difference of {measure.difference(difference)}"
    if difference.mean == 0 and not difference.sd:
        words = f"{upper(phrase(measure))} is the same, {measure.text(first or 0.0)}."
    elif n == 1:
        words = f"{text}. That is one run each, so nothing can be said about chance."
    elif kind == "open":
        words = f"{text} over {n} seeds; that is within the scatter of seeds."
    else:
        words = f"{text} over {n} seeds; that is more than the scatter of seeds."
    return Verdict(claim, kind, first, second, difference, words)
