"""The page of an evaluation: figures first, then curves, then pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import UndefinedError
from markupsafe import Markup

from ..errors import ConfigError
from ..studies.run_files import read_arrays, read_table
from .drawing import PALE, SLATE, TEST, TRAIN, End, Look, bare, draw_line, label_ends, new_figure, save_svg
from .evaluation_tables import PUBLISHED, page_tables, plain, signed
from .pages import Table, render, signed_number, write_files

__all__ = ["SIGGRAPH17", "hint_chart", "write_evaluation_report"]

GROUPS = {
    "random": ("picked by nobody", "the first in an order that depends on file names only"),
    "best": ("the best", "with the least color difference (ΔE2000, vividness 0)"),
    "median": ("the middle", "of the middle color difference"),
    "worst": ("the worst", "with the largest color difference"),
}
"""Which pictures are shown -> title, explanation."""
SIGGRAPH17 = {0: 1.61, 1: 2.55, 2: 3.38, 5: 4.57, 10: 5.60, 20: 6.52, 50: 7.60, 100: 8.31, 200: 8.88, 500: 9.32}
"""Gain over gray of Zhang et al. (2017) on their own pictures: hints -> dB; the last one is of 501 hints."""


def write_evaluation_report(folder: Path) -> Path:
    """Write ``evaluation.html`` from the ``evaluation.json`` and, if there is one, the ``pictures.npz`` of an evaluation.

    Args:
        folder: what `evaluate` wrote. In ``pictures.npz`` the key ``SET/GROUP/I/HEADING`` is an (S, S, 3) uint8 picture: in column
            HEADING of the strip ``evaluation["sets"][SET]["shown"][GROUP][I]``.

    Returns:
        The path of ``evaluation.html``, which needs no other file and no network.

    Raises:
        ConfigError: there is no evaluation, one of its files is damaged or of another version, or the page can't be written.
    """
    path = folder / "evaluation.json"
    evaluation = read_table(path)
    if evaluation is None:
        raise ConfigError(f"{folder} is no evaluation: it has no evaluation.json.", path=folder)
    try:
        sets, found = evaluation["sets"], page_tables(evaluation)
        page = render(
            "evaluation.html.j2",
            evaluation=evaluation,
            sets=sets,
            tables=found,
            charts=[(name, s, hint_chart(name, s)) for name, s in sets.items() if "hints" in s or "levin" in s],
            strips=read_arrays(folder / "pictures.npz", partial(_strips, sets)) or [],
            published=Table("Published", ["method", "PSNR, dB", "note"], [(name, [psnr, note]) for name, psnr, note in PUBLISHED]),
            signed=signed,
            plain=plain,
        )
    except (KeyError, TypeError, AttributeError, UndefinedError) as error:
        raise ConfigError(f"{path} is of another version of tinct, or damaged: {error}. Evaluate the model again.") from error
    write_files(folder, {"evaluation.html": page})
    return folder / "evaluation.html"


def hint_chart(name: str, summary: dict[str, Any]) -> Markup:
    """PSNR by the number of hints of one set, as an ``<svg>`` element.

    A method that was measured on fewer pictures than the first one stands at the first one's gray plus its own gain over gray.
    """
    curves = [(part, summary[part]) for part in ("hints", "levin") if part in summary]
    gray, counts = curves[0][1]["gray"]["mean"], curves[0][1]["counts"]
    ends, told = [End(gray, f"gray\n{gray:.1f} dB", SLATE)], []

    def end(value: float, method: str, color: str) -> None:
        ends.append(End(value, f"{method}\n{signed_number(value - gray, 1)} dB", color))

    with new_figure(5.6, 3.7) as figure:
        axes = figure.subplots()
        if theirs := [n for n in counts if n in SIGGRAPH17]:
            draw_line(axes, [_place(n) for n in theirs], [gray + SIGGRAPH17[n] for n in theirs], Look(PALE, dashes=(0, (2, 2))))
            end(gray + SIGGRAPH17[theirs[-1]], "SIGGRAPH17*", SLATE)
        for part, curve in curves:
            look, method = (Look(TEST.color, "o"), "this model") if part == "hints" else (Look(TRAIN.color, "s"), "Levin 2004")
            means, errors = [gray + gain["mean"] for gain in curve["gain"]], [gain["se"] or 0.0 for gain in curve["gain"]]
            draw_line(axes, [_place(n) for n in counts], means, look, errors, hollow=part == "levin")
            end(means[-1], method, look.color)
            told.append(f"{method} {means[0]:.2f} to {means[-1]:.2f} dB")
        axes.axhline(gray, color=SLATE, linewidth=1.1, linestyle=(0, (6, 4)))
        axes.set_xlim(_place(0) - 0.06, _place(counts[-1]))
        axes.set_xticks([_place(n) for n in counts], [str(n) for n in counts])
        axes.set_xlabel("color hints")
        axes.set_ylabel("PSNR, dB")
        bare(axes)
        label_ends(axes, ends, size=8.5, lines=2)
        return save_svg(figure, f"{name}: PSNR by {counts[0]} to {counts[-1]} color hints. {'; '.join(told)}; gray {gray:.2f} dB.")


def _place(hints: int) -> float:
    """Along a logarithmic axis, with 0 a step to the left of 1."""
    return math.log10(hints) if hints else -0.35


def _strips(sets: dict[str, Any], pictures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The shown pictures of each set and group: title, explanation, and rows of caption, headings and pictures."""
    found = []
    for name, s in sets.items():
        for group, shown in s.get("shown", {}).items():
            rows = []
            for i, one in enumerate(shown):
                columns = [(heading, pictures[f"{name}/{group}/{i}/{heading}"]) for heading in one["headings"]]
                rows.append((f"{one['name']} · ΔE2000 {one['de2000']:.1f}", columns))
            found.append({"title": f"{name}: {GROUPS[group][0]}", "explains": GROUPS[group][1], "rows": rows})
    return found
