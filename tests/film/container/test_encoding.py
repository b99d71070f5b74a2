"""Which codec goes into which container, and what is refused before any work."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from film.clips import write_clip
from tinct.errors import ConfigError, FilmError
from tinct.film.container.encoding import (
    CODECS,
    CONTAINERS,
    Encoding,
    check_output,
    chroma_shape,
    coded_depth,
    container_of,
    default_codec,
    listed,
    pixel_format,
)
from tinct.film.container.reading import open_film
from tinct.film.frames import ColorTags, FilmInfo

INFO = FilmInfo(Path("a.mp4"), 96, 64, ColorTags())


@pytest.fixture
def film(tmp_path: Path) -> FilmInfo:
    with open_film(write_clip(tmp_path / "film.mkv", frames=2)) as reader:
        return reader.info


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"codec": "h263"}, "film-codec"),
        ({"quality": 52}, "film-quality"),
        ({"quality": -1}, "film-quality"),
        ({"codec": "vp9", "quality": 64}, "film-quality"),
        ({"codec": "ffv1", "quality": 10}, "film-quality"),
        ({"preset": "fastest"}, "film-preset"),
        ({"codec": "prores", "preset": "medium"}, "film-preset"),
    ],
)
def test_unknown_settings_are_refused(settings: dict[str, Any], code: str) -> None:
    with pytest.raises(ConfigError) as error:
        Encoding(**settings)
    assert error.value.code == code


def test_a_mistyped_codec_is_guessed() -> None:
    with pytest.raises(ConfigError, match="did you mean 'prores'"):
        Encoding("prorez")


def test_each_codec_has_a_container_and_each_container_a_default() -> None:
    assert {codec for container in CONTAINERS.values() for codec in container.codecs} == set(CODECS)
    assert {ending: default_codec(Path(f"a{ending}")) for ending in CONTAINERS} == {
        ".mp4": "h264",
        ".m4v": "h264",
        ".mov": "h264",
        ".mkv": "h264",
        ".webm": "vp9",
    }
    assert container_of(Path("A.MKV")).format == "matroska"


@pytest.mark.parametrize("name", ["a.avi", "a", "a.mp3"])
def test_other_containers_are_refused(name: str, film: FilmInfo) -> None:
    with pytest.raises(FilmError, match=r"\.mkv, \.mov, \.mp4 or \.webm") as error:
        check_output(Path(name), Encoding(), film)
    assert error.value.code == "container-codec"


def test_a_container_that_cannot_hold_the_codec(film: FilmInfo) -> None:
    for ending in CONTAINERS:
        for codec in CODECS:
            path = film.path.with_name(f"out{ending}")
            if codec in CONTAINERS[ending].codecs:
                check_output(path, Encoding(codec), film)
                continue
            with pytest.raises(FilmError, match="can't hold") as error:
                check_output(path, Encoding(codec), film)
            assert error.value.code == "container-codec"
            assert error.value.details["containers"]
            assert all(codec in CONTAINERS[other].codecs for other in error.value.details["containers"])


@pytest.mark.parametrize(
    ("codec", "depth", "size", "expected", "shape"),
    [
        ("h264", 8, (96, 64), "yuv420p", (32, 48)),
        ("h264", 10, (96, 64), "yuv420p10le", (32, 48)),
        ("h264", 12, (97, 64), "yuv444p10le", (64, 97)),
        ("h265", 8, (96, 65), "yuv444p", (65, 96)),
        ("vp9", 10, (97, 65), "yuv420p", (33, 49)),
        ("prores", 8, (97, 65), "yuv422p10le", (65, 49)),
        ("ffv1", 8, (97, 65), "yuv444p", (65, 97)),
        ("ffv1", 9, (96, 64), "yuv444p10le", (64, 96)),
        ("ffv1", 14, (96, 64), "yuv444p16le", (64, 96)),
    ],
)
def test_pixel_formats(codec: str, depth: int, size: tuple[int, int], expected: str, shape: tuple[int, int]) -> None:
    info = dataclasses.replace(INFO, width=size[0], height=size[1], color=ColorTags(depth=depth))
    assert pixel_format(Encoding(codec), info) == expected
    assert chroma_shape(Encoding(codec), size[1], size[0]) == shape
    assert coded_depth(Encoding(codec), depth) in CODECS[codec].depths


def test_what_the_result_loses_is_told(film: FilmInfo) -> None:
    deep = dataclasses.replace(film, color=ColorTags(depth=16, full_range=True), width=97, time_base=Fraction(1, 90000))
    notes = " ".join(check_output(film.path.with_name("a.mkv"), Encoding("h265"), deep))
    assert "10 of the film's 16 bits" in notes
    assert "97x64" in notes
    assert "milliseconds" in notes
    assert "full range is scaled" in " ".join(check_output(film.path.with_name("a.mov"), Encoding("prores"), deep))
    assert check_output(film.path.with_name("a.mkv"), Encoding("ffv1"), film) == []


def test_lists() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a or b"
    assert listed(["a", "b", "c"], "and") == "a, b and c"
