"""TIFF files: which page is the photograph, which samples are alpha, which compressions and depths are read."""

from __future__ import annotations

import io
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import tifffile

from pictures import XMP, bits_of, random_ab, scene, tiff_of, tiff_tags
from tinct.coloring.upsampling import recolor
from tinct.errors import PhotoError
from tinct.photo import Photo

GRAY = scene(64, 48)[..., 0]
PREVIEW = GRAY[::8, ::8]


def page(pixels: np.ndarray, **extra: object) -> tuple[dict[int, object], bytes]:
    return tiff_tags(pixels.shape[1], pixels.shape[0], **extra), pixels.tobytes()


FILES = {
    "NewSubfileType": tiff_of(page(PREVIEW, _254=1), page(GRAY, _254=0)),
    "without a type": tiff_of(page(PREVIEW, _254=1), page(GRAY)),
    "SubfileType": tiff_of(page(PREVIEW, _255=2), page(GRAY, _255=1)),
    "a mask first": tiff_of(page(GRAY // 128 * 255, _254=4), page(GRAY)),
    "previews around": tiff_of(page(PREVIEW, _254=1), page(GRAY), page(GRAY[::2, ::2], _254=1)),
    "SubIFD": tiff_of((*page(PREVIEW, _254=1), [page(GRAY[::2, ::2], _254=1), page(GRAY, _254=0)])),
    "previews alone": tiff_of(page(PREVIEW, _254=1), page(GRAY, _254=1)),
    "a pyramid": tiff_of((*page(GRAY), [page(GRAY[::2, ::2], _254=1)])),
}


@pytest.mark.parametrize("name", FILES)
def test_a_preview_is_not_the_photograph(name: str, tmp_path: Path) -> None:
    photo = Photo.open(FILES[name])
    assert photo.size == (64, 48)
    assert photo.notes == ()
    np.testing.assert_array_equal(photo.to_numpy()[..., 0], GRAY)
    assert np.abs(photo.small_rgb(64, 48)[..., 0].astype(int) - GRAY).max() <= 1
    with tifffile.TiffFile(recolor(photo, random_ab()).save(tmp_path / "out.tif")) as saved:
        assert [part.shape for part in saved.pages] == [(48, 64, 3)]


def test_a_preview_that_tifffile_writes(tmp_path: Path) -> None:
    whole = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
    with tifffile.TiffWriter(tmp_path / "thumb_first.tif") as file:
        file.write(whole[::8, ::8].copy(), subfiletype=1)
        file.write(whole, subfiletype=0)
    np.testing.assert_array_equal(Photo.open(tmp_path / "thumb_first.tif").to_numpy()[..., 0], whole)


def test_pages_are_counted_without_previews() -> None:
    photo = Photo.open(tiff_of(page(PREVIEW, _254=1), page(GRAY, _254=2), page(GRAY, _254=2)), name="a.tif")
    assert photo.notes == ("a.tif: the first of 2 pages is colored; the result holds it alone",)


def test_what_the_directory_of_the_preview_says_belongs_to_the_photograph() -> None:
    data = tiff_of((*page(PREVIEW, _254=1, _274=6, _700=XMP, _315=b"Ann\0"), [page(GRAY, _254=0)]))
    photo = Photo.open(data)
    assert (photo.size, photo.stored_size, photo.orientation) == ((48, 64), (64, 48), 6)
    np.testing.assert_array_equal(photo.to_numpy()[..., 0], np.rot90(GRAY, -1))
    saved = photo.to_bytes(".tif")
    assert b'dc:source="box 12"' in saved
    assert b"Ann" in saved


def test_the_sensor_data_of_a_raw_file_is_refused_by_name() -> None:
    data = tiff_of((*page(PREVIEW, _254=1), [page(GRAY, _254=0, _262=32803)]))
    with pytest.raises(PhotoError, match=r"a\.tif is a camera's raw file; develop it to TIFF or JPEG first"):
        Photo.open(data, name="a.tif")


def samples(*values: int) -> tuple[np.ndarray, int]:
    return np.broadcast_to(np.array(values, np.uint8), (16, 16, len(values))).copy(), len(values)


@pytest.mark.parametrize(
    ("values", "extras", "color", "alpha"),
    [
        ((100, 50, 50, 128), (0,), (100, 50, 50), None),
        ((100, 50, 50, 128), (2,), (100, 50, 50), 128),
        ((100, 50, 50, 128), (1,), (199, 99, 99), 128),  # premultiplied: 100 · 255 / 128
        ((100, 50, 50, 128), None, (100, 50, 50), None),
        ((100, 50, 50, 30, 128), (0, 2), (100, 50, 50), 128),
        ((100, 50, 50, 30, 128), (0, 1), (199, 99, 99), 128),
        ((100, 50, 50, 128, 30), (2, 0), (100, 50, 50), 128),
        ((100, 50, 50, 128, 30), (0, 0), (100, 50, 50), None),
        ((100, 128), (0,), (100, 100, 100), None),
        ((100, 128), (1,), (199, 199, 199), 128),
        ((100, 128), (2,), (100, 100, 100), 128),
    ],
)
def test_only_samples_that_say_they_are_alpha_are_alpha(
    values: tuple[int, ...], extras: tuple[int, ...] | None, color: tuple[int, ...], alpha: int | None, tmp_path: Path
) -> None:
    pixels, count = samples(*values)
    options = {} if extras is None else {"_338": extras}
    photo = Photo.open(tiff_of((tiff_tags(16, 16, count, **options), pixels.tobytes())), name="a.tif")
    dropped = count - (1 if count == 2 else 3) - (alpha is not None)
    what = {1: "an extra channel, such as infrared, that isn't", 2: "2 extra channels, such as infrared, that aren't"}
    assert photo.notes == ((f"a.tif has {what[dropped]} transparency; the result has only its colors",) if dropped else ())
    assert np.abs(photo.to_numpy().astype(int) - color).max() <= 1
    assert np.abs(photo.small_rgb(8, 8).astype(int) - color).max() <= 1
    assert photo.to_pil().mode == ("RGB" if alpha is None else "RGBA")
    with tifffile.TiffFile(recolor(photo, np.zeros((2, 2, 2))).save(tmp_path / "out.tif")) as saved:
        array, tags = saved.asarray(), saved.pages[0].tags
        assert array.shape == (16, 16, 3 if alpha is None else 4)
        assert (tags[338].value if 338 in tags else None) == (None if alpha is None else (2,))
        assert alpha is None or (array[..., 3] == alpha).all()


def test_infrared_of_a_scanner(tmp_path: Path) -> None:
    gray = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (64, 1))
    rgbi = np.dstack([gray, gray, gray, np.full_like(gray, 36000)])
    tifffile.imwrite(tmp_path / "rgbi.tif", rgbi, photometric="rgb", extrasamples=["unspecified"])
    photo = Photo.open(tmp_path / "rgbi.tif")
    np.testing.assert_array_equal(photo.to_numpy(16)[..., 0], gray)
    jpeg = Photo.open(recolor(photo, np.zeros((2, 2, 2))).to_bytes(".jpg")).to_numpy()
    assert np.abs(jpeg[..., 0].astype(int) - np.rint(gray / 257)).max() <= 2  # not laid over white


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_premultiplied_colors_of_more_bits(kind: type, tmp_path: Path) -> None:
    white = 65535 if kind is np.uint16 else 1
    pixels = np.broadcast_to((np.array([0.3, 0.2, 0.1, 0.5]) * white).astype(kind), (8, 8, 4))
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=["assocalpha"])
    assert np.abs(Photo.open(tmp_path / "a.tif").to_numpy(16) / 65535 - [0.6, 0.4, 0.2]).max() < 1e-4


