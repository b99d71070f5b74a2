"""IPTC records, and their forms in JPEG, PNG and TIFF."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, IptcImagePlugin

from tinct.photo.metadata.iptc import as_resources, as_text, from_resources, from_text

RECORD = b"\x1c\x02\x78\x00\x0dThe town hall\x1c\x02\x19\x00\x04hall"


def resource(number: int, value: bytes, name: bytes = b"") -> bytes:
    name = bytes([len(name)]) + name + bytes((len(name) + 1) % 2)
    return b"8BIM" + struct.pack(">H", number) + name + struct.pack(">I", len(value)) + value + bytes(len(value) % 2)


COPYRIGHT, PREVIEW = resource(0x040A, b"\1"), resource(0x040C, b"a small gray picture")


@pytest.mark.parametrize("head", [b"", b"Photoshop 3.0\0"])
def test_the_record_is_separated_from_other_resources(head: bytes) -> None:
    odd = resource(0x0BB7, b"even", b"odd name")
    assert from_resources(head + COPYRIGHT + PREVIEW + resource(0x0404, RECORD) + odd) == (COPYRIGHT + odd, RECORD)


@pytest.mark.parametrize("record", [RECORD, RECORD[:-1] + b"", b""])
@pytest.mark.parametrize("kept", [COPYRIGHT, b""])
def test_round_trip_of_resources(kept: bytes, record: bytes) -> None:
    data = as_resources(kept, record)
    assert from_resources(data) == (kept, record)
    assert (data == b"") == (not kept and not record)


def test_resources_too_long_for_a_jpeg_are_dropped() -> None:
    assert from_resources(as_resources(resource(0x0BB7, bytes(65460)), RECORD)) == (b"", RECORD)
    assert as_resources(b"", bytes(65500)) == b""


def test_pillow_reads_the_resources() -> None:
    file = io.BytesIO()
    Image.new("L", (8, 8)).save(file, "JPEG")
    data, segment = file.getvalue(), as_resources(COPYRIGHT, RECORD)
    jpeg = data[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + data[2:]
    with Image.open(io.BytesIO(jpeg)) as image:
        assert IptcImagePlugin.getiptcinfo(image) == {(2, 120): b"The town hall", (2, 25): b"hall"}


def test_round_trip_of_text() -> None:
    text = as_text(RECORD)
    assert text.split()[:2] == [b"iptc", str(len(resource(0x0404, RECORD))).encode()]
    assert max(map(len, text.splitlines())) == 72
    assert from_text(text) == RECORD
    assert as_text(b"") == b""


@pytest.mark.parametrize("text", [b"", b"iptc", b"\niptc\n 3\nabc\n", b"\nexif\n 2\n1c02\n", b"\niptc\n 2\nzz\n"])
def test_malformed_texts_give_no_record(text: bytes) -> None:
    assert from_text(text) == b""


def test_a_text_may_hold_the_bare_record() -> None:
    assert from_text(b"\niptc\n       4\n1c027800\n") == b"\x1c\x02\x78\x00"


@given(st.binary(max_size=60))
def test_arbitrary_bytes_raise_no_error(data: bytes) -> None:
    for tail in (data, b"8BIM" + data, COPYRIGHT + b"8BIM\4\4" + data):
        from_resources(tail)
    from_text(data)
    from_text(b"\niptc\n 9\n" + data)
