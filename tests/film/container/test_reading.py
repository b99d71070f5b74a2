"""Films of all kinds are read as upright luma with their own times, from the beginning or the middle; bad ones say what is wrong."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from film.clips import damage_bytes, damage_packets, drawn_frame, truncate, write_clip
from film.probing import frame_times
from tinct.errors import FilmError
from tinct.film.container.reading import Reader, clock, open_film, read_frame
from tinct.film.frames import ColorTags, Frame


def read(path: Path) -> tuple[Reader, list[Frame]]:
    with open_film(path, threads=1) as reader:
        return reader, list(reader.frames())


LOSSLESS: dict[str, dict[str, Any]] = {
    "gray8.mkv": {"codec": "ffv1", "pix_fmt": "gray"},
    "yuv444p.mkv": {"codec": "ffv1", "pix_fmt": "yuv444p", "size": (97, 65)},
    "gray10.mkv": {"codec": "ffv1", "pix_fmt": "gray10le"},
    "yuv422p16.mkv": {"codec": "ffv1", "pix_fmt": "yuv422p16le"},
    "yuyv422.mov": {"codec": "rawvideo", "pix_fmt": "yuyv422"},
    "nv12.mkv": {"codec": "rawvideo", "pix_fmt": "nv12"},
}


@pytest.mark.parametrize("name", LOSSLESS)
def test_luma_is_the_films_own(name: str, tmp_path: Path) -> None:
    kind = LOSSLESS[name]
    _, frames = read(write_clip(tmp_path / name, frames=3, **kind))
    assert len(frames) == 3
    depth = {"yuv422p16le": 16, "gray10le": 10}.get(kind["pix_fmt"], 8)
    for i, frame in enumerate(frames):
        drawn = drawn_frame(i, *kind.get("size", (96, 64))).astype(np.uint16) << (depth - 8)
        assert frame.luma.dtype == (np.uint8 if depth == 8 else np.uint16)
        if kind["pix_fmt"] == "yuyv422":  # made by ffmpeg's scaler from full range
            np.testing.assert_allclose(frame.luma, 16 + drawn * (219 / 255), atol=1.1)
        else:
            np.testing.assert_array_equal(frame.luma, drawn)


@pytest.mark.parametrize("pix_fmt", ["bgr24", "rgb555le", "pal8", "monow"])
def test_frames_without_luma_are_converted_and_told(pix_fmt: str, tmp_path: Path) -> None:
    path = tmp_path / "a.nut"
    if pix_fmt == "pal8":
        plain, path = write_clip(tmp_path / "a.mkv", frames=3), tmp_path / "a.gif"
        subprocess.run(["ffmpeg", "-v", "error", "-i", plain, path], check=True)
    else:
        write_clip(path, frames=3, codec="rawvideo", pix_fmt=pix_fmt)
    reader, frames = read(path)
    assert "without luma of their own" in " ".join(reader.info.notes)
    assert not reader.info.color.full_range
    if pix_fmt == "bgr24":
        np.testing.assert_allclose(frames[0].luma, 16 + drawn_frame(0) * (219 / 255), atol=1.1)
    else:
        assert frames[0].luma.shape == (64, 96)
        assert frames[0].luma.std() > 10


@pytest.mark.parametrize(("rotation", "turns"), [(90, -1), (180, 2), (270, 1)])
@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_frames_are_turned_upright(container: str, rotation: int, turns: int, tmp_path: Path) -> None:
    plain, turned = tmp_path / f"plain.{container}", tmp_path / f"turned.{container}"
    aspect = Fraction(4, 3)
    _, expected = read(write_clip(plain, frames=3, sample_aspect=aspect))
    reader, frames = read(write_clip(turned, frames=3, rotation=rotation, sample_aspect=aspect))
    assert reader.info.rotation == rotation
    assert (reader.info.height, reader.info.width) == frames[0].luma.shape
    assert reader.info.sample_aspect == (aspect if rotation == 180 else 1 / aspect)
    for frame, stored in zip(frames, expected, strict=True):
        np.testing.assert_array_equal(frame.luma, np.rot90(stored.luma, turns))


TAGS: list[tuple[dict[str, Any], ColorTags]] = [
    ({}, ColorTags("bt601", False, 8)),
    ({"size": (1280, 720), "frames": 1}, ColorTags("bt709", False, 8)),
    ({"color": {"colorspace": 1, "color_range": 2, "color_primaries": 1, "color_trc": 1}}, ColorTags("bt709", True, 8, 1, 1)),
    ({"color": {"colorspace": 5, "color_range": 1}}, ColorTags("bt601", False, 8)),
    ({"pix_fmt": "yuv420p10le", "color": {"colorspace": 9}}, ColorTags("bt2020", False, 10)),
    ({"codec": "ffv1", "pix_fmt": "gray"}, ColorTags("bt601", True, 8)),
]


@pytest.mark.parametrize(("kind", "expected"), TAGS)
def test_color_tags(kind: dict[str, Any], expected: ColorTags, tmp_path: Path) -> None:
    with open_film(write_clip(tmp_path / "a.mkv", **{"frames": 3, **kind})) as reader:
        assert reader.info.color == expected


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_is_told(transfer: int, name: str, tmp_path: Path) -> None:
    color = {"color_trc": transfer, "colorspace": 9, "color_primaries": 9}
    reader, frames = read(write_clip(tmp_path / "a.mp4", frames=2, pix_fmt="yuv420p10le", color=color))
    assert reader.info.hdr
    assert reader.info.color == ColorTags("bt2020", False, 10, 9, transfer)
    assert any(name in note and "standard range" in note for note in reader.info.notes)
    assert frames[0].luma.max() > 255


def test_what_a_film_is(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", audio="aac", subtitles="subrip", chapters=True)
    with open_film(path) as reader:
        info = reader.info
    assert (info.width, info.height, info.rotation, info.interlaced, info.hdr, info.has_color) == (96, 64, 0, False, False, True)
    assert (info.frame_rate, info.frames, info.time_base) == (12, 24, Fraction(1, 1000))
    assert info.streams == ("audio aac 2 channels eng", "subtitles subrip deu")
    assert info.duration == pytest.approx(2, abs=0.1)
    assert info.notes == ()


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_variable_frame_rate(name: str, tmp_path: Path) -> None:
    times = [0, 0.1, 0.15, 0.4, 0.5, 0.9, 0.901, 2]
    path = write_clip(tmp_path / name, times=times)
    reader, frames = read(path)
    assert [reader.info.seconds(f.pts) for f in frames] == pytest.approx(times, abs=0.0006)
    assert [f"{float(f.pts * reader.info.time_base):.6f}" for f in frames] == frame_times(path)
    assert [f.index for f in frames] == list(range(8))


KINDS: dict[str, dict[str, Any]] = {
    "b-frames.mp4": {"frames": 40, "gop": 8, "audio": "aac"},
    "b-frames.mkv": {"frames": 40, "gop": 8},
    "open-gop.mkv": {"frames": 40, "gop": 8, "options": {"x264-params": "open-gop=1:bframes=3:b-adapt=0"}},
    "rotated.mov": {"frames": 20, "gop": 5, "rotation": 90},
    "interlaced.mkv": {"frames": 30, "gop": 6, "interlaced": True},
    "interlaced.mpg": {"frames": 30, "gop": 6, "interlaced": True, "codec": "mpeg2video", "rate": 25},
    "stream.ts": {"frames": 40, "gop": 8, "audio": "aac"},
    "old.avi": {"frames": 30, "gop": 6, "codec": "mpeg4", "options": {"bf": "2"}},
    "vp9.webm": {"frames": 20, "gop": 5, "codec": "libvpx-vp9"},
    "prores.mov": {"frames": 10, "codec": "prores_ks", "pix_fmt": "yuv422p10le", "interlaced": True},
    "long.mkv": {"frames": 400, "gop": 20, "size": (32, 32)},
    "long.mp4": {"frames": 400, "gop": 20, "size": (32, 32), "interlaced": True},
}


@pytest.mark.parametrize("name", KINDS)
def test_reading_from_the_middle_gives_the_same_frames(name: str, tmp_path: Path) -> None:
    path = write_clip(tmp_path / name, **KINDS[name])
    with open_film(path) as reader:
        whole = list(reader.frames())
        assert len(whole) == KINDS[name]["frames"]
        for start in (*range(0, len(whole), 7 if len(whole) < 100 else 61), len(whole) - 1):
            part = list(reader.frames(whole[start].pts, first_index=start))
            assert [(f.index, f.pts) for f in part] == [(f.index, f.pts) for f in whole[start:]]
            assert all(np.array_equal(a.luma, b.luma) for a, b in zip(part, whole[start:], strict=True))
        assert reader.notes == []


def test_interlaced_frames_are_deinterlaced(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", frames=8, codec="ffv1", interlaced=True)
    marked = tmp_path / "marked.mov"  # PyAV can't mark frames, so ffmpeg does
    command = ["ffmpeg", "-v", "error", "-i", path, "-vf", "setfield=tff", "-c:v", "prores_ks", "-flags", "+ildct", marked]
    subprocess.run(command, check=True)
    reader, frames = read(marked)
    assert reader.info.interlaced
    assert any("interlaced" in note for note in reader.info.notes)
    assert len(frames) == 8

    def combing(luma: np.ndarray[Any, Any]) -> float:
        rows = luma.astype(float)
        return float(np.abs(rows[1:-1] - (rows[:-2] + rows[2:]) / 2).mean())

    woven = drawn_frame(8).astype(float)
    woven[1::2] = drawn_frame(9)[1::2]
    assert combing(frames[4].luma / 4) < 0.5 * combing(woven)


@pytest.mark.parametrize("frames", [1, 2])
def test_very_short_films(frames: int, tmp_path: Path) -> None:
    for name in ("a.mp4", "a.mkv"):
        reader, read_frames = read(write_clip(tmp_path / name, frames=frames))
        assert len(read_frames) == frames
        assert reader.notes == []


def test_damaged_packets_are_skipped_and_told(tmp_path: Path) -> None:
    path = damage_packets(write_clip(tmp_path / "a.mkv", frames=36, gop=6, options={"bf": "0"}), [13, 14])
    reader, frames = read(path)
    assert 28 <= len(frames) <= 34
    assert frames[-1].pts == pytest.approx(35 / 12 * 1000, abs=1)
    (note,) = reader.notes
    assert note.startswith("Damage: 2 packets")
    assert "1.083" in note
    with open_film(path, threads=1) as again:
        for start in (12, 14, 20):
            part = list(again.frames(frames[start].pts, start, from_beginning=True))
            assert [(f.index, f.pts) for f in part] == [(f.index, f.pts) for f in frames[start:]]
            assert all(np.array_equal(a.luma, b.luma) for a, b in zip(part, frames[start:], strict=True))


def test_a_damaged_container_goes_on(tmp_path: Path) -> None:
    path = damage_bytes(write_clip(tmp_path / "a.mkv", frames=120, gop=12, grain=8), 0.4, 0.6)
    reader, frames = read(path)
    assert 40 < len(frames) < 110
    assert reader.info.seconds(frames[-1].pts) > 9
    assert reader.notes


def test_a_truncated_film_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = truncate(write_clip(tmp_path / "a.mkv", frames=60, gop=6, grain=8), 0.5)
    _, frames = read(path)
    assert 15 < len(frames) < 45


def test_a_film_whose_times_repeat_is_told(tmp_path: Path) -> None:
    source, path = write_clip(tmp_path / "a.mkv", frames=10, codec="ffv1"), tmp_path / "b.mkv"
    with av.open(str(source)) as film, av.open(str(path), "w") as output:
        stream: Any = output.add_stream_from_template(film.streams.video[0], opaque=True)
        for i, packet in enumerate(p for p in film.demux(video=0) if p.size):
            packet.pts = packet.dts = 250 if i == 4 else packet.pts
            packet.stream = stream
            output.mux(packet)
    reader, frames = read(path)
    times = [f.pts for f in frames]
    assert times == [0, 83, 167, 250, 251, 417, 500, 583, 667, 750]
    assert "Times of 1 frame were missing, repeated or out of order, the first at 0:00.251" in " ".join(reader.notes)
    with open_film(path) as again:
        assert [f.pts for f in again.frames(times[7], 7)] == times[7:]


def test_frames_at_a_time(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.mkv", "a.ts"):
        path = write_clip(tmp_path / name, frames=24)
        _, frames = read(path)
        for time, number in ((0, 0), (0.5, 6), (0.53, 6), (0.55, 7), (1.9, 23), (2.5, 23)):
            frame = read_frame(path, time)
            assert frame.pts == frames[number].pts
            assert frame.index == -1
            np.testing.assert_array_equal(frame.luma, frames[number].luma)
        for time in (-2.0, 3.5, 100.0):
            with pytest.raises(FilmError, match="has no frame at") as error:
                read_frame(path, time)
            assert error.value.code == "outside-film"


def refused(path: Path) -> tuple[str, str]:
    with pytest.raises(FilmError) as error:
        open_film(path)
    assert error.value.details["path"] == path
    return error.value.code, str(error.value)


def test_what_is_no_film(tmp_path: Path) -> None:
    assert refused(tmp_path / "missing.mp4")[0] == "film-missing"
    code, message = refused(tmp_path)
    assert (code, "folder" in message) == ("film-unreadable", True)
    empty, text = tmp_path / "empty.mp4", tmp_path / "text.mp4"
    empty.touch()
    text.write_text("no film at all\n" * 50)
    assert "empty" in refused(empty)[1]
    assert refused(text)[0] == "film-unreadable"
    headless = truncate(write_clip(tmp_path / "headless.mp4"), 0.5)
    assert "its end is missing" in refused(headless)[1]


def test_lists_that_name_other_files_are_no_films(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4")
    for name, content in (
        ("list.ffconcat", f"ffconcat version 1.0\nfile {clip.name}\n"),
        ("list.m3u8", f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{clip.name}\n#EXT-X-ENDLIST\n"),
    ):
        (tmp_path / name).write_text(content)
        assert refused(tmp_path / name)[0] == "film-unreadable"


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tif", "bmp"])
def test_pictures_are_no_films(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"photo.{ending}"
    Image.fromarray(drawn_frame(0)).save(path)
    code, message = refused(path)
    assert (code, "is a picture" in message) == ("still-picture", True)
    hidden = path.rename(tmp_path / "hidden.mp4")
    assert refused(hidden)[0] == "still-picture"


def test_sound_alone_is_no_film(tmp_path: Path) -> None:
    source, path, cover = write_clip(tmp_path / "a.mp4", audio="aac"), tmp_path / "b.m4a", tmp_path / "c.m4a"
    subprocess.run(["ffmpeg", "-v", "error", "-i", source, "-vn", "-c", "copy", path], check=True)
    code, message = refused(path)
    assert (code, "audio aac 2 channels eng" in message) == ("no-video", True)
    Image.fromarray(drawn_frame(0)).save(tmp_path / "cover.png")
    command = ["ffmpeg", "-v", "error", "-i", path, "-i", tmp_path / "cover.png", "-map", "0", "-map", "1", "-c", "copy"]
    subprocess.run([*command, "-disposition:v:0", "attached_pic", cover], check=True)
    code, message = refused(cover)
    assert (code, "cover picture" in message) == ("still-picture", True)


def test_the_largest_of_several_pictures_is_taken(tmp_path: Path) -> None:
    small, large = write_clip(tmp_path / "s.mp4", size=(64, 48)), write_clip(tmp_path / "l.mp4")
    both = tmp_path / "both.mkv"
    subprocess.run(["ffmpeg", "-v", "error", "-i", small, "-i", large, "-map", "0", "-map", "1", "-c", "copy", both], check=True)
    with open_film(both) as reader:
        assert (reader.info.width, reader.info.height) == (96, 64)
        assert "2 video streams" in reader.info.notes[0]


def test_changing_sizes_are_scaled_and_told(tmp_path: Path) -> None:
    first, second = write_clip(tmp_path / "a.ts", frames=12), write_clip(tmp_path / "b.ts", frames=12, size=(64, 48))
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    reader, frames = read(joined)
    assert {f.luma.shape for f in frames} == {(64, 96)}
    assert len(frames) == 24
    assert any("change to 64x48" in note for note in reader.notes)
    times = [f.pts for f in frames]
    assert times == sorted(set(times))
    assert reader.info.seconds(times[-1]) == pytest.approx(23 / 12, abs=0.1)


def test_clock() -> None:
    assert clock(0) == "0:00.000"
    assert clock(62.0455) == "1:02.046"
    assert clock(3723.45) == "1:02:03.450"
    assert clock(-1e-7) == "0:00.000"
    assert clock(-1.5) == "-0:01.500"
