"""BMP files, as other programs write them and as the format's definition describes them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pictures import HEIGHT, WIDTH, decoded, display_p3, encoded, picture, random_ab, scene
from tinct.coloring.upsampling import recolor
from tinct.errors import PhotoError
from tinct.photo import Photo


def bmp(
    pixels: bytes,
    bits: int,
    size: tuple[int, int],
    *,
    compression: int = 0,
    header: int = 40,
    palette: bytes = b"",
    masks: tuple[int, ...] = (),
    profile: bytes = b"",
) -> bytes:
    width, height = size
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(pixels), 11811, 11811, 0, 0)
    info += struct.pack(f"<{len(masks)}I", *masks)
    info = info.ljust(header, b"\0") + palette
    if profile:
        info = info[:56] + b"DEBM" + info[60:112] + struct.pack("<II", len(info) + len(pixels), len(profile)) + info[120:]
    start = 14 + len(info)
    return struct.pack("<2sIHHI", b"BM", start + len(pixels), 0, 0, start) + info + pixels + profile


def rows(array: np.ndarray) -> bytes:
    """Bytes of each row, padded to 32 bits, the lowest row first."""
    return b"".join(row.tobytes() + bytes(-row.nbytes % 4) for row in array[::-1])


RGB = scene()
GRAY = RGB[..., 0]
GRAYS = bytes(value for gray in range(256) for value in (gray, gray, gray, 0))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_files_that_pillow_writes(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "old.bmp"
    path.write_bytes(encoded(picture(mode), "BMP", dpi=(300, 300)))
    photo = Photo.open(path)
    expected = np.asarray(decoded(path).convert("RGB"))
    np.testing.assert_array_equal(photo.to_numpy(), expected)
    assert np.abs(photo.small_rgb(WIDTH, HEIGHT).astype(int) - expected).max() <= 1
    assert (photo.suffix, photo.notes, photo.deep) == (".png", (), False)
    saved = decoded(recolor(photo, random_ab()).save(tmp_path / "old.color.png"))
    assert saved.size == (WIDTH, HEIGHT)
    assert saved.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_a_gray_palette_is_gray() -> None:
    assert "gray" in repr(Photo.open(encoded(picture("L"), "BMP")))
    assert "color" in repr(Photo.open(encoded(picture("P"), "BMP")))


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("header", [12, 40, 108, 124])
def test_palettes(header: int, bits: int) -> None:
    colors = np.random.default_rng(bits).integers(0, 256, (2**bits, 3), dtype=np.uint8)
    indices = GRAY >> (8 - bits)
    spread = (indices[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    packed = np.packbits(spread.reshape(HEIGHT, -1).astype(np.uint8), axis=1)
    palette = b"".join(color[::-1].tobytes() + bytes(header != 12) for color in colors)
    photo = Photo.open(bmp(rows(packed), bits, (WIDTH, HEIGHT), header=header, palette=palette))
    np.testing.assert_array_equal(photo.to_numpy(), colors[indices])


def test_the_upper_row_first() -> None:
    data = bmp(rows(RGB[::-1, :, ::-1]), 24, (WIDTH, -HEIGHT))
    np.testing.assert_array_equal(Photo.open(data).to_numpy(), RGB)


@pytest.mark.parametrize(
    ("masks", "widths"), [((), (5, 5, 5)), ((0xF800, 0x7E0, 0x1F), (5, 6, 5)), ((0xF00, 0xF0, 0xF), (4, 4, 4))]
)
def test_16_bits(masks: tuple[int, ...], widths: tuple[int, ...]) -> None:
    parts = [RGB[..., i].astype(np.uint16) >> (8 - width) for i, width in enumerate(widths)]
    values = (parts[0] << (widths[1] + widths[2])) | (parts[1] << widths[2]) | parts[2]
    photo = Photo.open(
        bmp(rows(values.astype("<u2")), 16, (WIDTH, HEIGHT), compression=3 if masks else 0, palette=b"", masks=masks)
    )
    expected = np.stack([np.rint(part * (255 / (2**width - 1))) for part, width in zip(parts, widths, strict=True)], -1)
    np.testing.assert_array_equal(photo.to_numpy(), expected)


@pytest.mark.parametrize("header", [40, 108])
@pytest.mark.parametrize("alpha", [0, 77])
def test_32_bits(alpha: int, header: int) -> None:
    four = np.dstack([RGB[..., ::-1], np.full_like(GRAY, alpha)])
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000) if header == 108 else ()
    data = bmp(rows(four), 32, (WIDTH, HEIGHT), compression=3 if masks else 0, header=header, masks=masks)
    image = Photo.open(data).to_pil()
    np.testing.assert_array_equal(np.asarray(image)[..., :3], RGB)
    assert image.mode == ("RGBA" if masks and alpha else "RGB")  # in old headers the fourth byte means nothing; alpha of 0 is a bug
    assert image.mode == "RGB" or np.asarray(image)[..., 3].max() == alpha


def test_run_lengths_of_bytes() -> None:
    encoded_rows = b"".join(
        (b"".join(bytes((1, value)) for value in row) if y % 2 else bytes((0, WIDTH)) + row.tobytes() + bytes(WIDTH % 2)) + b"\0\0"
        for y, row in enumerate(GRAY[::-1])
    )
    data = bmp(encoded_rows[:-2] + b"\0\1", 8, (WIDTH, HEIGHT), compression=1, palette=GRAYS)
    np.testing.assert_array_equal(Photo.open(data).to_numpy()[..., 0], GRAY)


def test_run_lengths_with_jumps() -> None:
    pixels = bytes((3, 200)) + b"\0\2\2\1" + bytes((4, 100)) + b"\0\0" + bytes((200, 50)) + b"\0\1"  # a run may be too long
    expected = np.array([[50] * 10, [0] * 5 + [100] * 4 + [0], [200] * 3 + [0] * 7])
    photo = Photo.open(bmp(pixels, 8, (10, 3), compression=1, palette=GRAYS))
    np.testing.assert_array_equal(photo.to_numpy()[..., 0], expected)
    assert photo.notes == ()


def test_run_lengths_of_half_bytes() -> None:
    pixels = bytes((5, 0x1F)) + b"\0\0" + b"\0\5" + bytes((0x12, 0x34, 0x50, 0)) + b"\0\1"
    palette = bytes(value for gray in range(16) for value in (gray, gray, gray, 0))
    photo = Photo.open(bmp(pixels, 4, (5, 2), compression=2, palette=palette))
    np.testing.assert_array_equal(photo.to_numpy()[..., 0], [[1, 2, 3, 4, 5], [1, 15, 1, 15, 1]])


def test_a_profile_in_the_file_is_applied() -> None:
    data = bmp(rows(RGB[..., ::-1]), 24, (WIDTH, HEIGHT), header=124, profile=display_p3())
    expected = Photo.open(encoded(picture("RGB"), "PNG", icc_profile=display_p3())).to_numpy()
    photo = Photo.open(data)
    np.testing.assert_array_equal(photo.to_numpy(), expected)
    assert photo.notes == ()
    broken = Photo.open(bmp(rows(RGB[..., ::-1]), 24, (WIDTH, HEIGHT), header=124, profile=b"junk" * 40), name="a.bmp")
    assert broken.notes == ("the color profile of a.bmp is damaged; its colors were taken for sRGB",)
    np.testing.assert_array_equal(broken.to_numpy(), RGB)


@pytest.mark.parametrize("top_down", [False, True])
def test_missing_rows_are_gray_and_told(top_down: bool) -> None:
    body = rows(RGB[::-1, :, ::-1] if top_down else RGB[..., ::-1])
    whole = bmp(body, 24, (WIDTH, -HEIGHT if top_down else HEIGHT))
    row = len(body) // HEIGHT
    photo = Photo.open(whole[: -10 * row - 5], name="a.bmp")
    assert photo.notes == (f"a.bmp is truncated: 11 of its {HEIGHT} rows are missing, and plain gray in the result",)
    there, lost = (slice(0, -11), slice(-11, None)) if top_down else (slice(11, None), slice(0, 11))
    np.testing.assert_array_equal(photo.to_numpy()[there], RGB[there])
    assert (photo.to_numpy()[lost] == 128).all()
    with pytest.raises(PhotoError, match=r"a\.bmp is truncated: only \d+ of its 61 rows are there; get a fresh copy"):
        Photo.open(whole[: 54 + 20 * row], name="a.bmp")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (bmp(b"\xff\xd8\xff", 0, (10, 10), compression=4), "is a BMP of a kind that tinct doesn't read .JPEG."),
        (bmp(b"\x89PNG", 0, (10, 10), compression=5), "is a BMP of a kind that tinct doesn't read .PNG."),
        (bmp(bytes(100), 7, (10, 10)), "of a kind that tinct doesn't read .compression 0, 7 bits"),
        (bmp(bytes(100), 24, (0, 10)), "is damaged .impossible size"),
        (bmp(bytes(100), 16, (5, 5), compression=3, masks=(0, 0, 0)), "is damaged .impossible color masks"),
        (bmp(b"", 24, (10, 10))[:20], "is truncated: its header is incomplete"),
        (bmp(b"", 24, (30_000, 30_000)), "is truncated: only 0 of its 30,000 rows are there"),
        (bmp(b"", 24, (40_000, 40_000)), "more than the limit"),
    ],
)
def test_other_files_are_refused_in_a_line(data: bytes, reason: str) -> None:
    with pytest.raises(PhotoError, match=reason):
        Photo.open(data)


def test_a_palette_that_is_too_short_is_no_crash() -> None:
    data = bmp(rows(GRAY), 8, (WIDTH, HEIGHT), palette=GRAYS[:400])
    assert Photo.open(data).to_numpy().shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("seed", range(30))
def test_random_headers_raise_no_other_error(seed: int) -> None:
    data = bytearray(encoded(Image.fromarray(RGB), "BMP"))
    generator = np.random.default_rng(seed)
    for place in generator.integers(6, 54, 4):
        data[place] = generator.integers(256)
    try:
        pixels = Photo.open(bytes(data), max_pixels=10**6).to_numpy()
    except PhotoError:
        return
    assert pixels.dtype == np.uint8


def test_a_dib_suffix_and_a_replaced_file(tmp_path: Path) -> None:
    path = tmp_path / "a.dib"
    path.write_bytes(encoded(picture("RGB"), "BMP"))
    photo = recolor(Photo.open(path), random_ab())
    path.write_bytes(encoded(picture("L"), "BMP"))
    with pytest.raises(PhotoError, match="has changed since it was opened"):
        photo.save(tmp_path / "out.png")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.dib"]
