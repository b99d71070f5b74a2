from __future__ import annotations

import importlib
import io
import json
import multiprocessing
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from conftest import draw
from tinct import Photo
from tinct.cli.app import app
from tinct.color import rgb_to_lab
from tinct.coloring.hints import Hint
from tinct.errors import ConfigError, DataError, TinctError
from tinct.evaluation import perceptual, workers
from tinct.evaluation.cost import measure_cost
from tinct.evaluation.levin import Levin
from tinct.evaluation.measure import Measurer, Task
from tinct.evaluation.picture_sets import load_sets, open_pixels
from tinct.evaluation.protocol import PROTOCOLS, Protocol, gray_of, hint_patches, hint_places
from tinct.evaluation.runner import evaluate, read_subsets
from tinct.evaluation.summary import headline, summarize
from tinct.reports.evaluation_page import hint_chart
from tinct.reports.evaluation_tables import tables
from tinct.runtime.prepare import Preparation
from tinct.runtime.spec import ModelSpec

TINCT = PROTOCOLS["tinct-256"]
SMALL = Protocol("small", side=64, hint_counts=(0, 10, 100), samples=3, details=(48, 64, 96))


class FakeCanvas:
    """Paints all of a picture in one color, and its hints where they belong."""

    def __init__(self, photo: Photo, seen: list[tuple[int, int | None]], detail: int | None) -> None:
        self.photo, self.size = photo, photo.size
        seen.append((photo.width, detail))

    def colorize(
        self, *, hints: Any = (), like: None = None, variants: int = 1, seed: int = 0, vividness: float = 0.5, strength: float = 1.0
    ) -> Any:
        results = []
        for number in range(variants):
            ab = np.full((self.photo.height, self.photo.width, 2), 4 + 10 * vividness + 3 * number, np.float32)
            for hint in hints:
                assert isinstance(hint, Hint)
                half = hint.size / 2
                ab[round(hint.y - half) : round(hint.y + half), round(hint.x - half) : round(hint.x + half)] = hint.ab
            results.append(self.photo.recolored(ab))
        return results if variants > 1 else results[0]


class FakeColorizer:
    takes_hints = draws_variants = True

    def __init__(self, model: str | Path = "fake", *, threads: int = 0) -> None:
        self.spec = ModelSpec("fake", "fake", Preparation(64), parameters=7)
        self.seen: list[tuple[int, int | None]] = []

    def canvas(self, source: Any, *, detail: int | None = None, best: bool = False) -> FakeCanvas:
        return FakeCanvas(Photo.open(source), self.seen, detail)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that takes hints and draws variants, under a protocol of small pictures."""

    def colorizer(model: Any, *, threads: int = 0) -> Any:
        return FakeColorizer()

    module = importlib.import_module("tinct.evaluation.runner")
    monkeypatch.setattr(workers, "Colorizer", colorizer)
    monkeypatch.setattr(module, "Colorizer", colorizer)
    monkeypatch.setattr(module, "find_protocol", lambda name: SMALL)
    cost = {"seconds": 0.01, "load_seconds": 0.1, "peak_mb": 90.0, "pictures": 12, "threads": 1}
    monkeypatch.setattr(module, "measure_cost", lambda model, grays: cost)


@pytest.fixture(scope="module")
def shard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 pictures, one gray one, one broken."""
    path = tmp_path_factory.mktemp("shards") / "val-000.tar"
    with tarfile.open(path, "w") as tar:
        for i in range(14):
            picture = draw(100 + i, 70, 60)
            file = io.BytesIO()
            Image.fromarray(picture).convert("L" if i == 12 else "RGB").save(file, "PNG")
            data = file.getvalue()[: 100 if i == 13 else None]
            info = tarfile.TarInfo(f"{i:02d}.png")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


# ---- pictures -------------------------------------------------------------------------------------------------------------------


