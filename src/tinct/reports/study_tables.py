"""The numbers of a study as tables: for pages, and as CSV for papers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ..studies.groups import PART, RUN, Group, Material, Section
from ..studies.measures import BASELINES, COST, MEASURES, PROTOCOL, QUALITY, Measure, Spread
from .pages import Best, Table

__all__ = ["csv_files", "section_has", "tables"]


def tables(section: Section) -> list[Table]:
    """Quality and cost with a row for each group; what the protocol measures with a column for each group."""
    if not section.finished:
        return []
    quality, cost, protocol = ([key for key in keys if section_has(section, key)] for keys in (QUALITY, COST, PROTOCOL))
    corner = section.keys[0].rpartition(".")[2].replace("_", " ") if len(section.keys) == 1 else ""
    found = [_by_group(section, "Quality", corner, quality, BASELINES), _by_group(section, "Size and time", corner, cost, {})]
    if protocol:
        name = next(r.evaluation["protocol"] for g in section.finished for r in g.results if r.evaluation)
        table = _by_group(section, f"Protocol {name}", "", protocol, BASELINES)
        rows = [(head, [cells[i] for _, cells in table.rows]) for i, head in enumerate(table.heads[1:])]
        found.append(Table(table.title, ["", *(name for name, _ in table.rows)], rows, table.notes))
    return found


def csv_files(material: Material) -> dict[str, str]:
    """``results.csv`` has a row for each run and part, ``summary.csv`` one for each group and baseline, ``curves.csv`` one for each epoch."""
    every = [group for section in material.sections for group in section.groups]
    keys = [key for key in dict.fromkeys(key for group in every for key in group.values) if key not in (PART, RUN)]
    heads: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for section in material.sections:
        for group in section.groups:
            head = {"group": len(heads), "part": group.part or section.name, "of": "model"}
            heads.append(head | {key: str(group.values.get(key, "")) for key in keys} | {"runs": len(group.results)})
            for result in group.results:
                measured = {key: measure.of(result) for key, measure in MEASURES.items()}
                rows.append(heads[-1] | {"seed": result.seed, "run": result.name, "pictures_seen": result.seen} | measured)
        for who in BASELINES if section.finished else ():
            heads.append({"group": len(heads), "part": section.finished[0].part or section.name, "of": who, "runs": 1})
            found = {key: section.finished[0].spread(measure, who) for key, measure in MEASURES.items()}
            rows.append(heads[-1] | {key: value.mean for key, value in found.items() if value})
    runs = pd.DataFrame(rows, columns=["group", "part", "of", *keys, "seed", "run", *MEASURES, "pictures_seen"])
    runs = runs.astype(dict.fromkeys(MEASURES, float))
    figures = runs.groupby("group")[list(MEASURES)].agg(["mean", "std"])
    figures.columns = [f"{key}_{'sd' if what == 'std' else what}" for key, what in figures.columns]
    summary = pd.DataFrame(heads, columns=["group", "part", "of", *keys, "runs"]).join(figures, on="group")
    curves = [r.curve.assign(run=r.name, error=r.error) for r in material.results]
    columns = ["run", "epoch", "pictures_seen", "error", "train", "test"]
    frames = {
        "results": runs[runs["of"] == "model"].drop(columns=["group", "of"]),
        "summary": summary.drop(columns="group"),
        "curves": pd.concat(curves)[columns] if curves else pd.DataFrame(columns=columns),
    }
    return {f"{name}.csv": frame.to_csv(index=False, float_format="%.10g", lineterminator="\n") for name, frame in frames.items()}


def section_has(section: Section, key: str) -> bool:
    """Whether the measure was taken of any of the groups."""
    return any(group.spread(MEASURES[key]) for group in section.groups)


def _by_group(section: Section, title: str, corner: str, keys: Sequence[str], baselines: dict[str, str]) -> Table:
    measures = [MEASURES[key] for key in keys]
    columns = [_column(measure, section.groups) for measure in measures]
    names = [group.label for group in section.groups]
    for who, name in baselines.items():
        names.append(name)
        for measure, column in zip(measures, columns, strict=True):
            column.append(_cell(measure, section.finished[0].spread(measure, who)))
    counts = [str(len(group.results)) for group in section.groups]
    heads = [corner, *(measure.quantity for measure in measures)]
    if len(set(counts)) > 1:
        columns.insert(0, counts + [""] * len(baselines))
        heads.insert(1, "runs")
    rows = [(name, [column[i] for column in columns]) for i, name in enumerate(names)]
    return Table(title, heads, rows, tuple((measure.label, measure.explains) for measure in measures))


def _column(measure: Measure, groups: Sequence[Group]) -> list[str]:
    """The values of the groups, the best ones marked unless all are equal."""
    values = [group.spread(measure) for group in groups]
    known = [measure.badness(value.mean) for value in values if value]
    best = min(known) if measure.better and len(set(known)) > 1 else None
    return [_cell(measure, value, value is not None and measure.badness(value.mean) == best) for value in values]


def _cell(measure: Measure, value: Spread | None, best: bool = False) -> str:
    text = measure.text(value, unit=False) if value else "–"
    return Best(text) if best else text
