"""The command line from outside: what it prints, what it leaves, and with which exit code it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from conftest import draw
from tinct import __version__
from tinct.cli import app as cli

Run = Callable[..., "Ended"]


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def tinct(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process."""

    def call(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["tinct", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return Ended(int(ended.value.code or 0), captured.out, captured.err)

    return call


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "grandmother.jpg"
    Image.fromarray(draw(1, 160, 120)).convert("L").save(path, quality=95)
    return path


def one_line(ended: Ended, *words: str) -> None:
    """Exit code 1, nothing on stdout, and one line on stderr that has these words."""
    assert ended.code == 1
    assert ended.out == ""
    assert ended.err.startswith("tinct: ")
    assert ended.err.count("\n") == 1
    assert all(word in ended.err for word in words), ended.err


# ---- colorize ----


def test_a_photograph_is_colored_beside_the_original(tinct: Run, photo: Path) -> None:
    before = photo.read_bytes()
    ended = tinct("colorize", photo)
    result = photo.with_name("grandmother.color.jpg")
    assert ended == Ended(0, f"{result}\n", "")
    assert photo.read_bytes() == before
    with Image.open(result) as colored:
        assert (colored.mode, colored.size) == ("RGB", (160, 120))
        assert np.ptp(np.asarray(colored).astype(int), axis=2).max() > 5


def test_output_may_be_a_file_of_another_format(tinct: Run, photo: Path, tmp_path: Path) -> None:
    assert tinct("colorize", photo, "-o", tmp_path / "x.png").code == 0
    with Image.open(tmp_path / "x.png") as colored:
        assert colored.format == "PNG"


def test_several_go_into_a_folder_that_is_made(tinct: Run, tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    for i in range(3):
        Image.fromarray(draw(i)).convert("L").save(tmp_path / f"box/{i}.png")
    assert tinct("colorize", tmp_path / "box", "-o", tmp_path / "out").code == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["0.color.png", "1.color.png", "2.color.png"]
    assert sorted(p.name for p in (tmp_path / "box").iterdir()) == ["0.png", "1.png", "2.png"]


def test_a_folder_of_one_goes_into_a_folder_too(tinct: Run, photo: Path, tmp_path: Path) -> None:
    assert tinct("colorize", photo.parent, "-o", tmp_path / "out").code == 0
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["grandmother.color.jpg"]


def test_earlier_results_are_not_colored_again(tinct: Run, photo: Path) -> None:
    tinct("colorize", photo.parent)
    ended = tinct("colorize", photo.parent, "--overwrite")
    assert ended.code == 0
    assert sorted(p.name for p in photo.parent.iterdir()) == ["grandmother.color.jpg", "grandmother.jpg"]


def test_an_earlier_result_is_kept_unless_asked(tinct: Run, photo: Path) -> None:
    tinct("colorize", photo)
    result = photo.with_name("grandmother.color.jpg")
    before = result.read_bytes()
    one_line(tinct("colorize", photo, "--vividness", "1"), "grandmother.color.jpg", "--overwrite")
    assert result.read_bytes() == before
    assert tinct("colorize", photo, "--vividness", "1", "--overwrite").code == 0
    assert result.read_bytes() != before


def test_not_even_overwrite_replaces_what_tinct_did_not_make(tinct: Run, photo: Path, tmp_path: Path) -> None:
    other = tmp_path / "wedding.jpg"
    Image.fromarray(draw(3)).save(other)
    before = other.read_bytes()
    one_line(tinct("colorize", photo, "-o", other, "--overwrite"), "wedding.jpg", "original")
    assert other.read_bytes() == before


def test_one_bad_file_of_several_does_not_stop_the_others(tinct: Run, photo: Path) -> None:
    (photo.parent / "bad.jpg").write_text("no picture")
    ended = tinct("colorize", photo.parent)
    assert ended.code == 3
    assert ended.out.endswith("grandmother.color.jpg\n")
    assert re.search(r"tinct: .*bad\.jpg", ended.err)
    assert "1 of 2 photographs failed" in ended.err


def test_strength_0_leaves_the_picture_gray(tinct: Run, photo: Path, tmp_path: Path) -> None:
    assert tinct("colorize", photo, "--strength", "0", "-o", tmp_path / "x.png").code == 0
    with Image.open(tmp_path / "x.png") as colored:
        assert np.ptp(np.asarray(colored.convert("RGB")).astype(int), axis=2).max() <= 1


def encoded(kind: str, keep: float) -> bytes:
    import io

    buffer = io.BytesIO()
    Image.fromarray(draw(2, 300, 200)).save(buffer, kind)
    return buffer.getvalue()[: int(len(buffer.getvalue()) * keep)]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("text.jpg", b"Dear grandmother,\n" * 50, ("text.jpg", "picture that tinct reads")),
        ("cut.jpg", encoded("JPEG", 0.5), ("cut.jpg", "fresh copy")),
        ("cut.png", encoded("PNG", 0.5), ("cut.png", "fresh copy")),
        ("empty.jpg", b"", ("empty.jpg", "0 bytes")),
        ("dot.png", None, ("dot.png", "1 × 1")),
    ],
)
def test_a_file_that_is_no_photograph(tinct: Run, tmp_path: Path, name: str, content: bytes | None, words: tuple[str, ...]) -> None:
    path = tmp_path / name
    if content is None:
        Image.new("L", (1, 1)).save(path)
    else:
        path.write_bytes(content)
    one_line(tinct("colorize", path), *words)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_file_that_is_not_there(tinct: Run, tmp_path: Path) -> None:
    one_line(tinct("colorize", tmp_path / "none.jpg"), "none.jpg", "check the path")


def test_a_folder_without_photographs(tinct: Run, tmp_path: Path) -> None:
    one_line(tinct("colorize", tmp_path), str(tmp_path), "Name a folder that does")


@pytest.mark.parametrize("alias", ["same", "symlink", "hardlink"])
def test_the_output_is_never_the_input(tinct: Run, photo: Path, alias: str) -> None:
    before, output = photo.read_bytes(), photo if alias == "same" else photo.with_name("alias.jpg")
    if alias == "symlink":
        output.symlink_to(photo)
    elif alias == "hardlink":
        os.link(photo, output)
    one_line(tinct("colorize", photo, "-o", output, "--overwrite"), "original", "-o")
    assert photo.read_bytes() == before


def test_an_output_folder_that_cannot_be(tinct: Run, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    one_line(tinct("colorize", photo, "-o", tmp_path / "file" / "x.jpg"), "x.jpg", "folder")
    one_line(tinct("colorize", photo, "-o", tmp_path / "none" / "x.jpg"), "x.jpg", "make it first")
    one_line(tinct("colorize", photo, photo, "-o", tmp_path / "file" / "x"), "Name another folder with -o")
    one_line(tinct("colorize", photo, "-o", tmp_path / "x.docx"), "x.docx", ".png")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full to stand in for a full disk")
def test_a_full_disk(tinct: Run, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    one_line(tinct("colorize", photo), "grandmother.color.jpg", "disk is full")
    assert [p.name for p in photo.parent.iterdir()] == ["grandmother.jpg"]


def test_no_photograph_of_the_command_is_overwritten(tinct: Run, photo: Path) -> None:
    other = photo.with_name("grandmother.color.jpg")  # named as a photograph, so it is one, whatever its name
    other.write_bytes(photo.read_bytes())
    before = other.read_bytes()
    ended = tinct("colorize", photo, other, "--overwrite")
    assert ended.code == 3
    assert "another file named here" in ended.err
    assert other.read_bytes() == before


def test_two_photographs_of_one_name_do_not_share_a_result(tinct: Run, tmp_path: Path) -> None:
    for i, folder in enumerate(("a", "b")):
        (tmp_path / folder).mkdir()
        Image.fromarray(draw(i)).convert("L").save(tmp_path / folder / "1.png")
    ended = tinct("colorize", tmp_path / "a/1.png", tmp_path / "b/1.png", "-o", tmp_path / "out", "--overwrite")
    assert ended.code == 3
    assert "name another output" in ended.err
    alone = tinct("colorize", tmp_path / "a/1.png")
    assert (tmp_path / "out/1.color.png").read_bytes() == Path(alone.out.strip()).read_bytes()


def test_several_photographs_into_one_file(tinct: Run, photo: Path, tmp_path: Path) -> None:
    one_line(tinct("colorize", photo, photo, "-o", tmp_path / "x.jpg"), "x.jpg", "folder")


def test_an_unknown_model(tinct: Run, photo: Path) -> None:
    one_line(tinct("colorize", photo, "--model", "autoencodr"), "autoencodr", "did you mean 'autoencoder'?")


# ---- train, report, export: the student's journey ----


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


# ---- studies ----

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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("lose", "--data", "x"), ("no study 'lose'", "did you mean 'loss'?")),
        (("loss",), ("--data",)),
        (("loss", "--data", "{tmp}/none"), ("none", "no such folder")),
        (("loss", "--data", "x", "--set", "sizze=32"), ("'sizze'", "did you mean 'size'?")),
        (("loss", "--data", "x", "--set", "loss=l1"), ("loss", "varies")),
        (("loss", "--data", "x", "--engine", "rai"), ("no engine 'rai'", "did you mean 'ray'?")),
        (("{tmp}/none.toml", "--data", "x"), ("none.toml", "name a .toml file")),
    ],
)
def test_a_study_that_cannot_start(tinct: Run, tmp_path: Path, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    one_line(tinct("study", *(a.format(tmp=tmp_path) for a in arguments), "-o", tmp_path / "study"), *words)
    assert list(tmp_path.iterdir()) == []


# ---- the rest ----


def test_models_are_listed_with_what_they_gain(tinct: Run) -> None:
    ended = tinct("models")
    assert ended.code == 0
    assert [line.split()[0] for line in ended.out.splitlines()[1:]] == ["tinct", "autoencoder", "vae"]
    assert all(len(re.findall(r"[+-]\d\.\d\d dB", line)) == 2 for line in ended.out.splitlines()[1:])


# ---- saying what one knows ------------------------------------------------------------------------------------------------------


def test_variants_lie_beside_the_first(tinct: Run, photo: Path) -> None:
    ended = tinct("colorize", photo, "--variants", 3, "--seed", 4)
    names = [photo.with_name(name) for name in ("grandmother.color.jpg", "grandmother.color-2.jpg", "grandmother.color-3.jpg")]
    assert ended == Ended(0, "".join(f"{name}\n" for name in names), "")
    pictures = [np.asarray(Image.open(name)) for name in names]
    assert not np.array_equal(pictures[1], pictures[2])
    again = tinct("colorize", photo.parent, "-o", photo.parent / "again")  # results aren't colored again
    assert again.out.count("\n") == 1


def test_hints_from_the_command_line_and_from_a_file(tinct: Run, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "hints.json").write_text('[{"x": 40, "y": 90, "color": "#2040d0", "size": 20}]')
    ended = tinct("colorize", photo, "--hint", "120,90,#d02020", "--hints", tmp_path / "hints.json", "-o", tmp_path / "x.png")
    assert ended.code == 0, ended.err
    with Image.open(tmp_path / "x.png") as image:
        red, blue = np.asarray(image)[90, 120].astype(int), np.asarray(image)[90, 40].astype(int)
    assert red[0] > red[2] + 20
    assert blue[2] > blue[0] + 20


def test_a_reference_picture(tinct: Run, photo: Path, tmp_path: Path) -> None:
    Image.fromarray(draw(9)).save(tmp_path / "postcard.png")
    assert tinct("colorize", photo, "--like", tmp_path / "postcard.png", "-o", tmp_path / "x.png").code == 0
    one_line(tinct("colorize", photo, "--like", photo, "-o", tmp_path / "y.png"), "gray", "grandmother.jpg")
    assert not (tmp_path / "y.png").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--hint", "500,5,#ffffff"], ("outside the picture", "160 × 120")),
        (["--hint", "5,5,blue"], ("blue", "#rrggbb")),
        (["--hint", "5;5"], ("X,Y,#RRGGBB",)),
        (["--hints", "nowhere.json"], ("nowhere.json",)),
        (["--variants", 0], ("variants must be from 1",)),
        (["--vividness", 2], ("vividness must lie between 0 and 1",)),
        (["--quality", "superb"], ("normal or best",)),
        (["--model", "vae", "--hint", "5,5,#ffffff"], ("'vae'", "'tinct'")),
    ],
)
def test_what_can_t_be_done_with_a_photograph(tinct: Run, photo: Path, arguments: list[object], words: tuple[str, ...]) -> None:
    one_line(tinct("colorize", photo, *arguments), *words)
    assert list(photo.parent.iterdir()) == [photo]


