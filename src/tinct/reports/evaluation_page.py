"""The page of an evaluation: figures first, then curves, then pictures. It needs no other file and no network."""

from __future__ import annotations

import base64
import io
import math
import re
from importlib import resources
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from ..evaluation.summary import PUBLISHED, bleeding_lines, headline, method_labels, plain, signed
from .run_charts import BLUE, RUST, SLATE

__all__ = ["hint_chart", "render"]

GROUPS = {
    "random": "Picked by nobody",
    "best": "The best",
    "median": "The middle",
    "worst": "The worst",
}
SIGGRAPH17 = {0: 1.61, 1: 2.55, 2: 3.38, 5: 4.57, 10: 5.60, 20: 6.52, 50: 7.60, 100: 8.31, 200: 8.88, 500: 9.32}
"""Gain over gray of Zhang et al. (2017) on their own pictures: hints -> dB; the last one is of 501 hints."""
PALE = "#9aa0a6"


def render(evaluation: dict[str, Any], strips: dict[str, dict[str, list[Any]]]) -> str:
    """The page of what `evaluate` returns, and of the pictures of each set: group -> (name, ΔE2000, headings, pictures)."""
    jinja = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    jinja.filters.update(signed=signed, plain=plain, webp=_webp, duration=_duration)
    sets = evaluation["sets"]
    charts = {name: Markup(hint_chart(s).decode()) for name, s in sets.items() if "hints" in s or "levin" in s}
    template = resources.files(__package__).joinpath("templates/evaluation.html.j2").read_text("utf-8")
    return jinja.from_string(template).render(
        evaluation=evaluation,
        sets=sets,
        lines=headline(evaluation),
        bleeding_lines=bleeding_lines(evaluation),
        labels=method_labels(evaluation),
        charts=charts,
        strips=strips,
        groups=GROUPS,
        published=PUBLISHED,
    )


def hint_chart(summary: dict[str, Any]) -> bytes:
    """PSNR by the number of hints, as an ``"svg"`` element fit for a page.

    A method that was measured on fewer pictures than the first one stands at the first one's gray plus its own gain over gray.
    """
    curves = [(part, summary[part]) for part in ("hints", "levin") if part in summary]
    gray, counts = curves[0][1]["gray"]["mean"], curves[0][1]["counts"]
    file = io.BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tinct"}):
        figure = Figure(figsize=(5.6, 3.7), layout="constrained")
        axes = figure.subplots()
        theirs = [n for n in counts if n in SIGGRAPH17]
        axes.plot(
            [_place(n) for n in theirs], [gray + SIGGRAPH17[n] for n in theirs], color=PALE, linewidth=1.0, linestyle=(0, (2, 2))
        )
        ends = [(gray + SIGGRAPH17[theirs[-1]], "SIGGRAPH17*", SLATE)] if theirs else []
        for part, curve in curves:
            color, marker, name = (BLUE, "o", "this model") if part == "hints" else (RUST, "s", "Levin 2004")
            middle = np.array([gray + gain["mean"] for gain in curve["gain"]])
            spread = np.array([gain["se"] or 0.0 for gain in curve["gain"]])
            places = [_place(n) for n in counts]
            axes.fill_between(places, middle - spread, middle + spread, color=color, alpha=0.14, linewidth=0)
            face = color if part == "hints" else "white"
            axes.plot(
                places,
                middle,
                marker=marker,
                markersize=4.5,
                markerfacecolor=face,
                color=color,
                linewidth=1.8,
                zorder=3,
                clip_on=False,
            )
            ends.append((float(middle[-1]), name, color))
        axes.axhline(gray, color=SLATE, linewidth=1.1, linestyle=(0, (6, 4)))
        ends.append((gray, "gray", SLATE))
        _finish(axes, counts, ends, gray)
        figure.savefig(file, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    return re.sub(rb' id="[\w.]+_\d+"', b"", file.getvalue()[file.getvalue().index(b"<svg") :])  # a page has no two equal ids


def _place(hints: int) -> float:
    """Along a logarithmic axis, with 0 a step to the left of 1."""
    return math.log10(hints) if hints else -0.35


def _finish(axes: Axes, counts: list[int], ends: list[tuple[float, str, str]], gray: float) -> None:
    axes.set_xlim(_place(0) - 0.06, _place(counts[-1]))
    axes.set_ylim(axes.get_ylim())  # stays, now that labels hang on it
    axes.set_xticks([_place(n) for n in counts], [str(n) for n in counts])
    axes.set_xlabel("color hints")
    axes.set_ylabel("PSNR, dB")
    axes.grid(axis="y", color="#e3e5e8", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(PALE)
    axes.tick_params(color=PALE)
    low, high = axes.get_ylim()
    heights: list[float] = []
    ends = sorted(ends)
    for value, _, _ in ends:  # labels closer than a line of text move up
        heights.append(max((value - low) / (high - low), heights[-1] + 0.12 if heights else 0.0))
    for (value, name, color), height in zip(ends, heights, strict=True):
        more = f"\n{value - gray:+.1f} dB".replace("-", "−") if value != gray else f"\n{gray:.1f} dB"
        axes.annotate(
            name + more,
            (1.02, height),
            xycoords="axes fraction",
            color=color,
            fontsize=8.5,
            verticalalignment="center",
            linespacing=1.1,
        )


def _webp(picture: npt.NDArray[np.uint8]) -> str:
    """For the src of an image."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "WEBP", quality=85, method=4)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
