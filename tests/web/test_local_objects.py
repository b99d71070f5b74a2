"""What the static page computes about objects, which is JavaScript, is what the library computes: variants of one, and the same one on other
photographs."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from skimage import data

from tinct.collection.consensus import sketch_on
from tinct.collection.recurring import recurring_hints
from tinct.color import ab_bins, rgb_to_lab
from tinct.coloring import Edit
from tinct.coloring.alternatives import object_variants
from tinct.coloring.color_names import color_table
from tinct.coloring.hints import Hint
from tinct.coloring.matching import Standardization, cells_of, match, spread
from tinct.coloring.packing import hints_from_json, hints_to_json
from tinct.coloring.suggestions import color_families, suggestions
from tinct.resampling import area_resize, bilinear_resize
from tinct.web.static_site import LOCAL

NODE = shutil.which("node")
SCENE = (240, 320)
"""(rows, columns) of what both photographs show parts of, in pixels of the working size."""
HINTS: list[dict[str, Any]] = [
    {"x": 190, "y": 150, "color": "#2f5fb3"},
    {"x": 100, "y": 100, "ab": [20, -30], "reach": {"region": [[40, 40], [200, 60.5], [180, 200], [30, 180]]}},
    {"x": 20, "y": 20, "color": "#a03020"},
]
SPREAD = [[0, 5, 31, 64, 65, 66, 599], [7], [], list(range(100, 160, 3))]
COUNTS = [12, 3, 16]


@dataclass
class View:
    """A photograph as the encoder sees it."""

    photo: tuple[int, int]
    light: np.ndarray
    features: dict[str, np.ndarray]
    mount: np.ndarray
    before: np.ndarray
    after: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        return self.light.shape[1], self.light.shape[0]

    def canvas(self) -> Any:
        """What `recurring_hints` asks of a `Canvas`."""
        photo = SimpleNamespace(size=self.photo, width=self.photo[0], height=self.photo[1], taken=None)
        encoding = SimpleNamespace(lightness=self.light, features={name: one[None] for name, one in self.features.items()})
        encoded = SimpleNamespace(encodings=[encoding], affinities=[SimpleNamespace(mount=self.mount)])

        def colors(edit: Edit, **changes: Any) -> np.ndarray:
            return self.after if edit.changed(**changes).hints else self.before

        return SimpleNamespace(photo=photo, encoded=encoded, colors=colors, confidence=lambda _: self.light / 100)


def views() -> list[View]:
    """A photograph, another one of a part of the same scene, its mirror image, and one of another scene."""
    random = np.random.default_rng(3)

    def scene() -> tuple[np.ndarray, dict[str, np.ndarray]]:
        fine = random.standard_normal((24, SCENE[0] // 4, SCENE[1] // 4)).astype(np.float32)
        fine += bilinear_resize(random.standard_normal((24, 8, 10)).astype(np.float32), *fine.shape[1:], (1, 2))
        coarse = {f"feature{i}": area_resize(fine, fine.shape[1] >> i, fine.shape[2] >> i, (1, 2)) * 2**i for i in (1, 2)}
        return area_resize(rgb_to_lab(data.coffee())[..., 0], *SCENE), {"feature0": fine, **coarse}

    light, features = scene()
    other_features = scene()[1]

    def part(
        top: int, left: int, height: int, width: int, noise: float, *, mirrored: bool = False, of: dict[str, np.ndarray] = features
    ) -> View:
        rows, columns = slice(top, top + height), slice(left, left + width)
        whole = [-(-n // 32) * 32 for n in (height, width)]
        maps = {}
        for name, one in of.items():
            step = SCENE[0] // one.shape[1]
            cut = one[:, top // step : (top + whole[0]) // step, left // step : (left + whole[1]) // step]
            maps[name] = np.ascontiguousarray(cut[..., ::-1] if mirrored else cut) + np.float32(noise) * random.standard_normal(
                cut.shape
            ).astype(np.float32)
        gray = light[rows, columns]
        mount = np.zeros((whole[0] // 4, whole[1] // 4), bool)
        mount[:, :3] = True
        before = bilinear_resize(20 * random.standard_normal((4, 5, 2)).astype(np.float32), height, width)
        after = before + bilinear_resize(area_resize(np.abs(before), 4, 5), height, width)
        return View(
            (2 * width, 2 * height + 1), np.ascontiguousarray(gray[:, ::-1] if mirrored else gray), maps, mount, before, after
        )

    return [
        part(0, 0, 160, 218, 0),
        part(32, 32, 160, 192, 0.2),
        part(32, 32, 160, 192, 0.2, mirrored=True),
        part(0, 32, 160, 192, 0, of=other_features),
    ]


def distributions() -> list[np.ndarray]:
    """(bins,) probabilities with several peaks."""
    bins, found = ab_bins(), []
    for centers in ([(8, 12), (40, 20), (-20, 30)], [(0, 0)], [(12, 20), (-30, -30), (60, 40), (5, -50)]):
        mass = sum(
            (np.exp(-np.square(bins - center).sum(axis=1) / 150) / (i + 1) for i, center in enumerate(centers)), np.zeros(len(bins))
        )
        found.append((mass / mass.sum()).astype(np.float32))
    return found


PLACES = list(zip(distributions(), (62.5, 20.0, 85.0), COUNTS, strict=True))
VIEWS = views()


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the modules of the page's worker give."""
    if NODE is None:
        pytest.skip("no Node.js on this machine")
    folder = tmp_path_factory.mktemp("objects")
    worker = shutil.copytree(LOCAL / "worker", folder / "worker")
    (worker / "package.json").write_text('{"type": "module"}')  # older versions of Node.js take .js for CommonJS
    arrays = {"before": np.moveaxis(VIEWS[0].before, -1, 0), "after": np.moveaxis(VIEWS[0].after, -1, 0)}
    for i, view in enumerate(VIEWS):
        arrays |= {f"light-{i}": view.light[None], f"mount-{i}": view.mount[None].astype(np.float32)}
        arrays |= {f"{name}-{i}": one for name, one in view.features.items()}
    for name, values in arrays.items():
        np.ascontiguousarray(values, "<f4").tofile(folder / f"{name}.f32")
    asked = {
        "shapes": {name: values.shape for name, values in arrays.items()},
        "photos": [{"photo": view.photo, "size": view.size} for view in VIEWS],
        "hints": HINTS,
        "spread": SPREAD,
        "places": [{"likely": likely.tolist(), "light": light, "count": count} for likely, light, count in PLACES],
        "table": color_table(),
    }
    (folder / "asked.json").write_text(json.dumps(asked))
    subprocess.run([NODE, Path(__file__).with_name("local_objects.mjs"), worker, folder], check=True, timeout=300)
    vectors = np.fromfile(folder / "vectors.out", "<f4")
    return {"vectors": vectors} | json.loads((folder / "answers.json").read_text())