def test_a_malformed_hints_file_is_named_with_its_line(tinct: Run, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "hints.json").write_text('[\n{"x": 4, "y": 9, "color": "#2040d0"},\n{"x": 4, "y": 9}\n]')
    one_line(tinct("colorize", photo, "--hints", tmp_path / "hints.json"), "hints.json, line 3")


def test_hints_belong_to_one_photograph(tinct: Run, photo: Path, tmp_path: Path) -> None:
    Image.fromarray(draw(2)).save(tmp_path / "uncle.png")
    one_line(tinct("colorize", photo, tmp_path / "uncle.png", "--hint", "4,4,#ffffff"), "one photograph")


def test_suggestions_are_listed_with_their_probability(tinct: Run, photo: Path) -> None:
    ended = tinct("suggest", photo, "80,60", "--count", 3)
    assert ended.code == 0, ended.err
    lines = re.findall(r"^ +(#[0-9a-f]{6}) +([\d.]+)%$", ended.out, re.M)
    assert 1 <= len(lines) <= 3
    assert sum(float(share) for _, share in lines) == pytest.approx(100, abs=0.3)
    one_line(tinct("suggest", photo, "here"), "X,Y")
    one_line(tinct("suggest", photo, "161,5"), "outside the picture")


def test_version(tinct: Run) -> None:
    assert tinct("--version") == Ended(0, f"tinct {__version__}\n", "")


