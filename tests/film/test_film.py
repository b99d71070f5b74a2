"""Films colored from beginning to end: what comes out, what goes on after an interruption, and what is refused."""

from __future__ import annotations

import gc
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from film.clips import truncate, write_clip
from film.places import seen, write_film
from film.probing import Probe, digest, frame_times
from tinct import ConfigError, Hint
from tinct.color import lab_to_rgb, lightness, rgb_to_lab
from tinct.coloring import Colorizer
from tinct.coloring.edit import Edit
from tinct.errors import FilmError
from tinct.film import Encoding, Film, FilmEdit, FilmProgress, FilmResult, Keyframe, planning
from tinct.film.ahead import AHEAD
from tinct.film.finding import is_result
from tinct.film.frames import Frame

FFV1 = Encoding("ffv1")
WORK = "a.mkv.tinct-film"
Floats = npt.NDArray[np.float32]


class StoppedError(Exception):
    """What a `progress` raises to end a run."""


@pytest.fixture(scope="module")
def reel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 frames, 8 a second: a place, another one, and the first one again, where the camera was at frame 5."""
    shots = [seen(1, i) for i in range(8)], [seen(2, i) for i in range(8)], [seen(1, 5 + i, grain=2, seed=i) for i in range(8)]
    return write_film(tmp_path_factory.mktemp("film") / "reel.mkv", [frame for shot in shots for frame in shot], rate=8)


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of 4 frames: two in each shot of the reel."""
    _small_windows(monkeypatch)


def _small_windows(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(planning, "MAX_WINDOW", 4)
    patch.setattr(planning, "MIN_WINDOW", 2)
    patch.setattr(planning, "MAX_SAMPLES", 2)


@pytest.fixture(scope="module")
def told() -> list[FilmProgress]:
    """What was told while the reel was colored."""
    return []


@pytest.fixture(scope="module")
def colored(reel: Path, colorizer: Colorizer, told: list[FilmProgress], tmp_path_factory: pytest.TempPathFactory) -> FilmResult:
    """The reel, colored without interruption in windows of 4 frames."""
    output = tmp_path_factory.mktemp("colored") / "a.mkv"
    with pytest.MonkeyPatch.context() as patch:
        _small_windows(patch)
        return Film(reel).colorize(output, colorizer=colorizer, encoding=FFV1, progress=told.append)


def decoded(path: Path, kind: str = "rgb24") -> list[npt.NDArray[np.uint8]]:
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format=kind) for frame in film.decode(video=0)]


def lumas(path: Path) -> list[npt.NDArray[Any]]:
    with av.open(str(path)) as film:
        planes = []
        for frame in film.decode(video=0):
            kind = "u1" if frame.format.components[0].bits == 8 else "<u2"
            rows = np.frombuffer(memoryview(frame.planes[0]), kind).reshape(frame.height, -1)
            planes.append(rows[:, : frame.width].copy())
        return planes


def chroma_of(path: Path) -> list[Floats]:
    """(H, W, 2) a*, b* of each frame."""
    return [rgb_to_lab(frame)[..., 1:] for frame in decoded(path)]


def apart(first: Floats, second: Floats) -> float:
    return float(np.linalg.norm(first - second, axis=-1).mean())


# ---- what comes out ----


def test_luma_times_and_count_are_the_films_own(reel: Path, colored: FilmResult) -> None:
    assert (colored.frames, colored.shots, colored.resumed) == (24, 3, 0)
    assert all(np.array_equal(a, b) for a, b in zip(lumas(reel), lumas(colored.path), strict=True))
    assert frame_times(colored.path) == frame_times(reel)


def test_colors_are_there_and_hold_still(colored: FilmResult) -> None:
    colors = chroma_of(colored.path)
    assert np.mean([np.hypot(*np.moveaxis(one, -1, 0)).mean() for one in colors]) > 2
    for first, second in itertools.pairwise(colors[:8]):  # the camera moves by a pixel a frame
        assert apart(first[:, 1:], second[:, :-1]) < 2


def test_a_place_that_returns_has_its_colors_again(colored: FilmResult) -> None:
    colors = chroma_of(colored.path)
    for before, after in ((5, 16), (7, 18)):
        assert apart(colors[before], colors[after]) < 5


