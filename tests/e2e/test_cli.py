"""Whole journeys on the command line: train, export and color; interrupt and resume; a study."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from command_line import Ended, Run, one_line, photo, tinct

__all__ = ["photo", "tinct"]


def test_from_a_folder_of_pictures_to_a_colored_photograph(
    tinct: Run, folder: Path, toy_settings: list[str], photo: Path, tmp_path: Path
) -> None:
    settings = [word for setting in toy_settings for word in ("--set", setting)]
    run = tmp_path / "runs" / "mine"
    ended = tinct("train", "autoencoder", "--data", folder, "--data", photo.parent, "--run", run, "--accelerator", "cpu", *settings)
    assert ended.code == 0, ended.err
    assert ended.out == f"{run / 'report.html'}\n"
    assert "epoch   2  train MSE" in ended.err
    assert re.match(r"\d+ pictures to train on, \d+ to test on; left out: 1 gray\n", ended.err)
    assert {"loss.png", "compare.png", "report.html", "metrics.jsonl", "split.csv", "environment.json", "config.toml"} <= {
        p.name for p in run.iterdir()
    }
    (run / "report.html").unlink()
    assert tinct("report", run).out == f"{run / 'report.html'}\n"
    assert tinct("export", run, "-o", tmp_path / "mine").out == f"{tmp_path / 'mine.onnx'}\n"
    ended = tinct("colorize", photo, "--model", tmp_path / "mine.onnx")
    assert ended == Ended(0, f"{photo.with_name('grandmother.color.jpg')}\n", "")


@pytest.mark.slow
def test_ctrl_c_leaves_a_run_that_can_be_resumed(folder: Path, tmp_path: Path, tinct: Run) -> None:
    script, run = Path(sys.executable).with_name("tinct"), tmp_path / "run"
    settings = ["size=16", "min_side=16", "batch=8", "epochs=100000", "network.channels=[4,8,8,8]"]
    arguments = [word for setting in settings for word in ("--set", setting)]
    process = subprocess.Popen(
        [script, "train", "autoencoder", "--data", folder, "--run", run, "--accelerator", "cpu", *arguments],
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not (run / "metrics.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert f"tinct train --run {run} --resume" in err
    assert "Traceback" not in err
    done = len((run / "metrics.jsonl").read_text().splitlines())
    ended = tinct("train", "--run", run, "--resume", "--set", f"epochs={done + 1}", "--accelerator", "cpu")
    assert ended.code == 0, ended.err
    assert len((run / "metrics.jsonl").read_text().splitlines()) == done + 1


STUDY = """
question = "Which learning rate?"
seeds = 2
[set]
size = 16
min_side = 16
batch = 8
epochs = 2
seen = 80
"network.channels" = [4, 8, 8, 8]
[[parts]]
name = "rate"
recipe = "autoencoder"
grid = { lr = [0.001, 0.01] }
"""


def test_a_study_is_run_reported_and_gone_on_with(
    tinct: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rate.toml").write_text(STUDY)
    ended = tinct("study", "rate.toml", "--data", folder, "--seeds", "1")
    assert (ended.code, ended.out) == (0, f"{Path('studies/rate/report.html')}\n"), ended.err
    assert "1 of 2 runs" in ended.err
    study = tmp_path / "studies" / "rate"
    assert {"report.html", "report.md", "results.csv", "summary.csv", "curves.csv", "pictures.png", "charts"} <= {
        path.name for path in study.iterdir()
    }
    assert len((study / "results.csv").read_text().splitlines()) == 1 + 2
    ended = tinct("study", "rate.toml", "--data", folder)
    assert ended.code == 0, ended.err
    assert "0 of 4 runs" not in ended.err, "what was done is done"
    assert len((study / "results.csv").read_text().splitlines()) == 1 + 4
    (study / "report.html").unlink()
    assert tinct("report", study).out == f"{study / 'report.html'}\n"
    runs = sorted((study / "runs").iterdir())
    ended = tinct("report", *runs, "-o", tmp_path / "comparison", "--show", folder)
    assert ended.out == f"{tmp_path / 'comparison' / 'report.html'}\n", ended.err
    rows = (tmp_path / "comparison" / "results.csv").read_text().splitlines()
    assert len(rows) == 5
    one_line(tinct("report", runs[0], "--show", folder), "--show")

    (runs[0] / "scores.json").unlink()  # a run that can't be gone on with
    (runs[0] / "checkpoints" / "last.ckpt").write_bytes(b"half")
    ended = tinct("study", "rate.toml", "--data", folder)
    assert ended.code == 3
    assert ended.out == f"{Path('studies/rate/report.html')}\n"
    assert re.search(rf"^tinct: {runs[0].name}: .*last\.ckpt", ended.err, re.M)
    assert "Unfinished: 3 of 4 runs" in (study / "report.html").read_text()
