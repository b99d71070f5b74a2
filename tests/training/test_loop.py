from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.color import deltaE_ciede2000

from conftest import draw
from tinct.color import lab_to_rgb, lightness, rgb_to_lab
from tinct.data import load_pictures
from tinct.errors import ConfigError, TinctError
from tinct.training import Machine, TrainConfig, load_recipe, resume_config, train
from tinct.training.run_folder import CHECKPOINT, load_checkpoint

CPU = Machine(accelerator="cpu", precision="32-true")


def rows(run: Path) -> list[dict]:
    """The numbers of ``metrics.jsonl`` that don't depend on the clock."""
    return [
        {k: r[k] for k in ("epoch", "step", "train", "test")}
        for r in map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    ]


def scores(run: Path) -> dict:
    """``scores.json`` without what depends on the clock."""
    return {key: value for key, value in json.loads((run / "scores.json").read_text()).items() if key != "milliseconds"}


def weights(run: Path, config: TrainConfig) -> dict[str, torch.Tensor]:
    return load_checkpoint(run / CHECKPOINT, config)["network"]


@pytest.fixture
def config(folder: Path, toy_settings: list[str]) -> TrainConfig:
    return load_recipe("vae", toy_settings, (str(folder),))


def test_the_run_folder_is_complete(run: Path) -> None:
    files = {str(p.relative_to(run)) for p in run.rglob("*") if p.is_file()}
    assert {"config.toml", "split.csv", "metrics.jsonl", "environment.json", "scores.json", "samples.npz", str(CHECKPOINT)} <= files
    assert any(name.startswith("tensorboard/") for name in files)
    assert not [name for name in files if "partial" in name]
    assert [row["epoch"] for row in rows(run)] == [1, 2]
    counts = json.loads((run / "environment.json").read_text())["pictures"]
    assert counts["train"] + counts["test"] == 40


def test_the_config_in_the_run_folder_repeats_it(run: Path, folder: Path, toy_settings: list[str]) -> None:
    assert resume_config(run) == load_recipe(run.name, toy_settings, (str(folder),))


def test_scores_are_those_of_the_weights(run: Path) -> None:
    """The gray picture's error computed here by hand equals the recorded one; the samples show the first test pictures by hash."""
    config = resume_config(run)
    pictures = load_pictures(config.picture_settings(), run / "cache")
    scores = json.loads((run / "scores.json").read_text())
    real = pictures.pixels[pictures.test].astype(np.float32) / 255
    lab = np.zeros_like(real)
    lab[..., 0] = lightness(real)
    assert scores["gray"]["test"]["mse"] == pytest.approx(((lab_to_rgb(lab) - real) ** 2).mean(), rel=1e-4)
    assert scores["train"]["pictures"] == len(pictures.train)
    samples = np.load(run / "samples.npz")
    order = sorted(pictures.test, key=lambda i: pictures.sha256[i])
    assert samples["names"].tolist() == [pictures.names[i] for i in order[:12]]
    assert np.array_equal(samples["real"], pictures.pixels[order[:12]])
    assert samples["predicted"].shape == samples["gray"].shape == samples["real"].shape
    if len(samples["names"]) == len(order):  # the samples are the whole test side: its error follows from them
        error = ((samples["predicted"] / 255.0 - samples["real"] / 255.0) ** 2).mean()
        assert scores["test"]["mse"] == pytest.approx(error, rel=0.02)


