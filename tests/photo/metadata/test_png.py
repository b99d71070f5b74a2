"""Text chunks of PNG files."""

from __future__ import annotations

import errno
import io
import zlib

import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from pictures import decoded, encoded, picture, png_chunk, random_ab
from tinct.coloring.upsampling import recolor
from tinct.photo.metadata.png import Inserting, find_text, read_texts, text_chunk, worth_keeping, xmp_chunk
from tinct.photo.photo import Photo


def described(**options: object) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "Town hall")
    info.add_text("Creation Time", "spring of 1950", zip=True)
    info.add_itxt("Description", "Žižkov, 町", "cs", "Popis")
    return encoded(picture("L"), "PNG", pnginfo=info, **options)


@pytest.mark.parametrize("behind", [False, True])
def test_texts_are_kept(behind: bool, tmp_path: object) -> None:
    data = described()
    if behind:
        texts, bare = b"".join(chunk for _, chunk in read_texts(io.BytesIO(data))), encoded(picture("L"), "PNG")
        data = bare[:-12] + texts + bare[-12:]
    path = tmp_path / "out.png"  # type: ignore[operator]
    recolor(Photo.open(data), random_ab()).save(path)
    saved = decoded(path)
    assert saved.text["Title"] == "Town hall"
    assert saved.text["Creation Time"] == "spring of 1950"
    assert (saved.text["Description"], saved.text["Description"].lang) == ("Žižkov, 町", "cs")


def test_chunks_of_exif_iptc_and_xmp_are_not_kept_as_texts() -> None:
    others = b"".join(text_chunk(name, b"x") for name in (b"Raw profile type exif", b"Raw profile type iptc", b"XML:com.adobe.xmp"))
    data = described()
    texts = read_texts(io.BytesIO(data[:33] + others + data[33:]))
    assert len(texts) == 6
    assert b"Title" in worth_keeping(texts)
    assert b"Raw" not in worth_keeping(texts)
    assert b"XML" not in worth_keeping(texts)


def test_find_text_by_name() -> None:
    texts = read_texts(io.BytesIO(described()))
    assert find_text(texts, b"Title") == b"Town hall"
    assert find_text(texts, b"Creation Time") == b"spring of 1950"
    assert find_text(texts, b"Subtitle") == b""


def test_inserted_chunks_are_read_by_pillow_and_by_libvips() -> None:
    file, packet = io.BytesIO(), b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    image = pyvips.Image.black(300, 200, bands=3).copy(interpretation="srgb")
    image.pngsave_target(Inserting(file, text_chunk(b"Title", b"Town hall") + xmp_chunk(packet)).target)
    with Image.open(file) as found:
        assert found.text["Title"] == "Town hall"  # before the pixels are decoded
        assert found.info["xmp"] == packet
    with Image.open(file) as found:
        found.verify()
    assert pyvips.Image.new_from_buffer(file.getvalue(), "").get("xmp-data") == packet


def test_an_error_of_the_disk_is_reported() -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "full")

    inserting = Inserting(Full(), b"")
    with pytest.raises(pyvips.Error):
        pyvips.Image.black(9, 9).pngsave_target(inserting.target)
    assert inserting.error is not None
    assert inserting.error.errno == errno.ENOSPC


def test_decompression_is_limited() -> None:
    bomb = text_chunk(b"Raw profile type iptc", bytes(2**24))
    data = described()
    assert len(find_text(read_texts(io.BytesIO(data[:33] + bomb + data[33:])), b"Raw profile type iptc")) <= 2**20


def test_damaged_texts_are_skipped() -> None:
    data = described()
    wrong = png_chunk(b"tEXt", b"Author\0Ann")[:-1] + b"?"
    broken = png_chunk(b"zTXt", b"Raw\0\0" + zlib.compress(b"text")[:-5])
    texts = read_texts(io.BytesIO(data[:33] + wrong + broken + data[33:]))
    assert b"Author" not in [name for name, _ in texts]
    assert find_text([(b"Raw", png_chunk(b"zTXt", b"Raw\0\0no zlib"))], b"Raw") == b""


@given(st.binary(max_size=100), st.integers(0, 400))
def test_arbitrary_bytes_raise_no_error(data: bytes, end: int) -> None:
    whole = described()
    read_texts(io.BytesIO(whole[:33] + data))
    read_texts(io.BytesIO(whole[:end] + data))
    read_texts(io.BytesIO(data))
