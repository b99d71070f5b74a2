"""The summary and the contact sheet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from tinct.collection import Collection, Counts, Ledger, LocalEngine, Settings, color_collection, write_summary
from tinct.collection import summary as summary_module
from tinct.photo import is_result


@pytest.fixture
def finished(box: Path, tmp_path: Path) -> tuple[Path, Counts]:
    (box / "bad <1>.jpg").write_text("no picture")
    (box / "a.gif").write_bytes(b"GIF89a")
    out = tmp_path / "out"
    with Ledger.opened(out) as ledger:
        collection = Collection([box], out, Settings(), ledger)
        list(color_collection(collection, LocalEngine(1), ledger))
    return out, collection.counts


def test_it_shows_pictures_failures_and_what_was_passed_over(finished: tuple[Path, Counts]) -> None:
    out, counts = finished
    renamed = [(Path("a.jfif"), Path("a.jfif.color.jpg"), Path("a.color.jpg"))]
    page, sheet = write_summary(Ledger.read(out), counts, renamed, 61.0)
    text = page.read_text()
    assert (page, sheet) == (out / "summary.html", out / "contact-sheet.jpg")
    assert "4 photographs in color" in text
    assert "1 failure" in text
    assert "1 min 01 s" in text
    assert "bad &lt;1&gt;.jpg" in text
    assert "bad <1>" not in text
    assert "<td>GIF</td><td>1</td>" in text
    assert "a.jfif.color.jpg, as another photograph has a.color.jpg" in text
    assert text.count("data:image/jpeg;base64,") == 8
    assert re.findall(r'<a href="([^"]+)"', text) == ["1.color.jpg", "2.color.jpg", "3.color.png", "1932/4.color.jpg"]
    assert "http" not in text, "self-contained"
    with Image.open(sheet) as image:
        assert image.width > 4 * 64
    assert is_result(sheet), "so it is never colored"


def test_a_large_collection_shows_some(finished: tuple[Path, Counts], monkeypatch: pytest.MonkeyPatch) -> None:
    out, counts = finished
    monkeypatch.setattr(summary_module, "MAX_PICTURES", 2)
    monkeypatch.setattr(summary_module, "MAX_LINES", 0)
    (page,) = write_summary(Ledger.read(out), counts, sheet=False)
    assert "2 of 4, evenly spread" in page.read_text()
    assert "and 1 more" in page.read_text()


def test_an_original_that_is_gone_leaves_the_result_alone(finished: tuple[Path, Counts], box: Path) -> None:
    out, counts = finished
    (box / "1.jpg").unlink()
    (out / "2.color.jpg").unlink()
    page, _ = write_summary(Ledger.read(out), counts)
    assert page.read_text().count("data:image/jpeg;base64,") == 5


def test_somebody_else_s_files_of_these_names_stay(finished: tuple[Path, Counts]) -> None:
    out, counts = finished
    (out / "summary.html").write_text("mine")
    Image.linear_gradient("L").save(out / "contact-sheet.jpg")
    mine = (out / "contact-sheet.jpg").read_bytes()
    for _ in range(2):
        page, sheet = write_summary(Ledger.read(out), counts)
        assert (page.name, sheet.name) == ("summary.tinct.html", "contact-sheet.tinct.jpg")
    assert (out / "summary.html").read_text() == "mine"
    assert (out / "contact-sheet.jpg").read_bytes() == mine