def test_colors_are_judged_on_the_photograph_s_own_lightness(run: Path) -> None:
    """What the samples show, judged here by hand; they are the whole test side."""
    found, samples = json.loads((run / "scores.json").read_text()), np.load(run / "samples.npz")
    assert len(samples["names"]) == found["test"]["pictures"]
    for who, drawn in ((found, samples["predicted"]), (found["gray"], samples["gray"])):
        lab, real = rgb_to_lab(drawn), rgb_to_lab(samples["real"])
        lab[..., 0] = real[..., 0]
        colored = np.rint(lab_to_rgb(lab).clip(0, 1) * 255).astype(np.uint8)
        mse = ((colored / 255 - samples["real"] / 255) ** 2).mean(axis=(1, 2, 3))
        assert who["test"]["colored_psnr"] == pytest.approx((-10 * np.log10(mse)).mean(), abs=0.05)
        again = rgb_to_lab(colored)
        assert who["test"]["de2000"] == pytest.approx(
            np.mean([deltaE_ciede2000(a, b).mean() for a, b in zip(again, real, strict=True)]), abs=0.1
        )
    assert found["gray"]["test"]["cf"] < 0.5 < 10 < found["test"]["real_cf"]
    assert found["milliseconds"] > 0


def test_a_run_by_pictures_seen_ends_to_the_picture(config: TrainConfig, tmp_path: Path) -> None:
    counted = replace(config, seen=101, epochs=3, train_pictures=20)
    progress: list[float] = []
    run = train(counted, tmp_path / "run", machine=CPU, on_step=progress.append)
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert lines[-1]["seen"] == 101
    assert progress == sorted(progress)
    assert progress[-1] == 1.0
    sides = [line.split(",")[0] for line in (run / "split.csv").read_text().splitlines()[1:]]
    whole = load_pictures(config.picture_settings(), run / "cache")
    assert (sides.count("train"), sides.count("test")) == (20, len(whole.test))
    assert sides.count("unused") == len(whole.train) - 20
    settings = config.picture_settings()
    fewer, more = (set(load_pictures(replace(settings, train_limit=n), run / "cache").train) for n in (10, 20))
    assert fewer < more, "fewer pictures are a part of more"

    def interrupt(what: str, done: int, total: int) -> None:
        if what.startswith("part 2"):
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(counted, tmp_path / "cut", machine=CPU, progress=interrupt)
    cut = train(resume_config(tmp_path / "cut"), tmp_path / "cut", machine=CPU, resume=True)
    assert rows(cut) == rows(run)
    assert scores(cut) == scores(run)


def test_kl_is_measured_for_the_vae_only(run: Path) -> None:
    assert all((row[side]["kl"] > 0) == (run.name == "vae") for row in rows(run) for side in ("train", "test"))
    assert (json.loads((run / "scores.json").read_text())["kl"] is not None) == (run.name == "vae")


def test_the_loss_is_reconstruction_plus_weighted_kl_on_both_sides(config: TrainConfig, tmp_path: Path) -> None:
    run = train(replace(config, kl_weight=3.0, epochs=1), tmp_path / "run", machine=CPU)
    for side in ("train", "test"):
        measures = rows(run)[0][side]
        assert measures["loss"] == pytest.approx(measures["mse"] + 3.0 * measures["kl"] / (3 * 16 * 16), rel=1e-5)


def test_a_tiny_run_learns_its_pictures(folder: Path, tmp_path: Path) -> None:
    settings = ["size=16", "min_side=16", "batch=8", "epochs=30", "network.channels=[16,16,32,32]", "lr=5e-3"]
    run = train(load_recipe("autoencoder", settings, (str(folder),)), tmp_path / "run", machine=CPU)
    scores = json.loads((run / "scores.json").read_text())
    assert scores["train"]["mse"] < 0.25 * scores["gray"]["train"]["mse"]


def test_the_same_seed_gives_the_same_numbers_and_another_others(config: TrainConfig, tmp_path: Path) -> None:
    runs = [train(replace(config, seed=seed, epochs=1), tmp_path / str(i), machine=CPU) for i, seed in enumerate((0, 0, 1))]
    assert rows(runs[0]) == rows(runs[1]) != rows(runs[2])


def test_the_weights_are_reproducible_whatever_was_drawn_before(config: TrainConfig, tmp_path: Path) -> None:
    torch.rand(17)
    before = torch.random.get_rng_state()
    train(replace(config, epochs=1), tmp_path / "run", machine=CPU)
    assert torch.equal(before, torch.random.get_rng_state())


