from __future__ import annotations

import base64
import io
import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from html_page import Page
from tinct.errors import ConfigError
from tinct.reports import write_run_report

SIDE = 32
FACTOR = 5  # 32 px pictures are shown at 160


def make_run(
    run: Path,
    *,
    epochs: int = 3,
    done: int | None = None,
    finished: bool = True,
    samples: int = 9,
    test: float = 0.0061,
    gray: float = 0.0075,
    model: str = "autoencoder",
    loss: str = "mse",
    kl: float = 0.0,
    data: str = "photos",
    name: str = "picture",
) -> Path:
    """A run folder as `tinct train` leaves it, with made-up numbers."""
    run.mkdir()
    (run / "config.toml").write_text(
        f'model = "{model}"\nloss = "{loss}"\nsize = {SIDE}\nbatch = 16\nlr = 0.001\nepochs = {epochs}\nkl_weight = 1.0\nseed = 7\n'
        f"pictures = 0\ntest_fraction = 0.2\nmin_side = 64\nmin_chroma = 4.0\n"
        f"data = [{json.dumps(data)}]\n[network]\nstrides = [1, 2]\n"
    )
    with (run / "metrics.jsonl").open("w") as file:
        for epoch in range(1, (epochs if done is None else done) + 1):
            sides = {
                side: {"loss": 0.5 + shift + 0.01 / epoch, "mse": 0.006 + shift + 0.01 / epoch, "kl": kl * epoch}
                for side, shift in (("train", 0.0), ("test", 0.0004))
            }
            line = {"epoch": epoch, "step": 10 * epoch, **sides, "lr": 0.001, "seconds": 90.0, "pictures_per_second": 104.25}
            file.write(json.dumps(line) + "\n")
    (run / "environment.json").write_text(
        json.dumps(
            {
                "tinct": "0.1.0",
                "torch": "2.13.0",
                "processor": "a <b>CPU</b>",
                "cores": 2,
                "command": "tinct train autoencoder --data photos && true",
                "parameters": 776003,
                "pictures": {"train": 12345, "test": 3021, "skipped": {"broken": 0, "too small": 2, "gray": 1240}},
            }
        )
    )
    if finished:
        score = {"train": {"mse": test - 0.00037, "psnr": 23.81}, "test": {"mse": test, "psnr": 23.42}}
        scores: dict[str, Any] = {
            side: {**values, "pictures": count} for (side, values), count in zip(score.items(), (12345, 3021), strict=True)
        }
        scores["gray"] = {"train": {"mse": gray + 0.0001, "psnr": 22.61}, "test": {"mse": gray, "psnr": 22.69}}
        scores["mean_color"] = {"train": {"mse": 0.00698, "psnr": 22.95}, "test": {"mse": 0.00701, "psnr": 22.93}}
        scores["kl"] = {"train": 61.2, "test": 62.4} if kl else None
        (run / "scores.json").write_text(json.dumps(scores))
    if samples:
        pictures = np.random.default_rng(0).integers(0, 256, (3, samples, SIDE, SIDE, 3), dtype=np.uint8)
        names = np.array([f"{name} {i}.jpg" for i in range(samples)])
        np.savez(run / "samples.npz", gray=pictures[0], predicted=pictures[1], real=pictures[2], names=names)
    return run


def report(run: Path) -> Page:
    path = write_run_report(run)
    assert path == run / "report.html"
    return Page(path.read_text("utf-8"))


