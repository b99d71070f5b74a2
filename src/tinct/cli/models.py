"""``tinct models``: the bundled models, their size and their measured gain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._streams import table_console

if TYPE_CHECKING:
    from ..runtime.spec import ModelSpec

__all__ = ["models"]

HEADINGS = ("name", "parameters", "working\nsize", "hints,\nvariants", "gain over\ngray", "trained on", "file size")
"""The line breaks make the table fit into 80 columns."""


def models() -> None:
    """List the bundled models; the names are those that --model takes."""
    from rich.table import Table

    from ..runtime.spec import DEFAULT_MODEL, bundled, read_spec

    graphs = bundled()
    specs = {name: read_spec(graph.with_suffix(".safetensors")) for name, graph in graphs.items()}
    measured = specs[DEFAULT_MODEL].scores.get("evaluation", {}).get("sets", {})
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in HEADINGS:
        first = heading == "name"  # is there to be typed, so it is never cut
        table.add_column(heading, no_wrap=first, min_width=max(map(len, graphs)) if first else None)
    for name, graph in graphs.items():
        table.add_row(*_row(name, graph, specs[name], measured))
    table_console().print(table)


def _row(name: str, graph: Path, spec: ModelSpec, measured: dict[str, Any]) -> tuple[str, ...]:
    """The cells of one model.

    Args:
        measured: name of a picture set -> the figures of all bundled models on it, as the default model's file has them.
    """
    from ..runtime.spec import DEFAULT_MODEL

    method = "model" if name == DEFAULT_MODEL else name
    gains = [f"{figures['methods'][method]['gain']['mean']:+.2f} dB {of}" for of, figures in measured.items()]
    size = sum(path.stat().st_size for path in graph.parent.glob(f"{name}.*"))
    pictures = spec.training.get("pictures", {}).get("train")
    return (
        name,
        f"{spec.parameters / 1e6:.1f} M",
        f"{spec.preparation.side} px",
        "yes" if spec.takes_hints else "no",
        "\n".join(gains) or "–",
        f"{pictures:,}\npictures" if pictures else "–",
        f"{size / 1e6:.1f} MB",
    )
