"""Segments: the film's own luma, the same bytes each time, nothing that reaches beyond their ends, whole or not at all."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from film.clips import drawn_frame, write_clip
from film.probing import Probe, digest, written
from tinct.film.container.encoding import CODECS, Encoding, chroma_shape
from tinct.film.container.reading import open_film
from tinct.film.container.segments import read_entries
from tinct.film.container.writing import SegmentWriter, levels
from tinct.film.frames import ColoredFrame, ColorTags, FilmInfo, Frame

INFO = FilmInfo(Path("a.mp4"), 96, 64, ColorTags())
FAST = {"h264": "ultrafast", "h265": "ultrafast", "vp9": "8"}


def fast(codec: str) -> Encoding:
    return Encoding(codec, preset=FAST.get(codec))


def colored(index: int, pts: int, encoding: Encoding, info: FilmInfo = INFO) -> ColoredFrame:
    shift = info.color.depth - 8
    luma = drawn_frame(index, info.width, info.height).astype(np.uint8 if shift == 0 else np.uint16) << shift
    plane = np.full(chroma_shape(encoding, info.height, info.width), 140 << shift, luma.dtype)
    return ColoredFrame(Frame(index, pts, luma), plane, plane + 1)


def write_segment(path: Path, encoding: Encoding, times: list[int], info: FilmInfo = INFO) -> Path:
    with SegmentWriter(path, info, encoding, threads=2) as writer:
        for i, pts in enumerate(times):
            writer.write(colored(i, pts, encoding, info))
    return path


@pytest.mark.parametrize("codec", CODECS)
def test_segments_keep_their_times_and_begin_with_a_key_frame(codec: str, tmp_path: Path) -> None:
    times = [10**12 + t for t in (0, 40, 80, 81, 500, 541, 600, 700, 701, 702, 900, 1000)]
    _, entries = read_entries(write_segment(tmp_path / "a.packets", fast(codec), times))
    assert sorted(entries["pts"].tolist()) == times
    assert entries["pts"][0] == times[0]
    assert entries["keyframe"][0]


@pytest.mark.parametrize("codec", CODECS)
def test_the_same_frames_give_the_same_bytes(codec: str, tmp_path: Path) -> None:
    encoding = fast(codec) if codec != "h264" else Encoding()  # its default preset uses the macroblock tree
    times = list(range(0, 24 * 40, 40))
    assert len({digest(write_segment(tmp_path / str(i), encoding, times)) for i in range(4)}) == 1


@pytest.mark.parametrize("depth", [8, 10])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("codec", CODECS)
def test_luma_of_the_result(codec: str, full: bool, depth: int, tmp_path: Path) -> None:
    ending = {"prores": "mov", "vp9": "webm"}.get(codec, "mkv")
    kind: dict[str, Any] = {"codec": "ffv1", "pix_fmt": "yuv444p" if depth == 8 else "yuv444p10le"}
    source = write_clip(tmp_path / "a.mkv", frames=3, color={"colorspace": 1, "color_range": 2 if full else 1}, **kind)
    output = tmp_path / f"b.{ending}"
    info, _ = written(source, output, fast(codec))
    assert info.color == ColorTags("bt709", full, depth)
    with open_film(output) as reader:
        assert reader.info.color.matrix == "bt709"
        assert reader.info.color.full_range == (full and codec != "prores")
        for i, frame in enumerate(reader.frames()):
            luma = frame.luma.astype(float) / 2.0 ** (reader.info.color.depth - 8)
            expected = drawn_frame(i).astype(float)
            if full and codec == "prores":
                expected = 16 + expected * 219 / 255
            if codec == "ffv1":
                np.testing.assert_array_equal(luma, expected)
            assert np.sqrt(np.mean((luma - expected) ** 2)) < 2.5


@pytest.mark.parametrize("size", [(97, 64), (96, 65), (97, 65)])
@pytest.mark.parametrize("codec", CODECS)
def test_odd_sizes_are_kept(codec: str, size: tuple[int, int], tmp_path: Path) -> None:
    ending = {"prores": "mov", "vp9": "webm", "ffv1": "mkv"}.get(codec, "mp4")
    source = write_clip(tmp_path / "a.mkv", frames=3, codec="ffv1", pix_fmt="gray", size=size)
    written(source, tmp_path / f"b.{ending}", fast(codec))
    result = Probe(tmp_path / f"b.{ending}")
    assert (result.of("video")[0]["width"], result.of("video")[0]["height"]) == size
    assert len(result.times("video")) == 3


def test_colors_of_the_result(tmp_path: Path) -> None:
    output = tmp_path / "b.mp4"
    written(write_clip(tmp_path / "a.mp4", frames=2), output, Encoding())
    with av.open(str(output)) as film:
        frame = next(film.decode(video=0))
        planes = [np.frombuffer(memoryview(p), np.uint8).reshape(p.height, -1)[:, : p.width] for p in frame.planes]
        assert abs(planes[1].mean() - 133) < 1
        assert abs(planes[2].mean() - 133) < 1


def test_levels() -> None:
    deep, full = dataclasses.replace(INFO, color=ColorTags(depth=12)), dataclasses.replace(INFO, color=ColorTags(full_range=True))
    assert levels(INFO, Encoding()) == (None, None)
    assert levels(deep, Encoding("ffv1")) == (None, None)
    luma, chroma = levels(INFO, Encoding("prores"))
    assert luma is not None
    assert chroma is not None
    assert (luma[16], luma[235], chroma[128]) == (64, 940, 512)
    luma, chroma = levels(deep, Encoding())
    assert luma is not None
    assert chroma is not None
    assert (luma[256], luma[3760], luma[4095], chroma[2048]) == (64, 940, 1023, 512)
    luma, chroma = levels(full, Encoding("prores"))
    assert luma is not None
    assert chroma is not None
    assert (luma[0], luma[255], chroma[128]) == (64, 940, 512)
    luma, _ = levels(dataclasses.replace(INFO, color=ColorTags(full_range=True, depth=9)), Encoding("ffv1"))
    assert luma is not None
    assert (luma[0], luma[511]) == (0, 1023)


def test_nothing_is_left_of_an_unfinished_segment(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="plane 1"), SegmentWriter(tmp_path / "a.packets", INFO, Encoding()) as writer:
        writer.write(colored(0, 0, Encoding("ffv1")))
    assert list(tmp_path.iterdir()) == []


def test_frames_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with SegmentWriter(tmp_path / "a.packets", INFO, Encoding()) as writer:
        writer.write(colored(0, 100, Encoding()))
        with pytest.raises(ValueError, match="100 after 100"):
            writer.write(colored(1, 100, Encoding()))
        with pytest.raises(ValueError, match="plane 1"):
            writer.write(colored(1, 200, Encoding("ffv1")))
        with pytest.raises(ValueError, match="plane 0"):
            writer.write(colored(1, 300, Encoding(), dataclasses.replace(INFO, width=64)))


def test_cut_off_segments_are_known(tmp_path: Path) -> None:
    path = write_segment(tmp_path / "a.packets", fast("h264"), [0, 40, 80])
    whole = path.read_bytes()
    for size in (len(whole) - 1, len(whole) // 2, 10, 0):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"ends early|no file of film packets"):
            read_entries(path)