def test_sets_are_named_counted_and_ranked(shard: Path, folder: Path, tmp_path: Path) -> None:
    val, pictures, again = load_sets([str(shard), str(folder), str(shard)], SMALL, 0, tmp_path, lambda *_: None)
    assert (val.name, again.name) == ("val", "val-2")
    assert (len(val.names), val.dropped) == (12, {"broken": 1, "gray": 1})
    assert sorted(val.ranking) == list(range(12))
    assert val.ranking == again.ranking
    assert open_pixels(val.pixels, 64).shape == (12, 64, 64, 3)
    labs = rgb_to_lab(open_pixels(pictures.pixels, 64))
    np.testing.assert_allclose(pictures.mean_ab, labs[..., 1:].mean(axis=(0, 1, 2)), rtol=1e-4)


def test_a_part_of_the_files_is_always_the_same(shard: Path, tmp_path: Path) -> None:
    few, all_of_them = ({*load_sets([str(shard)], SMALL, n, tmp_path, lambda *_: None)[0].names} for n in (4, 0))
    (more,) = load_sets([str(shard)], SMALL, 8, tmp_path, lambda *_: None)
    assert few < {*more.names} < all_of_them
    assert len(more.names) + sum(more.dropped.values()) == 8


def test_nothing_to_measure_with(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no pictures"):
        load_sets([str(tmp_path)], SMALL, 0, tmp_path, lambda *_: None)
    Image.fromarray(draw(1)).convert("L").save(tmp_path / "gray.png")
    with pytest.raises(DataError, match=r"no picture to measure with \(1 gray\); name color photographs"):
        load_sets([str(tmp_path)], SMALL, 0, tmp_path, lambda *_: None)


# ---- one picture ----------------------------------------------------------------------------------------------------------------


def test_a_model_is_shown_lightness_only_and_every_working_size() -> None:
    colorizer: Any = FakeColorizer()
    seen = []
    canvas = colorizer.canvas
    colorizer.canvas = lambda source, detail=None: (seen.append(source), canvas(source, detail=detail))[1]
    real = np.asarray(Image.fromarray(draw(1)).resize((64, 64)))
    Measurer(colorizer, {}, SMALL, (0, 0)).measure(real, "a.png", frozenset({"stability"}))
    assert all(source.ndim == 2 and source.dtype == np.uint8 for source in seen)
    np.testing.assert_array_equal(seen[0], gray_of(real))
    assert colorizer.seen == [(64, None)] + 2 * [(64, 48), (64, 64), (96, 96), (64, None)]


def test_row_of_a_picture() -> None:
    real = np.asarray(Image.fromarray(draw(1)).resize((64, 64)))
    colorizer: Any = FakeColorizer()
    row = Measurer(colorizer, {"other": colorizer}, SMALL, (4, 4)).measure(
        real, "x/a.png", frozenset({"hints", "levin", "diversity", "stability"})
    )
    methods = row["methods"]
    assert list(methods) == ["gray", "mean color", "other", "model", "model, vivid"]
    assert methods["mean color"] == methods["model"]  # at vividness 0 the fake gives that very color
    assert methods["other"] == methods["model, vivid"]
    assert methods["gray"]["cf"] == 0
    assert row["hints"]["psnr"][0] == methods["model"]["psnr"]
    assert row["hints"]["own_place"][0] is None
    assert max(row["hints"]["own_place"][1:]) < 3  # 8-bit rounding and the gamut
    assert row["levin"]["psnr"][0] == methods["gray"]["psnr"]
    assert row["levin"]["psnr"][-1] > methods["gray"]["psnr"]
    for found in row["diversity"].values():
        assert found["best"] >= found["mean"]
        assert found["de2000"] > 1
    assert max(row["stability"].values()) < 0.5  # the fake's color doesn't depend on the size
    assert row["lightness"] < 0.6


def test_levin_and_the_model_get_the_same_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, list[Any]] = {"levin": [], "model": []}
    colorize, levin = FakeCanvas.colorize, Levin.colorize

    def spy(self: FakeCanvas, **options: Any) -> Any:
        if options.get("hints"):
            mask = np.zeros((64, 64), bool)
            for hint in options["hints"]:
                mask[round(hint.y - 3) : round(hint.y + 3), round(hint.x - 3) : round(hint.x + 3)] = True
            given["model"].append(mask)
        return colorize(self, **options)

    monkeypatch.setattr(FakeCanvas, "colorize", spy)
    monkeypatch.setattr(Levin, "colorize", lambda self, mask, ab: (given["levin"].append(mask), levin(self, mask, ab))[1])
    real = np.asarray(Image.fromarray(draw(1)).resize((64, 64)))
    measurer = Measurer(FakeColorizer(), {}, SMALL, (0, 0))  # type: ignore[arg-type]
    measurer.measure(real, "a.png", frozenset({"hints", "levin"}))
    np.testing.assert_array_equal(given["model"], given["levin"][1:])
    for patch in hint_patches(hint_places("a.png", 10, SMALL), SMALL):
        assert given["model"][0][patch].all()


