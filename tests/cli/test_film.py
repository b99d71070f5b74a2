"""``tinct film``: which films, where to, how, and what is said about them. What coloring does is tested in tests/film."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from command_line import Run, one_line
from conftest import draw
from film.clips import write_clip
from tinct import FilmError, Photo
from tinct.cli._films import Follower
from tinct.film import FilmEdit, FilmInfo, FilmProgress, FilmResult
from tinct.film.frames import ColorTags


class FakeFilm:
    """A film whose file may hold anything. ``broken`` in it can't be opened."""

    calls: list[dict[str, Any]]
    notes: tuple[str, ...] = ()
    resumed = 0

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise FilmError(f"{path}: there is no such film.", code="not-found", path=str(path))
        if path.read_bytes() == b"broken":
            raise FilmError(f"{path} has no picture.", code="no-video", path=str(path))
        self.info = FilmInfo(path, 96, 80, ColorTags(), frame_rate=Fraction(25), duration=20.0)

    def telling_frames(self, count: int, progress: Callable[[FilmProgress], None] | None = None) -> list[tuple[float, Photo]]:
        return [(3 * i + 0.3333333, Photo.open(draw(i)[..., 0])) for i in range(count)]

    def colorize(self, output: Path, edit: FilmEdit, **given: Any) -> FilmResult:
        edit.check(self.info)
        given["progress"](FilmProgress("coloring", 3, 10, None))
        if output.exists() and not given["overwrite"]:
            raise FilmError(f"{output} exists already.", code="exists", path=str(output))
        FakeFilm.calls.append({"film": self.path, "edit": edit} | given)
        output.write_bytes(b"in color")
        return FilmResult(output, 10, 1, 2.0, self.notes, self.resumed)


class FakeColorizer:
    """Knows what it was made with."""

    def __init__(self, *model: str, **given: Any) -> None:
        self.given = *model, given


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """How films were colored."""
    monkeypatch.setattr(FakeFilm, "calls", [], raising=False)
    monkeypatch.setattr("tinct.cli._films.Film", FakeFilm)
    monkeypatch.setattr("tinct.coloring.Colorizer", FakeColorizer)
    return FakeFilm.calls


@pytest.fixture
def reel(tmp_path: Path) -> Path:
    path = tmp_path / "wedding.mp4"
    path.write_bytes(b"a film")
    return path


def frame(path: Path, alpha: int = 255) -> Path:
    """A frame of the film, painted red as far as `alpha` says."""
    Image.fromarray(np.full((80, 96, 4), (200, 40, 40, alpha), np.uint8)).save(path)
    return path


# ---- where to ----


def test_a_film_is_colored_beside_itself(tinct: Run, reel: Path, calls: list[dict[str, Any]]) -> None:
    done = tinct("film", reel)
    assert done == (0, f"{reel.with_name('wedding.color.mp4')}\n", "")
    assert reel.with_name("wedding.color.mp4").read_bytes() == b"in color"
    assert reel.read_bytes() == b"a film"
    (call,) = calls
    assert (call["start"], call["end"], call["every"], call["overwrite"], call["fresh"]) == (None, None, 1, False, False)


def test_a_part_of_it_is_a_preview(tinct: Run, reel: Path, calls: list[dict[str, Any]]) -> None:
    done = tinct("film", reel, "--from", "0:02", "--to", "1:00:03.5", "--every", 5)
    assert done.out == f"{reel.with_name('wedding.preview.mp4')}\n"
    assert (calls[0]["start"], calls[0]["end"], calls[0]["every"]) == (2.0, 3603.5, 5)


def test_its_name_or_its_folder_may_be_chosen(tinct: Run, reel: Path, tmp_path: Path) -> None:
    assert tinct("film", reel, "-o", tmp_path / "x.mkv").out == f"{tmp_path / 'x.mkv'}\n"
    assert tinct("film", reel, "-o", f"{tmp_path}/new/deep/").out == f"{tmp_path}/new/deep/wedding.color.mp4\n"
    one_line(tinct("film", reel, "-o", tmp_path / "x.mkv"), "exists already. Replace it with --overwrite")
    assert tinct("film", reel, "-o", tmp_path / "x.mkv", "--overwrite").code == 0


def test_a_container_that_takes_no_h264_becomes_matroska(tinct: Run, tmp_path: Path) -> None:
    (tmp_path / "a.VOB").write_bytes(b"a film")
    assert tinct("film", tmp_path / "a.VOB").out == f"{tmp_path / 'a.color.mkv'}\n"


