"""What the README and the documentation say is tried out; `test_docs_web.py` does it for the server."""

from __future__ import annotations

import doctest
import re
import shlex
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from conftest import draw
from doc_blocks import ROOT, blocks, commands
from tinct import Photo, training
from tinct.cli.app import app
from tinct.runtime.spec import bundled, read_spec
from tinct.studies.measures import MEASURES
from tinct.training.sections import Stage

DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS]
TOY = shlex.split("--set size=16 --set min_side=16 --set batch=8 --set epochs=3 --accelerator cpu --precision 32-true")


def _gain(method: str) -> Any:
    return lambda figures: f"{figures['methods'][method]['gain']['mean']:+.2f} dB"


def _hints(count: int) -> Any:
    return lambda figures: f"{figures['hints']['gain'][figures['hints']['counts'].index(count)]['mean']:+.2f} dB"


FIGURES: dict[str, Any] = {  # row of the README's table -> what it says of each set
    "gain over gray, automatic, vividness 0": _gain("model"),
    "the same of `autoencoder`": _gain("autoencoder"),
    "the same of `vae`": _gain("vae"),
    "with 10 hints": _hints(10),
    "with 100 hints": _hints(100),
    "at the default vividness": _gain("model, vivid"),
    "colorfulness there, as a part of the real one": lambda figures: f"{figures['methods']['model, vivid']['cf_ratio']:.2f}",
    "the best of 8 variants over a mean one": lambda figures: f"{figures['diversity']['0.0']['best_over_sample']['mean']:+.2f} dB",
    "difference between results at 192 to 512 px, and mirrored": lambda figures: f"{figures['stability']['0.0']['mean']:.1f} ΔE",
    "a hint's own place": lambda figures: f"{figures['hints']['own_place'][figures['hints']['counts'].index(10)]:.1f} ΔE",
}


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture
def desk(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all that the examples name, to work in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scans").mkdir()
    for i, name in enumerate(("old.jpg", "scans/1.jpg", "scans/2.jpg")):
        Image.fromarray(draw(i, 120, 160)).convert("L").save(tmp_path / name)
    (tmp_path / "pictures").symlink_to(folder, target_is_directory=True)
    (tmp_path / "rate.toml").write_text(blocks(ROOT / "docs/studies.md", "toml")[0])
    (tmp_path / "my-recipe.toml").write_text('model = "autoencoder"')
    Image.fromarray(draw(7)).save(tmp_path / "postcard.jpg")
    (tmp_path / "hints.json").write_text(blocks(ROOT / "docs/colorize.md", "json")[0])
    painted = np.zeros((160, 120, 4), np.uint8)
    painted[20:40, 30:60] = (180, 60, 50, 255)
    Image.fromarray(painted).save(tmp_path / "painted.png")
    return tmp_path


def matches(expected: str, output: str) -> bool:
    """As a doctest would have it, a line of ... standing for any lines; numbers may differ, as measured ones do from run to run."""
    expected, output = (re.sub(r"(?<= )\d+(\.\d+)?(?=\s)", "N", text) for text in (expected, output))
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return doctest.OutputChecker().check_output(expected.replace("...\n", "..."), output, options)


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "console")], ids=relative)
def test_session(page: Path, desk: Path) -> None:
    """Every command that a page shows with its output, one after the other in one folder; training at toy size."""
    for arguments, expected in commands(page, "console"):
        result = CliRunner().invoke(app, arguments + (TOY if arguments[0] == "train" else []))
        assert result.exit_code == 0, (arguments, result.output, result.exception)
        assert matches(expected, result.output), (arguments, expected, result.output)
        assert Path(expected.splitlines()[-1]).is_file()
    for picture in desk.glob("*.color.jpg"):
        assert Photo.open(picture).size == (120, 160)
    for run in desk.glob("runs/*"):
        listed = set(re.findall(r"^\| `([\w.]+)/?` \|", (ROOT / "docs/train.md").read_text("utf-8"), re.M))
        assert {path.name for path in run.iterdir()} <= listed, "docs/train.md doesn't say what all files of a run are"


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python") and p.name != "api.md"], ids=relative)
def test_python_runs(page: Path, desk: Path, monkeypatch: pytest.MonkeyPatch, toy_settings: list[str]) -> None:
    """Every Python block of a page, one after the other; training at toy size."""
    recipe = training.load_recipe
    monkeypatch.setattr(training, "load_recipe", lambda name, settings, data: recipe(name, [*settings, *toy_settings], data))
    names: dict[str, Any] = {}
    for block in blocks(page, "python"):
        exec(compile(block, str(page), "exec"), names)
    assert Photo.open(desk / "grandmother.png").size == (120, 160)
    if page.name == "README.md":
        assert (names["pixels"].shape, names["pixels"].dtype) == ((160, 120, 3), np.uint8)