def test_interrupted_between_steps_and_resumed_equals_uninterrupted(config: TrainConfig, tmp_path: Path) -> None:
    whole = train(config, tmp_path / "whole", machine=CPU)

    def interrupt(what: str, done: int, total: int) -> None:
        if what.startswith("epoch 2") and done == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "cut", machine=CPU, progress=interrupt)
    checkpoint = load_checkpoint(tmp_path / "cut" / CHECKPOINT, config)
    assert (checkpoint["epoch"], checkpoint["epoch_steps"]) == (1, 2)
    cut = train(resume_config(tmp_path / "cut"), tmp_path / "cut", machine=CPU, resume=True)
    assert rows(cut) == rows(whole)
    assert scores(cut) == scores(whole)
    assert all(torch.equal(a, b) for a, b in zip(weights(cut, config).values(), weights(whole, config).values(), strict=True))


@pytest.mark.slow
def test_killed_in_mid_epoch_and_resumed_equals_never_killed(config: TrainConfig, tmp_path: Path) -> None:
    whole = train(config, tmp_path / "whole", machine=CPU)
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from tinct.training import Machine, resume_config, train\n"
        "def die(what, done, total):\n"
        "    if what.startswith('epoch 2') and done == 3: os.kill(os.getpid(), signal.SIGKILL)\n"
        "run = Path(sys.argv[1])\n"
        "machine = Machine(accelerator='cpu', precision='32-true', checkpoint_seconds=0)\n"
        "train(resume_config(run), run, machine=machine, resume=True, progress=die)\n"
    )
    cut = tmp_path / "cut"
    cut.mkdir()
    (cut / "config.toml").write_text((whole / "config.toml").read_text())
    process = subprocess.run([sys.executable, "-c", script, str(cut)], capture_output=True, text=True, check=False)
    assert process.returncode == -signal.SIGKILL, process.stderr
    checkpoint = load_checkpoint(cut / CHECKPOINT, config)
    assert (checkpoint["epoch"], checkpoint["epoch_steps"]) == (1, 2)
    train(resume_config(cut), cut, machine=CPU, resume=True)
    assert rows(cut) == rows(whole)
    assert scores(cut) == scores(whole)


def test_a_finished_run_can_be_given_more_epochs(config: TrainConfig, tmp_path: Path) -> None:
    whole = train(config, tmp_path / "whole", machine=CPU)
    short = train(replace(config, epochs=1), tmp_path / "short", machine=CPU)
    train(resume_config(short, settings=["epochs=2"]), short, machine=CPU, resume=True)
    assert rows(short) == rows(whole)
    assert resume_config(short).epochs == 2


