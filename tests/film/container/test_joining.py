"""The finished film has the source's frames, times, audio, subtitles, chapters, metadata: what ffprobe says about both is compared."""

from __future__ import annotations

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from film.clips import drawn_frame, write_clip
from film.probing import Probe, digest, frame_times, written
from tinct.errors import FilmError
from tinct.film.container.encoding import Encoding, check_output
from tinct.film.container.reading import open_film
from tinct.film.container.writing import join

FAST = Encoding(preset="ultrafast")


def ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-v", "error", *map(str, arguments)], check=True)


def decodes_cleanly(path: Path) -> bool:
    done = subprocess.run(["ffmpeg", "-v", "warning", "-i", path, "-f", "null", "-"], capture_output=True, check=True)
    return done.stderr == b""


VARIABLE = [0, 0.1, 0.15, 0.4, 0.5, 0.9, 0.95, 2.0, 2.1]
LATE = [0.5 + i / 12 for i in range(24)]
SAME: dict[str, tuple[dict[str, Any], Encoding]] = {
    "mp4": ({"audio": "aac", "subtitles": "mov_text", "chapters": True}, Encoding()),
    "mov": ({"audio": "pcm_s16le", "chapters": True}, Encoding()),
    "mkv": ({"audio": "aac", "subtitles": "subrip", "chapters": True}, Encoding()),
    "webm": ({"audio": "libopus", "codec": "libvpx-vp9"}, Encoding("vp9", preset="8")),
    "mkv in mp4": ({"audio": "aac", "chapters": True}, Encoding()),
    "mp4 h265 mp4": ({"audio": "aac"}, Encoding("h265", preset="ultrafast")),
    "mov prores mov": ({"audio": "pcm_s24le", "codec": "prores_ks", "pix_fmt": "yuv422p10le"}, Encoding("prores")),
    "mkv ffv1 mkv": ({"audio": "flac"}, Encoding("ffv1")),
    "mp4 variable mp4": ({"times": VARIABLE, "audio": "aac"}, Encoding()),
    "mkv variable mkv": ({"times": VARIABLE, "audio": "aac"}, Encoding()),
    "mp4 late mp4": ({"times": LATE, "audio": "aac"}, Encoding()),
    "mkv late mkv": ({"times": LATE, "audio": "aac"}, Encoding()),
    "mp4 ntsc mp4": ({"rate": Fraction(24000, 1001), "audio": "aac"}, Encoding()),
    "avi in mp4": ({"codec": "mpeg4", "audio": "libmp3lame", "options": {"bf": "0"}}, Encoding()),
}
"""First word: container of the source; last word: of the result."""


