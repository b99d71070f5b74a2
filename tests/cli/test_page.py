"""``tinct page``."""

from __future__ import annotations

from pathlib import Path

from command_line import Run, one_line


def test_it_writes_a_site(tinct: Run, tmp_path: Path) -> None:
    ended = tinct("page", "-o", tmp_path / "site")
    assert (ended.code, ended.err) == (0, "")
    assert "MB" in ended.out
    assert (tmp_path / "site" / "index.html").is_file()


def test_what_is_in_the_way_is_told_in_one_line(tinct: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    one_line(tinct("page", "-o", tmp_path / "mine"), "mine is no folder. Name a new folder with -o.")
    one_line(tinct("page", "-o", tmp_path / "mine" / "site"), "can't be written to: Not a directory", "another folder with -o.")
    one_line(tinct("page", "-o", tmp_path / "site", "--model", "vae"), "'vae' has no hints", "--model")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