@pytest.mark.parametrize("page", [p for p in PAGES if list(commands(p, "console", "sh"))], ids=relative)
def test_commands_are_spelled_right(page: Path) -> None:
    group: Any = typer.main.get_command(app)
    for arguments, _ in commands(page, "console", "sh"):
        group.commands[arguments[0]].make_context(arguments[0], arguments[1:])  # raises for what it doesn't know


def test_misspelled_command_would_be_found() -> None:
    group: Any = typer.main.get_command(app)
    with pytest.raises(Exception, match="No such option"):
        group.commands["train"].make_context("train", ["--epochs", "3"])


def test_cli_page_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    from write_cli_docs import PAGE, cli_page

    assert PAGE.read_text("utf-8") == cli_page(), "run: make docs"


def test_recipe_keys_are_documented() -> None:
    """The tables of docs/train.md have every key of a recipe, with its default; those in tables by their full names."""
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (?:`(.*?)`|required) \|", (ROOT / "docs/train.md").read_text("utf-8"), re.M))
    assert rows == dict(recipe_keys(training.TrainConfig)) | dict(recipe_keys(Stage, "stages."))


def recipe_keys(cls: Any, table: str = "") -> Iterator[tuple[str, str]]:
    """Each key with its default as a recipe would have it, or nothing where it must be given."""
    for field in fields(cls):
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if is_dataclass(default):
            yield from recipe_keys(default, f"{table}{field.name}.")
        else:
            shown = '""' if default == "" else str(list(default) if isinstance(default, tuple) else default)
            yield table + field.name, "" if default is MISSING else shown


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_resolve(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if not target.startswith(("https://", "#")):
            assert (page.parent / target.partition("#")[0]).exists(), target


def test_pages_are_in_the_menu() -> None:
    menu = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert all(f" {page.relative_to(ROOT / 'docs')}\n" in menu for page in DOCS)


def test_figures_are_those_of_the_bundled_models() -> None:
    """The README's tables say what the models' own records say."""
    readme = (ROOT / "README.md").read_text("utf-8")
    for name, graph in bundled().items():
        spec = read_spec(graph.with_suffix(".safetensors"))
        scores = spec.scores
        if name == "tinct":
            sets = list(scores["evaluation"]["sets"].values())
            assert scores["evaluation"]["protocol"] == "tinct-256"
            for label, value in FIGURES.items():
                assert f"| {label} | {' | '.join(value(figures) for figures in sets)} |" in readme, label
            continue
        figures = [
            scores["train"]["mse"],
            scores["test"]["mse"],
            scores["gray"]["test"]["mse"],
            scores["mean_color"]["test"]["mse"],
        ]
        assert f"| `{name}` | {spec.training['epochs']} | {' | '.join(f'{figure:.5f}' for figure in figures)} |" in readme
        if name == "autoencoder":
            psnr = [side["test"]["psnr"] for side in (scores, scores["gray"], scores["mean_color"])]
            said = "it has {:.2f} dB on the test pictures, gray {:.2f} and average color {:.2f}".format(*psnr)
            assert said in " ".join(readme.split())


def test_measures_of_studies_are_documented() -> None:
    """The table of docs/studies.md has every measure with its unit and meaning."""
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", (ROOT / "docs/studies.md").read_text("utf-8"), re.M)
    known = [(key, measure.unit, measure.explains) for key, measure in MEASURES.items()]
    assert [(key, unit.strip(), text.replace("`", "")) for key, unit, text in rows if key in MEASURES] == known
