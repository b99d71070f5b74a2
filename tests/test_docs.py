"""What the README and the documentation say is tried out."""

from __future__ import annotations

import doctest
import re
import shlex
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from conftest import draw
from tinct import Photo, training
from tinct.cli import app
from tinct.weights import bundled, read_spec

ROOT = Path(__file__).parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS]
TOY = shlex.split("--set size=16 --set min_side=16 --set batch=8 --set epochs=3 --accelerator cpu --precision 32-true")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(page: Path, *languages: str) -> list[str]:
    """The fenced blocks of these languages."""
    found = re.findall(r"^```(\w+)\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
    return [text for language, text in found if language in languages]


def commands(page: Path, *languages: str) -> Iterator[tuple[list[str], str]]:
    """Arguments of each tinct command in these blocks, and the output that the page shows."""
    for block in blocks(page, *languages):
        for command, output in re.findall(r"^(?:\$ )?tinct (.*)\n((?:(?!\$ |tinct ).*\n)*)", block, re.M):
            yield shlex.split(command), output


@pytest.fixture
def desk(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all that the examples name, to work in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scans").mkdir()
    for i, name in enumerate(("old.jpg", "scans/1.jpg", "scans/2.jpg")):
        Image.fromarray(draw(i, 120, 160)).convert("L").save(tmp_path / name)
    (tmp_path / "pictures").symlink_to(folder, target_is_directory=True)
    (tmp_path / "my-recipe.toml").write_text('model = "autoencoder"')
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


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=relative)
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
    """The table of docs/train.md has every key of a recipe, with its default."""
    rows = dict(re.findall(r"^\| `(\w+)` \| (?:`(.*?)`|required) \|", (ROOT / "docs/train.md").read_text("utf-8"), re.M))
    expected = {}
    for field in fields(training.TrainConfig):
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        expected[field.name] = "" if default is MISSING else str(list(default) if isinstance(default, tuple) else default)
    assert rows == expected


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_resolve(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if not target.startswith(("https://", "#")):
            assert (page.parent / target.partition("#")[0]).exists(), target


def test_pages_are_in_the_menu() -> None:
    menu = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert all(f" {page.name}\n" in menu for page in DOCS)


def test_figures_are_those_of_the_bundled_models() -> None:
    """The README's table of errors says what the models' own records say."""
    for name, graph in bundled().items():
        spec = read_spec(graph.with_suffix(".safetensors"))
        scores = spec.scores
        figures = [
            scores["train"]["mse"],
            scores["test"]["mse"],
            scores["gray"]["test"]["mse"],
            scores["mean_color"]["test"]["mse"],
        ]
        row = f"| `{name}` | {spec.training['epochs']} | {' | '.join(f'{figure:.5f}' for figure in figures)} |"
        readme = (ROOT / "README.md").read_text("utf-8")
        assert row in readme
        if name == "autoencoder":
            psnr = [side["test"]["psnr"] for side in (scores, scores["gray"], scores["mean_color"])]
            said = "it has {:.2f} dB on the test pictures, gray {:.2f} and average color {:.2f}".format(*psnr)
            assert said in " ".join(readme.split())
