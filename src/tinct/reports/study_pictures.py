"""The same pictures as predicted by every group of a study, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from ..studies.groups import Group
from ..studies.results import Result
from ..studies.run_files import Samples, read_samples
from .pictures import resized

__all__ = ["Sheet", "predicted", "side_by_side"]

Bytes = npt.NDArray[np.uint8]
MAX_SHOWN = 8
MAX_COLUMNS = 7
"""With more, groups are the rows, and pictures the columns."""
SAME_PICTURE = 12.0
"""Mean absolute difference, of 255, up to which two sizes of a picture count as that picture: bicubic resampling stays below it."""


@dataclass(frozen=True)
class Sheet:
    """Rows of (S, S, 3) pictures of one size, each with its label."""

    rows: list[tuple[str, list[Bytes]]]
    heads: list[str]
    """Above the columns, where these are groups; else empty."""
    note: str
    """How the pictures were chosen."""


def side_by_side(groups: Sequence[Group], show: Path | None = None) -> Sheet | str:
    """Gray, the prediction of each group's first seed, and real; or why there is nothing to show.

    Args:
        groups: those with finished runs.
        show: a folder of color photographs to predict instead of the test pictures that runs keep.

    Raises:
        ConfigError: the pictures of a run can't be read, or with `show` its checkpoint can't.
        DataError: there are no color photographs in `show`.
    """
    read = (predicted(g.results[0], show) if show else read_samples(g.results[0].path / "samples.npz") for g in groups)
    found = [(group.label, samples) for group, samples in zip(groups, read, strict=True) if samples is not None]
    if not found:
        return "The runs keep no pictures."
    first = found[0][1]
    common = [name for name in first.names if all(_same(first, other, name) for _, other in found[1:])]
    if not common:
        return "The runs have no test picture in common, so none can be shown side by side; a folder of photographs can."
    names = common[:MAX_SHOWN]
    side = max(samples.real.shape[1] for _, samples in found)
    largest = next(samples for _, samples in found if samples.real.shape[1] == side)

    def column(samples: Samples, pictures: Bytes) -> list[Bytes]:
        return [resized(pictures[samples.names.index(name)], side) for name in names]

    columns = [("gray", column(largest, largest.gray)), *((label, column(s, s.predicted)) for label, s in found)]
    columns.append(("real", column(largest, largest.real)))
    chosen = f"pictures in {show.name}" if show else "test pictures in order of their content hash"
    note = f"The first {len(names)} of the {chosen}; predicted by the run with the first seed."
    if others := max(len(samples.names) for _, samples in found) - len(common):
        note += f" {others} more are not test pictures of all runs."
    if len(columns) > MAX_COLUMNS:
        return Sheet(columns, [], note)
    rows = [(Path(name).name, [pictures[i] for _, pictures in columns]) for i, name in enumerate(names)]
    return Sheet(rows, [label for label, _ in columns], note)


def predicted(result: Result, folder: Path) -> Samples:
    """Photographs of a folder as a run's weights predict them; cropped and reduced as its training pictures were. Needs PyTorch.

    Raises:
        ConfigError: the run has no usable checkpoint.
        DataError: the folder has no color photographs.
    """
    import torch

    from ..color import lab_to_rgb, lightness
    from ..data import find_source, middle_square
    from ..training.recipe import TrainConfig
    from ..training.run_folder import CHECKPOINT, load_checkpoint
    from ..training.scores import gray_lab
    from ..training.task import build, predict, preparation

    config = TrainConfig.from_dict(result.config, str(result.path / "config.toml"))
    squares: dict[str, Bytes] = {}
    for name, data in find_source(str(folder)).read():
        content = data.read_bytes() if isinstance(data, Path) else data
        square = middle_square(content, size=config.size, min_side=1, min_chroma=config.min_chroma)
        if not isinstance(square, str):
            squares[name] = square
        if len(squares) == MAX_SHOWN:
            break
    if not squares:
        raise DataError(f"{folder} has no color photographs to show.", path=folder)
    network = build(config)
    network.load_state_dict(load_checkpoint(result.path / CHECKPOINT, config)["network"])
    real = np.stack(list(squares.values()))
    gray = torch.from_numpy(preparation(config).prepare(lightness(real)))
    drawn = predict(network.eval(), gray).clamp(0, 1)
    height, width = real.shape[1:3]
    pair = lab_to_rgb(gray_lab(real)).clip(0, 1), np.moveaxis(drawn.numpy(), 1, -1)[:, :height, :width]
    shown, colored = (np.rint(255 * rgb).astype(np.uint8) for rgb in pair)
    return Samples(list(squares), shown, colored, real)


def _same(one: Samples, other: Samples, name: str) -> bool:
    """Whether a name stands for the same picture in both, perhaps at two sizes."""
    if name not in other.names:
        return False
    first, second = (samples.real[samples.names.index(name)] for samples in (one, other))
    side = min(len(first), len(second))
    difference = np.abs(resized(first, side).astype(np.float32) - resized(second, side)).mean()
    return bool(difference <= (SAME_PICTURE if len(first) != len(second) else 0))