def test_nothing_is_left_beside_the_result_which_says_what_it_is(colored: FilmResult, colorizer: Colorizer) -> None:
    assert [path.name for path in colored.path.parent.iterdir()] == ["a.mkv"]
    assert is_result(colored.path)
    record = json.loads(Probe(colored.path).tags["tinct"])
    assert (record["original"], record["model"], record["weights"]) == (
        "reel.mkv",
        colorizer.record(Edit()).model,
        colorizer.record(Edit()).weights,
    )


def test_progress_rises_in_each_stage_to_its_end(colored: FilmResult, told: list[FilmProgress]) -> None:
    assert list(dict.fromkeys(one.stage for one in told)) == ["looking", "coloring", "joining"]
    for stage in ("looking", "coloring", "joining"):
        steps = [one for one in told if one.stage == stage]
        assert [one.done for one in steps] == sorted(one.done for one in steps)
        assert (steps[-1].done, steps[-1].total) == (24, 24)
    assert {one.done for one in told if one.stage == "coloring"} >= {4, 8, 12, 16, 20, 24}


def test_no_strength_leaves_the_film_gray(reel: Path, classic: Colorizer, tmp_path: Path) -> None:
    Film(reel).colorize(tmp_path / "a.mkv", FilmEdit(Edit(strength=0)), colorizer=classic, encoding=FFV1, end=0.5)
    assert all(np.all(frame[120:] == 128) for frame in decoded(tmp_path / "a.mkv", "yuv444p"))


# ---- keyframes ----


def painting(frame: npt.NDArray[np.uint8], ab: tuple[float, float]) -> npt.NDArray[np.uint8]:
    """(H, W, 4) a frame whose left half is painted, and the rest transparent."""
    light = lightness(np.repeat(frame[..., None], 3, axis=-1))
    rgb = lab_to_rgb(np.dstack([light, np.broadcast_to(np.float32(ab), (*light.shape, 2))]))
    alpha = np.zeros((*light.shape, 1))
    alpha[:, :80] = 1
    return np.rint(np.dstack([rgb, alpha]) * 255).astype(np.uint8)


def test_a_painted_frame_colors_its_shot_and_the_shots_that_recur(
    reel: Path, colored: FilmResult, colorizer: Colorizer, tmp_path: Path
) -> None:
    edit = FilmEdit(keyframes=[Keyframe(4 / 8, painting(seen(1, 4), (30, -25)))])
    Film(reel).colorize(tmp_path / "a.mkv", edit, colorizer=colorizer, encoding=FFV1)
    colors, usual = chroma_of(tmp_path / "a.mkv"), chroma_of(colored.path)
    inside = np.s_[20:100, 12:60]
    for frame, limit in ((4, 5), (0, 6), (7, 6), (16, 8), (23, 10)):
        assert np.linalg.norm(np.median(colors[frame][inside], axis=(0, 1)) - (30, -25)) < limit, frame
    assert apart(colors[12], usual[12]) < 7  # another place


def test_a_preview_knows_keyframes_outside_of_it(reel: Path, colorizer: Colorizer, tmp_path: Path) -> None:
    edit = FilmEdit(keyframes=[Keyframe(5 / 8, painting(seen(1, 5), (30, -25)))])
    result = Film(reel).colorize(tmp_path / "a.mkv", edit, colorizer=colorizer, encoding=FFV1, start=2.0, end=2.5)
    assert result.frames == 4
    assert float(frame_times(tmp_path / "a.mkv")[0]) == 0
    first = np.median(chroma_of(tmp_path / "a.mkv")[0][20:100, 12:60], axis=(0, 1))
    assert np.linalg.norm(first - (30, -25)) < 8


def test_hints_at_a_time_color_their_surroundings(reel: Path, colorizer: Colorizer, tmp_path: Path) -> None:
    edit = FilmEdit(keyframes=[Keyframe(3 / 8, hints=[Hint(60, 60, "#b04040", size=16)])])
    Film(reel).colorize(tmp_path / "a.mkv", edit, colorizer=colorizer, encoding=FFV1, end=0.5)
    colors = chroma_of(tmp_path / "a.mkv")
    wanted = rgb_to_lab(np.array([[[176, 64, 64]]], np.uint8))[0, 0, 1:]
    for frame in (3, 1):
        assert np.linalg.norm(colors[frame][56:64, 58 - frame : 62 - frame].mean(axis=(0, 1)) - wanted) < 15


