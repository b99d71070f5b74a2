"""Times that rise, whatever a container says, and damage that is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from film.clips import damage_packets, write_clip
from tinct.film.container.decoding import Damage, Timeline, UnsureError, decoded, frame_step, packets_from, seek_before
from tinct.film.container.describing import open_container, picture_stream


@pytest.mark.parametrize(
    ("given", "placed", "repaired"),
    [
        ([0, 40, 80], [0, 40, 80], 0),
        ([7, 40, 1000], [7, 40, 1000], 0),
        ([0, 40, 40, 80], [0, 40, 41, 80], 1),
        ([0, 40, None, 120], [0, 40, 80, 120], 1),
        ([None, None], [0, 40], 2),
        ([0, 40, 20, 80], [0, 40, 41, 80], 1),
        ([0, 2000, 0, 40, 80], [0, 2000, 2040, 2080, 2120], 1),
        ([-80, -40, 0], [-80, -40, 0], 0),
    ],
)
def test_timeline(given: list[int | None], placed: list[int], repaired: int) -> None:
    timeline = Timeline(step=40, jump=500)
    assert [timeline.place(pts) for pts in given] == placed
    assert timeline.repaired == repaired


def test_the_longest_gap_is_remembered() -> None:
    timeline = Timeline(step=40, jump=500, long_gap=400)
    for pts in (0, 400, 900, 1500, 1540, 2000):
        timeline.place(pts)
    assert (timeline.gap, timeline.gap_end) == (600, 1500)


def test_packets_begin_at_the_last_key_frame_that_is_early_enough(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", frames=48, gop=6, options={"x264-params": "scenecut=0"})
    with open_container(path) as container:
        stream = picture_stream(container, path)
        step = frame_step(stream)
        assert step == 83
        begun = [packet.pts for packet in packets_from(container, stream, 30 * step, Damage()) if packet.size]
        assert begun[0] == pytest.approx(24 * step, abs=12)
    with open_container(path) as container:
        stream = picture_stream(container, path)
        assert not seek_before(container, stream, 30 * step)  # less than ten seconds from the beginning


def test_timestamps_that_need_repair_forbid_skipping(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.h264", frames=24)  # a bare stream: no timestamps
    with open_container(path) as container, pytest.raises(UnsureError):
        list(packets_from(container, picture_stream(container, path), 10_000_000, Damage()))


def test_damage_is_counted(tmp_path: Path) -> None:
    path, damage = damage_packets(write_clip(tmp_path / "a.mkv", codec="mjpeg", pix_fmt="yuvj420p"), [5, 9]), Damage()
    with open_container(path) as container:
        stream = picture_stream(container, path)
        frames = list(decoded(packets_from(container, stream, None, damage), stream, damage, partial=False))
    assert damage.packets + damage.frames == 2
    assert len(frames) == 24 - damage.packets
    assert damage.first == pytest.approx(5 * 83, abs=3)
