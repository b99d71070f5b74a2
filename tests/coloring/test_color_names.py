"""Names of colors."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from skimage.color import deltaE_ciede2000

from tinct.coloring.color_names import color_name, color_table, delta_e_2000, hex_to_lab

ROOT = Path(__file__).parents[2]
LAB = st.tuples(st.floats(0, 100), st.floats(-90, 90), st.floats(-90, 90))


@pytest.mark.parametrize(
    ("color", "name"),
    [
        ("#000000", "black"),
        ("#ffffff", "white"),
        ("#8f1402", "brick red"),
        ("#808080", "gray"),
        ("#1a237e", "navy blue"),
        ("#6b8e23", "olive green"),
        ("#87ceeb", "sky blue"),
    ],
)
def test_names_of_well_known_colors(color: str, name: str) -> None:
    found = color_name(hex_to_lab(color))
    assert set(found.split()) & set(name.split()), found


def test_a_color_that_has_a_name_keeps_it_or_gets_a_more_common_one_that_fits() -> None:
    table = list(color_table()["names"].items())
    for i, (name, color) in enumerate(table[::7]):
        found = color_name(hex_to_lab(color))
        place = [n for n, _ in table].index(found)
        assert place <= 7 * i, (name, found)
        assert delta_e_2000(hex_to_lab(color), hex_to_lab(table[place][1])[None])[0] <= 2.5


def test_a_taken_name_is_not_given_again() -> None:
    red = hex_to_lab("#e50000")
    first = color_name(red)
    assert color_name(red, taken=[first]) != first


@given(LAB, LAB)
def test_ciede2000_is_that_of_scikit_image(one: tuple[float, float, float], other: tuple[float, float, float]) -> None:
    (_, a, b), (_, c, d) = one, other
    opposite = a * c + b * d < 0 and abs(a * d - b * c) <= 1e-6 * np.hypot(a, b) * np.hypot(c, d)
    assume(not opposite)  # CIEDE2000 has a step there: the mean of two opposite hues may be either of two
    mine = delta_e_2000(np.array(one), np.array([other]))
    assert mine[0] == pytest.approx(float(deltaE_ciede2000(np.array(one), np.array(other))), abs=1e-4)


def test_the_table_is_what_the_script_writes(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("write_color_names", ROOT / "scripts/write_color_names.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    before = script.TABLE.read_text(encoding="utf-8")
    copy = tmp_path / "colors.json"
    copy.write_text(before, encoding="utf-8")
    script.TABLE = copy
    script.main()
    assert copy.read_text(encoding="utf-8") == before
    words = {word for name in json.loads(before)["names"] for word in name.split()}
    assert not words & script.DROPPED_WORDS
    assert "grey" not in words
