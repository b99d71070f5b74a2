"""The numbers in docs/studies are recomputed from the CSV files beside them, independently of the code that wrote the reports."""

from __future__ import annotations

import csv
import re
import statistics
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import ttest_1samp

from tinct.studies.grid import Claim, load_study, study_names
from tinct.studies.measures import MEASURES

PUBLISHED = Path(__file__).parents[2] / "docs" / "studies"


def rows(name: str, file: str = "results.csv") -> list[dict[str, str]]:
    with (PUBLISHED / name / file).open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def page(name: str) -> str:
    return (PUBLISHED / name / "index.md").read_text("utf-8")


def shown(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}".replace("-", "−")


def values(name: str, claim: Claim, cell: dict[str, Any]) -> list[float]:
    """The claim's measure in one cell of the grid, by seed."""
    sizes = {int(row["train_pictures"]) for row in rows(name) if row.get("train_pictures")}
    wanted = {key: max(sizes) if (key, value) == ("train_pictures", 0) else value for key, value in cell.items()}

    def in_cell(row: dict[str, str]) -> bool:
        return row["part"] == claim.part and all(
            row[key] == str(value) or (isinstance(value, int | float) and row[key] == f"{value:g}") for key, value in wanted.items()
        )

    return [float(row[claim.measure]) for row in sorted(filter(in_cell, rows(name)), key=lambda row: int(row["seed"]))]


def claims() -> list[Any]:
    return [
        pytest.param(name, claim, id=f"{name}-{i}")
        for name in study_names()
        for i, claim in enumerate(load_study(name, ("x",)).claims)
    ]


@pytest.mark.parametrize(("name", "claim"), claims())
def test_verdicts_follow_from_the_csv(name: str, claim: Claim) -> None:
    (line,) = [text for text in page(name).splitlines() if text.startswith(f"| {claim.says} |")]
    first, second = values(name, claim, claim.first), values(name, claim, claim.second)
    assert len(first) == len(second) == 3
    measure = MEASURES[claim.measure]
    for side in (first, second):
        sd = f" ± {shown(statistics.stdev(side), measure.digits)}" if statistics.stdev(side) else ""
        assert shown(statistics.fmean(side), measure.digits) + sd in line
    differences = [a - b for a, b in zip(first, second, strict=True)]
    clear = ttest_1samp(differences, 0).pvalue < 0.05 if statistics.stdev(differences) > 1e-12 else differences[0] != 0
    greater = statistics.fmean(differences) > 0
    verdict = "Can’t be told" if not clear else "Holds" if greater == (claim.expect == "greater") else "The opposite holds"
    assert f"**{verdict}**" in line


@pytest.mark.parametrize("name", study_names())
def test_summaries_follow_from_the_runs(name: str) -> None:
    """Means and standard deviations of summary.csv agree with results.csv, and the page's tables with both."""
    text, keys = page(name), [key for key in rows(name)[0] if key in MEASURES]
    grid = [key for key in rows(name)[0] if key not in {*MEASURES, "part", "seed", "run", "pictures_seen", "test_pictures"}]
    checked = 0
    for cell in rows(name, "summary.csv"):
        if cell["of"] != "model":
            continue
        runs = [
            row for row in rows(name) if row["part"] == cell["part"] and all(row[key] == cell[key] for key in grid if key in cell)
        ]
        assert len(runs) == int(cell["runs"]) == 3
        for key in keys:
            found = [float(row[key]) for row in runs if row[key]]
            if not found:
                assert cell[f"{key}_mean"] == ""
                continue
            assert float(cell[f"{key}_mean"]) == pytest.approx(statistics.fmean(found), rel=1e-6, abs=1e-12)
            assert float(cell[f"{key}_sd"]) == pytest.approx(statistics.stdev(found), rel=1e-5, abs=1e-12)
            if key in ("mse_test", "colored_psnr"):
                mean, sd = (shown(f(found), MEASURES[key].digits) for f in (statistics.fmean, statistics.stdev))
                assert f"{mean} ± {sd}" in text
                checked += 1
    assert checked >= 2 * len(
        {
            tuple(cell[key] for key in ["part", *(k for k in grid if k in cell)])
            for cell in rows(name, "summary.csv")
            if cell["of"] == "model"
        }
    )


def test_the_overview_quotes_the_reports() -> None:
    """Every number with a ± in the overview is in one of the reports."""
    reports = " ".join(page(name) for name in study_names())
    found = re.findall(r"[+−]?[\d.,]*\d ± [\d.]*\d", (PUBLISHED / "index.md").read_text("utf-8"))
    assert len(found) > 10
    assert [text for text in found if text not in reports] == []


@pytest.mark.parametrize("name", study_names())
def test_pages_show_sample_photographs_only_and_no_paths_of_a_machine(name: str) -> None:
    for file in ("index.md", "report.html"):
        text = (PUBLISHED / name / file).read_text("utf-8")
        assert not re.search(r"/(work|home|tmp)/", text)
        assert not re.search(r"<script|(?:src|href)=\"https?:", text)
    pictures = re.findall(r'alt="([^"]*\.png)', (PUBLISHED / name / "report.html").read_text("utf-8"))
    assert {text.partition(":")[0].split("/")[-1] for text in pictures} <= {
        "astronaut.png",
        "chelsea.png",
        "coffee.png",
        "rocket.png",
    }
