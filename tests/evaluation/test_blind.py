from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conftest import draw
from tinct.coloring.edit import Edit
from tinct.errors import ConfigError, DataError, WeightsError
from tinct.evaluation import blind
from tinct.evaluation.blind import MAX_SIDE, REAL, Pair, Side, make_pairs, parse_side
from tinct.evaluation.protocol import gray_of

TINCT, REALLY = Side("tinct", "tinct"), Side("the real colors", REAL)


@pytest.fixture(autouse=True)
def colorizers(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What each model was asked to color: its name, the gray picture and the edit. It gives every pixel vividness × 200 in red."""
    asked: list[Any] = []

    class Fake:
        def __init__(self, model: str) -> None:
            if model == "nonsense":
                raise WeightsError("no model 'nonsense'")
            self.model = model

        def colorize(self, gray: np.ndarray, edit: Edit) -> Any:
            asked.append((self.model, gray, edit))

            class Result:
                @staticmethod
                def to_numpy() -> np.ndarray:
                    rgb = np.repeat(gray[..., None], 3, axis=-1)
                    rgb[..., 0] = round(edit.vividness * 200)
                    return rgb

            return Result()

    monkeypatch.setattr(blind, "Colorizer", Fake)
    return asked


def test_a_side_is_settings_a_model_an_edit_or_the_real_colors(tmp_path: Path) -> None:
    side = parse_side("vividness=0.2", "tinct")
    assert (side.label, side.model, side.edit.vividness) == ("tinct, vividness=0.2", "tinct", 0.2)
    side = parse_side("models/mine.onnx, vividness=1, ensemble=true", "tinct")
    assert (side.label, side.model) == ("mine.onnx, vividness=1, ensemble=true", "models/mine.onnx")
    assert (side.edit.vividness, side.edit.ensemble) == (1, True)
    file = tmp_path / "pale.json"
    file.write_text(Edit(strength=0.5, vividness=0.1).to_json())
    side = parse_side(f"{file},vividness=0.3", "tinct")
    assert (side.label, side.edit.strength, side.edit.vividness) == ("tinct, pale.json, vividness=0.3", 0.5, 0.3)
    assert (parse_side("", "tinct").label, parse_side("", "tinct").model) == ("tinct", "tinct")
    assert parse_side("real", "tinct").model == REAL


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vividnes=0.2", "no field 'vividnes'"),
        ("vividness=2", "vividness must be a number from 0 to 1"),
        ("real,vividness=1", "the real colors can't be changed"),
        ("a.onnx,b.onnx", "names several models: a.onnx, b.onnx"),
        ("missing.json", "missing.json can't be read"),
    ],
)
def test_a_side_that_cannot_be(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_side(text, "tinct")


def test_both_sides_color_the_same_gray_pictures(folder: Path, colorizers: list[Any]) -> None:
    sides = TINCT, parse_side("other,vividness=0", "tinct")
    pairs = make_pairs(sides, [str(folder)], pictures=6)
    assert len({pair.name for pair in pairs}) == 6
    assert [model for model, _, _ in colorizers] == ["tinct", "other"] * 6
    for (_, one, _), (_, other, _) in zip(colorizers[::2], colorizers[1::2], strict=True):
        assert one.ndim == 2
        np.testing.assert_array_equal(one, other)
    for pair in pairs:
        assert [picture[0, 0, 0] for picture in pair.pictures] == [100, 0]  # in the order of the sides, wherever they are shown


def test_the_seed_decides_sides_and_order(folder: Path) -> None:
    def drawn(seed: int) -> list[tuple[str, bool]]:
        return [(pair.name, pair.first_is_left) for pair in make_pairs((TINCT, REALLY), [str(folder)], pictures=20, seed=seed)]

    assert drawn(1) == drawn(1)
    assert {name for name, _ in drawn(1)} == {name for name, _ in drawn(2)}
    assert [name for name, _ in drawn(1)] != [name for name, _ in drawn(2)]
    lefts = [left for seed in range(5) for _, left in drawn(seed)]
    assert 30 < sum(lefts) < 70  # of 100


def test_real_colors_leave_gray_photographs_out_and_large_ones_are_reduced(tmp_path: Path) -> None:
    Image.fromarray(draw(1, 1000, 500)).save(tmp_path / "color.png")
    Image.fromarray(draw(2)).convert("L").save(tmp_path / "gray.png")
    (tmp_path / "broken.png").write_bytes(b"PNG")
    (pair,) = make_pairs((TINCT, REALLY), [str(tmp_path)])
    assert pair.name == "color.png"
    assert pair.pictures[1].shape == (MAX_SIDE // 2, MAX_SIDE, 3)
    assert np.ptp(pair.pictures[1], axis=-1).max() > 50
    both = make_pairs((TINCT, parse_side("vividness=0", "tinct")), [str(tmp_path)])
    assert sorted(pair.name for pair in both) == ["color.png", "gray.png"]


def test_nothing_to_compare(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Both sides are the same: tinct"):
        make_pairs((TINCT, TINCT), [str(folder)])
    with pytest.raises(WeightsError, match="nonsense"):
        make_pairs((TINCT, parse_side("nonsense", "tinct")), [str(folder)])
    Image.fromarray(gray_of(draw(2))).save(tmp_path / "gray.png")
    with pytest.raises(DataError, match="No photograph to compare with") as error:
        make_pairs((TINCT, REALLY), [str(tmp_path)])
    assert error.value.code == "no-color-pictures"


def test_progress_is_told(folder: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    pairs = make_pairs((TINCT, REALLY), [str(folder)], pictures=2, progress=lambda *what: heard.append(what))
    assert heard == [(f"coloring {folder.name}", 0, 2), (f"coloring {folder.name}", 1, 2)]
    assert all(isinstance(pair, Pair) for pair in pairs)
