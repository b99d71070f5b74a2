"""The page written as a static site: which files it has, that they belong together, and that nothing of anybody's is overwritten."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tinct.coloring import Edit
from tinct.errors import ConfigError
from tinct.runtime.spec import check_pair, find
from tinct.web import static_site
from tinct.web.app import STATIC
from tinct.web.static_site import LOCAL, made_graphs, model_files, write_site

SCRIPTS = sorted(LOCAL.rglob("*.js"))
PLACEHOLDER = re.compile(r"\{(\w+)\}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web") / "new" / "site"
    size = write_site(folder)
    assert size == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return folder


def test_the_page_is_the_same_but_for_its_engine(site: Path) -> None:
    own = {"engine.js", "engine_http.js", "engine_films.js"}
    for path in STATIC.iterdir():
        if path.suffix in (".js", ".css", ".svg") and path.name not in own:
            assert (site / "static" / path.name).read_bytes() == path.read_bytes()
    assert (site / "static" / "engine.js").read_bytes() == (LOCAL / "engine_local.js").read_bytes()
    assert not (site / "static" / "engine_http.js").exists()
    assert (site / "static" / "worker" / "main.js").is_file()


def test_its_engine_has_the_interface_of_the_servers(site: Path) -> None:
    def exported(path: Path) -> set[str]:
        text = path.read_text("utf-8")
        names = set(re.findall(r"^export (?:async )?(?:function\*? |class |const )(\w+)", text, re.MULTILINE))
        for group in re.findall(r"^export \{([^}]*)\}", text, re.MULTILINE):
            names |= {one.split(" as ")[-1].strip() for one in group.split(",")}
        return names

    assert exported(site / "static" / "engine.js") >= exported(STATIC / "engine.js")


def test_the_html_allows_nothing_from_elsewhere(site: Path) -> None:
    html = (site / "index.html").read_text("utf-8")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy.startswith("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';")
    assert "unsafe-inline" not in policy
    assert "http" not in policy
    assert re.findall(r'<option value="(\w+)"', html) == ["color", "layer", "compare", "original", "jpg", "png", "webp"]
    assert '<link rel="manifest" href="manifest.webmanifest">' in html


def test_the_service_worker_keeps_every_file(site: Path) -> None:
    text = (site / "service_worker.js").read_text("utf-8")
    (kept,) = re.findall(r"^const SITE = (.*);$", text, re.MULTILINE)
    names = json.loads(kept)["files"].keys()
    there = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert names == (there - {"service_worker.js", "site.json"}) | {"./"}


def test_every_module_that_is_imported_is_there(site: Path) -> None:
    for path in (site / "static").rglob("*.js"):
        for name in re.findall(r'^(?:import|export) .*?from "([^"]+)"', path.read_text("utf-8"), re.MULTILINE):
            assert (path.parent / name).is_file(), f"{path.name} imports {name}"


def test_the_model_is_described(site: Path) -> None:
    model = json.loads((site / "model" / "model.json").read_text("utf-8"))
    assert model["edit"] == Edit().to_dict()
    for name in model["files"].values():
        assert (site / "model" / name).read_bytes() == find("tinct").with_name(name).read_bytes()


def test_the_graphs_are_those_of_the_model(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`scripts/write_page_graphs.py` writes them again."""
    spec, _ = check_pair(find("tinct"))
    made = made_graphs(spec)
    graphs = graphs_in({path.name: path.read_bytes() for path in (site / "model").iterdir()})
    assert graphs.keys() == made.keys()
    for name, data in made.items():
        nodes, numbers = zip(*(taken_apart(onnx.load_model_from_string(one).graph) for one in (graphs[name], data)), strict=True)
        assert nodes[0] == nodes[1], name
        for one, other in zip(*numbers, strict=True):  # logarithms may be rounded differently on another processor
            np.testing.assert_allclose(one, other, rtol=1e-5)
    monkeypatch.setattr(static_site, "made_graphs", lambda other: {"old": b"0", "new": f"{other.palette.boost}".encode()})
    other = replace(spec, palette=replace(spec.palette, boost=0.5))
    monkeypatch.setattr(static_site, "check_pair", lambda _: (other, "0"))
    files = {name.removeprefix("model/"): data for name, data in model_files("tinct")}
    assert graphs_in(files) == {"old": b"0", "new": b"0.5"}


def graphs_in(files: dict[str, bytes]) -> dict[str, bytes]:
    places = json.loads(files["model.json"])["graphs"]
    return {name: files["graphs.bin"][place["start"] : place["start"] + place["size"]] for name, place in places.items()}


def taken_apart(graph: onnx.GraphProto) -> tuple[list[Any], list[np.ndarray[Any, Any]]]:
    """What the nodes of a graph and of its subgraphs are, and its constants."""
    nodes: list[Any] = []
    numbers: list[np.ndarray[Any, Any]] = []
    for node in graph.node:
        nodes.append((node.op_type, list(node.input), list(node.output)))
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                numbers.append(onnx.numpy_helper.to_array(attribute.t))
            elif attribute.type == onnx.AttributeProto.GRAPH:
                more = taken_apart(attribute.g)
                nodes.append(more[0])
                numbers += more[1]
            else:
                nodes.append(str(attribute))
    return nodes, numbers


