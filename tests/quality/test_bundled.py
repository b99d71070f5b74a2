"""The bundled model's colors are as good as they were: floors a little under what was measured when its weights were made.

`python tests/quality/test_bundled.py` prints all figures. With new weights the floors rise; one falls only for a reason that
docs/flagship-log.md gives.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from skimage import data

from tinct import Colorizer, Hint
from tinct.color import rgb_to_lab
from tinct.evaluation import Realism, load_judge
from tinct.evaluation.measure import COLORED, MODEL, VIVID, Measurer
from tinct.evaluation.picture_sets import load_sets, open_pixels
from tinct.evaluation.protocol import find_protocol, square_of
from tinct.photo.photo import Photo

PROTOCOL = find_protocol("tinct-256")
VAL = Path(__file__).parents[3] / "shared/photos/shards/val-000.tar"
VAL_PICTURES, VAL_HINTED = 50, 10
"""A minute on one core; the figures of all 997 are in the model card."""
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")
"""scikit-image's color photographs."""
CROP = 60
"""Percent of the short side."""
Figures = dict[str, float]
Row = dict[str, Any]

AT_LEAST: dict[str, Figures] = {
    "samples": {
        "gain": 3.6,
        "gain, default vividness": 1.95,
        "colorfulness ratio": 0.58,
        "gain, 10 hints": 9.7,
        "best of 8 over the mean one": 3.2,
        "difference of 8 without their mean shift": 5.6,
    },
    "crops": {"recovered": -0.15, "edges in place": 0.355, "fill": 0.63},
    "face": {"chroma": 29, "hue": 47},
    "boards": {"spread": 0.98},
    "val": {
        "gain": 2.6,
        "gain, default vividness": 1.6,
        "colorfulness ratio": 0.85,
        "gain, 10 hints": 7.2,
        "recovered": -0.15,
        "edges in place": 0.25,
        "fill": 0.69,
    },
}
AT_MOST: dict[str, Figures] = {
    "samples": {"off at a hint": 0.6, "instability": 2.15},
    "crops": {"KID ratio": 0.41, "spill": 0.155},
    "face": {"hue": 54, "off": 12.8},
    "boards": {"leak": 0.05},
    "val": {"off at a hint": 0.49, "KID ratio": 0.12, "spill": 0.145},
}


@cache
def colorizer() -> Colorizer:
    return Colorizer(threads=1)  # sums in the same order on every machine


@cache
def measurer() -> Measurer:
    return Measurer(colorizer(), {}, PROTOCOL, (0, 0))


def samples() -> Figures:
    """Of scikit-image's color photographs."""
    rows = []
    for name in PHOTOGRAPHS:
        square = square_of(Photo.open(getattr(data, name)()), PROTOCOL)
        assert not isinstance(square, str)
        rows.append(measurer().measure(square, name, frozenset({"hints", "diversity", "stability"})))
    return summary(rows)


