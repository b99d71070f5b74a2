"""`Photo`: reduced and full-size pixels, arrays, new chroma, color layers, comparisons."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image

from pictures import HEIGHT, SUFFIX, WIDTH, decoded, encoded, exif_of, laid_over, picture, random_ab, scene
from tinct.color import lightness
from tinct.coloring.provenance import read_record
from tinct.coloring.upsampling import recolor
from tinct.errors import PhotoError
from tinct.photo import photo as module
from tinct.photo.photo import Photo, color_path


@pytest.mark.parametrize("source", ["JPEG", "array", "colored"])
def test_small_lightness_is_that_of_small_rgb(source: str) -> None:
    photo = Photo.open(scene() if source == "array" else encoded(picture("RGB"), "JPEG"))
    photo = recolor(photo, random_ab()) if source == "colored" else photo
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


def test_open_returns_a_photo_unchanged() -> None:
    photo = Photo.open(scene())
    assert Photo.open(photo) is photo


def test_names(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture("L").save(path)
    assert Photo.open(str(path)).name == str(path)
    assert Photo.open(path.read_bytes()).name == "<bytes>"
    assert Photo.open(scene()).name == "<array>"
    assert Photo.open(path).path == path
    assert Photo.open(scene()).path is None
    assert Photo.open(scene(), name="frame 7").name == "frame 7"


@pytest.mark.parametrize("name", ["a b.jpg", "photo.jpg[1]", "Zoë – été.jpg", os.fsdecode(b"latin-\xe9.jpg"), "%d.jpg", "-o.jpg"])
def test_odd_file_names(name: str, tmp_path: Path) -> None:
    path, output = tmp_path / name, color_path(tmp_path / name)
    path.write_bytes(encoded(picture("L"), "JPEG"))
    recolor(Photo.open(path), random_ab()).save(output)
    assert decoded(output).size == (WIDTH, HEIGHT)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 3), (0, 4, 2)])
def test_refuses_chroma_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(h, w, 2\)"):
        recolor(Photo.open(scene()), np.zeros(shape, np.float32))


def test_later_changes_of_the_chroma_do_not_show() -> None:
    ab = random_ab()
    photo = recolor(Photo.open(scene()), ab)
    before = photo.to_numpy()
    ab[:] = 0
    np.testing.assert_array_equal(photo.to_numpy(), before)


def test_a_colored_photo_can_be_recolored() -> None:
    once = recolor(Photo.open(scene()), random_ab())
    gray = recolor(once, np.zeros((1, 1, 2), np.float32)).to_numpy()
    assert np.ptp(gray, axis=2).max() <= 1
    assert np.abs(lightness(gray) - lightness(scene())).max() < 1.2


def test_small_rgb_of_a_colored_photo_has_the_new_colors() -> None:
    photo = recolor(Photo.open(scene()), random_ab(30))
    expected = Image.fromarray(photo.to_numpy()).resize((40, 30), Image.Resampling.LANCZOS)
    assert np.abs(photo.small_rgb(40, 30).astype(int) - np.asarray(expected)).max() <= 4


def test_threads_share_a_photo(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(Image.fromarray(scene(301, 203)), "JPEG", exif=exif_of(_274=6)))
    photo = Photo.open(path)
    colored = recolor(photo, random_ab())
    small, full = photo.small_rgb(50, 70), colored.to_numpy()
    with ThreadPoolExecutor(8) as pool:
        smalls = [pool.submit(photo.small_rgb, 50, 70) for _ in range(24)]
        fulls = [pool.submit(colored.to_numpy) for _ in range(8)]
        assert all((future.result() == small).all() for future in smalls)
        assert all((future.result() == full).all() for future in fulls)


def test_the_date_of_the_file_is_kept(original: Path, tmp_path: Path) -> None:
    os.utime(original, ns=(10**18, 10**18 + 10**9))
    colored = recolor(Photo.open(original), random_ab())
    assert colored.save(tmp_path / "out.jpg").stat().st_mtime_ns == 10**18 + 10**9
    assert Photo.open(scene()).save(tmp_path / "now.png").stat().st_mtime_ns > 10**18 + 10**9


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("shape", [(HEIGHT, WIDTH), (HEIGHT, WIDTH, 3)])
def test_to_numpy_of_8_bits(shape: tuple[int, ...], bits: int) -> None:
    array = scene() if len(shape) == 3 else scene()[..., 0]
    pixels = Photo.open(array).to_numpy(bits=bits)
    expected = array if len(shape) == 3 else np.repeat(array[..., None], 3, axis=2)
    assert (pixels.shape, pixels.dtype) == ((HEIGHT, WIDTH, 3), np.dtype(f"u{bits // 8}"))
    np.testing.assert_array_equal(pixels, expected.astype(np.uint16) * (257 if bits == 16 else 1))


@pytest.mark.parametrize("bands", [1, 3, 4])
def test_to_numpy_of_16_bits(bands: int) -> None:
    array = np.random.default_rng(0).integers(0, 65536, (HEIGHT, WIDTH, bands), dtype=np.uint16)
    photo = Photo.open(array)
    expected = array[..., :3] if bands > 1 else array.repeat(3, 2)
    assert (photo.to_numpy(bits=16).dtype, photo.to_numpy().dtype) == (np.uint16, np.uint8)
    np.testing.assert_array_equal(photo.to_numpy(bits=16), expected)
    np.testing.assert_array_equal(photo.to_numpy(), np.rint(expected / 257))


@pytest.mark.parametrize("bits", [0, 12, 32])
def test_to_numpy_refuses_other_depths(bits: int) -> None:
    with pytest.raises(ValueError, match=f"8 or 16, not {bits}"):
        Photo.open(scene()).to_numpy(bits=bits)


@pytest.mark.parametrize("colored", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_asarray_has_the_depth_of_the_photo(dtype: type, colored: bool) -> None:
    array = scene().astype(dtype) * dtype(np.iinfo(dtype).max // 255)
    photo = recolor(Photo.open(array), random_ab()) if colored else Photo.open(array)
    pixels = np.asarray(photo)
    assert (pixels.shape, pixels.dtype) == ((HEIGHT, WIDTH, 3), dtype)
    np.testing.assert_array_equal(pixels, photo.to_numpy(bits=8 * pixels.itemsize))
    assert colored or (pixels == array).all()


def test_asarray_of_another_type() -> None:
    pixels = np.asarray(Photo.open(scene()), dtype=np.float32)
    assert pixels.dtype == np.float32
    np.testing.assert_array_equal(pixels, scene())
    assert np.array(Photo.open(scene()), copy=True).dtype == np.uint8


def test_asarray_without_a_copy_is_refused() -> None:
    with pytest.raises(ValueError, match="without a copy"):
        Photo.open(scene()).__array__(copy=False)


@pytest.mark.parametrize(
    ("source", "size"),
    [
        (scene(), (WIDTH, HEIGHT)),
        (scene(1030, 520), (512, 258)),
        (scene(300, 1024)[..., 0], (150, 512)),
        (np.zeros((2, 3000), np.uint16), (512, 1)),
        (picture("LA"), (WIDTH, HEIGHT)),
    ],
    ids=["small", "wide", "tall", "narrow, 16 bits", "alpha"],
)
def test_notebooks_show_a_small_png(source: Any, size: tuple[int, int]) -> None:
    photo = Photo.open(source)
    shown = decoded(photo._repr_png_())
    assert (shown.format, shown.mode, shown.size) == ("PNG", "RGB", size)
    np.testing.assert_array_equal(np.asarray(shown), photo.small_rgb(*size))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (scene(), "<Photo <array>, 83 × 61, 8-bit color>"),
        (scene()[..., 0].astype(np.uint16), "<Photo <array>, 83 × 61, 16-bit gray>"),
        (picture("LA"), "<Photo <PIL image>, 83 × 61, 8-bit gray, alpha>"),
        (encoded(picture("RGB"), "JPEG", exif=exif_of(_274=6)), "<Photo <bytes>, 61 × 83, 8-bit color>"),
    ],
    ids=["color", "16-bit gray", "alpha", "turned"],
)
def test_repr(source: Any, expected: str) -> None:
    assert repr(Photo.open(source)) == expected


def test_repr_of_results(colored: Photo) -> None:
    ends = [repr(photo).partition("old.jpg, ")[2] for photo in (colored, colored.layer(), colored.compare())]
    assert ends == [
        "83 × 61, 8-bit color, colored by tinct>",
        "83 × 61, 8-bit color, alpha, color layer>",
        f"{colored.compare().width} × 61, 8-bit color, comparison>",
    ]


@pytest.mark.parametrize("kind", [*SUFFIX, "AVIF", "HEIC"])
def test_suffix_is_that_of_the_content(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "picture.dat"
    if kind == "HEIC":
        pillow_heif.from_pillow(picture("RGB")).save(path.with_suffix(".heic"))
        path.with_suffix(".heic").rename(path)
    else:
        path.write_bytes(encoded(picture("RGB"), kind))
    expected = {**SUFFIX, "AVIF": ".avif", "HEIC": ".jpg"}[kind]
    photo = Photo.open(path)
    assert (photo.suffix, recolor(photo, random_ab()).suffix, Photo.open(path.read_bytes()).suffix) == (expected,) * 3


@pytest.mark.parametrize("source", [scene(), picture("LA"), picture("CMYK")], ids=["array", "LA", "CMYK"])
def test_suffix_of_pictures_in_memory_is_png(source: Any) -> None:
    assert Photo.open(source).suffix == ".png"


@pytest.mark.parametrize(("kind", "factor"), [(np.uint8, 1), (np.uint16, 257)])
@pytest.mark.parametrize("bands", [2, 4])
def test_opacity_is_the_alpha_channel_in_8_bits(bands: int, kind: type, factor: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 4)).astype(kind)
    source = pixels * kind(factor) if bands == 4 else Image.fromarray(np.ascontiguousarray(pixels[..., [0, 3]].astype(np.uint8)))
    found = Photo.open(source).opacity()
    assert found is not None
    assert np.array_equal(found, pixels[..., 3])
    assert Photo.open(pixels[..., :3]).opacity() is None


def test_to_pil_gives_rgb_or_rgba() -> None:
    assert Photo.open(scene()[..., 0]).to_pil().mode == "RGB"
    image = Photo.open(picture("LA")).to_pil()
    assert image.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(image)[..., 3], np.asarray(picture("LA"))[..., 1])


def test_to_pil_names_the_package_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(PhotoError, match="needs the package pillow") as raised:
        Photo.open(scene()).to_pil()
    assert raised.value.code == "needs-pillow"


# ---- color layers and comparisons --------------------------------------------------------------------------------------------


def ground(kind: str) -> np.ndarray:
    """(H, W, 3): an opaque original."""
    light = scene()[..., :1].repeat(3, 2)
    if kind == "sepia":
        light = np.rint(light * (1.0, 0.9, 0.7)).astype(np.uint8)
    return light.astype(np.uint16) * np.uint16(257) - np.uint16(60) * (light > 9) if kind == "16 bits" else light


@pytest.mark.parametrize("kind", ["gray", "sepia"])
def test_a_layer_over_the_original_gives_the_colored_picture(kind: str, tmp_path: Path) -> None:
    colored = recolor(Photo.open(ground(kind)), random_ab(30))
    layer = decoded(colored.layer().save(tmp_path / "layer.png"))
    laid = Image.alpha_composite(Image.fromarray(ground(kind)).convert("RGBA"), layer)
    assert (layer.mode, layer.size) == ("RGBA", (WIDTH, HEIGHT))
    assert np.abs(np.asarray(laid)[..., :3].astype(int) - colored.to_numpy()).max() <= 1
    assert np.asarray(laid)[..., 3].min() == 255
    assert np.asarray(layer)[..., 3].mean() < 140  # as transparent as can be


def test_a_layer_of_16_bits(tmp_path: Path) -> None:
    colored = recolor(Photo.open(ground("16 bits")), random_ab(30))
    layer = tifffile.imread(colored.layer().save(tmp_path / "layer.tif"))
    expected = tifffile.imread(colored.save(tmp_path / "colored.tif"))
    assert (layer.shape, layer.dtype) == ((HEIGHT, WIDTH, 4), np.uint16)
    assert np.abs(laid_over(layer, ground("16 bits")) - expected).max() < 9  # of 65535; in 8 bits, a thirtieth of a step


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_a_layer_over_a_transparent_original(mode: str, tmp_path: Path) -> None:
    image = picture(mode)
    opacity = np.where(np.arange(WIDTH) < 30, 0, 255).astype(np.uint8)[None].repeat(HEIGHT, 0)
    image.putalpha(Image.fromarray(opacity))
    colored = recolor(Photo.open(encoded(image, "PNG")), random_ab(30))
    layer = decoded(colored.layer().save(tmp_path / "layer.png"))
    laid = np.asarray(Image.alpha_composite(image.convert("RGBA"), layer)).astype(int)
    assert np.asarray(layer)[opacity == 0, 3].max() == 0
    np.testing.assert_array_equal(laid[..., 3], opacity)
    assert np.abs(laid - np.asarray(colored.to_pil()))[opacity == 255].max() <= 1


@pytest.mark.parametrize("kind", ["gray", "16 bits"])
def test_a_layer_without_color_is_transparent(kind: str, tmp_path: Path) -> None:
    array = ground(kind)[..., 0]
    layer = recolor(Photo.open(array), np.zeros((2, 2, 2), np.float32)).layer()
    assert tifffile.imread(layer.save(tmp_path / "layer.tif"))[..., 3].max() == 0


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif"])
def test_a_layer_is_refused_in_formats_that_would_lose_it(suffix: str, colored: Photo, tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match=r"a color layer is transparent, so it must be a \.png or \.tif") as raised:
        colored.layer().save(tmp_path / f"layer{suffix}")
    assert raised.value.code == "layer-suffix"
    assert list(tmp_path.glob("layer*")) == []


@pytest.mark.parametrize("kind", ["gray", "16 bits"])
def test_a_part_has_the_pixels_of_the_whole(kind: str) -> None:
    colored = recolor(Photo.open(ground(kind)), random_ab(30))
    part = colored.part(3, 5, 20, 10)
    assert part.size == (20, 10)
    np.testing.assert_array_equal(part.to_numpy(16), colored.to_numpy(16)[5:15, 3:23])
    for outside in ((-1, 0, 2, 2), (0, 0, WIDTH + 1, 1), (0, HEIGHT, 1, 1), (0, 0, 0, 1)):
        with pytest.raises(PhotoError, match="lies outside") as raised:
            colored.part(*outside)
        assert raised.value.code == "part-outside"


def test_a_part_is_a_photograph_of_its_own() -> None:
    colored = recolor(Photo.open(ground("gray")), random_ab(30))
    part = colored.part(3, 5, 20, 10)
    np.testing.assert_array_equal(part.part(2, 4, 5, 6).to_numpy(), part.to_numpy()[4:10, 2:7])
    for other in (colored.layer(), colored.compare()):
        with pytest.raises(ValueError, match="has parts"):
            other.part(0, 0, 4, 4)
    with pytest.raises(ValueError, match="colored"):
        part.layer()


def test_a_part_of_a_file_that_is_streamed() -> None:
    levels = np.random.default_rng(5).integers(0, 255, (40, 50)).astype(np.uint8)
    file = encoded(Image.fromarray(levels).resize((1500, 1200), Image.Resampling.BICUBIC), "JPEG")
    colored = recolor(Photo.open(file), random_ab(30))
    whole = colored.to_numpy()
    for left, top, width, height in ((700, 800, 300, 200), (0, 0, 50, 50), (1400, 1100, 100, 100)):
        np.testing.assert_array_equal(
            colored.part(left, top, width, height).to_numpy(), whole[top : top + height, left : left + width]
        )
    plain = Photo.open(file).part(700, 800, 300, 200)
    np.testing.assert_array_equal(plain.to_numpy(), Photo.open(file).to_numpy()[800:1000, 700:1000])


@pytest.mark.parametrize("kind", ["gray", "sepia", "16 bits"])
def test_a_comparison_has_both_halves(kind: str, tmp_path: Path) -> None:
    colored = recolor(Photo.open(ground(kind)), random_ab(30))
    both = colored.compare()
    pixels = tifffile.imread(both.save(tmp_path / "both.tif"))
    gap = both.width - 2 * WIDTH
    assert (both.height, pixels.shape) == (HEIGHT, (HEIGHT, both.width, 3))
    assert 2 <= gap < 5
    np.testing.assert_array_equal(pixels[:, :WIDTH], ground(kind))
    np.testing.assert_array_equal(pixels[:, WIDTH + gap :], tifffile.imread(colored.save(tmp_path / "colored.tif")))
    assert pixels[:, WIDTH : WIDTH + gap].min() == np.iinfo(pixels.dtype).max


@pytest.mark.parametrize("output", ["layer", "compare"])
def test_only_a_colored_photograph_has_a_layer_and_a_comparison(output: str, colored: Photo) -> None:
    for photo in (Photo.open(scene()), colored.layer(), colored.compare()):
        with pytest.raises(ValueError, match="isn't a colored photograph"):
            getattr(photo, output)()


@pytest.mark.parametrize("output", ["color", "layer", "compare"])
def test_the_record_says_which_output_it_is(output: str, colored: Photo, tmp_path: Path) -> None:
    photo = colored if output == "color" else getattr(colored, output)()
    record = read_record(photo.save(tmp_path / "out.png"))
    assert (record.output, record.model, record.original) == (output, "a model", colored.sha256())


# ---- imports -----------------------------------------------------------------------------------------------------------------


def test_imports_are_lazy() -> None:
    code = (
        "import sys, tinct.errors, tinct.photo; assert not {'pyvips', 'numpy'} & set(sys.modules)\n"
        "tinct.Photo; assert 'pyvips' in sys.modules; assert 'PIL' not in sys.modules"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(module.__file__).parents[2])}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
