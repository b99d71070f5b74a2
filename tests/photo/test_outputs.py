"""Where results are written: never over an original, over an earlier output only when asked; names of colored copies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from pictures import HEIGHT, WIDTH, decoded, encoded, picture, random_ab
from tinct.coloring.upsampling import recolor
from tinct.errors import PhotoError
from tinct.photo.photo import WRITABLE_SUFFIXES, Photo, color_path


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    "way", ["itself", "dotted path", "symlink", "hard link", "symlinked folder", "PIL image", "not colored", "colored twice"]
)
def test_the_original_is_never_overwritten(way: str, overwrite: bool, original: Path, colored: Photo, tmp_path: Path) -> None:
    before, target, photo = original.read_bytes(), original, colored
    if way == "dotted path":
        (tmp_path / "sub").mkdir()
        target = tmp_path / "sub" / ".." / original.name
    elif way == "symlink":
        target = tmp_path / "link.jpg"
        target.symlink_to(original)
    elif way == "hard link":
        target = tmp_path / "link.jpg"
        target.hardlink_to(original)
    elif way == "symlinked folder":
        (tmp_path / "there").symlink_to(tmp_path)
        target = tmp_path / "there" / original.name
    elif way == "PIL image":
        with Image.open(original) as image:
            photo = recolor(Photo.open(image), random_ab())
    elif way == "not colored":
        photo = Photo.open(original)
    elif way == "colored twice":
        photo = recolor(colored, random_ab())
    with pytest.raises(PhotoError, match=r"is the original, which tinct never overwrites$") as raised:
        photo.save(target, overwrite=overwrite)
    assert (raised.value.code, raised.value.details) == ("is-original", {"path": str(target)})
    assert original.read_bytes() == before


def test_an_earlier_output_is_replaced_only_with_overwrite(colored: Photo, tmp_path: Path) -> None:
    target = colored.save(tmp_path / "out.jpg")
    earlier = target.read_bytes()
    with pytest.raises(PhotoError, match=r"exists already$") as raised:
        colored.save(target)
    assert (raised.value.code, raised.value.details) == ("exists", {"path": str(target)})
    assert target.read_bytes() == earlier
    assert colored.save(str(target), overwrite=True, jpeg_quality=50) == target
    assert len(target.read_bytes()) < len(earlier)


@pytest.mark.parametrize("kind", ["foreign picture", "colored without a record", "no picture", "truncated"])
def test_a_file_without_a_record_is_never_overwritten(kind: str, colored: Photo, tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    if kind == "colored without a record":
        colored.save(target, provenance=False)
    elif kind == "truncated":
        target.write_bytes(colored.save(tmp_path / "whole.png").read_bytes()[:200])
    else:
        target.write_bytes(encoded(picture("RGB"), "PNG") if kind == "foreign picture" else b"my notes")
    before = target.read_bytes()
    with pytest.raises(PhotoError, match=r"out\.png doesn't say that tinct made it, so it may be an original") as raised:
        colored.save(target, overwrite=True)
    assert (raised.value.code, raised.value.details) == ("not-ours", {"path": str(target)})
    assert target.read_bytes() == before


def test_an_empty_file_may_be_overwritten(colored: Photo, tmp_path: Path) -> None:
    (tmp_path / "out.png").touch()
    assert decoded(colored.save(tmp_path / "out.png", overwrite=True)).size == (WIDTH, HEIGHT)


@pytest.mark.parametrize("suffix", WRITABLE_SUFFIXES)
def test_an_output_of_any_format_may_be_overwritten(suffix: str, colored: Photo, tmp_path: Path) -> None:
    target = colored.save(tmp_path / f"out{suffix}")
    assert colored.save(target, overwrite=True) == target


def test_refuses_a_folder_as_target(colored: Photo, tmp_path: Path) -> None:
    (tmp_path / "x.png").mkdir()
    with pytest.raises(PhotoError, match="is a folder, not a file") as raised:
        colored.save(tmp_path / "x.png", overwrite=True)
    assert raised.value.code == "is-folder"


@pytest.mark.parametrize(
    ("source", "output", "expected"),
    [
        ("a/b.jpg", None, "a/b.color.jpg"),
        ("b.tar.JPG", None, "b.tar.color.JPG"),
        ("a/b.gif", None, "a/b.color.png"),
        ("a/b.avif", None, "a/b.color.avif"),
        ("a/b.heic", None, "a/b.color.jpg"),
        ("a/b.HEIF", None, "a/b.color.jpg"),
        ("a/b.jfif", None, "a/b.color.jpg"),
        ("a/b.jpe", None, "a/b.color.jpg"),
        ("a/b.mpo", None, "a/b.color.jpg"),
        ("a/b.bmp", None, "a/b.color.png"),
        ("a/b.DIB", None, "a/b.color.png"),
        ("a/b.nef", None, "a/b.color.png"),
        ("a/b.webp", None, "a/b.color.webp"),
        ("Feb. 1932", None, "Feb. 1932.color.png"),
        ("Mr. Smith", "new/", "new/Mr. Smith.color.png"),
        ("v1.5.jpg", None, "v1.5.color.jpg"),
        ("." + "m" * 300, "new/", "new/." + "m" * 300 + ".color.png"),
        ("a/b", None, "a/b.color.png"),
        ("a/b.tif", "c.png", "c.png"),
        ("a/b.tif", "new/", "new/b.color.tif"),
        ("a/b.tif", "new/deep" + os.sep, "new/deep/b.color.tif"),
        ("a/b.tif", "Album 1.5/", "Album 1.5/b.color.tif"),
        ("a/b.tif", "new", "new"),
    ],
)
def test_color_path(source: str, output: str | None, expected: str) -> None:
    assert color_path(Path(source), output) == Path(expected)


def test_color_path_into_a_folder_that_exists(tmp_path: Path) -> None:
    assert color_path(Path("a/b.avif"), tmp_path) == tmp_path / "b.color.avif"


@pytest.mark.parametrize(
    ("kind", "suffix"), [("JPEG", ".jpg"), ("PNG", ".png"), ("TIFF", ".tif"), ("WEBP", ".webp"), ("BMP", ".png"), ("GIF", ".png")]
)
@pytest.mark.parametrize("name", ["Feb. 1932", "Feb. 1933", "noext", ".hidden", "scan.bak"])
def test_color_path_of_a_file_without_a_known_suffix_follows_its_content(name: str, kind: str, suffix: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(encoded(picture("RGB"), kind))
    assert color_path(tmp_path / name) == tmp_path / f"{name}.color{suffix}"


def test_color_path_keeps_the_format_that_a_name_says(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(encoded(picture("RGB"), "PNG"))
    assert color_path(tmp_path / "a.jpg").name == "a.color.jpg"
