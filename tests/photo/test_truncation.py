"""Files whose end is missing are colored as far as their data goes, with a note; below half of the rows they are refused."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pictures import cut, decoded, encoded, exif_of, random_ab, scene, tiff_of, tiff_tags, turned
from tinct.color import chroma, rgb_to_lab
from tinct.coloring.upsampling import recolor
from tinct.errors import PhotoError
from tinct.photo import Photo

USES = ["small_rgb", "to_numpy", "save"]


def use(photo: Photo, what: str, folder: Path) -> None:
    calls = {
        "small_rgb": lambda: photo.small_rgb(40, 30),
        "to_numpy": photo.to_numpy,
        "save": lambda: recolor(photo, random_ab()).save(folder / "out.png"),
    }
    calls[what]()


@pytest.mark.parametrize("options", [{}, {"restart_marker_rows": 1}, {"restart_marker_blocks": 3}, {"progressive": True}])
@pytest.mark.parametrize("missing", [1, 2])
def test_a_jpeg_without_its_end_marker_is_whole_but_for_a_note(missing: int, options: dict[str, int], tmp_path: Path) -> None:
    data = encoded(Image.fromarray(scene(200, 150)), "JPEG", **options)
    photo = Photo.open(data[:-missing], name="old.jpg")
    np.testing.assert_array_equal(photo.to_numpy(), Photo.open(data).to_numpy())
    assert np.abs(photo.small_rgb(50, 40).astype(int) - Photo.open(data).small_rgb(50, 40)).mean() < 2
    note = (
        "is truncated: parts of it lack their details"
        if options.get("progressive")
        else "lacks its end; all of its pixels are there"
    )
    assert [part for part in photo.notes if note in part]
    colored = recolor(photo, random_ab())
    assert colored.notes == photo.notes
    assert decoded(colored.save(tmp_path / "out.jpg")).size == (200, 150)


def test_a_plain_jpeg_without_its_end_marker_is_no_exception() -> None:
    file = io.BytesIO()
    Image.linear_gradient("L").save(file, "JPEG")
    np.testing.assert_array_equal(Photo.open(file.getvalue()[:-2]).to_numpy(), Photo.open(file.getvalue()).to_numpy())


@pytest.mark.parametrize(
    "options", [{}, {"restart_marker_rows": 1}, {"restart_marker_blocks": 3}, {"subsampling": 2, "quality": 90}]
)
@pytest.mark.parametrize("missing", [4, 10, 300, 1000])
def test_rows_of_a_jpeg_are_counted_from_its_data(missing: int, options: dict[str, int]) -> None:
    data = encoded(Image.fromarray(scene(200, 150)), "JPEG", **options)
    whole, photo = Photo.open(data).to_numpy(), Photo.open(data[:-missing], name="old.jpg")
    pixels = photo.to_numpy()
    lost = int((pixels == 128).all((1, 2)).sum())
    assert 0 < lost < 75
    assert photo.notes == (f"old.jpg is truncated: {lost} of its 150 rows are missing, and plain gray in the result",)
    np.testing.assert_array_equal(pixels[:-lost], whole[:-lost])


def test_a_flat_picture_is_not_taken_for_missing_rows() -> None:
    data = encoded(Image.new("L", (200, 160), 255), "JPEG")
    assert Photo.open(data[:-2], name="sky").notes == ("sky lacks its end; all of its pixels are there",)
    assert "rows are missing" in Photo.open(data[:-20]).notes[0]


@pytest.mark.parametrize("orientation", [1, 6, 3, 8])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_missing_rows_are_gray_and_stay_gray(kind: str, orientation: int, tmp_path: Path) -> None:
    photo = Photo.open(cut(kind, 0.8, orientation), name="old")
    (note,) = photo.notes
    lost = int(note.split()[3])
    assert note == f"old is truncated: {lost} of its 150 rows are missing, and plain gray in the result"
    assert 15 < lost < 60
    rows = turned(np.arange(150)[:, None] * np.ones(200), orientation) >= 150 - lost
    pixels, whole = photo.to_numpy().astype(int), Photo.open(cut(kind, 1, orientation)).to_numpy()
    np.testing.assert_array_equal(pixels[~rows], whole[~rows])
    assert np.abs(pixels[rows] - 128).max() <= 1
    small = photo.small_rgb(*photo.size).astype(int)
    assert np.abs(small - pixels).max() <= 2
    saved = recolor(photo, random_ab(40)).save(tmp_path / "out.png")
    colored = np.asarray(decoded(saved))
    assert chroma(rgb_to_lab(colored[rows][None])[..., 1:]).max() < 1
    assert chroma(rgb_to_lab(colored[~rows][None])[..., 1:]).mean() > 10


@pytest.mark.parametrize("what", USES)
@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize(
    ("kind", "share"),
    [("JPEG", 0.4), ("JPEG", 0.01), ("progressive JPEG", 0.03), ("PNG", 0.4), ("TIFF", 0.4), ("WEBP", 0.4), ("WEBP", 0.97)],
)
def test_what_holds_less_than_half_of_the_rows_is_refused(
    kind: str, share: float, orientation: int, what: str, tmp_path: Path
) -> None:
    with pytest.raises(PhotoError, match=r"truncated.*get a fresh copy") as raised:
        use(Photo.open(cut(kind, share, orientation)), what, tmp_path)
    assert raised.value.code == "damaged"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", USES)
@pytest.mark.parametrize("kind", ["JPEG", "progressive JPEG", "PNG", "TIFF"])
def test_nearly_whole_files_are_used_everywhere(kind: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(cut(kind, 0.97))
    photo = Photo.open(tmp_path / "in")
    use(photo, what, tmp_path)
    assert "is truncated: " in photo.notes[0]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
def test_progressive_jpeg_has_all_rows_with_fewer_details(share: float) -> None:
    photo, whole = Photo.open(cut("progressive JPEG", share), name="old.jpg"), Photo.open(cut("progressive JPEG", 1)).to_numpy()
    assert photo.notes == ("old.jpg is truncated: parts of it lack their details, in the result, too",)
    assert np.abs(photo.to_numpy().astype(int) - whole).mean() < 12


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_whole_files_with_something_behind_them_have_no_note(kind: str) -> None:
    data = encoded(Image.fromarray(scene()), kind, exif=exif_of()) + b"\0" * 999 + b"something else"
    photo = Photo.open(data)
    np.testing.assert_array_equal(photo.to_numpy(), Photo.open(data[:-1013]).to_numpy())
    assert photo.notes == ()


def test_uncompressed_tiff_of_one_strip_is_known_to_the_row() -> None:
    start = len(tiff_of((tiff_tags(200, 150, _273=70_000, _279=30_000), b"")))
    data = tiff_of((tiff_tags(200, 150, _273=start, _279=30_000), b"")) + scene(200, 150)[..., 0].tobytes()
    photo = Photo.open(data[: start + 200 * 100 + 50], name="scan.tif")
    assert photo.notes == ("scan.tif is truncated: 50 of its 150 rows are missing, and plain gray in the result",)
    np.testing.assert_array_equal(photo.to_numpy()[:100, :, 0], scene(200, 150)[:100, :, 0])


def test_a_tiff_that_promises_far_more_than_it_holds_is_refused() -> None:
    data = tiff_of((tiff_tags(40_000, 20_000, _279=800_000_000), bytes(1000)))
    with pytest.raises(PhotoError, match=r"is truncated: only 0 of its 20,000 rows are there"):
        Photo.open(data)


def test_truncated_before_any_pixel() -> None:
    data = encoded(Image.fromarray(scene()), "JPEG", exif=exif_of())
    with pytest.raises(PhotoError, match="damaged or truncated"):
        Photo.open(data[:300])


def test_a_strip_of_an_impossible_length_takes_no_memory() -> None:
    places = (8, 8 + 200 * 100)
    tags = tiff_tags(200, 150, _273=places, _278=100, _279=(200 * 100, 2**32 - 1))
    photo = Photo.open(tiff_of((tags, scene(200, 150)[..., 0].tobytes())))
    with suppress(PhotoError):  # libtiff may give it all the same
        np.testing.assert_array_equal(photo.to_numpy()[..., 0], scene(200, 150)[..., 0])
