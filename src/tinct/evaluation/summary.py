"""From the figures of single pictures to those of a set: means with standard errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from .metrics import mean_and_error
from .protocol import Protocol
from .reach import summarize_reach
from .realism import summarize_realism

__all__ = ["summarize"]


def summarize(rows: list[dict[str, Any]], protocol: Protocol) -> dict[str, Any]:
    """The figures of one set from the rows of its pictures; parts that no row has are left out."""
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
    for part, summarize_part in (("realism", summarize_realism), ("reach", summarize_reach)):
        if found := [row[part] for row in rows if part in row]:
            summary[part] = summarize_part(found)
    for part in ("hints", "levin"):
        if found := [row for row in rows if part in row]:
            summary[part] = _curve(found, part, protocol)
    if both := [np.subtract(row["hints"]["psnr"], row["levin"]["psnr"]) for row in rows if {"hints", "levin"} <= row.keys()]:
        summary["levin"]["model_ahead"] = [mean_and_error(column) for column in np.transpose(both)]
    if found := [row["diversity"] for row in rows if "diversity" in row]:
        summary["diversity"] = {"pictures": len(found)}
        for key in found[0]:
            best, mean, apart, centered = (
                np.array([entry[key][k] for entry in found]) for k in ("best", "mean", "de2000", "de2000_centered")
            )
            summary["diversity"][key] = {
                "best": mean_and_error(best),
                "sample": mean_and_error(mean),
                "best_over_sample": mean_and_error(best - mean),
                "de2000": float(apart.mean()),
                "de2000_centered": float(centered.mean()),
            }
    if found := [row["stability"] for row in rows if "stability" in row]:
        by_vividness = {key: mean_and_error([entry[key] for entry in found]) for key in found[0]}
        summary["stability"] = {"pictures": len(found), **by_vividness}
    return summary


def _curve(rows: list[dict[str, Any]], part: str, protocol: Protocol) -> dict[str, Any]:
    """PSNR and gain over gray by the number of hints."""
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