# ---- figures --------------------------------------------------------------------------------------------------------------------


def made_up(gray: float, model: float, **more: Any) -> dict[str, Any]:
    figures = {"ssim": 0.9, "de2000": 10.0, "cf": 20.0, "cf_ddcolor": 10.0}
    methods = {"gray": {"psnr": gray, **figures, "cf": 0.0}, "model": {"psnr": model, **figures}}
    return {"name": "a", "cf": 40.0, "cf_ddcolor": 30.0, "methods": methods, "lightness": 0.3, **more}


def test_gain_is_that_of_the_same_pictures() -> None:
    summary = summarize([made_up(10, 12), made_up(30, 32.5), made_up(20, 21.5)], SMALL)
    model = summary["methods"]["model"]
    assert model["gain"] == {"mean": 2.0, "se": pytest.approx(0.5 / 3**0.5)}  # though PSNR itself differs by 10 dB
    assert model["psnr"]["se"] > 5
    assert model["cf_ratio"] == 0.5
    assert summary["lightness_change"] == {"mean": pytest.approx(0.3), "max": 0.3}
    assert not {"hints", "levin", "diversity", "stability"} & summary.keys()


def test_levin_is_compared_on_its_own_pictures() -> None:
    rows = [
        made_up(20, 22, hints={"psnr": [22, 23, 24], "own_place": [None, 1.0, 3.0]}, levin={"psnr": [20, 21, 22.5]}),
        made_up(30, 31, hints={"psnr": [31, 31, 32], "own_place": [None, 2.0, 2.0]}),
    ]
    summary = summarize(rows, SMALL)
    assert [g["mean"] for g in summary["hints"]["gain"]] == [1.5, 2.0, 3.0]
    assert [g["mean"] for g in summary["levin"]["gain"]] == [0, 1, 2.5]
    assert [g["mean"] for g in summary["levin"]["model_ahead"]] == [2, 2, 1.5]
    assert summary["hints"]["own_place"] == [None, 1.5, 2.5]
    svg = hint_chart(summary).decode()
    assert svg.startswith("<svg")
    assert "Levin 2004" in svg


# ---- all of it ------------------------------------------------------------------------------------------------------------------


def test_bundled_model_end_to_end(shard: Path, folder: Path, tmp_path: Path) -> None:
    """Under the real protocol, by the command line, with the model as it comes in the package."""
    arguments = ["evaluate", "autoencoder", "--data", str(shard), "--data", str(folder), "--pictures", "3", "--workers", "1"]
    ended = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "out")])
    assert ended.exit_code == 0, (ended.output, ended.exception)
    assert str(tmp_path / "out" / "evaluation.html") == ended.output.splitlines()[-1]
    assert "Gain over gray, automatic" in ended.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["evaluation.html", "evaluation.json"]

    found = json.loads((tmp_path / "out" / "evaluation.json").read_text("utf-8"))
    assert found["protocol"] == "tinct-256"
    assert found["model"]["name"] == "autoencoder"
    assert len(found["sets"]) == 2
    for summary in found["sets"].values():
        assert list(summary["methods"]) == ["gray", "mean color", "vae", "model"]
        assert summary["methods"]["gray"]["gain"] == {"mean": 0.0, "se": 0.0}
        assert summary["pictures"] == len(summary["rows"]) == 3 - sum(summary["dropped"].values())
        psnr = [row["methods"]["model"]["psnr"] for row in summary["rows"]]
        assert summary["methods"]["model"]["psnr"]["mean"] == pytest.approx(np.mean(psnr), abs=1e-3)
        assert summary["lightness_change"]["max"] < 1
    assert found["cost"]["seconds"] > 0
    assert found["not_measured"].keys() >= {"bleeding"}