def test_numbers_are_those_of_the_files(tmp_path: Path) -> None:
    page = report(make_run(tmp_path / "run"))
    scores = json.loads((tmp_path / "run" / "scores.json").read_text())
    for row in (scores, scores["gray"], scores["mean_color"]):
        for side in ("train", "test"):
            assert f"{row[side]['mse']:.5f}" in page.text
            assert f"{row[side]['psnr']:.2f}" in page.text
    for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines():
        epoch = json.loads(line)
        assert f"{epoch['epoch']} {epoch['train']['mse']:.5f} {epoch['test']['mse']:.5f}" in page.text
    assert (
        "An autoencoder with 776,003 parameters, trained for 3 epochs on 12,345 photographs to predict color from gray."
        in page.text
    )
    assert "Mean squared error on 3,021 test pictures: 0.00610; gray picture 0.00750; mean color 0.00701." in page.text
    assert "Better than the gray picture: 19% less error." in page.text
    assert "+0.00037" in page.text
    assert "0.1329 0.1308 −0.0021" in page.text
    assert "upper bound" in page.text
    assert f"{0.0061**0.5:.5f}" in page.text  # the other reading of the reference: root mean squared
    assert "2 too small, 1,240 gray" in page.text
    assert "the lowest 20% of hashes are test pictures, the other 80% train" in page.text
    assert "1 min 30 s per epoch, 4 min 30 s in all" in page.text
    assert "tinct train autoencoder --data photos && true" in page.text
    assert "Finished" in page.text


def test_every_recipe_key_is_shown(tmp_path: Path) -> None:
    page = report(make_run(tmp_path / "run"))
    for key, value in {
        "seed": "7",
        "size": "32",
        "lr": "0.001",
        "min_chroma": "4",
        "network.strides": "1, 2",
        "pictures": "all",
    }.items():
        assert re.search(rf"{re.escape(key)}\s*{re.escape(value)}(?!\w)", page.text), key


def test_the_page_stands_alone_and_has_alternative_texts(tmp_path: Path) -> None:
    page = report(make_run(tmp_path / "run", kl=20.0, loss="l1", model="vae"))
    html = (tmp_path / "run" / "report.html").read_text("utf-8")
    for tag, attributes in page.tags:
        assert tag not in {"script", "link", "iframe", "object"}
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/png;base64,"))
        if tag == "img":
            assert attributes["alt"]
        if attributes.get("role") == "img":
            assert "by epoch" in (attributes["aria-label"] or "")
    assert not re.search(r"url\((?!#)|@import", html)
    ids = [attributes["id"] for tag, attributes in page.tags if "id" in attributes and tag not in {"path", "rect", "clippath"}]
    assert len(ids) == len(set(ids))
    assert [tag for tag, _ in page.tags].count("h1") == 1
    assert [tag for tag, _ in page.tags].count("svg") == 3  # errors, loss, KL
    assert "62.40 on the test side" in page.text
    assert "Classic exercise" not in page.text


