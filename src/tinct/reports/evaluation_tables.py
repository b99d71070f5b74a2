"""The figures of an evaluation as tables, for its page and for the screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.table import Table as Screen

from ..evaluation.measure import MODEL, VIVID
from .pages import Best, Table, signed_number

__all__ = ["PUBLISHED", "Line", "bleeding_lines", "headline", "method_labels", "page_tables", "plain", "signed", "tables"]

PUBLISHED = (
    ("gray, SIGGRAPH17’s test set", "22.82", "no color at all"),
    ("ECCV16 (Zhang 2016)", "22.04", "vivid, so lower PSNR"),
    (
        "SIGGRAPH17 automatic",
        "24.43",
        "hints 1: 25.37, 2: 26.20, 5: 27.39, 10: 28.42, 20: 29.34, 50: 30.42, 100: 31.13, 200: 31.70, 501: 32.14",
    ),
    ("DDColor-L / -tiny", "23.74 / 23.63", "ImageNet val50k; FID 0.96 / 1.23; CF (DDColor’s variant) 38.65 / 37.72"),
    ("MultiColor", "24.58", "FID 0.42, CF (DDColor’s variant) 38.89"),
    ("VVFM", "20.90 → 23.11", "one sample → best of 5, COCO"),
)
"""Method, PSNR, note: each on pictures of its own at 256 × 256, from the papers and their code."""
Figure = dict[str, "float | None"]
"""``{"mean", "se"}`` over pictures."""


@dataclass(frozen=True)
class Line:
    """One quantity, for every set."""

    what: str
    values: list[str]
    aim: str
    peers: str = ""


def headline(evaluation: dict[str, Any]) -> list[Line]:
    """The quantities for which tinct has aims, with the aims and with the published results of others on their own pictures."""
    sets = list(evaluation["sets"].values())
    best = VIVID if all(VIVID in s["methods"] for s in sets) else MODEL
    counts = list(evaluation["hint_counts"])
    own = counts.index(evaluation["own_place_hints"])

    def gain(part: str, hints: int) -> Callable[[Any], str]:
        return lambda s: signed(s[part]["gain"][counts.index(hints)])

    found: list[tuple[str, Callable[[Any], str], str, str]] = [
        ("Gain over gray, automatic, dB", lambda s: signed(s["methods"][MODEL]["gain"]), "≥ +1.8, wide ≥ +1.2", "SIGGRAPH17 +1.6"),
        ("Gain over gray, 10 hints, dB", gain("hints", 10), "≥ +5.6", "SIGGRAPH17 +5.6"),
        ("Gain over gray, 100 hints, dB", gain("hints", 100), "≥ +8.3", "SIGGRAPH17 +8.3"),
        ("The same by Levin 2004, 10 hints, dB", gain("levin", 10), "", ""),
        ("Colorfulness to real, default vividness", lambda s: f"{s['methods'][best]['cf_ratio']:.2f}", "0.8–1.1", "DDColor-tiny ≈ 0.98"),
        ("Gain over gray, default vividness, dB", lambda s: signed(s["methods"][best]["gain"]), "≥ +0.3", "ECCV16 −0.8"),
        ("Recovered by the judge, default vividness", lambda s: _signed_or_dash(s["realism"]["recovered"]), "≥ +0.30, wide ≥ +0.22", "ECCV16 +0.21, Larsson +0.43"),
        ("KID ratio to gray, default vividness", lambda s: _ratio(s["realism"]), "≤ 0.10, wide ≤ 0.12", ""),
        ("Color edges in place, default vividness", lambda s: plain(s["realism"]["edges"], 3), "≥ 0.27", ""),
        ("Spill of a hint of another color", lambda s: plain(s["reach"]["spill"]), "≤ 0.12", ""),
        ("Fill of the hint’s object", lambda s: plain(s["reach"]["fill"]), "≥ 0.65", ""),
        ("Best of 8 samples over the mean one, dB", lambda s: signed(s["diversity"]["0.0"]["best_over_sample"]), "≥ +2", "VVFM +2.2 with 5"),
        ("Difference of 8 samples, ΔE2000", lambda s: f"{s['diversity']['0.0']['de2000']:.1f}", "visible", ""),
        ("The same without their mean shift, ΔE2000", lambda s: f"{s['diversity']['0.0']['de2000_centered']:.1f}", "visible", ""),
        ("192–512 px and mirrored, ΔE2000", lambda s: plain(s["stability"]["0.0"], 1), "≤ 3", ""),
        ("A hint at its own place, ΔE(ab)", lambda s: f"{s['hints']['own_place'][own]:.1f}", "≤ 3", ""),
    ]  # fmt: skip
    return [Line(what, [_or_dash(value, s) for s in sets], aim, peers) for what, value, aim, peers in found]


def bleeding_lines(evaluation: dict[str, Any]) -> list[Line]:
    """Bleeding of color in upsampling, one value a line; empty where it wasn't measured."""
    found = evaluation.get("bleeding")
    kinds = (("edges", "error at edges", "≤ 0.75"), ("everywhere", "error everywhere", "≤ 0.82"), ("gradients", "gradients at edges", "≤ 0.90"))  # fmt: skip
    return [Line(f"Enlarging, {what} to bilinear’s", [plain(found[kind], 3)], aim) for kind, what, aim in kinds] if found else []


