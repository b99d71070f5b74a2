"""The folder of an interrupted run: what is kept, what is thrown away, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tinct.errors import FilmError
from tinct.film.arrays import read_arrays, write_arrays
from tinct.film.container.segments import PacketFile, is_whole
from tinct.film.fresh import Prior
from tinct.film.planning import FilmPlan, ShotSamples
from tinct.film.tracking import Layer, Look
from tinct.film.window import ShotState
from tinct.film.workspace import Workspace

ONE, OTHER = "1a" * 32, "2b" * 32
PLAN = FilmPlan(np.array([0, 40, 80], np.int64), np.array([0, 2], np.int64))
TIMES = [np.array([0, 40], np.int64), np.array([80], np.int64)]


def layer(level: float) -> Layer:
    return Layer(np.full((4, 6, 2), level, np.float32), np.full((4, 6), level, np.float32))


def state(*, told: bool = False) -> ShotState:
    prior = Prior(np.ones((1, 3), np.float32), np.full((1, 3), 2, np.float32))
    look = Look(np.full((4, 6), 0.5, np.float32), np.ones((4, 6), np.float32))
    return ShotState(prior, layer(1), look, layer(2) if told else None, layer(3), np.ones((4, 6), np.float32))


def segment(path: Path, times: list[int]) -> None:
    with path.open("wb") as file:
        packets = PacketFile(file, b"header")
        for pts in times:
            packets.write(pts, pts == times[0], b"content of %d" % pts)
        packets.end()


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "a.mkv"


@pytest.fixture
def folder(output: Path) -> Path:
    """Of a run that was interrupted after both windows."""
    with Workspace(output, ONE) as workspace:
        for shot in (0, 1):
            workspace.keep_samples(shot, ShotSamples(np.array([shot]), np.full((1, 4, 6), shot, np.uint8)))
        workspace.keep_plan(PLAN, ["damage"])
        for number, times in enumerate(([0, 40], [80])):
            segment(workspace.segment(number), times)
            workspace.keep_state(number, state(told=number == 1), 5 + number)
        return workspace.folder


def spoil(path: Path, at: float = 0.6) -> None:
    data = bytearray(path.read_bytes())
    data[int(at * len(data))] ^= 0x10
    path.write_bytes(data)


def test_what_was_kept_is_found_again(output: Path, folder: Path) -> None:
    assert folder == output.with_name("a.mkv.tinct-film")
    with Workspace(output, ONE) as workspace:
        plan, notes = workspace.plan() or (None, None)
        assert plan is not None
        assert (plan.pts.tolist(), plan.starts.tolist(), notes) == ([0, 40, 80], [0, 2], ["damage"])
        assert workspace.samples(1).frames[0, 0, 0] == 1
        known = workspace.progressed(TIMES)
        assert known is not None
        assert (known.windows, known.places) == (2, 6)
        assert known.state.told is not None
        assert known.state.guides is not None
        assert [float(one.ab[0, 0, 0]) for one in (known.state.mean, known.state.told, known.state.guides)] == [1, 2, 3]
        assert known.state.prior is not None
        assert known.state.prior.scale.tolist() == [[2, 2, 2]]
    assert len(list(folder.glob("state-*"))) == 1


@pytest.mark.parametrize("given", [{"identity": OTHER}, {"identity": ONE, "fresh": True}])
def test_another_run_begins_anew(output: Path, folder: Path, given: dict[str, object]) -> None:
    with Workspace(output, **given) as workspace:  # type: ignore[arg-type]
        assert workspace.plan() is None
        assert workspace.progressed(TIMES) is None
        assert sorted(path.name for path in folder.iterdir()) == ["identity", "places"]


def test_a_finished_run_leaves_nothing(output: Path, folder: Path, tmp_path: Path) -> None:
    with Workspace(output, ONE) as workspace:
        workspace.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, "identity"])
def test_a_folder_of_somebody_else_is_refused_and_kept(output: Path, tmp_path: Path, content: str | None) -> None:
    other = tmp_path / "a.mkv.tinct-film"
    (other / "photos").mkdir(parents=True)
    (other / (content or "notes.txt")).write_text("my notes")
    for fresh in (False, True):
        with pytest.raises(FilmError, match="is in the way: it isn't a folder of tinct") as refused:
            Workspace(output, ONE, fresh=fresh)
        assert refused.value.code == "not-ours"
    assert (other / (content or "notes.txt")).read_text() == "my notes"
    assert (other / "photos").is_dir()


def test_a_file_in_the_way_and_a_missing_folder_are_told(output: Path, tmp_path: Path) -> None:
    (tmp_path / "a.mkv.tinct-film").write_text("mine")
    for path, message in (
        (output, r"a\.mkv\.tinct-film can't be written \("),
        (tmp_path / "missing" / "a.mkv", "folder doesn't exist"),
    ):
        with pytest.raises(FilmError, match=message) as refused:
            Workspace(path, ONE)
        assert refused.value.code == "film-unwritable"
    assert not (tmp_path / "missing").exists()
    assert (tmp_path / "a.mkv.tinct-film").read_text() == "mine"


def test_two_runs_at_once_are_refused(output: Path) -> None:
    with Workspace(output, ONE) as first:
        for identity, fresh in ((ONE, False), (OTHER, False), (OTHER, True)):
            with pytest.raises(FilmError, match="another run is coloring a film into this file") as refused:
                Workspace(output, identity, fresh=fresh)
            assert refused.value.code == "film-running"
        first.keep_plan(PLAN, [])
        assert first.folder.is_dir()
    Workspace(output, ONE).__exit__(None, None, None)


@pytest.mark.parametrize("name", ["plan.npz", "shot-000000.npz", "shot-000001.npz"])
@pytest.mark.parametrize("kind", ["flipped", "cut", "empty", "missing"])
def test_a_damaged_plan_is_made_again(output: Path, folder: Path, name: str, kind: str) -> None:
    harm(folder / name, kind)
    with Workspace(output, ONE) as workspace:
        assert workspace.plan() is None


@pytest.mark.parametrize("name", ["state-000001.npz", "segment-000000.bin", "segment-000001.bin"])
@pytest.mark.parametrize("kind", ["flipped", "cut", "empty", "missing"])
def test_damaged_windows_are_colored_again(output: Path, folder: Path, name: str, kind: str) -> None:
    harm(folder / name, kind)
    with Workspace(output, ONE) as workspace:
        assert workspace.plan() is not None
        assert workspace.progressed(TIMES) is None


def harm(path: Path, kind: str) -> None:
    if kind == "missing":
        path.unlink()
    elif kind == "flipped":
        spoil(path)
    else:
        path.write_bytes(path.read_bytes()[: len(path.read_bytes()) // 2 if kind == "cut" else 0])


def test_segments_of_other_frames_are_not_taken(output: Path, folder: Path) -> None:
    with Workspace(output, ONE) as workspace:
        assert workspace.progressed([TIMES[0], np.array([81])]) is None
        assert workspace.progressed([np.array([0]), TIMES[1]]) is None


def test_forgotten_windows_leave_the_plan(output: Path, folder: Path) -> None:
    with Workspace(output, ONE) as workspace:
        workspace.forget_windows()
        assert workspace.progressed(TIMES) is None
        assert workspace.plan() is not None


def test_every_flipped_byte_of_a_segment_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "segment.bin"
    segment(path, [0, 40])
    times = np.array([0, 40], np.int64)
    assert is_whole(path, times)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert not is_whole(path, times), place


def test_every_flipped_byte_of_arrays_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    write_arrays(path, a=np.arange(3), b=np.array("text"))
    values = read_arrays(path)
    assert (values["a"].tolist(), str(values["b"])) == ([0, 1, 2], "text")
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ValueError, match="is damaged"):
            read_arrays(path)
