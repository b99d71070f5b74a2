"""A photograph's way through tinct: looked at small, recolored, laid over, compared and saved, never over an original."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from pictures import HEIGHT, WIDTH, decoded, encoded, exif_of, laid_over, picture, random_ab, scene
from tinct.color import lightness
from tinct.coloring.provenance import Record, read_record
from tinct.errors import PhotoError
from tinct.photo import photo as module
from tinct.photo.photo import WRITABLE_SUFFIXES, Photo, color_path

RECORD = Record("a model", "its sum", "1.0")


@pytest.mark.parametrize("source", ["JPEG", "array", "recolored"])
def test_small_lightness_is_that_of_small_rgb(source: str) -> None:
    photo = Photo.open(scene() if source == "array" else encoded(picture("RGB"), "JPEG"))
    photo = photo.recolored(random_ab()) if source == "recolored" else photo
    small = photo.small_lightness(40, 30)
    assert (small.shape, small.dtype) == ((30, 40), np.float32)
    np.testing.assert_array_equal(small, lightness(photo.small_rgb(40, 30)))


@pytest.mark.parametrize(
    "array", [scene(), scene()[..., 0], scene().astype(np.uint16) * 257, scene()[..., 0].astype(np.uint16) * 257]
)
def test_full_lightness_is_cielab(array: np.ndarray) -> None:
    image = Photo.open(array).lightness()
    expected = lightness(scene() if array.ndim == 3 else scene()[..., [0, 0, 0]])
    assert (image.width, image.height, image.bands, image.format) == (WIDTH, HEIGHT, 1, "float")
    np.testing.assert_allclose(image.numpy(), expected, atol=0.05)


def test_gives_a_photo_back_as_it_is() -> None:
    photo = Photo.open(scene())
    assert Photo.open(photo) is photo


def test_names(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture("L").save(path)
    assert [Photo.open(source).name for source in (str(path), path.read_bytes(), scene())] == [str(path), "<bytes>", "<array>"]
    assert Photo.open(path).path == path
    assert Photo.open(scene()).path is None
    assert Photo.open(scene(), name="frame 7").name == "frame 7"


@pytest.mark.parametrize("name", ["a b.jpg", "photo.jpg[1]", "Zoë – été.jpg", os.fsdecode(b"latin-\xe9.jpg"), "%d.jpg", "-o.jpg"])
def test_odd_file_names(name: str, tmp_path: Path) -> None:
    path, output = tmp_path / name, color_path(tmp_path / name)
    path.write_bytes(encoded(picture("L"), "JPEG"))
    Photo.open(path).recolored(random_ab()).save(output)
    assert decoded(output).size == (WIDTH, HEIGHT)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 3), (0, 4, 2)])
def test_refuses_chroma_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(h, w, 2\)"):
        Photo.open(scene()).recolored(np.zeros(shape, np.float32))


def test_later_changes_of_the_chroma_do_not_show() -> None:
    ab = random_ab()
    photo = Photo.open(scene()).recolored(ab)
    before = photo.to_numpy()
    ab[:] = 0
    np.testing.assert_array_equal(photo.to_numpy(), before)


def test_a_recolored_photo_can_be_recolored_again() -> None:
    once = Photo.open(scene()).recolored(random_ab())
    gray = once.recolored(np.zeros((1, 1, 2), np.float32)).to_numpy()
    assert np.ptp(gray, axis=2).max() <= 1
    assert np.abs(lightness(gray) - lightness(scene())).max() < 1.2


def test_small_rgb_of_a_recolored_photo_has_the_new_colors() -> None:
    photo = Photo.open(scene()).recolored(random_ab(30))
    expected = Image.fromarray(photo.to_numpy()).resize((40, 30), Image.Resampling.LANCZOS)
    assert np.abs(photo.small_rgb(40, 30).astype(int) - np.asarray(expected)).max() <= 4


def test_threads_share_a_photo(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(Image.fromarray(scene(301, 203)), "JPEG", exif=exif_of(_274=6)))
    photo = Photo.open(path)
    colored = photo.recolored(random_ab())
    small, full = photo.small_rgb(50, 70), colored.to_numpy()
    with ThreadPoolExecutor(8) as pool:
        smalls = [pool.submit(photo.small_rgb, 50, 70) for _ in range(24)]
        fulls = [pool.submit(colored.to_numpy) for _ in range(8)]
        assert all((future.result() == small).all() for future in smalls)
        assert all((future.result() == full).all() for future in fulls)


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "old.jpg"
    path.write_bytes(encoded(picture("L"), "JPEG"))
    return path


@pytest.fixture
def colored(original: Path) -> Photo:
    return Photo.open(original).recolored(random_ab(), record=RECORD)


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    "way", ["itself", "dotted path", "symlink", "hard link", "symlinked folder", "PIL image", "not recolored", "twice recolored"]
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
            photo = Photo.open(image).recolored(random_ab())
    elif way == "not recolored":
        photo = Photo.open(original)
    elif way == "twice recolored":
        photo = colored.recolored(random_ab())
    with pytest.raises(PhotoError, match=r"is the original.*-o"):
        photo.save(target, overwrite=overwrite)
    assert original.read_bytes() == before


def test_an_earlier_output_is_kept_unless_told_otherwise(colored: Photo, tmp_path: Path) -> None:
    target = colored.save(tmp_path / "out.jpg")
    earlier = target.read_bytes()
    with pytest.raises(PhotoError, match=r"exists already.*--overwrite"):
        colored.save(target)
    assert target.read_bytes() == earlier
    assert colored.save(str(target), overwrite=True, quality=50) == target
    assert len(target.read_bytes()) < len(earlier)


@pytest.mark.parametrize("kind", ["another's picture", "colored without a record", "no picture", "cut off"])
def test_what_does_not_say_that_tinct_made_it_is_never_overwritten(kind: str, colored: Photo, tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    if kind == "colored without a record":
        colored.save(target, provenance=False)
    elif kind == "cut off":
        target.write_bytes(colored.save(tmp_path / "whole.png").read_bytes()[:200])
    else:
        target.write_bytes(encoded(picture("RGB"), "PNG") if kind == "another's picture" else b"my notes")
    before = target.read_bytes()
    with pytest.raises(PhotoError, match=r"doesn't say that tinct made it.*remove it yourself, or name another output with -o"):
        colored.save(target, overwrite=True)
    assert target.read_bytes() == before


def test_an_empty_file_may_be_overwritten(colored: Photo, tmp_path: Path) -> None:
    (tmp_path / "out.png").touch()
    assert decoded(colored.save(tmp_path / "out.png", overwrite=True)).size == (WIDTH, HEIGHT)


@pytest.mark.parametrize("suffix", WRITABLE_SUFFIXES)
def test_an_output_of_any_format_may_be_overwritten(suffix: str, colored: Photo, tmp_path: Path) -> None:
    target = colored.save(tmp_path / f"out{suffix}")
    assert colored.save(target, overwrite=True) == target


def test_the_date_of_the_file_is_kept(original: Path, tmp_path: Path) -> None:
    os.utime(original, ns=(10**18, 10**18 + 10**9))
    colored = Photo.open(original).recolored(random_ab())
    assert colored.save(tmp_path / "out.jpg").stat().st_mtime_ns == 10**18 + 10**9
    assert Photo.open(scene()).save(tmp_path / "now.png").stat().st_mtime_ns > 10**18 + 10**9


def test_refuses_a_folder_as_target(colored: Photo, tmp_path: Path) -> None:
    (tmp_path / "x.png").mkdir()
    with pytest.raises(PhotoError, match="is a folder"):
        colored.save(tmp_path / "x.png", overwrite=True)


def test_to_pil_gives_rgb_or_rgba() -> None:
    assert Photo.open(scene()[..., 0]).to_pil().mode == "RGB"
    image = Photo.open(picture("LA")).to_pil()
    assert image.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(image)[..., 3], np.asarray(picture("LA"))[..., 1])


def test_to_pil_names_the_cure_where_pillow_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(PhotoError, match="pip install pillow"):
        Photo.open(scene()).to_pil()


# A layer, and both side by side


def ground(kind: str) -> np.ndarray:
    """(H, W, 3): an opaque original."""
    light = scene()[..., :1].repeat(3, 2)
    if kind == "sepia":
        light = np.rint(light * (1.0, 0.9, 0.7)).astype(np.uint8)
    return light.astype(np.uint16) * np.uint16(257) - np.uint16(60) * (light > 9) if kind == "16 bits" else light


@pytest.mark.parametrize("kind", ["gray", "sepia"])
def test_a_layer_over_the_original_gives_the_colored_picture(kind: str, tmp_path: Path) -> None:
    colored = Photo.open(ground(kind)).recolored(random_ab(30))
    layer = decoded(colored.layer().save(tmp_path / "layer.png"))
    laid = Image.alpha_composite(Image.fromarray(ground(kind)).convert("RGBA"), layer)
    assert (layer.mode, layer.size) == ("RGBA", (WIDTH, HEIGHT))
    assert np.abs(np.asarray(laid)[..., :3].astype(int) - colored.to_numpy()).max() <= 1
    assert np.asarray(laid)[..., 3].min() == 255
    assert np.asarray(layer)[..., 3].mean() < 140  # as transparent as can be


def test_a_layer_of_16_bits(tmp_path: Path) -> None:
    colored = Photo.open(ground("16 bits")).recolored(random_ab(30))
    layer = tifffile.imread(colored.layer().save(tmp_path / "layer.tif"))
    expected = tifffile.imread(colored.save(tmp_path / "colored.tif"))
    assert (layer.shape, layer.dtype) == ((HEIGHT, WIDTH, 4), np.uint16)
    assert np.abs(laid_over(layer, ground("16 bits")) - expected).max() < 9  # of 65535; in 8 bits, a thirtieth of a step


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_a_layer_over_a_transparent_original(mode: str, tmp_path: Path) -> None:
    image = picture(mode)
    opacity = np.where(np.arange(WIDTH) < 30, 0, 255).astype(np.uint8)[None].repeat(HEIGHT, 0)
    image.putalpha(Image.fromarray(opacity))
    colored = Photo.open(encoded(image, "PNG")).recolored(random_ab(30))
    layer = decoded(colored.layer().save(tmp_path / "layer.png"))
    laid = np.asarray(Image.alpha_composite(image.convert("RGBA"), layer)).astype(int)
    assert np.asarray(layer)[opacity == 0, 3].max() == 0
    np.testing.assert_array_equal(laid[..., 3], opacity)
    assert np.abs(laid - np.asarray(colored.to_pil()))[opacity == 255].max() <= 1


@pytest.mark.parametrize("kind", ["gray", "16 bits"])
def test_a_layer_without_color_is_transparent(kind: str, tmp_path: Path) -> None:
    array = ground(kind)[..., 0]
    layer = Photo.open(array).recolored(np.zeros((2, 2, 2), np.float32)).layer()
    assert tifffile.imread(layer.save(tmp_path / "layer.tif"))[..., 3].max() == 0


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif"])
def test_a_layer_is_refused_where_it_would_lose(suffix: str, colored: Photo, tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match=r"partly transparent at full quality; name a \.png or \.tif"):
        colored.layer().save(tmp_path / f"layer{suffix}")
    assert list(tmp_path.glob("layer*")) == []


@pytest.mark.parametrize("kind", ["gray", "sepia", "16 bits"])
def test_a_comparison_has_both_halves(kind: str, tmp_path: Path) -> None:
    colored = Photo.open(ground(kind)).recolored(random_ab(30))
    both = colored.compare()
    pixels = tifffile.imread(both.save(tmp_path / "both.tif"))
    gap = both.width - 2 * WIDTH
    assert (both.height, pixels.shape) == (HEIGHT, (HEIGHT, both.width, 3))
    assert 2 <= gap < 5
    np.testing.assert_array_equal(pixels[:, :WIDTH], ground(kind))
    np.testing.assert_array_equal(pixels[:, WIDTH + gap :], tifffile.imread(colored.save(tmp_path / "colored.tif")))
    assert pixels[:, WIDTH : WIDTH + gap].min() == np.iinfo(pixels.dtype).max


@pytest.mark.parametrize("output", ["layer", "compare"])
def test_only_a_colored_photograph_has_them(output: str, colored: Photo) -> None:
    for photo in (Photo.open(scene()), colored.layer(), colored.compare()):
        with pytest.raises(ValueError, match="isn't a colored photograph"):
            getattr(photo, output)()


@pytest.mark.parametrize("output", ["color", "layer", "compare"])
def test_the_record_says_which_output_it_is(output: str, colored: Photo, tmp_path: Path) -> None:
    photo = colored if output == "color" else getattr(colored, output)()
    record = read_record(photo.save(tmp_path / "out.png"))
    assert (record.output, record.model, record.original) == (output, "a model", colored.sha256())


# Names and imports


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
        ("a/b.webp", None, "a/b.color.webp"),
        ("a/b", None, "a/b.color.png"),
        ("a/b.tif", "c.png", "c.png"),
        ("a/b.tif", "new/", "new/b.color.tif"),
        ("a/b.tif", "new", "new"),
    ],
)
def test_color_path(source: str, output: str | None, expected: str) -> None:
    assert color_path(Path(source), output) == Path(expected)


def test_color_path_into_a_folder_that_exists(tmp_path: Path) -> None:
    assert color_path(Path("a/b.avif"), tmp_path) == tmp_path / "b.color.avif"


def test_imports_no_more_than_it_needs() -> None:
    code = "import sys, tinct.errors; assert 'pyvips' not in sys.modules; import tinct.photo; assert 'PIL' not in sys.modules"
    environment = {**os.environ, "PYTHONPATH": str(Path(module.__file__).parents[2])}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