def method_labels(evaluation: dict[str, Any]) -> dict[str, str]:
    """The name of each method that is the evaluated model."""
    name, default = evaluation["model"]["name"], evaluation["default_vividness"]
    return {MODEL: f"{name}, vividness 0" if evaluation["model"]["draws_variants"] else name, VIVID: f"{name}, vividness {default}"}


def signed(value: Figure, digits: int = 2) -> str:
    """``+1.62 ± 0.05``."""
    return signed_number(value["mean"] or 0.0, digits) + _error(value, digits)


def plain(value: Figure, digits: int = 2) -> str:
    """``23.84 ± 0.15``."""
    return f"{value['mean']:.{digits}f}".replace("-", "−") + _error(value, digits)


def page_tables(evaluation: dict[str, Any]) -> dict[str, list[Table]]:
    """The tables of the page by section; a section without figures has none."""
    sets = evaluation["sets"]
    return {
        "headline": [_headline_table(evaluation)],
        "hints": _hint_tables(sets, evaluation["hint_counts"]),
        "methods": [_method_table(name, s, method_labels(evaluation)) for name, s in sets.items()],
        "realism": _realism_tables({name: s["realism"] for name, s in sets.items() if "realism" in s}),
        "reach": _reach_tables({name: s["reach"] for name, s in sets.items() if "reach" in s}),
        "diversity": _diversity_tables({name: s for name, s in sets.items() if "diversity" in s}),
    }


def tables(evaluation: dict[str, Any]) -> list[Screen]:
    """For the screen: the quantities that have aims, every method on each set, realism, and what hints bring and reach."""
    found = page_tables(evaluation)
    sections = ("headline", "methods", "realism", "reach", "hints")
    return [_on_screen(table) for section in sections for table in found[section]]


def _headline_table(evaluation: dict[str, Any]) -> Table:
    more, cost = [""] * (len(evaluation["sets"]) - 1), evaluation["cost"]
    rows = [
        (line.what, [*(Best(value) for value in line.values), *more[len(line.values) - 1 :], line.aim, line.peers])
        for line in headline(evaluation) + bleeding_lines(evaluation)
    ]
    memory = f"{cost['peak_mb']:.0f}" if cost["peak_mb"] else "–"
    for what, text in (("Seconds a picture, one thread", f"{cost['seconds']:.3f}"), ("Peak memory of the process, MB", memory)):
        rows.append((what, [Best(text), *more, "", ""]))
    heads = ["", *evaluation["sets"], "aim", "others, on their own pictures"]
    model = evaluation["model"]
    return Table(f"{model['name']} ({model['precision']}) under {evaluation['protocol']}", heads, rows)


def _hint_tables(sets: dict[str, Any], counts: list[int]) -> list[Table]:
    rows = []
    for name, s in sets.items():
        curves = {
            name: s.get("hints", {}).get("gain"),
            f"{name}, Levin": s.get("levin", {}).get("gain"),
            f"{name}, ahead of Levin": s.get("levin", {}).get("model_ahead"),
        }
        rows += [(label, [signed_number(gain["mean"]) for gain in curve]) for label, curve in curves.items() if curve]
    return [Table("Gain over gray in dB by number of hints", ["", *map(str, counts)], rows)] if rows else []


