"""From the rows of single pictures to the figures that are quoted, and the few lines that are read first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .measure import MODEL, VIVID
from .metrics import mean_and_error
from .protocol import Protocol

__all__ = ["PUBLISHED", "Line", "bleeding_lines", "headline", "method_labels", "plain", "signed", "summarize"]

Row = dict[str, Any]

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


def summarize(rows: list[Row], protocol: Protocol) -> dict[str, Any]:
    """The figures of one set from the rows of its pictures; what no row has is not there either."""
    cf, cf_ddcolor = (float(np.mean([row[key] for row in rows])) for key in ("cf", "cf_ddcolor"))
    gray = np.array([row["methods"]["gray"]["psnr"] for row in rows])
    methods = {}
    for name in rows[0]["methods"]:
        values = {key: np.array([row["methods"][name][key] for row in rows]) for key in rows[0]["methods"][name]}
        methods[name] = {
            "psnr": mean_and_error(values["psnr"]),
            "gain": mean_and_error(values["psnr"] - gray),
            **{key: float(values[key].mean()) for key in ("ssim", "de2000", "cf", "cf_ddcolor")},
            "cf_ratio": float(values["cf"].mean()) / cf,
        }
    changes = [row["lightness"] for row in rows]
    summary: dict[str, Any] = {"real": {"cf": cf, "cf_ddcolor": cf_ddcolor}, "methods": methods}
    summary["lightness_change"] = {"mean": float(np.mean(changes)), "max": float(np.max(changes))}
    for part in ("hints", "levin"):
        if curve := _curve([row for row in rows if part in row], part, protocol):
            summary[part] = curve
    if summary.keys() >= {"hints", "levin"}:  # the difference on the same pictures
        both = [row for row in rows if "hints" in row and "levin" in row]
        ahead = np.array([np.subtract(row["hints"]["psnr"], row["levin"]["psnr"]) for row in both])
        if len(both):
            summary["levin"]["model_ahead"] = [mean_and_error(column) for column in ahead.T]
    if found := [row["diversity"] for row in rows if "diversity" in row]:
        summary["diversity"] = {"pictures": len(found)}
        for key in found[0]:
            best, mean, apart = (np.array([entry[key][k] for entry in found]) for k in ("best", "mean", "de2000"))
            summary["diversity"][key] = {
                "best": mean_and_error(best),
                "sample": mean_and_error(mean),
                "best_over_sample": mean_and_error(best - mean),
                "de2000": float(apart.mean()),
            }
    if found := [row["stability"] for row in rows if "stability" in row]:
        by_vividness = {key: mean_and_error([entry[key] for entry in found]) for key in found[0]}
        summary["stability"] = {"pictures": len(found), **by_vividness}
    return summary


def _curve(rows: list[Row], part: str, protocol: Protocol) -> dict[str, Any] | None:
    if not rows:
        return None
    psnr = np.array([row[part]["psnr"] for row in rows])  # (pictures, counts)
    gain = psnr - np.array([row["methods"]["gray"]["psnr"] for row in rows])[:, None]
    curve: dict[str, Any] = {
        "pictures": len(rows),
        "counts": list(protocol.hint_counts),
        "gray": mean_and_error([row["methods"]["gray"]["psnr"] for row in rows]),
        "psnr": [mean_and_error(column) for column in psnr.T],
        "gain": [mean_and_error(column) for column in gain.T],
    }
    if "own_place" in rows[0][part]:
        columns = zip(*(row[part]["own_place"] for row in rows), strict=True)
        curve["own_place"] = [None if None in column else float(np.mean(column)) for column in columns]
    return curve


# ---- what is read first ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One quantity, for every set."""

    what: str
    values: list[str]
    aim: str
    peers: str = ""


def headline(evaluation: dict[str, Any]) -> list[Line]:
    """The quantities for which tinct has aims, with the aims and with what others report of their own pictures."""
    sets = list(evaluation["sets"].values())
    counts = list(evaluation["hint_counts"])
    best = VIVID if all(VIVID in s["methods"] for s in sets) else MODEL

    def line(what: str, value: Any, aim: str, peers: str = "") -> Line:
        return Line(what, [value(s) for s in sets], aim, peers)

    def gain(part: str, hints: int) -> Any:
        return lambda s: signed(s[part]["gain"][counts.index(hints)]) if part in s and hints in counts else "–"

    own = counts.index(evaluation["own_place_hints"])
    return [
        line(
            "Gain over gray, automatic, dB", lambda s: signed(s["methods"][MODEL]["gain"]), "≥ +1.8, wide ≥ +1.2", "SIGGRAPH17 +1.6"
        ),
        line("Gain over gray, 10 hints, dB", gain("hints", 10), "≥ +5.6", "SIGGRAPH17 +5.6"),
        line("Gain over gray, 100 hints, dB", gain("hints", 100), "≥ +8.3", "SIGGRAPH17 +8.3"),
        line("The same by Levin 2004, 10 hints, dB", gain("levin", 10), ""),
        line(
            "Colorfulness to real, default vividness",
            lambda s: f"{s['methods'][best]['cf_ratio']:.2f}",
            "0.8–1.1",
            "DDColor-tiny ≈ 0.98",
        ),
        line("Gain over gray, default vividness, dB", lambda s: signed(s["methods"][best]["gain"]), "≥ +0.3", "ECCV16 −0.8"),
        line(
            "Best of 8 samples over the mean one, dB",
            lambda s: signed(s["diversity"]["0.0"]["best_over_sample"]) if "diversity" in s else "–",
            "≥ +2",
            "VVFM +2.2 with 5",
        ),
        line(
            "Difference of 8 samples, ΔE2000",
            lambda s: f"{s['diversity']['0.0']['de2000']:.1f}" if "diversity" in s else "–",
            "visible",
        ),
        line(
            "192–512 px and mirrored, ΔE2000",
            lambda s: plain(s["stability"]["0.0"], 1) if "stability" in s else "–",
            "≤ 3",
        ),
        line(
            "A hint at its own place, ΔE(ab)",
            lambda s: f"{s['hints']['own_place'][own]:.1f}" if "hints" in s else "–",
            "≤ 3",
        ),
    ]


def bleeding_lines(evaluation: dict[str, Any]) -> list[Line]:
    """How far colors bleed in enlarging, each with one value; nothing where it wasn't measured."""
    found = evaluation.get("bleeding")
    if not found:
        return []
    kinds = (
        ("edges", "error at edges", "≤ 0.75"),
        ("everywhere", "error everywhere", "≤ 0.82"),
        ("gradients", "gradients at edges", "≤ 0.90"),
    )
    return [Line(f"Enlarging, {what} to bilinear’s", [plain(found[kind], 3)], aim) for kind, what, aim in kinds]


def method_labels(evaluation: dict[str, Any]) -> dict[str, str]:
    """What tables call each method."""
    name, default = evaluation["model"]["name"], evaluation["default_vividness"]
    vivid = evaluation["model"]["draws_variants"]
    return {MODEL: f"{name}, vividness 0" if vivid else name, VIVID: f"{name}, vividness {default}"}


def signed(value: dict[str, float | None], digits: int = 2) -> str:
    """``+1.62 ± 0.05``."""
    return _with_error(f"{value['mean']:+.{digits}f}".replace("-", "−"), value["se"], digits)


def plain(value: dict[str, float | None], digits: int = 2) -> str:
    """``23.84 ± 0.15``."""
    return _with_error(f"{value['mean']:.{digits}f}".replace("-", "−"), value["se"], digits)


def _with_error(text: str, error: float | None, digits: int) -> str:
    return text if error is None else f"{text} ± {error:.{digits}f}"
