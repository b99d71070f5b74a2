"""Run folders read into groups, and the ones that can't be."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from study_runs import LOSSES, SIDE, by_loss, make_study, write_run
from tinct.errors import ConfigError
from tinct.reports.study_pictures import side_by_side
from tinct.studies.gathering import collect, compare
from tinct.studies.results import Result, Unfinished, read_run
from tinct.training.recipe import TrainConfig, load_recipe

CONFIG = replace(load_recipe("autoencoder"), data=("photos",), epochs=4, seen=4000)


def test_a_run_says_what_its_files_say(tmp_path: Path) -> None:
    result = read_run(write_run(tmp_path / "run", CONFIG))
    assert isinstance(result, Result)
    assert (result.name, result.seen, result.train_pictures, result.error) == ("run", 4000, 4000, "mse")
    assert result.curve["test"].tolist() == pytest.approx([0.0125, 0.0105, 0.0085 + 0.004 / 3, 0.0095])


def test_without_a_count_pictures_seen_follow_from_time_and_speed(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", CONFIG)
    lines = re.sub(r', "seen": \d+', "", (run / "metrics.jsonl").read_text())
    (run / "metrics.jsonl").write_text(lines)
    result = read_run(run)
    assert isinstance(result, Result)
    assert result.curve["pictures_seen"].tolist() == [1010, 2030, 3060, 4100]


def test_an_unfinished_run_is_known_as_such(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", CONFIG, finished=False, curve=[(0.1, 0.1)] * 3)
    assert read_run(run) == Unfinished("run", 3, 4)
    with pytest.raises(ConfigError, match=r"run is unfinished: epoch 3 of 4") as error:
        compare([run])
    assert (error.value.code, error.value.details) == ("run-unfinished", {"path": run})


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("config.toml", "epochs =", "config.toml can't be read"),
        ("config.toml", 'model = "autoencoder"\nflavor = 1', "config.toml lacks data, epochs"),
        ("scores.json", '{"train": ', "scores.json can't be read"),
        ("scores.json", "[]", "scores.json holds no table"),
        ("scores.json", "{}", "run is of another version of tinct, or damaged: 'gray' is missing"),
        ("environment.json", '{"parameters": 1}', "run is of another version of tinct, or damaged: 'pictures' is missing"),
        ("environment.json", None, "run is half-written: it has scores.json but no environment.json"),
        ("metrics.jsonl", None, "run is half-written: it has scores.json but no metrics.jsonl"),
        ("metrics.jsonl", '{"epo\n{}', "metrics.jsonl, line 1 can't be read"),
        ("metrics.jsonl", '{"epoch": 1, "test": {}, "train": {}}', "run is of another version"),
        ("config.toml", None, "run is no run: it has no config.toml"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, content: str | None, says: str) -> None:
    run = write_run(tmp_path / "run", CONFIG)
    (run / name).unlink() if content is None else (run / name).write_text(content)
    with pytest.raises(ConfigError, match=says) as error:
        compare([run])
    assert str(run) in str(error.value)


def test_a_run_of_an_older_tinct_is_refused_with_the_cure(tmp_path: Path) -> None:
    def old(run: Path) -> None:
        scores = json.loads((run / "scores.json").read_text())
        for place in (scores, scores["gray"], scores["mean_color"]):
            place["test"] = {key: place["test"][key] for key in ("mse", "psnr", "pictures")}
        (run / "scores.json").write_text(json.dumps(scores))

    old(write_run(tmp_path / "run", CONFIG))
    with pytest.raises(ConfigError, match=r"run is of another version of tinct, or damaged: '\w+' is missing") as error:
        compare([tmp_path / "run"])
    assert (error.value.code, error.value.details) == ("old-run", {"path": tmp_path / "run"})
    make_study(tmp_path / "study", LOSSES, by_loss, seeds=1)
    broken = next((tmp_path / "study" / "runs").iterdir())
    old(broken)
    with pytest.raises(ConfigError, match=f"{re.escape(str(broken))} is of another version of tinct"):
        collect(tmp_path / "study")


def test_a_folder_that_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a study"):
        collect(tmp_path)


def test_a_study_becomes_groups_with_seeds(tmp_path: Path) -> None:
    make_study(tmp_path / "study", {"width": [0.5, 1.0]}, lambda v, s: {"test": 0.009} if s < 2 else None)
    (section,) = collect(tmp_path / "study").sections
    assert [(g.values, g.label, len(g.results), len(g.unfinished)) for g in section.groups] == [
        ({"width": 0.5}, "0.5", 2, 1),
        ({"width": 1.0}, "1", 2, 1),
    ]
    assert section.axis == "width"


def test_runs_of_two_parts_are_one_run(tmp_path: Path) -> None:
    more = [{"name": "depth", "recipe": "autoencoder", "grid": {"depth": [3, 4]}}]
    make_study(tmp_path / "study", {"width": [1.0, 2.0]}, lambda v, s: {"test": 0.009}, more=more, seeds=1)
    material = collect(tmp_path / "study")
    assert len(material.results) == 3
    assert [len(section.groups) for section in material.sections] == [2, 2]


def test_parts_of_one_setting_each_are_compared_with_one_another(tmp_path: Path) -> None:
    more = [{"name": "other", "recipe": "vae", "grid": {"loss": ["mse"]}}]
    make_study(tmp_path / "study", {"loss": ["mse"]}, lambda v, s: {"test": 0.009}, more=more, seeds=1)
    (section,) = collect(tmp_path / "study").sections
    assert [group.label for group in section.groups] == ["part", "other"]


def test_recipes_may_be_what_a_grid_varies(tmp_path: Path) -> None:
    part = {"parts": [{"name": "models", "grid": {"recipe": ["autoencoder", "vae"]}}]}
    make_study(tmp_path / "study", {}, lambda v, s: {"test": 0.009}, seeds=1, **part)
    (section,) = collect(tmp_path / "study").sections
    assert [group.label for group in section.groups] == ["autoencoder", "vae"]


def test_all_training_pictures_have_a_place_on_the_axis(tmp_path: Path) -> None:
    make_study(tmp_path / "study", {"train_pictures": [0, 250, 1000]}, lambda v, s: {"test": 0.009}, seeds=1)
    (section,) = collect(tmp_path / "study").sections
    (groups,) = section.lines().values()
    assert [group.label for group in groups] == ["250", "1,000", "all"]


def runs(tmp_path: Path, *configs: TrainConfig) -> list[Path]:
    return [write_run(tmp_path / f"run-{i}", config) for i, config in enumerate(configs)]


def test_runs_that_differ_in_the_seed_alone_are_one_group(tmp_path: Path) -> None:
    other = replace(CONFIG, lr=1e-4)
    (section,) = compare(runs(tmp_path, CONFIG, replace(CONFIG, seed=1), other, replace(other, seed=1))).sections
    assert [(g.label, [r.seed for r in g.results]) for g in section.groups] == [("0.001", [0, 1]), ("0.0001", [0, 1])]
    assert section.keys == ("lr",)
    assert section.axis == "lr"


def test_one_telling_key_names_groups_that_differ_in_several(tmp_path: Path) -> None:
    vae = replace(load_recipe("vae"), data=("elsewhere",), epochs=4, seen=4000)
    (section,) = compare(runs(tmp_path, CONFIG, vae)).sections
    assert [group.label for group in section.groups] == ["autoencoder", "vae"]
    assert section.groups[1].values == {"model": "vae", "batch": 64, "network.latent": 100}


def test_equal_runs_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    (section,) = compare(runs(tmp_path, CONFIG, CONFIG)).sections
    assert [group.label for group in section.groups] == ["run-0", "run-1"]


def test_seeds_of_one_recipe_are_one_group(tmp_path: Path) -> None:
    (section,) = compare(runs(tmp_path, CONFIG, replace(CONFIG, seed=1))).sections
    assert [(group.label, len(group.results)) for group in section.groups] == [("all runs", 2)]


def test_pictures_of_two_sizes_are_shown_at_the_larger(tmp_path: Path) -> None:
    first, second = runs(tmp_path, CONFIG, replace(CONFIG, lr=1e-4))
    smooth = np.repeat(np.linspace(0, 255, SIDE).astype(np.uint8)[None, :, None], SIDE, 0).repeat(3, 2)[None]
    for run, factor in ((first, 1), (second, 2)):
        large = smooth.repeat(factor, 1).repeat(factor, 2)
        np.savez(run / "samples.npz", gray=large, predicted=large, real=large, names=np.array(["a.jpg"]))
    sheet = side_by_side(compare([first, second]).sections[0].groups)
    assert not isinstance(sheet, str)
    assert {picture.shape for _, row in sheet.rows for picture in row} == {(2 * SIDE, 2 * SIDE, 3)}


def test_damaged_pictures_are_named(tmp_path: Path) -> None:
    (run,) = runs(tmp_path, CONFIG)
    (run / "samples.npz").write_bytes(b"PK")
    with pytest.raises(ConfigError, match=r"samples\.npz can't be read"):
        side_by_side(compare([run]).sections[0].groups)
