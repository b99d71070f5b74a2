"""The coloring of the static page, which is JavaScript, gives what the library gives: the same modules in Node.js on the same inputs."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import data

from node_runtime import unpack_runtime
from tinct import Colorizer, Photo
from tinct.color import ab_bins, gamut_chroma, lab_to_rgb, rgb_to_lab
from tinct.coloring import Edit
from tinct.coloring.canvas import Canvas
from tinct.coloring.color_names import color_table
from tinct.coloring.encoding import EncodedPhoto, View
from tinct.coloring.encoding import _affinity as affinity_between
from tinct.coloring.packing import Reference
from tinct.coloring.palette import histogram
from tinct.coloring.provenance import Record
from tinct.coloring.upsampling import recolor
from tinct.photo.own_color import has_own_color
from tinct.resampling import area_resize, bilinear_resize
from tinct.runtime.sessions import Encoded, TinctNetwork
from tinct.runtime.spec import check_pair, find
from tinct.web.static_site import LOCAL, model_files

NODE = shutil.which("node")
PHOTO = (408, 300)
"""(width, height) of the photograph, in pixels."""
SMALL = (218, 160)
"""At the working size, no multiple of the network's cells."""
LATENT = 32
SEEDS: list[list[int]] = [[0], [7, 8], [2**40 + 3], [0, 6]]
EDITS: dict[str, dict[str, Any]] = {
    "automatic": {},
    "the mean": {"vividness": 0.0},
    "vivid": {"vividness": 1.0},
    "a variant": {"variant": 2},
    "another seed": {"variant": 5, "seed": 12},
    "a plausible hint": {"hints": [{"x": 200, "y": 150, "color": "#b58863"}]},
    "an implausible hint": {"hints": [{"x": 100, "y": 200, "color": "#10c020"}]},
    "three colors": {
        "hints": [
            {"x": 60, "y": 40, "color": "#7090c0"},
            {"x": 200, "y": 100, "color": "#c03030"},
            {"x": 333.3, "y": 280, "ab": [10, 30], "size": 40},
        ]
    },
    "the light of the picture": {"hints": [{"x": 200, "y": 150, "color": "#b58863", "reach": "picture"}]},
    "the rest kept": {"hints": [{"x": 200, "y": 150, "color": "#305080", "keep_rest": True}]},
    "a polygon": {
        "hints": [{"x": 100, "y": 100, "color": "#a04040", "reach": {"region": [[40, 40], [200, 60.5], [180, 200], [30, 180]]}}]
    },
    "a stroke": {
        "hints": [{"x": 100, "y": 100, "color": "#40a040", "reach": {"brush": [[40, 40], [200, 60.5], [180, 200]], "width": 25}}]
    },
    "one kept": {
        "hints": [
            {"x": 100, "y": 200, "color": "#10c020"},
            {"x": 300, "y": 60, "color": "keep"},
            {"x": 200, "y": 100, "color": "#c03030"},
        ]
    },
    "an area kept": {
        "hints": [
            {"x": 100, "y": 200, "color": "#c03030"},
            {"x": 300, "y": 60, "color": "keep", "reach": {"region": [[250, 20], [390, 20], [320, 140]]}},
            {"x": 200, "y": 100, "color": "#3030c0", "keep_rest": True},
        ]
    },
    "a variant with a hint": {"variant": 3, "hints": [{"x": 200, "y": 150, "color": "#b58863"}]},
    "a reference": {"like": "reference"},
    "a variant of a reference": {"like": "reference", "variant": 4},
    "half of a reference": {"like": "reference", "like_strength": 0.5},
    "a variant of half of a reference": {"like": "reference", "like_strength": 0.5, "variant": 3},
    "a reference without strength": {"like": "reference", "like_strength": 0.0, "variant": 2},
    "a hint in a third of a reference": {
        "like": "reference",
        "like_strength": 0.3,
        "hints": [{"x": 100, "y": 200, "color": "#10c020"}],
    },
    "all kinds of hints": {
        "hints": [
            {"x": 60, "y": 40, "color": "#7090c0"},
            {"x": 200, "y": 150, "color": "#b58863", "reach": "picture"},
            {"x": 330, "y": 280, "color": "keep"},
            {"x": 100, "y": 100, "color": "#a04040", "reach": {"region": [[40, 40], [200, 60.5], [180, 200], [30, 180]]}},
            {"x": 250, "y": 60, "color": "#3030c0", "keep_rest": True},
            {"x": 380, "y": 150, "color": "keep", "reach": "picture"},
        ]
    },
}
PLACES: list[dict[str, Any]] = [
    {"x": 200, "y": 150, "hints": []},
    {"x": 20.5, "y": 290, "hints": [{"x": 30, "y": 280, "color": "#704020"}]},
]


