"""Files that aren't photographs are refused in one line that names the file and its format."""

from __future__ import annotations

from pathlib import Path

import pytest
import tifffile

from pictures import encoded, picture, scene
from tinct.errors import PhotoError
from tinct.photo.photo import Photo

BAD = {
    "missing.jpg": (None, "no such file"),
    "empty.jpg": (b"", "empty"),
    "text.jpg": (b"Dear diary,\n" * 50, "no picture that tinct reads"),
    "numbers.png": (b"3 3\n1 2 3\n4 5 6\n7 8 9\n", "no picture that tinct reads"),
    "drawing.svg": (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"><rect width="9" height="9"/></svg>',
        "no picture",
    ),
    "header.jpg": (b"\xff\xd8\xff\xe0", "damaged"),
    "a.gif": (encoded(picture("P"), "GIF"), "is a GIF, .* convert it to PNG"),
    "a.xcf": (b"gimp xcf v011" + bytes(99), "is a GIMP document file, which tinct doesn't read; convert it"),
    "a.ppm": (encoded(picture("RGB"), "PPM"), "is a PNM file, which tinct doesn't read; convert it"),
    "a.mov": (b"\0\0\0\x14ftypqt  " + bytes(99), "is a film, not a photograph"),
    "cr2.tif": (b"II*\0\x10\0\0\0CR\2\0" + bytes(99), "is a camera's raw file; develop it"),
    "a.pdf": (b"%PDF-1.7\n" + bytes(99), "is a PDF; save its pages as"),
    "a.djvu": (b"AT&TFORM" + bytes(99), "is a DjVu document; save its pages as"),
    "a.psd": (b"8BPS\0\1" + bytes(99), "is a Photoshop document; save a flattened copy as TIFF"),
    "a.jp2": (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(99), "is a JPEG 2000 file, which tinct doesn't read; convert it to TIFF"),
    "a.jxl": (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(99), "is a JPEG XL file, which tinct doesn't read; convert it"),
    "b.jxl": (b"\xff\x0a" + bytes(99), "is a JPEG XL file, which tinct doesn't read; convert it"),
    "a.nef": (encoded(picture("RGB"), "TIFF"), "is a camera's raw file; develop it"),
    "a.DNG": (encoded(picture("RGB"), "TIFF"), "is a camera's raw file; develop it"),
    "a.raf": (b"FUJIFILMCCD-RAW " + bytes(99), "is a camera's raw file; develop it"),
    "a.cr3": (b"\0\0\0\x18ftypcrx " + bytes(99), "is a camera's raw file; develop it"),
}


@pytest.mark.parametrize("name", BAD)
def test_errors_name_the_file_in_one_line(name: str, tmp_path: Path) -> None:
    path, (data, reason) = tmp_path / name, BAD[name]
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(PhotoError, match=reason) as raised:
        Photo.open(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("dtype", ["f8", "c8", "c16", "i8", "u8", "i4", "u4", "i2", "i1"])
def test_tiffs_of_other_sample_types_are_refused(dtype: str, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "odd.tif", scene()[..., 0].astype(dtype))
    with pytest.raises(PhotoError, match=r"odd\.tif holds .* save it as 8- or 16-bit"):
        Photo.open(tmp_path / "odd.tif")
