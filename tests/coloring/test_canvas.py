"""What the flagship does beyond automatic color: variants, hints, references, suggestions, confidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data as samples

from conftest import draw
from tinct import Colorizer, ConfigError, Hint, HintError, Photo, PhotoError, Strokes
from tinct.color import AB_SCALE, chroma, gamut_chroma, lab_to_rgb, rgb_to_lab
from tinct.coloring import canvas
from tinct.coloring.canvas import MOST_COLORFUL, _honor
from tinct.coloring.hints import draw as draw_hints
from tinct.coloring.provenance import Absent, Record, Reference


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer("tinct", threads=1)


def to_gray(picture: np.ndarray) -> np.ndarray:
    lab = rgb_to_lab(picture)
    lab[..., 1:] = 0
    return np.rint(lab_to_rgb(lab)[..., 0] * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def gray() -> np.ndarray:
    return to_gray(np.asarray(Image.fromarray(samples.chelsea()).resize((300, 200))))


def ab_of(photo: Photo) -> np.ndarray:
    return rgb_to_lab(photo.to_numpy())[..., 1:]


def test_variants_begin_with_the_automatic_result_and_differ(colorizer: Colorizer, gray: np.ndarray) -> None:
    alone = colorizer.colorize(gray)
    several = colorizer.colorize(gray, variants=4, seed=3)
    assert isinstance(several, list)
    assert len(several) == 4
    assert np.array_equal(several[0].to_numpy(), alone.to_numpy())
    ab = [ab_of(photo) for photo in several]
    assert min(chroma(ab[i] - ab[j]).mean() for i in range(4) for j in range(i)) > 0.5


def test_a_seed_gives_the_same_variants_again_and_another_gives_others(colorizer: Colorizer, gray: np.ndarray) -> None:
    first, again, other = (colorizer.colorize(gray, variants=3, seed=seed) for seed in (1, 1, 2))
    longer = colorizer.colorize(gray, variants=5, seed=1)
    assert isinstance(longer, list)
    for i in (1, 2):
        assert np.array_equal(first[i].to_numpy(), again[i].to_numpy())
        assert np.array_equal(first[i].to_numpy(), longer[i].to_numpy())  # how many there are changes none of them
        assert not np.array_equal(first[i].to_numpy(), other[i].to_numpy())


def test_vividness_makes_colors_stronger(colorizer: Colorizer, gray: np.ndarray) -> None:
    strength = [chroma(ab_of(colorizer.colorize(gray, vividness=v))).mean() for v in (0, 0.5, 1)]
    assert strength[0] < strength[1] < strength[2]


def test_vividness_makes_no_variant_garish(colorizer: Colorizer, gray: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what a variant is by itself, it is at most so many times as colorful as the automatic result."""

    def colorful(vividness: float, most: float) -> list[float]:
        monkeypatch.setattr("tinct.coloring.canvas.MOST_COLORFUL", most)
        return [float(chroma(ab_of(photo)).mean()) for photo in colorizer.colorize(gray, variants=16, seed=2, vividness=vividness)]

    safest, free, held = colorful(0.0, 100), colorful(1.0, 100), colorful(1.0, 0.7)
    bounds = [max(0.7 * free[0], own) for own in safest]
    assert held[0] == free[0]
    assert all(got <= 1.1 * most for got, most in zip(held[1:], bounds[1:], strict=True))  # enlarging changes it a little
    assert any(got < 0.9 * before for got, before in zip(held[1:], free[1:], strict=True))
    assert 1 <= MOST_COLORFUL <= 2


def test_a_hint_is_honored_where_it_was_placed(colorizer: Colorizer) -> None:
    gray = np.full((256, 256), 128, np.uint8)
    gray[100:180, 80:200] = 90
    wanted = [Hint(120, 140, ab=(30, 20), size=6), Hint(40, 40, ab=(-20, -25), size=6), Hint(220, 220, "#808080", size=6)]
    ab = ab_of(colorizer.colorize(gray, hints=wanted, vividness=0))
    for hint in wanted:
        patch = ab[int(hint.y) - 3 : int(hint.y) + 3, int(hint.x) - 3 : int(hint.x) + 3]
        assert chroma(patch - hint.chroma()).mean() < 3


def test_a_hint_colors_more_than_its_own_place(colorizer: Colorizer) -> None:
    """Of the thing that it lies on it colors more than of another thing beside it."""
    gray = np.full((256, 256), 200, np.uint8)
    gray[64:192, 64:192] = 90
    automatic, hinted = (ab_of(colorizer.colorize(gray, hints=h, vividness=0)) for h in ([], [Hint(128, 128, ab=(45, 30))]))
    change = chroma(hinted - automatic)
    assert change[100:156, 100:156].mean() > 8
    assert change[100:156, 100:156].mean() > 2 * change[:40].mean()