# ---- films of all kinds ----


def seconds(path: Path) -> list[float]:
    """Times of all frames; Matroska's are rounded to milliseconds."""
    return [float(time) for time in frame_times(path)]


def times_of_variable_rate() -> list[float]:
    return [0, 0.04, 0.2, 0.21, 0.5, 0.58, 1.25]


KINDS: dict[str, Callable[[Path], Path]] = {
    "one frame": lambda folder: write_clip(folder / "f.mkv", frames=1),
    "two frames": lambda folder: write_clip(folder / "f.mp4", frames=2),
    "8x8": lambda folder: write_clip(folder / "f.mkv", frames=5, size=(8, 8), codec="ffv1", pix_fmt="gray"),
    "very wide": lambda folder: write_clip(folder / "f.mkv", frames=5, size=(600, 12), codec="ffv1", pix_fmt="gray"),
    "very high": lambda folder: write_clip(folder / "f.mkv", frames=5, size=(12, 500), codec="ffv1", pix_fmt="gray"),
    "odd sizes": lambda folder: write_clip(folder / "f.mkv", frames=5, size=(97, 33), codec="ffv1", pix_fmt="gray"),
    "10 bits": lambda folder: write_clip(folder / "f.mkv", frames=5, codec="ffv1", pix_fmt="yuv420p10le"),
    "16 bits": lambda folder: write_clip(folder / "f.mkv", frames=5, codec="ffv1", pix_fmt="gray16le"),
    "variable rate": lambda folder: write_clip(folder / "f.mkv", times=times_of_variable_rate()),
    "1000 a second": lambda folder: write_clip(folder / "f.mkv", frames=20, rate=1000),
    "1 in 40 seconds": lambda folder: write_clip(folder / "f.mkv", frames=4, rate=Fraction(1, 40)),
    "black": lambda folder: write_film(folder / "f.mkv", [np.full((64, 96), 16, np.uint8)] * 5),
    "a cut at each frame": lambda folder: write_film(folder / "f.mkv", [seen(i) for i in range(6)]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_films_of_all_kinds_keep_luma_and_times(kind: str, classic: Colorizer, tmp_path: Path) -> None:
    film = KINDS[kind](tmp_path)
    result = Film(film).colorize(tmp_path / "a.mkv", colorizer=classic, encoding=FFV1)
    before, after = lumas(film), lumas(tmp_path / "a.mkv")
    assert result.frames == len(after)
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert seconds(tmp_path / "a.mkv") == pytest.approx(seconds(film), abs=6e-4)


@pytest.mark.parametrize("kind", ["two frames", "8x8", "very wide", "odd sizes"])
def test_the_default_model_takes_films_of_all_kinds(kind: str, colorizer: Colorizer, tmp_path: Path) -> None:
    film = KINDS[kind](tmp_path)
    Film(film).colorize(tmp_path / "a.mkv", colorizer=colorizer)
    assert seconds(tmp_path / "a.mkv") == pytest.approx(seconds(film), abs=6e-4)


@pytest.mark.parametrize("size", [(2, 2), (96, 6), (4000, 16), (16, 4000)])
def test_films_that_are_too_small_or_narrow_are_refused(size: tuple[int, int], classic: Colorizer, tmp_path: Path) -> None:
    film = write_clip(tmp_path / "f.mkv", frames=2, size=size, codec="ffv1", pix_fmt="gray")
    for ask in (
        lambda: Film(film).colorize(tmp_path / "a.mkv", colorizer=classic),
        lambda: Film(film).telling_frames(1, colorizer=classic),
    ):
        with pytest.raises(FilmError, match=f"has frames of {size[0]} × {size[1]} pixels, too small or too narrow") as refused:
            ask()
        assert refused.value.code == "film-shape"
    assert [path.name for path in tmp_path.iterdir()] == ["f.mkv"]


def test_an_encoder_that_takes_no_such_frames_is_told_before_work(classic: Colorizer, tmp_path: Path) -> None:
    film = KINDS["8x8"](tmp_path)
    with pytest.raises(FilmError, match=r"H\.265 can't be written with frames of 8 × 8 pixels") as refused:
        Film(film).colorize(tmp_path / "a.mkv", colorizer=classic, encoding=Encoding("h265"))
    assert refused.value.code == "film-encoder"
    assert [path.name for path in tmp_path.iterdir()] == ["f.mkv"]


def test_a_trimmed_film_is_colored_as_it_is_shown(classic: Colorizer, tmp_path: Path) -> None:
    """QuickTime trims by an edit list: frames from the key frame to the first one that is shown are there, but hidden."""
    whole, film = write_clip(tmp_path / "whole.mp4", frames=24), tmp_path / "f.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-ss", "0.5", "-i", whole, "-c", "copy", film], check=True)
    result = Film(film).colorize(tmp_path / "a.mp4", colorizer=classic)
    assert result.frames == len(decoded(tmp_path / "a.mp4")) == 18
    assert result.notes == ()


