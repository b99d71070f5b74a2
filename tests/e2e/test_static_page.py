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
from static_serving import COMPLETE, serving_files, until
from tinct import Colorizer, Edit, again
from tinct.color import rgb_to_lab
from tinct.coloring.provenance import read_record

pytestmark = pytest.mark.timeout(300)
ORIENTATION, ARTIST = 274, 315


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """Paths of the requests that the file server got."""
    return []


@pytest.fixture(scope="module")
def broken() -> list[str]:
    """Paths whose next request the file server refuses."""
    return []


@pytest.fixture(scope="module")
def address(site: Path, asked: list[str], broken: list[str]) -> Iterator[str]:
    """Of the page, in a folder of a plain file server."""
    with serving_files(site.parent, asked=asked, broken=broken) as found:
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
    gray.resize((200, 200)).save(folder / "screen.bmp")
    gray.resize((90, 80)).save(folder / "letter.png", "PDF")
    Image.fromarray(np.asarray(gray.resize((120, 90))).astype(np.uint16) * 257).save(folder / "deep.tif")
    Image.fromarray(data.coffee()).resize((300, 200)).save(folder / "postcard.png")
    return folder


def settled(visit: Visit) -> None:
    """Wait until the service worker has everything, and the networks are loaded."""
    visit.page.evaluate("navigator.serviceWorker.ready")
    until(visit.page, COMPLETE)


def difference(path: Path, photo: Path, **edit: Any) -> float:
    """Mean CIEDE2000 of a result from that of the library, in floating point as in the browser."""
    expected = Colorizer(precision="float").colorize(photo, Edit.from_dict(edit)).to_numpy()
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
    page.set_input_files("#files", pictures / "letter.png")
    page.wait_for_selector("#trouble:visible")
    assert "letter.png is a PDF" in page.inner_text("#trouble-text")
    page.click("#give-up")
    film = tmp_path / "film.mp4"
    film.write_bytes(b"\0\0\0\x18ftypmp42")
    page.set_input_files("#files", film)
    page.wait_for_selector("#trouble:visible")
    assert page.inner_text("#trouble-text") == "This page colors no films. The program tinct does."
    assert page.eval_on_selector_all("#format option", "(all) => all.map((one) => one.value)") == ["original", "jpg", "png", "webp"]
    page.click("#give-up")
    visit.open(pictures / "screen.bmp")
    assert "browsers write no BMP: the result is a JPEG" in page.inner_text("#facts")
    assert visit.save("#download", tmp_path).name == "screen.color.jpg"


def test_nothing_is_requested_once_it_is_loaded(visit: Visit, pictures: Path, asked: list[str], tmp_path: Path) -> None:
    """Not even for the first reference, the first object: the file server sees nothing of what is done with a photograph."""
    page = visit.page
    settled(visit)
    visit.open(pictures / "small.webp")
    asked.clear()
    visit.add_hint(0.5, 0.3, "#c08060")
    visit.click(0.3, 0.8)
    page.click("#object-variants")
    page.wait_for_selector("#object-list li:nth-child(2) img:visible")
    page.click("#object-all")
    page.set_input_files("#like-file", pictures / "postcard.png")
    page.wait_for_selector("#like-shown:visible")
    visit.settle()
    page.click("#variants li:nth-child(2) button")
    visit.settle()
    visit.save("#download", tmp_path)
    assert asked == []
    assert visit.sent == []


def test_it_works_with_the_network_cut(visit: Visit, pictures: Path, site: Path, asked: list[str], tmp_path: Path) -> None:
    page = visit.page
    settled(visit)
    kept = page.evaluate("""async () => {
      const [name, ...others] = await caches.keys();
      const paths = (await (await caches.open(name)).keys()).map(({ url }) => decodeURIComponent(url.slice(document.baseURI.length)));
      return [...paths, ...others];
    }""")
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert sorted(kept) == sorted(files - {"service_worker.js", "site.json"} | {""})
    page.reload()  # now from the service worker's cache, with the headers for threads
    page.wait_for_selector("html[data-restored]", state="attached")
    assert page.evaluate("crossOriginIsolated")
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("html[data-restored]", state="attached")
    asked.clear()
    visit.open(pictures / "astronaut.png")
    visit.add_hint(0.5, 0.3, "#c08060")
    path = visit.save("#download", tmp_path)
    assert difference(path, pictures / "astronaut.png") > 0
    assert set(asked) <= {"/site/service_worker.js"}, "the browser looks for a new version, in spite of Playwright"