PICTURE = np.ascontiguousarray(data.coffee()[::2, ::2, 1])
REAL_EDITS: dict[str, dict[str, Any]] = {name: EDITS[name] for name in ("automatic", "a variant", "one kept")}
"""Of `PICTURE`, with the bundled model's network."""


class SimpleNetwork(TinctNetwork):
    """A network whose logits depend on hints and code in a simple way."""

    def __init__(self, base: np.ndarray, weights: np.ndarray) -> None:
        self._base, self._weights, self.latent = base, weights, LATENT

    def decode(self, encoded: Encoded, planes: np.ndarray, code: np.ndarray) -> np.ndarray:
        rows, columns = self._base.shape[1:]
        hints = np.zeros((3, rows * encoded.cell, columns * encoded.cell), np.float32)
        hints[:, : planes.shape[1], : planes.shape[2]] = planes
        cells = area_resize(hints, rows, columns, (1, 2))
        found = self._base + np.einsum("bc,chw->bhw", self._weights[:, :3], cells) + (self._weights[:, 3:] @ code[0])[:, None, None]
        return np.asarray(found, np.float32)


def smooth(random: np.random.Generator, *shape: int) -> np.ndarray:
    coarse = random.standard_normal((shape[0], 5, 6)).astype(np.float32)
    return bilinear_resize(coarse, shape[1], shape[2], (1, 2))


