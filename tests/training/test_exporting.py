from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from conftest import draw
from tinct import Colorizer, Edit, Photo
from tinct._util.fields import to_dict
from tinct._util.files import sha256
from tinct.color import ab_bins
from tinct.coloring.palette import expected_color, probabilities
from tinct.coloring.upsampling import recolor, sharpen
from tinct.coloring.variants import code_offset
from tinct.errors import ConfigError, WeightsError
from tinct.models import MODELS, Network
from tinct.runtime.prepare import Preparation
from tinct.runtime.sessions import ClassicNetwork
from tinct.runtime.sessions import load_network as load_session
from tinct.runtime.spec import METADATA_KEY, bundled, check_pair, read_spec
from tinct.training import exporting, onnx_graphs, resume_config, task
from tinct.training.exporting import PARITY, capabilities, export, load_network, parity
from tinct.training.run_folder import CHECKPOINT, load_checkpoint


@pytest.fixture(scope="module", autouse=True)
def _traced_once() -> Iterator[None]:
    """Tracing a network takes seconds, and its graphs are the same for every export: each is traced once for this module."""
    traced: dict[tuple[type, Preparation], dict[str, onnx.ModelProto]] = {}

    def graphs(network: Network, preparation: Preparation) -> dict[str, onnx.ModelProto]:
        key = type(network), preparation
        if key not in traced:
            traced[key] = onnx_graphs.graphs(network, preparation)
        return copy.deepcopy(traced[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting, "graphs", graphs)
        yield


@pytest.fixture(scope="module")
def exported(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(run, tmp_path_factory.mktemp("models") / "mine", note="drawn by the tests")


def test_two_files_are_written_and_nothing_else(exported: Path) -> None:
    assert sorted(p.name for p in exported.parent.iterdir()) == ["mine.onnx", "mine.safetensors"]


def test_onnx_runtime_gives_what_torch_gives(exported: Path, run: Path) -> None:
    """Through a second path than the one that `export` itself checks: the torch network is loaded from the safetensors file."""
    network, spec = load_network(exported.with_suffix(".safetensors"))
    assert spec.architecture == run.name
    assert parity(network, exported, spec) < PARITY


def test_parity_notices_other_weights(exported: Path, run: Path) -> None:
    network, spec = load_network(exported.with_suffix(".safetensors"))
    with torch.no_grad():
        list(network.parameters())[-1].add_(0.3)
    assert parity(network, exported, spec) > PARITY


def test_the_weights_are_the_checkpoint_s_in_half_precision(exported: Path, run: Path) -> None:
    network, _ = load_network(exported.with_suffix(".safetensors"))
    trained = load_checkpoint(run / CHECKPOINT, resume_config(run))["network"]
    loaded = network.state_dict()
    assert loaded.keys() == trained.keys()
    assert all(torch.equal(loaded[key], trained[key].half().float()) for key in trained)


def test_the_graph_holds_no_weights_of_its_own(exported: Path) -> None:
    model = onnx.load(exported, load_external_data=False)
    outside = [t for t in model.graph.initializer if t.data_location == onnx.TensorProto.EXTERNAL]
    locations = {entry.value for t in outside for entry in t.external_data if entry.key == "location"}
    assert locations == {"mine.safetensors"}
    assert exported.stat().st_size < 60_000
    assert all(t.data_type == onnx.TensorProto.FLOAT16 for t in outside)


def test_the_graph_tells_nothing_of_the_machine_it_was_made_on(exported: Path) -> None:
    content = exported.read_bytes() + exported.with_suffix(".safetensors").read_bytes()
    assert str(Path(__file__).parents[2]).encode() not in content
    assert b"site-packages" not in content


def test_both_files_carry_the_same_spec(exported: Path, run: Path) -> None:
    spec = read_spec(exported.with_suffix(".safetensors"))
    model = onnx.load(exported, load_external_data=False)
    assert {p.key: p.value for p in model.metadata_props}[METADATA_KEY] == spec.to_json()
    assert spec.checkpoint_sha256 == sha256(run / CHECKPOINT)
    assert spec.scores == json.loads((run / "scores.json").read_text())
    assert spec.training["pictures"]["train"] > 0
    assert spec.training["note"] == "drawn by the tests"
    assert "/" not in spec.training["recipe"]["data"][0]


def test_any_height_and_width_that_the_network_takes(exported: Path, run: Path) -> None:
    network = load_session(exported, check_pair(exported)[0], threads=1)
    assert isinstance(network, ClassicNetwork)
    for shape in [(16, 16), (16, 37), (50, 16), (9, 16)]:
        shape = shape if run.name == "autoencoder" else (min(shape[0], 16), min(shape[1], 16))
        ab = network.ab(np.full(shape, 50.0, np.float32))
        assert ab.shape == (*shape, 2)
        assert np.isfinite(ab).all()


def test_an_unfinished_run_can_be_exported(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / run.name
    shutil.copytree(run, copy)
    (copy / "scores.json").unlink()
    assert read_spec(export(copy, tmp_path / "half.onnx").with_suffix(".safetensors")).scores == {}


def test_an_earlier_export_is_replaced_only_when_asked(run: Path, tmp_path: Path) -> None:
    first = export(run, tmp_path / "mine")
    with pytest.raises(ConfigError, match=r"mine\.safetensors exists") as caught:
        export(run, tmp_path / "mine")
    assert caught.value.code == "model-exists"
    assert export(run, tmp_path / "mine", overwrite=True) == first


def test_an_earlier_export_survives_one_that_fails(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = export(run, tmp_path / "mine")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr("tinct.training.exporting.parity", lambda *_: 0.5)
    with pytest.raises(WeightsError, match=r"would differ from the network by 0\.5"):
        export(run, first, overwrite=True)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_spec_holds_the_network_s_whole_config(exported: Path, run: Path) -> None:
    spec, _ = check_pair(exported)
    network, _ = load_network(exported.with_suffix(".safetensors"))
    assert (spec.takes_hints, spec.has_code, spec.has_bins) == (False, False, False), "the code can't be chosen"
    assert spec.config["channels"] == [4, 8, 8, 8]
    assert ("latent" in spec.config) == (run.name == "vae")
    assert spec.parameters == sum(p.numel() for p in network.parameters())


def test_what_is_no_run_or_no_place_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="its folder is no run"):
        export(tmp_path, tmp_path / "mine")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WeightsError, match="file"):
        export(run, tmp_path / "file" / "mine")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file"]


def test_a_checkpoint_of_another_architecture_names_both(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    other = "autoencoder" if run.name == "vae" else "vae"
    text = (copy / "config.toml").read_text().replace(f'model = "{run.name}"', f'model = "{other}"')
    (copy / "config.toml").write_text(text.partition("[network]")[0])
    with pytest.raises(ConfigError, match=f"architecture '{run.name}'.*'{other}'"):
        export(copy, tmp_path / "mine")


# ---- what the colorizer makes of damaged or foreign files ----


@pytest.mark.parametrize(("graph", "weights"), [("autoencoder", "vae"), ("vae", "autoencoder")])
def test_a_pair_of_two_architectures_names_both(graph: str, weights: str, tmp_path: Path) -> None:
    shutil.copy(bundled()[graph], tmp_path / "mine.onnx")
    shutil.copy(bundled()[weights].with_suffix(".safetensors"), tmp_path / "mine.safetensors")
    with pytest.raises(WeightsError, match=f"mine.onnx is of architecture '{graph}', .*mine.safetensors of '{weights}'"):
        Colorizer(tmp_path / "mine.onnx")


def test_weights_of_another_export_are_refused(exported: Path, run: Path, tmp_path: Path) -> None:
    shutil.copy(exported, tmp_path / "mine.onnx")
    content = bytearray(exported.with_suffix(".safetensors").read_bytes())
    content[-100] ^= 1
    (tmp_path / "mine.safetensors").write_bytes(content)
    with pytest.raises(WeightsError, match="isn't the file that"):
        Colorizer(tmp_path / "mine.safetensors")


def test_a_foreign_onnx_file_is_refused(tmp_path: Path) -> None:
    shape = [1]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Relu", ["x"], ["y"])],
        "g",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, shape)],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, tmp_path / "foreign.onnx")
    (tmp_path / "foreign.safetensors").write_bytes(b"x")
    with pytest.raises(WeightsError, match="is not a model file of tinct"):
        Colorizer(tmp_path / "foreign.onnx")