def test_a_classic_model_colors_with_sound(classic: Colorizer, tmp_path: Path) -> None:
    film = write_clip(tmp_path / "f.mp4", frames=12, audio="aac")
    Film(film).colorize(tmp_path / "a.mp4", colorizer=classic)
    assert Probe(tmp_path / "a.mp4").packets("audio") == Probe(film).packets("audio")
    assert frame_times(tmp_path / "a.mp4") == frame_times(film)
    assert max(float(np.abs(one).max()) for one in chroma_of(tmp_path / "a.mp4")) > 2


# ---- a part of a film ----


def test_every_so_many_frames_of_a_part(reel: Path, classic: Colorizer, tmp_path: Path) -> None:
    result = Film(reel).colorize(tmp_path / "a.mkv", colorizer=classic, encoding=FFV1, start=0.5, end=2.5, every=5)
    assert result.frames == 4
    original, part = lumas(reel), lumas(tmp_path / "a.mkv")
    assert all(np.array_equal(original[4 + 5 * i], one) for i, one in enumerate(part))
    assert [float(time) for time in frame_times(tmp_path / "a.mkv")] == pytest.approx([5 * i / 8 for i in range(4)], abs=2e-3)


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ({"start": 99.0}, "outside-film"),
        ({"start": 1e6}, "outside-film"),
        ({"start": 2.0, "end": 1.0}, "film-part"),
        ({"end": 0.0}, "film-part"),
        ({"start": -1.0}, "time"),
        ({"start": float("nan")}, "time"),
        ({"end": float("inf")}, "time"),
        ({"start": 1e300}, "time"),
        ({"every": 0}, "edit-value"),
        ({"every": 1.5}, "edit-value"),
        ({"every": True}, "edit-value"),
        ({"threads": -1}, "edit-value"),
    ],
)
def test_parts_that_are_none(reel: Path, classic: Colorizer, tmp_path: Path, part: dict[str, Any], code: str) -> None:
    with pytest.raises((ConfigError, FilmError)) as refused:
        Film(reel).colorize(tmp_path / "a.mkv", colorizer=classic, **part)
    assert refused.value.code == code
    assert list(tmp_path.iterdir()) == []


def test_single_frames(reel: Path) -> None:
    film = Film(reel)
    gray = film.frame(0.5).to_numpy()[..., 0].astype(int)
    assert gray.shape == (120, 160)
    assert np.abs(gray - (seen(1, 4).astype(int) - 16) * 255 / 219).max() <= 1
    for time in (99.0, float("nan"), float("inf"), 1e300, -5.0):
        with pytest.raises(FilmError) as refused:
            film.frame(time)
        assert refused.value.code == "outside-film"