def test_a_fifth_sample_of_cmyk_is_dropped() -> None:
    four, five = samples(10, 60, 120, 30), samples(10, 60, 120, 30, 200)
    plain = Photo.open(tiff_of((tiff_tags(16, 16, four[1], _262=5), four[0].tobytes())))
    extra = Photo.open(tiff_of((tiff_tags(16, 16, five[1], _262=5, _338=(0,)), five[0].tobytes())))
    np.testing.assert_array_equal(extra.to_numpy(), plain.to_numpy())
    assert len(extra.notes) == 1


@pytest.mark.parametrize(
    ("code", "name"),
    [
        *((6, "old-style JPEG"), (50000, "ZSTD"), (34926, "ZSTD"), (34925, "LZMA"), (34887, "LERC"), (34934, "JPEG XR")),
        *((34712, "JPEG 2000"), (34661, "JBIG"), (50002, "JPEG XL"), (55555, "scheme 55555")),
    ],
)
def test_compressions_that_are_not_decoded_are_named(code: int, name: str) -> None:
    with pytest.raises(
        PhotoError, match=rf"^a\.tif is compressed with {name}, which tinct doesn't read; save it with LZW"
    ) as raised:
        Photo.open(tiff_of((tiff_tags(32, 16, compression=code), bytes(512))), name="a.tif")
    assert raised.value.code == "unsupported"


def test_old_style_jpeg_of_three_channels_is_never_black() -> None:
    """As libtiff reads it without its decoder, or with one that fails: no error, and all pixels 0."""
    tags = tiff_tags(32, 16, 3, compression=6, _262=6, _513=8, _514=100, _530=(2, 2))
    with pytest.raises(PhotoError, match="is compressed with old-style JPEG"):
        Photo.open(tiff_of((tags, bytes(512))))


