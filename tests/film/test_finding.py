"""Where the results of films go, which edit belongs to a film, and which films tinct made."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from film.clips import write_clip
from tinct import FilmError
from tinct.film.finding import edit_beside, film_output, find_films, is_result


@pytest.mark.parametrize(
    ("name", "codec", "expected"),
    [
        ("a.mp4", None, "a.color.mp4"),
        ("a.MOV", None, "a.color.MOV"),
        ("a.webm", None, "a.color.webm"),
        ("a.avi", None, "a.color.mkv"),
        ("Feb. 1932", None, "Feb. 1932.color.mkv"),
        ("a.mp4", "h265", "a.color.mp4"),
        ("a.mp4", "prores", "a.color.mov"),
        ("a.mkv", "prores", "a.color.mkv"),
        ("a.mp4", "ffv1", "a.color.mkv"),
        ("a.webm", "h264", "a.color.mkv"),
    ],
)
def test_the_container_is_kept_if_it_holds_the_codec(name: str, codec: str | None, expected: str) -> None:
    assert film_output(Path("x") / name, codec=codec) == Path("x") / expected


def test_a_result_goes_into_a_folder_or_has_the_name_that_was_chosen(tmp_path: Path) -> None:
    film = Path("x/a.mp4")
    assert film_output(film, preview=True) == Path("x/a.preview.mp4")
    assert film_output(film, tmp_path, PurePosixPath("1932")) == tmp_path / "1932/a.color.mp4"
    assert film_output(film, "new/") == Path("new/a.color.mp4")
    assert film_output(film, "b.mkv", codec="prores") == Path("b.mkv")


def test_the_edit_beside_a_film(tmp_path: Path) -> None:
    film = tmp_path / "a.mp4"
    assert edit_beside(film) is None
    for name in ("a.tinct.json", "a.mp4.tinct.json"):
        (tmp_path / name).touch()
        assert edit_beside(film) == tmp_path / name


def test_a_result_says_that_tinct_made_it(tmp_path: Path) -> None:
    assert not is_result(tmp_path / "none.mkv")
    assert not is_result(write_clip(tmp_path / "a.mkv", frames=3))
    assert is_result(write_clip(tmp_path / "b.mkv", frames=3, metadata={"tinct": "{}"}))
    (tmp_path / "c.mp4").write_bytes(b"no film")
    assert not is_result(tmp_path / "c.mp4")


def test_a_folder_is_searched_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.avi", "sub/c.mkv", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [(film.path.relative_to(tmp_path).as_posix(), str(film.below)) for film in find_films([tmp_path])]
    assert found == [("a.avi", "."), ("b.mp4", "."), ("sub/c.mkv", "sub")]
    several = find_films([tmp_path / "sub", tmp_path / "b.mp4"])
    assert [str(film.below) for film in several] == ["sub", "."]
    (tmp_path / "empty").mkdir()
    with pytest.raises(FilmError, match="holds no films") as caught:
        find_films([tmp_path / "empty"])
    assert caught.value.code == "no-films"
