"""Two processes that train one model, on the CPU: the figures of one process, and all of them end when one does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tinct.errors import DataError, DeviceError
from tinct.training import Machine, TrainConfig, load_recipe, resume_config, train
from tinct.training.processes import ending_together, in_turn
from tinct.training.run_folder import CHECKPOINT, load_checkpoint

CPU = Machine(accelerator="cpu", precision="32-true")
SETTINGS = ["size=16", "min_side=16", "batch=8", "epochs=3", "network.channels=[4,8,8,8]"]
BOUND = 2e-3
"""Relative difference of the figures of 1 and 2 processes. Both see the same batches and add in another order; measured: 1e-6 to 1e-4."""

FAULTY = """
# tinct with a fault in one of its processes: KIND, LOCAL_RANK, STEP in the environment variable FAULT.
import os, signal
kind, rank, step = os.environ.get("FAULT", "none,-1,-1").split(",")
from tinct.errors import ConfigError
from tinct.training import loop
train_step = loop.train_step

def faulty(state, batch):
    if os.environ.get("LOCAL_RANK", "0") == rank and state.position.steps == int(step):
        if kind == "error":
            raise ConfigError("a fault of one process.")
        os.kill(os.getpid(), getattr(signal, kind))
    train_step(state, batch)

loop.train_step = faulty
from tinct.cli import main
main()
"""


def two(tmp_path: Path, *arguments: object, fault: str = "none,-1,-1") -> subprocess.CompletedProcess[str]:
    """`tinct train ARGUMENTS` in two processes."""
    program = tmp_path / "faulty.py"
    program.write_text(FAULTY)
    options = ("--accelerator", "cpu", "--precision", "32-true", "--devices", "2")
    environment = {key: value for key, value in os.environ.items() if key not in {"LOCAL_RANK", "NODE_RANK", "WORLD_SIZE"}}
    return subprocess.run(
        [sys.executable, program, "train", *map(str, arguments), *options],
        capture_output=True,
        text=True,
        check=False,
        env=environment | {"MASTER_ADDR": "127.0.0.1", "OMP_NUM_THREADS": "1", "FAULT": fault},
        timeout=200,
    )


def settings(config: TrainConfig) -> list[str]:
    return ["--data", config.data[0], *(part for setting in SETTINGS for part in ("--set", setting))]


def figures(run: Path) -> list[float]:
    """Mean squared errors of all epochs, and the final ones."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    scores = json.loads((run / "scores.json").read_text())
    return [row[side]["mse"] for row in rows for side in ("train", "test")] + [scores[side]["mse"] for side in ("train", "test")]


def steps(run: Path) -> list[int]:
    return [json.loads(line)["step"] for line in (run / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture
def config(folder: Path) -> TrainConfig:
    return load_recipe("autoencoder", SETTINGS, (str(folder),))


@pytest.mark.slow
def test_two_processes_give_the_figures_of_one(config: TrainConfig, tmp_path: Path) -> None:
    one = train(config, tmp_path / "one", machine=CPU)
    done = two(tmp_path, "autoencoder", *settings(config), "--run", tmp_path / "two")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path / 'two' / 'report.html'}\n"  # one of the two reports
    assert done.stderr.count("train MSE") == 3
    assert steps(tmp_path / "two") == steps(one)
    assert figures(tmp_path / "two") == pytest.approx(figures(one), rel=BOUND)
    assert (tmp_path / "two" / "split.csv").read_text() == (one / "split.csv").read_text()
    assert len(list((tmp_path / "two" / "tensorboard").iterdir())) == 1
    assert json.loads((tmp_path / "two" / "environment.json").read_text())["devices"] == 2
    other = train(replace(config, seed=1), tmp_path / "other", machine=CPU)  # the bound tells two runs apart
    assert figures(other) != pytest.approx(figures(one), rel=10 * BOUND)


@pytest.mark.slow
def test_stopped_with_two_processes_and_resumed_with_one_or_two(config: TrainConfig, tmp_path: Path) -> None:
    whole = train(config, tmp_path / "whole", machine=CPU)
    for resumed in (1, 2):
        run = tmp_path / f"cut-{resumed}"
        done = two(tmp_path, "autoencoder", *settings(config), "--run", run, fault="SIGTERM,1,6")
        assert done.returncode == 130, done.stderr
        assert done.stderr.count("stopped; continue with") == 1
        assert load_checkpoint(run / CHECKPOINT, config)["steps"] == 7
        if resumed == 1:
            train(resume_config(run), run, machine=CPU, resume=True)
        else:
            assert two(tmp_path, "--run", run, "--resume").returncode == 0
        assert steps(run) == steps(whole)
        assert figures(run) == pytest.approx(figures(whole), rel=BOUND)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["error,0,3", "error,1,3", "SIGKILL,1,3"])
def test_all_processes_end_when_one_does(config: TrainConfig, tmp_path: Path, fault: str) -> None:
    done = two(tmp_path, "autoencoder", *settings(config), "--run", tmp_path / "run", fault=fault)
    assert done.returncode == 1, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("tinct: ")]
    assert ("tinct: a fault of one process." in lines) == fault.startswith("error")
    assert any("Another process of this run has ended" in line for line in lines) == fault.endswith(",1,3")
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_pictures_that_fail_in_every_process_are_one_line(config: TrainConfig, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = two(tmp_path, "autoencoder", "--data", tmp_path / "empty", "--run", tmp_path / "run")
    assert done.returncode == 1
    assert done.stderr.startswith(f"tinct: {tmp_path / 'empty'} holds no pictures")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("variable", ["WORLD_SIZE", "SLURM_STEP_NUM_TASKS"])
def test_a_launcher_that_started_more_processes_than_devices_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Each of them would train a model of its own into the same folder."""
    monkeypatch.setenv(variable, "2")
    with pytest.raises(DeviceError, match="2 processes were started for this run, which is to use 1 ") as caught:
        CPU.launch(tmp_path)
    assert caught.value.code == "processes-started"


def test_one_process_takes_its_turn_alone(tmp_path: Path) -> None:
    fabric = CPU.launch(tmp_path)
    assert in_turn(fabric, lambda: 3) == 3
    with pytest.raises(DataError, match="none"):
        in_turn(fabric, lambda: (_ for _ in ()).throw(DataError("none")))


def test_only_a_lost_connection_is_the_end_of_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fabric = CPU.launch(tmp_path)
    lost = "[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:553] Connection closed by peer"
    for processes, error, expected in (
        (1, RuntimeError(lost), RuntimeError),
        (2, RuntimeError(lost), DeviceError),
        (2, torch.distributed.DistBackendError("NCCL error"), DeviceError),
        (2, RuntimeError("shape mismatch"), RuntimeError),
    ):
        monkeypatch.setattr(type(fabric), "world_size", processes)
        with pytest.raises(expected), ending_together(fabric):
            raise error
