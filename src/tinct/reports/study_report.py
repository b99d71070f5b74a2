"""The report of a study, or of any runs beside one another: a page that stands alone, Markdown, and CSV.

It reads only the files of the run folders, so a study that is still going can be reported at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..studies.gathering import collect, compare
from ..studies.groups import Material
from ..studies.overfitting import along_axis
from ..studies.verdicts import answer, judge
from .circumstances import beware, command, pictures_and_machine, settings
from .pages import Best, Table, render, slug, upper, write_files
from .pictures import contact_sheet, encode
from .study_charts import charts
from .study_pictures import Sheet, side_by_side
from .study_tables import csv_files, tables

__all__ = ["write_comparison", "write_study_report"]


def write_study_report(folder: Path, show: Path | None = None) -> Path:
    """Write ``report.html``, ``report.md``, its charts and pictures, and three CSV files into a study's folder.

    Of a study that is still going it reports what there is, and says so.

    Args:
        folder: of the study.
        show: a folder of color photographs to show instead of test pictures.

    Returns:
        The path of ``report.html``, which needs no other file and no network.

    Raises:
        ConfigError: the folder is no study, one of its runs is damaged or of another version, or it can't be written to.
        DataError: there are no color photographs in `show`.
    """
    return _write(collect(folder), folder, show)


def write_comparison(runs: Sequence[Path], output: Path, show: Path | None = None) -> Path:
    """The same of any finished runs, into the folder `output`; those that differ in nothing but the seed are shown as one.

    Raises:
        ConfigError: a folder is no run, a run is unfinished, damaged or of another version, or `output` can't be written to.
        DataError: there are no color photographs in `show`.
    """
    return _write(compare(runs), output, show, [run.name for run in runs])


def _write(material: Material, folder: Path, show: Path | None, runs: Sequence[str] = ()) -> Path:
    sections = []
    files: dict[str, str | bytes] = dict(csv_files(material))
    for section in material.sections:
        shown: dict[str, Any] = {
            "name": section.name,
            "id": slug(section.name),
            "answer": answer(section, material),
            "over_fitting": along_axis(section),
        }
        shown |= {"charts": charts(section, material), "tables": tables(section)}
        files |= {f"charts/{chart.name}.svg": str(chart.svg) for chart in shown["charts"]}
        shown["pictures"] = sheet = side_by_side(section.finished, show) if section.finished else "No run is finished yet."
        if isinstance(sheet, Sheet):
            shown["file"] = "pictures.png" if len(material.sections) == 1 else f"pictures-{shown['id']}.png"
            labels = [] if sheet.heads else [label for label, _ in sheet.rows]
            files[shown["file"]] = encode(contact_sheet([row for _, row in sheet.rows], heads=sheet.heads, labels=labels))
        sections.append(shown)
    verdicts = [(claim.says, judge(claim, material)) for claim in material.claims]
    claims = [(says, [Best(verdict.title), verdict.words]) for says, verdict in verdicts]
    common, by_section = settings(material)
    values = {
        "title": upper(material.name),
        "material": material,
        "sections": sections,
        "claims": Table("Differences are between runs with the same seed, mean ± s.d.", ["Claim", "Verdict", "Because"], claims),
        "common": common,
        "by_section": by_section,
        "circumstances": pictures_and_machine(material),
        "beware": beware(material),
        "command": command(material, runs),
        "runs": len(material.results),
        "unfinished": len(material.unfinished),
    }
    files |= {"report.md": render("study.md.j2", **values), "report.html": render("study.html.j2", **values)}
    write_files(folder, files)
    for old in (folder / "charts").glob("*.svg"):
        if f"charts/{old.name}" not in files:
            old.unlink()
    return folder / "report.html"
