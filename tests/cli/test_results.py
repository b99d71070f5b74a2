"""Where results of one photograph go."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from tinct.cli._results import Format, check_free, color_output, is_folder, output_folder, system_errors
from tinct.errors import PhotoError


def test_a_format_replaces_the_original_s(tmp_path: Path) -> None:
    assert color_output(Path("b.jpg"), None, None) == Path("b.color.jpg")
    assert color_output(Path("b.jpg"), None, Format.PNG) == Path("b.color.png")
    assert color_output(Path("b.jpg"), str(tmp_path), Format.TIF) == tmp_path / "b.color.tif"
    assert color_output(Path("b.jpg"), "x.tiff", Format.TIF) == Path("x.tiff")
    with pytest.raises(typer.BadParameter, match=r"x\.png"):
        color_output(Path("b.jpg"), "x.png", Format.TIF)


def test_a_folder_is_one_that_exists_or_ends_with_a_slash(tmp_path: Path) -> None:
    assert is_folder(str(tmp_path))
    assert is_folder("Album 1.5/")
    assert not is_folder("album")


def test_the_folder_of_several_results(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert output_folder("Album 1.5") == Path("Album 1.5")
    assert output_folder("x.jpg/") == Path("x.jpg")
    for name in ("x.jpg", str(tmp_path / "file")):
        with pytest.raises(PhotoError, match="several photographs"):
            output_folder(name)


def test_no_other_file_of_the_command_is_replaced(tmp_path: Path) -> None:
    taken = {str(tmp_path.resolve() / "b.jpg")}
    check_free(Path("a.jpg"), [tmp_path / "a.color.jpg"], taken)
    with pytest.raises(PhotoError, match=r"b\.jpg is another file"):
        check_free(Path("a.jpg"), [tmp_path / "x/../b.jpg"], taken)
    check_free(tmp_path / "b.jpg", [tmp_path / "b.jpg"], taken)  # the original itself: saving refuses, and says why


def test_what_the_system_says_of_a_path_is_an_error_of_the_photograph() -> None:
    with pytest.raises(PhotoError, match=r"a\.jpg: File name too long"), system_errors(Path("a.jpg")):
        raise OSError(36, "File name too long")
