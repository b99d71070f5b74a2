"""The README and the documentation are executed and compared with the code; `test_docs_web.py` does it for the server."""

from __future__ import annotations

import ast
import doctest
import re
import shlex
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

import tinct
from conftest import draw
from doc_blocks import ROOT, blocks, commands
from film.clips import write_clip
from tinct import Photo, training
from tinct.cli.app import app
from tinct.coloring import colorizer
from tinct.film.container.encoding import CODECS, CONTAINERS
from tinct.runtime import ModelSpec, bundled
from tinct.runtime.sessions import load_network
from tinct.studies.measures import MEASURES
from tinct.training.sections import Stage

DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS]
SOURCE = ROOT / "src"
TOY_NETWORK = "--set size=16 --set min_side=16 --set batch=8 --set epochs=1 --set pictures=20 --set network.channels=[4,8,8,8]"
TOY = {  # command -> options that make it run in a second
    "train": shlex.split(f"{TOY_NETWORK} --accelerator cpu --precision 32-true"),
    "study": shlex.split(f"{TOY_NETWORK} --set seen=16"),
}
NOT_IN_NAV = {"flagship-log.md"}
"""Pages outside the site's navigation, linked from the model card."""


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture
def desk(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with all files that the examples name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scans").mkdir()
    for i, name in enumerate(("old.jpg", "scans/1.jpg", "scans/2.jpg")):
        Image.fromarray(draw(i, 120, 160)).convert("L").save(tmp_path / name)
    (tmp_path / "pictures").symlink_to(folder, target_is_directory=True)
    (tmp_path / "rate.toml").write_text(blocks(ROOT / "docs/studies.md", "toml")[0])
    (tmp_path / "my-recipe.toml").write_text('model = "autoencoder"')
    Image.fromarray(draw(7)).save(tmp_path / "postcard.jpg")
    write_clip(tmp_path / "old.mp4", audio="aac")
    (tmp_path / "hints.json").write_text(blocks(ROOT / "docs/colorize.md", "json")[0])
    painted = np.zeros((160, 120, 4), np.uint8)
    painted[20:40, 30:60] = (180, 60, 50, 255)
    Image.fromarray(painted).save(tmp_path / "painted.png")
    return tmp_path


@pytest.fixture(scope="module")
def bundled_networks() -> dict[Any, Any]:
    """Bundled networks that are loaded already, by device and threads: each command would take 0.3 s to load its own."""
    return {}


@pytest.fixture
def quick(bundled_networks: dict[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """`Colorizer` loads each bundled model once for all tests here; models that a test exports are loaded as always."""
    graphs = set(bundled().values())

    def load(graph: Path, spec: ModelSpec, device: str, threads: int, precision: str) -> Any:
        key = (graph, device, threads, precision)
        if graph not in graphs:
            return load_network(graph, spec, device, threads, precision)
        if key not in bundled_networks:
            bundled_networks[key] = load_network(graph, spec, device, threads, precision)
        return bundled_networks[key]

    monkeypatch.setattr(colorizer, "load_network", load)


def matches(expected: str, output: str) -> bool:
    """Compares like doctest: a line of ... matches any lines. Numbers may differ, because measured ones do."""
    expected, output = (re.sub(r"(?<= )\d+(\.\d+)?(?=\s)", "N", text) for text in (expected, output))
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return doctest.OutputChecker().check_output(expected.replace("...\n", "..."), output, options)


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "console")], ids=relative)
@pytest.mark.usefixtures("quick")
def test_session(page: Path, desk: Path) -> None:
    """Every command that a page shows with its output, one after the other in one folder; training at toy size."""
    for arguments, expected in commands(page, "console"):
        result = CliRunner().invoke(app, arguments + TOY.get(arguments[0], []))
        assert result.exit_code == 0, (arguments, result.output, result.exception)
        assert matches(expected, result.output), (arguments, expected, result.output)
        last = expected.splitlines()[-1]
        assert Path(last).is_file() or last.startswith(("tinct: skipped ", "tinct: 0 colored; "))
    for picture in desk.glob("*.color.jpg"):
        assert Photo.open(picture).size == (120, 160)
    for run in desk.glob("runs/*"):
        listed = set(re.findall(r"^\| `([\w.]+)/?` \|", (ROOT / "docs/train.md").read_text("utf-8"), re.M))
        assert {path.name for path in run.iterdir()} <= listed, "a file of the run folder is missing in docs/train.md"


@pytest.mark.parametrize(
    "page", [p for p in PAGES if blocks(p, "python") and p.name not in ("api.md", "new-model.md")], ids=relative
)
@pytest.mark.usefixtures("quick")
def test_python_runs(page: Path, desk: Path, monkeypatch: pytest.MonkeyPatch, toy_settings: list[str]) -> None:
    """Every Python block of a page, one after the other; training at toy size."""
    recipe, small = training.load_recipe, ["epochs=1", "pictures=20"]
    monkeypatch.setattr(
        training, "load_recipe", lambda name, settings, data: recipe(name, [*settings, *toy_settings, *small], data)
    )
    names: dict[str, Any] = {}
    for block in blocks(page, "python"):
        exec(compile(block, str(page), "exec"), names)
    if page.name == "film.md":
        assert names["result"].path.stat().st_size > 1000
        return
    written = desk / ("colored/1.color.jpg" if page.name == "collections.md" else "grandmother.png")
    assert Photo.open(written).size == (120, 160)
    if page.name == "README.md":
        assert (names["pixels"].shape, names["pixels"].dtype) == ((160, 120, 3), np.uint8)