def crops() -> Figures:
    """Realism and reach on five squares of each of these photographs: its corners and its middle."""
    rows, real = [], []
    for name in PHOTOGRAPHS:
        photo = getattr(data, name)()
        edge = CROP * min(photo.shape[:2]) // 100
        bottom, right = photo.shape[0] - edge, photo.shape[1] - edge
        for top, left in ((0, 0), (0, right), (bottom, 0), (bottom, right), (bottom // 2, right // 2)):
            square = square_of(Photo.open(photo[top : top + edge, left : left + edge]), PROTOCOL)
            if isinstance(square, str):  # a gray one: the rocket's sky
                continue
            rows.append(measurer().measure(square, f"{name}-{top}-{left}", frozenset({"realism", "reach"})))
            real.append(square)
    return realism_and_reach(rows, real)


def val() -> Figures:
    """Of VAL_PICTURES validation pictures, the first VAL_HINTED of them with hints too."""
    with TemporaryDirectory() as folder:
        (chosen,) = load_sets([str(VAL)], PROTOCOL, VAL_PICTURES, Path(folder), lambda what, done, total: None)
        pixels = np.array(open_pixels(chosen.pixels, PROTOCOL.side))
    rows, parts = [], {"realism", "reach"}
    for done, number in enumerate(chosen.ranking):
        hinted = {"hints"} if done < VAL_HINTED else set()
        rows.append(measurer().measure(pixels[number], chosen.names[number], frozenset(parts | hinted)))
    return summary(rows) | realism_and_reach(rows, [pixels[number] for number in chosen.ranking])


def face() -> Figures:
    """Of the astronaut's face as it comes, without a hint: skin is what people look at first."""
    astronaut = data.astronaut()
    colored = colorizer().colorize(astronaut)
    assert isinstance(colored, Photo)
    skin, real = (rgb_to_lab(picture)[90:150, 195:245, 1:].mean(axis=(0, 1)) for picture in (colored.to_numpy(), astronaut))
    return {
        "chroma": float(np.hypot(*skin)),
        "hue": float(np.degrees(np.arctan2(skin[1], skin[0]))),
        "off": float(np.hypot(*(skin - real))),
    }


def boards() -> Figures:
    """Of a dark and a light board with grain on a ground of middle gray, each with one hint: the part of the hint's color that its board
    takes, and the part that goes over onto the ground between them."""
    rng = np.random.default_rng(0)
    light = np.full((96, 144), 128.0)
    light[16:80, 12:68], light[16:80, 76:132] = 80, 185
    gray = (light + rng.normal(0, 4, light.shape)).clip(0, 255).astype(np.uint8)
    with_hints = colorizer().colorize(gray, hints=[Hint(40, 48, "#a03c3c"), Hint(104, 48, "#9ab4e6")], vividness=0)
    without = colorizer().colorize(gray, vividness=0)
    assert isinstance(with_hints, Photo)
    assert isinstance(without, Photo)
    change = rgb_to_lab(with_hints.to_numpy())[..., 1:] - rgb_to_lab(without.to_numpy())[..., 1:]
    spread, leak = [], []
    for x, outside in ((40, (4, 70)), (104, (73, 140))):
        here = change[46:51, x - 2 : x + 3].mean(axis=(0, 1))
        along = change @ here / (here @ here)
        spread.append(along[20:76, x - 24 : x + 24].mean())
        leak.append(np.mean([along[20:76, column].mean() for column in outside]))
    return {"spread": float(np.mean(spread)), "leak": float(np.mean(leak))}


def summary(rows: list[Row]) -> Figures:
    """The figures that are watched; gains are in dB over the gray pictures."""

    def mean(value: Callable[[Row], float]) -> float:
        return float(np.mean([value(row) for row in rows]))

    def gain(method: str) -> float:
        return mean(lambda row: row["methods"][method]["psnr"] - row["methods"]["gray"]["psnr"])

    found = {
        "gain": gain(MODEL),
        "gain, default vividness": gain(VIVID),
        "colorfulness ratio": mean(lambda row: row["methods"][VIVID]["cf"]) / mean(lambda row: row["cf"]),
    }
    ten, hinted = PROTOCOL.hint_counts.index(10), [row for row in rows if "hints" in row]
    found["gain, 10 hints"] = float(np.mean([row["hints"]["psnr"][ten] - row["methods"]["gray"]["psnr"] for row in hinted]))
    found["off at a hint"] = float(np.mean([row["hints"]["own_place"][ten] for row in hinted]))
    if "diversity" in rows[0]:
        found["best of 8 over the mean one"] = mean(lambda row: row["diversity"]["0.0"]["best"] - row["diversity"]["0.0"]["mean"])
        found["difference of 8 without their mean shift"] = mean(lambda row: row["diversity"]["0.0"]["de2000_centered"])
        found["instability"] = mean(lambda row: row["stability"]["0.0"])
    return found


def realism_and_reach(rows: list[Row], real: list[np.ndarray]) -> Figures:
    """At the default settings; see docs/evaluate.md."""
    found = Realism(real, load_judge()).measure([row[COLORED] for row in rows])
    probed = [row["reach"] for row in rows if "reach" in row]
    return {
        "recovered": found["recovered"]["mean"],
        "KID ratio": found["kid_ratio"],
        "edges in place": found["edges"]["mean"],
        "spill": float(np.mean([one["spill"] for one in probed])),
        "fill": float(np.mean([one["fill"] for one in probed])),
    }


SUBJECTS = {"samples": samples, "crops": crops, "face": face, "boards": boards, "val": val}


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "subject", [pytest.param(name, marks=pytest.mark.slow if name in ("samples", "crops", "val") else ()) for name in SUBJECTS]
)
def test_colors_are_as_good_as_they_were(subject: str) -> None:
    if subject == "val" and not VAL.exists():
        pytest.skip("the validation pictures aren't on this machine")
    figures = SUBJECTS[subject]()
    assert {*AT_LEAST[subject], *AT_MOST[subject]} == {*figures}
    worse = {key: figures[key] for key, floor in AT_LEAST[subject].items() if not figures[key] >= floor}
    worse |= {key: figures[key] for key, ceiling in AT_MOST[subject].items() if not figures[key] <= ceiling}
    assert not worse


if __name__ == "__main__":
    for subject, measure in SUBJECTS.items():
        print(subject, {key: round(value, 3) for key, value in measure().items()})
