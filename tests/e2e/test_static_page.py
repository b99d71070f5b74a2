"""The static page in a real browser, served by a plain file server: it colors as the library does, asks nobody, and needs no network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data
from skimage.color import deltaE_ciede2000

from page_visit import Visit, apart, chroma
from static_serving import serving_files
from tinct import Colorizer, Edit, again
from tinct.color import rgb_to_lab
from tinct.coloring.provenance import read_record

pytestmark = pytest.mark.timeout(300)
ORIENTATION, ARTIST = 274, 315


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Of the page, in a folder of a plain file server."""
    with serving_files(site.parent) as found:
        yield f"{found}site/"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gray pictures in the formats that browsers read, and one that they don't."""
    folder = tmp_path_factory.mktemp("pictures")
    gray = Image.fromarray(data.astronaut()).convert("L")
    gray.save(folder / "astronaut.png")
    exif = Image.Exif()
    exif[ORIENTATION], exif[ARTIST] = 6, "M. Photographer"
    gray.resize((300, 400)).rotate(90, expand=True).save(folder / "turned.jpg", quality=92, exif=exif, dpi=(300, 300))
    gray.resize((300, 300)).save(folder / "small.webp")
    Image.fromarray(np.asarray(gray.resize((120, 90))).astype(np.uint16) * 257).save(folder / "deep.tif")
    Image.fromarray(data.coffee()).resize((300, 200)).save(folder / "postcard.png")
    return folder


def settled(visit: Visit) -> None:
    """Wait until the service worker has everything, and the networks are loaded."""
    visit.page.evaluate("navigator.serviceWorker.ready")
    for _ in range(600):
        if visit.page.evaluate("caches.match(new URL('complete', location.href)).then(Boolean)"):
            return
        visit.page.wait_for_timeout(200)
    raise AssertionError("the site was never kept whole")


def difference(path: Path, photo: Path, **edit: Any) -> float:
    """Mean CIEDE2000 of a result from that of the library."""
    expected = Colorizer().colorize(photo, Edit.from_dict(edit)).to_numpy()
    with Image.open(path) as result:
        found = np.asarray(result.convert("RGB"))
    assert found.shape == expected.shape
    return float(deltaE_ciede2000(rgb_to_lab(found), rgb_to_lab(expected)).mean())


def test_it_colors_as_the_library_does(visit: Visit, pictures: Path, tmp_path: Path) -> None:
    visit.open(pictures / "astronaut.png")
    assert chroma(visit.pixels()) > 8
    automatic = visit.save("#download", tmp_path)
    assert automatic.name == "astronaut.color.png"
    assert difference(automatic, pictures / "astronaut.png") < 1
    record = read_record(automatic)
    assert record.model == "tinct"
    assert record.original_name == "astronaut.png"
    visit.page.click("#variants li:nth-child(3) button")
    visit.settle()
    visit.add_hint(0.3, 0.75, "#e07020")
    hint = json.loads(visit.save("#save-edit", tmp_path).read_text())["hints"]
    edited = visit.save("#download", tmp_path)
    assert difference(edited, pictures / "astronaut.png", variant=3, hints=hint) < 1
    assert difference(edited, pictures / "astronaut.png") > 2
    assert read_record(edited).edit.variant == 3
    repeated = again(edited, pictures / "astronaut.png", tmp_path / "again.png")
    assert difference(repeated, pictures / "astronaut.png", variant=3, hints=hint) == 0


def test_a_reference_and_a_layer(visit: Visit, pictures: Path, tmp_path: Path) -> None:
    page = visit.page
    visit.open(pictures / "small.webp")
    before = visit.pixels()
    page.set_input_files("#like-file", pictures / "postcard.png")
    page.wait_for_selector("#like.liked")
    visit.settle()
    assert apart(visit.pixels(), before) > 1
    page.select_option("#output", "layer")
    with Image.open(visit.save("#download", tmp_path)) as layer:
        assert (layer.mode, layer.size) == ("RGBA", (300, 300))
    page.select_option("#output", "color")
    page.select_option("#format", "webp")
    path = visit.save("#download", tmp_path)
    with Image.open(path) as result:
        assert result.format == "WEBP"
    assert read_record(path).edit.like is not None


def test_metadata_stay_and_the_picture_is_upright(visit: Visit, pictures: Path, tmp_path: Path) -> None:
    visit.open(pictures / "turned.jpg")
    assert "300 × 400" in visit.page.inner_text("#facts")
    path = visit.save("#download", tmp_path)
    with Image.open(path) as result:
        assert (result.format, result.size) == ("JPEG", (300, 400))
        exif = result.getexif()
        assert (exif[ORIENTATION], exif[ARTIST]) == (1, "M. Photographer")
        assert result.info["dpi"] == (300, 300)
    assert difference(path, pictures / "turned.jpg") < 1.5  # both are JPEG


def test_what_only_the_program_does_is_told(visit: Visit, pictures: Path, tmp_path: Path) -> None:
    page = visit.page
    page.set_input_files("#files", pictures / "deep.tif")
    page.wait_for_selector("#trouble:visible")
    assert "TIFF" in page.inner_text("#trouble-text")
    assert "program" in page.inner_text("#trouble-text")
    page.click("#give-up")
    film = tmp_path / "film.mp4"
    film.write_bytes(b"\0\0\0\x18ftypmp42")
    page.set_input_files("#files", film)
    page.wait_for_selector("#trouble:visible")
    assert page.inner_text("#trouble-text") == "This page colors no films. The program tinct does."
    assert page.eval_on_selector_all("#format option", "(all) => all.map((one) => one.value)") == ["original", "jpg", "png", "webp"]


def test_nothing_is_requested_after_loading_and_the_network_may_be_cut(visit: Visit, pictures: Path, tmp_path: Path) -> None:
    page = visit.page
    settled(visit)
    page.reload()  # now from the service worker's cache, with the headers for threads
    page.wait_for_selector("html[data-restored]", state="attached")
    assert page.evaluate("crossOriginIsolated")
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("html[data-restored]", state="attached")
    visit.open(pictures / "astronaut.png")
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    visit.add_hint(0.5, 0.3, "#c08060")
    path = visit.save("#download", tmp_path)
    assert difference(path, pictures / "astronaut.png") > 0
    assert [url for url in asked if not url.startswith(("blob:", "data:"))] == []
    assert visit.sent == []
