"""EXIF in TIFF and BigTIFF: read in both byte orders, written, read back by tifffile and Exiv2; damaged files raise no error."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pyexiv2
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pictures import exif_of, scene
from tinct.photo.metadata.exif import Tags, add_tags, as_exif, read_tags

HEADS = [b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0"]
TAGS: Tags = {
    271: (2, 6, b"Maker\0"),
    315: (2, 4, b"Ann\0"),
    33432: (2, 15, "© Town museum".encode() + b"\0"),
    34665: {
        33434: (5, 1, struct.pack("<II", 1, 100)),
        34855: (3, 1, struct.pack("<H", 400)),
        36867: (2, 20, b"1950:06:07 08:09:10\0"),
        37380: (10, 1, struct.pack("<ii", -1, 3)),
    },
    34853: {1: (2, 2, b"N\0"), 2: (5, 3, struct.pack("<6I", 48, 1, 51, 1, 59, 2))},
}


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_tags_written_by_tifffile_are_read(order: str, big: bool, tmp_path: Path) -> None:
    extra = [
        (271, "s", 0, "Maker", False),
        (33432, 2, 15, "© Town museum".encode() + b"\0", False),
        (40091, "B", 4, b"T\0\0\0", False),
    ]
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, scene(), byteorder=order, bigtiff=big, extratags=extra, description="A hall", metadata=None, software="x"
    )
    with path.open("rb") as file:
        tags = read_tags(file)
    assert tags == {
        270: (2, 7, b"A hall\0"),
        271: (2, 6, b"Maker\0"),
        305: (2, 2, b"x\0"),
        33432: TAGS[33432],
        40091: (1, 4, b"T\0\0\0"),
    }


@pytest.mark.parametrize("big", [False, True])
def test_nested_directories_are_read(big: bool) -> None:
    file = io.BytesIO()
    Image.fromarray(scene()).save(file, "TIFF", exif=exif_of().tobytes(), big_tiff=big)
    tags = read_tags(file)
    assert tags[315] == (2, 12, b"Ann Example\0")
    assert isinstance(tags[34665], dict)
    assert isinstance(tags[34853], dict)
    assert tags[34665][36867] == TAGS[34665][36867]  # type: ignore[index]
    assert tags[34853][1] == (2, 2, b"N\0")


def test_both_byte_orders_give_the_same_tags() -> None:
    def data(order: str) -> io.BytesIO:
        first, exif, values = 8, 8 + 2 + 12 + 4, 26 + 2 + 3 * 12 + 4
        rows = struct.pack(f"{order}HHII", 33434, 5, 1, values) + struct.pack(f"{order}HHIHxx", 34855, 3, 1, 400)
        rows += struct.pack(f"{order}HHII", 37380, 10, 1, values + 8)
        file = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}IHHHIII", first, 1, 34665, 4, 1, exif, 0)
        return io.BytesIO(file + struct.pack(f"{order}H", 3) + rows + bytes(4) + struct.pack(f"{order}IIii", 1, 100, -1, 3))

    expected = {tag: TAGS[34665][tag] for tag in (33434, 34855, 37380)}  # type: ignore[index]
    assert read_tags(data("<")) == read_tags(data(">")) == {34665: expected}


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("pages", [1, 2])
def test_added_tags_are_read_by_tifffile_pillow_exiv2_and_tinct(pages: int, big: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path, bigtiff=big) as writer:
        for _ in range(pages):
            writer.write(scene(), metadata=None, software=False)
    with path.open("r+b") as file:
        add_tags(file, TAGS)
        assert read_tags(file) == TAGS
    with tifffile.TiffFile(path) as tiff:
        tags = tiff.pages[0].tags
        assert (tags[271].value, tags[315].value, tags[33432].value) == ("Maker", "Ann", "© Town museum")
        assert tags[34665].value["DateTimeOriginal"] == "1950:06:07 08:09:10"
        assert tags[34665].value["ExposureTime"] == (1, 100)
        assert tags[34853].value["GPSLatitude"] == (48, 1, 51, 1, 59, 2)
        assert len(tiff.pages) == pages
        for page in tiff.pages:
            np.testing.assert_array_equal(page.asarray(), scene())
    with Image.open(path) as image:
        assert image.getexif().get_ifd(34665)[36867] == "1950:06:07 08:09:10"
    if not big:  # which Exiv2 doesn't read
        with pyexiv2.Image(str(path)) as other:
            exif = other.read_exif()
        assert exif["Exif.Image.Artist"] == "Ann"
        assert exif["Exif.Photo.ISOSpeedRatings"] == "400"
        assert exif["Exif.Photo.ExposureBiasValue"] == "-1/3"


def test_tags_to_exif_data_and_back() -> None:
    exif = Image.Exif()
    exif.load(as_exif(TAGS))
    assert exif[315] == "Ann"
    assert exif.get_ifd(34853)[1] == "N"
    assert read_tags(io.BytesIO(as_exif(TAGS)[6:])) == TAGS
    assert as_exif({}) == b""


def test_tags_are_added_to_little_endian_tiff_only() -> None:
    for data in (b"", b"II*", b"MM\0*\0\0\0\x08\0\0\0\0\0\0", b"\xff\xd8\xff\xe0 JPEG"):
        file = io.BytesIO(data)
        add_tags(file, TAGS)
        assert file.getvalue() == data


@settings(max_examples=3 * settings().max_examples, deadline=None)
@given(st.sampled_from(HEADS), st.binary(max_size=300))
def test_arbitrary_bytes_raise_no_error(head: bytes, data: bytes) -> None:
    assert isinstance(read_tags(io.BytesIO(head + data)), dict)


@settings(max_examples=3 * settings().max_examples, deadline=None)
@given(st.booleans(), st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=8), st.integers(0, 2000))
def test_damaged_files_raise_no_error(big: bool, changes: list[tuple[int, int]], end: int) -> None:
    data = bytearray(sound(big)[: max(1, len(sound(big)) - end)])
    for place, value in changes:
        data[place % len(data)] = value
    tags = read_tags(io.BytesIO(bytes(data)))
    assert as_exif(tags) == b"" or len(as_exif(tags)) < 2**16 + 2**12


def sound(big: bool) -> bytes:
    file = io.BytesIO()
    Image.new("L", (3, 2)).save(file, "TIFF", exif=exif_of().tobytes(), big_tiff=big)
    return file.getvalue()


@pytest.mark.parametrize("layout", ["<HHI", ">HHI", "<HHQ", ">HHQ"])
def test_malformed_directories(layout: str) -> None:
    """One that is its own EXIF directory, one with values beyond the end or of absurd length, one that says it has 65,535 rows."""
    order, big = layout[0], layout[-1] == "Q"
    head = HEADS[(order == ">") + 2 * big]
    offset, count = ("Q", "Q") if big else ("I", "H")
    start = len(head) + struct.calcsize(order + offset)

    def file(*rows: tuple[int, int, int, int], said: int | None = None) -> io.BytesIO:
        table = b"".join(struct.pack(layout, *row[:3]) + struct.pack(order + offset, row[3]) for row in rows)
        said = len(rows) if said is None else said
        return io.BytesIO(head + struct.pack(order + offset, start) + struct.pack(order + count, said) + table + bytes(8))

    most = 2 ** (64 if big else 32) - 1
    long = 16 if big else 4
    assert read_tags(file((34665, long, 1, start))) == {34665: {}}  # a directory within one has none
    assert read_tags(file((34665, long, 1, most), (34853, long, 1, 10**6))) == {}
    assert read_tags(file((315, 2, most, start), (306, 2, 20, most), (270, 12, 4000, 10**6), (271, 99, 1, 0))) == {}
    assert read_tags(file((315, 1, 1, 7 if order == "<" else 7 << (56 if big else 24)), said=65535)) == {315: (1, 1, b"\7")}


def test_the_total_size_of_values_is_limited() -> None:
    rows = b"".join(struct.pack("<HHII", tag, 1, 30000, 8) for tag in range(60000, 61500))  # all of them the same bytes
    first = struct.pack("<H", 1) + struct.pack("<HHII", 34665, 4, 1, 100000) + bytes(4)
    data = (b"II*\0" + struct.pack("<I", 8) + first).ljust(100000, b"x") + struct.pack("<H", 1500) + rows + bytes(4)
    tags = read_tags(io.BytesIO(data))
    assert isinstance(tags[34665], dict)
    assert 1 <= len(tags[34665]) <= 2
