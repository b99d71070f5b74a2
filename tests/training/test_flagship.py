"""The flagship through the same loop as the others."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import safetensors.torch
import tomli_w
import torch
from torch.nn import functional as F

from tinct._util.fields import to_dict
from tinct.color import ab_bins, lab_to_rgb, rgb_to_lab
from tinct.data import load_pictures
from tinct.errors import ConfigError, DeviceError
from tinct.models import Tinct, TinctConfig
from tinct.reports import write_run_report
from tinct.runtime.spec import METADATA_KEY, ModelSpec
from tinct.training import Machine, TrainConfig, load_recipe, resume_config, task, train
from tinct.training import optimization as optimize
from tinct.training.flagship import Flagship, Halves, bin_frequency
from tinct.training.initial_weights import initial_weights
from tinct.training.loop import TrainState, set_up
from tinct.training.losses import SoftBins, free_kl, kl_gaussians, soft_cross_entropy
from tinct.training.machine import describe
from tinct.training.optimization import learning_rate
from tinct.training.position import Position
from tinct.training.recipe import network_config
from tinct.training.run_folder import CHECKPOINT, load_checkpoint
from tinct.training.simulated_hints import count_hints, draw_hints
from tinct.training.store import Store

CPU = Machine(accelerator="cpu", precision="32-true")
MEASURES = ("loss", "cross_entropy", "ab_error", "edges", "kl")


def rows(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def numbers(run: Path) -> list[dict]:
    """The part of the rows that doesn't depend on the clock."""
    return [{key: row[key] for key in ("epoch", "step", "train", "test", "lr")} for row in rows(run)]


@pytest.fixture
def config(folder: Path, toy_flagship: list[str]) -> TrainConfig:
    """Smaller still: it need not learn anything."""
    smaller = ["network.widths=[8,8,8,8]", "network.hint_widths=[4,4,4,4]", "epochs=2"]
    return load_recipe("tinct", [*toy_flagship, *smaller], (str(folder),))


@pytest.fixture
def cache(flagship_run: Path) -> Path:
    return flagship_run.parent / "cache"


def state_of(config: TrainConfig, cache: Path, run: Path) -> TrainState:
    """A run at its beginning."""
    return set_up(config, load_pictures(config.picture_settings(), cache), CPU.fabric(run))


# ---- a whole run ----


def test_it_learns_its_pictures(flagship_run: Path) -> None:
    scores = json.loads((flagship_run / "scores.json").read_text())
    for side in ("train", "test"):
        assert scores[side]["mse"] < 0.4 * scores["gray"][side]["mse"]
        assert rows(flagship_run)[-1][side]["ab_error"] < 0.3 * rows(flagship_run)[0][side]["ab_error"]
    assert scores["kl"]["test"] > 0


def test_rows_hold_the_measures_of_both_sides(flagship_run: Path) -> None:
    last = rows(flagship_run)[-1]
    assert (last["epoch"], last["step"], last["skipped_steps"]) == (20, 20 * 4, 0)
    for side in ("train", "test"):
        assert tuple(last[side]) == MEASURES
        assert all(math.isfinite(value) for value in last[side].values())
    assert last["lr"] < 0.1 * max(row["lr"] for row in rows(flagship_run)), "annealed"


def test_its_report_shows_the_automatic_result(flagship_run: Path) -> None:
    page = write_run_report(flagship_run).read_text()
    assert "A conditional variational autoencoder" in page
    for text in ("<span>gray</span><span>automatic</span><span>real</span>", "mean distance of a*, b* by epoch", "terms.huber"):
        assert text in page
    assert (flagship_run / "loss.png").exists()
    assert (flagship_run / "compare.png").exists()


def test_predictions_keep_the_picture_s_own_lightness(flagship_run: Path) -> None:
    samples = np.load(flagship_run / "samples.npz")
    predicted, real = (rgb_to_lab(samples[key]) for key in ("predicted", "real"))
    inside = (samples["predicted"] > 0).all(axis=-1) & (samples["predicted"] < 255).all(axis=-1)  # others are clipped to sRGB
    assert np.abs(predicted[inside][:, 0] - real[inside][:, 0]).max() < 1
    assert np.abs(predicted[..., 1:] - real[..., 1:]).mean() < 12


