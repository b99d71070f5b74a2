"""``tinct graphs`` and ``tinct quantize``: a model for programs in other languages, and in 8-bit integers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._extras import requires
from ._options import Data

__all__ = ["graphs", "quantize"]


def graphs(
    output: Annotated[Path, typer.Option("-o", "--output", help="A new folder.")],
    model: Annotated[
        str | None, typer.Argument(help="A bundled model, or a model file made by `tinct export`.", show_default=False)
    ] = None,
) -> None:
    """Write the whole coloring as ONNX graphs, for programs in any language. docs/graphs.md describes them."""
    with requires("Writing graphs", "train"):
        from ..graphs import write_graphs
    from ..runtime.spec import DEFAULT_MODEL, find

    for path in write_graphs(find(model or DEFAULT_MODEL), output):
        typer.echo(path)


def quantize(
    model: Annotated[str, typer.Argument(help="A model file made by `tinct export`.", show_default=False)],
    data: Data = None,
    pictures: Annotated[int, typer.Option(min=1, help="Number of calibration pictures.")] = 120,
    seven_bits: Annotated[
        bool,
        typer.Option(
            "--seven-bits",
            help="Weights of 7 bits, for processors without VNNI instructions, which saturate sums of 8-bit products.",
        ),
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace earlier 8-bit graphs.")] = False,
) -> None:
    """Write a model's graphs in 8-bit integers beside it, calibrated on color photographs with and without hints."""
    with requires("Quantization", "train"):
        from ..training.quantization import Quantization
        from ..training.quantization import quantize as quantize_model

    settings = Quantization(pictures=pictures, reduce_range=seven_bits)
    for path in quantize_model(model, tuple(data or ()), settings, overwrite=overwrite):
        typer.echo(path)
