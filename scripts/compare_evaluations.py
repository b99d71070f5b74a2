"""Compare two evaluations of the same pictures, such as a model in floating point and in 8-bit integers: differences in pairs, as Markdown.

    python scripts/compare_evaluations.py float/evaluation.json int8/evaluation.json

Exits with 1 if a figure of the second falls: PSNR by more than 0.05 dB, another one by more than its standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
MAX_FALL_DB = 0.05
"""What a mean PSNR may lose."""


@dataclass(frozen=True)
class Comparison:
    """One figure of both evaluations."""

    figure: str
    first: float
    second: float
    error: float
    """Standard error of the first."""
    paired_error: float | None
    """Standard error of the difference over the same pictures; None where there are no figures of single pictures."""
    better: str
    """``up``, ``down``, or ``one``: the nearer to 1."""
    decibels: bool = False
    pictures: int = 0

    @property
    def fall(self) -> float:
        """How much worse the second is."""
        if self.better == "one":
            return abs(self.second - 1) - abs(self.first - 1)
        return self.first - self.second if self.better == "up" else self.second - self.first

    @property
    def allowed(self) -> float:
        """What it may fall by."""
        return MAX_FALL_DB if self.decibels else self.error

    @property
    def falls(self) -> bool:
        """Whether it falls by more than that."""
        return self.fall > self.allowed

    def row(self) -> str:
        """Its line of the table."""
        digits = 3 if self.decibels or self.better != "up" or abs(self.first) < 2 else 2
        numbers = [f"{value:+.{digits}f}" if self.decibels else f"{value:.{digits}f}" for value in (self.first, self.second)]
        paired = "" if self.paired_error is None else f" ± {self.paired_error:.{digits}f}"
        difference = f"{self.second - self.first:+.{digits}f}{paired}"
        verdict = f"**falls** (allowed {self.allowed:.{digits}f})" if self.falls else "holds"
        return f"| {self.figure} | {self.pictures} | {' | '.join(numbers)} | {difference} | {verdict} |".replace("-", "−")


def main() -> int:
    """Print a table for each set. Returns 1 if a figure falls."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    arguments = parser.parse_args()
    both = [json.loads(path.read_text("utf-8")) for path in (arguments.first, arguments.second)]
    for key in ("protocol", "hint_counts", "default_vividness"):
        if both[0].get(key) != both[1].get(key):
            sys.exit(f"The two evaluations differ in {key}: {both[0].get(key)} and {both[1].get(key)}.")
    if both[0]["sets"].keys() != both[1]["sets"].keys():
        sys.exit(f"The two evaluations have different sets: {', '.join(both[0]['sets'])} and {', '.join(both[1]['sets'])}.")
    names = [f"{one['model']['name']} ({one['model']['precision']})" for one in both]
    fallen = []
    for name in both[0]["sets"]:
        found = list(compare(*(one["sets"][name] for one in both), both[0]["hint_counts"], str(both[0]["default_vividness"])))
        fallen += [f"{one.figure} on {name}" for one in found if one.falls]
        print(f"\n| {name} | pictures | {names[0]} | {names[1]} | difference | |\n|---|---|---|---|---|---|")
        print("\n".join(one.row() for one in found))
    print(f"\nFalls: {', '.join(fallen)}." if fallen else "\nNothing falls.")
    return 1 if fallen else 0