def test_the_films_of_a_folder_keep_their_places(tinct: Run, tmp_path: Path) -> None:
    names = ["b.mp4", "a.MOV", "1932/c.mkv", "notes.txt", ".hidden.mp4", "b.color.mp4", "b.preview.mp4", "lone.color.avi"]
    names += ["b.color.mp4.tinct-film/000.mp4", ".trash/d.mp4"]
    for name in names:
        (tmp_path / "films" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "films" / name).write_bytes(b"a film")
    done = tinct("film", tmp_path / "films", "-o", tmp_path / "out")
    made = [Path(line).relative_to(tmp_path / "out").as_posix() for line in done.out.splitlines()]
    assert made == ["a.color.MOV", "b.color.mp4", "lone.color.color.mkv", "1932/c.color.mkv"]
    assert all((tmp_path / "out" / name).is_file() for name in made)
    assert done.code == 0


def test_a_folder_without_films(tinct: Run, tmp_path: Path) -> None:
    one_line(tinct("film", tmp_path), "holds no films (", "Name a film, or a folder that holds some.")


def test_several_films_need_a_folder_and_names_of_their_own(tinct: Run, reel: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "wedding.mp4"
    other.parent.mkdir()
    other.write_bytes(b"a film")
    one_line(
        tinct("film", reel, other, "-o", tmp_path / "x.mp4"), "is one file, and there are several films. Name a folder with -o"
    )
    one_line(tinct("film", reel, other, "-o", f"{tmp_path}/out/"), "would both become", "out/wedding.color.mp4")
    assert not (tmp_path / "out").exists()


def test_a_failure_of_one_does_not_stop_the_others(tinct: Run, reel: Path, tmp_path: Path, calls: list[dict[str, Any]]) -> None:
    (tmp_path / "a.mp4").write_bytes(b"broken")
    done = tinct("film", tmp_path / "a.mp4", tmp_path / "none.mp4", reel, "-o", tmp_path / "out")
    assert done.code == 3
    assert done.out == f"{tmp_path / 'out' / 'wedding.color.mp4'}\n"
    assert done.err.splitlines() == [
        f"tinct: {tmp_path / 'a.mp4'} has no picture.",
        f"tinct: {tmp_path / 'none.mp4'}: there is no such film.",
        "tinct: 1 colored; 2 of 3 films failed.",
    ]


def test_one_film_that_fails_is_one_line(tinct: Run, tmp_path: Path) -> None:
    one_line(tinct("film", tmp_path / "none.mp4"), "none.mp4: there is no such film.")


def test_notes_are_told(tinct: Run, reel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeFilm, "notes", ("The film is interlaced\nand more.",))
    assert tinct("film", reel).err == "tinct: The film is interlaced\\nand more.\n"


def test_a_run_that_goes_on_says_so(tinct: Run, reel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeFilm, "resumed", 1234)
    assert tinct("film", reel).err == "tinct: wedding.mp4: went on after 1,234 frames of an interrupted run.\n"


# ---- how ----


def test_options_make_the_edit(tinct: Run, reel: Path, tmp_path: Path, calls: list[dict[str, Any]]) -> None:
    picture = frame(tmp_path / "a=b.png")
    file = tmp_path / "mine.json"
    file.write_text(
        json.dumps({"vividness": 0.9, "seed": 3, "keyframes": [{"time": 1, "hints": [{"x": 1, "y": 2, "color": "#b58863"}]}]})
    )
    done = tinct("film", reel, "--edit", file, "--keyframe", f"00:12.4={picture}", "--vividness", 0.5, "--variant", 2)
    assert done.code == 0, done.err
    edit = calls[0]["edit"]
    assert (edit.edit.vividness, edit.edit.seed, edit.edit.variant) == (0.5, 3, 2)
    assert [keyframe.time for keyframe in edit.keyframes] == [1, 12.4]
    assert edit.keyframes[1].picture == picture


def test_options_of_the_model_and_of_the_codec(tinct: Run, reel: Path, calls: list[dict[str, Any]]) -> None:
    tinct("film", reel, "--model", "vae", "--device", "cpu", "--threads", 3, "--codec", "ffv1", "--fresh")
    assert calls[0]["colorizer"].given == ("vae", {"device": "cpu", "threads": 1, "precision": "auto"})
    assert calls[0]["threads"] == 3
    assert calls[0]["encoding"].codec == "ffv1"
    assert calls[0]["fresh"]


def test_an_edit_beside_the_film_is_taken(tinct: Run, reel: Path, tmp_path: Path, calls: list[dict[str, Any]]) -> None:
    for name, vividness in (("wedding.tinct.json", 0.1), ("wedding.mp4.tinct.json", 0.2)):
        (tmp_path / name).write_text(json.dumps({"vividness": vividness}))
        tinct("film", reel, "--overwrite")
        assert calls[-1]["edit"].edit.vividness == vividness
    tinct("film", reel, "--overwrite", "--vividness", 0.8)
    assert calls[-1]["edit"].edit.vividness == 0.8


@pytest.mark.parametrize(
    ("keyframe", "words"),
    [
        ("0:25={red}", "lies outside the film, which lasts 00:20. Give it a time inside the film."),
        ("0:02={gray}", "is gray everywhere, so it says nothing. Color it first, or leave it out."),
        ("0:02={wide}", "another shape than the film's 96 × 80. Save it with the film's width and height, 96 × 80."),
        ("1:99={red}", "'1:99' is not a time"),
        ("0:02={red}.none", "there is no such file"),
    ],
)
def test_a_keyframe_that_does_not_fit(tinct: Run, reel: Path, tmp_path: Path, keyframe: str, words: str) -> None:
    Image.fromarray(draw(1)).convert("L").save(tmp_path / "gray.png")
    Image.fromarray(draw(1, 200, 80)).save(tmp_path / "wide.png")
    names = {"red": frame(tmp_path / "red.png"), "gray": tmp_path / "gray.png", "wide": tmp_path / "wide.png"}
    one_line(tinct("film", reel, "--keyframe", keyframe.format(**names)), words)
    assert not reel.with_name("wedding.color.mp4").exists()


def test_wrong_command_lines(tinct: Run, reel: Path, tmp_path: Path) -> None:
    assert tinct("film").code == 2
    assert tinct("film", reel, "--keyframe", "frame.png").code == 2
    assert tinct("film", reel, tmp_path / "b.mp4", "--keyframe", "1=frame.png").code == 2
    assert tinct("film", reel, "--keyframes", 3, "--keyframe", "1=frame.png").code == 2
    assert tinct("film", reel, "--every", 0).code == 2
    one_line(tinct("film", reel, "--from", "soon"), "'soon' is not a time of the form", "Write seconds, minutes and seconds")


# ---- frames to color by hand ----


def test_frames_are_written_painted_and_read_back(tinct: Run, reel: Path, calls: list[dict[str, Any]]) -> None:
    done = tinct("film", reel, "--keyframes", 3)
    names = ["wedding.00m00.333s.png", "wedding.00m03.333s.png", "wedding.00m06.333s.png"]
    assert [Path(line).name for line in done.out.splitlines()] == [*names, "wedding.tinct.json"]
    assert done.err == ""
    with Image.open(reel.with_name(names[0])) as written:
        assert written.mode == "L"
    assert not calls

    frame(reel.with_name(names[1]))
    done = tinct("film", reel)
    assert (
        done.err
        == f"tinct: {reel.with_name('wedding.tinct.json')}: the frames at 00:00.333, 00:06.333 aren't colored yet, and say nothing.\n"
    )
    (keyframe,) = calls[0]["edit"].keyframes
    assert keyframe.time == 3.333
    assert keyframe.told(1, 1)[0][0, 0, 0] > 50


def test_what_was_painted_is_never_overwritten(tinct: Run, reel: Path, tmp_path: Path) -> None:
    out = tmp_path / "by-hand"
    tinct("film", reel, "--keyframes", 2, "-o", out)
    painted = frame(out / "wedding.00m03.333s.png").read_bytes()
    file = out / "wedding.tinct.json"
    values = json.loads(file.read_text())
    hint = {"time": "0:05", "hints": [{"x": 1, "y": 2, "color": "#b58863"}]}
    values = {"vividness": 0.9, "keyframes": [*values["keyframes"], hint]}
    file.write_text(json.dumps(values))
    before = file.read_bytes()

    done = tinct("film", reel, "--keyframes", 2, "-o", out)
    assert done.out == f"{file}\n"
    assert [line.rpartition("/")[2] for line in done.err.splitlines()] == [
        "wedding.00m00.333s.png was there already, and is kept.",
        "wedding.00m03.333s.png was there already, and is kept.",
    ]
    assert file.read_bytes() == before

    assert tinct("film", reel, "--keyframes", 3, "-o", out).code == 0
    assert (out / "wedding.00m03.333s.png").read_bytes() == painted
    assert FilmEdit.read(file).edit.vividness == 0.9
    assert [one["time"] for one in json.loads(file.read_text())["keyframes"]] == ["00:00.333", "00:03.333", "0:05", "00:06.333"]

    file.write_text("mine")
    one_line(tinct("film", reel, "--keyframes", 4, "-o", out), "wedding.tinct.json isn't JSON")
    assert file.read_text() == "mine"


# ---- all of it ----


def test_a_real_film_takes_the_colors_of_a_painted_frame(tinct: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # no fakes
    reel = write_clip(tmp_path / "old.mp4", audio="aac")
    out = tmp_path / "by-hand"
    done = tinct("film", reel, "--keyframes", 1, "-o", out)
    assert done.code == 0, done.err
    painted, edit = map(Path, done.out.splitlines())
    with Image.open(painted) as gray:
        assert (gray.mode, gray.size) == ("L", (96, 64))
        light = np.asarray(gray).astype(float)
    tint = np.stack([light * 0.9 + 25, light * 0.7, light * 0.7], axis=-1)
    Image.fromarray(tint.astype(np.uint8)).save(painted)

    done = tinct("film", reel, "--edit", edit)
    assert (done.code, done.err) == (0, "")
    made = Path(done.out.strip())
    with av.open(str(made)) as film:
        colors = np.stack([frame.to_ndarray(format="rgb24").astype(float) for frame in film.decode(video=0)])
    with av.open(str(reel)) as film, av.open(str(made)) as result:
        sounds = [[bytes(packet) for packet in opened.demux(audio=0)] for opened in (film, result)]
    assert sounds[0] == sounds[1]
    assert len(colors) == 24
    redness = colors[..., 0].mean(axis=(1, 2)) - colors[..., 1:].mean(axis=(1, 2, 3))
    assert redness.min() > 10, redness
    one_line(tinct("film", reel), "exists already. Replace it with --overwrite")
    one_line(tinct("film", reel, "-o", reel, "--overwrite"), "is the film itself", "Name another output with -o.")
    (tmp_path / "mine.mp4").write_bytes(reel.read_bytes())
    one_line(tinct("film", reel, "-o", tmp_path / "mine.mp4", "--overwrite"), "doesn't say that tinct made it")
    assert tinct("film", reel, "--overwrite", "--every", 2, "-o", made).code == 0

    made.rename(tmp_path / "renamed.mp4")
    (tmp_path / "mine.mp4").unlink()
    assert tinct("film", tmp_path, "-o", tmp_path / "out").out == f"{tmp_path / 'out' / 'old.color.mp4'}\n"  # results are left out


# ---- progress ----


def test_progress_tells_speed_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, float, float]] = []
    clock = iter([10.0, 11.0, 20.0, 25.0])
    monkeypatch.setattr("tinct.cli._films.time.monotonic", lambda: next(clock))
    follow = Follower(lambda *told_now: told.append(told_now), "wedding.mp4")
    follow(FilmProgress("looking", 0, None, None))
    follow(FilmProgress("looking", 50, None, None))
    follow(FilmProgress("coloring", 100, 1000, None, 100))
    follow(FilmProgress("coloring", 200, 1000, 125.0, 100))
    assert told == [
        ("looking through wedding.mp4", 0, 0),
        ("looking through wedding.mp4, 50.0 frames/s", 50, 0),
        ("coloring wedding.mp4", 100, 1000),
        ("coloring wedding.mp4, 20.0 frames/s, 2 min 05 s left", 200, 1000),
    ]


# ---- photographs ----


def test_colorize_knows_a_film(tinct: Run, tmp_path: Path) -> None:
    path = tmp_path / "wedding.mp4"
    path.write_bytes(b"\0\0\0\x18ftypisom\0\0\2\0isommp42" + bytes(999))
    one_line(tinct("colorize", path), "wedding.mp4 is a film, not a photograph. Color it with `tinct film`.")


def test_without_the_extra_it_says_what_to_install(tinct: Run, reel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    original = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name in ("av", "cv2"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return original(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    one_line(
        tinct("film", reel), "A film needs more than coloring does, and av is missing.", "pip install -c constraints.txt '.[film]'"
    )
