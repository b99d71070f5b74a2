"""Pictures side by side: the same ones for every group, from what runs keep, or predicted from a folder of photographs."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from ..errors import ConfigError, DataError
from ..studies.groups import Group
from ..studies.results import Result

__all__ = ["Sheet", "Strip", "as_png", "contact_sheet", "predicted", "side_by_side"]

Bytes = npt.NDArray[np.uint8]
SHOWN = 8
"""At most this many pictures."""
MOST_COLUMNS = 7
"""With more, groups stand below one another instead of beside."""
SAME = 12.0
"""Mean difference, of 255, up to which two sizes of one picture are that picture."""


@dataclass(frozen=True)
class Samples:
    """Pictures of one run, (S, S, 3) sRGB each, by name: gray, predicted, real."""

    gray: dict[str, Bytes]
    predicted: dict[str, Bytes]
    real: dict[str, Bytes]


@dataclass(frozen=True)
class Strip:
    """A row of pictures."""

    label: str
    pictures: list[Bytes]


@dataclass(frozen=True)
class Sheet:
    """Pictures of a section."""

    strips: list[Strip]
    heads: list[str]
    """Above the columns, where groups stand beside one another; else empty, and the groups are the strips' labels."""
    note: str
    """What is to be known of the choice."""

    def alt(self, strip: Strip) -> str:
        """What a row of pictures shows."""
        what = f"{strip.label}: {', '.join(self.heads)}" if self.heads else f"{len(strip.pictures)} test pictures, {strip.label}"
        return f"{what}, side by side"


def side_by_side(groups: Sequence[Group], show: Path | None = None) -> Sheet | str:
    """Gray, each group's first seed, and real; or why there is nothing to show.

    Args:
        groups: those with finished runs.
        show: a folder of color photographs to predict instead of the test pictures that runs keep.

    Raises:
        ConfigError: the pictures of a run can't be read, or with `show` its checkpoint can't.
        DataError: there are no color photographs in `show`.
    """
    found = [(group.label, predicted(group.results[0], show) if show else _kept(group.results[0])) for group in groups]
    chosen = [(label, samples) for label, samples in found if samples is not None]
    if not chosen:
        return "The runs keep no pictures."
    names = [name for name in chosen[0][1].real if all(_same(chosen[0][1], other, name) for _, other in chosen[1:])]
    if not names:
        return "The runs have no test picture in common, so none can be shown side by side. Show a folder of your own with --show."
    side = max(picture.shape[0] for _, samples in chosen for picture in samples.real.values())
    largest = next(samples for _, samples in chosen if next(iter(samples.real.values())).shape[0] == side)
    kept, names = len(names), names[:SHOWN]
    columns = [("gray", largest.gray), *((label, samples.predicted) for label, samples in chosen), ("real", largest.real)]
    strips = [Strip(label, [_sized(pictures[name], side) for name in names]) for label, pictures in columns]
    where = (
        f"of the pictures in {show.name}" if show else "of the test pictures in order of their content hash, so nobody picked them"
    )
    note = f"The first {len(names)} {where}; the same for all, from the run with the first seed."
    if most := max(len(samples.real) for _, samples in chosen) - kept:
        note += f" {most} more are not test pictures of all runs."
    if len(columns) > MOST_COLUMNS:
        return Sheet(strips, [], note)
    rows = [Strip(Path(name).name, [strip.pictures[i] for strip in strips]) for i, name in enumerate(names)]
    return Sheet(rows, [label for label, _ in columns], note)


def predicted(result: Result, folder: Path) -> Samples:
    """The pictures of a folder, predicted by a run's weights; cut and reduced as its training pictures were.

    Raises:
        ConfigError: the run has no usable checkpoint.
        DataError: the folder has no color photographs.
    """
    import torch

    from ..color import lab_to_rgb, lightness
    from ..data.cache import middle_square
    from ..data.sources import find_source
    from ..training.recipe import network_config
    from ..training.run_folder import CHECKPOINT, load_checkpoint
    from ..training.scores import gray_lab
    from ..training.task import build, predict, preparation

    config = result.config
    squares: dict[str, Bytes] = {}
    for name, data in find_source(str(folder)).read():
        square = middle_square(data.read_bytes() if isinstance(data, Path) else data, replace(config, min_side=1))
        if not isinstance(square, str):
            squares[name] = square
        if len(squares) == SHOWN:
            break
    if not squares:
        raise DataError(f"{folder} has no color photographs to show. Name a folder that has, with --show.")
    network = build(config)
    network.load_state_dict(load_checkpoint(result.path / CHECKPOINT, config)["network"])
    real = np.stack(list(squares.values()))
    gray = torch.from_numpy(preparation(config).prepare(lightness(real)))
    drawn = predict(network.eval(), gray, getattr(network_config(config), "latent", 0)).clamp(0, 1)
    height, width = real.shape[1:3]
    rgb = np.moveaxis(drawn.numpy(), 1, -1)[:, :height, :width]

    def named(pictures: Any) -> dict[str, Bytes]:
        return dict(zip(squares, np.rint(pictures * 255).astype(np.uint8), strict=True))

    return Samples(named(lab_to_rgb(gray_lab(real)).clip(0, 1)), named(rgb), squares)


def contact_sheet(sheet: Sheet) -> Bytes:
    """All rows on one white sheet with their labels, (H, W, 3)."""
    side = sheet.strips[0].pictures[0].shape[0]
    factor = max(1, round(112 / side))
    font = ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), 14)
    step, gap, margin = factor * side, 4, 16
    left = margin if sheet.heads else margin + 12 + math.ceil(max(font.getlength(strip.label) for strip in sheet.strips))
    top = 36 if sheet.heads else margin
    count = len(sheet.strips[0].pictures)
    paper = Image.new("RGB", (left + count * (step + gap) + margin, top + len(sheet.strips) * (step + gap) + margin), "white")
    pen = ImageDraw.Draw(paper)
    for column, head in enumerate(sheet.heads):
        pen.text((left + column * (step + gap) + step / 2, top - 10), head, fill="#3c4043", font=font, anchor="ms")
    for row, strip in enumerate(sheet.strips):
        y = top + row * (step + gap)
        if not sheet.heads:
            pen.text((left - 12, y + step / 2), strip.label, fill="#3c4043", font=font, anchor="rm")
        for column, picture in enumerate(strip.pictures):
            paper.paste(Image.fromarray(picture.repeat(factor, 0).repeat(factor, 1)), (left + column * (step + gap), y))
    return np.asarray(paper)


def as_png(picture: Bytes) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", optimize=True)
    return file.getvalue()


# ---- details --------------------------------------------------------------------------------------------------------------------


def _kept(result: Result) -> Samples | None:
    path = result.path / "samples.npz"
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as arrays:
            names = [str(name) for name in arrays["names"]]
            gray, drawn, real = (dict(zip(names, arrays[key], strict=True)) for key in ("gray", "predicted", "real"))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{path} can't be read: {error}. Remove it, and finish the run again.") from error
    return Samples(gray, drawn, real)


def _same(one: Samples, other: Samples, name: str) -> bool:
    """Whether a name stands for the same picture in both, perhaps at two sizes."""
    if name not in other.real:
        return False
    side = min(one.real[name].shape[0], other.real[name].shape[0])
    first, second = (_sized(samples.real[name], side).astype(np.float32) for samples in (one, other))
    return bool(np.abs(first - second).mean() <= (0 if one.real[name].shape == other.real[name].shape else SAME))


def _sized(picture: Bytes, side: int) -> Bytes:
    if picture.shape[0] == side:
        return picture
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC))
