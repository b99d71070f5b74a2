"""The folder of graphs: what is in it, and programs in other languages that use it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest

from conftest import Shared, draw
from graphs.graph_engine import GraphEngine
from node_runtime import unpack_runtime
from tinct import Colorizer
from tinct.errors import ConfigError, WeightsError
from tinct.graphs import DESCRIPTION, write_graphs, writing
from tinct.runtime.spec import bundled

EXAMPLES = Path(__file__).parents[2] / "examples" / "graphs"
MAX_OPSET = 21
"""Of ONNX Runtime Web 1.20 and later."""


@pytest.fixture(scope="module")
def graphs(shared_folder: Shared) -> Path:
    return shared_folder("graphs", lambda root: write_graphs(bundled()["tinct"], root / "graphs")) / "graphs"


def test_the_description_is_that_of_the_graphs(graphs: Path) -> None:
    record = json.loads((graphs / DESCRIPTION).read_text())
    files = {one["file"] for one in record["graphs"].values()}
    assert files | {record["weights"], DESCRIPTION} == {path.name for path in graphs.iterdir()}
    for one in record["graphs"].values():
        model = onnx.load(graphs / one["file"], load_external_data=False)
        for side, values in (("inputs", model.graph.input), ("outputs", model.graph.output)):
            assert [value["name"] for value in one[side]] == [value.name for value in values]
            assert all(value["type"] in ("float32", "int64") for value in one[side])
    assert record["constants"]["side"] == 160
    assert len(record["constants"]["bins"]) == 307


def test_graphs_use_standard_operators_and_no_paths(graphs: Path) -> None:
    for path in graphs.glob("*.onnx"):
        model = onnx.load(path, load_external_data=False)
        onnx.checker.check_model(model if path.stem not in ("automatic", "encode", "decode", "like") else str(path))
        assert {(entry.domain, entry.version <= MAX_OPSET) for entry in model.opset_import} == {("", True)}
        assert str(Path(__file__).parents[2]).encode() not in path.read_bytes()


def test_the_automatic_coloring_is_one_graph(graphs: Path) -> None:
    colorizer = Colorizer(threads=1, precision="float")
    for picture in (draw(3, 200, 150)[..., 1], draw(4, 40, 30)[..., 1]):
        canvas = colorizer.canvas(np.ascontiguousarray(picture))
        light = np.ascontiguousarray(canvas.encoded.lightness)
        engine = GraphEngine(graphs, light, canvas.photo.size)
        for vividness in (0.0, 0.5):
            ab = engine.run("automatic", lightness=light, vividness=vividness)["ab"].clip(-110, 110)
            assert np.abs(np.moveaxis(ab, 0, -1) - canvas.colors(vividness=vividness)).max() < 0.02


def test_constants_make_the_variants_of_seed_0(graphs: Path) -> None:
    """As docs/graphs.md says."""
    from tinct.coloring.variants import evenly

    constants = json.loads((graphs / DESCRIPTION).read_text())["constants"]
    count = len(constants["codes"]["directions"])
    ratio = 1.0
    for _ in range(60):
        ratio = (1 + ratio) ** (1 / (count + 1))
    places = [(shift + 2 * ratio**-i) % 1 for i, shift in enumerate(constants["shifts"]["places"], 1)]
    assert places == pytest.approx(evenly(np.random.default_rng(0), count, 2))
    assert constants["shifts"]["draws"]["8"] == np.random.default_rng((0, 8)).random(8).tolist()


def test_what_has_no_graphs_and_what_is_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="'vae' gives no distribution"):
        write_graphs(bundled()["vae"], tmp_path / "new")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo.jpg").write_text("x")
    with pytest.raises(ConfigError, match="mine exists"):
        write_graphs(bundled()["tinct"], tmp_path / "mine")
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "photo.jpg"]


def test_an_empty_folder_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the one that the program runs in; others may read it as any new folder."""
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    files = write_graphs(bundled()["tinct"], Path())
    assert {path.name for path in files} == {path.name for path in (tmp_path / "empty").iterdir()}
    (tmp_path / "usual").mkdir()
    write_graphs(bundled()["tinct"], tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_after_an_error_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing, "_constants", full)
    with pytest.raises(WeightsError, match="No space left") as caught:
        write_graphs(bundled()["tinct"], tmp_path / "new")
    assert caught.value.code == "output-folder"
    assert not list((tmp_path / "new").iterdir()), "an empty folder, which the next run may fill"


# ---- other languages ------------------------------------------------------------------------------------------------------------


def compare(graphs: Path, tmp_path: Path, command: list[str], **options: object) -> None:
    """The program's colors are those of `Colorizer`."""
    canvas = Colorizer(threads=1, precision="float").canvas(np.ascontiguousarray(draw(3, 200, 150)[..., 1]))
    light = np.ascontiguousarray(canvas.encoded.lightness)
    light.astype("<f4").tofile(tmp_path / "lightness")
    height, width = light.shape
    arguments = [str(graphs), str(tmp_path / "lightness"), str(height), str(width), "0.5", str(tmp_path / "ab")]
    subprocess.run([*command, *arguments], check=True, capture_output=True, **options)  # type: ignore[call-overload]
    ab = np.fromfile(tmp_path / "ab", "<f4").reshape(2, height, width)
    assert np.abs(np.moveaxis(ab, 0, -1) - canvas.colors()).max() < 0.02


def test_javascript(graphs: Path, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js on this machine")
    shutil.copy(EXAMPLES / "color.mjs", tmp_path / "color.mjs")
    unpack_runtime(tmp_path / "node_modules")
    compare(graphs, tmp_path, [node, "color.mjs"], cwd=tmp_path)


def test_cpp(graphs: Path, tmp_path: Path) -> None:
    """Set TINCT_ONNXRUNTIME to a folder with ONNX Runtime's include and lib."""
    runtime = Path(os.environ.get("TINCT_ONNXRUNTIME", "/nowhere"))
    if not shutil.which("g++") or not (runtime / "include" / "onnxruntime_cxx_api.h").is_file():
        pytest.skip("needs g++ and ONNX Runtime's headers")
    flags = [f"-I{runtime / 'include'}", f"-L{runtime / 'lib'}", f"-Wl,-rpath,{runtime / 'lib'}", "-lonnxruntime"]
    source, program = str(EXAMPLES / "color.cpp"), str(tmp_path / "color")
    subprocess.run(["g++", "-std=c++17", source, "-o", program, *flags], check=True, capture_output=True)
    compare(graphs, tmp_path, [program])
