"""Pieces of sentences."""

from __future__ import annotations

from .groups import PART, RUN, Group, Section, value_text
from .measures import Measure, Spread

__all__ = ["against", "join", "phrase", "seeds", "setting", "upper"]

BARE = {PART, "recipe", "model", RUN}
"""Keys whose values speak for themselves."""


def setting(section: Section, *groups: Group) -> str:
    """``width = 2``, or of several ``width = 2, 4 and 8``, fit for a sentence."""
    keys = section.keys
    if len(keys) != 1 or keys[0] in BARE or any(keys[0] not in group.values for group in groups):
        return join([group.label for group in groups])
    values = join([value_text(keys[0], group.values[keys[0]]) for group in groups])
    return f"{values} training pictures" if keys[0] == "train_pictures" else f"{keys[0].rpartition('.')[2]} = {values}"


def join(words: list[str], last: str = "and") -> str:
    """``a, b and c``."""
    return " ".join((", ".join(words[:-1]), last, words[-1])) if len(words) > 1 else "".join(words)


def phrase(measure: Measure) -> str:
    """The measure inside a sentence."""
    return {"PSNR, colored": "PSNR of the colors", "PSNR, drawn": "PSNR of the drawn picture"}.get(measure.label, measure.label)


def against(measure: Measure, first: Spread | None, second: Spread | None) -> str:
    texts = [measure.text(value) if value else "not measured" for value in (first, second)]
    return f"{texts[0]} against {texts[1]}"


def seeds(value: Spread) -> str:
    return f" (mean ± s.d. of {value.n} seeds)" if value.n > 1 else ""


def upper(text: str) -> str:
    return text[:1].upper() + text[1:]