def test_a_run_is_not_resumed_with_other_pictures(config: TrainConfig, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for i in range(12):
        Image.fromarray(draw(i)).save(tmp_path / f"data/{i}.png")
    config = replace(config, epochs=1, data=(str(tmp_path / "data"),))
    run = train(config, tmp_path / "run", machine=CPU)
    Image.fromarray(draw(12)).save(tmp_path / "data/12.png")
    with pytest.raises(ConfigError, match="began with 12 pictures, and these 13 are others"):
        train(resume_config(run, settings=["epochs=2"]), run, machine=CPU, resume=True)
    (tmp_path / "data/12.png").unlink()
    (tmp_path / "data").rename(tmp_path / "moved")
    moved = resume_config(run, settings=["epochs=2"], data=(str(tmp_path / "moved"),))
    assert len(rows(train(moved, run, machine=CPU, resume=True))) == 2


def test_a_disk_that_fills_up_is_said_and_the_run_can_go_on(
    config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(config, tmp_path / "whole", machine=CPU)

    def full(path: Path, content: object) -> None:
        raise OSError(28, "No space left on device")

    def fill(what: str, done: int, total: int) -> None:
        if what.startswith("epoch 2"):
            monkeypatch.setattr("tinct.training.loop.write_whole", full)

    with pytest.raises(ConfigError, match="cut: No space left on device") as caught:
        train(config, tmp_path / "cut", machine=CPU, progress=fill)
    assert caught.value.code == "run-write"
    monkeypatch.undo()
    assert not [p for p in (tmp_path / "cut").rglob("*") if "partial" in p.name]
    train(resume_config(tmp_path / "cut"), tmp_path / "cut", machine=CPU, resume=True)
    assert rows(tmp_path / "cut") == rows(whole)


@pytest.mark.parametrize(
    ("call", "code", "says"),
    [
        (lambda c, run: train(c, run, machine=CPU), "run-exists", "holds a run already"),
        (lambda c, run: train(c, run.with_name("none"), machine=CPU, resume=True), "no-run-to-resume", "holds no run to resume"),
        (lambda c, run: resume_config(run.with_name("none")), "no-run", "its folder is no run"),
        (lambda c, run: resume_config(run, "transformer"), "run-of-another-model", "trains '(autoencoder|vae)', not 'transformer'"),
        (lambda c, run: resume_config(run, settings=["lr=1"]), "fixed-recipe", "only epochs and minutes can be set"),
        (lambda c, run: train(c, run.with_name("x"), machine=replace(CPU, accelerator="abacus")), "accelerator", "abacus"),
        (lambda c, run: train(c, run.with_name("x"), machine=replace(CPU, precision="7-bit")), "accelerator", "7-bit"),
        (lambda c, run: train(c, run / "config.toml" / "x", machine=CPU), "run-folder", "config.toml"),
    ],
)
def test_what_cannot_run_says_why(call, code: str, says: str, run: Path, config: TrainConfig) -> None:
    with pytest.raises(TinctError, match=says) as caught:
        call(config, run)
    assert caught.value.code == code


def test_a_checkpoint_of_another_architecture_names_both(run: Path, config: TrainConfig) -> None:
    other = "autoencoder" if run.name == "vae" else "vae"
    other_config = load_recipe(other, ["size=16", "min_side=16"])
    with pytest.raises(ConfigError, match=f"architecture '{run.name}'.*'{other}'"):
        load_checkpoint(run / CHECKPOINT, other_config)


def test_a_damaged_checkpoint_is_refused(run: Path, tmp_path: Path) -> None:
    content = (run / CHECKPOINT).read_bytes()
    path = tmp_path / "last.ckpt"
    for damaged in (content[: len(content) // 2], b"", b"hello"):
        path.write_bytes(damaged)
        with pytest.raises(ConfigError, match="damaged"):
            load_checkpoint(path, resume_config(run))
    path.unlink()
    with pytest.raises(ConfigError, match="Train the run first"):
        load_checkpoint(path, resume_config(run))


def test_progress_and_rows_are_told(config: TrainConfig, tmp_path: Path) -> None:
    calls, told, started = [], [], time.monotonic()
    run = train(config, tmp_path / "run", machine=CPU, progress=lambda *call: calls.append(call), on_epoch=told.append)
    assert [{k: r[k] for k in ("epoch", "step", "train", "test")} for r in told] == rows(run)
    assert {"decoding pictures", "testing"} <= {call[0] for call in calls}
    assert all(done <= total for _, done, total in calls)
    assert sum(r["seconds"] for r in told) < time.monotonic() - started


def test_a_training_leaves_no_threads_behind(config: TrainConfig, tmp_path: Path) -> None:
    train(replace(config, epochs=1), tmp_path / "first", machine=CPU)  # libraries start threads that stay
    before = threading.active_count()
    train(replace(config, epochs=1), tmp_path / "second", machine=CPU)
    assert threading.active_count() == before, "the TensorBoard writer is closed"
    assert list((tmp_path / "second" / "tensorboard").iterdir())
