"""Suggestions for a place: peaks of a distribution, and families of ready colors, at its lightness and with names."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data
from skimage.color import lab2rgb, rgb2gray

from tinct import ColorFamily, Colorizer, ConfigError, HintError, Suggestion
from tinct.color import ab_bins, rgb_to_lab
from tinct.coloring.color_names import hex_to_lab
from tinct.coloring.suggestions import LIKELY_SKIN, color_families, suggestions

FAMILIES = {"skin", "hair", "foliage", "sky", "wood", "brick", "uniforms", "cloth"}


def likely_of(*shares: tuple[float, float, float]) -> np.ndarray:
    """(bins,) probabilities of (a, b, probability)."""
    likely = np.full(len(ab_bins()), 1e-9, np.float32)
    for a, b, probability in shares:
        likely[int(np.flatnonzero((ab_bins() == (a, b)).all(axis=1))[0])] = probability
    return likely / likely.sum()


def by_name(families: list[ColorFamily]) -> dict[str, ColorFamily]:
    return {family.name: family for family in families}


def check_color(one: Suggestion, lightness: float) -> None:
    """It has this lightness, and nothing was clipped away."""
    rgb = lab2rgb(np.array([lightness, *one.ab]))
    assert rgb_to_lab(rgb) == pytest.approx([lightness, *one.ab], abs=1.5)
    assert [int(one.color[i : i + 2], 16) for i in (1, 3, 5)] == pytest.approx(rgb * 255, abs=2)


def test_suggestions_are_ranked_sum_to_1_and_lie_in_gamut() -> None:
    likely = likely_of((60, 40, 0.5), (0, -60, 0.3), (-50, 50, 0.2))
    for lightness in (8.0, 50.0, 97.0):
        found = suggestions(likely, lightness, 8)
        assert sum(s.probability for s in found) == pytest.approx(1)
        assert [s.probability for s in found] == sorted((s.probability for s in found), reverse=True)
        for one in found:
            check_color(one, lightness)
    assert [round(s.probability, 2) for s in suggestions(likely, 50, 8)] == [0.5, 0.3, 0.2]
    assert len(suggestions(likely, 50, 2)) == 2


def test_neighboring_bins_are_one_suggestion() -> None:
    found = suggestions(likely_of((20, 20, 0.4), (30, 20, 0.3), (-40, 20, 0.3)), 60, 8)
    assert len(found) == 2
    assert found[0].ab == pytest.approx((20 + 10 * 3 / 7, 20), abs=0.5)


def test_each_suggestion_has_a_name_of_its_own() -> None:
    likely = likely_of((60, 40, 0.4), (0, -60, 0.2), (-50, 50, 0.2), (0, 0, 0.1), (50, 30, 0.1))
    names = [s.name for s in suggestions(likely, 50, 8)]
    assert len(set(names)) == len(names) == 4


@pytest.mark.parametrize("lightness", [3.0, 15.0, 40.0, 65.0, 90.0, 99.0])
def test_the_colors_of_families_are_possible_and_differ(lightness: float) -> None:
    for family in color_families(likely_of((0, 0, 1)), lightness):
        assert family.name in FAMILIES
        assert family.colors
        for one in family.colors:
            check_color(one, lightness)
        colors = np.array([one.ab for one in family.colors])
        for i in range(len(colors)):
            assert (np.hypot(*(colors[i] - colors[:i]).T) >= 3).all()


def test_no_light_makes_navy_white() -> None:
    likely = likely_of((0, 0, 1))
    dark, bright = (by_name(color_families(likely, light)) for light in (25.0, 92.0))
    assert "navy" in {one.name for one in dark["uniforms"].colors}
    assert "navy" not in {one.name for one in bright["uniforms"].colors}
    assert "black hair" not in {one.name for one in bright["hair"].colors}
    assert "white cotton" in {one.name for one in bright["cloth"].colors}
    assert color_families(likely, 100.0) == [] or all(f.colors for f in color_families(likely, 100.0))


def test_skin_has_several_tones_from_fair_to_dark() -> None:
    skin = by_name(color_families(likely_of((0, 0, 1)), 50.0))["skin"]
    names = [one.name for one in skin.colors]
    assert len(names) >= 5
    assert names[0] == "fair skin"
    assert "brown skin" in names
    chroma = [float(np.hypot(*one.ab)) for one in skin.colors]
    assert chroma[0] == min(chroma)  # darker skin under the light that makes it as bright has more color
    assert all(20 <= np.degrees(np.arctan2(*one.ab[::-1])) <= 75 for one in skin.colors)


def test_a_family_keeps_its_own_color_at_its_own_lightness() -> None:
    red = hex_to_lab("#9c4f3c")
    brick = by_name(color_families(likely_of((0, 0, 1)), float(red[0])))["brick"]
    assert "#9c4f3c" in {one.color for one in brick.colors}


def test_families_are_ranked_by_probability_and_skin_is_first_where_a_face_is_likely() -> None:
    foliage = color_families(likely_of((-20, 30, 0.9), (0, 0, 0.1)), 50.0)
    assert foliage[0].name == "foliage"
    assert [f.probability for f in foliage] == sorted((f.probability for f in foliage), reverse=True)
    assert by_name(foliage)["skin"].probability == pytest.approx(0, abs=1e-6)
    face = color_families(likely_of((20, 20, LIKELY_SKIN + 0.1), (0, -20, 0.7)), 60.0)
    assert face[0].name == "skin"
    assert face[0].probability == pytest.approx(LIKELY_SKIN + 0.1, abs=1e-3)
    assert face[1].name == "sky"


def test_gray_makes_no_family_likely() -> None:
    assert all(f.probability < 0.01 for f in color_families(likely_of((0, 0, 1)), 50.0))


def test_a_face_gets_skin_and_the_background_does_not() -> None:
    pixels = (255 * rgb2gray(data.astronaut())).astype(np.uint8)
    canvas = Colorizer().canvas(pixels)
    for x, y in ((225, 130), (205, 140), (225, 80)):  # cheek, cheek, forehead
        assert canvas.families(x, y)[0].name == "skin"
    for x, y in ((400, 100), (150, 450), (30, 250)):  # space shuttle, suit, flag
        assert canvas.families(x, y)[0].name != "skin"


def test_a_place_outside() -> None:
    colorizer = Colorizer()
    with pytest.raises(HintError, match="outside the picture"):
        colorizer.families(data.camera(), 600, 5)
    with pytest.raises(ConfigError, match="no suggestions"):
        Colorizer("vae").families(data.camera(), 5, 5)
