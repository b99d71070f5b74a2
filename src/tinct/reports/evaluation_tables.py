"""An evaluation as tables for the screen."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from ..evaluation.summary import bleeding_lines, headline, method_labels, plain, signed

__all__ = ["tables"]


def tables(evaluation: dict[str, Any]) -> list[Table]:
    """First the quantities that have aims, then every method on each set."""
    first = _table(f"{evaluation['model']['name']} under {evaluation['protocol']}", *evaluation["sets"], "aim")
    for line in headline(evaluation):
        if any(value != "–" for value in line.values):
            first.add_row(line.what, *line.values, line.aim)
    for line in bleeding_lines(evaluation):
        first.add_row(line.what, *line.values, *[""] * (len(evaluation["sets"]) - 1), line.aim)
    seconds, memory = evaluation["cost"]["seconds"], evaluation["cost"]["peak_mb"]
    first.add_row("Seconds a picture, one thread", f"{seconds:.3f}")
    first.add_row("Peak memory of the process, MB", "–" if memory is None else f"{memory:.0f}")
    found = [first]
    names = method_labels(evaluation)
    for name, summary in evaluation["sets"].items():
        left_out = "".join(f", {count} {reason} left out" for reason, count in summary["dropped"].items() if count)
        table = _table(f"{name}: {summary['pictures']} pictures{left_out}", "PSNR", "gain", "SSIM", "ΔE2000", "CF", "CF to real")
        for method, figures in summary["methods"].items():
            gain = signed(figures["gain"]) if method != "gray" else "0"
            numbers = (f"{figures['ssim']:.4f}", f"{figures['de2000']:.2f}", f"{figures['cf']:.1f}", f"{figures['cf_ratio']:.2f}")
            table.add_row(names.get(method, method), plain(figures["psnr"]), gain, *numbers)
        table.add_row("the real pictures", "", "", "", "", f"{summary['real']['cf']:.1f}", "1.00")
        found.append(table)
        if "hints" in summary:
            found.append(_hints(name, summary))
    return found


def _hints(name: str, summary: dict[str, Any]) -> Table:
    curves = {"model": summary["hints"], "Levin 2004": summary.get("levin")}
    numbers = ", ".join(f"{label} on {curve['pictures']}" for label, curve in curves.items() if curve)
    table = _table(f"{name}: gain over gray in dB by number of hints ({numbers})", *map(str, summary["hints"]["counts"]))
    for label, curve in curves.items():
        if curve:
            table.add_row(label, *(f"{gain['mean']:+.2f}".replace("-", "−") for gain in curve["gain"]))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, header_style="bold", pad_edge=False)
    table.add_column("", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table