def test_usage_errors_end_with_2(tinct: Run) -> None:
    assert tinct("colorize").code == 2
    assert tinct("colorize", "x.jpg", "--nonsense").code == 2


def test_help_needs_none_of_the_heavy_libraries() -> None:
    code = (
        "import sys\nsys.argv = ['tinct', '--help']\nfrom tinct import cli\n"
        "try:\n    cli.main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'torch', 'pyvips', 'onnxruntime', 'numpy'} & sys.modules.keys()), file=sys.stderr)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr.strip() == "[]"


def test_a_bug_shows_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinct.runtime.spec.bundled", lambda: 1 / 0)
    monkeypatch.setattr(sys, "argv", ["tinct", "models"])
    with pytest.raises(ZeroDivisionError):
        cli.main()


# ---- what is written beside the colored picture, and what it says ----


def test_a_layer_and_a_comparison_are_written_beside_it(tinct: Run, photo: Path) -> None:
    ended = tinct("colorize", photo, "--layer", "--compare", "--variants", "2")
    names = ["color.jpg", "layer.png", "compare.jpg", "color-2.jpg", "layer-2.png", "compare-2.jpg"]
    assert ended == Ended(0, "".join(f"{photo.with_name(f'grandmother.{name}')}\n" for name in names), "")
    with Image.open(photo.with_name("grandmother.layer.png")) as layer, Image.open(photo) as before:
        over = Image.alpha_composite(before.convert("RGBA"), layer).convert("RGB")
        assert (layer.mode, layer.size) == ("RGBA", (160, 120))
    with Image.open(photo.with_name("grandmother.color.jpg")) as colored:
        assert np.abs(np.asarray(over).astype(int) - np.asarray(colored)).mean() < 2  # JPEG's own error
    with Image.open(photo.with_name("grandmother.compare.jpg")) as both:
        assert both.size == (160 + 2 + 160, 120)
    assert tinct("colorize", photo.parent, "--overwrite").out == f"{photo.with_name('grandmother.color.jpg')}\n"


def test_again_repeats_a_coloring_to_the_byte(tinct: Run, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jpg"
    assert tinct("colorize", photo, "-o", out, "--hint", "40,30,#2050c0", "--vividness", "0.8", "--jpeg-quality", "90").code == 0
    ended = tinct("again", out, "--from", photo)
    assert ended == Ended(0, f"{tmp_path / 'out.again.jpg'}\n", "")
    assert (tmp_path / "out.again.jpg").read_bytes() == out.read_bytes()
    Image.fromarray(draw(2)).save(tmp_path / "other.jpg")
    one_line(tinct("again", out, "--from", tmp_path / "other.jpg"), "grandmother.jpg", "other.jpg")


def test_no_provenance_says_nothing(tinct: Run, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jpg"
    assert tinct("colorize", photo, "-o", out, "--no-provenance").code == 0
    assert b"tinct" not in out.read_bytes()
    one_line(tinct("again", out, "--from", photo), "out.jpg", "--no-provenance")


def test_a_variant_never_replaces_another_photograph_of_the_command(tinct: Run, photo: Path) -> None:
    tinct("colorize", photo)  # tinct's own, so --overwrite alone would replace it
    other = photo.with_name("grandmother.color.jpg").rename(photo.with_name("grandmother.color-2.jpg"))
    before = other.read_bytes()
    ended = tinct("colorize", photo, other, "--variants", "2", "--overwrite")
    assert ended.code == 3
    assert "grandmother.color-2.jpg is another file named here" in ended.err
    assert other.read_bytes() == before
    assert not photo.with_name("grandmother.color.jpg").exists()


def test_what_was_a_reference_or_held_hints_is_never_overwritten(tinct: Run, photo: Path, tmp_path: Path) -> None:
    tinct("colorize", photo, "-o", tmp_path / "like.png", "--vividness", "1")  # tinct's own, so --overwrite alone would replace it
    before = (tmp_path / "like.png").read_bytes()
    for option in ("--like", "--hints"):
        ended = tinct("colorize", photo, option, tmp_path / "like.png", "-o", tmp_path / "like.png", "--overwrite")
        assert ended.code == 1
        assert (tmp_path / "like.png").read_bytes() == before


def test_more_pixels_than_allowed_are_refused_before_they_are_decoded(tinct: Run, photo: Path) -> None:
    one_line(tinct("colorize", photo, "--max-pixels", "19199"), "grandmother.jpg", "160 × 120", "--max-pixels")
    assert tinct("colorize", photo, "--max-pixels", "19200").code == 0


def test_further_pages_are_spoken_of(tinct: Run, tmp_path: Path) -> None:
    pages = [Image.fromarray(draw(i)).convert("L") for i in range(3)]
    pages[0].save(tmp_path / "album.tif", save_all=True, append_images=pages[1:])
    ended = tinct("colorize", tmp_path / "album.tif")
    assert ended.code == 0
    assert "first of 3 pages" in ended.err
