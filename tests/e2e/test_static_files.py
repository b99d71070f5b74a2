"""Photographs on their way through the static page: the engine in a browser against `tinct colorize`, on formats, profiles and orientations."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.JpegImagePlugin import JpegImageFile
from skimage import data
from skimage.color import deltaE_ciede2000

from icc_profiles import ADOBE_RGB, DISPLAY_P3, SRGB, gray_profile
from static_engine import Engine, EngineError, driving
from tinct import Colorizer, Edit
from tinct.color import rgb_to_lab
from tinct.web.app import STATIC
from tinct.web.static_site import LOCAL

pytestmark = pytest.mark.timeout(300)
FORMATS: dict[str, dict[str, Any]] = {
    "jpg": {"quality": 95, "subsampling": 0},
    "png": {},
    "webp": {"lossless": True, "exact": True},
    "avif": {"quality": 95, "subsampling": "4:4:4"},
}
PROFILES = {"none": b"", "sRGB": SRGB, "Display P3": DISPLAY_P3, "Adobe RGB": ADOBE_RGB}
GRAY = gray_profile(1.8)
ORIENTATION = 274


@pytest.fixture(scope="module")
def driver(browser: Any, site: Path) -> Iterator[Engine]:
    with driving(browser, site) as found:
        yield found


def photograph() -> Image.Image:
    """A color photograph, so that profiles matter, without the symmetry that would hide a wrong turn."""
    return Image.fromarray(data.coffee()).crop((40, 20, 560, 380)).resize((208, 144), Image.Resampling.LANCZOS)


def in_profile(picture: Image.Image, profile: bytes) -> Image.Image:
    if not profile:
        return picture
    target = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    mode = "L" if profile == GRAY else "RGB"
    source = ImageCms.createProfile("sRGB")
    if mode == "L":  # from linear luminance: LittleCMS needs no table for a power law
        light = rgb_to_lab(np.asarray(picture))[..., 0]
        luminance = np.where(light > 8, ((light + 16) / 116) ** 3, light / 903.3)
        return Image.fromarray(np.rint(255 * np.clip(luminance, 0, 1) ** (1 / 1.8)).astype(np.uint8))
    changed = ImageCms.profileToProfile(picture, source, target, outputMode=mode)
    assert changed is not None
    return changed


def difference(found: bytes, photo: Path, **edit: Any) -> float:
    """Mean CIEDE2000 of a result from that of the library."""
    expected = Colorizer(precision="float").colorize(photo, Edit.from_dict(edit)).to_numpy()
    with Image.open(io.BytesIO(found)) as result:
        pixels = np.asarray(result.convert("RGB"))
    assert pixels.shape == expected.shape
    return float(deltaE_ciede2000(rgb_to_lab(pixels), rgb_to_lab(expected)).mean())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "name"), [(suffix, name) for suffix in FORMATS for name in [*PROFILES, "gray"] if (suffix, name) != ("avif", "gray")]
)  # Pillow writes no gray AVIF
def test_profiles(driver: Engine, tmp_path: Path, suffix: str, name: str) -> None:
    profile = GRAY if name == "gray" else PROFILES[name]
    path = tmp_path / f"photo.{suffix}"
    in_profile(photograph(), profile).save(path, **FORMATS[suffix], **({"icc_profile": profile} if profile else {}))
    with Image.open(path) as written:
        assert written.info.get("icc_profile", b"") == profile
    file, _ = driver.render(path, output_format="png")
    assert difference(file, path) < 1


@pytest.mark.slow
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", FORMATS)
def test_orientations(driver: Engine, tmp_path: Path, suffix: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = tmp_path / f"photo.{suffix}"
    photograph().convert("L").convert("RGB").save(path, exif=exif, **FORMATS[suffix])
    seen = driver.call("open", path)
    assert (seen["width"], seen["height"]) == ((144, 208) if orientation > 4 else (208, 144))
    file, _ = driver.render(path, output_format="png")
    with Image.open(io.BytesIO(file)) as result:
        assert result.getexif().get(ORIENTATION, 1) == 1
    assert difference(file, path) < 1


def test_a_jpeg_is_written_as_the_program_writes_it(driver: Engine, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    photograph().convert("L").resize((411, 283)).save(path)
    hints = [{"x": 100, "y": 100, "color": "#c01020"}, {"x": 300, "y": 150, "color": "#1040c0"}]
    file, name = driver.render(path, {"hints": hints}, output_format="jpg")
    assert name == "photo.color.jpg"
    expected = Colorizer(precision="float").colorize(path, Edit.from_dict({"hints": hints})).to_bytes(".jpg")
    with Image.open(io.BytesIO(file)) as found, Image.open(io.BytesIO(expected)) as theirs:
        assert isinstance(found, JpegImageFile)
        assert isinstance(theirs, JpegImageFile)
        assert found.layer == theirs.layer  # chroma at full resolution
        assert found.quantization == theirs.quantization
        gap = deltaE_ciede2000(rgb_to_lab(np.asarray(found)), rgb_to_lab(np.asarray(theirs)))
        assert gap.mean() < 0.6


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(0, 255, (160, 200), np.uint8))


def with_sides(content: bytes, at: int, size: int) -> bytes:
    """A file whose header, from a byte on, has two sides that no browser can hold."""
    return content[:at] + 2 * (20_000).to_bytes(size, "big") + content[at + 2 * size :]


def refused_files() -> dict[str, tuple[bytes, str]]:
    """Name -> content, and the code by which the engine refuses it."""
    gray = photograph().convert("L")
    deep = Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
    whole = {kind: saved(noise(), kind) for kind in ("JPEG", "PNG", "WEBP")}
    return {
        "scan.tif": (saved(deep, "TIFF"), "program-format"),
        "phone.heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(500), "program-format"),
        "print.jpg": (saved(photograph().convert("CMYK"), "JPEG"), "program-format"),
        "letter.pdf": (saved(gray, "PDF"), "photo-error"),
        "renamed.jpg": (b"Dear Sir, " * 50, "photo-error"),
        "empty.jpg": (b"", "empty-file"),
        "third.jpg": (whole["JPEG"][: len(whole["JPEG"]) // 3], "cut-off"),
        "header.jpg": (whole["JPEG"][:100], "cut-off"),
        "cut.png": (whole["PNG"][: len(whole["PNG"]) * 3 // 4], "cut-off"),
        "cut.webp": (whole["WEBP"][: len(whole["WEBP"]) * 3 // 4], "cut-off"),
        "vast.jpg": (with_sides(whole["JPEG"], whole["JPEG"].index(b"\xff\xc0") + 5, 2), "too-many-pixels"),
        "vast.png": (with_sides(whole["PNG"], 16, 4), "too-many-pixels"),
        "spoiled.png": (whole["PNG"][:60] + bytes(200) + whole["PNG"][260:], "damaged"),
        "tiny.png": (saved(Image.new("L", (4, 40)), "PNG"), "too-small"),
    }


REFUSED = refused_files()


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_browser_cannot_do_is_told(driver: Engine, browser: Any, tmp_path: Path, name: str) -> None:
    content, code = REFUSED[name]
    path = tmp_path / name
    path.write_bytes(content)
    if name == "spoiled.png" and browser.browser_type.name == "firefox":
        assert driver.call("open", path)["width"] == 200, "Firefox shows what it can of a damaged PNG"
        return
    with pytest.raises(EngineError) as caught:
        driver.call("open", path)
    assert caught.value.code == code, caught.value.fact
    for words in sorted((LOCAL / "strings").glob("*.json")):
        texts = json.loads((STATIC / "strings" / words.name).read_text()) | json.loads(words.read_text())
        assert f"fact.{code}" in texts
        assert f"remedy.{code}" in texts or code == "photo-error"  # whose fact says what the file is


def test_a_file_that_is_gone_is_not_called_damaged(driver: Engine, tmp_path: Path) -> None:
    for name in ("gone.png", "there.png"):
        photograph().convert("L").save(tmp_path / name)
    script = """async () => {
      const [gone, there] = document.querySelector('#files').files;
      window.gone = gone;
      await engine.open(gone);
      await engine.open(there); // only the latest photograph is kept decoded
    }"""
    driver.page.set_input_files("#files", [tmp_path / "gone.png", tmp_path / "there.png"])
    driver.page.evaluate(script)
    (tmp_path / "gone.png").unlink()
    part = {"x": 0, "y": 0, "width": 20, "height": 20}
    code = driver.page.evaluate("(part) => engine.part(gone, {}, part).then(() => '', (problem) => problem.code)", part)
    assert code == "unreadable"


def note_codes(opened: dict[str, Any]) -> list[str]:
    for note in opened["notes"]:
        assert note.keys() == {"code", "text", "values"}
    return [note["code"] for note in opened["notes"]]


def test_what_is_left_out_is_noted(driver: Engine, tmp_path: Path) -> None:
    gray = photograph().convert("L")
    found = {}
    for name, content in {
        "deep.png": saved(Image.fromarray(np.asarray(gray).astype(np.uint16) * 257), "PNG"),
        "film.webp": saved(gray, "WEBP", save_all=True, append_images=[gray.rotate(180)], lossless=True),
        "film.gif": saved(gray, "GIF", save_all=True, append_images=[gray.rotate(180)]),
        "color.png": saved(photograph(), "PNG"),
    }.items():
        (tmp_path / name).write_bytes(content)
        found[name] = note_codes(driver.call("open", tmp_path / name))
    assert found == {
        "deep.png": ["eight-bits"],
        "film.webp": ["first-picture"],
        "film.gif": ["written-as-jpeg", "first-picture"],
        "color.png": ["color-photograph"],
    }
    result = tmp_path / "result.png"
    result.write_bytes(driver.render(tmp_path / "deep.png")[0])
    assert note_codes(driver.call("open", result)) == ["colored-before"]
    assert difference(result.read_bytes(), tmp_path / "deep.png") < 1
    assert difference(driver.render(tmp_path / "film.webp", output_format="png")[0], tmp_path / "film.webp") < 1


def test_cut_off_jpegs_are_colored_as_far_as_they_go(driver: Engine, tmp_path: Path) -> None:
    whole = saved(photograph().convert("L").resize((400, 300)), "JPEG", quality=95)
    progressive = saved(photograph().convert("L").resize((400, 300)), "JPEG", quality=95, progressive=True)
    turned = Image.Exif()
    turned[ORIENTATION] = 6
    sideways = saved(photograph().convert("L").resize((400, 300)), "JPEG", quality=95, exif=turned)
    for name, content, code in [
        ("end.jpg", whole[:-2], "lacks-end"),
        ("most.jpg", whole[: len(whole) * 3 // 4], "rows-missing"),
        ("turned.jpg", sideways[: len(sideways) * 3 // 4], "rows-missing"),
        ("coarse.jpg", progressive[: len(progressive) * 3 // 4], "lacks-details"),
    ]:
        path = tmp_path / name
        path.write_bytes(content)
        opened = driver.call("open", path)
        assert note_codes(opened) == [code]
        expected = Colorizer(precision="float").colorize(path)
        (theirs,) = expected.notes
        assert theirs.code == code
        if code == "rows-missing":
            assert abs(opened["notes"][0]["values"]["lost"] - theirs.values["lost"]) <= 8
        file, _ = driver.render(path, output_format="png")
        assert difference(file, path) < (2 if code == "rows-missing" else 1)  # decoders fill in what is missing differently
