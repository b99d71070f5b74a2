from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conftest import draw
from tinct.color import rgb_to_lab
from tinct.errors import DataError
from tinct.evaluation.picture_sets import PictureSet, load_sets, open_pixels
from tinct.evaluation.protocol import Protocol


def load(data: list[Path], protocol: Protocol, limit: int, folder: Path) -> list[PictureSet]:
    return load_sets([str(path) for path in data], protocol, limit, folder, lambda *_: None)


def test_sets_are_named_counted_and_ranked(shard: Path, folder: Path, small: Protocol, tmp_path: Path) -> None:
    val, pictures, again = load([shard, folder, shard], small, 0, tmp_path)
    assert (val.name, again.name) == ("val", "val-2")
    assert (len(val.names), val.dropped) == (12, {"broken": 1, "gray": 1})
    assert sorted(val.ranking) == list(range(12))
    assert val.ranking == again.ranking
    assert open_pixels(val.pixels, 64).shape == (12, 64, 64, 3)
    labs = rgb_to_lab(open_pixels(pictures.pixels, 64))
    np.testing.assert_allclose(pictures.mean_ab, labs[..., 1:].mean(axis=(0, 1, 2)), rtol=1e-4)


def test_a_random_part_is_always_the_same(shard: Path, small: Protocol, tmp_path: Path) -> None:
    few, everything = ({*load([shard], small, n, tmp_path)[0].names} for n in (4, 0))
    (more,) = load([shard], small, 8, tmp_path)
    assert few < {*more.names} < everything
    assert len(more.names) + sum(more.dropped.values()) == 8


def test_no_pictures_to_measure_with(small: Protocol, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no pictures"):
        load([tmp_path], small, 0, tmp_path)
    Image.fromarray(draw(1)).convert("L").save(tmp_path / "gray.png")
    with pytest.raises(DataError, match=r"no color photograph to measure with \(1 gray\)") as error:
        load([tmp_path], small, 0, tmp_path)
    assert error.value.code == "no-color-pictures"