def test_pictures_are_pixel_exact(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", samples=9)
    page = report(run)
    sheet = np.asarray(Image.open(run / "compare.png"))
    with np.load(run / "samples.npz") as arrays:
        samples = {key: arrays[key] for key in ("gray", "predicted", "real")}
    enlarged = {key: value.repeat(FACTOR, 1).repeat(FACTOR, 2) for key, value in samples.items()}
    side, gap, margin, head = SIDE * FACTOR, 4, 16, 36
    for i in range(9):
        for column, key in enumerate(samples):
            top, left = head + i // 3 * (side + gap), margin + i % 3 * (3 * side + 2 * gap + margin) + column * (side + gap)
            assert np.array_equal(sheet[top : top + side, left : left + side], enlarged[key][i])
    assert (sheet[:head] < 100).any(), "column headings"
    strips = [attributes["src"] or "" for tag, attributes in page.tags if tag == "img"]
    first = np.asarray(Image.open(io.BytesIO(base64.b64decode(strips[0].partition(",")[2]))))
    assert np.array_equal(first, np.concatenate([samples[key][0] for key in samples], axis=1))
    assert len(strips) == 9


@pytest.mark.parametrize("epochs", [1, 60])
def test_loss_png_shows_the_curves(tmp_path: Path, epochs: int) -> None:
    run = make_run(tmp_path / "run", epochs=epochs, samples=0)
    write_run_report(run)
    chart = np.asarray(Image.open(run / "loss.png").convert("RGB")).astype(int)
    assert chart.shape[0] > 400
    assert chart.shape[1] > 600
    for color in ((0, 0x72, 0xB2), (0xB3, 0x47, 0), (0x5F, 0x63, 0x68)):  # test, train, gray picture
        assert (np.abs(chart - color).max(axis=2) < 8).sum() > 20
    assert not (run / "compare.png").exists()


def test_worse_than_gray_is_said(tmp_path: Path) -> None:
    page = report(make_run(tmp_path / "run", test=0.0118))
    assert "Worse than the gray picture: 57% more error. Worse than mean color." in page.text
    assert "Better than" not in page.text


def test_equal_to_gray_is_no_better(tmp_path: Path) -> None:
    assert "No better than the gray picture" in report(make_run(tmp_path / "run", test=0.0075)).text


def test_a_run_that_diverged_says_so(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", test=math.nan)
    lines = (run / "metrics.jsonl").read_text()
    (run / "metrics.jsonl").write_text(re.sub(r'"mse": [\d.]+', '"mse": NaN', lines))
    text = report(run).text
    assert "Training diverged" in text
    assert "Lowest test error" not in text


def test_an_unfinished_run_says_so(tmp_path: Path) -> None:
    page = report(make_run(tmp_path / "run", epochs=20, done=7, finished=False))
    assert "Unfinished: epoch 7 of 20" in page.text
    assert "trained so far for 7 of 20 epochs" in page.text
    assert "Finished" not in page.text
    assert "Final errors" not in page.text


def test_a_run_that_has_only_its_config(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", done=0, finished=False, samples=0)
    (run / "environment.json").unlink()
    (run / "metrics.jsonl").unlink()
    page = report(run)
    assert "Unfinished: epoch 0 of 3" in page.text
    assert sorted(path.name for path in run.iterdir()) == ["config.toml", "report.html"]


def test_a_half_written_last_line_is_ignored_and_a_repeated_epoch_counts_once(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", epochs=3, done=2, finished=False)
    lines = (run / "metrics.jsonl").read_text().splitlines()
    again = lines[1].replace('"seconds": 90.0', '"seconds": 91.5')
    (run / "metrics.jsonl").write_text("\n".join([*lines, again, lines[1][:40]]))
    page = report(run)
    assert "Unfinished: epoch 2 of 3" in page.text
    assert "Show the table of 2 epochs" in page.text
    assert "91.5" in page.text


def test_names_and_paths_are_escaped(tmp_path: Path) -> None:
    page = report(make_run(tmp_path / "run", name='"><script>alert(1)</script>', data="<script>alert(2)</script>"))
    assert "script" not in [tag for tag, _ in page.tags]
    assert "<script>alert(2)</script>" in page.text
    assert '"><script>alert(1)</script> 0.jpg' in page.text
    assert "a <b>CPU</b>" in page.text


def test_a_report_can_be_written_again(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    before = [write_run_report(run).read_bytes(), (run / "loss.png").read_bytes()]
    assert [write_run_report(run).read_bytes(), (run / "loss.png").read_bytes()] == before
    assert not [path for path in run.iterdir() if path.name.startswith(".")], "temporary files are gone"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.toml", "epochs ="),
        ("config.toml", "title = 'someone else’s'"),
        ("scores.json", '{"train": '),
        ("scores.json", "[]"),
        ("environment.json", ""),
        ("metrics.jsonl", '{"epo\n{}'),
        ("samples.npz", "PK"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, content: str) -> None:
    run = make_run(tmp_path / "run")
    (run / name).write_text(content, "utf-8")
    with pytest.raises(ConfigError, match=re.escape(str(run / name))):
        write_run_report(run)
    assert not (run / "report.html").exists()


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"{re.escape(str(tmp_path))} is no run") as error:
        write_run_report(tmp_path)
    assert error.value.code == "no-run"


def test_it_needs_no_torch() -> None:
    code = "import sys, tinct.reports.run_report; sys.exit('torch' in sys.modules or 'tinct.training' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