@pytest.mark.parametrize(
    "damage", [lambda c: c[: len(c) // 2], lambda c: b"", lambda c: b"hello world" * 9], ids=["cut", "empty", "text"]
)
@pytest.mark.parametrize("suffix", [".onnx", ".safetensors"])
def test_damaged_files_are_refused(damage, suffix: str, exported: Path, tmp_path: Path) -> None:
    for path in (exported, exported.with_suffix(".safetensors")):
        content = path.read_bytes()
        (tmp_path / path.name).write_bytes(damage(content) if path.suffix == suffix else content)
    with pytest.raises(WeightsError, match=f"mine.*{suffix}|mine.onnx"):
        Colorizer(tmp_path / "mine.onnx")


def test_a_missing_half_is_named(exported: Path, tmp_path: Path) -> None:
    shutil.copy(exported, tmp_path / "mine.onnx")
    with pytest.raises(WeightsError, match=r"mine\.safetensors: no such file"):
        Colorizer(tmp_path / "mine.onnx")


def test_the_shipped_network_is_the_task_s(exported: Path, run: Path) -> None:
    """The colors in use are the torch network's own RGB turned into a*, b*."""
    network, spec = load_network(exported.with_suffix(".safetensors"))
    lightness = np.random.default_rng(1).uniform(0, 100, (16, 16)).astype(np.float32)
    gray = torch.from_numpy(spec.preparation.prepare(lightness[None]))
    with torch.no_grad():
        rgb = task.predict(network, gray).numpy()
    expected = spec.preparation.restore(rgb, 16, 16)[0]
    in_use = load_session(exported, spec, threads=1)
    assert isinstance(in_use, ClassicNetwork)
    assert np.abs(in_use.ab(lightness) - expected).max() < 0.1


@pytest.mark.parametrize("name", bundled())
def test_a_bundled_model_loads_into_the_current_network(name: str) -> None:
    """Its files were written before some names were changed."""
    weights = bundled()[name].with_suffix(".safetensors")
    network, spec = load_network(weights)
    assert type(network) is MODELS[name]
    assert sum(p.numel() for p in network.parameters()) == spec.parameters
    declared = capabilities(type(network))
    assert {key: getattr(spec, key) for key in declared} == declared, "as they are derived for files that don't record them"


# ---- the flagship ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flagship(flagship_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(flagship_run, tmp_path_factory.mktemp("flagship") / "mine")


def test_the_flagship_is_three_graphs_over_one_file_of_weights(flagship: Path) -> None:
    names = ["mine.decode.onnx", "mine.like.onnx", "mine.onnx", "mine.safetensors"]
    assert sorted(p.name for p in flagship.parent.iterdir()) == names
    for name in names[:3]:
        model = onnx.load(flagship.with_name(name), load_external_data=False)
        outside = [t for t in model.graph.initializer if t.data_location == onnx.TensorProto.EXTERNAL]
        assert {e.value for t in outside for e in t.external_data if e.key == "location"} == {"mine.safetensors"}
        assert str(Path.home()) not in str(model)
    inputs = {p: [v.name for v in onnx.load(flagship.with_name(p), load_external_data=False).graph.input] for p in names[:3]}
    features = ["feature0", "feature1", "feature2", "feature3"]
    assert inputs["mine.decode.onnx"] == [*features, "hints", "code"]
    assert inputs["mine.like.onnx"] == ["ab", "feature0", "feature3"]


def test_nothing_keeps_batch_normalization_from_merging_into_convolutions(flagship: Path, tmp_path: Path) -> None:
    """ONNX Runtime merges them when it loads the graph, unless a convolution has a bias that is computed."""
    for path in (flagship, flagship.with_name("mine.decode.onnx"), *(bundled()["tinct"].parent.glob("tinct*.onnx"))):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath, options.log_severity_level = str(tmp_path / "optimized.onnx"), 4
        onnxruntime.InferenceSession(onnx.load(path).SerializeToString(), options, providers=["CPUExecutionProvider"])
        kinds = {node.op_type for node in onnx.load(tmp_path / "optimized.onnx", load_external_data=False).graph.node}
        assert not kinds & {"BatchNormalization", "Pad"}, path.name


def test_the_flagship_gives_what_torch_gives(flagship: Path) -> None:
    network, spec = load_network(flagship.with_suffix(".safetensors"))
    assert parity(network, flagship, spec) < PARITY
    with torch.no_grad():
        network.get_parameter("head.1.weight").mul_(3)
    assert parity(network, flagship, spec) > PARITY


def test_a_seed_gives_the_same_colors_in_torch_and_in_use(flagship: Path) -> None:
    """A variant's noise, fed to the network in torch, gives the variant's colors, once its regions are drawn toward theirs."""
    network, spec = load_network(flagship.with_suffix(".safetensors"))
    gray = np.asarray(draw(4, 64, 64)[..., 1])
    canvas = Colorizer(flagship, threads=1).canvas(gray)
    edit = Edit(variant=3, seed=5, vividness=0)
    variant = canvas.colorize(edit)
    noise = code_offset(spec.codes, spec.config["latent"], 5, 2)
    width, height = spec.preparation.size(64, 64)
    lightness = Photo.open(gray).small_lightness(width, height)
    with torch.no_grad():
        given = torch.zeros(1, 3, height, width)
        logits = network(torch.from_numpy(spec.preparation.prepare(lightness[None])), given, torch.from_numpy(noise))
    (tilted,) = canvas._tilted([logits[0].numpy()], [given[0].numpy()], edit)
    cells = expected_color(probabilities(tilted))
    expected = recolor(Photo.open(gray), sharpen(cells, spec.preparation.pad(lightness[None])[0])[:height, :width]).to_numpy()
    assert np.abs(variant.to_numpy().astype(int) - expected).max() <= 1


def test_where_codes_lie_comes_from_the_run(flagship: Path, flagship_run: Path) -> None:
    """And what the run found is where the codes of its training pictures lie."""
    scores = json.loads((flagship_run / "scores.json").read_text())
    spec = read_spec(flagship.with_suffix(".safetensors"))
    assert to_dict(spec.codes) == scores["codes"]
    assert "codes" not in spec.scores
    assert len(spec.codes.mean) in (0, spec.config["latent"])


def test_batchnorm_s_statistics_stay_in_single_precision(flagship: Path, flagship_run: Path) -> None:
    """They may be too large for half precision."""
    network, _ = load_network(flagship.with_suffix(".safetensors"))
    trained = load_checkpoint(flagship_run / CHECKPOINT, resume_config(flagship_run))["network"]
    kept = [key for key in trained if key.endswith(("running_mean", "running_var"))]
    assert kept
    assert all(torch.equal(network.state_dict()[key], trained[key]) for key in kept)


def test_weights_that_half_precision_can_t_hold_are_refused(flagship_run: Path, tmp_path: Path) -> None:
    run = shutil.copytree(flagship_run, tmp_path / "astray", ignore=shutil.ignore_patterns("cache"))
    checkpoint = torch.load(run / CHECKPOINT, weights_only=True)
    checkpoint["network"]["head.1.bias"][0] = 1e6
    torch.save(checkpoint, run / CHECKPOINT)
    with pytest.raises(WeightsError, match=r"head\.1\.bias holds numbers up to 1e\+06"):
        export(run, tmp_path / "mine")
    assert not list(tmp_path.glob("mine*"))


def test_the_flagship_s_spec_says_how_often_colors_occur(flagship: Path) -> None:
    spec = read_spec(flagship.with_suffix(".safetensors"))
    assert spec.parts == ("decode", "like")
    assert (spec.takes_hints, spec.has_code, spec.has_bins) == (True, True, True)
    assert sum(spec.palette.frequency) == pytest.approx(1, abs=1e-4)
    assert np.array(spec.palette.frequency) @ ab_bins() == pytest.approx(spec.training["mean_ab"])


@pytest.mark.parametrize("name", ["mine.decode.onnx", "mine.like.onnx"])
def test_a_part_that_is_missing_or_another_s_is_named(flagship: Path, tmp_path: Path, name: str) -> None:
    for file in flagship.parent.iterdir():
        shutil.copy(file, tmp_path / file.name)
    shutil.copy(bundled()["tinct"].with_name(name.replace("mine", "tinct")), tmp_path / name)
    with pytest.raises(WeightsError, match=name):
        check_pair(tmp_path / "mine.onnx")
    (tmp_path / name).unlink()
    with pytest.raises(WeightsError, match=name):
        check_pair(tmp_path / "mine.onnx")


def test_an_evaluation_s_figures_are_kept_without_its_pictures(flagship_run: Path, tmp_path: Path) -> None:
    figures = {"methods": {"model": {"gain": {"mean": 1.5}}}}
    record = {"protocol": "tinct-256", "sets": {"val": {**figures, "rows": [{"name": "x"}], "source": "/home/somebody/val"}}}
    (tmp_path / "evaluation.json").write_text(json.dumps(record))
    graph = export(flagship_run, tmp_path / "mine", evaluation=tmp_path / "evaluation.json")
    kept = read_spec(graph.with_suffix(".safetensors")).scores["evaluation"]
    assert kept == {"protocol": "tinct-256", "sets": {"val": figures}}
    (tmp_path / "evaluation.json").write_text("[]")
    with pytest.raises(ConfigError, match="no evaluation"):
        export(flagship_run, tmp_path / "mine", evaluation=tmp_path / "evaluation.json", overwrite=True)
