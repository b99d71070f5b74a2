"""``tinct train``, ``tinct report`` and ``tinct export``: what they refuse, and with which words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PIL import Image

from command_line import Run, one_line
from conftest import draw


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("autoencoder",), ("--data",)),
        ((), ("autoencoder, vae",)),
        (("autoencodr", "--data", "x"), ("autoencodr", "did you mean 'autoencoder'?")),
        (("autoencoder", "--data", "{tmp}/none"), ("none", "no such folder")),
        (("autoencoder", "--data", "{tmp}"), ("holds no pictures", "name a folder that does")),
        (("autoencoder", "--data", "x", "--set", "epoch=3"), ("'epoch'", "did you mean 'epochs'?")),
        (("autoencoder", "--data", "x", "--set", "epochs=few"), ("epochs must be a whole number", "'few'")),
        (("vae", "--data", "x", "--set", "network.latent=no"), ("latent must be a whole number",)),
        (("autoencoder", "--resume", "--run", "{tmp}/none"), ("none", "tinct train")),
        (("autoencoder", "--data", "x", "--accelerator", "warp"), ("--accelerator",)),
    ],
)
def test_training_that_cannot_start(tinct: Run, tmp_path: Path, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    run = () if "--run" in arguments else ("--run", str(tmp_path / "run"))
    one_line(tinct("train", *(a.format(tmp=tmp_path) for a in arguments), *run), *words)
    assert list(tmp_path.iterdir()) == []


def test_too_few_pictures(tinct: Run, tmp_path: Path) -> None:
    (tmp_path / "few").mkdir()
    for i in range(4):
        Image.fromarray(draw(i)).save(tmp_path / f"few/{i}.png")
    one_line(tinct("train", "vae", "--data", tmp_path / "few", "--run", tmp_path / "run"), "few", "at least 5")
    assert [p.name for p in tmp_path.iterdir()] == ["few"]


def test_a_run_of_another_architecture(tinct: Run, run: Path) -> None:
    other = "autoencoder" if run.name == "vae" else "vae"
    one_line(tinct("train", other, "--run", run, "--resume"), f"'{run.name}'", f"'{other}'")


def test_a_run_that_is_there_already(tinct: Run, run: Path, folder: Path) -> None:
    one_line(tinct("train", run.name, "--data", folder, "--run", run), "--resume", "--run")


def test_a_folder_that_is_no_run(tinct: Run, tmp_path: Path) -> None:
    one_line(tinct("report", tmp_path), str(tmp_path))
    one_line(tinct("export", tmp_path, "-o", tmp_path / "x"), str(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [("train", "vae", "--data", "x"), ("report", "x"), ("export", "x", "-o", "y"), ("study", "loss", "--data", "x")]
)
def test_training_where_it_is_not_installed(tinct: Run, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("tinct.training", "tinct.evaluation", "tinct.studies"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    one_line(tinct(*arguments), "pip install", "[train]")