def test_licenses_are_there(site: Path) -> None:
    assert "MIT" in (site / "licenses" / "onnxruntime-LICENSE").read_text("utf-8")
    assert len((site / "licenses" / "onnxruntime-ThirdPartyNotices.txt").read_bytes()) > 10_000
    assert "Apache License" in (site / "licenses" / "tinct-LICENSE").read_text("utf-8")


def test_an_earlier_site_is_replaced_and_other_files_are_not(site: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    write_site(target)
    stale = target / "static" / "former.js"
    stale.write_text("")
    listed = json.loads((target / "site.json").read_text())
    (target / "site.json").write_text(json.dumps(listed | {"files": [*listed["files"], "static/former.js"]}))
    write_site(target)
    assert not stale.exists()
    assert (target / "service_worker.js").read_bytes() == (site / "service_worker.js").read_bytes()
    (target / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(ConfigError, match=r"holiday\.jpg") as caught:
        write_site(target)
    assert caught.value.code == "site-folder"
    assert (target / "holiday.jpg").read_bytes() == b"mine"


def test_what_an_interrupted_run_left_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_bytes

    def interrupted(path: Path, data: bytes) -> int:
        if path.name == "graphs.bin":
            raise KeyboardInterrupt
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_site(tmp_path / "site")
    monkeypatch.undo()
    assert (tmp_path / "site" / "index.html").is_file()
    write_site(tmp_path / "site")
    assert (tmp_path / "site" / "model" / "graphs.bin").is_file()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("mine")
    with pytest.raises(ConfigError, match="is no folder") as caught:
        write_site(tmp_path / "site")
    assert caught.value.code == "site-folder"
    assert (tmp_path / "site").read_text() == "mine"
    with pytest.raises(ConfigError, match=r"site.new can't be written to") as caught:
        write_site(tmp_path / "site" / "new")
    assert caught.value.code == "output-folder"


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    """What is behind them isn't tinct's to replace."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "app.css").write_text("mine")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "static").symlink_to(mine, target_is_directory=True)
    with pytest.raises(ConfigError, match="holds static"):
        write_site(tmp_path / "site")
    (tmp_path / "site" / "static").unlink()
    write_site(tmp_path / "site")
    (tmp_path / "site" / "index.html").unlink()
    (tmp_path / "site" / "index.html").symlink_to(mine / "app.css")
    with pytest.raises(ConfigError, match=r"holds index\.html"):
        write_site(tmp_path / "site")
    assert (mine / "app.css").read_text() == "mine"


def test_files_of_a_model_have_names_that_any_address_takes(tmp_path: Path) -> None:
    for path in find("tinct").parent.glob("tinct.*"):
        shutil.copy(path, tmp_path / path.name.replace("tinct", "my #1 möbel"))
    files = dict(model_files(str(tmp_path / "my #1 möbel.onnx")))
    model = json.loads(files["model/model.json"])
    assert model["files"]["decode"] == "model.decode.onnx"
    assert files["model/model.decode.onnx"] == find("tinct").with_name("tinct.decode.onnx").read_bytes()
    assert model["location"] == "my #1 möbel.safetensors", "what a graph exported under that name refers to"
    assert {name.removeprefix("model/") for name in files} == {
        *model["files"].values(),
        "model.json",
        "colors.json",
        "graphs.bin",
    }


def test_a_model_without_hints_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no hints"):
        write_site(tmp_path / "site", model="autoencoder")
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda one: one.name)
def test_scripts_name_no_server(script: Path) -> None:
    text = re.sub(
        r"https?://(www\.w3\.org|ns\.(adobe|acdsee|microsoft)\.com|www\.metadataworkinggroup\.com|iptc\.org|cv\.iptc\.org)/",
        "",
        script.read_text("utf-8"),
    )
    assert not re.search(r"https?://|XMLHttpRequest|WebSocket|sendBeacon|\beval\(|new Function", text)


def test_the_words_that_differ_are_there_in_every_language() -> None:
    words = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((LOCAL / "strings").glob("*.json"))}
    page = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((STATIC / "strings").glob("*.json"))}
    assert words.keys() == page.keys()
    for language, mine in words.items():
        assert mine.keys() == words["en"].keys()
        for key, text in mine.items():
            assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(words["en"][key])), key
            assert text != page[language].get(key)
            assert language == "en" or text != words["en"][key]


def test_every_refusal_of_the_worker_has_words() -> None:
    codes = {code for script in SCRIPTS for code in re.findall(r'(?:Refusal|Problem)\("([\w-]+)"', script.read_text("utf-8"))}
    assert "program-format" in codes
    words = json.loads((STATIC / "strings" / "en.json").read_text("utf-8")) | json.loads(
        (LOCAL / "strings" / "en.json").read_text("utf-8")
    )
    missing = {code for code in codes if f"fact.{code}" not in words}
    assert missing <= {
        "hint",
        "hint-outside",
        "region-outside",
        "edit-value",
        "part-outside",
    }  # of edits that no page makes, told in English


def test_every_note_of_the_worker_has_words() -> None:
    codes = {code for script in SCRIPTS for code in re.findall(r'\bnote\("([\w-]+)"', script.read_text("utf-8"))}
    assert codes > {"eight-bits", "rows-missing"}
    for path in (LOCAL / "strings").glob("*.json"):
        words = json.loads((STATIC / "strings" / path.name).read_text("utf-8")) | json.loads(path.read_text("utf-8"))
        assert {f"note.{code}" for code in codes} <= words.keys()
