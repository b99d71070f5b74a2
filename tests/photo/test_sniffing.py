"""The format of a file by its first bytes."""

from __future__ import annotations

import struct

import pillow_heif
import pytest
from PIL import Image

from pictures import encoded, picture
from tinct.photo import READABLE_SUFFIXES, SNIFF_BYTES, sniff


@pytest.mark.parametrize(
    ("kind", "suffix", "name"),
    [
        ("JPEG", ".jpg", "JPEG"),
        ("MPO", ".jpg", "JPEG"),  # a JPEG with further pictures behind it
        ("PNG", ".png", "PNG"),
        ("TIFF", ".tif", "TIFF"),
        ("WEBP", ".webp", "WebP"),
        ("AVIF", ".avif", "AVIF"),
        ("BMP", ".bmp", "BMP"),
        ("GIF", "", "GIF"),
        ("JPEG2000", "", "JPEG 2000"),
        ("PDF", "", "PDF"),
        ("PPM", "", "PNM"),
    ],
)
def test_formats_that_pillow_writes(kind: str, suffix: str, name: str) -> None:
    options = {"save_all": True, "append_images": [picture("RGB")]} if kind == "MPO" else {}
    head = encoded(picture("RGB"), kind, **options)[:SNIFF_BYTES]
    assert sniff(head) == (suffix, name)
    assert not suffix or suffix in READABLE_SUFFIXES


def test_heic(tmp_path: object) -> None:
    file = f"{tmp_path}/a.heic"
    pillow_heif.from_pillow(Image.new("L", (64, 64))).save(file)
    with open(file, "rb") as opened:  # noqa: PTH123
        assert sniff(opened.read(SNIFF_BYTES)) == (".heic", "HEIC")


@pytest.mark.parametrize(
    ("head", "suffix", "name"),
    [
        (b"MM\0+\0\x08\0\0" + bytes(8), ".tif", "TIFF"),
        (b"II*\0\x10\0\0\0CR\2\0", "", "camera raw"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "", "camera raw"),
        (b"FUJIFILMCCD-RAW 0201", "", "camera raw"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1miafheic", ".heic", "HEIC"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", ".avif", "AVIF"),
        (b"\0\0\0\x14ftypmif1\0\0\0\0mif1heic", "", "HEIF"),  # the last brand is outside the box
        (b"\0\0\0\x18ftypqt  \0\0\0\0qt  ", "", "video"),
        (b"\0\0\0\x18ftypMSNV\1\x29\0\x46MSNVmp42", "", "video"),
        (b"\0\0\1\xba\x44\0\4", "", "video"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9", "", "video"),
        ((b"G" + bytes(187)) * 2, "", "video"),
        ((bytes(4) + b"G" + bytes(187)) * 2, "", "video"),
        (b"G" + bytes(187), "", ""),
        (b"FLV\1\5\0\0\0\t", "", "video"),
        (b"8BPS\0\1", "", "Photoshop document"),
        (b"\xff\x4f\xff\x51\0", "", "JPEG 2000"),
        (b"\xff\x0a", "", "JPEG XL"),
        (b"BM" + bytes(12) + struct.pack("<I", 124), ".bmp", "BMP"),
        (b"BMW in the garage", "", ""),
        (b"Dear diary", "", ""),
        (b"P5 is a synthesizer", "", "PNM"),
        (b"\xff\xd8", "", ""),
        (b"", "", ""),
    ],
)
def test_other_heads(head: bytes, suffix: str, name: str) -> None:
    assert sniff(head) == (suffix, name)


@pytest.mark.parametrize("length", range(0, 20, 3))
def test_short_files_are_no_error(length: int) -> None:
    for head in (b"\0\0\0\x1cftypmif1\0\0\0\0mif1", b"RIFF\0\0\0\0WEBP", b"BM" + bytes(18)):
        assert isinstance(sniff(head[:length]).name, str)