def test_painted_strokes_are_hints(colorizer: Colorizer, gray: np.ndarray) -> None:
    rgba = np.zeros((200, 300, 4), np.uint8)
    rgba[90:110, 140:160] = (60, 120, 60, 255)
    ab = ab_of(colorizer.colorize(gray, hints=[Strokes(rgba)]))
    assert ab[95:105, 145:155, 0].mean() < -15


@pytest.mark.parametrize("color", [(200, 60, 40), (60, 90, 200)])
def test_like_takes_after_the_reference(colorizer: Colorizer, gray: np.ndarray, color: tuple[int, int, int]) -> None:
    reference = np.clip(draw(1, 200, 160) * 0.2 + np.array(color) * 0.8, 0, 255).astype(np.uint8)
    wanted = rgb_to_lab(reference)[..., 1:].mean(axis=(0, 1))
    before, after = (ab_of(colorizer.colorize(gray, like=like)).mean(axis=(0, 1)) for like in (None, reference))
    assert np.hypot(*(after - wanted)) < 0.7 * np.hypot(*(before - wanted))


def test_a_gray_reference_is_refused(colorizer: Colorizer, gray: np.ndarray) -> None:
    with pytest.raises(PhotoError, match="no colors to take: it is gray"):
        colorizer.colorize(gray, like=gray)


def test_suggestions_are_probable_colors_of_that_lightness(colorizer: Colorizer, gray: np.ndarray) -> None:
    found = colorizer.suggest(gray, 150, 100, count=5)
    assert 1 <= len(found) <= 5
    assert sum(s.probability for s in found) == pytest.approx(1)
    lightness = rgb_to_lab(np.array([[int(s.color[i : i + 2], 16) for i in (1, 3, 5)] for s in found], np.uint8))[:, 0]
    assert np.ptp(lightness) < 2
    table = gamut_chroma()
    for one in found:
        hue = np.degrees(np.arctan2(one.ab[1], one.ab[0])) % 360
        limit = table[round(float(lightness[0]) * 2), round(hue * 2)]
        assert np.hypot(*one.ab) <= limit + 2


def test_a_hint_changes_what_is_suggested_beside_it(colorizer: Colorizer) -> None:
    gray = np.full((160, 160), 120, np.uint8)
    plain, hinted = (colorizer.suggest(gray, 84, 84, hints=h) for h in ([], [Hint(80, 80, ab=(40, 30), size=12)]))

    def redness(found: list) -> float:
        return sum(s.probability * s.ab[0] for s in found)

    assert redness(hinted) > redness(plain) + 5


def test_confidence_is_a_probability_everywhere(colorizer: Colorizer, gray: np.ndarray) -> None:
    sure = colorizer.confidence(gray)
    assert sure.shape == (160, 240)
    assert 0 <= sure.min() < sure.max() <= 1 + 1e-5
    hinted = colorizer.confidence(gray, hints=[Hint(150, 100, ab=(20, 40), size=20)])
    assert hinted[76:84, 116:124].mean() > sure[76:84, 116:124].mean()


def test_the_network_looks_at_a_photo_once(colorizer: Colorizer, gray: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    encode = type(colorizer._network).encode
    monkeypatch.setattr(type(colorizer._network), "encode", lambda self, seen: looks.append(1) or encode(self, seen))
    photo = Photo.open(gray)
    edited = [colorizer.colorize(photo), colorizer.colorize(photo, hints=[Hint(9, 9, "#ff0000")], variants=3)]
    assert len(edited) == 2
    colorizer.suggest(photo, 5, 5)
    assert len(looks) == 1
    colorizer.colorize(photo, detail=96)
    assert len(looks) == 2
    colorizer.colorize(gray)  # an array may have changed: it is looked at again
    assert len(looks) == 3


def test_hints_are_drawn_once_for_all_variants(colorizer: Colorizer, gray: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    monkeypatch.setattr(canvas, "draw", lambda *given: drawn.append(given[2]) or draw_hints(*given))
    colorizer.colorize(gray, hints=[Hint(9, 9, "#ff0000")], variants=4)
    assert drawn == [(240, 160)]
    colorizer.colorize(gray, hints=[Hint(9, 9, "#ff0000")], variants=2, quality="best")
    assert len(drawn) == 1 + 6  # three sizes, and mirrored


def test_a_coloring_is_its_record_repeated(colorizer: Colorizer, gray: np.ndarray) -> None:
    rgba = np.zeros((200, 300, 4), np.uint8)
    rgba[90:110, 140:160] = (60, 120, 60, 255)
    given = [Hint(np.float32(30.3), np.int64(60), ab=(np.float32(0.1), 30)), Strokes(rgba)]
    options = {"hints": given, "seed": np.int64(4), "vividness": np.float32(0.3), "strength": 1}
    looked = colorizer.canvas(gray, detail=96, best=True)
    results = looked.colorize(variants=3, like=draw(1), **options)
    assert isinstance(results, list)
    for number, result in enumerate(results, start=1):
        record = result.record
        assert record is not None
        assert (record.variant, record.seed, record.detail, record.quality) == (number, 4, 96, "best")
        assert (record.vividness, record.strength) == (float(np.float32(0.3)), 1.0)
        known = Record.from_xmp(record.to_xmp(None))
        assert known is not None
        assert np.array_equal(looked.repeat(known).to_numpy(), result.to_numpy())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": "ab"}, "another model, detail or quality"),
        ({"detail": 96}, "another model, detail or quality"),
        ({"quality": "best"}, "another model, detail or quality"),
        ({"hints": (Absent("ab"),)}, "checksums in the place of hints"),
        ({"like": Reference("", np.zeros((1, 5), np.float32), np.zeros(307, np.float32))}, "reference picture of another model"),
        ({"like": Reference("", np.zeros((1, 32), np.float32), np.zeros(3, np.float32))}, "reference picture of another model"),
        ({"variant": 0}, "counted from 1"),
        ({"seed": -1}, "seed can't be negative"),
        ({"strength": float("inf")}, "strength must lie between 0 and 1"),
    ],
)
def test_a_record_of_something_else_is_not_repeated(
    colorizer: Colorizer, gray: np.ndarray, changes: dict[str, Any], message: str
) -> None:
    looked = colorizer.canvas(gray)
    result = looked.colorize()
    assert isinstance(result, Photo)
    assert result.record is not None
    with pytest.raises(ConfigError, match=message):
        looked.repeat(replace(result.record, **changes))