@pytest.mark.chromium_only("its subject doesn't depend on the browser")
@pytest.mark.parametrize("times", [1, 2])
def test_a_part_that_does_not_come_is_asked_for_again(visit: Visit, pictures: Path, broken: list[str], times: int) -> None:
    """Once by itself, then by a button."""
    page = visit.page
    settled(visit)
    page.evaluate("""async () => {
      for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
      for (const name of await caches.keys()) await caches.delete(name);
    }""")
    page.goto("about:blank")
    page.add_init_script("delete Navigator.prototype.serviceWorker")  # it would ask, too
    broken.extend(["/site/model/colors.json"] * times)
    page.goto(visit.address)
    page.wait_for_selector("html[data-restored]", state="attached")
    page.set_input_files("#files", pictures / "small.webp")
    if times == 2:
        page.wait_for_selector("#trouble:visible")
        assert "“Try again”" in page.inner_text("#trouble-text")
        page.click("#try-again")
    page.wait_for_selector("#frame:visible")
    assert broken == []
    visit.expect_errors("503")


ANSWERS = """async () => {
  const engine = await import(new URL("static/engine.js", document.baseURI));
  const canvas = Object.assign(document.createElement("canvas"), { width: 90, height: 60 });
  canvas.getContext("2d").fillRect(20, 20, 30, 30);
  const drawn = await new Promise((resolve) => canvas.toBlob(resolve));
  const [file, other] = ["a.png", "b.png"].map((name) => new File([drawn], name));
  const codes = async (...asked) => (await Promise.allSettled(asked)).map(({ value, reason }) => reason?.code ?? typeof value);
  const { gray, color, ...facts } = await engine.open(file, {});
  const refused = await codes(
    engine.part(file, {}, { x: 80, y: 0, width: 20, height: 20 }),
    engine.preview(file, { variant: 0 }, 90),
    engine.preview(file, { like_strength: 2 }, 90),
    engine.preview(file, { ensemble: true }, 90),
    engine.preview(file, { hints: [{ x: 91, y: 0, color: "#aa3311" }] }, 90),
    engine.recurring(file, { x: 10, y: 10, color: "keep" }, [other]),
    engine.render(file, {}, "tif", "color"),
    engine.openFilm(file, {}),
  );
  const leaving = new AbortController();
  const closed = codes(engine.preview(file, { variant: 3 }, 90), engine.suggest(file, { x: 1, y: 1, hints: [], count: 3 }), engine.open(other, { signal: leaving.signal }));
  leaving.abort();
  await engine.close(file);
  const variants = [];
  for await (const [number, blob] of engine.variants(file, {}, [2, 4], 90)) variants.push([number, blob.type]);
  const found = await engine.recurring(file, { x: 10, y: 10, color: "#aa3311" }, [other]);
  return {
    facts, refused, closed: await closed, variants, found: [...found].map(([one, hints]) => [one.name, hints]),
    films: await engine.takesFilms(), locked: await engine.locked(),
  };
}"""


def test_the_engine_answers_as_that_of_the_server(visit: Visit) -> None:
    found = visit.page.evaluate(ANSWERS)
    edit = found["facts"].pop("edit")
    assert edit == Edit().to_dict()
    assert found["facts"] == {"width": 90, "height": 60, "notes": [], "previewSide": 1024, "maxPreviewSide": 2048}
    assert found["refused"] == [
        *("part-outside", "edit-value", "edit-value", "needs-program", "hint-outside"),
        *("hint", "program-format", "no-films"),
    ]
    assert found["closed"] == ["aborted"] * 3
    assert found["variants"] == [[2, "image/jpeg"], [3, "image/jpeg"], [4, "image/jpeg"]]
    assert found["found"] == [["b.png", []]]
    assert (found["films"], found["locked"]) == (False, False)
    assert not visit.page.is_visible("#welcome-films")