def test_hints_samples_and_sizes_reach_the_page(fake: None, shard: Path, tmp_path: Path) -> None:
    heard = []
    found = evaluate(
        "autoencoder",
        [str(shard)],
        tmp_path,
        subsets={"hints": 3, "levin": 2, "diversity": 2, "stability": 1},
        workers=1,
        progress=lambda what, done, total: heard.append((what, done, total)),
    )
    val = found["sets"]["val"]
    assert [val[part]["pictures"] for part in ("hints", "levin", "diversity", "stability")] == [3, 2, 2, 1]
    assert ("measuring", 12, 12) in heard
    values = {line.what: line.values[0] for line in headline(found)}
    assert "–" not in values.values()

    page = (tmp_path / "evaluation.html").read_text("utf-8")
    for words in ("this model", "Levin 2004", "sample 2", "10 hints", "SIGGRAPH17", "1 gray left out", "The best", "lpips"):
        assert words.lower() in page.lower(), words
    assert not re.search(r"<script|https?://(?!www\.w3\.org)|src=\"(?!data:)", page)  # it stands alone
    assert len(re.findall(r"<img ", page)) == 6 * (8 + 3 * 3)
    assert not re.search(r"\b(nan|inf|undefined|None)\b", re.sub(r"<(svg|style).*?</\1>|src=\"[^\"]*\"", "", page, flags=re.S))
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))

    lines = (tmp_path / "evaluation.json").read_text("utf-8").splitlines()
    assert sum('"name": "val-000.tar/' in line for line in lines) == 12  # one line a picture
    assert len(tables(found)) == 3


@pytest.mark.parametrize("part", ["hints", "levin", "diversity", "stability"])
def test_any_part_can_be_left_out(part: str, fake: None, shard: Path, tmp_path: Path) -> None:
    subsets = {"hints": 1, "levin": 1, "diversity": 1, "stability": 1} | {part: 0}
    found = evaluate("autoencoder", [str(shard)], tmp_path, subsets=subsets, workers=1, pictures=2)
    assert part not in found["sets"]["val"]
    assert (tmp_path / "evaluation.html").stat().st_size > 10_000
    assert tables(found)


def test_same_figures_from_one_process_and_from_two(shard: Path, tmp_path: Path) -> None:
    (val,) = load_sets([str(shard)], SMALL, 3, tmp_path, lambda *_: None)
    job = workers.Job("autoencoder", (), SMALL, (0.0, 0.0), (val.pixels,))
    tasks = [Task(0, i, name, frozenset()) for i, name in enumerate(val.names)]
    alone = dict(workers.run(job, tasks, 1))
    assert dict(workers.run(job, tasks, 2)) == alone
    broken_off = workers.run(job, tasks * 40, 2)
    next(broken_off)
    broken_off.close()  # as Ctrl-C does
    assert not multiprocessing.active_children()


def test_kept_pictures_lie_beside_the_real_ones(shard: Path, tmp_path: Path) -> None:
    (val,) = load_sets([str(shard)], SMALL, 3, tmp_path, lambda *_: None)
    for method in ("gray", "mean color", "model"):
        workers.results_path(val.pixels, method).write_bytes(bytes(val.pixels.stat().st_size))
    job = workers.Job("autoencoder", (), SMALL, (0.0, 0.0), (val.pixels,), keep=True)
    assert all(
        "pictures" not in row for _, row in workers.run(job, [Task(0, i, n, frozenset()) for i, n in enumerate(val.names)], 1)
    )
    reals, grays = (open_pixels(path, 64) for path in (val.pixels, workers.results_path(val.pixels, "gray")))
    for real, gray in zip(reals, grays, strict=True):
        np.testing.assert_array_equal(gray[..., 0], gray_of(np.asarray(real)))