def test_what_is_exported_is_the_mean_of_the_weights(flagship_run: Path, cache: Path) -> None:
    """`network` in a checkpoint gives the recorded scores, and isn't what the optimizer left."""
    config = resume_config(flagship_run)
    checkpoint = load_checkpoint(flagship_run / CHECKPOINT, config)
    network = task.build(config).eval()
    network.load_state_dict(checkpoint["network"])
    assert checkpoint["raw_network"].keys() == checkpoint["network"].keys() == network.state_dict().keys()
    assert any(not torch.equal(checkpoint["raw_network"][key], value) for key, value in network.state_dict().items())
    pictures = load_pictures(config.picture_settings(), cache)
    real = torch.from_numpy(pictures.pixels[pictures.test]).permute(0, 3, 1, 2).float() / 255
    gray = torch.from_numpy(rgb_to_lab(pictures.pixels[pictures.test])[:, None, ..., 0]) / 100
    with torch.no_grad():
        error = F.mse_loss(task.predict(network, gray), real).item()
    scores = json.loads((flagship_run / "scores.json").read_text())
    assert scores["test"]["mse"] == pytest.approx(error, rel=1e-3)


def test_interrupted_between_steps_and_resumed_equals_uninterrupted(config: TrainConfig, cache: Path, tmp_path: Path) -> None:
    config = replace(config, wear=replace(config.wear, worn=0.5))
    whole = train(config, tmp_path / "whole", machine=CPU, cache=cache)

    def interrupt(what: str, done: int, total: int) -> None:
        if what.startswith("epoch 2") and done == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "cut", machine=CPU, progress=interrupt, cache=cache)
    torch.rand(5)
    cut = train(resume_config(tmp_path / "cut"), tmp_path / "cut", machine=CPU, resume=True, cache=cache)
    assert numbers(cut) == numbers(whole)
    both = [load_checkpoint(run / CHECKPOINT, config) for run in (cut, whole)]
    for key in ("network", "raw_network"):
        assert all(torch.equal(both[0][key][name], value) for name, value in both[1][key].items())