def compare(first: dict[str, Any], second: dict[str, Any], counts: list[int], default: str) -> Iterator[Comparison]:
    """All figures that both have of one set.

    Args:
        first: a set of ``evaluation.json``.
        second: the same set of the other.
        counts: the numbers of hints.
        default: the default vividness, as a key.

    Raises:
        SystemExit: they aren't of the same pictures.
    """
    rows = [{row["name"]: row for row in one["rows"]} for one in (first, second)]
    if rows[0].keys() != rows[1].keys():
        sys.exit("The two evaluations are not of the same pictures.")

    def pairs(value: Callable[[dict[str, Any]], float], part: str = "methods") -> Doubles:
        """(2, pictures) values of the pictures that have the part."""
        names = [name for name, row in rows[0].items() if part in row and part in rows[1][name]]
        return np.array([[value(side[name]) for name in names] for side in rows], np.float64)

    def mean(figure: str, values: Doubles, better: str, *, decibels: bool = False) -> Iterator[Comparison]:
        count = values.shape[1]
        if count > 1:
            errors = [float(one.std(ddof=1) / count**0.5) for one in (values[0], values[1] - values[0])]
            yield Comparison(figure, *values.mean(axis=1).tolist(), *errors, better, decibels, count)

    def gain(method: str) -> Callable[[dict[str, Any]], float]:
        return lambda row: float(row["methods"][method]["psnr"] - row["methods"]["gray"]["psnr"])

    def hinted(place: int) -> Callable[[dict[str, Any]], float]:
        return lambda row: float(row["hints"]["psnr"][place] - row["methods"]["gray"]["psnr"])

    def best(row: dict[str, Any]) -> float:
        return float(row["diversity"]["0.0"]["best"] - row["diversity"]["0.0"]["mean"])

    yield from mean("gain, vividness 0, dB", pairs(gain("model")), "up", decibels=True)
    yield from mean(f"gain, vividness {default}, dB", pairs(gain("model, vivid")), "up", decibels=True)
    colorful = pairs(lambda row: row["methods"]["model, vivid"]["cf"]), pairs(lambda row: row["cf"])[0]
    yield ratio(f"colorfulness to real, vividness {default}", *colorful)
    for place, count in enumerate(counts):
        if count:
            figure = f"gain, {count} hint{'s' if count > 1 else ''}, dB"
            yield from mean(figure, pairs(hinted(place), "hints"), "up", decibels=True)
    yield from realism(first, second, pairs)
    yield from mean("edges in place", pairs(lambda row: row["realism"]["edges"], "realism"), "up")
    yield from mean("spill", pairs(lambda row: row["reach"]["spill"], "reach"), "down")
    yield from mean("fill", pairs(lambda row: row["reach"]["fill"], "reach"), "up")
    yield from mean("best of 8 over the mean one, dB", pairs(best, "diversity"), "up", decibels=True)
    for vividness in dict.fromkeys(("0.0", default)):
        values = pairs(lambda row, vividness=vividness: row["stability"][vividness], "stability")
        yield from mean(f"stability, vividness {float(vividness):g}, ΔE2000", values, "down")


def ratio(figure: str, values: Doubles, real: Doubles) -> Comparison:
    """Means over pictures divided by that of the real ones; errors by linearization."""
    count, ratios = len(real), values.mean(axis=1) / real.mean()
    influence = (values - ratios[:, None] * real) / real.mean()
    errors = [float(one.std(ddof=1) / count**0.5) for one in (influence[0], influence[1] - influence[0])]
    return Comparison(figure, *ratios.tolist(), *errors, "one", pictures=count)


def realism(first: dict[str, Any], second: dict[str, Any], pairs: Callable[..., Doubles]) -> Iterator[Comparison]:
    """Recovered and the KID ratio, where the judge was there and the pictures are enough to tell their standard errors."""
    if any(one.get("realism", {}).get("recovered", {}).get("se") is None for one in (first, second)):
        return
    own, gray = (pairs(lambda row, key=key: row["realism"][key], "realism") for key in ("recognized", "gray_recognized"))
    count, lost = own.shape[1], 1 - gray[0].mean()
    recovered = [one["realism"]["recovered"]["mean"] for one in (first, second)]
    # Of the difference, gray's share is the same to first order where both recover about as much.
    influence = (own[1] - own[0]) / lost - gray[0] * (own[1] - own[0]).mean() / lost**2
    paired = float(influence.std(ddof=1) / count**0.5)
    yield Comparison("recovered", *recovered, first["realism"]["recovered"]["se"], paired, "up", pictures=count)
    if all(one["realism"].get("kid_ratio_se") is not None for one in (first, second)):
        ratios = [one["realism"]["kid_ratio"] for one in (first, second)]
        yield Comparison("KID ratio", *ratios, first["realism"]["kid_ratio_se"], None, "down", pictures=count)


if __name__ == "__main__":
    sys.exit(main())
