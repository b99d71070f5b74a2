from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image

from conftest import draw
from tinct import (
    Colorizer,
    ConfigError,
    Hint,
    HintError,
    Photo,
    PhotoError,
    Region,
    Strokes,
    WeightsError,
    __version__,
    again,
    read_hints,
)
from tinct.coloring.provenance import BROWSER, Record, read_record
from tinct.runtime.spec import bundled


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(threads=2)


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one photograph in many formats, with metadata; PNG and TIFF of 16 bits."""
    root = tmp_path_factory.mktemp("originals")
    gray = np.asarray(Image.fromarray(draw(5, 150, 101)).convert("L"))
    noise = np.random.default_rng(0).integers(0, 256, gray.shape, np.uint16)
    deep = pyvips.Image.new_from_array(gray.astype(np.uint16) * 256 + noise).copy(interpretation="grey16")
    for suffix in (".jpg", ".png", ".tif", ".webp", ".avif"):
        image = (deep if suffix in {".png", ".tif"} else pyvips.Image.new_from_array(gray)).copy()
        image.set_type(
            pyvips.GValue.blob_type, "xmp-data", Record("m", "w", "0.0.1").to_xmp(None, None).replace(b"tinct 0.0.1", b"Scan")
        )
        image.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Artist", "Aunt Kate (Aunt Kate, ASCII, 10 components, 10 bytes)")
        image.write_to_file(str(root / f"old{suffix}"))
    Image.fromarray(draw(2)).save(root / "reference.png")
    return root


def strokes() -> Strokes:
    rgba = np.zeros((101, 150, 4), np.uint8)
    rgba[20:60, 30:90] = (200, 40, 30, 255)
    return Strokes(rgba)


def noisy_strokes(path: Path) -> None:
    """A picture of strokes that is too long for a record."""
    rgba = np.random.default_rng(0).integers(0, 256, (202, 300, 4), np.uint8)
    rgba[..., 3] = 255
    rgba[:20] = 0
    Image.fromarray(rgba).save(path)


HALF = Region(((75, 0), (150, 0), (150, 101), (75, 101)))
WAYS = [
    ({"hints": [Hint(30, 40, "#c04030"), Hint(np.float32(100.1), 20, ab=(np.float32(0.1), -20), size=9)], "vividness": 0.3}, 80),
    ({}, 95),
    ({"hints": [Hint(30, 40, "#30a040", keep_rest=True), Hint(90, 60, "keep"), Hint(90, 20, "#3040c0", reach=HALF)]}, 90),
    ({"hints": [Hint(99, 40, "#3040c0"), strokes()], "ensemble": True, "strength": 1 / 3}, 91),
    ({"like": "reference.png", "like_strength": 0.6, "variant": 3, "seed": 11, "vividness": 1, "detail": 96}, 60),
]


@pytest.mark.parametrize(
    ("suffix", "options", "quality"),
    [(".jpg", *way) for way in WAYS]
    + [(suffix, *WAYS[0]) for suffix in (".png", ".tif", ".webp", ".avif")]
    + [(".tif", *WAYS[-1])],
)
def test_a_coloring_is_repeated_to_the_byte(
    colorizer: Colorizer, originals: Path, tmp_path: Path, suffix: str, options: dict, quality: int
) -> None:
    original = originals / f"old{suffix}"
    like = {"like": originals / options["like"]} if "like" in options else {}
    result = colorizer.colorize(original, **(options | like))
    outputs = [result, result.layer() if suffix in {".png", ".tif"} else result.compare()]
    for number, output in enumerate(outputs):
        colored = output.save(tmp_path / f"{number}{suffix}", jpeg_quality=quality)
        repeated = again(colored, original)
        assert repeated == tmp_path / f"{number}.again{suffix}"
        assert repeated.read_bytes() == colored.read_bytes()


@pytest.mark.parametrize("name", ["autoencoder", "vae"])
def test_colorings_of_classic_models_are_repeated_too(name: str, originals: Path, tmp_path: Path) -> None:
    colored = Colorizer(name, threads=1).colorize(originals / "old.png", strength=0.7).save(tmp_path / "x.jpg")
    assert again(colored, originals / "old.png").read_bytes() == colored.read_bytes()


def test_a_copy_of_the_original_and_another_output_will_do(colorizer: Colorizer, originals: Path, tmp_path: Path) -> None:
    """Also one under another name and of another format than the result."""
    colored = colorizer.colorize(originals / "old.tif").save(tmp_path / "x.jpg")
    shutil.copy(originals / "old.tif", tmp_path / "scan 17.tif")
    output = tmp_path / "elsewhere.jpg"
    assert again(str(colored), str(tmp_path / "scan 17.tif"), str(output)) == output
    assert output.read_bytes() == colored.read_bytes()
    with pytest.raises(PhotoError, match="exists already"):
        again(colored, originals / "old.tif", output)
    assert again(colored, originals / "old.tif", output, overwrite=True) == output


def test_a_result_can_be_repeated_from_its_repetition(colorizer: Colorizer, originals: Path, tmp_path: Path) -> None:
    colored = colorizer.colorize(originals / "old.jpg", hints=[strokes()]).save(tmp_path / "x.jpg")
    second = again(colored, originals / "old.jpg")
    assert again(second, originals / "old.jpg").read_bytes() == colored.read_bytes()


def test_what_a_browser_colored_is_repeated_on_the_processor(colorizer: Colorizer, originals: Path, tmp_path: Path) -> None:
    colored = colorizer.colorize(originals / "old.jpg").save(tmp_path / "x.jpg")
    second = again(rewritten(colored, tmp_path / "y.jpg", device=BROWSER), originals / "old.jpg")
    assert read_record(second).device == "cpu"


def test_the_reference_is_not_needed_again(colorizer: Colorizer, originals: Path, tmp_path: Path) -> None:
    reference = tmp_path / "aunt.png"
    Image.fromarray(draw(8)).save(reference)
    colored = colorizer.colorize(originals / "old.png", like=reference).save(tmp_path / "x.png")
    reference.unlink()
    assert again(colored, originals / "old.png").read_bytes() == colored.read_bytes()
    assert (like := read_record(colored).edit.like) is not None
    assert like.name == "aunt.png"


def test_hints_too_long_for_the_file_are_asked_for_and_checked(colorizer: Colorizer, originals: Path, tmp_path: Path) -> None:
    noisy_strokes(tmp_path / "paint.png")
    given = [Hint(5, 6, "#808080"), *read_hints(tmp_path / "paint.png")]
    colored = colorizer.colorize(originals / "old.png", hints=given).save(tmp_path / "x.png")
    with pytest.raises(HintError, match=r"x\.png was colored with hints too long to be kept in it"):
        again(colored, originals / "old.png")
    with pytest.raises(HintError, match="other hints than those given"):
        again(colored, originals / "old.png", hints=[strokes()])
    Image.open(tmp_path / "paint.png").save(tmp_path / "paint.webp", lossless=True, exact=True)
    for file in ("paint.png", "paint.webp"):
        repeated = again(colored, originals / "old.png", hints=read_hints(tmp_path / file), overwrite=True)
        assert repeated.read_bytes() == colored.read_bytes()


def test_too_many_hints_are_found_among_those_given(colorizer: Colorizer, originals: Path, tmp_path: Path) -> None:
    places = np.random.default_rng(0).random((5000, 2)) * 100
    many = [Hint(x, y, "#b58863") for x, y in places]
    colored = colorizer.colorize(originals / "old.jpg", hints=many).save(tmp_path / "x.jpg")
    repeated = again(colored, originals / "old.jpg", hints=[Hint(1, 1, "#fff"), *many])
    assert repeated.read_bytes() == colored.read_bytes()


def test_hints_that_are_not_needed_are_refused(colorizer: Colorizer, originals: Path, tmp_path: Path) -> None:
    colored = colorizer.colorize(originals / "old.jpg", hints=[strokes()]).save(tmp_path / "x.jpg")
    with pytest.raises(HintError, match="holds all its hints"):
        again(colored, originals / "old.jpg", hints=[strokes()])


def test_another_original_is_refused(colorizer: Colorizer, originals: Path, tmp_path: Path) -> None:
    colored = colorizer.colorize(originals / "old.jpg").save(tmp_path / "x.jpg")
    with pytest.raises(
        PhotoError, match=r"x\.jpg was colored from another file, old\.jpg, whose bytes are not those of .*old\.png"
    ):
        again(colored, originals / "old.png")
    with pytest.raises(PhotoError, match="no such file"):
        again(colored, originals / "nowhere.png")
    assert sorted(tmp_path.iterdir()) == [colored]


def test_what_came_from_no_file_has_no_original(colorizer: Colorizer, originals: Path, tmp_path: Path) -> None:
    colored = colorizer.colorize(draw(1)).save(tmp_path / "x.jpg")
    with pytest.raises(PhotoError, match="from pixels in a program"):
        again(colored, originals / "old.jpg")


def test_bytes_have_an_original(colorizer: Colorizer, originals: Path, tmp_path: Path) -> None:
    colored = colorizer.colorize((originals / "old.jpg").read_bytes()).save(tmp_path / "x.jpg")
    assert again(colored, originals / "old.jpg").read_bytes() == colored.read_bytes()


def test_without_provenance_there_is_nothing_to_repeat(colorizer: Colorizer, originals: Path, tmp_path: Path) -> None:
    colored = colorizer.colorize(originals / "reference.png").save(tmp_path / "x.png", provenance=False)
    for path in (colored, originals / "reference.png"):
        with pytest.raises(PhotoError, match="doesn't say how it was colored"):
            again(path, originals / "old.jpg")


def rewritten(colored: Path, path: Path, **changes: object) -> Path:
    """The colored file with another record."""
    image = pyvips.Image.new_from_file(str(colored)).copy()
    record = replace(read_record(colored), **changes)  # type: ignore[arg-type]
    image.set_type(pyvips.GValue.blob_type, "xmp-data", record.to_xmp(None, None))
    image.write_to_file(str(path))
    return path


def test_other_weights_are_refused(colorizer: Colorizer, originals: Path, tmp_path: Path) -> None:
    colored = colorizer.colorize(originals / "old.jpg").save(tmp_path / "x.jpg")
    other = rewritten(colored, tmp_path / "y.jpg", weights="ef" * 32, tinct="0.0.7")
    with pytest.raises(WeightsError, match=r"y\.jpg was colored by tinct 0\.0\.7 with other weights.*bundled 'tinct'"):
        again(other, originals / "old.jpg")
    with pytest.raises(WeightsError, match="with other weights"):
        again(colored, originals / "old.jpg", model=bundled()["autoencoder"])


def test_a_model_of_one_s_own_is_named(originals: Path, tmp_path: Path) -> None:
    for file in bundled()["vae"].parent.glob("vae*"):
        shutil.copy(file, tmp_path)
    colored = Colorizer(tmp_path / "vae.onnx").colorize(originals / "old.jpg").save(tmp_path / "x.jpg")
    unknown = rewritten(colored, tmp_path / "y.png", model="mine")
    with pytest.raises(WeightsError, match=r"model 'mine', which isn't bundled"):
        again(unknown, originals / "old.jpg")
    repeated = again(colored, originals / "old.jpg", model=tmp_path / "vae.safetensors")
    assert repeated.read_bytes() == colored.read_bytes()


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"detail": 7}, ConfigError), ({"detail": None}, ConfigError), ({"hints": [Hint(500, 5, "#ffffff")]}, HintError)],
)
def test_a_record_that_no_coloring_can_have_is_refused(
    colorizer: Colorizer, originals: Path, tmp_path: Path, changes: dict, error: type
) -> None:
    colored = colorizer.colorize(originals / "old.jpg").save(tmp_path / "x.jpg")
    edit = read_record(colored).edit.changed(**changes)
    with pytest.raises(error):
        again(rewritten(colored, tmp_path / "y.jpg", edit=edit), originals / "old.jpg")


def test_the_record_says_what_was_done(colorizer: Colorizer, originals: Path, tmp_path: Path) -> None:
    result = colorizer.colorize(originals / "old.jpg", variant=2, seed=5, vividness=1, hints=[Hint(1, 2, "#fff")])
    record = read_record(result.save(tmp_path / "x.webp", jpeg_quality=77))
    edit = record.edit
    assert (record.model, record.weights, record.tinct) == ("tinct", colorizer.weights, __version__)
    assert (edit.variant, edit.seed, edit.vividness, edit.strength, edit.ensemble) == (2, 5, 1.0, 1.0, False)
    assert (record.device, record.threads, record.jpeg_quality, record.output) == ("cpu", 2, 77, "color")
    assert edit.hints == (Hint(1, 2, "#fff"),)
    assert (record.original, record.original_name) == (Photo.open(originals / "old.jpg").sha256(), "old.jpg")