@pytest.mark.parametrize("page", [p for p in PAGES if list(commands(p, "console", "sh"))], ids=relative)
def test_commands_are_spelled_right(page: Path) -> None:
    group: Any = typer.main.get_command(app)
    for arguments, _ in commands(page, "console", "sh"):
        group.commands[arguments[0]].make_context(arguments[0], arguments[1:])  # raises for an unknown option


def test_misspelled_command_would_be_found() -> None:
    group: Any = typer.main.get_command(app)
    with pytest.raises(Exception, match="No such option"):
        group.commands["train"].make_context("train", ["--epochs", "3"])


def test_cli_page_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    from write_cli_docs import PAGE, cli_page

    assert PAGE.read_text("utf-8") == cli_page(), "run: make docs"


def test_codecs_are_documented() -> None:
    """The table of docs/film.md has every codec with the containers that hold it, the defaults told."""
    rows = re.findall(r"^\| `--codec (\w+)` \| (.*?) \| (.*) \|$", (ROOT / "docs/film.md").read_text("utf-8"), re.M)
    holding = {name: [ending for ending, container in CONTAINERS.items() if name in container.codecs] for name in CODECS}
    assert {name: sorted(endings.split()) for name, endings, _ in rows} == {name: sorted(found) for name, found in holding.items()}
    assert CONTAINERS[".webm"].codecs[0] == "vp9"
    assert {container.codecs[0] for ending, container in CONTAINERS.items() if ending != ".webm"} == {"h264"}


def test_recipe_keys_are_documented() -> None:
    """The tables of docs/train.md have every key of a recipe by its full name, with its default."""
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (?:`(.*?)`|required) \|", (ROOT / "docs/train.md").read_text("utf-8"), re.M))
    assert rows == dict(recipe_keys(training.TrainConfig)) | dict(recipe_keys(Stage, "stages."))


def recipe_keys(cls: Any, table: str = "") -> Iterator[tuple[str, str]]:
    """Each key with its default in TOML, or an empty string if the key is required."""
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


def test_pages_are_in_the_navigation_or_linked_from_the_model_card() -> None:
    config = (ROOT / "mkdocs.yml").read_text("utf-8")
    nav, _, excluded = config.partition("nav:")[2].partition("not_in_nav:")
    missing = {name for page in DOCS if f": {(name := page.relative_to(ROOT / 'docs').as_posix())}\n" not in nav} - {
        "studies/index.md"
    }
    assert missing == NOT_IN_NAV
    card = (ROOT / "docs/model-card.md").read_text("utf-8")
    assert all(f"/{name}\n" in excluded and f"]({name})" in card for name in NOT_IN_NAV)


def test_readme_shows_a_picture_and_how_to_color_one_within_fifteen_lines() -> None:
    beginning = "\n".join((ROOT / "README.md").read_text("utf-8").splitlines()[:15])
    for needed in ("](docs/images/contact-sheet.jpg)", "$ pip install .\n", "$ tinct colorize old.jpg\n"):
        assert needed in beginning


# ---- docs/python.md and the public names ----------------------------------------------------------------------------------------


def documented() -> dict[str, list[str]]:
    """Name of each mkdocstrings directive of docs/python.md -> the members that it lists."""
    text = (ROOT / "docs/python.md").read_text("utf-8")
    found = re.findall(r"^::: ([\w.]+)\n((?:    .*\n)*)", f"{text}\n", re.M)
    return {name: re.findall(r"\w+", "".join(re.findall(r"members: \[(.*)\]", options))) for name, options in found}


def imported() -> set[str]:
    """Full names that Python blocks of any page import from tinct."""
    code = "\n".join(block for page in PAGES for block in blocks(page, "python"))
    lines = re.findall(r"^ *from (tinct[\w.]*) import (.+)$", code, re.M)
    return {f"{module}.{name.split(' as ')[0].strip()}" for module, names in lines for name in names.split(",")}


def exported(package: Path) -> list[str]:
    """`__all__` of a package or module, without importing it."""
    tree = ast.parse((package / "__init__.py" if package.is_dir() else package.with_suffix(".py")).read_text("utf-8"))
    values = [node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"]
    return list(ast.literal_eval(values[0])) if values else []


@pytest.mark.parametrize("name", sorted(set(documented()) | imported()))
def test_documented_names_are_public(name: str) -> None:
    """Each is in the `__all__` of `tinct` or of one folder of it, and exists."""
    module, _, attribute = name.rpartition(".")
    assert module.count(".") <= 1
    assert attribute in exported(SOURCE / module.replace(".", "/"))
    value = getattr(import_module(module), attribute)
    for member in documented().get(name, ()):
        assert hasattr(value, member) or member in value.__annotations__, member


def test_public_names_are_documented() -> None:
    assert {name for name in tinct.__all__ if name != "__version__"} <= {name.removeprefix("tinct.") for name in documented()}


def test_no_name_is_both_a_module_and_something_else() -> None:
    """Otherwise an import of the module would replace the name that its package hands on."""
    clashes = set()
    for init in (SOURCE / "tinct").rglob("__init__.py"):
        modules = {path.stem for path in init.parent.glob("*.py")} | {
            path.parent.name for path in init.parent.glob("*/__init__.py")
        }
        clashes |= {f"{init.parent.relative_to(SOURCE).as_posix()}/{name}" for name in modules & set(exported(init.parent))}
    assert not clashes


def test_measures_of_studies_are_documented() -> None:
    """The table of docs/studies.md has every measure with its unit and definition."""
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", (ROOT / "docs/studies.md").read_text("utf-8"), re.M)
    known = [(key, measure.unit, measure.explains) for key, measure in MEASURES.items()]
    assert [(key, unit.strip(), text.replace("`", "")) for key, unit, text in rows if key in MEASURES] == known