class Case:
    """A photograph, and what the network makes of it."""

    def __init__(self) -> None:
        random = np.random.default_rng(1)
        self.spec, _ = check_pair(find("tinct"))
        gray = rgb_to_lab(data.coffee())[..., 0]
        self.light = area_resize(gray, SMALL[1], SMALL[0])
        height, width = (-(-n // 32) * 32 for n in self.light.shape)
        self.feature0 = smooth(random, 4, height // 4, width // 4)
        self.feature2 = smooth(random, 24, height // 16, width // 16)
        near = -np.square(ab_bins() - [8, 12]).sum(axis=1) / 800
        self.base = (2 * smooth(random, len(ab_bins()), height // 4, width // 4) + near[:, None, None]).astype(np.float32)
        self.weights = (0.3 * random.standard_normal((len(ab_bins()), 3 + LATENT))).astype(np.float32)
        self.mean, self.scale = random.standard_normal((2, 1, LATENT)).astype(np.float32)
        self.scale = np.abs(self.scale) * np.float32(0.3)
        color = area_resize(rgb_to_lab(data.coffee()), 60, 80)
        self.ab, self.ab_light = np.ascontiguousarray(color[..., 1:]), np.ascontiguousarray(color[..., 0])
        self.reference = Reference("", self.mean + np.float32(0.5), histogram(self.ab))

    def canvas(self) -> Canvas:
        """In Python."""
        features = {"feature0": self.feature0[None], "feature2": self.feature2[None]}
        encoded = Encoded(self.light, features, self.mean, self.scale, 4)
        views = (View(self.spec.preparation.side),)
        both = EncodedPhoto(
            views, [SMALL], self.light, [encoded], [affinity_between(encoded, self.spec)], np.empty((0, 0, 2), np.float32)
        )
        photo = Photo.open(np.zeros((PHOTO[1], PHOTO[0]), np.uint8))
        network = SimpleNetwork(self.base, self.weights)
        return Canvas(photo, network, self.spec, both, lambda _: self.reference, Record("", "", ""))

    def edit(self, values: dict[str, Any]) -> Edit:
        """As the library takes it."""
        return Edit.from_dict(values | ({"like": self.reference.to_dict()} if "like" in values else {}))


MERGES = [(80, 60), (200, 150), (720, 545), (1700, 1250)]
"""Sizes of photographs, up to one whose chroma is computed at less than its own size."""


def full_lightness(case: Case, size: tuple[int, int]) -> np.ndarray:
    gray = area_resize(rgb_to_lab(data.coffee())[..., 0], min(size[1], 400), min(size[0], 600))
    return bilinear_resize(gray, size[1], size[0])


@pytest.fixture(scope="module")
def case() -> Case:
    return Case()


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(threads=1, precision="float")


@pytest.fixture(scope="module")
def answers(case: Case, colorizer: Colorizer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the modules of the page's worker give, with the graphs of the coloring."""
    if NODE is None:
        pytest.skip("no Node.js on this machine")
    folder = tmp_path_factory.mktemp("parity")
    for name, content in model_files("tinct"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    runtime = unpack_runtime(folder / "node_modules")
    worker = shutil.copytree(LOCAL / "worker", folder / "worker")
    (worker / "package.json").write_text('{"type": "module"}')  # older versions of Node.js take .js for CommonJS
    painted = area_resize(data.coffee().astype(np.float32), 40, 60)
    toned = painted.mean(axis=-1, keepdims=True) * np.array([1, 0.9, 0.75], np.float32)
    pictures = {"painted": painted, "toned": toned}
    arrays = {
        "light": case.light[None],
        "feature0": case.feature0,
        "feature2": case.feature2,
        "logits": case.base,
        "ab": np.moveaxis(case.ab, -1, 0),
        "ab_light": case.ab_light[None],
    } | {name: np.moveaxis(picture, -1, 0) for name, picture in pictures.items()}
    more = {"weights": case.weights, "prior_mean": case.mean, "prior_scale": case.scale}
    more |= {f"full{i}": full_lightness(case, size) for i, size in enumerate(MERGES)}
    real = colorizer.canvas(PICTURE)
    arrays["real_light"] = np.ascontiguousarray(real.encoded.lightness)[None]
    for name, values in (arrays | more).items():
        np.ascontiguousarray(values, "<f4").tofile(folder / f"{name}.f32")
    like = {"name": "", "code": case.reference.code[0].tolist(), "histogram": case.reference.histogram.tolist()}
    asked = {
        "shapes": {name: values.shape for name, values in arrays.items()},
        "photo": PHOTO,
        "edits": [edit | ({"like": like} if "like" in edit else {}) for edit in EDITS.values()],
        "real": {"photo": real.photo.size, "edits": list(REAL_EDITS.values())},
        "places": PLACES,
        "table": color_table(),
        "seeds": SEEDS,
        "own": list(pictures),
        "merges": [{"width": width, "height": height} for width, height in MERGES],
    }
    (folder / "asked.json").write_text(json.dumps(asked))
    script = Path(__file__).with_name("local_parity.mjs")
    subprocess.run([NODE, script, worker, folder, runtime], check=True, timeout=300)
    return {
        "folder": folder,
        "own expected": [has_own_color(np.rint(one).astype(np.uint8)) for one in pictures.values()],
    } | json.loads((folder / "answers.json").read_text())


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_has_the_same_colors(case: Case, answers: dict[str, Any], name: str) -> None:
    i = list(EDITS).index(name)
    found = np.fromfile(answers["folder"] / f"edit{i}.out", "<f4").reshape(2, SMALL[1], SMALL[0])
    expected = np.moveaxis(case.canvas().colors(case.edit(EDITS[name])), -1, 0)
    assert np.abs(expected).max() > 5
    gap = np.abs(found - expected)
    assert gap.mean() < 0.02
    assert gap.max() < 1


@pytest.mark.parametrize("name", REAL_EDITS)
def test_an_edit_has_the_same_colors_with_the_real_network(colorizer: Colorizer, answers: dict[str, Any], name: str) -> None:
    canvas = colorizer.canvas(PICTURE)
    expected = np.moveaxis(canvas.colors(Edit.from_dict(REAL_EDITS[name])), -1, 0)
    found = np.fromfile(answers["folder"] / f"real{list(REAL_EDITS).index(name)}.out", "<f4").reshape(expected.shape)
    assert np.abs(expected).max() > 5
    assert np.abs(found - expected).mean() < 0.02


def test_suggestions_and_families_are_the_same(case: Case, answers: dict[str, Any]) -> None:
    for place, found in zip(PLACES, answers["suggested"], strict=True):
        hints = Edit.from_dict({"hints": place["hints"]}).hints
        colors = case.canvas().suggest(place["x"], place["y"], hints=hints)  # type: ignore[arg-type]
        assert [one["name"] for one in found["colors"]] == [one.name for one in colors]
        assert [one["color"] for one in found["colors"]] == [one.color for one in colors]
        assert [one["probability"] for one in found["colors"]] == pytest.approx([one.probability for one in colors], abs=1e-4)
        families = case.canvas().families(place["x"], place["y"], hints=hints)  # type: ignore[arg-type]
        assert [one["name"] for one in found["families"]] == [one.name for one in families]
        assert [one["probability"] for one in found["families"]] == pytest.approx([one.probability for one in families], abs=1e-4)
        for mine, theirs in zip(found["families"], families, strict=True):
            assert [(one["name"], one["color"]) for one in mine["colors"]] == [(one.name, one.color) for one in theirs.colors]


def test_tables_and_random_numbers_are_the_same(case: Case, answers: dict[str, Any]) -> None:
    assert answers["bins"] == ab_bins().tolist()
    for seed, found in zip(SEEDS, answers["randoms"], strict=True):
        assert found == np.random.default_rng(seed if len(seed) > 1 else seed[0]).random(4).tolist()
    gamut = np.fromfile(answers["folder"] / "gamut.out", "<f4").reshape(gamut_chroma().shape)
    assert np.abs(gamut - gamut_chroma()).max() < 0.1
    shares = np.fromfile(answers["folder"] / "histogram.out", "<f4")
    assert shares == pytest.approx(case.reference.histogram, abs=1e-6)
    assert answers["own"] == answers["own expected"] == [True, False]


@pytest.mark.parametrize("i", range(len(MERGES)))
def test_full_size_colors_are_the_same(case: Case, answers: dict[str, Any], i: int) -> None:
    width, height = MERGES[i]
    light = full_lightness(case, MERGES[i])
    gray = np.stack([light, *np.zeros((2, height, width), np.float32)], axis=-1)
    levels = np.rint(lab_to_rgb(gray)[..., 0] * 255).astype(np.uint8)
    expected = recolor(Photo.open(levels), case.ab, case.ab_light).to_numpy().astype(int)
    found = np.fromfile(answers["folder"] / f"merge{i}.rgba", np.uint8).reshape(height, width, 4)[..., :3].astype(int)
    gap = np.abs(found - expected)
    assert gap.mean() < 0.6  # half a level from the rounding of the gray
    assert np.percentile(gap, 99.9) <= 6


def test_a_merge_takes_on_what_another_one_learned(answers: dict[str, Any]) -> None:
    assert answers["adopted"] is True