def test_the_same_cells_match(answers: dict[str, Any]) -> None:
    cells = [cells_of(view.canvas().encoded) for view in VIEWS]
    assert answers["usable"] == [one.usable.astype(int).tolist() for one in cells]
    standardization = Standardization(cells)
    vectors = [standardization.vectors(one) for one in cells]
    assert answers["vectors"] == pytest.approx(vectors[0].ravel(), abs=1e-5)
    expected = [match(cells[0], cells[i], vectors[0], vectors[i]) for i in range(1, len(cells))]
    assert [one is None for one in expected] == [False, False, True]
    for found, one in zip(answers["matches"][:2], expected[:2], strict=True):
        assert one is not None
        assert found == {"first": one.first.tolist(), "second": one.second.tolist(), "sure": one.sure}
    assert answers["matches"][2] is None


def test_an_object_gets_the_same_hints_on_other_photographs(answers: dict[str, Any]) -> None:
    mine, others = VIEWS[0].canvas(), [view.canvas() for view in VIEWS[1:]]
    hints = [hint for hint in hints_from_json(HINTS, "hints") if isinstance(hint, Hint)]
    for hint, decided, found in zip(hints, answers["decided"], answers["found"], strict=True):
        assert decided == np.flatnonzero(sketch_on(mine, Edit(hints=(hint,))).decided).tolist()
        assert found == [hints_to_json(one) for one in recurring_hints(mine, hint, others)]
    assert [len(one) for one in answers["found"][0]] == [3, 3, 0]


def test_places_are_spread_in_the_same_way(answers: dict[str, Any]) -> None:
    assert answers["spread"] == [spread(np.array(cells, int), (20, 30), 5) for cells in SPREAD]


def test_an_object_has_the_same_variants(answers: dict[str, Any]) -> None:
    for (likely, light, count), found in zip(PLACES, answers["variants"], strict=True):
        canvas: Any = SimpleNamespace(
            suggest=lambda *_, hints, count, of=(likely, light): suggestions(*of, count),
            families=lambda *_, hints, of=(likely, light): color_families(*of),
        )
        edits = object_variants(canvas, 10, 20, count)
        assert found == [edit.hints[0].color for edit in edits if isinstance(edit.hints[0], Hint)]
        assert 1 < len(found) <= count