def _method_table(name: str, s: dict[str, Any], labels: dict[str, str]) -> Table:
    rows = []
    for method, m in s["methods"].items():
        figures = [plain(m["psnr"]), signed(m["gain"]) if method != "gray" else "0", f"{m['ssim']:.4f}", f"{m['de2000']:.2f}"]
        figures += [f"{m['cf']:.1f}", f"{m['cf_ratio']:.2f}", f"{m['cf_ddcolor']:.1f}"]
        rows.append((labels.get(method, method), [Best(text) if method in labels else text for text in figures]))
    real = ["", "", "", "", f"{s['real']['cf']:.1f}", "1.00", f"{s['real']['cf_ddcolor']:.1f}"]
    heads = ["", "PSNR, dB", "gain, dB", "SSIM", "ΔE2000", "CF", "CF to real", "CF as DDColor"]
    left_out = "".join(f", {count} {reason} left out" for reason, count in s["dropped"].items() if count)
    return Table(f"{name}: {s['pictures']} pictures{left_out}", heads, [*rows, ("the real pictures", [*real])])


def _realism_tables(sets: dict[str, Any]) -> list[Table]:
    rows = []
    for name, r in sets.items():
        cells = [f"{r[key]:.3f}" if key in r else "–" for key in ("gray_recognized", "recognized")]
        cells += [_signed_or_dash(r.get("recovered"))]
        cells += ["–" if r.get(key) is None else f"{1000 * r[key]:.1f}".replace("-", "−") for key in ("gray_kid", "kid")]
        edges = [Best(plain(r["edges"], 3)), plain(r["edges_real"], 3)]
        rows.append((name, [*cells[:2], Best(cells[2]), *cells[3:], Best(_or_dash(_ratio, r)), *edges, str(r["pictures"])]))
    heads = ["", "gray recognized", "result", "recovered", "KID × 1000 of gray", "of the result", "KID ratio"]
    return [Table("Realism at the default vividness", [*heads, "edges in place", "of the real", "pictures"], rows)] if rows else []


def _reach_tables(sets: dict[str, Any]) -> list[Table]:
    rows = [
        (
            name,
            [cell for key in ("spill", "fill") for cell in (Best(plain(r[key])), f"{r[key]['median']:.2f}")] + [str(r["pictures"])],
        )
        for name, r in sets.items()
    ]
    heads = ["", "spill", "median", "fill", "median", "pictures"]
    return [Table("Reach of one hint of another color", heads, rows)] if rows else []


def _diversity_tables(sets: dict[str, Any]) -> list[Table]:
    rows = []
    for name, s in sets.items():
        for vividness, d in s["diversity"].items():
            if vividness != "pictures":
                stable = [plain(s["stability"][vividness]), str(s["stability"]["pictures"])] if "stability" in s else ["–", "–"]
                samples = [
                    plain(d["sample"]),
                    plain(d["best"]),
                    signed(d["best_over_sample"]),
                    f"{d['de2000']:.1f}",
                    f"{d['de2000_centered']:.1f}",
                ]
                rows.append((name, [vividness, *samples, str(s["diversity"]["pictures"]), *stable]))
    heads = [
        "",
        "vividness",
        "PSNR of a sample, dB",
        "best of 8, dB",
        "best over sample, dB",
        "ΔE2000 between samples",
        "without mean shift",
        "pictures",
    ]
    return [Table("", [*heads, "ΔE2000 between sizes, mirrored", "pictures"], rows)] if rows else []


def _on_screen(table: Table) -> Screen:
    found = Screen(title=table.title, title_justify="left", title_style="bold", box=None, header_style="bold", pad_edge=False)
    for place, head in enumerate(table.heads):
        found.add_column(head, justify="right" if place else "left", no_wrap=True)
    for name, cells in table.rows:
        if any(text not in ("", "–") for text in cells):
            found.add_row(name, *cells)
    return found


def _or_dash(value: Callable[[Any], str], figures: dict[str, Any]) -> str:
    try:
        return value(figures)
    except (KeyError, ValueError):  # a part that was left out, or a count of hints that the protocol lacks
        return "–"


def _signed_or_dash(value: Figure | None) -> str:
    return "–" if value is None or value["mean"] is None else signed(value)


def _ratio(realism: dict[str, Any]) -> str:
    """The KID ratio. Raises KeyError where there is none."""
    if realism.get("kid_ratio") is None:
        raise KeyError("kid_ratio")
    return f"{realism['kid_ratio']:.2f}".replace("-", "−")


def _error(value: Figure, digits: int) -> str:
    return "" if value["se"] is None else f" ± {value['se']:.{digits}f}"