@pytest.mark.slow
def test_two_devices_share_a_run(config: TrainConfig, cache: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "two.toml"
    recipe.write_text(tomli_w.dumps(replace(config, epochs=1).to_dict()))
    script = Path(sys.executable).with_name("tinct")
    command = ["train", str(recipe), "--run", str(tmp_path / "two"), "--cache", str(cache), "--accelerator", "cpu"]
    process = subprocess.run(
        [script, *command, "--devices", "2", "--precision", "32-true"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"MASTER_ADDR": "127.0.0.1", "OMP_NUM_THREADS": "1"},
        timeout=200,
    )
    assert process.returncode == 0, process.stderr
    one = train(replace(config, epochs=1), tmp_path / "one", machine=CPU, cache=cache)
    assert rows(tmp_path / "two")[0]["step"] == rows(one)[0]["step"]
    assert rows(tmp_path / "two")[0]["train"]["loss"] == pytest.approx(rows(one)[0]["train"]["loss"], rel=0.2)


# ---- time ----


def clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Every look at the clock of the loop takes so many seconds."""
    ticks = iter(range(10**9))
    monkeypatch.setattr("tinct.training.loop.time.monotonic", lambda: next(ticks) * seconds)


def test_a_run_by_minutes_ends_by_itself_and_annealed(
    config: TrainConfig, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock(monkeypatch, 1.0)
    calls = []
    config = replace(config, minutes=2.0, epochs=4)
    run = train(config, tmp_path / "run", machine=CPU, cache=cache, progress=lambda *call: calls.append(call))
    monkeypatch.undo()
    found = rows(run)
    assert [row["epoch"] for row in found] == [1, 2, 3, 4]
    assert [round(row["minutes"] / 0.5) for row in found] == [1, 2, 3, 4]
    assert found[-1]["lr"] == pytest.approx(0.01 * config.lr, rel=0.5)
    assert found[-1]["minutes"] == pytest.approx(2, abs=0.2)
    assert all(0 <= done <= total for _, done, total in calls if total)
    assert any("of 2 min" in what and total == 120 for what, _, total in calls)
    page = write_run_report(run).read_text()
    assert "trained for 2 minutes" in " ".join(page.split())
    assert "by minute" in page


def test_a_resumed_run_keeps_to_the_time_it_has_spent(
    config: TrainConfig, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(config, minutes=2.0, epochs=4)

    def interrupt(what: str, done: int, total: int) -> None:
        if "of 2 min" in what and done > 75:
            os.kill(os.getpid(), signal.SIGINT)

    clock(monkeypatch, 1.0)
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "run", machine=CPU, cache=cache, progress=interrupt)
    spent = load_checkpoint(tmp_path / "run" / CHECKPOINT, config)["seconds"]
    assert 75 < spent < 85
    clock(monkeypatch, 1.0)
    run = train(resume_config(tmp_path / "run"), tmp_path / "run", machine=CPU, cache=cache, resume=True)
    monkeypatch.undo()
    assert [row["epoch"] for row in rows(run)] == [1, 2, 3, 4]
    assert rows(run)[-1]["minutes"] == pytest.approx(2, abs=0.2)
    longer = resume_config(run, settings=["minutes=3"])
    assert (longer.minutes, longer.epochs) == (3.0, 6)  # epochs stay as long
    with pytest.raises(ConfigError, match="a run by minutes stays one"):
        resume_config(run, settings=["minutes=0"])


def test_steps_longer_than_an_epoch_end_several(
    config: TrainConfig, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock(monkeypatch, 15.0)
    run = train(replace(config, minutes=1.0, epochs=30), tmp_path / "run", machine=CPU, cache=cache)
    monkeypatch.undo()
    found = [row["epoch"] for row in rows(run)]
    assert found == sorted(set(found))
    assert found[-1] == 30
    assert len(found) < 5


def test_positions() -> None:
    config = load_recipe("tinct", ["minutes=0", "epochs=4"])
    position = Position(passes=1, pass_pictures=50)
    assert position.progress(config, 100) == 0.375
    assert position.epoch_over(config, 0.375)
    assert not Position(epoch=1, passes=1, pass_pictures=50).epoch_over(config, 0.375)
    counted = replace(config, seen=1000)
    assert Position(passes=9, pictures=250).progress(counted, 100) == 0.25
    assert Position(epoch_steps=1, pictures=250).epoch_over(counted, 0.25)
    assert not Position(epoch=1, epoch_steps=1, pictures=250).epoch_over(counted, 0.25)
    assert [Position(pass_pictures=place).batches_left(10, 4, drop_last=True) for place in (0, 4, 8)] == [3, 1, 0]
    assert [Position(pass_pictures=place).batches_left(10, 4, drop_last=False) for place in (0, 4, 8, 12)] == [3, 2, 1, 0]
    assert Position(pass_pictures=0).batches_left(3, 4, drop_last=True) == 1, "all pictures are fewer than a batch"
    with pytest.raises(ConfigError, match="of an older tinct"):
        Position.from_checkpoint({"epoch": 3})


# ---- one step ----


def test_the_learning_rate_climbs_and_falls() -> None:
    config = load_recipe("tinct", ["optimizer.warmup=10", "lr=1e-2"])
    assert [learning_rate(config, step, 0.0) for step in (0, 4, 9, 100)] == pytest.approx([1e-3, 5e-3, 1e-2, 1e-2])
    assert [learning_rate(config, 100, p) for p in (0.5, 1.0)] == pytest.approx([1e-2 * 0.505, 1e-4])
    assert learning_rate(load_recipe("vae"), 0, 0.9) == 1e-3


def test_batches_are_repeatable_and_their_colors_true(config: TrainConfig, cache: Path, tmp_path: Path) -> None:
    config = replace(config, wear=replace(config.wear, worn=1.0, emulsion=1.0))
    made = state_of(config, cache, tmp_path)
    plain = state_of(replace(config, wear=replace(config.wear, worn=0.0, emulsion=0.0)), cache, tmp_path)
    indices = made.pictures.train[:8]
    one, again = (made.task.train_batch(indices, made.position) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
    other = made.task.train_batch(indices, Position(steps=1))
    assert not torch.equal(one.gray, other.gray)
    elsewhere = Flagship(config, made.pictures, SimpleNamespace(device=made.fabric.device, world_size=2, global_rank=1))  # type: ignore[arg-type]
    assert not torch.equal(one.gray, elsewhere.train_batch(indices, made.position).gray)
    unworn = plain.task.train_batch(indices, plain.position)
    assert not torch.equal(one.gray, unworn.gray)
    assert torch.equal(one.ab, unworn.ab), "the target is untouched by wear"
    for batch in (one, made.task.test_batch(indices, 0)):
        assert [tuple(part.shape) for part in batch] == [(8, 1, 32, 32), (8, 3, 32, 32), (8, 2, 8, 8), (4, 4)]
    real = torch.from_numpy(rgb_to_lab(made.pictures.pixels[indices])).permute(0, 3, 1, 2)
    tested = made.task.test_batch(indices, 0)
    assert torch.allclose(tested.gray * 100, real[:, :1], atol=0.1)
    assert torch.allclose(tested.ab * 110, F.avg_pool2d(real[:, 1:], 4), atol=0.1)


def test_working_sizes_follow_the_stages(config: TrainConfig, cache: Path, tmp_path: Path) -> None:
    settings = ["size=64", "stages=[{size=32, until=0.5}, {size=64, crop=0.8, batch=4}]"]
    made = state_of(load_recipe("tinct", [*settings, "min_side=16", "test_fraction=0.2"], config.data), cache, tmp_path)
    positions = [Position(seconds=share * 60 * made.config.minutes) for share in (0, 0.5, 1)]
    sizes = [made.task.train_batch(made.pictures.train[:4], position).gray.shape[2] for position in positions]
    assert sizes == [32, 64, 64]
    assert made.task.test_batch(made.pictures.test[:1], 0).gray.shape == (2, 1, 64, 64)


def test_the_loss_is_the_sum_of_its_terms(config: TrainConfig, cache: Path, tmp_path: Path) -> None:
    def measures(**terms: float) -> dict[str, float]:
        made = state_of(replace(config, terms=replace(config.terms, **terms)), cache, tmp_path)
        made.module.eval()
        batch = made.task.test_batch(made.pictures.train[:8], 0)
        with torch.no_grad():
            return dict(zip(MEASURES, made.task.losses(made.module, batch, 10_000).tolist(), strict=True))

    nothing = {"huber": 0.0, "edges": 0.0, "kl": 0.0, "free_nats": 0.0}
    bare = measures(**nothing)
    assert bare["loss"] == pytest.approx(bare["cross_entropy"])
    with_edges = measures(**nothing | {"edges": 2.0})
    assert with_edges["loss"] - bare["loss"] == pytest.approx(2 * bare["edges"], rel=1e-3)
    with_kl = measures(**nothing | {"kl": 0.5})
    assert with_kl["loss"] - bare["loss"] == pytest.approx(0.5 * bare["kl"], rel=1e-3, abs=1e-6)
    free = measures(**nothing | {"kl": 0.5, "free_nats": 50.0})
    assert free["loss"] - bare["loss"] == pytest.approx(0.5 * 50 * 4, rel=1e-3)
    assert measures(**nothing | {"huber": 1.0})["loss"] > bare["loss"]


@pytest.mark.parametrize(("loss", "power"), [("mse", 2), ("l1", 1)])
def test_other_losses_are_of_the_mean_color_alone(loss: str, power: int, config: TrainConfig, cache: Path, tmp_path: Path) -> None:
    terms = replace(config.terms, huber=7.0, edges=0.0, kl=0.0, free_nats=0.0)
    made = state_of(replace(config, loss=loss, terms=terms), cache, tmp_path)
    made.module.eval()
    batch = made.task.test_batch(made.pictures.train[:8], 0)
    with torch.no_grad():
        total = float(made.task.losses(made.module, batch, 10_000)[0])
        mean = made.module(*batch)[1]
    steps = (mean - batch.ab) * 11  # 110 units are 11 steps of the bins
    assert total == pytest.approx(float(steps.abs().pow(power).mean()), rel=1e-3)


def test_lightness_says_the_likely_color_and_hints_and_code_the_rest() -> None:
    """Gray squares whose color nothing tells: the automatic result is their mean, hints and posterior say which, samples vary."""
    source = torch.Generator().manual_seed(0)

    def batch(count: int) -> tuple[torch.Tensor, torch.Tensor]:
        hue = torch.rand(count, generator=source) * 2 * math.pi
        ab = torch.stack([hue.cos(), hue.sin()], dim=1)[:, :, None, None].expand(count, 2, 32, 32) * 35 / 110
        return 0.6 + 0.03 * torch.randn(count, 1, 32, 32, generator=source), ab.contiguous()

    with torch.random.fork_rng():
        torch.manual_seed(0)
        ones, wide = (1, 1, 1, 1), (16, 16, 16, 16)
        network = Tinct(
            TinctConfig(wide, encoder_blocks=ones, decoder_blocks=ones, hint_widths=wide, latent=4, context=16, recognizer=False)
        )
    halves, optimizer = Halves(network).train(), torch.optim.Adam(network.parameters())
    soft = SoftBins(torch.full((len(ab_bins()),), 1 / len(ab_bins())), 0.0)
    steps = 100
    for step in range(steps):
        gray, ab = batch(16)
        hints, small = draw_hints(ab, count_hints(16, 0.4, 0.3, source), source), F.avg_pool2d(ab, 4)
        logits, mean, posterior, prior = halves(gray, hints, small, torch.randn(8, 4, generator=source))
        loss = soft_cross_entropy(logits, *soft(small), soft.weight) + 200 * F.huber_loss(mean, small, delta=0.05)
        optimizer.zero_grad()
        (loss + 0.004 * free_kl(kl_gaussians(posterior, prior), 0.2)).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.param_groups[0]["lr"] = 1e-2 * (1 - step / steps) + 1e-4
        optimizer.step()

    network.eval()
    gray, ab = batch(64)
    none, small = torch.zeros(64, 3, 32, 32), F.avg_pool2d(ab, 4)
    hints = none.clone()
    hints[:, :, 12:20, 12:20] = torch.cat([ab, torch.ones(64, 1, 32, 32)], dim=1)[:, :, 12:20, 12:20]
    with torch.no_grad():
        features = network.encode(gray)
        prior, posterior = features.prior, network.posterior(features, small)

        def colors(given: torch.Tensor, code: torch.Tensor) -> torch.Tensor:
            return network.mean_ab(network.decode(features, given, code)) * 110

        automatic, hinted, known = colors(none, prior.mean), colors(hints, prior.mean), colors(none, posterior.mean)
        sampled = colors(none, prior.sample(torch.randn(64, 4, generator=source)))
    error = [(result - 110 * small).norm(dim=1) for result in (automatic, hinted, known)]
    assert 28 < error[0].mean() < 45, "nothing tells the color: its mean is gray, 35 from all of them"
    assert error[1][:, 3:5, 3:5].mean() < 20, "a hint is honored where it is"
    assert error[2].mean() < 28, "the posterior knows more than the prior"
    spread = [result.mean(dim=(2, 3)).std(dim=0).norm() for result in (automatic, sampled)]
    assert spread[1] > 2 * spread[0], "samples vary, the automatic result doesn't"


def test_frequencies_of_bins_are_those_of_the_pictures() -> None:
    lab = np.zeros((4, 32, 32, 3), np.float32)
    lab[:] = (60, 20, 30)
    lab[3, ..., 1:] = 0
    pixels = np.rint(lab_to_rgb(lab) * 255).astype(np.uint8)
    frequency = bin_frequency(Store(pixels, torch.device("cpu")), np.arange(4))
    assert frequency.sum() == pytest.approx(1)
    at = {tuple(ab): float(frequency[i]) for i, ab in enumerate(ab_bins().astype(int).tolist())}
    assert at[20, 30] == pytest.approx(0.75, abs=0.08)
    assert at[0, 0] == pytest.approx(0.25, abs=0.02)


def test_a_step_without_finite_gradient_is_skipped_and_many_end_the_run(
    config: TrainConfig, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = Flagship.losses
    made = state_of(config, cache, tmp_path / "loop")
    weights = {key: value.clone() for key, value in made.network.state_dict().items() if "running" not in key and "num" not in key}
    next(m for m in made.network.modules() if isinstance(m, torch.nn.BatchNorm2d)).running_mean.fill_(math.nan)
    made.updates.step(sum(p.sum() for p in made.network.parameters()) * math.nan, 0, 0.0)
    assert made.updates.skipped == 1
    state = made.network.state_dict()
    assert all(torch.equal(state[key], value) for key, value in weights.items())
    assert all(torch.isfinite(value).all() for value in state.values()), "statistics are repaired"
    assert all(torch.isfinite(value).all() for value in made.final.state_dict().values())

    monkeypatch.setattr(Flagship, "losses", lambda self, *inputs: losses(self, *inputs) * math.nan)
    with pytest.raises(
        ConfigError, match=rf"up to step {optimize.MAX_SKIPPED_IN_A_ROW} had no finite gradient\. Another run with a lower"
    ):
        train(replace(config, epochs=20), tmp_path / "run", machine=CPU, cache=cache)


def test_the_mean_follows_the_weights_and_what_normalization_saw(config: TrainConfig) -> None:
    network = task.build(config)
    average = optimize.Average(network, 0.5)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with torch.no_grad():
        for value in network.state_dict().values():
            value += 1
    average.update(1000)
    for key, value in average.network.state_dict().items():
        if value.is_floating_point():
            assert torch.allclose(value, before[key] + 0.5, atol=1e-6)
    average.update(0)  # at first it is a short mean: (1 + 0) / (10 + 0) of itself
    first = next(iter(average.network.state_dict().values()))
    assert torch.allclose(first, next(iter(before.values())) + 1 - 0.05, atol=1e-6)


def test_the_batch_must_feed_both_halves_on_every_device(config: TrainConfig, cache: Path) -> None:
    fabric = type("Fabric", (), {"world_size": 4, "device": torch.device("cpu")})()
    with pytest.raises(ConfigError, match="leaves fewer than 4 pictures to each"):
        Flagship(config, load_pictures(config.picture_settings(), cache), fabric)  # type: ignore[arg-type]


def test_compiling_that_does_not_work_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(function: object) -> object:
        raise RuntimeError("no compiler\nmore")

    monkeypatch.setattr("torch.compile", broken)
    cpu = torch.device("cpu")
    assert CPU.compilation(cpu) == (False, ""), "it isn't the default here"
    with pytest.raises(DeviceError, match=r"torch\.compile doesn't work here: no compiler$") as caught:
        replace(CPU, compile=True).compilation(cpu)
    assert caught.value.code == "no-compile"
    with pytest.warns(RuntimeWarning, match="Training without torch.compile.*: no compiler"):
        compilation = CPU.compilation(torch.device("cuda"))
    assert compilation == (False, "no compiler"), "unless it was asked for, a run goes on without"
    described = describe(CPU.fabric(tmp_path), compilation)
    assert (described["compiled"], described["not_compiled_because"]) == (False, "no compiler")


# ---- weights to start from ----


@pytest.fixture
def exported(flagship_run: Path, tmp_path: Path) -> Path:
    """The weights file of a model as an export leaves it: in half precision, with its spec."""
    config = resume_config(flagship_run)
    state = {key: value.half().contiguous() for key, value in load_checkpoint(flagship_run / CHECKPOINT, config)["network"].items()}
    spec = ModelSpec("toy", "tinct", task.preparation(config), config=to_dict(network_config(config)))
    path = tmp_path / "toy.safetensors"
    safetensors.torch.save_file(state, path, metadata={METADATA_KEY: spec.to_json()})
    return path


@pytest.mark.parametrize("what", ["run", "checkpoint", "model"])
def test_a_run_starts_from_trained_weights(what: str, flagship_run: Path, exported: Path, cache: Path, tmp_path: Path) -> None:
    init = {"run": flagship_run, "checkpoint": flagship_run / CHECKPOINT, "model": exported}[what]
    config = replace(resume_config(flagship_run), init=str(init), epochs=1, lr=1e-6)
    run = train(config, tmp_path / "tuned", machine=CPU, cache=cache)
    before, after = (json.loads((r / "scores.json").read_text())["test"]["mse"] for r in (flagship_run, run))
    assert after == pytest.approx(before, rel=0.25)  # normalization has gone on
    assert after < 0.5 * json.loads((run / "scores.json").read_text())["gray"]["test"]["mse"]
    assert resume_config(run).init == str(init)


@pytest.mark.parametrize("name", ["autoencoder", "tinct"])
def test_a_bundled_model_can_be_started_from(name: str) -> None:
    config = load_recipe(name, [f"init={name}"])
    task.build(config).load_state_dict(initial_weights(config))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (["init=autoencodr"], r"init: there is no 'autoencodr' \(did you mean 'autoencoder'\?\)"),
        (["init=autoencoder"], "is of architecture 'autoencoder', the recipe trains 'tinct'"),
        (["init={run}", "network.latent=5"], "doesn't fit the recipe's network: latent is 4 there and 5 here"),
        (["init={run}/config.toml"], "is not a checkpoint of tinct"),
    ],
)
def test_weights_that_do_not_fit_say_in_what(settings: list[str], says: str, flagship_run: Path, toy_flagship: list[str]) -> None:
    config = load_recipe("tinct", [*toy_flagship, *(setting.format(run=flagship_run) for setting in settings)])
    with pytest.raises(ConfigError, match=says):
        initial_weights(config)