@pytest.mark.parametrize("name", SAME)
def test_frames_times_and_audio_are_the_films_own(name: str, tmp_path: Path) -> None:
    kind, encoding = SAME[name]
    first, last = name.split()[0], name.split()[-1]
    source, output = write_clip(tmp_path / f"source.{first}", **kind), tmp_path / f"result.{last}"
    _, notes = written(source, output, encoding)
    assert notes == []
    assert frame_times(output) == frame_times(source)
    assert decodes_cleanly(output)
    before, after = Probe(source), Probe(output)
    assert after.packets("audio") == before.packets("audio")
    decoding = after.decoding_times()
    assert decoding == sorted(set(decoding))
    assert after.of("video")[0]["r_frame_rate"] == before.of("video")[0]["r_frame_rate"]
    titles = [chapter["tags"]["title"] for chapter in after.chapters]
    assert titles == (["Morning", "Evening"] if kind.get("chapters") else [])
    assert [c["start_time"] for c in after.chapters] == [c["start_time"] for c in before.chapters]
    if "subtitles" in kind:
        assert after.packets("subtitle")[0] == before.packets("subtitle")[0]
        assert after.of("subtitle")[0]["tags"]["language"] == "deu"
    if first == last:
        assert after.of("audio")[0]["disposition"] == before.of("audio")[0]["disposition"]
    assert after.of("audio")[0].get("tags", {}).get("language", "und") == ("und" if first == "avi" else "eng")


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
def test_metadata_and_provenance(ending: str, tmp_path: Path) -> None:
    source = write_clip(tmp_path / f"a.{ending}", frames=3, metadata={"title": "Die Mühle", "comment": "reel 4"})
    provenance = '{"tool": "tinct", "model": "a \\"b\\""}'
    written(source, tmp_path / f"b.{ending}", FAST, metadata={"tinct": provenance, "comment": "reel 4; colors by tinct"})
    found = Probe(tmp_path / f"b.{ending}").tags
    assert found["title"] == "Die Mühle"
    assert found["tinct"] == provenance
    assert found["comment"] == "reel 4; colors by tinct"


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotated_films_are_written_upright(rotation: int, ending: str, tmp_path: Path) -> None:
    source = write_clip(tmp_path / f"a.{ending}", frames=3, rotation=rotation, sample_aspect=Fraction(4, 3))
    written(source, tmp_path / f"b.{ending}", FAST)
    (video,) = Probe(tmp_path / f"b.{ending}").of("video")
    assert (video["width"], video["height"]) == ((96, 64) if rotation == 180 else (64, 96))
    assert video["sample_aspect_ratio"] == ("4:3" if rotation == 180 else "3:4")
    assert not any("rotation" in data for data in video.get("side_data_list", []))


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
def test_color_tags_and_scan(ending: str, tmp_path: Path) -> None:
    color = {"color_trc": 16, "colorspace": 9, "color_primaries": 9, "color_range": 1}
    source = write_clip(tmp_path / f"a.{ending}", frames=3, pix_fmt="yuv420p10le", color=color)
    written(source, tmp_path / f"b.{ending}", FAST)
    (video,) = Probe(tmp_path / f"b.{ending}").of("video")
    wanted = {"pix_fmt": "yuv420p10le", "color_range": "tv", "color_space": "bt2020nc", "color_transfer": "smpte2084"}
    wanted |= {"color_primaries": "bt2020", "field_order": "progressive"}
    assert wanted.items() <= video.items()


