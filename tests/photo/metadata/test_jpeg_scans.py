"""JPEG files of a great many scans."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from conftest import draw
from tinct import Photo
from tinct.errors import PhotoError
from tinct.photo.metadata.jpeg_scans import MAX_SCANS, has_too_many_scans


def segment(kind: int, content: bytes) -> bytes:
    return b"\xff" + bytes([kind]) + struct.pack(">H", len(content) + 2) + content


def many(scans: int, tables: int = 0, frame: int = 0xC2) -> bytes:
    """A gray JPEG of 64 × 64: one scan of averages, and empty ones of one coefficient each, more and more exact."""
    head = segment(0xDB, b"\0" + b"\1" * 64) + segment(frame, struct.pack(">BHHB", 8, 64, 64, 1) + b"\1\x11\0")
    averages, runs = (
        b"\0\1" + bytes(15) + b"\0",
        b"\x10\1" + bytes(15) + b"\x60",
    )  # one code each: no change; a run of 64 blocks and more
    codes = segment(0xC4, averages) + segment(0xC4, runs)
    first = segment(0xDA, b"\1\1\0\0\0\0") + bytes(8)
    run = b"\x01"  # the code of one bit, six that are added to the run, and one that fills the byte
    others = [(low, k) for low in range(13, -1, -1) for k in range(1, 64)][: scans - 1]
    rest = [segment(0xDA, bytes([1, 1, 0, k, k, ((low + 1) % 14 << 4) | low])) + run for low, k in others]
    return b"\xff\xd8" + head + codes + first + segment(0xFE, b"\xff\xda") * tables + b"".join(rest) + b"\xff\xd9"


def test_a_file_of_many_scans_is_refused_before_a_decoder_sees_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinct.photo.decoding.find_loader", lambda *_: pytest.fail("libvips was given the file"))
    path = tmp_path / "many.jpg"
    path.write_bytes(many(MAX_SCANS + 1))
    assert path.stat().st_size < 2000
    for source in (path, path.read_bytes()):
        with pytest.raises(PhotoError, match="more than 100 scans") as caught:
            Photo.open(source)
        assert caught.value.code == "too-many-scans"


def test_as_many_as_are_allowed_are_decoded() -> None:
    assert Photo.open(many(MAX_SCANS)).to_numpy().shape == (64, 64, 3)


def test_what_encoders_write_is_never_refused() -> None:
    for options in ({}, {"progressive": True}, {"progressive": True, "restart_marker_rows": 1}):
        file = io.BytesIO()
        Image.fromarray(draw(0, 300, 200)).save(file, "JPEG", **options)
        assert not has_too_many_scans(file)


def test_only_scans_that_are_decoded_count() -> None:
    assert not has_too_many_scans(io.BytesIO(many(5, tables=300)))  # what looks like a scan, inside of comments
    assert not has_too_many_scans(io.BytesIO(many(MAX_SCANS + 9, frame=0xC0)))  # a decoder stops after the only component
    assert not has_too_many_scans(io.BytesIO(many(5) + many(MAX_SCANS + 9)))  # behind the end
    preview = segment(0xE1, b"Exif\0\0" + many(MAX_SCANS + 9))
    assert not has_too_many_scans(io.BytesIO(b"\xff\xd8" + preview + many(5)[2:]))
    assert not has_too_many_scans(io.BytesIO(b"\x89PNG" + many(MAX_SCANS + 9)))


def test_segments_without_end_are_refused() -> None:
    comment = segment(0xFE, b"")
    assert has_too_many_scans(io.BytesIO(b"\xff\xd8" + comment * 20_000 + many(1)[2:]))
    assert has_too_many_scans(io.BytesIO(many(5, tables=20_000)))


def test_long_runs_of_fill_bytes_take_linear_time() -> None:
    fill = b"\xff" * 300_000  # quadratic time would be half an hour
    escaped = fill + b"\0"
    few, too_many = many(5), many(MAX_SCANS + 1)
    assert not has_too_many_scans(io.BytesIO(few[:-2] + escaped + few[-2:]))
    assert has_too_many_scans(io.BytesIO(too_many[:-2] + escaped + too_many[-2:]))
    assert not has_too_many_scans(io.BytesIO(few[:2] + fill + few[2:]))
    assert has_too_many_scans(io.BytesIO(too_many[:2] + fill + too_many[2:]))
    assert has_too_many_scans(io.BytesIO(too_many.replace(b"\xff\xda", b"\xff\xff\xff\xda")))
    assert not has_too_many_scans(io.BytesIO(few[:2] + fill))


@given(st.binary(max_size=80), st.integers(0, 300))
def test_arbitrary_bytes_raise_no_error(data: bytes, end: int) -> None:
    has_too_many_scans(io.BytesIO(many(20)[:end] + data))
    has_too_many_scans(io.BytesIO(b"\xff\xd8" + data))