def test_telling_frames(reel: Path, colorizer: Colorizer) -> None:
    told: list[FilmProgress] = []
    found = Film(reel).telling_frames(2, told.append, colorizer=colorizer)
    times = [time for time, _ in found]
    assert times == sorted(times)
    assert [1 <= time < 2 for time in times].count(True) == 1  # one of each place
    assert found[0][1].size == (160, 120)
    assert (told[-1].stage, told[-1].done, told[-1].total) == ("looking", 24, 24)
    for count in (0, 101):
        with pytest.raises(ConfigError):
            Film(reel).telling_frames(count, colorizer=colorizer)


# ---- what is there is never overwritten ----


@pytest.mark.parametrize("kind", ["itself", "symlink", "hard link", "folder", "stranger", "result"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_outputs_that_are_there(
    reel: Path, classic: Colorizer, colored: FilmResult, tmp_path: Path, kind: str, overwrite: bool
) -> None:
    film = Path(shutil.copy(reel, tmp_path / "film.mkv"))
    output = film if kind == "itself" else tmp_path / "out" / "a.mkv"
    output.parent.mkdir(exist_ok=True)
    if kind == "symlink":
        output.symlink_to(film)
    elif kind == "hard link":
        output.hardlink_to(film)
    elif kind == "folder":
        output.mkdir()
    elif kind == "stranger":
        write_clip(output, frames=2)
    elif kind == "result":
        shutil.copy(colored.path, output)
    original = digest(film)

    def color() -> FilmResult:
        return Film(film).colorize(output, colorizer=classic, encoding=FFV1, end=0.3, overwrite=overwrite)

    if kind == "result" and overwrite:
        assert color().frames == 3
        assert len(decoded(output)) == 3
    else:
        with pytest.raises(FilmError) as refused:
            color()
        same = kind in ("itself", "symlink", "hard link")
        assert refused.value.code == ("is-original" if same else "not-ours" if overwrite else "exists")
        assert [path for path in output.parent.iterdir() if path.name.endswith("tinct-film")] == []
    assert digest(film) == original


def test_a_file_that_appears_while_a_film_is_colored_is_kept(reel: Path, classic: Colorizer, tmp_path: Path) -> None:
    output = tmp_path / "a.mkv"

    def appear(progress: FilmProgress) -> None:
        if progress.stage == "joining":
            output.write_text("mine")

    with pytest.raises(FilmError) as refused:
        Film(reel).colorize(output, colorizer=classic, encoding=FFV1, end=0.5, progress=appear)
    assert refused.value.code == "exists"
    assert output.read_text() == "mine"
    output.unlink()
    assert Film(reel).colorize(output, colorizer=classic, encoding=FFV1, end=0.5).resumed == 4


@pytest.mark.parametrize("name", ["a.avi", "a", "a.png", "missing/a.mkv"])
def test_outputs_that_can_not_be_written(reel: Path, classic: Colorizer, tmp_path: Path, name: str) -> None:
    with pytest.raises(FilmError) as refused:
        Film(reel).colorize(tmp_path / name, colorizer=classic)
    assert refused.value.code == ("film-unwritable" if "/" in name else "container-codec")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("full", ["segment", "state", "plan"])
def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(
    reel: Path, classic: Colorizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    where = {
        "segment": "tinct.film.container.segments.PacketFile.write",
        "state": "tinct.film.workspace.Workspace._state",
        "plan": "tinct.film.workspace.write_arrays",
    }
    with monkeypatch.context() as patch:
        patch.setattr(where[full], no_room)
        with pytest.raises(FilmError, match=r"a\.mkv\.tinct-film can't be written \(No space left on device\)") as refused:
            Film(reel).colorize(tmp_path / "a.mkv", colorizer=classic, encoding=FFV1, end=0.5)
    assert refused.value.code == "film-unwritable"
    assert not (tmp_path / "a.mkv").exists()
    assert Film(reel).colorize(tmp_path / "a.mkv", colorizer=classic, encoding=FFV1, end=0.5).frames == 4
    assert [path.name for path in tmp_path.iterdir()] == ["a.mkv"]


# ---- interruptions ----


def run(
    film: Path, output: Path, colorizer: Colorizer, progress: Callable[[FilmProgress], None] | None = None, **given: Any
) -> FilmResult:
    return Film(film).colorize(output, colorizer=colorizer, encoding=FFV1, progress=progress, **given)


def stopping_after(frames: int, stage: str = "coloring") -> Callable[[FilmProgress], None]:
    def tell(progress: FilmProgress) -> None:
        if progress.stage == stage and progress.done >= frames:
            raise StoppedError

    return tell


@pytest.mark.usefixtures("small_windows")
def test_a_run_that_is_stopped_after_each_window_ends_with_the_same_file(
    reel: Path, colored: FilmResult, colorizer: Colorizer, tmp_path: Path
) -> None:
    output = tmp_path / "a.mkv"
    with pytest.raises(StoppedError):
        run(reel, output, colorizer, stopping_after(0, "looking"))
    for window in range(1, 7):
        with pytest.raises(StoppedError):
            run(reel, output, colorizer, stopping_after(4 * window))
        assert not output.exists()
    with pytest.raises(StoppedError):
        run(reel, output, colorizer, stopping_after(0, "joining"))
    result = run(reel, output, colorizer)
    assert result.resumed == 24
    assert digest(output) == digest(colored.path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mkv"]


@pytest.fixture(scope="module")
def stopped(reel: Path, classic: Colorizer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The work folder of a run that was stopped after 3 of 6 windows, and the digest of the whole film."""
    folder = tmp_path_factory.mktemp("stopped")
    with pytest.MonkeyPatch.context() as patch:
        _small_windows(patch)
        run(reel, folder / "a.mkv", classic)
        whole = digest(folder / "a.mkv")
        (folder / "a.mkv").unlink()
        with pytest.raises(StoppedError):
            run(reel, folder / "a.mkv", classic, stopping_after(12))
    return folder / WORK, whole


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize(
    ("name", "resumed"),
    [
        (None, 12),
        ("plan.npz", 12),
        ("shot-000002.npz", 12),
        ("state-000002.npz", 0),
        ("segment-000001.bin", 0),
        ("segment-000002.bin", 0),
    ],
)
def test_damaged_work_is_done_again(
    reel: Path, classic: Colorizer, stopped: tuple[Path, str], tmp_path: Path, name: str | None, resumed: int
) -> None:
    work = Path(shutil.copytree(stopped[0], tmp_path / WORK))
    if name is not None:
        data = bytearray((work / name).read_bytes())
        data[len(data) // 2] ^= 0x40
        (work / name).write_bytes(data)
    assert run(reel, tmp_path / "a.mkv", classic).resumed == resumed
    assert digest(tmp_path / "a.mkv") == stopped[1]


@pytest.mark.usefixtures("small_windows")
def test_damaged_places_are_found_again(reel: Path, colored: FilmResult, colorizer: Colorizer, tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        run(reel, tmp_path / "a.mkv", colorizer, stopping_after(8))
    truncate(sorted((tmp_path / WORK / "places").iterdir())[0], 0.5)
    assert run(reel, tmp_path / "a.mkv", colorizer).resumed == 0
    assert digest(tmp_path / "a.mkv") == digest(colored.path)


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("other", ["edit", "keyframe", "part", "encoding", "fresh", "film", "library"])
def test_another_request_begins_anew(
    reel: Path, classic: Colorizer, stopped: tuple[Path, str], tmp_path: Path, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(stopped[0], tmp_path / WORK)
    film = Path(shutil.copy(reel, tmp_path / "reel.mkv"))
    given: dict[str, Any] = {"colorizer": classic, "encoding": FFV1}
    if other == "edit":
        given["edit"] = FilmEdit(Edit(strength=0.5))
    elif other == "keyframe":
        given["edit"] = FilmEdit(keyframes=[Keyframe(0.5, painting(seen(1, 4), (30, 0)))])
    elif other == "part":
        given["end"] = 2.5
    elif other == "encoding":
        given["encoding"] = Encoding("h264", preset="ultrafast")
    elif other == "fresh":
        given["fresh"] = True
    elif other == "film":
        write_film(film, [seen(1, i) for i in range(5)])  # it has shrunk
    else:
        monkeypatch.setattr("cv2.__version__", "9.9")
    result = Film(film).colorize(tmp_path / "a.mkv", **given)
    assert result.resumed == 0
    assert len(decoded(tmp_path / "a.mkv")) == {"film": 5, "part": 20}.get(other, 24)


@pytest.mark.usefixtures("small_windows")
def test_a_second_run_on_the_same_output_is_refused(
    reel: Path, classic: Colorizer, stopped: tuple[Path, str], tmp_path: Path
) -> None:
    refusals: list[str] = []

    def again(progress: FilmProgress) -> None:
        if progress.stage == "coloring" and progress.done == 8:
            for fresh in (False, True):
                with pytest.raises(FilmError, match="another run is coloring a film into this file") as refused:
                    run(reel, tmp_path / "a.mkv", classic, fresh=fresh)
                refusals.append(refused.value.code)

    run(reel, tmp_path / "a.mkv", classic, again)
    assert set(refusals) == {"film-running"}
    assert digest(tmp_path / "a.mkv") == stopped[1]


@pytest.mark.usefixtures("small_windows")
def test_a_film_that_changes_while_it_is_colored_is_told(
    reel: Path, classic: Colorizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinct.film.container.reading import Reader

    frames = Reader.frames

    def shorter(*given: Any, **named: Any) -> Any:
        return (frame for frame, _ in zip(frames(*given, **named), range(14), strict=False))

    with pytest.raises(StoppedError):
        run(reel, tmp_path / "a.mkv", classic, stopping_after(24, "looking"))
    monkeypatch.setattr(Reader, "frames", shorter)
    with pytest.raises(FilmError, match="changed while it was colored") as refused:
        run(reel, tmp_path / "a.mkv", classic)
    assert refused.value.code == "film-changed"


@pytest.mark.usefixtures("small_windows")
def test_memory_does_not_grow_with_the_film(classic: Colorizer, tmp_path: Path) -> None:
    """Frames that a run holds: two windows, with the frame that both share, and those that were read ahead."""
    held: list[int] = []
    film = write_clip(tmp_path / "f.mkv", frames=80, size=(32, 24))
    others = [one for one in gc.get_objects() if type(one) is Frame]  # that earlier tests left

    def count(progress: FilmProgress) -> None:
        held.append(sum(type(one) is Frame for one in gc.get_objects()) - len(others))

    run(film, tmp_path / "a.mkv", classic, count)
    assert len(held) > 20
    assert max(held) <= 2 * (4 + 1) + AHEAD + 3


@pytest.mark.slow
def test_up_to_twenty_kills_end_with_the_same_file(reel: Path, tmp_path: Path) -> None:
    """The command itself, killed at moments that differ each time."""
    command = [sys.executable, "-c", KILLED, str(reel), "-o", str(tmp_path / "a.mkv"), "--codec", "ffv1"]
    kills = 0
    for number in range(20):
        environment = {**os.environ, "KILL_AT": str(number)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        kills += 1
        if (tmp_path / "a.mkv").exists():  # killed between its placement and the removal of the work folder
            break
    assert kills > 5
    placed = digest(tmp_path / "a.mkv") if (tmp_path / "a.mkv").exists() else None
    if placed is None or len(list(tmp_path.iterdir())) > 1:
        subprocess.run([*command, "--overwrite"], check=True, capture_output=True, timeout=120)
    command[5] = str(tmp_path / "b.mkv")
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert digest(tmp_path / "a.mkv") == digest(tmp_path / "b.mkv")
    assert placed in (None, digest(tmp_path / "b.mkv")), "what is in place is whole"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mkv", "b.mkv"]


KILLED = """
import os, signal, sys
from tinct.film import planning
planning.MAX_WINDOW, planning.MIN_WINDOW = 4, 2
at, replaced = int(os.environ.get("KILL_AT", "1000")), os.replace
count = 0
def replace(source, target, *more, **given):  # each work file appears by it; killed before it or after it
    global count
    count += 1
    if count > 1 + at % 3 and at % 2:
        os.kill(os.getpid(), signal.SIGKILL)
    replaced(source, target, *more, **given)
    if count > 1 + at % 3 and "KILL_AT" in os.environ:
        os.kill(os.getpid(), signal.SIGKILL)
os.replace = replace
from tinct.cli import main
sys.argv = ["tinct", "film", *sys.argv[1:]]
main()
"""
