"""The graphs give what the NumPy implementation gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import Shared, draw
from graphs.graph_engine import GraphEngine
from tinct import Brush, Canvas, Colorizer, Hint, Mask, Region, Strokes
from tinct.coloring.canvas import REFERENCE_HISTOGRAM_WEIGHT, REFERENCE_TEMPERATURE
from tinct.coloring.palette import confidence, histogram, match_histogram, peaks, probabilities
from tinct.coloring.upsampling import slope
from tinct.coloring.variants import code_offset, evenly
from tinct.graphs import write_graphs
from tinct.runtime.spec import CodeDistribution, bundled

TOLERANCE = 0.02
"""Units of a*, b*. Sums in another order are rounded differently; a variant's limit of chroma depends on a mean over all of the picture."""


@pytest.fixture(scope="session")
def graphs(shared_folder: Shared) -> Path:
    return shared_folder("graphs", lambda root: write_graphs(bundled()["tinct"], root / "graphs")) / "graphs"


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(threads=1, precision="float")


def picture(kind: str) -> np.ndarray[Any, Any]:
    gray = np.asarray(draw(3, 200, 150)[..., 1])
    if kind == "tall":
        return np.ascontiguousarray(gray.T[:, :70])
    if kind == "small":  # less than the padding
        return gray[40:60, 30:75]
    if kind == "large":
        return np.asarray(draw(5, 420, 330)[..., 1])
    if kind == "mounted":
        page = np.full((260, 300), 60, np.uint8)
        page[50:200, 60:260] = gray
        return page
    if kind == "stained":  # a flat border around something that is no rectangle
        y, x = np.mgrid[:160, :160]
        return np.where(np.hypot(y - 80, x - 80) < 50, 200 - y, 60).astype(np.uint8)
    return gray


def pair(colorizer: Colorizer, graphs: Path, kind: str = "plain") -> tuple[Canvas, GraphEngine]:
    canvas = colorizer.canvas(picture(kind))
    return canvas, GraphEngine(graphs, np.ascontiguousarray(canvas.encoded.lightness), canvas.photo.size)