def test_lzma_that_tifffile_writes_is_named() -> None:
    file = io.BytesIO()
    tifffile.imwrite(file, GRAY, compression="lzma")
    with pytest.raises(PhotoError, match="is compressed with LZMA"):
        Photo.open(file.getvalue())


def test_damaged_pixels_are_called_damaged() -> None:
    data = bytearray(tiff_of((tiff_tags(64, 48, compression=8), zlib.compress(GRAY.tobytes()))))
    data[10:60] = bytes(50)
    with pytest.raises(PhotoError, match="is damaged or truncated") as raised:
        Photo.open(bytes(data)).to_numpy()
    assert raised.value.code == "damaged"


def test_tiles_of_separate_planes_are_named_and_strips_of_them_are_read() -> None:
    planes = np.moveaxis(scene(64, 48), 2, 0).copy()
    strips, tiles = io.BytesIO(), io.BytesIO()
    tifffile.imwrite(strips, planes, photometric="rgb", planarconfig="separate")
    tifffile.imwrite(tiles, planes, photometric="rgb", planarconfig="separate", tile=(32, 32))
    np.testing.assert_array_equal(Photo.open(strips.getvalue()).to_numpy(), scene(64, 48))
    with pytest.raises(PhotoError, match=r"stores its colors in tiles of separate planes, which tinct doesn't read"):
        Photo.open(tiles.getvalue())


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("bits", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
def test_every_depth_is_read_right(bits: int, count: int, tmp_path: Path) -> None:
    values = np.repeat(np.tile(np.linspace(0, 1, 61), (40, 1))[..., None], count, axis=2)
    data = np.rint(values * 65535).astype("<u2").tobytes() if bits == 16 else bits_of(values.reshape(40, -1), bits)
    photo = Photo.open(tiff_of((tiff_tags(61, 40, count, bits, _274=3), data)))
    white = 2**bits - 1
    expected = np.rint(values[:, ::-1] * white) / white
    assert photo.deep == (bits > 8)
    assert np.abs(photo.to_numpy(16) / 65535 - expected).max() < (0.5 / 65535 if bits > 8 else 0.5 / 255) + 1e-6
    assert np.abs(photo.small_rgb(61, 40) / 255 - expected).max() < 0.01
    saved = tifffile.imread(recolor(photo, np.zeros((2, 2, 2))).save(tmp_path / "out.tif"))
    assert saved.dtype == (np.uint16 if bits > 8 else np.uint8)


def test_odd_depths_with_white_as_zero_and_compression() -> None:
    values = np.tile(np.linspace(0, 1, 64), (32, 1))
    white_is_zero = tiff_tags(64, 32, 1, 12, compression=8, _262=0)
    photo = Photo.open(tiff_of((white_is_zero, zlib.compress(bits_of(1 - values, 12)))))
    assert np.abs(photo.to_numpy(16)[..., 0] / 65535 - values).max() < 0.5 / 4095


def test_odd_depths_keep_their_metadata(tmp_path: Path) -> None:
    values = np.tile(np.linspace(0, 1, 64), (32, 1))
    tags = tiff_tags(64, 32, 1, 12, _700=XMP, _315=b"Ann Example\0", _282=(300, 1), _296=2)
    saved = Photo.open(tiff_of((tags, bits_of(values, 12)))).save(tmp_path / "out.tif").read_bytes()
    assert b'dc:source="box 12"' in saved
    assert b"Ann Example" in saved


def test_depths_that_are_not_read_are_named() -> None:
    with pytest.raises(PhotoError, match=r"of a kind that tinct doesn't read|holds") as raised:
        Photo.open(tiff_of((tiff_tags(8, 8, 1, 24), bytes(192))))
    assert "damaged" not in str(raised.value)


@pytest.mark.parametrize("seed", range(40))
def test_malformed_directories_raise_no_other_error(seed: int) -> None:
    data = bytearray(FILES["SubIFD"])
    generator = np.random.default_rng(seed)
    for place in generator.integers(0, len(data), 12):
        data[place] = generator.integers(256)
    data[:4] = b"II*\0"
    with suppress(PhotoError):  # the only error allowed
        Photo.open(bytes(data), max_pixels=10**6).to_numpy()


def test_pages_that_follow_each_other_in_a_circle_end() -> None:
    data = bytearray(tiff_of(page(PREVIEW, _254=1)))
    data[-4:] = data[4:8]
    assert Photo.open(bytes(data)).size == (8, 6)


def test_the_orientation_of_each_page_is_its_own() -> None:
    data = tiff_of(page(PREVIEW, _254=1, _274=6), page(GRAY, _274=3))
    np.testing.assert_array_equal(Photo.open(data).to_numpy()[..., 0], np.rot90(GRAY, 2))