def test_segments_of_any_length_give_the_same_frames(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", frames=30, audio="aac")
    for length in (1, 2, 13, 30):
        written(source, tmp_path / "b.mp4", FAST, segment=length)
        assert sorted(Probe(tmp_path / "b.mp4").times("video")) == sorted(Probe(source).times("video"))
        assert decodes_cleanly(tmp_path / "b.mp4")


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
def test_the_same_work_gives_the_same_file(ending: str, tmp_path: Path) -> None:
    source = write_clip(tmp_path / f"a.{ending}", audio="aac", chapters=True, metadata={"creation_time": "1931-05-02T10:00:00Z"})
    digests = set()
    for _ in range(3):
        written(source, tmp_path / f"b.{ending}", Encoding(), metadata={"tinct": "1"})
        digests.add(digest(tmp_path / f"b.{ending}"))
    assert len(digests) == 1


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
@pytest.mark.parametrize(("begin", "end"), [(0.5, 1.5), (0.0, 1.0), (1.0, None), (1.26, 1.8)])
def test_a_part_of_a_film(begin: float, end: float | None, ending: str, tmp_path: Path) -> None:
    source = write_clip(tmp_path / f"a.{ending}", audio="aac", chapters=True)
    output = tmp_path / f"b.{ending}"
    written(source, output, FAST, start=begin, end=end)
    stop = 99 if end is None else end
    before, after = Probe(source), Probe(output)
    expected = [time - begin for time in sorted(before.times("video")) if begin - 1e-4 <= time < stop]
    assert sorted(after.times("video")) == pytest.approx(expected, abs=0.001)
    sound = {(size, content): float(time or 0) - begin for time, size, content in before.packets("audio")}
    copied = after.packets("audio")
    assert len(copied) == sum(0 <= time < stop - begin for time in sound.values())
    for time, size, content in copied:
        assert float(time or 0) == pytest.approx(sound[size, content], abs=0.001)
    chapters = [(float(c["start_time"]), float(c["end_time"])) for c in after.chapters]
    assert chapters[0][0] == 0
    assert chapters[-1][1] == pytest.approx(min(stop, 2) - begin, abs=0.002)


def test_the_clock_of_a_broadcast_begins_at_0(tmp_path: Path) -> None:
    source = tmp_path / "a.ts"
    ffmpeg("-i", write_clip(tmp_path / "a.mp4", audio="aac"), "-c", "copy", "-output_ts_offset", "36000", source)
    written(source, tmp_path / "b.mkv", FAST)
    before, after = Probe(source), Probe(tmp_path / "b.mkv")
    assert before.start > 36000
    for kind in ("video", "audio"):
        assert sorted(after.times(kind)) == pytest.approx([time - before.start for time in sorted(before.times(kind))], abs=0.001)


def test_audio_that_does_not_fit_is_refused_early(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mov", audio="pcm_s16le", frames=3)
    with open_film(source) as reader:
        info = reader.info
    for name, fits in (("b.mp4", False), ("b.m4v", False), ("b.mov", True), ("b.mkv", True)):
        if fits:
            check_output(tmp_path / name, Encoding(), info)
            continue
        with pytest.raises(FilmError, match=r"audio pcm_s16le 2 channels eng; \.mov and \.mkv can") as error:
            check_output(tmp_path / name, Encoding(), info)
        assert error.value.code == "container-audio"
        assert error.value.details["containers"] == [".mov", ".mkv"]
    with pytest.raises(FilmError) as error:
        check_output(tmp_path / "b.webm", Encoding("vp9"), info)
    assert error.value.code == "container-audio"


@pytest.mark.parametrize(
    ("source", "codec", "target", "expected"),
    [
        ("mkv", "subrip", "mp4", "mov_text"),
        ("mkv", "subrip", "mov", "mov_text"),
        ("mp4", "mov_text", "mkv", "subrip"),
        ("mkv", "ass", "mp4", "mov_text"),
    ],
)
def test_text_subtitles_are_converted(source: str, codec: str, target: str, expected: str, tmp_path: Path) -> None:
    film = write_clip(tmp_path / f"a.{source}", frames=36, subtitles="subrip" if source == "mkv" else "mov_text", audio="aac")
    if codec == "ass":
        ffmpeg("-i", film, "-c", "copy", "-c:s", "ass", tmp_path / "ass.mkv")
        film = tmp_path / "ass.mkv"
    _, notes = written(film, tmp_path / f"b.{target}", FAST)
    assert any(f"become {expected}" in note for note in notes)
    (stream,) = Probe(tmp_path / f"b.{target}").of("subtitle")
    assert stream["codec_name"] == expected
    texts = {}
    for path in (film, tmp_path / f"b.{target}"):
        ffmpeg("-y", "-i", path, "-map", "0:s:0", tmp_path / "text.srt")
        lines = (tmp_path / "text.srt").read_text("utf-8").replace("<i>", "").replace("</i>", "")
        texts[path.name] = [line for line in lines.splitlines() if line]
    first, second = texts.values()
    assert [line for line in first if "-->" not in line] == [line for line in second if "-->" not in line]
    assert len(second) == 6


def test_covers_and_attachments(tmp_path: Path) -> None:
    cover, font = tmp_path / "cover.png", tmp_path / "font.ttf"
    Image.fromarray(drawn_frame(0)).save(cover)
    font.write_bytes(b"not really a font")
    film = write_clip(tmp_path / "a.mp4", audio="aac")
    with_cover, with_font = tmp_path / "cover.mp4", tmp_path / "font.mkv"
    ffmpeg("-i", film, "-i", cover, "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:1", "attached_pic", with_cover)
    ffmpeg("-i", film, "-c", "copy", "-attach", font, "-metadata:s:t", "mimetype=font/ttf", with_font)
    for target in ("mp4", "mkv"):
        metadata = {"tinct": "a model", "comment": "colored"}
        _, notes = written(with_cover, tmp_path / f"b.{target}", FAST, metadata=metadata)
        result = Probe(tmp_path / f"b.{target}")
        assert [stream["disposition"]["attached_pic"] for stream in result.of("video")] == [0, 1]
        assert result.packets("video", 1)[0][1:] == Probe(with_cover).packets("video", 1)[0][1:]
        assert not any("cover" in note for note in notes)
        assert result.tags["comment"] == ("colored\ntinct: a model" if target == "mp4" else "colored")
    _, notes = written(with_cover, tmp_path / "b.mov", FAST)
    assert any("cover picture png" in note for note in notes)
    _, notes = written(with_font, tmp_path / "c.mkv", FAST)
    assert [s["tags"]["filename"] for s in Probe(tmp_path / "c.mkv").of("attachment")] == ["font.ttf"]
    _, notes = written(with_font, tmp_path / "c.mp4", FAST)
    assert any("Left out" in note and "attachment" in note for note in notes)
    assert Probe(tmp_path / "c.mp4").packets("audio") == Probe(with_font).packets("audio")


def test_several_audio_streams_keep_order_language_and_title(tmp_path: Path) -> None:
    film, several = write_clip(tmp_path / "a.mkv", audio="aac"), tmp_path / "several.mkv"
    marks = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=fra", "-metadata:s:a:1", "title=Commentaire"]
    ffmpeg("-i", film, "-map", "0:v", "-map", "0:a", "-map", "0:a", "-c", "copy", *marks, "-disposition:a:1", "comment", several)
    written(several, tmp_path / "b.mkv", FAST)
    result = Probe(tmp_path / "b.mkv")
    first, second = result.of("audio")
    assert (first["tags"]["language"], second["tags"]["language"], second["tags"]["title"]) == ("eng", "fra", "Commentaire")
    assert second["disposition"]["comment"] == 1
    assert result.packets("audio", 1) == Probe(several).packets("audio", 1)


def test_timecode(tmp_path: Path) -> None:
    source = tmp_path / "a.mov"
    ffmpeg("-i", write_clip(tmp_path / "plain.mov", rate=25, frames=25), "-c", "copy", "-timecode", "10:00:00:00", source)
    _, notes = written(source, tmp_path / "b.mov", FAST)
    assert notes == []
    result = Probe(tmp_path / "b.mov")
    assert result.of("video")[0]["tags"]["timecode"] == "10:00:00:00"
    assert [stream["codec_tag_string"] for stream in result.of("data")] == ["tmcd"]


def test_an_audio_clock_that_starts_again_goes_on(tmp_path: Path) -> None:
    one, both = write_clip(tmp_path / "a.ts", audio="aac"), tmp_path / "both.ts"
    both.write_bytes(one.read_bytes() * 2)
    _, notes = written(both, tmp_path / "b.mkv", FAST)
    assert any("of audio or subtitles were missing or fell back" in note for note in notes)
    result = Probe(tmp_path / "b.mkv")
    times = result.times("audio")
    assert len(times) == 2 * len(Probe(one).times("audio"))
    assert times == sorted(times)
    assert len(result.times("video")) == 48


def test_nothing_unfinished_is_left(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", frames=6, audio="aac")
    output = tmp_path / "b.mp4"
    info, _ = written(source, output, FAST)
    shutil.copy(tmp_path / "b-0000.packets", tmp_path / "c.packets")
    before, names = digest(output), sorted(p.name for p in tmp_path.iterdir())
    (tmp_path / "b-0000.packets").write_bytes(b"tinct")
    with pytest.raises(ValueError, match="no file of film packets"):
        join([tmp_path / "b-0000.packets"], source, output, info, FAST, {})
    with pytest.raises(FilmError) as error:
        join([tmp_path / "c.packets"], source, tmp_path / "missing" / "c.mp4", info, FAST, {})
    assert error.value.code == "film-unwritable"
    assert digest(output) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == names


def test_segments_that_do_not_fit_one_another_are_refused(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", frames=12)
    info, _ = written(source, tmp_path / "b.mp4", FAST, segment=6)
    written(source, tmp_path / "c.mp4", Encoding(preset="medium"), segment=6)
    with pytest.raises(FilmError) as error:
        join([tmp_path / "b-0000.packets", tmp_path / "c-0006.packets"], source, tmp_path / "d.mp4", info, FAST, {})
    assert error.value.code == "segments-differ"
    for order in ([6, 0], [0, 0]):
        with pytest.raises(ValueError, match="don't rise"):
            join([tmp_path / f"b-{i:04d}.packets" for i in order], source, tmp_path / "d.mp4", info, FAST, {})
    with pytest.raises(ValueError, match="no frames"):
        join([], source, tmp_path / "d.mp4", info, FAST, {})
    assert not (tmp_path / "d.mp4").exists()