def test_the_classic_models_repeat_what_they_can(gray: np.ndarray) -> None:
    looked = Colorizer("vae").canvas(gray)
    result = looked.colorize(strength=0.5)
    assert isinstance(result, Photo)
    record = result.record
    assert record is not None
    assert (record.model, record.detail, record.quality, record.strength) == ("vae", None, "normal", 0.5)
    assert np.array_equal(looked.repeat(record).to_numpy(), result.to_numpy())
    for changes in ({"variant": 2}, {"hints": (Hint(1, 1, "#ffffff"),)}, {"like": Reference("", np.zeros(1), np.zeros(1))}):
        with pytest.raises(ConfigError):
            looked.repeat(replace(record, **changes))


def test_best_quality_takes_the_mean_of_several_looks(colorizer: Colorizer, gray: np.ndarray) -> None:
    best = ab_of(colorizer.colorize(gray, quality="best", hints=[Hint(30, 60, ab=(20, 30))]))
    mirrored = ab_of(colorizer.colorize(np.ascontiguousarray(gray[:, ::-1]), quality="best", hints=[Hint(270, 60, ab=(20, 30))]))
    assert chroma(best - mirrored[:, ::-1]).mean() < 0.3
    assert chroma(best - ab_of(colorizer.colorize(gray, hints=[Hint(30, 60, ab=(20, 30))]))).mean() < 8


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"variants": 0}, ConfigError, "variants must be from 1"),
        ({"vividness": 1.5}, ConfigError, "vividness must lie between 0 and 1"),
        ({"strength": -0.1}, ConfigError, "strength must lie between 0 and 1"),
        ({"seed": -1}, ConfigError, "seed"),
        ({"quality": "great"}, ConfigError, "normal or best"),
        ({"detail": 100}, ConfigError, "multiple of 32"),
        ({"hints": [Hint(301, 5, "#ffffff")]}, HintError, "outside the picture"),
        ({"like": "nowhere.jpg"}, PhotoError, "no such file"),
    ],
)
def test_what_can_t_be_done_is_said(colorizer: Colorizer, gray: np.ndarray, options: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        colorizer.colorize(gray, **options)


def test_suggest_outside_the_picture(colorizer: Colorizer, gray: np.ndarray) -> None:
    with pytest.raises(HintError, match="outside the picture, which is 300 × 200"):
        colorizer.suggest(gray, 300.5, 10)


@pytest.mark.parametrize("name", ["autoencoder", "vae"])
@pytest.mark.parametrize(
    "options", [{"hints": [Hint(1, 1, "#ffffff")]}, {"variants": 2}, {"like": draw(1)}, {"detail": 64}, {"quality": "best"}]
)
def test_the_classic_models_say_what_they_can_t(name: str, gray: np.ndarray, options: dict) -> None:
    with pytest.raises(ConfigError, match="'tinct'"):
        Colorizer(name).colorize(gray, **options)


def test_honor_puts_the_hint_s_color_under_it_and_fades() -> None:
    ab = np.zeros((40, 40, 2), np.float32)
    planes = np.zeros((3, 40, 40), np.float32)
    planes[:, 18:22, 18:22] = np.array([33, -22, AB_SCALE])[:, None, None] / AB_SCALE
    honored = _honor(ab, planes)
    assert honored[18:22, 18:22] == pytest.approx(np.broadcast_to([33, -22], (4, 4, 2)), abs=1e-4)
    assert 0 < honored[20, 23, 0] < 33
    assert not honored[:12].any()
    assert _honor(ab, np.zeros_like(planes)) is ab
