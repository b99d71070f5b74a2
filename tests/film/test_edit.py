"""Films' edits: keyframes, times, the JSON form, and what doesn't fit a film."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from conftest import draw
from tinct import ConfigError, Edit, Hint, HintError, Mask, PhotoError, Strokes
from tinct.color import rgb_to_lab
from tinct.film.edit import FilmEdit
from tinct.film.frames import ColorTags, FilmInfo
from tinct.film.keyframes import Keyframe
from tinct.film.times import format_time, parse_time

RED = (200, 40, 40)
WIDTH, HEIGHT = 96, 80
HINT = Hint(20, 30, "#b58863")


def info(duration: float | None = 20.0, width: int = WIDTH, height: int = HEIGHT) -> FilmInfo:
    return FilmInfo(Path("film.mp4"), width, height, ColorTags(), frame_rate=Fraction(25), duration=duration)


def painted(alpha: int = 255, size: tuple[int, int] = (WIDTH, HEIGHT)) -> np.ndarray:
    """(H, W, 4): the left half red and opaque by `alpha`, the right half gray and transparent."""
    rgba = np.full((size[1], size[0], 4), (120, 120, 120, 0), np.uint8)
    rgba[:, : size[0] // 2] = (*RED, alpha)
    return rgba


# ---- times ----


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12.4", 12.4),
        (12.4, 12.4),
        (3, 3.0),
        ("00:12.4", 12.4),
        ("1:02:03.5", 3723.5),
        ("90", 90.0),
        ("90:00", 5400.0),
        (" 7 ", 7.0),
        (".5", 0.5),
        (np.float32(0.5), 0.5),
    ],
)
def test_times(text: object, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "x", "-1", -1, "1:60", "1:60:00", "1:2:3:4", "nan", float("nan"), "inf", 1e9, None, True, "1,5", [3]]
)
def test_what_is_no_time(text: object) -> None:
    with pytest.raises(ConfigError, match=r"is not a time of the form 12\.4, 00:12\.4 or 1:02:03\.5\.$"):
        parse_time(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(12.4, "00:12.4"), (0, "00:00"), (3723.5, "1:02:03.5"), (59.9996, "01:00"), (600, "10:00"), (3600, "1:00:00")],
)
def test_times_for_people(seconds: float, text: str) -> None:
    assert format_time(seconds) == text


@given(st.integers(0, 10**8).map(lambda n: n / 1000))
def test_a_time_in_milliseconds_survives_its_text(seconds: float) -> None:
    assert parse_time(format_time(seconds)) == seconds


# ---- keyframes ----


def test_an_opaque_picture_tells_all_of_the_frame() -> None:
    rgb = draw(1, WIDTH, HEIGHT)
    rgb[:20, :20] = 128
    ab, weight = Keyframe(1, rgb).told(HEIGHT, WIDTH)
    assert ab.shape == (HEIGHT, WIDTH, 2)
    assert ab.dtype == weight.dtype == np.float32
    assert np.array_equal(weight, np.ones((HEIGHT, WIDTH)))
    assert np.allclose(ab, rgb_to_lab(rgb)[..., 1:], atol=1e-4)
    assert np.abs(ab[:20, :20]).max() < 0.1


@pytest.mark.parametrize("size", [(HEIGHT, WIDTH), (20, 24), (13, 17), (160, 192)])
def test_only_opaque_places_tell(size: tuple[int, int]) -> None:
    ab, weight = Keyframe(1, painted()).told(*size)
    expected = rgb_to_lab(np.array(RED, np.uint8))[1:]
    middle = size[1] / 2
    assert np.allclose(weight[:, : int(middle - 1)], 1)
    assert np.allclose(weight[:, int(middle + 2) :], 0)
    assert np.allclose(ab[weight > 0], expected, atol=1e-2)  # the gray under the transparent half isn't mixed in
    assert not ab[weight == 0].any()
    assert weight.mean() == pytest.approx(0.5, abs=0.01)


def test_half_transparent_places_say_half_as_much() -> None:
    ab, weight = Keyframe(1, painted(alpha=51)).told(10, 12)
    assert np.allclose(weight[:, :6], 0.2, atol=1e-4)
    assert np.allclose(ab[:, :6], rgb_to_lab(np.array(RED, np.uint8))[1:], atol=1e-2)


def test_gray_means_no_color_where_an_alpha_channel_says_so() -> None:
    rgba = np.full((HEIGHT, WIDTH, 4), (120, 120, 120, 255), np.uint8)
    ab, weight = Keyframe(1, rgba).told(8, 8)
    assert np.abs(ab).max() < 0.1
    assert np.array_equal(weight, np.ones((8, 8)))
    Keyframe(1, rgba).check(WIDTH, HEIGHT)


def test_pictures_of_16_bits_and_tall_ones_tell_the_same() -> None:
    rgba = painted(size=(30, 600))
    ab, weight = Keyframe(1, rgba).told(60, 3)
    for other in (rgba.astype(np.uint16) * 257, rgba.astype(np.float32) / 255):
        other_ab, other_weight = Keyframe(1, other).told(60, 3)
        assert np.allclose(other_ab, ab, atol=0.1)
        assert np.allclose(other_weight, weight, atol=1e-4)


def test_hints_alone_tell_nothing_by_picture() -> None:
    ab, weight = Keyframe("0:02", hints=(HINT,)).told(4, 5)
    assert (ab.shape, weight.shape) == ((4, 5, 2), (4, 5))
    assert not ab.any()
    assert not weight.any()


@pytest.mark.parametrize("scale", [0.5, 1, 2])
def test_pictures_of_any_size_and_the_same_shape_fit(scale: float) -> None:
    size = round(WIDTH * scale), round(HEIGHT * scale)
    FilmEdit(keyframes=(Keyframe(1, painted(size=size)),)).check(info())


@pytest.mark.parametrize(
    ("width", "height", "fits"), [(1919, 1080, True), (1901, 1080, True), (1840, 1080, False), (1080, 1920, False)]
)
def test_the_shape_may_differ_by_a_hundredth(width: int, height: int, fits: bool) -> None:
    edit = FilmEdit(keyframes=(Keyframe(1, painted(size=(width, height))),))
    if fits:
        edit.check(info(width=1920, height=1080))
        return
    with pytest.raises(
        ConfigError, match=f"^The keyframe at 00:01: <array> has {width} × {height} pixels, another shape"
    ) as caught:
        edit.check(info(width=1920, height=1080))
    assert caught.value.code == "keyframe-shape"


@pytest.mark.parametrize(
    ("keyframe", "code", "words"),
    [
        (Keyframe(25, painted()), "keyframe-outside", "The keyframe at 00:25 lies outside the film, which lasts 00:20."),
        (Keyframe(1, draw(1)[..., 0]), "gray-keyframe", "The keyframe at 00:01: <array> is gray everywhere, so it says nothing."),
        (Keyframe(1, painted(alpha=0)), "empty-keyframe", "<array> is transparent everywhere, so it says nothing."),
        (
            Keyframe(1, hints=(Hint(97, 3, "#b58863"),)),
            "hint-outside",
            "the hint at 97,3 lies outside the frame, which has 96 × 80",
        ),
        (Keyframe(1, hints=(Strokes(painted(size=(80, 96))),)), "keyframe-shape", "the painting has 80 × 96 pixels, another shape"),
        (Keyframe(1, "no-such.png"), "not-found", "no-such.png: there is no such file"),
    ],
)
def test_what_does_not_fit_the_film(keyframe: Keyframe, code: str, words: str) -> None:
    with pytest.raises((ConfigError, HintError, PhotoError)) as caught:
        FilmEdit(keyframes=(keyframe,)).check(info())
    assert caught.value.code == code
    assert words in str(caught.value)


def test_a_film_whose_length_nobody_knows_takes_any_time() -> None:
    FilmEdit(keyframes=(Keyframe(25, painted()),)).check(info(duration=None))


def test_a_keyframe_says_something() -> None:
    with pytest.raises(ConfigError, match="neither a picture nor hints"):
        Keyframe(1)
    with pytest.raises(HintError, match="A hint must be a Hint"):
        Keyframe(1, hints=("red",))  # type: ignore[arg-type]


# ---- edits ----


def test_keyframes_are_in_the_order_of_their_times() -> None:
    edit = FilmEdit(keyframes=[Keyframe(3, painted()), Keyframe(1, painted()), Keyframe("0:02", hints=[HINT])])  # type: ignore[arg-type]
    assert [keyframe.time for keyframe in edit.keyframes] == [1, 2, 3]
    assert FilmEdit().edit.to_dict() == Edit().to_dict()


def test_a_picture_and_hints_at_one_time_become_one_keyframe() -> None:
    picture = painted()
    for keyframes in ([Keyframe(2, picture), Keyframe(2, hints=(HINT,))], [Keyframe(2, hints=(HINT,)), Keyframe(2, picture)]):
        (one,) = FilmEdit(keyframes=tuple(keyframes)).keyframes
        assert one.picture is picture
        assert one.hints == (HINT,)


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (lambda: FilmEdit(keyframes=(Keyframe(2, painted()), Keyframe(2, painted()))), "keyframe-twice", "Two pictures"),
        (
            lambda: FilmEdit(keyframes=(Keyframe(2, hints=(HINT,)), Keyframe(2, hints=(HINT,)))),
            "keyframe-twice",
            "Two lists of hints",
        ),
        (lambda: FilmEdit(Edit(hints=(HINT,))), "film-hints", "belong to a time"),
        (lambda: FilmEdit(keyframes=(3,)), "edit-value", "must be a Keyframe"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_edit(make: Any, code: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        make()
    assert caught.value.code == code


def test_frames_that_nobody_painted_are_left_out() -> None:
    gray = draw(1)[..., 0]
    edit = FilmEdit(
        keyframes=(Keyframe(1, gray), Keyframe(2, painted()), Keyframe(3, gray, (HINT,)), Keyframe(4, painted(alpha=0)))
    )
    kept, dropped = edit.painted()
    assert [(one.time, one.picture is None, len(one.hints)) for one in kept.keyframes] == [(2, False, 0), (3, True, 1)]
    assert [one.time for one in dropped] == [1, 3, 4]


# ---- JSON ----


def test_json_survives(tmp_path: Path) -> None:
    Image.fromarray(painted()).save(tmp_path / "frame.png")
    edit = FilmEdit(
        Edit(vividness=0.7, seed=3),
        (Keyframe(12.4, "frame.png"), Keyframe(1 / 3, hints=(HINT, Hint(1, 2, ab=(5.0, -3.0), keep_rest=True)))),
    )
    values = json.loads(edit.to_json())
    assert values["keyframes"][1] == {"time": "00:12.4", "picture": "frame.png"}
    assert "hints" not in values
    again = FilmEdit.from_json(edit.to_json())
    assert again.to_dict() == edit.to_dict()
    assert again.keyframes[0].time == 1 / 3
    assert again.keyframes[0].hints == edit.keyframes[0].hints


def test_names_in_a_file_start_from_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there").mkdir()
    file = tmp_path / "there" / "film.tinct.json"
    Image.fromarray(painted()).save(file.with_name("frame.png"))
    Image.fromarray(painted()[..., 0]).save(file.with_name("coat.png"))
    coat = {"x": 20, "y": 30, "color": "#b58863", "reach": {"file": "coat.png"}}
    text = {"like": "postcard.jpg", "keyframes": [{"time": "0:12.4", "picture": "frame.png"}, {"time": 3.5, "hints": [coat]}]}
    file.write_text(json.dumps(text))
    monkeypatch.chdir(tmp_path)
    edit = FilmEdit.read(file)
    assert edit.edit.like == tmp_path / "there" / "postcard.jpg"
    assert isinstance(edit.keyframes[0].hints[0], Hint)
    assert isinstance(edit.keyframes[0].hints[0].reach, Mask)
    edit.check(info())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([], "an edit is a JSON object, not list"),
        ({"hints": []}, "hints of a film belong to a time"),
        ({"vivid": 1}, "no field 'vivid' (did you mean 'vividness'?)"),
        ({"vividness": 2}, "vividness must be a number from 0 to 1"),
        ({"keyframes": {}}, "keyframes are a list"),
        ({"keyframes": [3]}, "keyframes[0]: a keyframe is a JSON object, not int"),
        ({"keyframes": [{"picture": "a.png"}]}, "keyframes[0] has no time"),
        ({"keyframes": [{"time": "x", "picture": "a.png"}]}, "keyframes[0]: 'x' is not a time"),
        ({"keyframes": [{"time": 1, "picture": 3}]}, "picture must be the name of a picture, not 3"),
        ({"keyframes": [{"time": 1, "pictures": "a"}]}, "no field 'pictures' (did you mean 'picture'?)"),
        ({"keyframes": [{"time": 1}]}, "neither a picture nor hints"),
        ({"keyframes": [{"time": 1, "hints": [{"x": 1}]}]}, "keyframes[0]: hints[0]: a hint has x, y and color"),
        (
            {"keyframes": [{"time": 1, "picture": "a"}, {"time": "0:01", "picture": "b"}]},
            "Two pictures are given for the frame at 00:01",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_one_sentence(values: Any, words: str, tmp_path: Path) -> None:
    file = tmp_path / "film.tinct.json"
    file.write_text(json.dumps(values))
    with pytest.raises((ConfigError, HintError)) as caught:
        FilmEdit.read(file)
    assert str(caught.value).startswith(str(file))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"), [(None, "can't be read: No such file"), (b"\xff", "isn't UTF-8"), (b"{", "isn't JSON")]
)
def test_what_is_no_file_of_an_edit(content: bytes | None, words: str, tmp_path: Path) -> None:
    file = tmp_path / "film.tinct.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        FilmEdit.read(file)


def test_a_picture_in_memory_has_no_json() -> None:
    with pytest.raises(ConfigError, match="picture in memory"):
        FilmEdit(keyframes=(Keyframe(1, painted()),)).to_json()


def test_the_digest_is_that_of_the_content(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        Image.fromarray(painted()).save(tmp_path / name)
    Image.fromarray(painted(alpha=200)).save(tmp_path / "c.png")

    def digest(picture: Any, time: float = 1.0, **changes: Any) -> str:
        return FilmEdit(Edit(**changes), (Keyframe(time, picture),)).digest()

    same = {digest(tmp_path / "a.png"), digest(tmp_path / "b.png"), digest(str(tmp_path / "a.png"))}
    others = {
        digest(tmp_path / "c.png"),
        digest(tmp_path / "a.png", time=2.0),
        digest(tmp_path / "a.png", vividness=0.7),
        digest(tmp_path / "a.png", like=draw(3)),
        digest(tmp_path / "a.png", like=draw(4)),
        digest(painted()),
        digest(painted(alpha=200)),
        FilmEdit(keyframes=(Keyframe(1, tmp_path / "a.png", (HINT,)),)).digest(),
        FilmEdit().digest(),
    }
    assert len(same) == 1
    assert len(others) == 9
    assert not same & others
