"""PNG files whose texts or profile unpack to far more than they are."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tinct import Photo
from tinct.errors import PhotoError
from tinct.photo.metadata.png_bombs import MAX_UNPACKED_BYTES, unpacks_too_much
from tinct.photo.opening import read_xmp

_SHARE = MAX_UNPACKED_BYTES // 4
_ZEROS = zlib.compress(bytes(_SHARE), 9)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*before: bytes, after: bytes = b"") -> bytes:
    """A small PNG with chunks before and after its pixels."""
    file = io.BytesIO()
    Image.new("L", (16, 16), 90).save(file, "PNG")
    whole = file.getvalue()
    return whole[:33] + b"".join(before) + whole[33:-12] + after + whole[-12:]


TEXT = chunk(b"zTXt", b"Comment\0\0" + _ZEROS)
KINDS = {
    "zTXt": TEXT,
    "zTXt with EXIF": chunk(b"zTXt", b"Raw profile type exif\0\0" + _ZEROS),
    "iTXt": chunk(b"iTXt", b"Comment\0\1\0de\0Kommentar\0" + _ZEROS),
    "iTXt of another flag": chunk(b"iTXt", b"Comment\0\2\0\0\0" + _ZEROS),
    "iTXt of a long language": chunk(b"iTXt", b"Comment\0\1\0" + b"d" * 90_000 + b"\0Kommentar\0" + _ZEROS),
    "iTXt with XMP": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + _ZEROS),
    "iCCP": chunk(b"iCCP", b"sRGB\0\0" + _ZEROS),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_unpacks_to_much_is_refused_before_a_decoder_sees_it(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tinct.photo.decoding.find_loader", lambda *_: pytest.fail("libvips was given the file"))
    monkeypatch.setattr("tinct.photo.opening.find_loader", lambda *_: pytest.fail("libvips was given the file"))
    path = tmp_path / "bomb.png"
    path.write_bytes(png(*[KINDS[kind]] * 5))
    assert path.stat().st_size < 600_000
    for opened in (lambda: Photo.open(path), lambda: Photo.open(path.read_bytes(), name="bomb.png"), lambda: read_xmp(path)):
        with pytest.raises(PhotoError, match=r"bomb\.png holds compressed texts .* more than 17 MB") as caught:
            opened()
        assert caught.value.code == "unpacks-too-much"


def test_chunks_count_together_wherever_they_are() -> None:
    assert not unpacks_too_much(io.BytesIO(png(*[TEXT] * 4)))
    assert unpacks_too_much(io.BytesIO(png(*[TEXT] * 2, after=TEXT * 3)))
    assert unpacks_too_much(io.BytesIO(png(TEXT, KINDS["iTXt"], KINDS["iCCP"], TEXT, TEXT)))


def test_what_isn_t_compressed_or_is_never_unpacked_doesn_t_count() -> None:
    large = b"A" * (MAX_UNPACKED_BYTES + 1)
    assert not unpacks_too_much(io.BytesIO(png(chunk(b"tEXt", b"Comment\0" + large))))
    assert not unpacks_too_much(io.BytesIO(png(chunk(b"iTXt", b"Comment\0\0\0\0\0" + large))))
    assert not unpacks_too_much(io.BytesIO(png() + TEXT * 5))  # after the end
    assert not unpacks_too_much(io.BytesIO(b"RIFF" + TEXT * 5))
    assert Photo.open(png(TEXT)).size == (16, 16)


def test_a_large_chunk_is_followed_to_its_end() -> None:
    stored = zlib.compress(bytes(range(256)) * 300 + bytes(MAX_UNPACKED_BYTES), 0)
    assert unpacks_too_much(io.BytesIO(png(chunk(b"zTXt", b"Comment\0\0" + stored))))
    mixed = zlib.compressobj(0)
    late = mixed.compress(b"x" * 200_000) + mixed.flush(zlib.Z_FULL_FLUSH) + zlib.compress(bytes(MAX_UNPACKED_BYTES), 9)[2:]
    assert unpacks_too_much(io.BytesIO(png(chunk(b"zTXt", b"Comment\0\0" + late))))


def test_bombs_behind_a_great_many_empty_chunks_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = chunk(b"quIt", b"")
    assert unpacks_too_much(io.BytesIO(png(empty * 300_000, TEXT * 5)))
    monkeypatch.setattr("tinct.photo.metadata.png_bombs._MAX_CHUNKS", 1000)
    assert unpacks_too_much(io.BytesIO(png(empty * 1000)))
    assert not unpacks_too_much(io.BytesIO(png(empty * 900)))


@given(st.binary(max_size=60), st.integers(0, 200))
def test_arbitrary_bytes_raise_no_error(data: bytes, end: int) -> None:
    whole = png(chunk(b"zTXt", b"Comment\0\0" + data), chunk(b"iTXt", data), chunk(b"iCCP", data))
    assert not unpacks_too_much(io.BytesIO(whole))
    unpacks_too_much(io.BytesIO(whole[:end] + data))
