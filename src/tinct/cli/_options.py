"""Options that several commands share, and defaults that are looked up only when needed."""

from __future__ import annotations

import pkgutil
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = [
    "Data",
    "Default",
    "Device",
    "DeviceOption",
    "Like",
    "LikeStrength",
    "MaxPixels",
    "Model",
    "Overwrite",
    "Precision",
    "PrecisionOption",
    "Seed",
    "Show",
    "Threads",
    "Variant",
    "Vividness",
    "was_given",
]


class Default:
    """Default value of an option, kept where the library keeps it: ``Default("coloring.edit:Edit.vividness")``.

    Looked up only when the option is parsed or its help text is shown: the library's modules load NumPy and libvips, which
    ``tinct --help`` does without.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self) -> Any:
        return pkgutil.resolve_name(f"tinct.{self.name}")

    def __str__(self) -> str:
        return str(self())


class Device(str, Enum):
    """Where a model computes; the same words as `Colorizer(device=...)`."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    COREML = "coreml"
    DIRECTML = "directml"
    OPENVINO = "openvino"


class Precision(str, Enum):
    """Numbers that a network computes with; the same words as `Colorizer(precision=...)`."""

    AUTO = "auto"
    FLOAT = "float"
    INT8 = "int8"


Model = Annotated[
    str | None,
    typer.Option(help="A bundled model (`tinct models` lists them, the default first), or a model file made by `tinct export`."),
]
DeviceOption = Annotated[
    Device,
    typer.Option(
        "--device", help="Where the model computes: cpu, cuda, coreml, directml or openvino; auto takes an installed accelerator."
    ),
]
PRECISION_HELP = (
    "Numbers that the network computes with: float, or int8 (8-bit integers, faster on the processor), which the model must have been "
    "quantized for. auto takes int8 on the processor where the model has it."
)
PrecisionOption = Annotated[Precision, typer.Option("--precision", help=PRECISION_HELP)]
Threads = Annotated[int, typer.Option(min=0, help="Processor threads for one photograph; 0 takes all cores.")]
MaxPixels = Annotated[
    int,
    typer.Option(min=1, default_factory=Default("photo:MAX_PIXELS"), help="Refuse photographs with more pixels than this."),
]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace earlier results. Only files are replaced that say themselves that tinct made them."),
]
Like = Annotated[Path | None, typer.Option(metavar="PICTURE", help="Take the palette of this color picture as reference.")]
LikeStrength = Annotated[
    float,
    typer.Option(
        default_factory=Default("coloring.edit:Edit.like_strength"),
        help="How far the colors move toward those of --like: 0 leaves the automatic ones, 1 takes the whole palette.",
    ),
]
Variant = Annotated[
    int,
    typer.Option(
        min=1,
        default_factory=Default("coloring.edit:Edit.variant"),
        help="Number of the coloring: 1 is the automatic one, others are drawn from the model's distribution.",
    ),
]
Seed = Annotated[
    int,
    typer.Option(min=0, default_factory=Default("coloring.edit:Edit.seed"), help="Seed of all variants but the automatic one."),
]
Vividness = Annotated[
    float,
    typer.Option(
        default_factory=Default("coloring.edit:Edit.vividness"),
        help="0 gives the colors with the least expected error, 1 the most colorful ones.",
    ),
]
Data = Annotated[
    list[str] | None,
    typer.Option(help="Folder of color photographs, .tar shards, or hf:NAME[:SPLIT]; may be given several times."),
]
Show = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="Show these color photographs in the report instead of the test pictures.")
]


def was_given(context: typer.Context, name: str) -> bool:
    """Whether an option's value comes from the command line or the environment, even if it is equal to the default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"
