from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from PIL import Image

from tinct.color import rgb_to_lab
from tinct.errors import ConfigError, TinctError
from tinct.evaluation import EvaluationConfig, evaluate, realism
from tinct.evaluation.measure import PARTS
from tinct.evaluation.protocol import gray_of
from tinct.evaluation.realism import Classified, Realism

RUNNER = importlib.import_module("tinct.evaluation.runner")
ALONE = EvaluationConfig(workers=1, **dict.fromkeys(PARTS, 0))


def test_bundled_model_under_the_real_protocol(write_shard: Callable[..., Path], folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    evaluate("autoencoder", [str(write_shard(3)), str(folder)], out, config=EvaluationConfig(pictures=3, shown=1, workers=1))
    assert sorted(path.name for path in out.iterdir()) == ["evaluation.json", "pictures.npz"]
    found = json.loads((out / "evaluation.json").read_text("utf-8"))
    assert found["protocol"] == "tinct-256"
    assert found["model"]["name"] == "autoencoder"
    assert len(found["sets"]) == 2
    for summary in found["sets"].values():
        assert list(summary["methods"]) == ["gray", "mean color", "vae", "model"]
        assert summary["methods"]["gray"]["gain"]["mean"] == 0.0
        assert summary["pictures"] == len(summary["rows"]) == 3 - sum(summary["dropped"].values())
        psnr = [row["methods"]["model"]["psnr"] for row in summary["rows"]]
        assert summary["methods"]["model"]["psnr"]["mean"] == pytest.approx(np.mean(psnr), abs=1e-3)
        assert summary["lightness_change"]["max"] < 1
        assert [picture["headings"] for picture in summary["shown"]["random"]] == [["gray", "automatic", "real"]]
    assert found["cost"]["seconds"] > 0
    assert found["not_measured"].keys() == {"bleeding"}
    for summary in found["sets"].values():
        realism = summary["realism"]
        assert realism["pictures"] == summary["pictures"]
        assert 0 <= realism["recognized"] <= 1
        assert {"recognized", "gray_recognized", "edges", "edges_real"} == summary["rows"][0]["realism"].keys()
        assert {"kid", "gray_kid", "kid_ratio"} <= realism.keys()


def test_pictures_are_judged_in_random_order_and_their_colors_are_not_recorded(
    fake_models: None, shard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[np.ndarray]] = []

    def judge(pictures: Sequence[np.ndarray]) -> Classified:
        seen.append([np.array(picture) for picture in pictures])
        means = np.array([p.mean(axis=(0, 1)) for p in pictures])
        return Classified(means[:, 0].astype(int), means)

    monkeypatch.setattr(RUNNER, "load_judge", lambda: judge)
    found = evaluate("autoencoder", [str(shard)], tmp_path, config=replace(ALONE, realism=5, shown=0))
    rows = found["sets"]["val"]["rows"]
    judged = [row for row in rows if "recognized" in row.get("realism", ())]
    assert [len(pictures) for pictures in seen] == [5, 5, 5]  # real, gray, results
    assert len(judged) == found["sets"]["val"]["realism"]["pictures"] == 5
    assert not any("colored" in row for row in rows)
    for real, gray, result in zip(*seen, strict=True):
        np.testing.assert_array_equal(gray[..., 0], gray_of(real))
        assert rgb_to_lab(result)[..., 1:].mean() == pytest.approx(9, abs=0.5)  # the fake's color at the default vividness
    assert found["sets"]["val"]["realism"]["kid_ratio"] == pytest.approx(
        Realism(seen[0], judge).measure(seen[2])["kid_ratio"], abs=1e-3
    )


def test_without_the_judge_the_rest_is_measured(
    fake_models: None, shard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realism, "find_spec", lambda name: None)
    found = evaluate("autoencoder", [str(shard)], tmp_path, config=replace(ALONE, realism=2, shown=0))
    assert found["not_measured"]["recognition and KID"].startswith("the judge needs torch and efficientnet_lite_pytorch")
    assert {"pictures", "edges", "edges_real"} == found["sets"]["val"]["realism"].keys()

    found = evaluate("autoencoder", [str(shard)], tmp_path, config=replace(ALONE, realism=0, shown=0))
    assert found["not_measured"].keys() == {"bleeding"}  # nobody asked for it
    assert "realism" not in found["sets"]["val"]


def test_figures_and_pictures_are_written(fake_models: None, shard: Path, tmp_path: Path) -> None:
    heard = []
    found = evaluate(
        "autoencoder",
        [str(shard)],
        tmp_path,
        config=EvaluationConfig(realism=0, hints=3, levin=2, diversity=2, stability=1, workers=1),
        command="tinct evaluate autoencoder",
        progress=lambda what, done, total: heard.append((what, done, total)),
    )
    val = found["sets"]["val"]
    assert [val[part]["pictures"] for part in ("hints", "levin", "diversity", "stability")] == [3, 2, 2, 1]
    assert ("measuring", 12, 12) in heard
    assert found["command"] == "tinct evaluate autoencoder"

    lines = (tmp_path / "evaluation.json").read_text("utf-8").splitlines()
    assert sum('"name": "val-000.tar/' in line and '"methods"' in line for line in lines) == 12  # one line a picture

    shown = json.loads((tmp_path / "evaluation.json").read_text("utf-8"))["sets"]["val"]["shown"]
    assert {group: len(members) for group, members in shown.items()} == {"random": 8, "best": 3, "median": 3, "worst": 3}
    errors = [picture["de2000"] for group in ("best", "median", "worst") for picture in shown[group]]
    assert max(errors[:3]) <= min(errors[3:6]) <= max(errors[3:6]) <= min(errors[6:])
    with np.load(tmp_path / "pictures.npz") as pictures:
        expected = [
            f"val/{group}/{place}/{heading}"
            for group, members in shown.items()
            for place, member in enumerate(members)
            for heading in member["headings"]
        ]
        assert sorted(pictures) == sorted(expected)
        assert len(expected) == 6 * (8 + 3 * 3)
        assert all(picture.shape == (64, 64, 3) and picture.dtype == np.uint8 for picture in pictures.values())
        gray, real = pictures["val/best/0/gray"], pictures["val/best/0/real"]
    assert not np.ptp(gray, axis=-1).any()
    assert np.ptp(real, axis=-1).any()


@pytest.mark.parametrize("part", ["realism", "reach", "hints", "levin", "diversity", "stability"])
def test_any_part_can_be_left_out(part: str, fake_models: None, shard: Path, tmp_path: Path) -> None:
    config = EvaluationConfig(pictures=2, shown=0, workers=1, **dict.fromkeys(PARTS, 1) | {part: 0})
    found = evaluate("autoencoder", [str(shard)], tmp_path, config=config)
    assert part not in found["sets"]["val"]
    assert found["sets"]["val"]["shown"] == {}
    assert [path.name for path in tmp_path.iterdir()] == ["evaluation.json"]  # without pictures to show there is no archive


def test_bleeding_is_measured_on_large_pictures(fake_models: None, folder: Path, tmp_path: Path) -> None:
    for name in ("coffee", "astronaut"):
        Image.fromarray(getattr(skimage.data, name)()).save(tmp_path / f"{name}.png")
    config = EvaluationConfig(pictures=1, shown=0, workers=1, **dict.fromkeys(PARTS, 0))
    found = evaluate("autoencoder", [str(folder)], tmp_path / "out", config=config, large=tmp_path)
    assert found["bleeding"]["pictures"] == 2
    assert not found["not_measured"]
    stored = (tmp_path / "out" / "evaluation.json").read_text("utf-8")
    assert json.loads(stored)["bleeding"]["edges"]["mean"] == pytest.approx(found["bleeding"]["edges"]["mean"], abs=1e-4)
    assert sum('"name": "coffee.png"' in line and '"gradients"' in line for line in stored.splitlines()) == 1  # one line a picture


# ---- what doesn't fit -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "autoencodr"}, "did you mean 'autoencoder'"),
        ({"data": []}, "No pictures"),
        ({"data": ["nowhere"]}, "nowhere: no such folder or shard"),
    ],
)
def test_bad_input(changes: dict[str, Any], message: str, shard: Path, tmp_path: Path) -> None:
    values: dict[str, Any] = {"model": "autoencoder", "data": [str(shard)]} | changes
    with pytest.raises(TinctError, match=message):
        evaluate(values["model"], values["data"], tmp_path / "out", config=ALONE)
    assert not (tmp_path / "out" / "evaluation.json").exists()


def test_results_that_cannot_be_written(shard: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="can't be written to") as error:
        evaluate("autoencoder", [str(shard)], tmp_path / "file", config=ALONE)
    assert error.value.code == "output-folder"
