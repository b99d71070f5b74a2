"""Where results go: names of variants, layers and comparisons, formats, and what is never replaced."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from tinct.cli._results import Format, check_free, find_photos, prepare_folder, result_paths
from tinct.errors import PhotoError


def test_the_automatic_coloring_has_no_number() -> None:
    assert result_paths(Path("a/b.jpg"), None, [1]) == [{"color": Path("a/b.color.jpg")}]
    assert result_paths(Path("a/b.jpg"), None, [1, 2]) == [{"color": Path("a/b.color.jpg")}, {"color": Path("a/b.color-2.jpg")}]


def test_other_variants_have_their_number_unless_they_are_the_named_file() -> None:
    assert result_paths(Path("b.jpg"), None, [3]) == [{"color": Path("b.color-3.jpg")}]
    assert result_paths(Path("b.jpg"), Path("x.png"), [3, 4]) == [{"color": Path("x.png")}, {"color": Path("x-4.png")}]


def test_layers_and_comparisons_share_the_stem() -> None:
    (first,) = result_paths(Path("b.jpg"), None, [2], layer=True, compare=True)
    assert [path.name for path in first.values()] == ["b.color-2.jpg", "b.layer-2.png", "b.compare-2.jpg"]
    (first,) = result_paths(Path("b.tif"), Path("x.tif"), [1], layer=True)
    assert [path.name for path in first.values()] == ["x.tif", "x.layer.tif"]


def test_a_format_replaces_the_original_s(tmp_path: Path) -> None:
    assert result_paths(Path("b.jpg"), None, [1], format=Format.PNG) == [{"color": Path("b.color.png")}]
    assert result_paths(Path("b.jpg"), tmp_path, [1], format=Format.TIF) == [{"color": tmp_path / "b.color.tif"}]
    assert result_paths(Path("b.jpg"), Path("x.tiff"), [1], format=Format.TIF) == [{"color": Path("x.tiff")}]
    with pytest.raises(typer.BadParameter, match=r"x\.png"):
        result_paths(Path("b.jpg"), Path("x.png"), [1], format=Format.TIF)


def test_a_folder_stands_for_its_photographs_without_earlier_results(tmp_path: Path) -> None:
    for name in ("2.PNG", "1.jpg", "1.color.jpg", "1.layer-3.png", "1.compare.jpg", "1.again.jpg", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in find_photos([tmp_path, Path("x.jpg")])] == ["1.jpg", "2.PNG", "x.jpg"]


def test_a_folder_that_can_t_be_read_is_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", locked)
    with pytest.raises(PhotoError, match="Permission denied"):
        find_photos([tmp_path])


def test_a_folder_for_several_is_made_and_a_file_is_not(tmp_path: Path) -> None:
    prepare_folder(tmp_path / "a/b", 2)
    assert (tmp_path / "a/b").is_dir()
    with pytest.raises(PhotoError, match="2 photographs"):
        prepare_folder(tmp_path / "a.jpg", 2)


def test_no_other_file_of_the_command_is_replaced(tmp_path: Path) -> None:
    taken = {str(tmp_path.resolve() / "b.jpg")}
    check_free(Path("a.jpg"), [tmp_path / "a.color.jpg"], taken)
    with pytest.raises(PhotoError, match=r"b\.jpg is another file"):
        check_free(Path("a.jpg"), [tmp_path / "x/../b.jpg"], taken)
    check_free(tmp_path / "b.jpg", [tmp_path / "b.jpg"], taken)  # the original itself: saving refuses, and says why
