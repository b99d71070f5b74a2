"""What the flagship does beyond automatic color: variants, hints, references, suggestions, confidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data as samples

from conftest import draw
from tinct import Canvas, Colorizer, ConfigError, Edit, Hint, HintError, Photo, PhotoError, Record, Strokes
from tinct.color import AB_SCALE, chroma, gamut_chroma, lab_to_rgb, rgb_to_lab
from tinct.coloring.canvas import MAX_RELATIVE_CHROMA
from tinct.coloring.packing import Omitted, Reference
from tinct.coloring.propagation import apply_hints


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
    several = colorizer.variants(gray, 4, seed=3)
    assert len(several) == 4
    assert np.array_equal(several[0].to_numpy(), alone.to_numpy())
    ab = [ab_of(photo) for photo in several]
    assert min(chroma(ab[i] - ab[j]).mean() for i in range(4) for j in range(i)) > 0.5


def test_a_seed_gives_the_same_variants_again_and_another_gives_others(colorizer: Colorizer, gray: np.ndarray) -> None:
    first, again, other = (colorizer.variants(gray, 3, seed=seed) for seed in (1, 1, 2))
    longer = colorizer.variants(gray, 5, seed=1)
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
        monkeypatch.setattr("tinct.coloring.canvas.MAX_RELATIVE_CHROMA", most)
        return [float(chroma(ab_of(photo)).mean()) for photo in colorizer.variants(gray, 16, seed=2, vividness=vividness)]

    safest, free, held = colorful(0.0, 100), colorful(1.0, 100), colorful(1.0, 0.7)
    bounds = [max(0.7 * free[0], own) for own in safest]
    assert held[0] == free[0]
    assert all(got <= 1.1 * most for got, most in zip(held[1:], bounds[1:], strict=True))  # enlarging changes it a little
    assert any(got < 0.9 * before for got, before in zip(held[1:], free[1:], strict=True))
    assert 1 <= MAX_RELATIVE_CHROMA <= 2


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
    automatic, hinted = (ab_of(colorizer.colorize(gray, hints=h, vividness=0)) for h in ([], [Hint(128, 128, ab=(-40, 35))]))
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


def test_a_reference_of_strength_0_changes_nothing(colorizer: Colorizer, gray: np.ndarray) -> None:
    canvas, hints = colorizer.canvas(gray), [Hint(40, 40, "#3050c0")]
    for changes in ({}, {"hints": hints}, {"variant": 3, "seed": 5}, {"variant": 2, "hints": hints}):
        usual = canvas.colors(**changes)
        assert np.array_equal(canvas.colors(like=draw(1), like_strength=0, **changes), usual)
        assert not np.array_equal(canvas.colors(like=draw(1), **changes), usual)
        assert np.array_equal(canvas.colors(like_strength=0.3, **changes), usual), "without a reference it says nothing"


def test_a_reference_colors_the_more_the_stronger_it_is(colorizer: Colorizer, gray: np.ndarray) -> None:
    canvas, reference = colorizer.canvas(gray), colorizer.resolved(Edit(like=warm())).like
    assert isinstance(reference, Reference)
    automatic = canvas.colors()
    strengths = (0, 0.25, 0.5, 0.75, 1)
    apart = [np.abs(canvas.colors(like=reference, like_strength=s) - automatic).mean() for s in strengths]
    assert apart[0] == 0
    assert np.diff(apart).min() > 0
    wanted = rgb_to_lab(warm())[..., 1:].mean(axis=(0, 1))
    gently = canvas.colors(like=reference, like_strength=0.25)
    left = [float(np.hypot(*(colors.mean(axis=(0, 1)) - wanted))) for colors in (automatic, gently)]
    assert left[1] < left[0], "toward its colors"


def test_variants_spread_less_the_stronger_the_reference_is(colorizer: Colorizer, gray: np.ndarray) -> None:
    """Between the spread without a reference and that around one."""
    canvas = colorizer.canvas(gray)
    codes = [canvas._offset(canvas._resolved(Edit(like=warm(), like_strength=s, variant=4), {})) for s in (0, 0.5, 1)]
    assert codes[1] == pytest.approx((codes[0] + codes[2]) / 2, abs=1e-5)
    assert np.abs(codes[0]).sum() > np.abs(codes[2]).sum()


def warm() -> np.ndarray:
    """(160, 200, 3) a reference in warm colors."""
    return np.clip(draw(1, 200, 160) * 0.2 + np.array((200, 60, 40)) * 0.8, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("strength", [0, 1])
def test_a_gray_reference_is_refused(colorizer: Colorizer, gray: np.ndarray, strength: float) -> None:
    with pytest.raises(PhotoError, match="is gray, so it has no colors"):
        colorizer.colorize(gray, like=gray, like_strength=strength)


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
    assert hinted[76:84, 116:124].mean() > 0.5


def test_the_network_looks_at_a_photo_once(colorizer: Colorizer, gray: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    encode = type(colorizer._network).encode
    monkeypatch.setattr(type(colorizer._network), "encode", lambda self, light: looks.append(1) or encode(self, light))
    photo = Photo.open(gray)
    edited = [colorizer.colorize(photo), *colorizer.variants(photo, 3, hints=[Hint(9, 9, "#ff0000")])]
    assert len(edited) == 4
    colorizer.suggest(photo, 5, 5)
    assert len(looks) == 1
    colorizer.colorize(photo, detail=96)
    assert len(looks) == 2
    colorizer.colorize(gray)  # an array may have changed: it is looked at again
    assert len(looks) == 3


def test_the_automatic_logits_are_computed_once_for_all_variants(
    colorizer: Colorizer, gray: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = []
    decode = type(colorizer._network).decode
    monkeypatch.setattr(type(colorizer._network), "decode", lambda self, *given: decoded.append(1) or decode(self, *given))
    canvas = colorizer.canvas(gray)
    canvas.variants(4)
    assert len(decoded) == 4
    canvas.colorize(variant=2)  # one at a time, as the page asks for them
    canvas.colorize(vividness=1)
    assert len(decoded) == 4
    canvas.colorize(hints=[Hint(9, 9, "#ff0000")])
    canvas.suggest(5, 5, hints=[Hint(9, 9, "#ff0000")])
    assert len(decoded) == 5


def test_a_recorded_coloring_can_be_repeated(colorizer: Colorizer, gray: np.ndarray) -> None:
    rgba = np.zeros((200, 300, 4), np.uint8)
    rgba[90:110, 140:160] = (60, 120, 60, 255)
    given = [Hint(np.float32(30.3), np.int64(60), ab=(np.float32(0.1), 30)), Strokes(rgba)]
    canvas = colorizer.canvas(gray, detail=96, ensemble=True)
    results = canvas.variants(3, like=draw(1), hints=given, seed=np.int64(4), vividness=np.float32(0.3), strength=1)
    for number, result in enumerate(results, start=1):
        record = result.record
        assert isinstance(record, Record)
        edit = record.edit
        assert (edit.variant, edit.seed, edit.detail, edit.ensemble) == (number, 4, 96, True)
        assert (edit.vividness, edit.strength) == (float(np.float32(0.3)), 1.0)
        known = Record.from_xmp(record.to_xmp(None, None))
        assert known is not None
        assert np.array_equal(canvas.repeat(known).to_numpy(), result.to_numpy())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": "ab"}, "another model, detail or ensemble"),
        ({"detail": 96}, "another model, detail or ensemble"),
        ({"ensemble": True}, "another model, detail or ensemble"),
        ({"like": Reference("", np.zeros((1, 5), np.float32), np.zeros(307, np.float32))}, "reference picture of another model"),
        ({"like": Reference("", np.zeros((1, 32), np.float32), np.zeros(3, np.float32))}, "reference picture of another model"),
        ({"like": "postcard.jpg"}, "names a reference picture"),
    ],
)
def test_the_record_of_another_coloring_is_refused(
    colorizer: Colorizer, gray: np.ndarray, changes: dict[str, Any], message: str
) -> None:
    canvas = colorizer.canvas(gray)
    record = canvas.colorize().record
    assert isinstance(record, Record)
    of_record = {key: changes[key] for key in changes if key == "weights"}
    edit = record.edit.changed(**{key: changes[key] for key in changes if key != "weights"})
    with pytest.raises(ConfigError, match=message):
        canvas.repeat(replace(record, edit=edit, **of_record))


def test_classic_models_repeat_their_records(gray: np.ndarray) -> None:
    canvas = Colorizer("vae").canvas(gray)
    result = canvas.colorize(strength=0.5)
    record = result.record
    assert isinstance(record, Record)
    assert (record.model, record.edit.detail, record.edit.ensemble, record.edit.strength) == ("vae", None, False, 0.5)
    assert np.array_equal(canvas.repeat(record).to_numpy(), result.to_numpy())
    for changes in ({"variant": 2}, {"hints": (Hint(1, 1, "#ffffff"),)}, {"like": Reference("", np.zeros(1), np.zeros(1))}):
        with pytest.raises(ConfigError):
            canvas.repeat(replace(record, edit=record.edit.changed(**changes)))


def test_an_ensemble_averages_several_views(colorizer: Colorizer, gray: np.ndarray) -> None:
    best = ab_of(colorizer.colorize(gray, ensemble=True, hints=[Hint(30, 60, ab=(20, 30))]))
    mirrored = ab_of(colorizer.colorize(np.ascontiguousarray(gray[:, ::-1]), ensemble=True, hints=[Hint(270, 60, ab=(20, 30))]))
    assert chroma(best - mirrored[:, ::-1]).mean() < 0.3
    assert chroma(best - ab_of(colorizer.colorize(gray, hints=[Hint(30, 60, ab=(20, 30))]))).mean() < 8


def test_keywords_replace_fields_of_the_edit(colorizer: Colorizer, gray: np.ndarray) -> None:
    edit = Edit(vividness=1.0, hints=[Hint(30, 60, ab=(20, 30))])
    both = colorizer.colorize(gray, edit, vividness=0.25)
    assert isinstance(both.record, Record)
    assert both.record.edit.vividness == 0.25
    assert both.record.edit.hints == edit.hints
    assert np.array_equal(both.to_numpy(), colorizer.colorize(gray, edit.changed(vividness=0.25)).to_numpy())


def test_variants_begin_at_the_edit_s_own(colorizer: Colorizer, gray: np.ndarray) -> None:
    canvas = colorizer.canvas(gray)
    third = canvas.variants(2, variant=3, seed=9)[0]
    assert np.array_equal(third.to_numpy(), canvas.variants(3, seed=9)[2].to_numpy())
    assert np.array_equal(third.to_numpy(), canvas.colorize(variant=3, seed=9).to_numpy())


def test_a_canvas_refuses_another_detail(colorizer: Colorizer, gray: np.ndarray) -> None:
    canvas: Canvas = colorizer.canvas(gray)
    with pytest.raises(ConfigError, match="made with detail = 160, the edit asks for 96"):
        canvas.colorize(detail=96)
    with pytest.raises(ConfigError, match="made with ensemble = False"):
        canvas.colorize(ensemble=True)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"variant": 0}, ConfigError, "variant must be a whole number from 1 to 1,000"),
        ({"vividness": 1.5}, ConfigError, "vividness must be a number from 0 to 1"),
        ({"strength": -0.1}, ConfigError, "strength must be a number from 0 to 1"),
        ({"seed": -1}, ConfigError, "seed must be a whole number of at least 0"),
        ({"ensemble": "yes"}, ConfigError, "ensemble must be true or false"),
        ({"vivid": 1}, ConfigError, r"no field 'vivid' \(did you mean 'vividness'"),
        ({"detail": 100}, ConfigError, "multiple of 32"),
        ({"hints": [Hint(301, 5, "#ffffff")]}, HintError, "outside the picture"),
        ({"like": "nowhere.jpg"}, PhotoError, "no such file"),
    ],
)
def test_unusable_values_are_refused(colorizer: Colorizer, gray: np.ndarray, options: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        colorizer.colorize(gray, **options)


def test_suggest_outside_the_picture(colorizer: Colorizer, gray: np.ndarray) -> None:
    with pytest.raises(HintError, match="outside the picture, which has 300 × 200"):
        colorizer.suggest(gray, 300.5, 10)


@pytest.mark.parametrize("name", ["autoencoder", "vae"])
@pytest.mark.parametrize(
    "options", [{"hints": [Hint(1, 1, "#ffffff")]}, {"variant": 2}, {"like": draw(1)}, {"detail": 64}, {"ensemble": True}]
)
def test_classic_models_refuse_what_they_cannot_do(name: str, gray: np.ndarray, options: dict) -> None:
    with pytest.raises(ConfigError, match="'tinct'"):
        Colorizer(name).colorize(gray, **options)


def test_apply_hints_puts_the_hint_s_color_under_it_and_fades() -> None:
    ab = np.zeros((40, 40, 2), np.float32)
    planes = np.zeros((3, 40, 40), np.float32)
    planes[:, 18:22, 18:22] = np.array([33, -22, AB_SCALE])[:, None, None] / AB_SCALE
    honored = apply_hints(ab, planes)
    assert honored[18:22, 18:22] == pytest.approx(np.broadcast_to([33, -22], (4, 4, 2)), abs=1e-4)
    assert 0 < honored[20, 23, 0] < 33
    assert not honored[:12].any()
    assert apply_hints(ab, np.zeros_like(planes)) is ab


def test_hints_that_a_record_left_out_are_not_ignored(colorizer: Colorizer, gray: np.ndarray) -> None:
    with pytest.raises(HintError, match="checksums in the place of hints"):
        colorizer.colorize(gray, Edit(hints=[Omitted("ab")]))
