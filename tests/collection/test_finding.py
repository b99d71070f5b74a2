"""Which photographs a folder stands for, and what is passed over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from tinct import Colorizer
from tinct.collection.finding import Finder


def names(finder: Finder) -> list[str]:
    return [str(found.folder / found.path.name) for group in finder for found in group]


def gray(path: Path, kind: str | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.linear_gradient("L").save(path, kind)


def test_subfolders_are_searched_and_keep_their_place(box: Path) -> None:
    finder = Finder([box])
    assert names(finder) == ["1.jpg", "2.jpg", "3.png", "1932/4.jpg"]
    assert names(finder) == ["1.jpg", "2.jpg", "3.png", "1932/4.jpg"], "again"
    assert not finder.passed_over
    assert not finder.errors


def test_several_folders_have_a_place_of_their_own(tmp_path: Path) -> None:
    for name in ("a/1.jpg", "b/1.jpg", "b/x/1.jpg"):
        gray(tmp_path / name)
    assert names(Finder([tmp_path / "a", tmp_path / "b"])) == ["a/1.jpg", "b/1.jpg", "b/x/1.jpg"]
    gray(tmp_path / "a/x/1.jpg")
    assert names(Finder([tmp_path / "a/x", tmp_path / "b/x"])) == ["a/x/1.jpg", "b/x/1.jpg"], "of one name: by their paths"


def test_what_is_passed_over_is_counted_by_reason(tmp_path: Path) -> None:
    for name, kind in (
        ("a.jpg", None),
        ("noext", "JPEG"),
        ("Feb. 1932", "PNG"),
        ("c.gif", None),
        (".hidden.jpg", None),
        ("d.nef", "TIFF"),
    ):
        gray(tmp_path / name, kind)
    (tmp_path / "._a.jpg").write_bytes(b"\0\5\26\7\0\2\0\0Mac OS X        ")
    (tmp_path / "notes.txt").write_text("Dear grandmother")
    (tmp_path / "a.xmp").write_text("<x/>")
    finder = Finder([tmp_path])
    assert names(finder) == ["Feb. 1932", "a.jpg", "noext"]
    assert finder.passed_over == {"GIF": 1, "camera raw": 1, "hidden": 2, "no picture": 1}


def test_patterns_choose_files_and_folders(box: Path) -> None:
    assert names(Finder([box], include=["*.png"])) == ["3.png"]
    assert names(Finder([box], include=["1932/*"])) == ["1932/4.jpg"]
    assert names(Finder([box], exclude=["1932", "2.*"])) == ["1.jpg", "3.png"]


def test_results_are_left_out_but_an_original_of_such_a_name_is_not(box: Path) -> None:
    Colorizer().colorize(box / "1.jpg").save(box / "1.color.jpg")
    gray(box / "2.color.jpg")  # without a record, but beside its original
    gray(box / "portrait.color.jpg")
    finder = Finder([box])
    assert names(finder) == ["1.jpg", "2.jpg", "3.png", "portrait.color.jpg", "1932/4.jpg"]
    assert finder.passed_over == {"made by tinct": 2}
    assert "1.color.jpg" in names(Finder([box], recolor=True))
    assert names(Finder([box], is_output=lambda path: path.name == "3.png"))[2] == "portrait.color.jpg"


def test_a_contact_sheet_is_left_out_if_tinct_made_it(box: Path) -> None:
    gray(box / "contact-sheet.jpg")
    assert names(Finder([box]))[3] == "contact-sheet.jpg"
    Colorizer().colorize(box / "1.jpg").save(box / "contact-sheet.tinct.jpg")
    assert "contact-sheet.tinct.jpg" not in names(Finder([box]))


def test_a_result_that_is_named_by_itself_is_left_out(box: Path) -> None:
    Colorizer().colorize(box / "1.jpg").save(box / "1.color.jpg")
    finder = Finder([box / "1.color.jpg", box / "1.jpg"])
    assert names(finder) == ["1.jpg"]
    assert finder.results == [box / "1.color.jpg"]


def test_the_output_folder_inside_is_not_searched(box: Path) -> None:
    gray(box / "out/5.jpg")
    assert names(Finder([box], box / "out")) == ["1.jpg", "2.jpg", "3.png", "1932/4.jpg"]
    assert "out/5.jpg" in names(Finder([box], box))


def test_loops_of_links_end(box: Path) -> None:
    (box / "1932/up").symlink_to(box)
    (box / "loop").symlink_to(box / "loop")
    (box / "more").symlink_to(box / "1932")
    finder = Finder([box])
    assert names(finder) == ["1.jpg", "2.jpg", "3.png", "1932/4.jpg"]
    assert finder.passed_over["folder searched before"] == 2


def test_a_folder_that_can_t_be_read_is_an_error_and_the_others_are_searched(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    def locked(path: Path) -> object:
        if Path(path).name == "1932":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", locked)
    finder = Finder([box])
    assert names(finder) == ["1.jpg", "2.jpg", "3.png"]
    assert ["Permission denied" in str(error) for error in finder.errors] == [True]


def test_a_file_named_beside_its_folder_comes_once(box: Path) -> None:
    assert names(Finder([box, box / "2.jpg"])) == ["2.jpg", "1.jpg", "3.png", "1932/4.jpg"]