def apart(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    assert one.shape == other.shape
    return float(np.abs(one - other).max())


@pytest.mark.parametrize("kind", ["plain", "tall", "small", "large", "mounted", "stained"])
def test_what_is_computed_once_for_a_picture(colorizer: Colorizer, graphs: Path, kind: str) -> None:
    canvas, engine = pair(colorizer, graphs, kind)
    (affinity,), (encoded,) = canvas.encoded.affinities, canvas.encoded.encodings
    found = engine.affinity
    assert apart(found["kernel"], affinity.kernel) < 1e-3
    assert apart(found["between"], affinity.between) < 1e-3
    assert apart(np.moveaxis(found["regions"], 0, -1), affinity.regions) < 1e-3
    assert np.array_equal(found["mount"] > 0, affinity.mount)
    assert affinity.mount.any() or kind != "mounted"
    assert not affinity.mount.any() or kind != "stained"
    for name in ("feature0", "feature3"):
        assert apart(engine.encoded[name], encoded.features[name]) < 1e-3
    gray = colorizer.spec.preparation.prepare(encoded.lightness[None])
    assert np.array_equal(engine.gray, gray)


@pytest.mark.parametrize("kind", ["plain", "tall", "small", "large", "mounted"])
@pytest.mark.parametrize("vividness", [0.0, 0.1, 0.5, 1.0])
def test_automatic_colors(colorizer: Colorizer, graphs: Path, kind: str, vividness: float) -> None:
    canvas, engine = pair(colorizer, graphs, kind)
    assert apart(engine.colors(vividness=vividness), canvas.colors(vividness=vividness)) < TOLERANCE


GREEN, BLUE = "#30a050", "#3050a0"
POLYGON = Region(((30, 40), (90, 45), (80, 120), (35, 110)))
MASK = Mask(np.arange(150 * 200).reshape(150, 200) % 200 < 70)
PAINTED = np.zeros((150, 200, 4), np.uint8)
PAINTED[20:34, 30:90] = (176, 48, 80, 255)
PAINTED[96:112, 100:160] = (48, 80, 160, 180)
HINTS = {
    "one": [Hint(60, 100, BLUE)],
    "several": [Hint(60, 100, BLUE), Hint(150, 30, GREEN), Hint(20, 20, "#8090c0"), Hint(64, 104, "#3452a0")],
    "plausible": [Hint(30, 120, "#5f7f4f"), Hint(120, 130, "#5f7f4f")],
    "picture": [Hint(60, 100, BLUE, reach="picture")],
    "picture and object": [Hint(60, 100, BLUE, reach="picture"), Hint(150, 30, GREEN)],
    "keeps the rest": [Hint(60, 100, GREEN, keep_rest=True), Hint(150, 30, BLUE)],
    "keep": [Hint(60, 100, BLUE), Hint(150, 30, "keep"), Hint(20, 140, GREEN)],
    "keep first": [Hint(60, 100, "keep")],
    "polygon": [Hint(60, 80, "#a03050", reach=POLYGON)],
    "brush and object": [Hint(60, 80, "#a03050", reach=Brush(((20, 20), (160, 60)), 20)), Hint(150, 120, GREEN)],
    "mask that keeps": [Hint(60, 100, BLUE), Hint(40, 60, "keep", reach=MASK)],
    "strokes": [Strokes(PAINTED), Hint(20, 140, GREEN)],
    "strokes for the picture": [Hint(20, 140, GREEN), Strokes(PAINTED, reach="picture")],
    "large hint": [Hint(60, 100, BLUE, size=60)],
    "many": [Hint(10 + 15 * (i % 12), 8 + 9 * i % 140, f"#{37 * i % 256:02x}{91 * i % 256:02x}60") for i in range(40)],
}


@pytest.mark.parametrize("name", HINTS)
def test_hints(colorizer: Colorizer, graphs: Path, name: str) -> None:
    canvas, engine = pair(colorizer, graphs)
    plain = canvas.colors()
    wanted = canvas.colors(hints=HINTS[name])
    assert name == "keep first" or apart(wanted, plain) > 5, "the hints do something"
    assert apart(engine.colors(HINTS[name]), wanted) < TOLERANCE


@pytest.mark.parametrize("kind", ["tall", "large", "mounted"])
def test_hints_on_other_pictures(colorizer: Colorizer, graphs: Path, kind: str) -> None:
    canvas, engine = pair(colorizer, graphs, kind)
    hints = [Hint(40, 60, GREEN), Hint(5, 5, BLUE, keep_rest=True)]
    assert apart(engine.colors(hints, vividness=0.0), canvas.colors(hints=hints, vividness=0.0)) < TOLERANCE


@pytest.mark.parametrize(("variant", "seed"), [(2, 0), (3, 0), (7, 5)])
@pytest.mark.parametrize("hints", [[], HINTS["one"]], ids=["automatic", "hinted"])
def test_variants(colorizer: Colorizer, graphs: Path, variant: int, seed: int, hints: list[Hint]) -> None:
    canvas, engine = pair(colorizer, graphs)
    edit = {"variant": variant, "seed": seed}
    wanted = canvas.colors(hints=hints, **edit)
    assert apart(wanted, canvas.colors(hints=hints)) > 1, "another coloring"
    assert apart(engine.colors(hints, **edit), wanted) < TOLERANCE


def test_the_code_of_a_variant(colorizer: Colorizer, graphs: Path) -> None:
    canvas, engine = pair(colorizer, graphs)
    codes, encoded = colorizer.spec.codes, canvas.encoded.encodings[0]
    latent = colorizer.spec.config["latent"]
    for seed, number in ((0, 1), (3, 9)):
        places = evenly(np.random.default_rng(seed), len(codes.directions), number)
        found = engine.run("code", mean=encoded.prior_mean, scale=encoded.prior_scale, places=places, like_strength=0)["code"]
        assert apart(found, encoded.prior_mean + code_offset(codes, latent, seed, number) * encoded.prior_scale) < 1e-4
        for share in (0.3, 1.0):
            mean = tuple((1 - share) * value for value in codes.mean)
            around = CodeDistribution(mean, codes.directions, (1 - share + share * REFERENCE_TEMPERATURE) * codes.temperature)
            found = engine.run("code", mean=encoded.prior_mean, scale=encoded.prior_scale, places=places, like_strength=share)[
                "code"
            ]
            assert apart(found, encoded.prior_mean + code_offset(around, latent, seed, number) * encoded.prior_scale) < 1e-4


def test_a_reference_picture(colorizer: Colorizer, graphs: Path) -> None:
    _canvas, engine = pair(colorizer, graphs)
    logits = engine._decoded((), 1)
    wanted = histogram(np.random.default_rng(0).normal(10, 20, (500, 2)).astype(np.float32))
    for share in (0.3, 1.0):
        found = engine.run("match", logits=logits, histogram=wanted, like_strength=share)["matched"]
        assert apart(found[0], match_histogram(logits[0], wanted, strength=share * REFERENCE_HISTOGRAM_WEIGHT)) < 1e-3


def test_suggestions_and_confidence(colorizer: Colorizer, graphs: Path) -> None:
    _canvas, engine = pair(colorizer, graphs)
    logits = engine._decoded((), 1)
    likely = probabilities(logits[0, :, 3:6, 4])
    found = engine.run("peaks", likely=likely)
    for place in range(3):
        wanted = peaks(likely[:, place], 8)
        masses = found["masses"][:, place]
        assert (masses > 0).sum() == len(wanted)
        assert np.allclose(masses[: len(wanted)], [mass for mass, _ in wanted], atol=1e-5)
        assert np.allclose(found["peaks"][: len(wanted), place], [ab for _, ab in wanted], atol=1e-2)
    engine.colors()
    cells = engine._cells((), None, 1.0)
    sure = engine.run("confidence", logits=logits, cells=cells)["confidence"]
    assert apart(sure, confidence(logits[0], np.moveaxis(cells, 0, -1))) < 1e-4


def test_what_is_enlarged_to_full_size(colorizer: Colorizer, graphs: Path) -> None:
    canvas, engine = pair(colorizer, graphs)
    ab, light = canvas.colors(), np.ascontiguousarray(canvas.encoded.lightness)
    found = engine.run("lines", ab=np.moveaxis(ab, -1, 0), lightness=light, strength=0.7)
    values = np.ascontiguousarray(np.moveaxis(ab, -1, 0)) * np.float32(0.7)
    assert apart(found["slope"], slope(values, light)) < 1e-4
    assert apart(found["slope"] * light + found["offset"], values) < 1e-3