def test_cost_of_a_picture() -> None:
    cost = measure_cost("autoencoder", np.stack([gray_of(draw(i)) for i in range(3)]))
    assert 0 < cost["seconds"] < cost["load_seconds"] + 60
    assert cost["peak_mb"] is None or 20 < cost["peak_mb"] < 2000
    assert (cost["pictures"], cost["threads"]) == (3, 1)
    with pytest.raises(TinctError, match=r"cost of nonsense can't be measured: .*There is no model 'nonsense'"):
        measure_cost("nonsense", np.zeros((1, 16, 16), np.uint8))


def test_measuring_processes_load_no_torch() -> None:
    code = "import sys, tinct.evaluation.workers; print(sorted({'torch', 'matplotlib', 'jinja2'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


# ---- LPIPS and FID --------------------------------------------------------------------------------------------------------------


def test_perceptual_measures_say_why_they_are_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(perceptual, "find_spec", lambda name: None)
    assert perceptual.missing("lpips") == "torchmetrics is not installed"
    monkeypatch.setattr(perceptual, "find_spec", lambda name: None if name == "torch_fidelity" else name)
    assert perceptual.missing("fid") == "torch_fidelity is not installed"
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert "alexnet-owt-7be5be79.pth, are not in PyTorch's hub folder" in str(perceptual.missing("lpips"))
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    (tmp_path / "hub" / "checkpoints" / "alexnet-owt-7be5be79.pth").touch()
    assert perceptual.missing("lpips") is None


def test_perceptual_measures_get_what_torchmetrics_expects(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    class Metric:
        def __init__(self, **options: Any) -> None:
            self.options, self.seen = options, []

        def update(self, *images: Any, **side: Any) -> None:
            self.seen.append((images, side))

        def compute(self) -> float:
            for images, _ in self.seen:
                assert all(image.shape[1:] == (3, 8, 8) for image in images)
            if self.options.get("net_type") == "alex":
                assert self.options["normalize"]  # from 0..1
                assert all(image.min() >= 0 and image.max() == 1 for images, _ in self.seen for image in images)
                return 0.25
            assert all(image.dtype == torch.uint8 for images, _ in self.seen for image in images)
            return float(sum(len(images[0]) * (1 if side["real"] else 100) for images, side in self.seen))

    for name, kind in (("lpip", "LearnedPerceptualImagePatchSimilarity"), ("fid", "FrechetInceptionDistance")):
        module = type(sys)(name)
        setattr(module, kind, Metric)
        monkeypatch.setitem(sys.modules, f"torchmetrics.image.{name}", module)
    pictures = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), dtype=np.uint8)
    pictures[:, 0, 0] = 255
    assert perceptual.lpips(pictures, pictures) == 0.25
    assert perceptual.fid(pictures, pictures) == 20 * 101


# ---- what doesn't fit -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"protocol": "tinct256"}, r"no protocol 'tinct256' \(did you mean 'tinct-256'\?\)"),
        ({"model": "autoencodr"}, "did you mean 'autoencoder'"),
        ({"data": []}, "Name the pictures"),
        ({"data": ["nowhere"]}, "nowhere: no such folder or shard"),
        ({"workers": -1}, "can't be negative"),
    ],
)
def test_bad_input(changes: dict[str, Any], message: str, shard: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {"model": "autoencoder", "data": [str(shard)], "output": tmp_path / "out", "workers": 1} | changes
    with pytest.raises(TinctError, match=message):
        evaluate(options.pop("model"), options.pop("data"), options.pop("output"), **options)
    assert not (tmp_path / "out" / "evaluation.json").exists()


def test_results_that_cannot_be_written(shard: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="Name another folder with -o"):
        evaluate("autoencoder", [str(shard)], tmp_path / "file")


def test_subsets() -> None:
    assert read_subsets(["levin=0", " hints = 7"]) == {"hints": 7, "levin": 0, "diversity": 100, "stability": 50}
    with pytest.raises(ConfigError, match=r"'levine' can't be set \(did you mean 'levin'\?\)"):
        read_subsets(["levine=3"])
    for text in ("levin", "levin=", "levin=-1", "levin=x"):
        with pytest.raises(ConfigError, match="write a number of pictures, such as levin=100"):
            read_subsets([text])
