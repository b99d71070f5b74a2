"""The numbers of a study as tables: for pages, and as CSV for papers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..studies.groups import PART, RUN, Group, Material, Section
from ..studies.measures import BASELINES, COST, MEASURES, PROTOCOL, QUALITY, Measure, Spread

__all__ = ["Cell", "Table", "curves_csv", "results_csv", "summary_csv", "tables"]


@dataclass(frozen=True)
class Cell:
    """A number of a table, its scatter apart."""

    mean: str
    sd: str = ""
    best: bool = False

    def __str__(self) -> str:
        return self.mean + (f" ± {self.sd}" if self.sd else "")


@dataclass(frozen=True)
class Table:
    """One table of a section."""

    title: str
    corner: str
    """Head of the first column: what its names are values of."""
    heads: list[str]
    rows: list[tuple[str, list[Cell]]]
    notes: list[tuple[str, str]]
    """Label and explanation of each measure."""


def tables(section: Section) -> list[Table]:
    """Quality and cost, a row a group; what the protocol measures, a column a group."""
    if not section.finished:
        return []
    found = [_by_group(section, title, keys) for title, keys in (("Quality", QUALITY), ("Size and time", COST))]
    return [*found, *([_by_measure(section)] if any(_has(section, key) for key in PROTOCOL) else [])]


def results_csv(material: Material) -> str:
    """One row a run, and again for each part that it belongs to."""
    keys = _keys(material)
    rows = [
        [section_name(group, section), *(group.values.get(key, "") for key in keys), result.config.seed, result.name]
        + [_plain(measure.of(result)) for measure in MEASURES.values()]
        + [result.seen]
        for section in material.sections
        for group in section.groups
        for result in group.results
    ]
    return _csv(["part", *keys, "seed", "run", *MEASURES, "pictures_seen"], rows)


def summary_csv(material: Material) -> str:
    """One row a group: how many runs, and mean and s.d. of every measure; gray and mean color below those of each section."""
    keys = _keys(material)
    rows: list[list[Any]] = []
    for section in material.sections:
        for group in section.groups:
            values = [group.spread(measure) for measure in MEASURES.values()]
            head = [section_name(group, section), "model", *(group.values.get(key, "") for key in keys), len(group.results)]
            rows.append(head + [_plain(x) for value in values for x in ((value.mean, value.sd) if value else (None, None))])
        for who in BASELINES if section.finished else ():
            first = section.finished[0]
            values = [first.spread(measure, who) for measure in MEASURES.values()]
            head = [section_name(first, section), who, *("" for _ in keys), 1]
            rows.append(head + [_plain(x) for value in values for x in ((value.mean, None) if value else (None, None))])
    columns = [f"{key}_{what}" for key in MEASURES for what in ("mean", "sd")]
    return _csv(["part", "of", *keys, "runs", *columns], rows)


def curves_csv(material: Material) -> str:
    """One row an epoch of every run."""
    rows = [
        [result.name, e.epoch, e.seen, result.error, _plain(e.train), _plain(e.test)]
        for result in material.results
        for e in result.curve
    ]
    return _csv(["run", "epoch", "pictures_seen", "error", "train", "test"], rows)


def section_name(group: Group, section: Section) -> str:
    """The part that a group is of."""
    return group.part if group.part else section.name


# ---- details --------------------------------------------------------------------------------------------------------------------


def _by_group(section: Section, title: str, keys: Sequence[str]) -> Table:
    keys = [key for key in keys if _has(section, key)]
    rows: list[tuple[str, list[Cell]]] = [(group.label, []) for group in section.groups]
    for key in keys:
        measure = MEASURES[key]
        for (_, cells), cell in zip(rows, _cells(measure, [group.spread(measure) for group in section.groups]), strict=True):
            cells.append(cell)
    if title == "Quality":
        for who, name in BASELINES.items():
            rows.append((name, [_cell(MEASURES[key], section.finished[0].spread(MEASURES[key], who)) for key in keys]))
    counts = [len(group.results) for group in section.groups]
    if len(set(counts)) > 1:
        for (_, cells), count in zip(rows, counts, strict=False):
            cells.insert(0, Cell(str(count)))
        for _, cells in rows[len(counts) :]:
            cells.insert(0, Cell(""))
    heads = ["runs"] * (len(set(counts)) > 1) + [_head(MEASURES[key]) for key in keys]
    corner = section.keys[0].rpartition(".")[2].replace("_", " ") if len(section.keys) == 1 else ""
    return Table(title, corner, heads, rows, [(MEASURES[key].label, MEASURES[key].explains) for key in keys])


def _by_measure(section: Section) -> Table:
    keys = [key for key in PROTOCOL if _has(section, key)]
    protocol = next(r.evaluation["protocol"] for g in section.finished for r in g.results if r.evaluation)
    rows = []
    for key in keys:
        measure = MEASURES[key]
        baselines = [_cell(measure, section.finished[0].spread(measure, who)) for who in BASELINES]
        cells = _cells(measure, [group.spread(measure) for group in section.finished])
        rows.append((_head(measure), [*cells, *baselines]))
    heads = [*(group.label for group in section.finished), *BASELINES.values()]
    notes = [(MEASURES[key].label, MEASURES[key].explains) for key in keys]
    return Table(f"Protocol {protocol}", "", heads, rows, notes)


def _cells(measure: Measure, values: Sequence[Spread | None]) -> list[Cell]:
    """With the best one marked, where any is."""
    known = [measure.badness(value.mean) for value in values if value]
    best = min(known) if measure.better and len(set(known)) > 1 else None
    return [_cell(measure, value, best=value is not None and measure.badness(value.mean) == best) for value in values]


def _cell(measure: Measure, value: Spread | None, *, best: bool = False) -> Cell:
    if value is None:
        return Cell("–")
    mean, _, sd = measure.text(value, unit=False).partition(" ± ")
    return Cell(mean, sd, best)


def _head(measure: Measure) -> str:
    return measure.label + (f", {measure.unit}" if measure.unit else "")


def _has(section: Section, key: str) -> bool:
    return any(group.spread(MEASURES[key]) for group in section.groups)


def _keys(material: Material) -> list[str]:
    groups = [group for section in material.sections for group in section.groups]
    return [key for key in dict.fromkeys(key for group in groups for key in group.values) if key not in (PART, RUN)]


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _csv(heads: list[str], rows: Iterable[list[Any]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(rows)
    return file.getvalue()
