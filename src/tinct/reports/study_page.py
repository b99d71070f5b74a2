"""The report of a study, or of any runs beside one another: a page that stands alone, Markdown, and CSV.

It reads only the files of the run folders, so a study that is still going can be reported at any time.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from .._util.files import write_whole
from ..errors import ConfigError
from ..studies.findings import answers
from ..studies.gathering import collect, compare
from ..studies.groups import Material, Section
from ..studies.overfitting import in_short, overfitting
from ..studies.verdicts import judge
from .circumstances import beware, command, pictures_and_machine, settings
from .drawing import Chart, slug
from .figures import charts
from .sheets import Sheet, as_png, contact_sheet, side_by_side
from .tables import Table, curves_csv, results_csv, summary_csv, tables

__all__ = ["write_comparison", "write_study_report"]


@dataclass(frozen=True)
class Shown:
    """A section as both pages show it."""

    name: str
    id: str
    sentence: str
    more: tuple[str, ...]
    overfitting: list[str]
    begins: str
    """`overfitting` in short."""
    charts: list[Chart]
    tables: list[Table]
    pictures: Sheet | str


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


# ---- the pages ------------------------------------------------------------------------------------------------------------------


def _write(material: Material, folder: Path, show: Path | None, runs: Sequence[str] = ()) -> Path:
    sections = [
        _shown(s, answer.sentence, answer.more, material, show)
        for s, answer in zip(material.sections, answers(material), strict=True)
    ]
    files = {"results.csv": results_csv(material), "summary.csv": summary_csv(material), "curves.csv": curves_csv(material)}
    drawn: dict[str, str | bytes] = {f"charts/{chart.name}.svg": chart.svg for section in sections for chart in section.charts}
    sheets = {section.id: section.pictures for section in sections if isinstance(section.pictures, Sheet)}
    names = {id: "pictures.png" if len(sections) == 1 else f"pictures-{id}.png" for id in sheets}
    drawn |= {names[id]: as_png(contact_sheet(sheet)) for id, sheet in sheets.items()}
    common, by_section = settings(material)
    values: dict[str, Any] = {
        "material": material,
        "sections": sections,
        "verdicts": [judge(claim, material) for claim in material.claims],
        "common": common,
        "by_section": by_section,
        "circumstances": pictures_and_machine(material),
        "beware": beware(material),
        "command": command(material, runs),
        "files": list(files),
        "pictures": names,
        "runs": len(material.results),
        "unfinished": len(material.unfinished),
        "title": material.name[:1].upper() + material.name[1:],
    }
    jinja = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    jinja.filters.update(png=_png, svg=Markup)
    html = jinja.from_string(_template("study.html.j2")).render(values)
    markdown = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, finalize=_without_tags
    )
    markdown.filters.update(cell=_cell, alt=_alt, code=Markup)
    text = markdown.from_string(_template("study.md.j2")).render(values)
    try:
        (folder / "charts").mkdir(parents=True, exist_ok=True)
        for name, content in (files | drawn | {"report.md": text, "report.html": html}).items():
            write_whole(folder / name, content)
        for old in (folder / "charts").glob("*.svg"):
            if f"charts/{old.name}" not in drawn:
                old.unlink()
    except OSError as error:
        raise ConfigError(
            f"{folder} can't be written to: {error.strerror or error}. Make room, or make the folder writable."
        ) from error
    return folder / "report.html"


def _shown(section: Section, sentence: str, more: tuple[str, ...], material: Material, show: Path | None) -> Shown:
    sheet = side_by_side(section.finished, show) if section.finished else "No run is finished yet."
    id = slug(section.name)
    return Shown(
        section.name, id, sentence, more, overfitting(section), in_short(section), charts(section, material), tables(section), sheet
    )


def _template(name: str) -> str:
    return resources.files(__package__).joinpath(f"templates/{name}").read_text("utf-8")


def _png(pictures: list[Any]) -> str:
    """Pictures side by side, for the src of an image."""
    import numpy as np

    return "data:image/png;base64," + base64.b64encode(as_png(np.concatenate(pictures, axis=1))).decode()


def _without_tags(text: Any) -> Any:
    """Text of files stays text; code is marked as fit as it is."""
    return text if isinstance(text, Markup) else str(text).replace("<", "&lt;")


def _cell(text: object) -> str:
    """Fit for a cell of a Markdown table."""
    return str(text).replace("|", "\\|").replace("\n", " ")


def _alt(text: str) -> str:
    """Fit for an alternative text in Markdown."""
    return text.replace("[", "(").replace("]", ")").replace('"', "”")
